"""Photos of people, bots and chats: one upload, kept in a big and a small size."""

import msgspec

from gatecrier_sandbox.world.images import dimensions
from gatecrier_sandbox.world.model import Wire
from gatecrier_sandbox.world.state import State

BIG, SMALL = 640, 160
"""Pixels of a side. Source: ChatPhoto."""
MARK = "AAQ"
"""What the ids of the small size end with."""


def is_picture(data: bytes) -> bool:
    """Whether the bytes are those of a picture."""
    return dimensions(data) is not None


def store(state: State, data: bytes, *, name: str = "") -> str:
    """Keep a photo in both sizes; what comes back is the file_id of the big one."""
    big = state.files.add("profile_photo", data, name=name, width=BIG, height=BIG)
    small = msgspec.structs.replace(
        big,
        file_id=big.file_id + MARK,
        unique_id=big.unique_id + MARK,
        path=f"{big.path}_small",
        width=SMALL,
        height=SMALL,
    )
    state.files.keep(small)
    return big.file_id


def chat_photo(state: State, photo_id: str) -> Wire:
    """A ChatPhoto."""
    small, big = state.files.by_id[photo_id + MARK], state.files.by_id[photo_id]
    return {
        "small_file_id": small.file_id,
        "small_file_unique_id": small.unique_id,
        "big_file_id": big.file_id,
        "big_file_unique_id": big.unique_id,
    }


def sizes(state: State, photo_id: str) -> list[Wire]:
    """The PhotoSizes of a photo, the small one first."""
    return [
        {
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": file.size,
            "width": file.width,
            "height": file.height,
        }
        for file in (state.files.by_id[photo_id + MARK], state.files.by_id[photo_id])
    ]
