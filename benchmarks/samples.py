"""What is worked on: updates and answers in the shapes of the Bot API documentation, all of them made up."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"
BOT_ID = 123456789
GROUP = -1001234567890
CHANNEL = -1009876543210
DATE = 1_795_250_000  # a Unix second in November 2026

KINDS = ("text", "reply", "photo")

WORDS = (
    "Tomorrow we meet at the old bridge, bring something to drink; whoever comes late finds us by the "
    "fire. Größe und Zeit wie immer \N{PARTY POPPER} and please tell Мария that the tickets are here."
)

HTML = (
    "<b>The autumn issue is out</b>\n\nForty pages on <i>bridges, boats and weather</i>, the first chapter "
    'free to read: <a href="https://example.org/autumn">example.org/autumn</a>. Reply /stop and we are quiet.'
)
BUTTONS = (("Read it", "https://example.org/autumn"), ("Not now", ""))
"""Text, and the address it opens; without one it calls back."""

GET_ME = (
    b'{"ok":true,"result":{"id":123456789,"is_bot":true,"first_name":"Gatecrier","username":"gatecrier_bot",'
    b'"can_join_groups":true,"can_read_all_group_messages":true,"supports_inline_queries":false}}'
)


def people(count: int) -> list[int]:
    """Ids of distinct persons, spread as Telegram's are."""
    return random.Random(1).sample(range(100_000, 8_000_000_000), count)


def bodies(kind: str, senders: Sequence[int], count: int) -> list[bytes]:
    """Group messages as bytes, each with another update id, and of another sender while there are enough."""
    rng = random.Random(kind)
    chosen = rng.sample(senders, count) if len(senders) >= count else rng.choices(senders, k=count)
    first = {"text": 100_000_000, "reply": 200_000_000, "photo": 300_000_000, "mixed": 400_000_000}[kind]
    of = MESSAGES[kind] if kind != "mixed" else None
    return [
        _encoded({"update_id": first + n, "message": (of or message)(rng, sender, n)})
        for n, sender in enumerate(chosen)
    ]


def message(rng: random.Random, sender: int, number: int) -> dict[str, Any]:
    """A group message of any kind, plain texts being the most frequent."""
    return MESSAGES[_mixed(rng)](rng, sender, number)


def batches(updates: Sequence[bytes], size: int = 100) -> Iterator[bytes]:
    """Answers of getUpdates, with `size` updates each."""
    for start in range(0, len(updates), size):
        yield b'{"ok":true,"result":[' + b",".join(updates[start : start + size]) + b"]}"


def sent() -> bytes:
    """Telegram's answer to sendMessage: the message, about 630 bytes."""
    text = "The autumn issue is out\n\nForty pages, the first chapter free to read: example.org/autumn."
    message = {
        "message_id": 48213,
        "from": {"id": BOT_ID, "is_bot": True, "first_name": "Gatecrier", "username": "gatecrier_bot"},
        "chat": {"id": 5_000_000_001, "first_name": "Ann", "last_name": "Example", "type": "private"},
        "date": DATE,
        "text": text,
        "entities": [
            {"offset": 0, "length": 23, "type": "bold"},
            {"offset": 70, "length": 18, "type": "text_link", "url": "https://example.org/autumn"},
        ],
        "reply_markup": {
            "inline_keyboard": [
                [{"text": "Read it", "url": "https://example.org/autumn"}],
                [{"text": "Not now", "callback_data": "later:1"}],
            ]
        },
    }
    return _encoded({"ok": True, "result": message})


def send_params(chat_id: int) -> dict[str, Any]:
    """The parameters of the sendMessage that everybody makes."""
    rows = [
        [{"text": label, "url": url} if url else {"text": label, "callback_data": "later:1"}]
        for label, url in BUTTONS
    ]
    return {
        "chat_id": chat_id,
        "text": HTML,
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": rows},
    }


def _mixed(rng: random.Random) -> str:
    return rng.choices(KINDS, weights=(80, 10, 10))[0]


def _encoded(value: object) -> bytes:
    """As Telegram does: no spaces, everything beyond ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).encode()


def _person(rng: random.Random, id_: int) -> dict[str, Any]:
    return {
        "id": id_,
        "is_bot": False,
        "first_name": rng.choice(("Ann", "Ben", "Мария", "José", "Li")),
        "last_name": rng.choice(("Example", "Иванова", "Nguyen")),
        "username": f"user_{id_}",
        "language_code": "en",
    }


def _chat() -> dict[str, Any]:
    return {"id": GROUP, "title": "Readers of the Quarterly", "username": "quarterly", "type": "supergroup"}


def _text(rng: random.Random, sender: int, number: int) -> dict[str, Any]:
    start = rng.randrange(len(WORDS) // 3)
    return {
        "message_id": 70_000 + number,
        "from": _person(rng, sender),
        "chat": _chat(),
        "date": DATE + number,
        "text": WORDS[start : start + 130],
    }


def _reply(rng: random.Random, sender: int, number: int) -> dict[str, Any]:
    asked = _text(rng, rng.randrange(100_000, 8_000_000_000), number - 7)
    return _text(rng, sender, number) | {"reply_to_message": asked, "message_thread_id": asked["message_id"]}


def _photo(rng: random.Random, sender: int, number: int) -> dict[str, Any]:
    message = _text(rng, sender, number)
    entities = [
        {"offset": 0, "length": 8, "type": "bold"},
        {"offset": 12, "length": 9, "type": "italic"},
        {"offset": 30, "length": 11, "type": "text_link", "url": "https://example.org/autumn"},
        {"offset": 55, "length": 9, "type": "hashtag"},
    ]
    photo = [
        {
            "file_id": f"AgACAgIAAx0CSZbS0gAC{rng.getrandbits(200):050x}{size}",
            "file_unique_id": f"AQAD{rng.getrandbits(48):012x}{size}",
            "file_size": width * 120,
            "width": width,
            "height": width * 3 // 4,
        }
        for size, width in zip("smxy", (90, 320, 800, 1280), strict=True)
    ]
    caption = message.pop("text")
    return message | {"photo": photo, "caption": caption, "caption_entities": entities}


MESSAGES = {"text": _text, "reply": _reply, "photo": _photo}
