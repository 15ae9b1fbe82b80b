"""How bodies are read, multipart above all. facts/botapi.md §1."""

import gzip
import time
import zlib
from contextlib import suppress

import aiohttp
import httpx
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecrier_sandbox.botapi.params import LARGEST_FILE, Params, Upload, read
from gatecrier_sandbox.errors import ApiError

MULTIPART = b"multipart/form-data; boundary=x"


def form(*parts: tuple[str, bytes], end: bytes = b"--x--\r\n") -> bytes:
    """A body of parts, each its headers and its content."""
    return b"".join(b"--x\r\n%b\r\n\r\n%b\r\n" % (head.encode(), body) for head, body in parts) + end


def field(name: str, more: str = "") -> str:
    """The header of a part."""
    return f'Content-Disposition: form-data; name="{name}"{more}'


def read_form(body: bytes, kind: bytes = MULTIPART) -> Params:
    """What a multipart body says."""
    return read(b"", kind, b"", body)


NAMED = [
    ('; filename="a.txt"', "a.txt"),
    ("; filename=a.txt", "a.txt"),
    ('; filename="a;b.txt"', "a;b.txt"),
    (r'; filename="a \"b\".txt"', 'a "b".txt'),
    ("; filename*=UTF-8''%D0%BF.txt", "п.txt"),
    ("; filename=\"x.txt\"; filename*=utf-8'en'%D0%BF.txt", "п.txt"),
    ('; filename="п.txt"', "п.txt"),
    ('; filename=""', ""),
]


@pytest.mark.parametrize(("more", "name"), NAMED)
def test_a_part_with_a_file_name_is_a_file(more: str, name: str) -> None:
    """Quoted, bare, escaped or extended as in RFC 5987: however clients write it."""
    params = read_form(form((field("document", more) + "\r\nContent-Type: text/plain", b"\r\n\x00--x")))
    assert params.files == {"document": Upload(name, "text/plain", b"\r\n\x00--x")}
    assert params.values == {}


def test_other_parts_are_parameters() -> None:
    """Empty ones, with line ends, with a type; the first of a name wins, folded headers are one."""
    body = form(
        (field("text"), b"a\r\nb"),
        (field("text"), b"second"),
        (field("empty"), b""),
        ("content-type: text/plain;\r\n charset=utf-8\r\n" + field("caption"), "ü".encode()),
        ("Content-Type: application/x-www-form-urlencoded\r\n" + field("more"), b"chat_id=5&text=no"),
    )
    assert read_form(b"prologue\r\n" + body + b"epilogue").values == {
        "text": "a\r\nb",
        "empty": "",
        "caption": "ü",
        "chat_id": "5",
    }


@pytest.mark.parametrize("end", [b"--x--", b"--x--\r\n", b"--x-- \r\n\r\n"])
def test_what_follows_the_last_boundary_does_not_matter(end: bytes) -> None:
    """Some clients leave out the last line end."""
    assert read_form(form((field("text"), b"a"), end=end)).values == {"text": "a"}


@pytest.mark.parametrize(
    "kind", [b'multipart/form-data; boundary="x"', b"Multipart/Form-Data;charset=y; Boundary=x"]
)
def test_the_boundary_may_be_quoted(kind: bytes) -> None:
    """And stand anywhere in the content type."""
    assert read_form(form((field("text"), b"a")), kind).values == {"text": "a"}


BROKEN = [
    (form((field("text"), b"a")), b"multipart/form-data", 400, "boundary not found"),
    (form(), b"multipart/form-data; boundary=" + b"x" * 71, 400, "boundary too big or empty"),
    (form((field("text"), b"a"), end=b""), MULTIPART, 400, "unexpected end"),
    (b"--x\r\n" + field("text").encode(), MULTIPART, 400, "unexpected end"),
    (form((field("text", "; a=" + "b" * 300_000), b"a")), MULTIPART, 431, "total headers size exceeded"),
    (form(("Content-Type: x", b"a")), MULTIPART, 400, "field name in multipart/form-data not found"),
    (form((field(""), b"a")), MULTIPART, 400, "field name in multipart/form-data not found"),
    (form(('Content-Disposition: attachment; name="a"', b"a")), MULTIPART, 400, "expected form-data"),
    (form((field("text"), b"a" * (1 << 20)), (field("more"), b"a")), MULTIPART, 413, "too many parameters"),
    (form(*[(field("f", "; filename=a"), b"")] * 51), MULTIPART, 413, "too many files attached"),
    (form(*[(field(str(n)), b"") for n in range(9_999)]), MULTIPART, 431, "total headers size exceeded"),
]


