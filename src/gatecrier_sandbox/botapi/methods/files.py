"""Where the bytes of a file are."""

from gatecrier_sandbox.botapi import media
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.world.model import Wire

LARGEST = 20 << 20
"""Bytes of a file a bot can download."""


@method("getFile")
def get_file(call: Call) -> Wire:
    """Say under which path a file is served; `/file/bot<token>/<file_path>` has its bytes."""
    file_id = call.text("file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    file = call.world.files.by_id.get(file_id)
    if file is None:
        raise bad_request(_why(file_id))
    if file.size > LARGEST:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.path,
    }


def _why(file_id: str) -> str:
    """Why there is no such file: it is no identifier, or one that nothing is behind."""
    try:
        media.check_identifier(file_id)
    except ApiError:
        return "invalid file_id"
    return "wrong file_id or the file is temporarily unavailable"
