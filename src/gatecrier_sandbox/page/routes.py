"""The chat page over one world: what a browser asks, and what it gets."""

import inspect
import json
import mimetypes
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page import acts, asking, links, log, render, rooms, sheets, stream, view
from gatecrier_sandbox.page.faces import Calendar, zone_named
from gatecrier_sandbox.page.guard import Guard
from gatecrier_sandbox.page.notices import Notices
from gatecrier_sandbox.page.outcome import Outcome, text_of
from gatecrier_sandbox.page.place import Memory, Place
from gatecrier_sandbox.world.world import World

FOR_EVER = "public, max-age=31536000, immutable"
SHOWN_INLINE = ("image/", "video/", "audio/")
"""Files a browser may show; everything else is downloaded."""
SCRIPTED = frozenset({"image/svg+xml", "image/svg"})
"""Pictures that may hold scripts are not shown as such."""
LARGEST_FORM = 24 << 20


def page(world: World) -> ASGIApp:
    """The page: an ASGI application for `/`, `/page/...` and `/static/...`."""
    desk = Desk(world)
    return Guard(
        Starlette(
            routes=[
                Route("/", desk.show),
                Route("/page/stream", desk.follow_world),
                Route("/page/search", desk.search),
                Route("/page/people", desk.people),
                Route("/page/lines/{key}", desk.line),
                Route("/page/sheets/{name}", desk.sheet),
                Route("/page/files/{file_id}", desk.file),
                Route("/page/go", desk.go, methods=["POST"]),
                Route("/page/inline", desk.ask, methods=["POST"]),
                Route("/page/acts/{name}", desk.act, methods=["POST"]),
                Mount("/static", Static(directory=render.STATIC)),
            ],
            exception_handlers={Refused: _refused, HTTPException: _lost},
        )
    )


