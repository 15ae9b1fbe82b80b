"""What a program needs beside its library: the sandbox's control API, ears for updates, and the runner."""

import asyncio
import inspect
import json
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

PATIENCE = 8.0
"""Seconds an update may take to be heard, and a change to be seen."""
KINDS = ("message", "callback_query", "poll_answer", "chat_join_request", "message_reaction")
"""The updates a story listens for."""


class World:
    """The sandbox as its control API shows it; the ids of the scene are attributes."""

    url: str
    token: str
    username: str
    secret: str
    port: int
    bot: int
    owner: int
    reader: int
    guest: int
    stranger: int
    blocker: int
    group: int
    club: int
    forum: int
    files: dict[str, str]

    def __init__(self, scene: dict[str, Any]) -> None:
        self.__dict__.update(scene)

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """One call of the control API; `AssertionError` if it is refused."""
        status, answer = self.tell(verb, path, body, **query)
        assert status < 300, f"{verb} /sandbox{path} {body}: {status} {answer}"
        return answer

    def tell(self, verb: str, path: str, body: object = None, **query: object) -> tuple[int, Any]:
        """One call of the control API: status and answer."""
        address = f"{self.url}/sandbox{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = Request(address, data, {"Content-Type": "application/json"}, method=verb)
        try:
            with urlopen(request, timeout=PATIENCE) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            return error.code, _read(error.read().decode())

    def act(self, path: str, **body: object) -> Any:
        """Somebody does something: POST."""
        return self.ask("POST", path, body)

    def say(self, chat_id: int, from_id: int, text: str, **more: object) -> int:
        """A person writes; the number of the message."""
        shown = self.act("/messages", chat_id=chat_id, from_id=from_id, text=text, **more)
        return int(shown["message_id"])

    def messages(self, chat_id: int) -> list[dict[str, Any]]:
        """The messages of a chat, or of the bot's chat with a person."""
        dialog = {"bot_id": self.bot} if chat_id > 0 else {}
        found: list[dict[str, Any]] = self.ask("GET", f"/chats/{chat_id}/messages", limit=1000, **dialog)
        return found

    def shown(self, chat_id: int, message_id: int) -> dict[str, Any] | None:
        """A message as it is in the world; None if it is not there."""
        found = (m for m in self.messages(chat_id) if m["message_id"] == message_id)
        return next(found, None)

    def sees(self, chat_id: int, message_id: int, **fields: object) -> None:
        """The message is there, and these fields of it are so."""
        message = self.shown(chat_id, message_id)
        assert message is not None, f"the world has no message {message_id}"
        holds(message, fields)

    def sees_photo(self, chat_id: int, message_id: int, name: str, **fields: object) -> None:
        """The message shows that picture of the scene, in full as its largest size."""
        message = self.shown(chat_id, message_id)
        assert message is not None, f"the world has no message {message_id}"
        holds(message["photo"][-1], {"file_size": len(self.content(name))} | fields)

    def lacks(self, chat_id: int, message_id: int, field: str) -> None:
        """The message is there without that field."""
        message = self.shown(chat_id, message_id)
        assert message is not None, f"the world has no message {message_id}"
        assert field not in message, f"{field} is in {message}"

    def hides(self, chat_id: int, *message_ids: int) -> None:
        """The messages are gone."""
        left = {m["message_id"] for m in self.messages(chat_id)} & set(message_ids)
        assert not left, f"still in the world: {left}"

    def comes(self, chat_id: int, text: str) -> None:
        """A message with that text is there, at the latest after a while."""
        deadline = time.monotonic() + PATIENCE
        while not any(m.get("text") == text for m in self.messages(chat_id)):
            assert time.monotonic() < deadline, f"the world has no message {text!r}"
            time.sleep(0.02)

    def service(self, chat_id: int, field: str) -> Any:
        """That field of the latest service message that has it."""
        found = [m[field] for m in self.messages(chat_id) if field in m]
        assert found, f"the world has no service message {field}"
        return found[-1]

    def member(self, chat_id: int, user_id: int) -> dict[str, Any]:
        """What somebody is in a chat."""
        found: dict[str, Any] = self.ask("GET", f"/chats/{chat_id}/members/{user_id}")
        return found

    def called(self, method: str, **params: object) -> None:
        """The last call of a method went well and had these parameters (JSON ones are read)."""
        calls = self.ask("GET", "/calls", method=method, limit=10_000)["calls"]
        assert calls, f"the log has no {method}"
        assert calls[-1]["ok"], calls[-1]
        holds({name: _read(value) for name, value in calls[-1]["params"].items()}, params)

    def content(self, name: str) -> bytes:
        """The bytes of a file of the scene."""
        return Path(self.files[name]).read_bytes()


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def holds(actual: object, expected: object, place: str = "") -> None:
    """Every field that is expected is so; there may be more. Lists have the same length."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            assert name in actual, f"{place}.{name} is missing in {actual}"
            holds(actual[name], value, f"{place}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, value in enumerate(expected):
            holds(actual[number], value, f"{place}[{number}]")
    else:
        assert actual == expected, f"{place}: {actual!r}, not {expected!r}"


class Ears:
    """Updates as the library gave them to its handlers; heard from any thread."""

    def __init__(self) -> None:
        self._heard: list[tuple[str, Any]] = []
        self._news = threading.Condition()

    def hear(self, kind: str, event: object) -> None:
        """Called by a library's handler."""
        with self._news:
            self._heard.append((kind, event))
            self._news.notify_all()

    def wait(self, kind: str, wanted: Callable[[Any], object]) -> Any:
        """The first update of that kind that is wanted; `AssertionError` if none comes."""
        with self._news:
            found = self._news.wait_for(lambda: self._find(kind, wanted), PATIENCE)
        assert found, f"no such {kind} was heard; heard {[kind for kind, _ in self._heard]}"
        return found[0]

    def _find(self, kind: str, wanted: Callable[[Any], object]) -> list[Any]:
        return [event for heard, event in self._heard if heard == kind and wanted(event)][:1]

    async def listen(self, kind: str, wanted: Callable[[Any], object]) -> Any:
        """`wait` for programs of an event loop."""
        return await asyncio.to_thread(self.wait, kind, wanted)


