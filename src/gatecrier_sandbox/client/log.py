"""What happened."""

from collections.abc import AsyncIterator

from msgspec import UNSET

from gatecrier_sandbox.client.connection import Connection, Event
from gatecrier_sandbox.control import answers, queries


class Log(Connection):
    """What happened."""

    async def summary(self) -> answers.Summary:
        """What there is."""
        return await self.ask("GET", "", answers.Summary)

    async def coverage(self) -> answers.Coverage:
        """The methods of the Bot API: supported, partial, absent."""
        return await self.ask("GET", "/coverage", answers.Coverage)

    async def calls(
        self,
        *,
        bot_id: int = 0,
        method: str = "",
        chat_id: str | int = "",
        ok: bool | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[answers.Call]:
        """Calls of bots, oldest first; what is left out matches all, `after` is the last `seq` seen."""
        page = queries.CallsPage(bot_id, method, str(chat_id), UNSET if ok is None else ok, after, limit)
        return (await self.ask("GET", "/calls", answers.Calls, query=page)).calls

    async def count_calls(
        self, *, bot_id: int = 0, method: str = "", chat_id: str | int = "", ok: bool | None = None
    ) -> int:
        """How many calls of the log match."""
        query = queries.CallsQuery(bot_id, method, str(chat_id), UNSET if ok is None else ok)
        return (await self.ask("GET", "/calls/count", answers.Count, query=query)).count

    async def updates(self, bot_id: int, *, after: int = 0) -> list[answers.Update]:
        """A bot's latest updates, oldest first, also those it has confirmed."""
        query = queries.UpdatesQuery(bot_id, after)
        return await self.ask("GET", "/updates", list[answers.Update], query=query)

    async def deliveries(self, bot_id: int, *, text: str | None = None) -> dict[int, int]:
        """Messages per person that a bot got through, of all texts or of exactly one."""
        query = queries.DeliveriesQuery(bot_id, UNSET if text is None else text)
        return await self.ask("GET", "/deliveries", dict[int, int], query=query)

    def watch_calls(
        self, *, bot_id: int = 0, method: str = "", chat_id: str | int = "", after: int = 0
    ) -> AsyncIterator[Event]:
        """Each call as it comes, from now on or behind `after` (a `seq`); ends when the sandbox stops."""
        return self.watch("/calls/stream", queries.CallsQuery(bot_id, method, str(chat_id), after=after))

    def watch_updates(self, bot_id: int, *, after: int = 0) -> AsyncIterator[Event]:
        """Each update of a bot as it is made, from now on or behind `after` (an update_id)."""
        return self.watch("/updates/stream", queries.UpdatesQuery(bot_id, after))