class Static(StaticFiles):
    """Files whose address changes when they do."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, kept for ever."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response


def _refused(_: Request, error: Exception) -> Response:
    """The reason, as a toast."""
    status = error.status if isinstance(error, Refused) else 400
    words = error.error if isinstance(error, Refused) else str(error)
    return _toast(words[:1].upper() + words[1:], kind="bad", status=status)


async def _lost(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _toast(
        "There is no such page" if status == 404 else "That did not work", kind="bad", status=status
    )


def _toast(words: str, *, kind: str = "", status: int = 200) -> HTMLResponse:
    return HTMLResponse(toast(words, kind=kind), status)


def toast(words: str, *, kind: str = "") -> str:
    """Words that show for a few seconds."""
    return stream.partial("toasts", "beforeend", render.template("toast.html", words=words, kind=kind))


class Desk:
    """Answers a browser."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.memory = Memory()

    def calendar(self, request: Request) -> Calendar:
        """Times as this reader sees them."""
        return Calendar(self.world.clock.now(), zone_named(request.cookies.get("zone", "")))

    def view(self, request: Request, place: Place) -> view.View:
        """The page as data."""
        base = f"{request.url.scheme}://{request.url.netloc}"
        return view.whole(self.world, place, self.calendar(request), self.memory, base=base)

    async def show(self, request: Request) -> Response:
        """The whole page; who acts as nobody is taken to the first person there is."""
        place = Place.read(request.query_params)
        if place.person not in self.world.people and (first := view.first_person(self.world)):
            return RedirectResponse(place.href(person=first), 303)
        self.memory.asked.pop((place.person, place.chat), None)
        nonce = request.scope["state"]["nonce"]
        return HTMLResponse(render.page(self.view(request, place), nonce=nonce))

    async def follow_world(self, request: Request) -> Response:
        """The stream of frames."""
        place = Place.read(request.query_params)
        notices = Notices(self.world, place)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(
            self._frames(request, place, notices), media_type="text/event-stream", headers=headers
        )

    async def _frames(self, request: Request, place: Place, notices: Notices) -> AsyncIterator[bytes]:
        def made() -> render.Parts:
            return render.parts(self.view(request, place))

        with self.world.feed.listen() as watch:
            async for frame in stream.frames(watch, made, notices.fresh):
                yield frame

    async def search(self, request: Request) -> Response:
        """What a search of the left column finds."""
        place, wanted = Place.read(request.query_params), request.query_params.get("q", "")[:64]
        if not wanted.strip():
            return HTMLResponse("")
        calendar = self.calendar(request)
        known = rooms.rows(self.world, place, calendar, self.memory)
        found = [row for row in known if rooms.is_called(row.face, wanted)]
        others = rooms.strangers(self.world, place.person, wanted)
        people = rooms.people(self.world, wanted)
        shown = render.template("found.html", rows=found, others=others, people=people, place=place)
        return HTMLResponse(shown)

    async def people(self, request: Request) -> Response:
        """Whom one may act as."""
        place, wanted = Place.read(request.query_params), request.query_params.get("q", "")[:64]
        people = rooms.people(self.world, wanted)
        return HTMLResponse(render.template("people.html", people=people, place=place))

    async def line(self, request: Request) -> Response:
        """A line of the log in full."""
        content = log.whole(self.world, request.path_params["key"])
        return Response(content or "No longer kept", media_type="text/plain")

    async def sheet(self, request: Request) -> Response:
        """What stands in a dialog."""
        place = Place.read(request.query_params)
        return HTMLResponse(self._sheet(request, request.path_params["name"], place, request.query_params))

    def _sheet(self, request: Request, name: str, place: Place, query: object) -> str:
        make: Callable[..., dict[str, object]] | None = sheets.SHEETS.get(name)
        if make is None:
            raise Refused("there is no such sheet", status=404)
        base = f"{request.url.scheme}://{request.url.netloc}"
        values = make(self.world, place, query, self.calendar(request))
        return render.template(f"sheets/{name}.html", place=place, base=base, **values)

    async def file(self, request: Request) -> Response:
        """The bytes of a file, never as a document of this site."""
        file = self.world.files.by_id.get(request.path_params["file_id"])
        if file is None:
            raise Refused("there is no such file", status=404)
        kind = file.mime_type or mimetypes.guess_type(file.path)[0] or "application/octet-stream"
        is_shown = kind.startswith(SHOWN_INLINE) and kind not in SCRIPTED and kind.isascii()
        headers = {
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline" if is_shown else "attachment",
            "Cache-Control": FOR_EVER,
        }
        return Response(
            file.data, media_type=kind if is_shown else "application/octet-stream", headers=headers
        )

    async def ask(self, request: Request) -> Response:
        """Somebody types behind a bot's name, or no longer does."""
        place = Place.read(request.query_params)
        async with request.form(max_files=0, max_fields=5) as form:
            text, offset = text_of(form, "text")[:400], text_of(form, "offset")[:64]
        asking.ask(self.world, self.memory, place, text, offset)
        shown = render.template("inline.html", view=self.view(request, place))
        return HTMLResponse(stream.partial("inline", "innerMorph", shown))

    async def go(self, request: Request) -> Response:
        """Follow a link inside the sandbox."""
        place = Place.read(request.query_params)
        try:
            outcome = links.follow(self.world, place, request.query_params.get("to", "")[:2048])
        except ValueError:
            raise Refused("that is no link") from None
        return self._told(request, place, outcome)

    async def act(self, request: Request) -> Response:
        """Do something as the person."""
        act = acts.ACTS.get(request.path_params["name"])
        if act is None:
            raise Refused("there is no such act", status=404)
        place = Place.read(request.query_params)
        async with request.form(max_files=10, max_fields=50, max_part_size=LARGEST_FORM) as form:
            try:
                done = act(self.world, place, form)
                outcome = await done if inspect.isawaitable(done) else done
            except (ValueError, OverflowError):
                raise Refused("that is not a number") from None
        if request.path_params["name"] in {"choose", "say"}:
            self.memory.asked.pop((place.person, place.chat), None)
        return self._told(request, place, outcome)

    def _told(self, request: Request, place: Place, outcome: Outcome) -> Response:
        if outcome.sheet:
            name, _, _ = outcome.sheet.partition("?")
            query = _query(outcome.sheet)
            shown = self._sheet(request, name, place, query)
            return HTMLResponse(stream.partial("sheet", "innerHTML", shown))
        headers = {}
        if outcome.go:
            there = {"path": outcome.go, "target": "#app", "select": "#app", "swap": "outerMorph"}
            headers["HX-Location"] = json.dumps(there)
        if outcome.closes_sheet:
            headers["HX-Trigger"] = "sheet-done"
        if outcome.toast:
            return HTMLResponse(toast(outcome.toast), headers=headers)
        return Response(status_code=204, headers=headers)


def _query(address: str) -> dict[str, str]:
    _, _, query = address.partition("?")
    return dict(parse_qsl(query))
