"""Files: what people have to send, and what anybody sent."""

from starlette.responses import Response

from gatecrier_sandbox.control import answers, queries
from gatecrier_sandbox.control.endpoint import endpoint
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.world import World


@endpoint("POST", "/files", answers.StoredFile)
def upload(world: World, query: queries.NewFile, body: bytes) -> answers.StoredFile:
    """Store a file, so that a person can send it. The body is its bytes, 50 MiB at most."""
    if not body:
        raise Refused("the file is empty", status=422)
    return shown_file(
        world.files.add(
            query.kind,
            body,
            name=query.name,
            mime_type=query.mime_type,
            width=query.width,
            height=query.height,
            duration=query.duration,
        )
    )


def shown_file(file: File) -> answers.StoredFile:
    """What is known of a file, without its bytes."""
    return answers.StoredFile(
        file.file_id, file.unique_id, file.kind, file.path, file.name, file.mime_type, file.size
    )


@endpoint("GET", "/files/{file_id}", bytes)
def download(world: World, file_id: str) -> Response:
    """The bytes of a file."""
    file = world.files.by_id.get(file_id)
    if file is None:
        raise Refused("there is no such file", field="file_id", status=404)
    return Response(
        file.data, media_type="application/octet-stream", headers={"x-content-type-options": "nosniff"}
    )
