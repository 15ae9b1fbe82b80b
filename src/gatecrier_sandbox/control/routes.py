"""The door for tests and scripts: `/sandbox/...`, JSON in and out, each path one act of the world."""

import inspect
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatecrier_sandbox.control import accounts, chats, files, laws, log, openapi, talking
from gatecrier_sandbox.control.answers import Refusal
from gatecrier_sandbox.control.endpoint import TABLE, Endpoint, endpoint
from gatecrier_sandbox.control.reading import arguments
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page.guard import is_own_page
from gatecrier_sandbox.world.world import World

NOUNS = (log, accounts, chats, talking, files, laws)
"""The modules that fill the table."""


@endpoint("GET", "/openapi.json", dict[str, Any])
def describe(world: World) -> dict[str, Any]:  # noqa: ARG001 - every act has a world
    """This API, described in OpenAPI 3.1."""
    return openapi.document(TABLE)


def control(world: World) -> Starlette:
    """The control API over one world."""
    return Starlette(
        routes=[_route(world, line) for line in sorted(TABLE, key=lambda line: "{" in line.path)],
        exception_handlers={404: _no_such_path, 405: _no_such_path},
    )


def _no_such_path(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    refused = Refusal("there is no such path" if status == 404 else "not with this verb")
    return _json(refused, status, dict(getattr(error, "headers", None) or {}))


def _route(world: World, line: Endpoint) -> Route:
    async def serve(request: Request) -> Response:
        if line.verb != "GET" and not is_own_page(request.headers):
            return _json(Refusal("another site's page may not ask for this"), 403)
        try:
            answer = line.act(world, **await arguments(request, line))
            if inspect.isawaitable(answer):
                answer = await answer
        except Refused as refused:
            return _json(Refusal(refused.error, refused.field or ""), refused.status)
        return answer if isinstance(answer, Response) else _json(answer, line.status)

    return Route(f"/sandbox{line.path}", serve, methods=[line.verb])


def _json(content: object, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")
