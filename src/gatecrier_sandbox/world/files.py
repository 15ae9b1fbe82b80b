"""Files: what people and bots uploaded, found by file_id or by path. Bytes live in memory."""

import base64
import mimetypes
import random
import unicodedata
from pathlib import PurePosixPath

from msgspec import Struct, field

from gatecrier_sandbox.world.images import dimensions

FOLDERS = {
    "photo": ("AgAC", "photos", ".jpg"),
    "document": ("BQAC", "documents", ".bin"),
    "video": ("BAAC", "videos", ".mp4"),
    "audio": ("CQAC", "music", ".mp3"),
    "voice": ("AwAC", "voice", ".oga"),
    "animation": ("CgAC", "animations", ".mp4"),
    "video_note": ("DQAC", "video_notes", ".mp4"),
    "sticker": ("CAAC", "stickers", ".webp"),
    "profile_photo": ("AQAD", "profile_photos", ".jpg"),
    "thumbnail": ("AAMC", "thumbnails", ".jpg"),
}
"""Kind of file: how its file_id begins, the folder of its path, and its usual ending."""
ID_BYTES = 42
LONGEST_NAME = 128

TYPES = mimetypes.MimeTypes()
"""What endings mean by the documentation of Python, not by the machine we run on."""
for ending, kind_of_ending in {
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".mkv": "video/x-matroska",
    ".webp": "image/webp",
    ".tgs": "application/x-tgsticker",
    ".md": "text/markdown",
    ".rar": "application/vnd.rar",
    ".7z": "application/x-7z-compressed",
    ".apk": "application/vnd.android.package-archive",
}.items():
    TYPES.add_type(kind_of_ending, ending)
USUAL = {
    "photo": (("image/",), "image/jpeg"),
    "video": (("video/",), "video/mp4"),
    "audio": (("audio/",), "audio/mpeg"),
    "voice": (("audio/ogg", "audio/mpeg", "audio/mp4"), "audio/ogg"),
    "animation": (("image/gif", "video/mp4"), "video/mp4"),
    "video_note": (("video/mp4",), "video/mp4"),
    "sticker": (("image/webp", "application/x-tgsticker", "video/webm"), "image/webp"),
}
"""Which types a kind of file may have, and what it has if its name says another. Source: TDLib's managers."""


class File(Struct, gc=False, omit_defaults=True):
    """
    One stored file. Width and height in pixels, duration in seconds, 0 where they mean nothing.

    `path` is what getFile answers; `name` what the sender called it. `about` is what else a bot sees of it:
    title, performer, thumbnail, emoji, ...
    """

    file_id: str
    unique_id: str
    kind: str
    path: str
    data: bytes
    name: str = ""
    mime_type: str = ""
    width: int = 0
    height: int = 0
    duration: int = 0
    about: dict[str, object] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.data)


class Files:
    """All files of a world."""

    def __init__(self, rng: random.Random) -> None:
        self.by_id: dict[str, File] = {}
        self._by_path: dict[str, File] = {}
        self._rng = rng

    def add(
        self,
        kind: str,
        data: bytes,
        *,
        name: str = "",
        mime_type: str = "",
        width: int = 0,
        height: int = 0,
        duration: int = 0,
    ) -> File:
        """Store a file; see `make`."""
        file = self.make(
            kind, data, name=name, mime_type=mime_type, width=width, height=height, duration=duration
        )
        self.keep(file)
        return file

    def make(
        self,
        kind: str,
        data: bytes,
        *,
        name: str = "",
        mime_type: str = "",
        width: int = 0,
        height: int = 0,
        duration: int = 0,
    ) -> File:
        """
        A file that is found only once it is kept, so that a request that fails leaves nothing behind.

        Args:
            kind: a key of `FOLDERS`.
            width: 0 reads width and height from the picture, if it is one.
        """
        if not width:
            width, height = dimensions(data) or (0, height)
        file = File(FOLDERS[kind][0] + self._letters(ID_BYTES), "AgAD" + self._letters(8), kind, "", data)
        file.name, file.mime_type = clean(name), mime_type or media_type(kind, name)
        file.width, file.height, file.duration = width, height, duration
        return file

    def keep(self, file: File) -> None:
        """Let a file be found: one that was made, or one from a saved world."""
        file.path = file.path or self._path(file)
        self.by_id[file.file_id] = file
        self._by_path[file.path] = file

    def by_path(self, path: str) -> File | None:
        """The file getFile named so."""
        return self._by_path.get(path)

    def _path(self, file: File) -> str:
        _, folder, usual = FOLDERS[file.kind]
        ending = PurePosixPath(file.name).suffix[:8]
        ending = ending if ending[1:].isalnum() and ending.isascii() else usual
        return f"{folder}/file_{len(self.by_id)}{ending}"

    def _letters(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._rng.randbytes(count)).decode().rstrip("=")


def media_type(kind: str, name: str) -> str:
    """The media type of a file, from the ending of its name where that fits its kind."""
    known = TYPES.types_map[True].get(PurePosixPath(clean(name)).suffix.lower(), "")
    allowed, usual = USUAL.get(kind, (("",), "application/octet-stream"))
    return known if known and known.startswith(allowed) else usual


def clean(name: str) -> str:
    """A file's name without folders and without what is not meant to be seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    visible = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in last).strip()
    stem, dot, end = visible.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(end) - 1]}.{end}" if dot and len(end) < 16 else visible[:LONGEST_NAME]
