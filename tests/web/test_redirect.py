"""Counted links over ASGI: what is signed leads on, nothing else does."""

from typing import Any

import pytest

from gatecrier.broadcast.clicks import Click, Links
from gatecrier.kernel.errors import NotFound, TryLater
from gatecrier.web.redirect import Redirects, front

LINKS = Links("secret", "https://bots.example.org")
TOKEN = LINKS.url(Click(41, 7, 0)).rpartition("/")[2]


class FakeClicks:
    """Remembers who went where."""

    def __init__(self, leads_to: str | Exception = "https://shop.example/ä b\r\nX: y") -> None:
        self.leads_to = leads_to
        self.followed: list[Click] = []

    async def follow(self, click: Click) -> str:
        self.followed.append(click)
        if isinstance(self.leads_to, Exception):
            raise self.leads_to
        return self.leads_to


async def ask(clicks: FakeClicks, path: str, method: str = "GET") -> tuple[int, dict[bytes, bytes]]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    async def webhook(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    app = front(webhook, Redirects(LINKS, clicks))  # type: ignore[arg-type]
    await app({"type": "http", "path": path, "method": method}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


async def test_a_signed_link_leads_on_and_is_counted() -> None:
    """By GET, to an address that can break no header, kept by nobody."""
    clicks = FakeClicks()
    status, headers = await ask(clicks, f"/r/{TOKEN}")
    assert status == 302
    assert headers[b"location"] == b"https://shop.example/%C3%A4%20b%0D%0AX:%20y"
    assert headers[b"cache-control"] == b"no-store"
    assert clicks.followed == [Click(41, 7, 0)]


@pytest.mark.parametrize(
    "path", ["/r/", "/r/x", f"/r/{TOKEN}A", f"/r/{TOKEN[:-2]}", f"/r/{'A' * 5000}", "/r/é"]
)
async def test_what_we_did_not_sign_leads_nowhere(path: str) -> None:
    """An open redirect would lend our name to anybody."""
    clicks = FakeClicks()
    assert (await ask(clicks, path))[0] == 404
    assert clicks.followed == []


async def test_a_look_is_not_a_click() -> None:
    """HEAD and POST count nothing."""
    clicks = FakeClicks()
    assert [(await ask(clicks, f"/r/{TOKEN}", method))[0] for method in ("HEAD", "POST")] == [404, 404]
    assert clicks.followed == []


@pytest.mark.parametrize(("error", "status"), [(NotFound("gone"), 404), (TryLater("database"), 503)])
async def test_a_link_that_cannot_be_followed_says_so(error: Exception, status: int) -> None:
    """A campaign that is gone, or a database: no stack trace."""
    assert (await ask(FakeClicks(error), f"/r/{TOKEN}"))[0] == status


async def test_everything_else_is_telegrams() -> None:
    """Updates go to the webhook as before."""
    assert (await ask(FakeClicks(), "/telegram/1", "POST"))[0] == 204
