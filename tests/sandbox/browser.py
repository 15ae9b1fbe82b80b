"""A browser without a screen: asks the chat page's application what a real one would ask."""

from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urlencode

from msgspec import Struct
from starlette.types import ASGIApp, Message

HOST = "127.0.0.1:8081"


class Reply(Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Browser:
    """Sends requests as the page itself does; `headers` given override."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def get(self, path: str, **headers: str) -> Reply:
        """Look at something."""
        return await self.send("GET", path, b"", headers)

    async def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Reply:
        """Do something, with a form."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.send("POST", path, urlencode(form or {}).encode(), kind | headers)

    async def upload(self, path: str, name: str, kind: str, data: bytes) -> Reply:
        """Send a file as the composer does."""
        head = f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + b"\r\n--B--\r\n"
        return await self.send("POST", path, body, {"content-type": "multipart/form-data; boundary=B"})

    async def send(self, verb: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """One request."""
        given = {"host": HOST, "sec-fetch-site": "same-origin"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": verb,
            "path": target,
            "raw_path": target.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items() if value],
            "server": ("127.0.0.1", 8081),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def take(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, take)
        start = next(message for message in sent if message["type"] == "http.response.start")
        shown = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], shown, b"".join(message.get("body", b"") for message in sent))


class Tags(HTMLParser):
    """What a parser sees in HTML: its tags with attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        """One opening tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """A piece of text."""
        self.words += data
