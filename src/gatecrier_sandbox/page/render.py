"""View models as HTML: the shell once, then regions that a stream replaces one by one."""

import hashlib
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from msgspec import Struct

from gatecrier_sandbox.page.view import View
from gatecrier_sandbox.world.faults import FaultKind

HERE = Path(__file__).parent
STATIC = HERE / "static"

environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)

REGIONS = ("actor", "rooms", "head", "inline", "composer", "engine")
"""Parts of the page that are replaced as a whole, by their id."""
LISTS = ("messages", "log")
"""Parts whose lines are replaced one by one; the first grows at its end, the second at its top."""


@lru_cache(maxsize=1)
def version() -> str:
    """Changes when a static file does, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Parts(Struct, frozen=True):
    """A rendered page: its regions by id, and for each list its lines by key, in order."""

    regions: dict[str, str]
    lists: dict[str, dict[str, str]]


def parts(view: View) -> Parts:
    """Every region and every line."""
    macros = environment.get_template("items.html").module
    item, line = macros.item, macros.line  # type: ignore[attr-defined]
    return Parts(
        {name: template(f"{name}.html", view=view) for name in REGIONS},
        {
            "messages": {one.key: str(item(one, view.place)) for one in view.items},
            "log": {one.key: str(line(one, view.place)) for one in view.lines},
        },
    )


def page(view: View, *, nonce: str) -> str:
    """The whole document."""
    made = parts(view)
    inner = {name: Markup(html) for name, html in made.regions.items()}  # noqa: S704 - rendered above
    inner |= {name: Markup("".join(lines.values())) for name, lines in made.lists.items()}  # noqa: S704
    return template("page.html", view=view, nonce=nonce, version=version(), inner=inner)


def template(name: str, **values: object) -> str:
    """One template."""
    return environment.get_template(name).render(kinds=list(FaultKind), **values)
