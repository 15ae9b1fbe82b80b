"""Links and e-mail addresses in a bare text. Source: td match_urls, fix_url, is_email_address."""

import re
from collections.abc import Iterator

from gatecrier_sandbox.entities.top_levels import TOP_LEVELS

BLANK = r" \u00a0\u1680\u2000-\u200b\u200e\u200f\u2016-\u206f\u3000"
"""In no link: spaces, and punctuation of the general kind but dashes and joiners."""
DOMAIN = re.compile(rf"(?:[.A-Za-z0-9_~\-]|(?=[\u00c0-\U0010ffff])[^{BLANK}])*")
DOMAIN_OR_AT = re.compile(DOMAIN.pattern.replace("[.", "[@."))
USER = re.compile(rf"[^\n/\[\]{{}}()'`<>\"@\xab\xbb{BLANK}]*")
PATH = re.compile(rf"[^\n<>\"\xab\xbb{BLANK}]*")
PROTOCOL = re.compile(
    r"[A-Za-z0-9+\-\x80-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\U0010ffff]*"
)
PATH_BEGIN = re.compile(r"[/?#]")
PORT = re.compile(r":0*([1-9][0-9]{0,4})(?![0-9])")
BAD_ENDS = ".:;,('?!`"
"""What a sentence puts behind a link."""
WORD = re.compile(r"\w")
SCHEME = re.compile(r"(?ai:https?|ftp|tonsite)://")
INTERNAL = re.compile(r"(?ai:tonsite|ton|tg)://[A-Za-z0-9_-]{1,253}")
EMAIL = re.compile(
    r"(?ai:([a-z0-9_-]{0,26}[.+]){0,10}[a-z0-9_-]{1,35}@(([a-z0-9][a-z0-9_-]{0,28})?[a-z0-9][.]){1,6}[a-z]{2,8})"
)
NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
BRACKETS = {")": "(", "]": "[", "}": "{"}
LONGEST_LABEL = 63
"""Bytes between two dots."""


def internal_links(text: str) -> Iterator[tuple[int, int, str]]:
    """Links into Telegram and TON."""
    for found in INTERNAL.finditer(text):
        yield found.start(), _path_end(text, found.end()), "url"


def addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Links and e-mail addresses: whatever is around a dot and has the look of one."""
    for begin, end in _candidates(text):
        if EMAIL.fullmatch(text, begin, end):
            yield begin, end, "email"
        elif text.startswith("mailto:", begin) and EMAIL.fullmatch(text, begin + 7, end):
            yield begin + 7, end, "email"
        elif length := _link_length(text[begin:end]):
            yield begin, begin + length, "url"


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while 0 <= (dot := text.find(".", start)) < len(text) - 1:
        if text[dot + 1] == " ":
            start = dot + 2
            continue
        begin, end = _around(text, start, dot)
        if begin >= 0:
            if end > dot + 1:
                yield begin, end
            while end < len(text) and text[end] == ".":
                end += 1
        else:
            end = text.rfind(".", 0, end) + 1
        start = max(end, dot + 1)


def _around(text: str, start: int, dot: int) -> tuple[int, int]:
    """The candidate around a dot; it begins at -1 if it is none. Nothing before `start` is looked at."""
    match = DOMAIN_OR_AT.match(text, dot)
    end = match.end() if match else dot
    has_at = "@" in text[dot:end]
    begin = _back(DOMAIN, text, start, dot)
    if has_at:
        begin = _back(USER, text, start, begin)
    end = _address_end(text, end, dot)
    if begin > start and text[begin - 1] == "@":
        user = _back(USER, text, start, begin - 1)
        if has_at or user == begin - 1:
            return -1, end
        begin = user
    return _with_scheme(text, start, begin), end


def _back(symbols: re.Pattern[str], text: str, start: int, stop: int) -> int:
    """How far back from `stop` the text is made of these symbols."""
    match = symbols.match(text[start:stop][::-1])
    return stop - (match.end() if match else 0)


def _address_end(text: str, end: int, dot: int) -> int:
    port = PORT.match(text, end)
    if port and int(port[1]) <= 65_535:
        end = port.end()
    end = _path_end(text, end)
    while end > dot + 1 and text[end - 1] == ".":
        end -= 1
    return end


def _path_end(text: str, end: int) -> int:
    """The end of the path that begins here; the same place if none does."""
    if text[end : end + 1] not in {"/", "?", "#"}:
        return end
    match = PATH.match(text, end + 1)
    path = match[0].rstrip(BAD_ENDS) if match else ""
    return end + 1 + len(path) if path or text[end] == "/" else end


def _with_scheme(text: str, start: int, begin: int) -> int:
    """The place where its scheme begins, or itself without one; -1 if it cannot begin here."""
    if begin == start:
        return begin
    if not text.endswith("://", start, begin):
        before = text[begin - 1]
        return -1 if before in "/#@" or WORD.match(before) else begin
    match = PROTOCOL.match(text[start : begin - 3][::-1])
    protocol = match[0][::-1].lower() if match else ""
    for scheme, others in (("https", ()), ("http", ("shttp",)), ("tonsite", ()), ("ftp", ("tftp", "sftp"))):
        if protocol.endswith(scheme) and protocol not in others:
            return begin - 3 - len(scheme)
    return -1


def _link_length(link: str) -> int:
    """How much of a candidate is a link; 0 if it is none."""
    scheme = SCHEME.match(link)
    begin = scheme.end() if scheme else 0
    path = PATH_BEGIN.search(link, begin)
    end = path.start() if path else len(link)
    host = link[begin:end].partition("@")[2] if "@" in link[begin:end] else link[begin:end]
    host = host.rpartition(":")[0] if ":" in host else host
    if host.lower() == "teiegram.org" or not _is_host(host, has_scheme=scheme is not None):
        return 0
    return end + _balanced(link[end:])


def _balanced(path: str) -> int:
    """How much of a path is left when brackets nobody opened, and what follows them, are cut off."""
    balance = dict.fromkeys(BRACKETS.values(), 0)
    end = len(path)
    for at, char in enumerate(path):
        if char in balance:
            balance[char] += 1
        elif opening := BRACKETS.get(char):
            balance[opening] -= 1
            if balance[opening] < 0:
                end = at
                break
    return len(path[:end].rstrip(BAD_ENDS))


def _is_host(host: str, *, has_scheme: bool) -> bool:
    labels = host.split(".")
    if len(labels) < 2 or any(
        not label or label.endswith("-") or len(label.encode()) > LONGEST_LABEL for label in labels
    ):
        return False
    if all(label.isascii() and label.isdigit() for label in labels):
        return len(labels) == 4 and all(NUMBER.fullmatch(label) and int(label) < 256 for label in labels)
    top = labels[-1]
    if len(top) < 2 or "_" in labels[-2]:
        return False
    if top.startswith("xn--"):
        return len(top) > 5 and top[4:].isascii() and top[4:].isalnum()
    return "_" not in top and "-" not in top and (has_scheme or _is_common(top))


def _is_common(top: str) -> bool:
    """Whether it is a top level, in one case; its first letter may differ."""
    lower = top.lower()
    return lower in TOP_LEVELS and not (lower != top and lower[1:] == top[1:])
