"""uvicorn's HTTP protocol with Telegram's manners: limits of heads, bare refusals, dropped connections."""

from urllib.parse import quote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

DROP = "gatecrier_sandbox.drop"
"""The ASGI extension under which the application finds a function that closes the connection at once."""
ABSOLUTE = "absolute URI"
"""The path of a request whose request line holds no path but a URI."""
LARGEST_HEAD = 256 << 10
"""Bytes of a request's line and headers."""
LINE_BYTES = "".join(map(chr, range(32, 127)))
LINGER = 1.0
"""Seconds a refused connection stays half open, so that what its client still sends does not reset it."""


class TelegramProtocol(HttpToolsProtocol):
    """
    Like its parent, but it refuses as Telegram does: a status line, no body, and the connection closes.

    `scope["extensions"][DROP]["drop"]()` resets the connection.
    """

    head_bytes = 0
    """Of a head that did not come at once; -1 while no head is being read."""
    is_refused = False

    def on_message_begin(self) -> None:
        """A request begins: offer the extension."""
        super().on_message_begin()
        self.head_bytes = 0
        self.scope["extensions"] = {DROP: {"drop": self.transport.abort}}

    def on_headers_complete(self) -> None:
        """The head is read; the request starts."""
        if self.head_bytes > 0 and self._head_size() > LARGEST_HEAD:
            raise HeadTooLarge
        self.head_bytes = -1
        self.start()

    def start(self) -> None:
        """Hand the request over to the application; its body follows."""
        if self.url.startswith(b"/"):
            super().on_headers_complete()
        else:
            self.url = b"/"
            super().on_headers_complete()
            self.scope["path"] = ABSOLUTE

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def data_received(self, data: bytes) -> None:
        """Bytes came; what is no HTTP is refused."""
        if self.is_refused:
            return
        self._unset_keepalive_if_required()
        if not data.isascii() and self._begins():
            data = _escaped(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, HeadTooLarge):
                self.logger.exception("the sandbox could not take a request")
            self.refuse(_status(error))
            return
        except httptools.HttpParserError as error:
            self.refuse(_status(error))
            return
        if self.head_bytes >= 0 and not self.transport.is_closing():
            self.head_bytes += len(data)
            if self.head_bytes > LARGEST_HEAD:
                self.refuse(431)

    @property
    def _current(self) -> RequestResponseCycle | None:
        """The request that came last; uvicorn's types forget that there may be none."""
        return self.cycle

    @property
    def is_free(self) -> bool:
        """Whether every request before has its answer, and the client takes what is written."""
        current = self._current
        return (current is None or current.response_complete) and not self.flow.write_paused

    def _begins(self) -> bool:
        """Whether the next byte is the first of a request."""
        current = self._current
        return self.head_bytes <= 0 and (current is None or not current.more_body)

    def refuse(self, status: int) -> None:
        """
        Answer with nothing but a status, and close; the client gets a second to read it.

        A request before it that is not answered yet is answered first, and this one not at all.
        """
        self.is_refused = True
        current = self._current
        if current is not None and not current.response_complete:
            if not current.more_body:
                current.keep_alive = False
                return
            current.disconnected = True
            current.message_event.set()
        self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.abort)


def _escaped(data: bytes) -> bytes:
    """A request line as some clients write it, with its letters escaped."""
    line, end, rest = data.partition(b"\r\n")
    return quote(line, safe=LINE_BYTES).encode() + end + rest


def _status(error: httptools.HttpParserError) -> int:
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return 501
    if isinstance(error.__context__, HeadTooLarge):
        return 431
    return 500 if isinstance(error, httptools.HttpParserCallbackError) else 400


class HeadTooLarge(Exception):
    """The head is longer than `LARGEST_HEAD`."""
