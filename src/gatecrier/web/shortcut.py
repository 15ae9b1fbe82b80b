"""
uvicorn's HTTP protocol with a shortcut: an update that a glance settles is answered where it is parsed.

Nearly all updates are plain messages of known members; for those the way through ASGI (a scope, a cycle,
a task, two messages) costs several times what deciding does. Whatever else comes takes that way.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

Headers = list[tuple[bytes, bytes]]
"""Names in lower case, and values."""

_DONE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Settles(Protocol):
    """What decides about a request without waiting; `Webhook` is the one that exists."""

    def settles(self, headers: Headers, body: bytes) -> bool:
        """Whether a POST to its path is to be answered with 200, and nothing else is to be done."""


class Shortcut(HttpToolsProtocol):
    """
    One connection; `among(webhooks)` makes the class that uvicorn wants.

    A request that may be settled is held back from ASGI until all of it is here, but no longer than
    the bytes that have just come are looked at: what comes in pieces is ASGI's, which knows how long to wait.
    """

    webhooks: Mapping[bytes, Settles]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._webhook: Settles | None = None
        self._held: bytes | None = None  # the body so far of the request that is held back

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._held is not None:
            if self.transport.is_closing():  # it was no HTTP, and has been refused
                self._held = None
            else:
                self._pass_on()

    def on_headers_complete(self) -> None:
        """httptools tells."""
        self._webhook = self.webhooks.get(self.url)
        if self._webhook is not None and self._may_hold():
            self._held = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """httptools tells: some more of it."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held += body

    def on_message_complete(self) -> None:
        """httptools tells: all of it is here."""
        if self._held is not None:
            if self._webhook is not None and self._webhook.settles(self.headers, self._held):
                self._held = None
                self.transport.write(_DONE)
                self.on_response_complete()
                return
            self._pass_on()
        super().on_message_complete()

    def _may_hold(self) -> bool:
        """Nothing before it is unanswered, and nothing is peculiar about it."""
        before: RequestResponseCycle | None = self.cycle
        return (
            (before is None or before.response_complete)
            and self.parser.get_method() == b"POST"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
        )

    def _pass_on(self) -> None:
        """Let ASGI have what was held back."""
        body, self._held = self._held, None
        super().on_headers_complete()
        if body:
            super().on_body(body)


def among(webhooks: Mapping[bytes, Settles]) -> type[Shortcut]:
    """The protocol for uvicorn, with the shortcuts of these webhooks, by path; read at each request."""
    return type("WebhookShortcut", (Shortcut,), {"webhooks": webhooks})
