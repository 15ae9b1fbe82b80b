"""Gates that cannot decide: set aside with a cause, told to the admins once, and back by themselves."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from gatecrier.gate.cards import texts
from gatecrier.gate.cards.deletions import NOTICE_LIFE, Deletions
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.verification import Verifier, meaning
from gatecrier.gate.model import Cause, Channel, Gate, Suspension
from gatecrier.gate.outside import Telegram
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, NotFound, OutcomeUnknown, PeerGone, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import ChatMember

log = structlog.get_logger(__name__)

TOLD_LIFE = timedelta(hours=1)  # a cause that comes and goes is told once in an hour
LOOK_AGAIN = 60.0  # seconds between two looks at a suspended gate
ROUTINE = 4 * 3600.0  # seconds between two looks at any gate: what no update told of is found then


Moved = Callable[[int, int], Awaitable[None]]
"""Told of a group that has another id now: the old one, the new one."""


class Suspensions:
    """Suspends and resumes the gates of one bot."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Telegram,
        bot_id: int,
        *,
        gates: Gates,
        verifier: Verifier,
        moved: Moved,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates
        self._verifier = verifier
        self._moved = moved
        self._looked_at: dict[int, float] = {}
        self._started = clock.monotonic()

    async def suspend(self, live: LiveGate, cause: Cause, *, channel_id: int = 0, person_id: int = 0) -> None:
        """Let everybody talk, and tell the admins; of many who find the same fault one does it."""
        now = self._clock.now()
        chat_id = live.gate.chat_id
        suspension = Suspension(cause=cause, since=now, channel_id=channel_id, person_id=person_id)
        async with self._database.transaction() as connection:
            store = GateStore(connection, self._bot_id)
            fresh = await store.suspend(chat_id, suspension, forget_telling_before=now - TOLD_LIFE)
            if fresh:
                await note(connection, "suspend", at=now, chat_id=chat_id, detail=cause.value)
        self._looked_at[chat_id] = self._clock.monotonic()
        await self._gates.renew(chat_id)
        if fresh:
            log.warning("gate.suspended", chat=chat_id, cause=cause)
            await self.tell(live.gate)

    async def suspend_for_channel(self, live: LiveGate, channel_id: int, person_id: int) -> None:
        """A channel cannot be asked about this person."""
        for channel in live.gate.channels:
            if channel.id == channel_id:
                await self.suspend(live, Cause.CHANNEL, channel_id=channel_id, person_id=person_id)

    async def look(self, live: LiveGate) -> bool:
        """
        See whether this gate can work, and suspend or resume it accordingly.

        Returns:
            Whether it can; True as well when Telegram does not answer, which proves nothing.
        """
        self._looked_at[live.gate.chat_id] = self._clock.monotonic()
        try:
            fault = await self._fault(live.gate)
        except (TryLater, OutcomeUnknown):
            return True
        except PeerGone as gone:
            await self._moved(live.gate.chat_id, gone.migrate_to or 0)
            return True
        if fault is not None:
            cause, channel_id = fault
            await self.suspend(live, cause, channel_id=channel_id)
        elif live.gate.suspension is not None:
            await self._resume(live)
        return fault is None

    async def look_again(self) -> int:
        """
        Look at suspended gates, each once a minute at most; returns how many resumed.

        One gate a run is looked at although all seems well, each every four hours. A parked one rests
        with those: the update that the bot is back wakes it.
        """
        resumed = 0
        for live in self._gates.all():
            suspension = live.gate.suspension
            if suspension is None or suspension.cause is Cause.PARKED:
                continue
            if not suspension.told:
                await self.tell(live.gate)
            if self._rested(live) >= LOOK_AGAIN and await self.look(live):
                resumed += live.gate.suspension is None
        longest = max(self._gates.all(), key=self._rested, default=None)
        if longest is not None and self._rested(longest) >= ROUTINE:
            await self.look(longest)
        return resumed

    def _rested(self, live: LiveGate) -> float:
        """Seconds since this gate was looked at, or since this process began."""
        last = self._looked_at.get(live.gate.chat_id)
        if last is None:
            last = self._started - (LOOK_AGAIN if live.gate.suspension else 0.0)
        return self._clock.monotonic() - last

    async def tell(self, gate: Gate) -> None:
        """One message to the group's admins; again later only if it surely was not sent."""
        if gate.suspension is None or gate.suspension.cause is Cause.PARKED:
            return  # whoever removed the bot does not hear it any more
        if not await self._claim(gate.chat_id):
            return
        try:
            await self._say(gate.chat_id, texts.gate_suspended(gate.options.language, gate))
        except TryLater:
            async with self._database.transaction() as connection:
                await GateStore(connection, self._bot_id).give_back_telling(gate.chat_id)
        except GatecrierError as error:
            log.warning("gate.admins_not_told", chat=gate.chat_id, code=error.code)
        await self._gates.renew(gate.chat_id)

    async def _claim(self, chat_id: int) -> bool:
        async with self._database.transaction() as connection:
            return await GateStore(connection, self._bot_id).claim_telling(chat_id, now=self._clock.now())

    async def _resume(self, live: LiveGate) -> None:
        chat_id, suspension = live.gate.chat_id, live.gate.suspension
        async with self._database.transaction() as connection:
            resumed = await GateStore(connection, self._bot_id).resume(chat_id)
            if resumed:
                await note(connection, "resume", at=self._clock.now(), chat_id=chat_id)
        await self._gates.renew(chat_id)
        log.info("gate.resumed", chat=chat_id)
        if resumed and suspension is not None and suspension.told:
            try:  # once, and not again: what counts is that it works
                await self._say(chat_id, texts.gate_resumed(live.gate.options.language))
            except GatecrierError as error:
                log.info("gate.admins_not_told", chat=chat_id, code=error.code)

    async def _say(self, chat_id: int, text: str) -> None:
        """A word to the group's admins, which is taken away after a while."""
        message_id = await self._telegram.send_message(chat_id, text, lane=Lane.ENFORCE, parse_mode="HTML")
        async with self._database.transaction() as connection:
            due_at = self._clock.now() + NOTICE_LIFE
            await Deletions(connection, self._bot_id).add(chat_id, message_id, due_at)

    async def _fault(self, gate: Gate) -> tuple[Cause, int] | None:
        """What is wrong, and with which channel (0: with the group); None when all is well."""
        place = await self._own_place(gate.chat_id)
        if not place.belongs:
            return Cause.PARKED, 0
        if not can_enforce(place):
            return Cause.LOST_RIGHTS, 0
        for channel in gate.channels:
            if not await self._can_ask(gate, channel):
                return Cause.CHANNEL, channel.id
        return None

    async def _can_ask(self, gate: Gate, channel: Channel) -> bool:
        if not (await self._own_place(channel.id)).is_admin:
            return False
        failed = gate.suspension
        if failed is None or failed.channel_id != channel.id or not failed.person_id:
            return True
        answer = await self._verifier.verify([channel.id], failed.person_id)
        return answer[channel.id] is not Standing.MISCONFIGURED

    async def _own_place(self, chat_id: int) -> ChatMember:
        try:
            return await self._telegram.get_member(chat_id, self._bot_id)
        except NotFound:
            return ChatMember()
        except GatecrierError as error:
            if isinstance(error, PeerGone) and error.migrate_to:
                raise
            if meaning(error) is Standing.MISCONFIGURED:
                return ChatMember()
            raise TryLater(error.text, code=error.code) from error


def can_enforce(bot: ChatMember) -> bool:
    """Whether a bot with this place in a group can gate it."""
    return bot.status == "administrator" and bot.can_restrict_members and bot.can_delete_messages
