"""Addresses: which are links, and how they are written afterwards. Source: td LinkManager, HttpUrl."""

import re
from ipaddress import IPv6Address

from msgspec import Struct

from gatecrier_sandbox.entities.dates import date_format
from gatecrier_sandbox.entities.spans import Span
from gatecrier_sandbox.world.model import Wire

INTERNAL = re.compile(r"(tg|ton|tonsite):(?://)?", re.IGNORECASE)
SCHEME = re.compile(r"([^:/?#@\[\]]*)://")
PATH = re.compile(r"[/?#]")
PORT = re.compile(r":0*([1-9][0-9]{0,4})")
UNESCAPED = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE)
"""A percent sign that begins no percent-encoded byte."""
DISALLOWED = {
    "host": re.compile(r"[^\w.\-!$,~*'();&+=%\x80-\U0010ffff]", re.ASCII),
    "userinfo": re.compile(r"[^\w.\-!$,~*'();&+=%:\x80-\U0010ffff]", re.ASCII),
}
INTERNAL_HOST = {kind: re.compile(r"[A-Za-z0-9_-]+") for kind in ("tg", "ton")}
INTERNAL_HOST["tonsite"] = re.compile(r"[A-Za-z0-9_.-]+")
CONTROL = re.compile(r"[\x00-\x20]")
NUMBER = re.compile(r"[1-9][0-9]{0,18}")
LARGEST_USER = (1 << 40) - 1
LATEST = (1 << 31) - 1
"""Unix seconds a tg://time link can name."""


class Url(Struct, frozen=True):
    """A web address in its parts; the host is lower-case, `rest` is path, query and fragment from its `/`."""

    scheme: str
    userinfo: str
    host: str
    port: int
    rest: str

    @property
    def is_ipv6(self) -> bool:
        """Whether the host is an address in brackets."""
        return self.host.startswith("[")

    def text(self) -> str:
        """The address as it is kept."""
        user = f"{self.userinfo}@" if self.userinfo else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host}{port}{self.rest}"


def checked(address: str, *, https_only: bool = False) -> str:
    """
    The address as Telegram keeps it (a bare host gets `http://` and a `/`).

    Raises:
        ValueError: it is no link; the text says why.
    """
    internal = INTERNAL.match(address)
    remote = address[internal.end() :] if internal else address
    url = _parsed(remote)
    if https_only and (internal or url.scheme != "https"):
        raise ValueError("Only HTTPS links are allowed")
    if internal:
        return _checked_internal(internal[1].lower(), remote, url)
    if "." not in url.host and not url.is_ipv6:
        raise ValueError("Wrong HTTP URL")
    return url.text()


def _checked_internal(kind: str, remote: str, url: Url) -> str:
    """A link into Telegram or TON: a bare host and a query."""
    if remote[:7].lower() == "http://" or url.scheme == "https" or url.userinfo or url.port or url.is_ipv6:
        raise ValueError("Wrong tg URL" if kind == "tg" else "Wrong ton URL")
    if INTERNAL_HOST[kind].fullmatch(url.host) is None:
        raise ValueError("Unallowed characters in URL host")
    return f"{kind}://{url.host}{url.rest.removeprefix('/') if url.rest.startswith('/?') else url.rest}"


def _parsed(address: str) -> Url:
    """Split an address; ValueError with Telegram's text if a part is wrong."""
    scheme = SCHEME.match(address)
    kind = scheme[1].lower() if scheme else "http"
    if kind not in {"http", "https"}:
        raise ValueError("Unsupported URL protocol")
    begin = scheme.end() if scheme else 0
    path = PATH.search(address, begin)
    end = path.start() if path else len(address)
    authority, port = _port_split(address[begin:end])
    userinfo, _, host = authority.rpartition("@")
    host = host.lower()
    _check_host(host)
    _check_part("userinfo", userinfo)
    rest = CONTROL.sub(lambda found: f"%{ord(found[0]):02X}", address[end:].rstrip(" \t\r\n\v\x00"))
    return Url(kind, userinfo, host, port, rest if rest.startswith("/") else f"/{rest}")


def _port_split(authority: str) -> tuple[str, int]:
    at = max(authority.rfind(sign) for sign in ":]@")
    if at < 1 or authority[at] != ":":
        return authority, 0
    port = PORT.fullmatch(authority, at)
    if port is None or int(port[1]) > 65_535:
        raise ValueError("Wrong port number specified in the URL")
    return authority[:at], int(port[1])


def _check_host(host: str) -> None:
    if not host:
        raise ValueError("URL host is empty")
    if host == ".":
        raise ValueError("Host is invalid")
    if not (host.startswith("[") and host.endswith("]")):
        _check_part("host", host)
        return
    try:
        IPv6Address(host[1:-1])
    except ValueError:
        raise ValueError("Wrong IPv6 address specified in the URL") from None


def _check_part(name: str, part: str) -> None:
    if UNESCAPED.search(part):
        raise ValueError(f"Wrong percent-encoded symbol in URL {name}")
    if DISALLOWED[name].search(part):
        raise ValueError(f"Disallowed character in URL {name}")


def _parameters(address: str, host: str) -> dict[str, str]:
    """The parameters of `tg://<host>?...`, the first of a name; none if it is another address."""
    found = re.match(rf"tg:(?://)?{host}/?\?([^#]*)", address, re.IGNORECASE)
    pairs = [pair.partition("=") for pair in found[1].split("&")] if found else []
    return {name: value for name, _, value in reversed(pairs)}


def mentioned(address: str) -> int:
    """The user a tg://user?id= link names; 0 if it is another address."""
    user = _parameters(address.lower(), "user").get("id", "")
    return int(user) if NUMBER.fullmatch(user) and int(user) <= LARGEST_USER else 0


def link_entity(offset: int, length: int, address: str) -> list[Span]:
    """The entity a link makes: a person for tg://user?id=, nothing if it is no link."""
    if user_id := mentioned(address):
        return [Span("text_mention", offset, length, {"user_id": user_id})]
    try:
        return [Span("text_link", offset, length, {"url": checked(address)})]
    except ValueError:
        return []


def emoji_or_time(address: str) -> tuple[str, Wire] | None:
    """The type and fields behind `![...](...)`: tg://emoji?id= or tg://time?unix=; None if it is neither."""
    emoji = _parameters(address, "emoji").get("id", "")
    if NUMBER.fullmatch(emoji):
        return "custom_emoji", {"custom_emoji_id": emoji}
    time = _parameters(address, "time")
    unix, shape = time.get("unix", ""), date_format(time.get("format", ""))
    if NUMBER.fullmatch(unix) is None or int(unix) > LATEST or shape is None:
        return None
    return "date_time", {"unix_time": int(unix), "date_time_format": shape}
