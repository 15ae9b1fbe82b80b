"""
An InputFile of a request: an upload, `attach://name`, a file_id, or a URL of this sandbox.

Source: telegram-bot-api `get_input_file`, TDLib `FileManager::from_persistent_id` and
`check_full_local_location`; facts/botapi.md §2 and §4.
"""

import re
from urllib.parse import unquote, urlsplit

from msgspec import Struct, structs

from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.params import Upload
from gatecrier_sandbox.errors import ApiError, bad_request, sentence
from gatecrier_sandbox.world import media
from gatecrier_sandbox.world.files import FOLDERS, ID_BYTES, File
from gatecrier_sandbox.world.images import dimensions, is_gif
from gatecrier_sandbox.world.model import Wire

ATTACHED = "attach://"
LOCAL = "http://localhost:"
"""How a URL without a dot begins; every other text without one is a file_id."""
LARGEST = {"photo": (10 << 20, "photo"), "video_note": (12 << 20, "video note")}
"""Bytes of an upload of these kinds, and what the refusal calls them; of others what the HTTP layer takes."""
LARGEST_THUMBNAIL = (200 << 10) - 1
LARGEST_BY_URL = {"photo": 5 << 20}
LARGEST_FILE_BY_URL = 20 << 20
WIDEST_THUMBNAIL = 320
LONGEST_SIDES = 10_000
"""Pixels of a photo's width and height together."""
MOST_OBLONG = 20
"""How many times as long as the other the longer side of a photo may be."""
LONGEST_DURATION = 86_400
"""Seconds a request may say a file lasts; what is longer is brought down to it."""
LONGEST_SIDE = 10_000

TYPE_NAMES = {
    "photo": "Photo",
    "document": "Document",
    "video": "Video",
    "audio": "Audio",
    "voice": "VoiceNote",
    "animation": "Animation",
    "video_note": "VideoNote",
    "sticker": "Sticker",
    "thumbnail": "Thumbnail",
    "profile_photo": "ProfilePhoto",
}
"""What refusals call a kind of file. Source: TDLib FileType."""
BY_URL = {
    "photo": ("image/",),
    "document": ("application/pdf", "application/zip", "image/gif"),
    "video": ("video/",),
    "audio": ("audio/",),
    "voice": ("audio/",),
    "animation": ("image/gif", "video/mp4"),
    "sticker": ("image/webp", "image/png"),
}
"""Which types Telegram takes from a URL; what is not here is not taken at all."""
SENTENCES = {
    "MEDIA_EMPTY": "wrong file identifier/HTTP URL specified",
    "WEBPAGE_CURL_FAILED": "failed to get HTTP URL content",
    "WEBPAGE_MEDIA_EMPTY": "wrong type of the web page content",
}
LETTERS = re.compile(r"[A-Za-z0-9_-]*")
LENGTH = 4 + ID_BYTES * 4 // 3
PREFIXES = tuple(prefix for prefix, _, _ in FOLDERS.values())

Given = Upload | str
"""What a parameter says: an upload, or the text of a file_id or URL."""


