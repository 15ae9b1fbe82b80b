"""The webhook, called as ASGI servers call it: who is let in, what is answered, and when."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from gatecrier.kernel.errors import Misconfigured, TryLater
from gatecrier.telegram.glance import nobody
from gatecrier.telegram.updates import Received
from gatecrier.web.webhook import MOST_BYTES, Webhook
from make import make_update

SECRET = "s3cret_-"
PATH = "/telegram/7"
BODY = make_update(5, text="/start").body


class Kept:
    """An inbox that keeps what it is given, or cannot."""

    def __init__(self) -> None:
        self.updates: list[int] = []
        self.gone = False

    async def take(self, batch: Sequence[Received]) -> None:
        if self.gone:
            raise TryLater("The database is gone.")
        self.updates += [one.update.update_id for one in batch]


def scope(**fields: Any) -> dict[str, Any]:
    headers = [(b"x-telegram-bot-api-secret-token", SECRET.encode()), (b"content-length", b"10")]
    return {"type": "http", "method": "POST", "path": PATH, "headers": headers, **fields}


async def post(webhook: Webhook, *chunks: bytes, **fields: Any) -> int:
    """The status of the answer to a request."""
    waiting = list(chunks) or [BODY]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    await webhook(scope(**fields), receive, send)
    assert len(sent) == 2
    return int(sent[0]["status"])


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def webhook(kept: Kept) -> Webhook:
    return Webhook(7, SECRET, kept.take, knows=nobody)


async def test_an_update_is_answered_when_it_is_safe(webhook: Webhook, kept: Kept) -> None:
    """In one piece or in several."""
    assert await post(webhook) == 200
    assert await post(webhook, BODY[:20], BODY[20:]) == 200
    assert kept.updates == [5, 5]


WRONG = [b"", b"wrong", SECRET.encode() + b"x", SECRET.encode()[:-1], b"\xff"]


@pytest.mark.parametrize("secret", WRONG)
async def test_attack_5_without_the_secret_nothing_is_taken(
    webhook: Webhook, kept: Kept, secret: bytes
) -> None:
    """Missing, wrong, too long, too short: the same answer, and the body is not looked at."""
    headers = [(b"x-telegram-bot-api-secret-token", secret)] if secret else []
    assert await post(webhook, headers=headers) == 401
    assert kept.updates == []


@pytest.mark.parametrize("secret", ["", "with space", "ü", "x" * 257])
async def test_attack_5_there_is_no_webhook_without_a_secret(kept: Kept, secret: str) -> None:
    """It refuses to be built: failing open would let anybody speak in Telegram's name."""
    with pytest.raises(Misconfigured, match="secret"):
        Webhook(7, secret, kept.take, knows=nobody)


async def test_other_requests_are_refused(webhook: Webhook, kept: Kept) -> None:
    """Another path, another method, another bot's id: nothing is told of what there is."""
    assert await post(webhook, path="/") == 404
    assert await post(webhook, path="/telegram/8") == 404
    assert await post(webhook, method="GET") == 405
    assert kept.updates == []


async def test_a_body_has_a_limit(webhook: Webhook, kept: Kept) -> None:
    """Announced, or found out while it comes: it is not kept in memory."""
    announced = [*scope()["headers"][:1], (b"content-length", str(MOST_BYTES + 1).encode())]
    assert await post(webhook, headers=announced) == 413
    assert await post(webhook, b"x" * MOST_BYTES, b"x") == 413
    assert await post(webhook, headers=[*scope()["headers"][:1], (b"content-length", b"-1")]) == 413
    assert kept.updates == []


async def test_a_body_that_does_not_come_is_not_waited_for(kept: Kept) -> None:
    """Whoever sends a header and nothing else holds no connection for long."""
    webhook = Webhook(7, SECRET, kept.take, knows=nobody, patience=0)
    sent: list[Any] = []

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    await webhook(scope(), never, send)
    assert sent[0]["status"] == 408


async def test_what_is_no_update_is_not_taken(webhook: Webhook, kept: Kept) -> None:
    """Not JSON is refused; an update of a kind we cannot read is skipped, or it would come for a day."""
    assert await post(webhook, b"{") == 400
    assert await post(webhook, b"[]") == 400
    assert await post(webhook, json.dumps({"update_id": 9, "message": 7}).encode()) == 200
    assert kept.updates == []


async def test_attack_14_what_cannot_be_kept_is_repeated_by_telegram(webhook: Webhook, kept: Kept) -> None:
    """The database is gone: 503, and nothing is lost; it is back: 200."""
    kept.gone = True
    assert await post(webhook) == 503
    kept.gone = False
    assert await post(webhook) == 200
    assert kept.updates == [5]


async def test_what_a_glance_settles_is_not_handed_on(kept: Kept) -> None:
    """Plain messages of known members end here."""
    webhook = Webhook(7, SECRET, kept.take, knows=lambda _chat, _person: True)
    assert await post(webhook, make_update(6, chat_id=-1001).body) == 200
    assert kept.updates == []
