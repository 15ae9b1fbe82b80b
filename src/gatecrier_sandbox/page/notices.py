"""Answers of bots to pressed buttons: a toast, an alert, or a link to open."""

from gatecrier_sandbox.page import render
from gatecrier_sandbox.page.place import Place
from gatecrier_sandbox.page.rich import href_of
from gatecrier_sandbox.world.model import Click
from gatecrier_sandbox.world.state import State


class Notices:
    """The answers a person has not been shown yet on one page."""

    def __init__(self, state: State, place: Place) -> None:
        self.state = state
        self.place = place
        self._told = {click.id for click in state.clicks.values() if click.answered}

    def fresh(self) -> str:
        """What has come since the last time, as changes of the page."""
        mine = [click for click in self.state.clicks.values() if click.user_id == self.place.person]
        new = [click for click in mine if click.answered and click.id not in self._told]
        self._told = {click.id for click in mine if click.answered}
        return "".join(self._shown(click) for click in new)

    def _shown(self, click: Click) -> str:
        bot = self.state.people[click.bot_id].first_name
        href = href_of(click.url, self.place.go) if click.url else ""
        return render.template("answer.html", click=click, bot=bot, href=href)
