"""What changes of people's places mean: joining or leaving a required channel, an admin's act in a group."""

import structlog

from gatecrier.gate import rules
from gatecrier.gate.cards.texts import LOST_RIGHTS
from gatecrier.gate.failures import all_done
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.governing.exemptions import exempt
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.model import Case, Outcome, Reason, Restriction, Source, Standing
from gatecrier.gate.rules import Change, Hold, Newer
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Misconfigured, PeerGone
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import MemberChange, Person

log = structlog.get_logger(__name__)


class Changes:
    """Carries out what a MemberChange asks for; every part may be repeated."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot_id: int,
        *,
        gates: Gates,
        standings: Standings,
        verifier: Verifier,
        admins: Admins,
        enforcement: Enforcement,
        suspensions: Suspensions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._standings = standings
        self._verifier = verifier
        self._admins = admins
        self._enforcement = enforcement
        self._suspensions = suspensions

    async def handle(self, change: MemberChange) -> None:
        """
        Act on one change.

        Raises:
            TryLater: part of it could not be done yet; repeat it whole.
        """
        requiring = list(self._gates.requiring(change.chat.id))
        live = self._gates.get(change.chat.id)
        if change.person.id == self._bot_id:
            if change.new.is_admin:
                await self._enforcement.hasten(change.chat.id)
            # Whatever the update says, it may be old: look at what is so now.
            await all_done(self._suspensions.look(each) for each in [*requiring, *([live] if live else [])])
            return
        if requiring:
            await self._in_channel(change, requiring)
        if live is not None:
            await self._in_group(change, live)

    async def _in_channel(self, change: MemberChange, requiring: list[LiveGate]) -> None:
        person = change.person
        standing = await self._learn(change)
        if standing is Standing.NOT_MEMBER:
            await all_done(self._left(live, person, change.chat.id) for live in requiring)
        elif standing is Standing.MEMBER:
            groups = [live.gate.chat_id for live in requiring]
            async with self._database.read() as connection:
                cases = await Ledger(connection, self._bot_id).cases_of(person.id, groups)
            await all_done(self._joined(case, person.id) for case in cases)

    async def _learn(self, change: MemberChange) -> Standing:
        """What holds after this update: late ones say nothing, and in doubt Telegram is asked."""
        channel_id, person_id = change.chat.id, change.person.id
        heard = rules.standing_of(change.new)
        known, date = self._standings.last(channel_id, person_id)
        match rules.which_is_newer(known, date, heard, change.date):
            case Newer.IGNORE:
                return Standing.UNKNOWN
            case Newer.TAKE:
                return self._standings.put(
                    channel_id, person_id, heard, date=change.date, source=Source.UPDATE
                )
            case Newer.ASK:
                return (await self._verifier.verify([channel_id], person_id))[channel_id]

    async def _left(self, live: LiveGate, person: Person, channel_id: int) -> None:
        """Hold somebody who left a channel, if they are in the group and no reason exempts them."""
        if not live.acts:
            return
        await self._admins.know(live)
        if rules.exempt(person, live.admins, live.exemptions, self._clock.now()) is not None:
            return
        # What was just learnt may not be remembered: two contradicting facts of one second are forgotten.
        known = self._known(live, person.id) | {channel_id: Standing.NOT_MEMBER}
        judgement = rules.judge(live.gate.policy, known)
        if judgement.standing is not Standing.NOT_MEMBER:
            return
        try:
            held = await self._enforcement.hold(
                live.gate.chat_id, person, reason=Reason.LEFT_CHANNEL, missing=judgement.missing
            )
        except (Misconfigured, PeerGone):
            await self._suspensions.suspend(live, LOST_RIGHTS)
            return
        if held is Hold.YES:
            live.count(Reason.LEFT_CHANNEL)

    async def _joined(self, case: Case, person_id: int) -> None:
        """Free somebody who joined what they lacked; ask only about what is not known for sure."""
        live = self._gates.get(case.chat_id)
        if live is None:
            return
        standings = self._known(live, person_id)
        unsure = [id_ for id_, standing in standings.items() if standing is not Standing.MEMBER]
        standings |= await self._verifier.verify(unsure, person_id)
        judgement = rules.judge(live.gate.policy, standings)
        if judgement.standing is Standing.MEMBER:
            try:
                await self._enforcement.lift(case.chat_id, person_id, Outcome.JOINED)
            except (Misconfigured, PeerGone):
                await self._suspensions.suspend(live, LOST_RIGHTS)
        elif judgement.standing is Standing.NOT_MEMBER and judgement.missing != case.missing:
            async with self._database.transaction() as connection:
                await Ledger(connection, self._bot_id).set_missing(case, judgement.missing)
            self._enforcement.ring()

    async def _in_group(self, change: MemberChange, live: LiveGate) -> None:
        chat_id, person = live.gate.chat_id, change.person
        if change.old.is_admin != change.new.is_admin:
            self._admins.doubt(live, person.id)
        restriction = await self._enforcement.holds(chat_id, person.id)
        if restriction is not None:
            await self._held_changed(change, live, restriction)

    async def _held_changed(self, change: MemberChange, live: LiveGate, restriction: Restriction) -> None:
        chat_id, person = live.gate.chat_id, change.person
        match rules.after_change(change, restriction, bot_id=self._bot_id):
            case Change.WENT:
                await self._set_away(chat_id, person.id, away=True)
            case Change.CAME:
                await self._set_away(chat_id, person.id, away=False)
            case Change.ADMIN_TOOK:
                await self._enforcement.leave_alone(chat_id, person.id)
            case Change.ADMIN_FREED:
                await self._exempt(live, person.id, by=f"person:{change.sender.id}")
                await self._enforcement.lift(chat_id, person.id, Outcome.ADMIN_DECIDED)
            case Change.NOTHING:
                pass

    async def _set_away(self, chat_id: int, person_id: int, *, away: bool) -> None:
        async with self._database.transaction() as connection:
            ledger = Ledger(connection, self._bot_id)
            case = await ledger.case(chat_id, person_id)
            if case is not None and case.away is not away:
                await ledger.set_away(case, away=away)
        self._enforcement.ring()

    async def _exempt(self, live: LiveGate, person_id: int, *, by: str) -> None:
        """An admin let this person speak: from now on they may, whatever the channels say."""
        chat_id, now = live.gate.chat_id, self._clock.now()
        async with self._database.transaction() as connection:
            await exempt(connection, self._bot_id, chat_id, person_id, by=by, now=now)
        live.exemptions[person_id] = None

    def _known(self, live: LiveGate, person_id: int) -> dict[int, Standing]:
        return {id_: self._standings.standing(id_, person_id) for id_ in live.gate.policy.channels}
