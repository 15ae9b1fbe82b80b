"""uvicorn's HTTP protocol, with a way for the application to drop the connection (faults)."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

DROP = "gatecrier_sandbox.drop"
"""The ASGI extension under which the application finds a function that closes the connection at once."""


class DroppingProtocol(HttpToolsProtocol):
    """Like its parent; `scope["extensions"][DROP]["drop"]()` resets the connection."""

    def on_message_begin(self) -> None:
        """A request begins: offer the extension."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"drop": self.transport.abort}}