@pytest.mark.parametrize(("body", "kind", "code", "text"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_form_is_refused(body: bytes, kind: bytes, code: int, text: str) -> None:
    """With a 4xx that says why."""
    with pytest.raises(ApiError, match=text) as caught:
        read_form(body, kind)
    assert caught.value.code == code


@pytest.mark.long
def test_a_file_may_have_fifty_megabytes() -> None:
    """One byte more is 413, in the words of Telegram's own servers."""
    largest = bytes(LARGEST_FILE)
    head = field("document", "; filename=a")
    assert len(read_form(form((head, largest))).files["document"].data) == LARGEST_FILE
    with pytest.raises(ApiError) as caught:
        read_form(form((head, largest + b"x")))
    assert (caught.value.code, str(caught.value)) == (413, "Request Entity Too Large")


HOSTILE = [
    b"--x\r\n" * 200_000,
    b"--x" + b"\r\n--" * 500_000,
    b"--x\r\nContent-Disposition: form-data;" + b';a="\\"' * 20_000 + b"\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data" + b"; " * 60_000 + b"\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data;" + b"a" * 200_000 + b"\r\n\r\n\r\n--x--",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_forms_take_no_time(body: bytes) -> None:
    """Nothing is quadratic: megabytes of near-boundaries and quotes are read in a moment."""
    began = time.perf_counter()
    with pytest.raises(ApiError):
        read_form(body)
    assert time.perf_counter() - began < 1


FILE = bytes(range(256)) * 4 + b"\r\n--\r\n"


def by_httpx() -> tuple[bytes, bytes]:
    """python-telegram-bot's client."""
    made = httpx.Request(
        "POST", "http://x", data={"caption": "ü\n"}, files={"photo": ("я.png", FILE, "image/png")}
    )
    return made.headers["content-type"].encode(), made.read()


def by_requests() -> tuple[bytes, bytes]:
    """pyTelegramBotAPI's client."""
    files = {"photo": ("я.png", FILE, "image/png")}
    made = requests.Request("POST", "http://x", data={"caption": "ü\n"}, files=files).prepare()
    assert isinstance(made.body, bytes)
    return str(made.headers["content-type"]).encode(), made.body


@pytest.mark.parametrize("made", [by_httpx, by_requests])
def test_forms_of_real_clients_are_read(made: object) -> None:
    """The file byte by byte, the text as it was, the name with its letters."""
    assert callable(made)
    kind, body = made()
    params = read_form(body, kind)
    assert params.values == {"caption": "ü\n"}
    assert params.files == {"photo": Upload("я.png", "image/png", FILE)}


async def test_forms_of_aiohttp_are_read() -> None:
    """aiogram's client; it escapes the file's name."""
    made = aiohttp.FormData()
    made.add_field("caption", "ü\n")
    made.add_field("photo", FILE, filename="a b.png", content_type="image/png")
    payload = made()
    params = read_form(await payload.as_bytes(), payload.headers["Content-Type"].encode())
    assert params.values == {"caption": "ü\n"}
    assert params.files["photo"].data == FILE


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"--x", b"--", b"\r\n", b"\r\n\r\n", b"a", b'form-data; name="n"', b":"])))
def test_any_form_is_read_or_refused(pieces: list[bytes]) -> None:
    """Whatever comes together, the outcome is parameters or a 4xx."""
    with suppress(ApiError):
        assert set(read_form(b"".join(pieces)).values) <= {"n"}


@pytest.mark.long
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_bodies_may_be_compressed(pack: object) -> None:
    """gzip and deflate are unpacked; what is neither is 400, what is a bomb 413."""
    assert callable(pack)
    kind = b"application/x-www-form-urlencoded"
    assert read(b"", kind, b"gzip", pack(b"a=b")).values == {"a": "b"}
    with pytest.raises(ApiError) as caught:
        read(b"", kind, b"deflate", b"nothing")
    assert caught.value.code == 400
    with pytest.raises(ApiError) as caught:
        read(b"", kind, b"gzip", pack(bytes(80 << 20)))
    assert caught.value.code == 413
