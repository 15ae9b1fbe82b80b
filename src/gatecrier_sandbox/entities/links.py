"""Addresses: which are links, and how they are written afterwards."""

import re
from urllib.parse import urlsplit

from gatecrier_sandbox.entities.spans import Span

USER_LINK = re.compile(r"tg://user\?id=([1-9][0-9]*)")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
HOST = re.compile(r"[^\s.@:/]+(\.[^\s.@:/]+)+")


def checked(address: str) -> str:
    """
    The address as Telegram keeps it (a bare host gets `http://` and a closing `/`).

    Raises:
        ValueError: it is no link; the text says why.
    """
    address = address.strip()
    scheme = SCHEME.match(address)
    if scheme is None:
        address = f"http://{address}"
    elif scheme[1].lower() in {"tg", "ton", "tonsite"}:
        return address
    elif scheme[1].lower() not in {"http", "https"}:
        raise ValueError("Unsupported URL protocol")
    return _checked_http(address)


def _checked_http(address: str) -> str:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not host:
        raise ValueError("URL host is empty")
    if HOST.fullmatch(host) is None:
        raise ValueError("Wrong HTTP URL")
    _ = parts.port  # raises ValueError when it is none
    return address if parts.path or parts.query or parts.fragment else address + "/"


def link_entity(offset: int, length: int, address: str) -> list[Span]:
    """The entity a link makes: a person for tg://user?id=, nothing if it is no link."""
    user = USER_LINK.fullmatch(address)
    if user:
        return [Span("text_mention", offset, length, {"user_id": int(user[1])})]
    try:
        return [Span("text_link", offset, length, {"url": checked(address)})]
    except ValueError:
        return []