class Unfit(ApiError):
    """Telegram's servers, the last to look, do not take a file; `reason` is their code."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, sentence(400, SENTENCES.get(reason, reason)))
        self.reason = reason


class Traits(Struct, frozen=True):
    """
    What a request says of a file; it holds only for a file that is new.

    Width and height in pixels, duration in seconds. `about` as in `File`. `as_is`: nobody looks what kind of
    file a document is.
    """

    width: int = 0
    height: int = 0
    duration: int = 0
    about: Wire = {}
    thumbnail: Upload | None = None
    as_is: bool = False

    def with_thumbnail(self, thumbnail: Upload | None) -> "Traits":
        """The same, with the picture shown in small."""
        return structs.replace(self, thumbnail=thumbnail)


PLAIN = Traits()


class Parcel(Struct, frozen=True):
    """A file to be sent, and its thumbnail where both are new; found by others once it is kept."""

    file: File
    thumbnail: File | None = None


def pick(call: Call, value: str, name: str = "", *, uploads_only: bool = False) -> Given | None:
    """
    What a parameter means; None if there is no file.

    Args:
        value: what the parameter says; if that is nothing, the upload called `name` is meant.
        uploads_only: as for thumbnails: texts that name no upload are not looked at.
    """
    if value.startswith(ATTACHED):
        name = value.removeprefix(ATTACHED)
    elif value and not uploads_only:
        return value
    return call.params.files.get(name)


def need(call: Call, name: str, noun: str = "") -> Given:
    """The file a parameter names; `ApiError` 400 if there is none."""
    given = pick(call, call.text(name), name)
    if given is None:
        raise bad_request(f"there is no {noun or name} in the request")
    return given


def thumbnail(call: Call, value: str = "") -> Upload | None:
    """The upload that is to be the thumbnail: `value` of an InputMedia, or a parameter under either name."""
    given = pick(call, value, uploads_only=True) if value else None
    for name in ("thumbnail", "thumb"):
        given = given or pick(call, call.text(name), name, uploads_only=True)
    return given if isinstance(given, Upload) else None


def receive(call: Call, given: Given, kind: str, traits: Traits = PLAIN) -> Parcel:
    """
    The file to be sent as `kind`. A new one is to be kept (`keep`) once everything else is in order.

    Raises:
        ApiError: 400 empty, too large, of another kind, or not an identifier.
        Unfit: 400 no picture, unknown here, or a URL that cannot be fetched.
    """
    if isinstance(given, Upload):
        return _uploaded(call, given, kind, traits)
    if "." in given or given.startswith(LOCAL):
        return _fetched(call, given, kind, traits)
    return Parcel(known(call, given, kind, as_is=traits.as_is))


def keep(call: Call, *parcels: Parcel | None) -> None:
    """Let files be found from now on, with their thumbnails."""
    for parcel in parcels:
        for file in (parcel.file, parcel.thumbnail) if parcel is not None else ():
            if file is not None:
                call.world.files.keep(file)


# Uploads


def _uploaded(call: Call, upload: Upload, kind: str, traits: Traits) -> Parcel:
    size = len(upload.data)
    if not size:
        raise bad_request("file must be non-empty")
    if kind in LARGEST and size > LARGEST[kind][0]:
        most, noun = LARGEST[kind]
        too_big = f"file of size {size} bytes is too big for a {noun}"
        raise bad_request(f"{too_big}; the maximum size is {most} bytes")
    return _made(call, upload, kind, traits)


def _made(call: Call, upload: Upload, kind: str, traits: Traits, mime_type: str = "") -> Parcel:
    """A new file, looked at as Telegram's servers do."""
    if kind == "photo":
        _check_photo(upload.data)
    elif kind == "document" and not traits.as_is and is_gif(upload.data):
        kind = "animation"
    file = call.world.files.make(
        kind,
        upload.data,
        name=upload.filename,
        mime_type="image/gif" if kind == "animation" and is_gif(upload.data) else mime_type,
        width=traits.width,
        height=traits.height,
        duration=traits.duration,
    )
    small = _thumbnail(call, traits.thumbnail)
    file.about = traits.about | (media.thumbnail(small) if small is not None else {})
    return Parcel(file, small)


def _check_photo(data: bytes) -> None:
    size = dimensions(data)
    if size is None:
        raise Unfit("IMAGE_PROCESS_FAILED")
    small, large = sorted(size)
    if not small or small + large > LONGEST_SIDES or large > MOST_OBLONG * small:
        raise Unfit("PHOTO_INVALID_DIMENSIONS")


