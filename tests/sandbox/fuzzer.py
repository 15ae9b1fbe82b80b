"""Requests from chance: random methods, parameters, bodies and encodings, and a judge of the answers."""

import asyncio
import base64
import gzip
import json
import random
import zlib
from typing import Any
from urllib.parse import quote

from gatecrier_sandbox.botapi import api
from gatecrier_sandbox.control.routes import control
from gatecrier_sandbox.http import Door
from gatecrier_sandbox.world import conversation
from gatecrier_sandbox.world.model import Chat, Message, Room, Wire
from gatecrier_sandbox.world.rights import OF_TYPE
from sandbox.schema import METHODS, TYPES, check_envelope
from sandbox.town import Town

PATIENCE = 5.0
"""Real seconds one request may take; polls end at once, as their time is moved on by hand."""
STATUSES = {200, 400, 401, 403, 404, 409, 413, 415, 429, 431}
HERE = [found.name for found in api.METHODS.values() if found.name in METHODS]
"""The documented methods that exist."""
NAMES = sorted({name for method in METHODS.values() for name in method["fields"]})
ODD_WORDS = """
0 -1 1 5 2 100 99999999999999999999 -99999999999999999999 1e9 0x1 ² ٣ NaN Infinity null true false yes
[] {} [[]] [{}] [[{}]] "" "a" @news @ @olga @nobody_here attach:// attach://file attach://nothing
file:///etc/passwd http://127.0.0.1:1/x https:// ftp://x http://[::1 javascript:1 tg://user?id=5
HTML Markdown MarkdownV2 None html <b> <b>x</b> *x _x_ [x](tg://user?id=5) ``` \\ typing upload_photo
all_private_chats supergroup quiz 🎲 👍 photo document sticker a,b 2147483647 4294967296 9007199254740993
"""
HOSTILE = (
    *ODD_WORDS.split(),
    *("", " 1 ", "\x00", "\u202e", "\ufeff", "😀" * 50, "x" * 5000, "\n" * 300, "[" * 3000, '{"a":' * 3000),
    *("/start@gate_bot x", "#a $USD a@b.cd +1 555", "0" * 64),
)
"""Values that break what reads them carelessly."""
NEEDED = frozenset({"chat_id", "message_id", "user_id", "text", "caption"})
"""Optional parameters without which little comes of a call."""
HEALING = 10
"""Requests after which the bot may do things again, should it have left or lost its rank."""
WORDS = (
    *("Hello", "Ok", "x", "a b c", "<i>hi</i>", "https://example.com", "😀", "@olga", "/go"),
    *("yes", "no", "1", "file", "door", "text", "Question?", "en", "de"),
)


SIMPLE: dict[str, tuple[Any, ...]] = {
    "Integer": (0, 1, 5, -1, 60, 2**31, 2**53),
    "Float": (0.0, 51.5, -200.1),
    "Boolean": (True, False),
    "True": (True, False),
}


PART = b'--xyz\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'


