"""Verification: asking Telegram whether a person belongs to a channel, once at a time, and what it means."""

import asyncio
from collections.abc import Iterable

from gatecrier.gate import rules
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.model import Source
from gatecrier.gate.outside import Reads
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, PeerGone
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import ChatMember


class Verifier:
    """Asks Telegram, and keeps what it answers in the `Standings`."""

    def __init__(self, telegram: Reads, standings: Standings, clock: Clock) -> None:
        self._telegram = telegram
        self._standings = standings
        self._clock = clock
        self._running: dict[tuple[int, int], asyncio.Task[Standing]] = {}

    async def verify(
        self, channels: Iterable[int], person_id: int, *, lane: Lane = Lane.ENFORCE
    ) -> dict[int, Standing]:
        """Ask about each channel, all at once; never raises what Telegram or the network does."""
        wanted = tuple(channels)
        found = await asyncio.gather(*(self._once(channel, person_id, lane) for channel in wanted))
        return dict(zip(wanted, found, strict=True))

    async def _once(self, channel_id: int, person_id: int, lane: Lane) -> Standing:
        """One call for each (channel, person) at a time: whoever comes meanwhile shares its answer."""
        key = channel_id, person_id
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(channel_id, person_id, lane))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, channel_id: int, person_id: int, lane: Lane) -> Standing:
        # The date of the question, not of the answer: an update in between is newer than what we are told.
        date = int(self._clock.now().timestamp())
        before = self._standings.last(channel_id, person_id)
        standing = await self._answer(channel_id, person_id, lane)
        if standing in (Standing.UNKNOWN, Standing.MISCONFIGURED):
            return standing
        return self._standings.put(
            channel_id,
            person_id,
            standing,
            date=date,
            source=Source.VERIFICATION,
            is_newest=self._standings.last(channel_id, person_id) == before,
        )

    async def _answer(self, channel_id: int, person_id: int, lane: Lane) -> Standing:
        try:
            return await self._look_up(channel_id, person_id, lane)
        except NotFound:
            # "User not found" flaps (facts/gate.md §2.11): believed only when it is said twice.
            try:
                return await self._look_up(channel_id, person_id, lane)
            except NotFound:
                return Standing.NOT_MEMBER
            except GatecrierError as error:
                return meaning(error)
        except GatecrierError as error:
            return meaning(error)

    async def _look_up(self, channel_id: int, person_id: int, lane: Lane) -> Standing:
        return rules.standing_of(await self._telegram.get_member(channel_id, person_id, lane=lane))


def meaning(error: GatecrierError) -> Standing:
    """A failed verification as a standing: only what an admin must mend is MISCONFIGURED."""
    return Standing.MISCONFIGURED if isinstance(error, Misconfigured | PeerGone) else Standing.UNKNOWN


async def place_or_outside(telegram: Reads, chat_id: int, person_id: int) -> ChatMember:
    """
    A person's place in a chat; "left" where Telegram does not know them or does not let us see.

    Raises:
        TryLater: it does not answer, which proves nothing.
    """
    try:
        return await telegram.get_member(chat_id, person_id)
    except NotFound:
        return ChatMember()
    except GatecrierError as error:
        if meaning(error) is Standing.MISCONFIGURED:
            return ChatMember()
        raise
