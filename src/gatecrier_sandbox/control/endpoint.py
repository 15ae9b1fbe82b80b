"""One line of the control API's table: how an act is reached, what it takes, what it answers."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct

from gatecrier_sandbox.world.world import World

Act = Callable[..., object | Awaitable[object]]
AnAct = TypeVar("AnAct", bound=Act)


class Stream:
    """What an endpoint answers that goes on and on: events, as SSE or NDJSON."""


class Endpoint(Struct, frozen=True):
    """
    One line of the table.

    `places`, `query`, `body` are what the act's parameters are annotated with: those named in the path, and
    the parameters `query` and `body`. A body of `bytes` is taken as it comes; an act may want the whole
    `request`.
    `answers` is a type; `bytes` is a download, `Stream` a stream of events.
    """

    verb: str
    path: str
    act: Act
    answers: Any
    places: dict[str, Any]
    query: type[Struct] | None
    body: type[Struct] | type[bytes] | None
    wants_request: bool

    @property
    def name(self) -> str:
        """What the act is called."""
        return str(getattr(self.act, "__name__", self.path))

    @property
    def noun(self) -> str:
        """What the act is about: the name of its module."""
        return self.act.__module__.rpartition(".")[2]

    @property
    def words(self) -> str:
        """What the act says of itself."""
        return " ".join((self.act.__doc__ or "").split())

    @property
    def status(self) -> int:
        """The HTTP status when it went well."""
        return 201 if self.verb == "POST" else 200


TABLE: list[Endpoint] = []
"""The whole control API; the modules of nouns fill it."""


def endpoint(verb: str, path: str, answers: Any = None) -> Callable[[AnAct], AnAct]:
    """Put an act into the table: its first parameter is the world, the others say what it takes."""

    def register(act: AnAct) -> AnAct:
        TABLE.append(described(verb, path, act, answers))
        return act

    return register


def described(verb: str, path: str, act: Act, answers: Any) -> Endpoint:
    """The line of an act, read off its signature."""
    hints = get_type_hints(act, include_extras=True)
    hints.pop("return", None)
    hints = {name: hint for name, hint in hints.items() if hint is not World}
    query, body = hints.pop("query", None), hints.pop("body", None)
    wants_request = hints.pop("request", None) is not None
    return Endpoint(verb, path, act, answers, hints, query, body, wants_request)
