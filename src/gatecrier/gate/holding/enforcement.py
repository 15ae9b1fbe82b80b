"""
Holding people and setting them free, so that a crash at any point leaves nothing that cannot be mended.

    announced (row `applying`, with what was there before) → muted → row `active`
    announced (row `lifting`, with the outcome) → given back → no row, case closed

Every step may be repeated. Telegram does not tell who restricted somebody: the row is how we know.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from enum import Enum, auto

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate import rules
from gatecrier.gate.cards.ephemeral import Ephemerals
from gatecrier.gate.gates import LiveGate
from gatecrier.gate.governing.exemptions import exempt
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.holding.private import PrivateLedger
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.model import Case, Outcome, Reason, Restriction, RestrictionState
from gatecrier.gate.outside import Telegram
from gatecrier.gate.rules import MUTED, Hold
from gatecrier.gate.store import GateStore, StandingStore
from gatecrier.gate.turns import Turns
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, PeerGone, Refused, TryLater
from gatecrier.kernel.ids import opaque
from gatecrier.storage.database import Database
from gatecrier.telegram.peers import is_basic_group
from gatecrier.telegram.updates import ChatMember, Message, Permissions, Person

log = structlog.get_logger(__name__)

IN_TIME = timedelta(seconds=30)  # an announced step not done by then was left by a crash
MOST_PRIVATE = 8  # people of a group who wait for a card of their own; the public one serves the rest
SAVED_ALONG = 100  # standings written in the transaction of a mute, at most; the healer writes the rest


class Lifted(Enum):
    """How a lifting ended."""

    FREED = auto()
    FREE_ALREADY = auto()  # nothing of ours was in force any more, and they may speak
    BY_ADMIN = auto()  # somebody else restricted them since: not ours to lift


class Enforcement:
    """
    Mutes and frees the people of one bot's groups.

    Args:
        bell: Rung when a card must change.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Telegram,
        bot_id: int,
        *,
        standings: Standings,
        ephemerals: Ephemerals,
        bell: asyncio.Event,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._standings = standings
        self._ephemerals = ephemerals
        self._bell = bell
        self._turns = Turns()

    def ring(self) -> None:
        """A card must change."""
        self._bell.set()

    async def delete(self, message: Message) -> bool:
        """
        Delete a message; False when Telegram refuses (too old, or the right is gone), not when it was gone.

        Raises:
            TryLater, Misconfigured.
        """
        try:
            await self._telegram.delete_message(message.chat.id, message.message_id)
        except Refused as error:
            log.info("gate.not_deleted", chat=message.chat.id, code=error.code)
            return False
        return True

    async def holds(self, chat_id: int, person_id: int) -> Restriction | None:
        """What we did to this person here; None when nothing."""
        async with self._database.read() as connection:
            return await Ledger(connection, self._bot_id).restriction(chat_id, person_id)

    async def hold(
        self,
        live: LiveGate,
        person: Person,
        *,
        reason: Reason,
        missing: tuple[int, ...],
        message: Message | None = None,
    ) -> Hold:
        """
        Mute a person and open their case; once, however often it is asked.

        In a basic group, where Telegram lets nobody be muted, only the case is opened.

        Args:
            message: What they wrote; None when they left a channel, or came: then only members are muted.
        Raises:
            TryLater: the row stays, the healer goes on.
            Misconfigured, PeerGone: the bot may not; nothing is left of it.
        """
        chat_id = live.gate.chat_id
        async with self._turns.take((chat_id, person.id)):
            restriction = await self.holds(chat_id, person.id)
            if restriction is not None and restriction.state is RestrictionState.LIFTING:
                await self._lift(restriction, restriction.outcome or Outcome.RELEASED)
            elif restriction is not None:
                return await self._hold_on(restriction, missing, message)
            present = await self._place(chat_id, person.id)
            may = rules.may_hold(present, only_members=message is None) if present else Hold.IS_OUTSIDE
            if present is None or may is not Hold.YES:
                return may
            case = self._case(live, _named(person, present), reason, missing, message)
            if self._is_told_alone(live, case, present):
                case = replace(case, private_at=case.opened_at)
            return await self._begin(case, _restriction(live, person.id, present, self._clock))

    def _case(
        self,
        live: LiveGate,
        person: Person,
        reason: Reason,
        missing: tuple[int, ...],
        message: Message | None,
    ) -> Case:
        now = self._clock.now()
        return Case(
            id=opaque(),
            chat_id=live.gate.chat_id,
            person_id=person.id,
            name=person.name,
            thread_id=(message.thread_id if message else None) or 0,
            reason=reason,
            missing=missing,
            opened_at=now,
            language=person.language_code,
            silent=live.is_raided(now),
        )

    def _is_told_alone(self, live: LiveGate, case: Case, present: ChatMember) -> bool:
        """Whether to try: nobody outside the group, and nobody during a raid."""
        wanted = live.gate.options.ephemeral and present.belongs and not case.silent
        return wanted and self._ephemerals.work_in(case.chat_id)

    async def _begin(self, case: Case, wanted: Restriction) -> Hold:
        restriction = await self._announce(case, None if is_basic_group(case.chat_id) else wanted)
        if restriction is None:
            return Hold.NOT_WANTED
        if restriction.state is RestrictionState.APPLYING:
            return await self._apply(restriction)
        self.ring()
        return Hold.YES

    async def lift(self, chat_id: int, person_id: int, outcome: Outcome) -> Lifted:
        """
        Give a person back exactly what we took, and close their case.

        Raises:
            TryLater: the row stays, the healer goes on.
            Misconfigured, PeerGone: the bot may not; the healer tries again later.
        """
        async with self._turns.take((chat_id, person_id)):
            restriction = await self.holds(chat_id, person_id)
            if restriction is None:
                await self._close(chat_id, person_id, outcome)
                return Lifted.FREE_ALREADY
            return await self._lift(restriction, outcome)

    async def serve_out(self, restriction: Restriction) -> None:
        """A mute has lasted as long as it should: lift it; what fails now is the healer's."""
        chat_id, person_id = restriction.chat_id, restriction.person_id
        due_at = self._clock.now() + IN_TIME
        async with self._database.transaction() as connection:
            ledger = Ledger(connection, self._bot_id)
            await ledger.begin_lifting(chat_id, [person_id], Outcome.SERVED, due_at=due_at)
        try:
            await self.lift(chat_id, person_id, Outcome.SERVED)
        except GatecrierError as error:
            log.warning("gate.not_freed_yet", chat=chat_id, code=error.code)

    async def kick(self, chat_id: int, person_id: int) -> None:
        """
        Remove a person from the group; they may come again.

        Raises:
            TryLater, Misconfigured, PeerGone.
        """
        async with self._turns.take((chat_id, person_id)):
            present = await self._place(chat_id, person_id)
            if present is None or present.is_admin or not present.belongs:
                return  # to remove somebody who is banned would let them in again
            try:
                await self._telegram.kick(chat_id, person_id)
            except Refused as error:  # an administrator by now, or gone
                log.info("gate.not_kicked", chat=chat_id, code=error.code)
                return
            await self._close(chat_id, person_id, Outcome.KICKED)

    async def ban_channel(self, chat_id: int, channel_id: int) -> None:
        """
        Let a channel post in this group no more.

        Raises:
            TryLater, Misconfigured, PeerGone.
        """
        try:
            await self._telegram.ban_sender_chat(chat_id, channel_id)
        except Refused as error:
            log.info("gate.channel_not_banned", chat=chat_id, code=error.code)

    async def leave_alone(self, chat_id: int, person_id: int) -> None:
        """An admin decided since: close the case, touch nothing."""
        async with self._turns.take((chat_id, person_id)):
            await self._close(chat_id, person_id, Outcome.ADMIN_DECIDED)

    async def finish(self, restriction: Restriction) -> bool:
        """Do what a crash left half done; False when it must wait, and then until when is noted."""
        chat_id, person_id = restriction.chat_id, restriction.person_id
        async with self._turns.take((chat_id, person_id)):
            found = await self.holds(chat_id, person_id)
            if found is None or found.state is RestrictionState.ACTIVE:
                return True
            try:
                if found.state is RestrictionState.APPLYING:
                    await self._go_on(found, only_members=False)
                else:
                    await self._lift(found, found.outcome or Outcome.RELEASED)
            except GatecrierError as error:
                await self._postpone(found, error)
                return False
            return True

    async def hasten(self, chat_id: int) -> None:
        """The bot administers this group again: let the healer finish what waits there."""
        async with self._database.transaction() as connection:
            await Ledger(connection, self._bot_id).hasten(chat_id, now=self._clock.now())

    async def _place(self, chat_id: int, person_id: int) -> ChatMember | None:
        """Their place in the group; None when Telegram says twice that there is no such person."""
        for _ in range(2):  # "user not found" flaps (facts/gate.md §2.11)
            try:
                return await self._telegram.get_member(chat_id, person_id)
            except NotFound:
                continue
        return None

    async def _hold_on(
        self, restriction: Restriction, missing: tuple[int, ...], message: Message | None
    ) -> Hold:
        """They are held already, or nearly: see that it is so, and note what else they lack by now."""
        if restriction.state is RestrictionState.APPLYING:
            held = await self._go_on(restriction, only_members=message is None)
        else:
            held = await self._still(restriction, message)
        if held is Hold.YES:
            await self._add_missing(restriction, missing)
        return held

    async def _go_on(self, restriction: Restriction, *, only_members: bool) -> Hold:
        """
        Finish a mute that was announced some time ago: perhaps it was done, perhaps an admin decided since.

        What is there now and not of ours is what will be given back.
        """
        chat_id, person_id = restriction.chat_id, restriction.person_id
        present = await self._place(chat_id, person_id)
        if present is not None and rules.is_our_mute(present):
            return await self._activate(restriction)
        may = rules.may_hold(present, only_members=only_members) if present else Hold.IS_OUTSIDE
        if present is None or may is not Hold.YES:
            await self._close(chat_id, person_id, Outcome.ADMIN_DECIDED)
            return may
        async with self._database.transaction() as connection:
            wanted = await GateStore(connection, self._bot_id).enforced(chat_id)
            if wanted:
                prior = rules.prior_terms(present)
                await Ledger(connection, self._bot_id).set_prior(
                    chat_id, person_id, prior.permissions, prior.until
                )
        if not wanted:
            await self._close(chat_id, person_id, Outcome.UNPROTECTED)
            return Hold.NOT_WANTED
        return await self._apply(restriction)

    async def look(self, chat_id: int, person_id: int) -> Hold:
        """See that a mute in force is still there; an admin may have changed it without our hearing."""
        async with self._turns.take((chat_id, person_id)):
            restriction = await self.holds(chat_id, person_id)
            if restriction is None or restriction.state is not RestrictionState.ACTIVE:
                return Hold.YES
            return await self._see(restriction)

    async def _still(self, restriction: Restriction, message: Message | None) -> Hold:
        """Whether a mute in force still stands: somebody who wrote since can only have been let."""
        if message is None or not rules.wrote_after(message, restriction):
            return Hold.YES
        return await self._see(restriction)

    async def _see(self, restriction: Restriction) -> Hold:
        chat_id, person_id = restriction.chat_id, restriction.person_id
        present = await self._place(chat_id, person_id)
        if present is None or rules.is_our_mute(present):
            return Hold.YES
        may = rules.may_hold(present, only_members=False)
        if may is Hold.YES:
            await self._obey(chat_id, person_id)
            return Hold.ADMIN_FREED
        await self._close(chat_id, person_id, Outcome.ADMIN_DECIDED)
        return may

    async def _obey(self, chat_id: int, person_id: int) -> None:
        """An admin freed them, and the update about it was lost: exempt them, as the update would have."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await exempt(connection, self._bot_id, chat_id, person_id, by="admin:unknown", now=now)
            await self._note_closed(connection, chat_id, person_id, Outcome.ADMIN_DECIDED)
        self.ring()

    async def _add_missing(self, restriction: Restriction, missing: tuple[int, ...]) -> None:
        """Who is held already may lack more by now; only joining takes something off again."""
        chat_id, person_id = restriction.chat_id, restriction.person_id
        async with self._database.read() as connection:
            case = await Ledger(connection, self._bot_id).case(chat_id, person_id)
        if case is None or set(missing) <= set(case.missing):
            return
        async with self._database.transaction() as connection:
            lacking = tuple(dict.fromkeys((*case.missing, *missing)))
            await Ledger(connection, self._bot_id).set_missing(case, lacking)
        self.ring()

    async def _announce(self, case: Case, restriction: Restriction | None) -> Restriction | None:
        """
        Write down what we are about to do, what was there before, and the case: in one transaction.

        None when the gate demands it no more: while we asked for their place, much may have happened.
        """
        learnt = self._standings.unsaved()[:SAVED_ALONG]
        async with self._database.transaction() as connection:
            demanded = await GateStore(connection, self._bot_id).enforced(case.chat_id)
            case = replace(case, missing=tuple(id_ for id_ in case.missing if id_ in demanded))
            if not case.missing:
                return None
            ledger, private = Ledger(connection, self._bot_id), PrivateLedger(connection, self._bot_id)
            if restriction is not None:
                await ledger.add_restriction(restriction)
            if case.private_at and await private.waiting_in(case.chat_id) >= MOST_PRIVATE:
                case = replace(case, private_at=None)
            if await ledger.open_case(case):
                if not case.silent and case.private_at is None:
                    await ledger.touch(case.chat_id, case.thread_id, raised=True)
                await note(
                    connection,
                    "hold",
                    at=case.opened_at,
                    chat_id=case.chat_id,
                    person_id=case.person_id,
                    detail=f"{case.reason}: lacks {', '.join(map(str, case.missing))}",
                )
            await StandingStore(connection).put(learnt)
            found = await ledger.restriction(case.chat_id, case.person_id)
        self._standings.saved(learnt)
        return found or restriction or _nothing_to_lift(case)

    async def _apply(self, restriction: Restriction) -> Hold:
        chat_id, person_id = restriction.chat_id, restriction.person_id
        try:
            await self._telegram.restrict(chat_id, person_id, MUTED)
        except Refused as error:
            await self._close(chat_id, person_id, Outcome.REFUSED)
            log.warning("gate.not_muted", chat=chat_id, code=error.code)
            return Hold.IS_ADMIN if error.code == "member_is_admin" else Hold.IS_SILENT
        except (Misconfigured, PeerGone):
            await self._close(chat_id, person_id, Outcome.REFUSED)
            raise
        return await self._activate(restriction)

    async def _activate(self, restriction: Restriction) -> Hold:
        async with self._database.transaction() as connection:
            await Ledger(connection, self._bot_id).activate(
                restriction.chat_id, restriction.person_id, now=self._clock.now()
            )
        self.ring()
        return Hold.YES

    async def _lift(self, restriction: Restriction, outcome: Outcome) -> Lifted:
        chat_id, person_id = restriction.chat_id, restriction.person_id
        try:
            present = await self._telegram.get_member(chat_id, person_id)
        except NotFound:  # the account is deleted
            await self._close(chat_id, person_id, outcome)
            return Lifted.FREE_ALREADY
        if not rules.is_our_mute(present):
            return await self._found_changed(restriction, present, outcome)
        async with self._database.transaction() as connection:
            due_at = self._clock.now() + IN_TIME
            await Ledger(connection, self._bot_id).begin_lifting(chat_id, [person_id], outcome, due_at=due_at)
        terms = rules.lift_terms(restriction, self._clock.now())
        try:
            await self._telegram.restrict(chat_id, person_id, terms.permissions, until=terms.until)
        except Refused as error:
            log.warning("gate.not_freed", chat=chat_id, code=error.code)
            outcome = Outcome.ADMIN_DECIDED
        await self._close(chat_id, person_id, outcome)
        return Lifted.FREED

    async def _found_changed(self, restriction: Restriction, present: ChatMember, outcome: Outcome) -> Lifted:
        """What we set is not what is there: an admin changed it, or a crash hid that we were done."""
        by_admin = restriction.state is RestrictionState.ACTIVE or not rules.speaks(present)
        await self._close(
            restriction.chat_id, restriction.person_id, Outcome.ADMIN_DECIDED if by_admin else outcome
        )
        return Lifted.FREE_ALREADY if rules.speaks(present) else Lifted.BY_ADMIN

    async def _close(self, chat_id: int, person_id: int, outcome: Outcome) -> None:
        async with self._database.transaction() as connection:
            await self._note_closed(connection, chat_id, person_id, outcome)
        self.ring()

    async def _note_closed(
        self, connection: AsyncConnection, chat_id: int, person_id: int, outcome: Outcome
    ) -> None:
        ledger = Ledger(connection, self._bot_id)
        await ledger.remove_restriction(chat_id, person_id)
        case, now = await ledger.case(chat_id, person_id), self._clock.now()
        if case is not None:
            await ledger.close_case(case, outcome, now=now)
            await note(
                connection, "close", at=now, chat_id=chat_id, person_id=person_id, detail=outcome.value
            )
        roster = RosterStore(connection, self._bot_id)
        if outcome is Outcome.SERVED:
            await roster.muted_out(chat_id, person_id)
        elif outcome in (Outcome.VERIFIED, Outcome.JOINED):
            await roster.forgive(chat_id, person_id)

    async def _postpone(self, restriction: Restriction, error: GatecrierError) -> None:
        failures = restriction.failures
        if isinstance(error, TryLater):  # an outage is not held against this one
            wait = timedelta(seconds=error.retry_after)
        else:
            failures += 1
            wait = rules.wait_after(failures)
        log.warning("gate.postponed", chat=restriction.chat_id, state=restriction.state, code=error.code)
        async with self._database.transaction() as connection:
            await Ledger(connection, self._bot_id).postpone(
                restriction.chat_id,
                restriction.person_id,
                due_at=self._clock.now() + max(wait, IN_TIME),
                failures=failures,
            )


def _restriction(live: LiveGate, person_id: int, present: ChatMember, clock: Clock) -> Restriction:
    prior = rules.prior_terms(present)
    now = clock.now()
    lasts = live.gate.options.mute_for
    return Restriction(
        chat_id=live.gate.chat_id,
        person_id=person_id,
        state=RestrictionState.APPLYING,
        prior=prior.permissions,
        prior_until=prior.until,
        applied_at=now,
        due_at=now + IN_TIME,
        lift_at=now + timedelta(seconds=lasts) if lasts else None,
    )


def _nothing_to_lift(case: Case) -> Restriction:
    """What a case without a mute is told by: a basic group's."""
    return Restriction(
        chat_id=case.chat_id,
        person_id=case.person_id,
        state=RestrictionState.ACTIVE,
        prior=Permissions.all(),
        prior_until=None,
        applied_at=case.opened_at,
        due_at=case.opened_at,
    )


def _named(person: Person, present: ChatMember) -> Person:
    """The person with a name: whoever is held because of a change elsewhere is known by id alone."""
    return person if person.name else present.person
