"""People and bots."""

from typing import Any

from gatecrier_sandbox.client.connection import Connection
from gatecrier_sandbox.control import answers, queries, requests
from gatecrier_sandbox.world.population import Cohort


class Accounts(Connection):
    """People and bots."""

    async def make_bot(
        self, username: str, *, first_name: str = "", token: str = "", reads_all: bool = True
    ) -> answers.NewBotToken:
        """Make a bot; without a token it gets one from the sandbox's seed."""
        wish = requests.NewBot(username, first_name, token, reads_all)
        return await self.ask("POST", "/bots", answers.NewBotToken, wish)

    async def bots(self) -> list[answers.Bot]:
        """All bots, oldest first."""
        return await self.ask("GET", "/bots", list[answers.Bot])

    async def bot(self, bot_id: int) -> answers.Bot:
        """One bot."""
        return await self.ask("GET", f"/bots/{bot_id}", answers.Bot)

    async def edit_bot(self, bot_id: int, **changes: Any) -> answers.Bot:
        """Change what BotFather sets; the names are those of `requests.BotEdit`."""
        return await self.ask("PATCH", f"/bots/{bot_id}", answers.Bot, requests.BotEdit(**changes))

    async def make_person(
        self,
        first_name: str,
        *,
        last_name: str = "",
        username: str = "",
        language_code: str = "",
        is_premium: bool = False,
        user_id: int = 0,
    ) -> answers.Person:
        """Make a person; `user_id` 0 takes the next free one."""
        wish = requests.NewPerson(first_name, last_name, username, language_code, is_premium, user_id)
        return await self.ask("POST", "/people", answers.Person, wish)

    async def people(self, *, after: int = 0, limit: int = 100) -> answers.People:
        """A page of people, in the order they were made; `after` is the last id seen."""
        return await self.ask("GET", "/people", answers.People, query=queries.Page(after, limit))

    async def person(self, user_id: int) -> answers.Person:
        """One account."""
        return await self.ask("GET", f"/people/{user_id}", answers.Person)

    async def edit_person(self, user_id: int, **changes: Any) -> answers.Person:
        """Change names, language or settings; the names are those of `requests.PersonEdit`."""
        return await self.ask("PATCH", f"/people/{user_id}", answers.Person, requests.PersonEdit(**changes))

    async def set_photo(self, user_id: int, picture: bytes) -> answers.Person:
        """Give a person a new photo, in front of those they have."""
        return await self.ask("PUT", f"/people/{user_id}/photo", answers.Person, picture)

    async def make_subscribers(
        self,
        bot_id: int,
        count: int,
        *,
        started_ago: float = 0,
        blocked: float = 0,
        deactivated: float = 0,
        announce: bool = True,
        language_code: str = "en",
    ) -> Cohort:
        """
        Make people who started a bot `started_ago` seconds ago; their ids follow each other.

        Shares (0 to 1) of them `blocked` it or are `deactivated` since, which the bot finds out by 403.
        Without `announce` it gets no updates of their /start either.
        """
        wish = requests.NewSubscribers(
            bot_id, count, started_ago, blocked, deactivated, announce, language_code
        )
        return await self.ask("POST", "/subscribers", Cohort, wish)

    async def deactivate(self, user_id: int) -> None:
        """Delete somebody's account."""
        await self.ask("POST", "/deactivations", answers.Deactivated, requests.Deactivation(user_id))

    async def start(self, user_id: int, bot_id: int, payload: str = "") -> answers.Message:
        """Press Start, perhaps by a link with a payload."""
        return await self.ask("POST", "/starts", answers.Message, requests.Start(user_id, bot_id, payload))

    async def block(self, user_id: int, bot_id: int) -> None:
        """Block a bot."""
        await self.ask("POST", "/blocks", answers.Blocking, requests.Pair(user_id, bot_id))

    async def unblock(self, user_id: int, bot_id: int) -> None:
        """Let a bot write again."""
        await self.ask("POST", "/unblocks", answers.Blocking, requests.Pair(user_id, bot_id))
