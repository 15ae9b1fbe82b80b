"""Files: what people and bots uploaded, found by file_id or by path. Bytes live in memory."""

import base64
import mimetypes
import random
from pathlib import PurePosixPath

from msgspec import Struct

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


class File(Struct, gc=False):
    """
    One stored file. Width and height in pixels, duration in seconds, 0 where they mean nothing.

    `path` is what getFile answers; `name` what the sender called it.
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
        """Store a file; `kind` is a key of `FOLDERS`."""
        prefix, folder, ending = FOLDERS[kind]
        mime_type = mime_type or mimetypes.guess_type(name)[0] or ""
        suffix = PurePosixPath(name).suffix[:8]
        ending = suffix if suffix[1:].isalnum() and suffix.isascii() else ending
        file = File(
            prefix + self._letters(ID_BYTES),
            "AgAD" + self._letters(8),
            kind,
            f"{folder}/file_{len(self.by_id)}{ending}",
            data,
            name,
            mime_type,
            width,
            height,
            duration,
        )
        self.keep(file)
        return file

    def keep(self, file: File) -> None:
        """Take in a file that has its ids (from a saved world)."""
        self.by_id[file.file_id] = file
        self._by_path[file.path] = file

    def by_path(self, path: str) -> File | None:
        """The file getFile named so."""
        return self._by_path.get(path)

    def _letters(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._rng.randbytes(count)).decode().rstrip("=")
