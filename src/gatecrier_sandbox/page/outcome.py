"""What comes of an act on the page, and how acts read their forms."""

from collections.abc import Awaitable, Callable

from msgspec import Struct
from starlette.datastructures import FormData

from gatecrier_sandbox.page.place import Place, number
from gatecrier_sandbox.world.world import World


class Outcome(Struct, frozen=True):
    """What came of an act: where to go, what to say, which sheet to show; "" where the stream tells it."""

    go: str = ""
    toast: str = ""
    sheet: str = ""
    closes_sheet: bool = False


DONE = Outcome()
Act = Callable[[World, Place, FormData], Outcome | Awaitable[Outcome]]


def text_of(form: FormData, name: str) -> str:
    """A field as text; "" if it is missing or a file."""
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def id_of(form: FormData, name: str) -> int:
    """A field as an id; 0 if it is none."""
    return number(text_of(form, name))


def texts_of(form: FormData, name: str) -> list[str]:
    """All values of a field that may be given several times."""
    return [value for value in form.getlist(name) if isinstance(value, str)]