class Fuzzer:
    """Makes requests from chance, and remembers what exists so that some lead further in."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.statuses: dict[int, int] = {}
        self.good: set[str] = set()
        self._settle()

    def _settle(self) -> None:
        self.town = make_town()
        self.door = Door(self.town.api, control(self.town.world))
        self.room: Room = self.town.group

    async def move(self) -> None:
        """Into another town; what the old one's webhooks deliver ends."""
        await self.town.api.webhooks.close()
        self._settle()

    def heal(self) -> None:
        """Undo what keeps the bot from doing anything: it logged out, left, lost its rank or its reader."""
        world, bot = self.town.world, self.town.bot
        bot.logged_out = False
        for chat in (self.town.group, self.town.channel):
            world.set_member(chat.id, bot.id, "administrator", rights=dict.fromkeys(OF_TYPE[chat.type], True))
        if not world.member(self.town.group.id, self.town.reader.id).present:
            world.set_member(self.town.group.id, self.town.reader.id, "member")
        world.set_forum(self.town.group.id, self.rng.random() < 0.5)
        self.tempt()

    def tempt(self) -> None:
        """Do what a bot may answer: ask to join, press, type behind its name."""
        town, world = self.town, self.town.world
        dialog = town.bot.dialogs[town.reader.id]
        button: Wire = {"inline_keyboard": [[{"text": "Press", "callback_data": "x"}]]}
        message = Message(world.next_message_id(dialog), world.today, town.bot.id, text="?", markup=button)
        message.bot_id = town.bot.id
        conversation.post(world, dialog, message)
        world.click(town.reader.id, town.bot.id, message.message_id, data="x")
        world.inline_query(town.reader.id, town.bot.id, "cats")
        world.set_join_by_request(town.group.id)
        stranger = world.person("Stranger")
        world.request_join(town.group.id, stranger.id)

    async def shoot(self) -> None:
        """One request; what comes back must be an envelope, and a result what the schema says."""
        method, scope, body = self.request()
        asking = asyncio.create_task(self.send(scope, body))
        for _ in range(100):
            await asyncio.sleep(0)
            if asking.done():
                break
        else:
            await self.let_time_pass(asking)
        status, answer = await asyncio.wait_for(asking, PATIENCE)
        self.judge(method, status, answer)

    async def let_time_pass(self, asking: asyncio.Task[Any]) -> None:
        """Move the sandbox's time on until the request has its answer."""
        for _ in range(20):
            self.town.clock.advance(60)
            done, _ = await asyncio.wait([asking], timeout=0.05)
            if done:
                return

    def judge(self, method: str, status: int, answer: bytes) -> None:
        """Whether this may be the answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 501 and not answer:
            return
        assert status in STATUSES, (method, status, answer[:500])
        envelope = json.loads(answer)
        check_envelope(method, envelope)
        assert envelope["ok"] == (status == 200)
        assert envelope["ok"] or envelope["error_code"] == status
        if envelope["ok"]:
            self.good.add(method)

    async def send(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        """Through the ASGI door, in one piece or two."""
        cut = self.rng.randrange(len(body) + 1)
        parts = [body[:cut], body[cut:]] if self.rng.random() < 0.2 else [body]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not parts:
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.door(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

    # Making

    def request(self) -> tuple[str, dict[str, Any], bytes]:
        """A method's name, the ASGI scope, the body."""
        rng, self.town.bot.logged_out = self.rng, False
        method = rng.choice(list(METHODS) if rng.random() < 0.15 else HERE)
        dialog = self.town.bot.dialogs[self.town.reader.id]
        rooms: list[Room] = [dialog, self.town.group, self.town.channel]
        self.room = rng.choice(rooms)
        values = self.values(method)
        odd = (method.upper(), method.lower(), "", "noSuchMethod", method + "/", "😀")
        name = rng.choice(odd) if rng.random() < 0.1 else method
        verb = rng.choice(["POST"] * 40 + ["GET"] * 8 + ["PUT", "DELETE"])
        query = b""
        if verb == "GET" or rng.random() < 0.15:
            keys = [key for key in values if verb == "GET" or rng.random() < 0.5]
            query = form({key: values.pop(key) for key in keys})
        headers, body = self.body(values)
        scope = {
            "type": "http",
            "method": verb,
            "path": f"/bot{self.token()}/{name}",
            "query_string": self.spoiled(query),
            "headers": headers,
            "extensions": {},
        }
        return (name if name.lower() == method.lower() else ""), scope, self.spoiled(body)

    def token(self) -> str:
        """Nearly always the bot's."""
        odd = ("", "x", "0:a", "5:unknown", "5:" + "x" * 100, "é:1")
        return self.rng.choice(odd) if self.rng.random() < 0.02 else self.town.bot.token

    def values(self, method: str) -> dict[str, str]:
        """Parameters: mostly the method's own, mostly fitting; some of others, some hostile."""
        rng, fields = self.rng, METHODS[method]["fields"]
        likely = [
            name
            for name, types in fields.items()
            if types[0] != "?" or rng.random() < (0.9 if name in NEEDED else 0.2)
        ]
        chosen = [name for name in likely if rng.random() < 0.97] + rng.sample(
            NAMES, rng.choice([0, 0, 0, 1, 3])
        )
        return {
            name: rng.choice(HOSTILE)
            if rng.random() < 0.08
            else self.fitting(name, fields.get(name, ["String"]))
            for name in chosen
        }

    def fitting(self, name: str, types: list[str], depth: int = 0) -> str:
        """A value of the documented type, as the text of a parameter."""
        value = self.sample(name, self.rng.choice([kind for kind in types if kind != "?"]), depth)
        return value if isinstance(value, str) else json.dumps(value)

    def sample(self, name: str, kind: str, depth: int) -> Any:
        """A value of a type; names that mean something that exists get one."""
        rng, known = self.rng, self.known()
        is_object = kind.rsplit(maxsplit=1)[-1] in TYPES and kind != "InputFile"
        if name in known and depth < 3 and not is_object:
            return rng.choice(known[name])
        if kind.startswith("Array of "):
            inner = kind.removeprefix("Array of ")
            return [self.sample(name, inner, depth + 1) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        if "subtypes" in TYPES.get(kind, {}):
            return self.sample(name, rng.choice(TYPES[kind]["subtypes"]), depth)
        if kind == "InputFile":
            return rng.choice(["attach://file", "attach://nothing", *known["file_id"]])
        if kind in TYPES:
            return self.sample_object(kind, depth)
        return rng.choice(SIMPLE.get(kind, WORDS))

    def sample_object(self, kind: str, depth: int) -> Any:
        """An object of a documented type, its optional fields rarely there; now and then something else."""
        rng, described = self.rng, TYPES[kind]
        if depth > 4 or rng.random() < 0.03:
            return rng.choice([None, [], {}, 5, "text"])
        wanted = {
            name: [one for one in types if one != "?"]
            for name, types in described["fields"].items()
            if types[0] != "?" or rng.random() < 0.15
        }
        made = {name: self.sample(name, rng.choice(types), depth + 1) for name, types in wanted.items()}
        return made | described.get("always", {})

    def known(self) -> dict[str, list[Any]]:
        """What exists, by the names of the parameters that mean it."""
        town = self.town
        here = self.room.id if isinstance(self.room, Chat) else self.room.person_id
        chats = [here, here, here, here, town.reader.id, town.group.id, "@news"]
        numbers = list(self.room.messages)[-4:] or [1]
        links = [link.url for link in town.group.links] or ["none"]
        return {
            "chat_id": chats,
            "from_chat_id": chats,
            "user_id": [town.reader.id, town.owner.id, town.bot.id, *list(town.group.join_requests)[-1:]],
            "format": ["static"],
            "sticker_format": ["static"],
            "sticker_type": ["regular"],
            "name": ["cats_by_gate_bot", *WORDS],
            "chat_join_request_query_id": list(town.world.join_queries)[-1:] or ["0"],
            "message_id": numbers,
            "message_ids": [numbers[:1], numbers],
            "callback_query_id": list(town.world.clicks)[-2:] or ["0"],
            "file_id": list(town.world.files.by_id)[-3:] or ["none"],
            "invite_link": links,
            "timeout": [0, 0, 1],
            "url": ["", "http://127.0.0.1:1/hook"],
            "text": list(WORDS),
            "parse_mode": ["", "HTML", "MarkdownV2"],
            "question_parse_mode": ["", "HTML"],
            "explanation_parse_mode": ["", "HTML"],
            "action": ["typing", "upload_photo"],
            "type": ["bold", "code", "url", "quiz", "regular", "photo", "document", "emoji", "text_mention"],
            "emoji": ["👍", "🎲", "🔥"],
            "media": ["attach://file", *list(town.world.files.by_id)[-2:]],
            "language_code": ["", "de"],
            "message_thread_id": [0, *town.group.topics],
            "receiver_user_id": [0, town.reader.id],
            "inline_query_id": list(town.world.inline_queries)[-2:] or ["0"],
            "ephemeral_message_id": list(town.group.ephemeral)[-2:] or [1],
        }

    def body(self, values: dict[str, str]) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Headers and body in one of the ways clients use, or none of them."""
        rng = self.rng
        if rng.random() < 0.4:
            kind, body = (
                b"application/json",
                json.dumps({key: as_json(one) for key, one in values.items()}).encode(),
            )
        elif rng.random() < 0.5:
            kind, body = b"application/x-www-form-urlencoded", form(values)
        elif rng.random() < 0.9:
            kind, body = b"multipart/form-data; boundary=xyz", self.multipart(values)
        else:
            kind, body = rng.choice(
                [(b"text/plain", b"chat_id=1"), (b"", b""), (b"multipart/form-data", b"--")]
            )
        headers = [(b"content-type", kind)]
        if rng.random() < 0.08:
            encoding, packed = self.packed(body)
            return [*headers, (b"content-encoding", encoding)], packed
        return headers, body

    def multipart(self, values: dict[str, str]) -> bytes:
        """A form with a file or none."""
        parts = [
            b'--xyz\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
            % (key.encode(), as_bytes(one))
            for key, one in values.items()
        ]
        if self.rng.random() < 0.6:
            name = self.rng.choice(["file"] * 5 + ["photo", "document", "video", "audio", "certificate"])
            head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
            parts.append(head.encode() + self.rng.choice(PICTURES) + b"\r\n")
        return b"".join(parts) + b"--xyz--\r\n"

    def packed(self, body: bytes) -> tuple[bytes, bytes]:
        """A compressed body, a strange encoding, or one that lies."""
        ways = (
            (b"gzip", gzip.compress(body)),
            (b"deflate", zlib.compress(body)),
            (b"br", body),
            (b"gzip", body),
        )
        return self.rng.choice(ways)

    def spoiled(self, data: bytes) -> bytes:
        """Nearly always the same bytes; else some are lost or changed."""
        if not data or self.rng.random() > 0.06:
            return data
        place = self.rng.randrange(len(data))
        return (
            data[:place] + self.rng.randbytes(self.rng.randrange(4)) + data[place + self.rng.randrange(3) :]
        )


PICTURES = (
    b"",
    b"no picture",
    bytes.fromhex("474946383961010001008000008080800000002c00000000010001000002024401003b"),
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
)


def make_town() -> Town:
    """A town with a dialog, messages, a pressed button, and a file."""
    town = Town()
    world = town.world
    world.start(town.reader.id, town.bot.id)
    world.say(town.group.id, town.reader.id, "hello")
    world.say(town.group.id, town.reader.id, "look", media_group_id="7")
    town.bot.supports_inline = True
    return town


def form(values: dict[str, str]) -> bytes:
    """URL-encoded; half a surrogate pair as the bytes it would be."""
    return "&".join(f"{quote(key)}={quote(as_bytes(one))}" for key, one in values.items()).encode()


def as_bytes(text: str) -> bytes:
    """UTF-8, or as near as it gets."""
    return text.encode(errors="surrogatepass")


def as_json(text: str) -> Any:
    """What a JSON client would put there: the value itself, where it is one."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
