"""getFile and downloads: facts/botapi.md §1 and §4."""

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier_sandbox import Sandbox
from gatecrier_sandbox.world.files import FOLDERS, LONGEST_NAME, Files, clean, media_type
from gatecrier_sandbox.world.world import World
from sandbox.town import Town
from sandbox.uploads import png


@pytest.mark.story
async def test_an_uploaded_file_is_downloaded_unchanged() -> None:
    """Over HTTP, as clients do it: a multipart upload, getFile, a GET; every byte, and a hostile name."""
    data = bytes(range(256)) * 400
    async with Sandbox.start() as sandbox, aiohttp.ClientSession() as http:
        world = sandbox.world
        bot, person = world.bot("gate_bot"), world.person("Rudi")
        world.start(person.id, bot.id)
        form = aiohttp.FormData({"chat_id": str(person.id)}, quote_fields=False)
        form.add_field("document", data, filename="../../etc/pass\u202ewd.tar.gz")
        async with http.post(f"{sandbox.url}/bot{bot.token}/sendDocument", data=form) as answer:
            document = (await answer.json())["result"]["document"]
        assert (document["file_name"], document["file_size"]) == ("pass wd.tar.gz", len(data))
        query = {"file_id": document["file_id"]}
        async with http.get(f"{sandbox.url}/bot{bot.token}/getFile", params=query) as answer:
            found = (await answer.json())["result"]
        assert found["file_path"] == "documents/file_0.gz"
        async with http.get(f"{sandbox.url}/file/bot{bot.token}/{found['file_path']}") as answer:
            assert await answer.read() == data
        url = f"{sandbox.url}/file/bot{bot.token}/{found['file_path']}"
        place = {"chat_id": str(person.id), "photo": url}
        async with http.post(f"{sandbox.url}/bot{bot.token}/sendPhoto", data=place) as answer:
            refused = await answer.json()
        assert refused["description"] == "Bad Request: wrong type of the web page content"


async def test_get_file_says_why_it_has_none() -> None:
    """Nothing given, no identifier, an unknown one, and a file larger than 20 MB."""
    town = Town()
    large = town.world.files.add("document", bytes((20 << 20) + 1))
    for file_id, text in (
        ("", "file_id not specified"),
        ("abc", "invalid file_id"),
        ("ab cde", "invalid file_id"),
        ("BQAC" + "x" * 56, "wrong file_id or the file is temporarily unavailable"),
        (large.file_id, "file is too big"),
    ):
        assert await town.error("getFile", file_id=file_id) == (400, f"Bad Request: {text}")


async def test_thumbnails_and_portraits_have_files_too() -> None:
    """Whatever kind of file a bot hears of, getFile finds it, and no two have one path."""
    town = Town()
    paths = set()
    for kind in FOLDERS:
        file = town.world.files.add(kind, png(), name="same.png")
        found = await town.result("getFile", file_id=file.file_id)
        assert (found["file_unique_id"], found["file_size"]) == (file.unique_id, len(png()))
        paths.add(found["file_path"])
    assert len(paths) == len(FOLDERS)


def test_a_file_that_is_not_kept_cannot_be_found() -> None:
    """It has no path until it is kept, and then one that no other has."""
    files: Files = World().files
    first, second = files.make("photo", png()), files.make("photo", png())
    assert not files.by_id
    for file in (second, first):
        files.keep(file)
    assert {file.path for file in files.by_id.values()} == {"photos/file_0.jpg", "photos/file_1.jpg"}


@given(st.text(max_size=300))
def test_no_name_breaks_out_of_its_folder(name: str) -> None:
    """A name is one line without slashes, not too long, and has a media type whatever it is."""
    cleaned = clean(name)
    assert not set(cleaned) & set("/\\\n\r\0")
    assert len(cleaned) <= LONGEST_NAME
    assert media_type("document", name)
    assert media_type("video", name).startswith("video/")
    cleaned.encode()


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("document", "a.PDF", "application/pdf"),
        ("document", "a", "application/octet-stream"),
        ("audio", "a.flac", "audio/flac"),
        ("audio", "a.txt", "audio/mpeg"),
        ("voice", "a.oga", "audio/ogg"),
        ("voice", "a.flac", "audio/ogg"),
        ("video", "a.webm", "video/webm"),
        ("animation", "a.gif", "image/gif"),
        ("sticker", "a.tgs", "application/x-tgsticker"),
    ],
)
def test_a_name_says_what_a_file_is_if_its_kind_allows(kind: str, name: str, expected: str) -> None:
    """Otherwise it is what files of this kind usually are."""
    assert media_type(kind, name) == expected