def _thumbnail(call: Call, upload: Upload | None) -> File | None:
    """A thumbnail that is none, or too large, is overlooked. Source: TDLib get_input_thumbnail_photo_size."""
    size = dimensions(upload.data) if upload is not None else None
    if upload is None or size is None or max(size) > WIDEST_THUMBNAIL or not min(size):
        return None
    if len(upload.data) > LARGEST_THUMBNAIL:
        return None
    return call.world.files.make("thumbnail", upload.data, name=upload.filename)


# Files that are here


def known(call: Call, file_id: str, kind: str, *, as_is: bool = False) -> File:
    """
    The file of a file_id, if it can be sent as `kind`.

    Raises:
        ApiError: 400 it is no identifier, or of a kind that cannot be sent so.
        Unfit: 400 nobody knows it.
    """
    file = call.world.files.by_id.get(file_id)
    if file is None:
        check_identifier(file_id)
        raise Unfit("MEDIA_EMPTY")
    if file.kind != kind and not (file.kind in media.DOCUMENTS and kind in media.DOCUMENTS):
        wanted = "DocumentAsFile" if as_is else TYPE_NAMES[kind]
        raise bad_request(f"can't use file of type {TYPE_NAMES[file.kind]} as {wanted}")
    return file


def check_identifier(file_id: str) -> None:
    """Whether it looks like an identifier of this world; `ApiError` 400 if not."""
    bare = file_id.rstrip("=")
    padding = len(file_id) - len(bare)
    prefix = "wrong remote file identifier specified: "
    if padding > 2:
        raise bad_request(prefix + "Wrong string padding")
    if padding and len(file_id) % 4:
        raise bad_request(prefix + "Wrong padding length")
    if len(bare) % 4 == 1:
        raise bad_request(prefix + "Wrong string length")
    if LETTERS.fullmatch(bare) is None:
        raise bad_request(prefix + "Wrong character in the string")
    if not bare:
        raise bad_request("remote file identifier can't be empty")
    if len(bare) != LENGTH or not bare.startswith(PREFIXES):
        raise bad_request(prefix + "can't unserialize it. Wrong last symbol")


# URLs


def _fetched(call: Call, url: str, kind: str, traits: Traits) -> Parcel:
    """A copy of a file of this sandbox; what is elsewhere is not fetched."""
    source = _at(call, url)
    if source is None or source.size > LARGEST_BY_URL.get(kind, LARGEST_FILE_BY_URL):
        raise Unfit("WEBPAGE_CURL_FAILED")
    if not source.mime_type.startswith(BY_URL.get(kind, ("-",))):
        raise Unfit("WEBPAGE_MEDIA_EMPTY")
    name = source.name or source.path.rpartition("/")[2]
    plain = Traits(traits.width, traits.height, traits.duration, traits.about, as_is=traits.as_is)
    return _made(call, Upload(name, source.mime_type, source.data), kind, plain, source.mime_type)


def _at(call: Call, url: str) -> File | None:
    """The file at a URL of this sandbox; `ApiError` 400 if it is no URL."""
    prefix = "invalid file HTTP URL specified: "
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        here = urlsplit(call.world.base_url)
        place, ours = (parts.hostname, parts.port or 80), (here.hostname, here.port)
    except ValueError:
        raise bad_request(prefix + "URL host is invalid") from None
    if parts.scheme not in {"http", "https"}:
        raise bad_request(prefix + "Unsupported URL protocol")
    if not place[0]:
        raise bad_request(prefix + "URL host is empty")
    if parts.scheme != "http" or (place != ours and place != ("localhost", ours[1])):
        return None
    return _served(call, unquote(parts.path))


def _served(call: Call, path: str) -> File | None:
    """What `/file/bot<token>/<path>` and `/sandbox/files/<file_id>` serve."""
    if path.startswith("/sandbox/files/"):
        return call.world.files.by_id.get(path.removeprefix("/sandbox/files/"))
    token, _, rest = path.removeprefix("/file/bot").partition("/")
    if not path.startswith("/file/bot") or token not in call.world.tokens:
        return None
    return call.world.files.by_path(rest)