def stranger_at_the_door(port: int) -> int:
    """The status a webhook server answers to a POST with a wrong secret."""
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": "wrong"}
    request = Request(f"http://127.0.0.1:{port}/hook", b'{"update_id":1}', headers)
    try:
        with urlopen(request, timeout=PATIENCE) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


class Story(Protocol):
    """One function per step besides these; each may be a coroutine function."""

    def open(self) -> Awaitable[None] | None:
        """Make the client and begin to poll."""

    def close(self) -> Awaitable[None] | None:
        """Let everything go."""


def play(make: Callable[[World, Ears], Story]) -> None:
    """Play the scene given as the first argument; print one JSON line per step."""
    scene = json.loads(sys.argv[1])
    asyncio.run(_play(make(World(scene), Ears()), scene["steps"]))


async def _play(story: Story, steps: list[str]) -> None:
    await _done(story.open())
    for number, key in enumerate(steps, 1):
        began = time.monotonic()
        try:
            await asyncio.wait_for(_done(getattr(story, key)()), 2 * PATIENCE)
            error = {}
        except Exception as wrong:  # noqa: BLE001 - whatever a library raises is the step's outcome
            error = {"error": _told(wrong)}
        line = {"step": number, "ok": not error, "seconds": round(time.monotonic() - began, 3)} | error
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    await _done(story.close())


async def _done(result: Awaitable[None] | None) -> None:
    if inspect.isawaitable(result):
        await result


def _told(wrong: Exception) -> str:
    frames = [f for f in traceback.extract_tb(wrong.__traceback__) if "/clients/" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].line}" if frames else ""
    return f"{type(wrong).__name__}: {wrong} ({place})"
