"""What changes of people's places mean: joining or leaving a required channel, coming into a group."""

from dataclasses import replace
from datetime import UTC, datetime

import structlog

from gatecrier.gate import rules
from gatecrier.gate.failures import all_done
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.governing.exemptions import exempt
from gatecrier.gate.holding.door import Door
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.holding.raid import Raids
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.inquiry import Inquiry
from gatecrier.gate.knowledge.requests import Requests, RequestStore
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.links import exempting
from gatecrier.gate.model import Case, Cause, Outcome, Reason, Restriction, Source
from gatecrier.gate.options import Door as When
from gatecrier.gate.policy import judge
from gatecrier.gate.rules import Change, Hold, Newer
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Misconfigured, PeerGone, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import JoinRequest, MemberChange, Person

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
        inquiry: Inquiry,
        admins: Admins,
        enforcement: Enforcement,
        suspensions: Suspensions,
        requests: Requests,
        door: Door,
        raids: Raids,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._standings = standings
        self._verifier = verifier
        self._inquiry = inquiry
        self._admins = admins
        self._enforcement = enforcement
        self._suspensions = suspensions
        self._requests = requests
        self._door = door
        self._raids = raids

    async def handle(self, change: MemberChange) -> None:
        """
        Act on one change.

        Raises:
            TryLater: part of it could not be done yet; repeat it whole.
        """
        requiring = list(self._gates.requiring(change.chat.id))
        live = self._gates.get(change.chat.id)
        if change.person.id == self._bot_id:
            await self._own_place(change, requiring, live)
            return
        if requiring:
            await self._in_channel(change, requiring)
        if live is not None:
            await self._in_group(change, live)

    async def asked(self, request: JoinRequest) -> None:
        """
        Somebody asks to be let into a required channel: where that counts, free or admit them.

        Raises: as `handle`.
        """
        requiring = self._gates.requiring(request.chat.id)
        if not requiring:
            return
        await self._requests.pend(request)
        groups = {live.gate.chat_id: live for live in requiring if live.gate.options.pending_counts}
        async with self._database.read() as connection:
            cases = await Ledger(connection, self._bot_id).cases_of(request.person.id, groups)
            waits = await RequestStore(connection, self._bot_id).waiting_of(request.person.id, groups)
        await all_done(
            [
                *(self._held(groups[case.chat_id], case, {}) for case in cases),
                *(self._door.reconsider(waiting, {}) for waiting in waits),
            ]
        )

    async def _own_place(
        self, change: MemberChange, requiring: list[LiveGate], live: LiveGate | None
    ) -> None:
        """Whatever the update says, it may be old: look at what is so now."""
        if change.new.is_admin:
            await self._enforcement.hasten(change.chat.id)
        await all_done(self._suspensions.look(each) for each in [*requiring, *([live] if live else [])])

    async def _in_channel(self, change: MemberChange, requiring: list[LiveGate]) -> None:
        await self._requests.settle(change.chat.id, change.person.id)
        standing = await self._learn(change)
        if standing is Standing.UNKNOWN:
            return
        if standing is Standing.NOT_MEMBER:
            await self._note_left(change, requiring)
        await self.reconsider(change.person, requiring, {change.chat.id: standing})

    async def _learn(self, change: MemberChange) -> Standing:
        """
        What holds after this update: late ones say nothing, and in doubt Telegram is asked.

        Raises:
            TryLater: it does not answer.
        """
        channel_id, person_id = change.chat.id, change.person.id
        heard = rules.standing_of(change.new)
        known, date = self._standings.last(channel_id, person_id)
        now = int(self._clock.now().timestamp())
        match rules.which_is_newer(known, date, heard, change.date, now):
            case Newer.IGNORE:
                return Standing.UNKNOWN
            case Newer.TAKE:
                return self._standings.put(
                    channel_id, person_id, heard, date=change.date, source=Source.UPDATE
                )
            case Newer.ASK:
                standing = (await self._verifier.verify([channel_id], person_id))[channel_id]
                if standing is Standing.UNKNOWN:
                    raise TryLater("Telegram does not say who belongs there.", code="standing_unknown")
                return standing

    async def _note_left(self, change: MemberChange, requiring: list[LiveGate]) -> None:
        """Where people have time to come back, it counts from now."""
        patient = [live.gate.chat_id for live in requiring if live.gate.options.rejoin_grace]
        if not patient:
            return
        at = datetime.fromtimestamp(change.date, UTC)
        async with self._database.transaction() as connection:
            store = RosterStore(connection, self._bot_id)
            for chat_id in patient:
                await store.left_channel(chat_id, change.person.id, at)

    async def reconsider(self, person: Person, requiring: list[LiveGate], heard: dict[int, Standing]) -> None:
        """
        Hold, free or let in somebody of whom something new is known, wherever a policy asks for it.

        Args:
            heard: What was just learnt; it may not be remembered: two contradicting facts of one second
                are forgotten.
        Raises:
            TryLater: not everywhere yet; repeat it whole.
        """
        groups = [live.gate.chat_id for live in requiring]
        async with self._database.read() as connection:
            cases = await Ledger(connection, self._bot_id).cases_of(person.id, groups)
            outside = await RosterStore(connection, self._bot_id).outside(person.id, groups)
            waits = await RequestStore(connection, self._bot_id).waiting_of(person.id, groups)
        held = {case.chat_id: case for case in cases}
        inside = [live for live in requiring if live.gate.chat_id in held or live.gate.chat_id not in outside]
        await all_done(
            [
                *(self._reconsider(live, person, heard, held.get(live.gate.chat_id)) for live in inside),
                *(self._door.reconsider(waiting, heard) for waiting in waits),
            ]
        )

    async def look_at_held(self, live: LiveGate, person_id: int) -> None:
        """See whether somebody we hold still lacks something; they may have joined without our hearing."""
        async with self._database.read() as connection:
            case = await Ledger(connection, self._bot_id).case(live.gate.chat_id, person_id)
        if case is not None:
            await self._held(live, case, {}, lane=Lane.CAMPAIGN)

    async def look_at(self, live: LiveGate, person: Person) -> None:
        """See whether somebody must be held who left a channel a while ago, and may have come back."""
        finding = await self._inquiry.about(live, person.id, lane=Lane.CAMPAIGN)
        if finding.judgement.standing is Standing.NOT_MEMBER and not finding.doubted:
            await self._hold(live, person, Reason.LEFT_CHANNEL, finding.judgement.missing)

    async def _reconsider(
        self, live: LiveGate, person: Person, heard: dict[int, Standing], case: Case | None
    ) -> None:
        if case is not None:
            await self._held(live, case, heard)
            return
        if live.acts and (missing := await self._lacking(live, person.id, heard)):
            await self._hold(live, person, Reason.LEFT_CHANNEL, missing)

    async def _lacking(self, live: LiveGate, person_id: int, heard: dict[int, Standing]) -> tuple[int, ...]:
        """
        What somebody lacks for sure; nothing in doubt.

        Nobody is muted on memory alone, which may be from before a crash, or from before a lost update:
        where what was just heard does not prove it by itself, Telegram is asked.
        """
        judgement = judge(live.gate.policy, self._gates.known(live, person_id) | heard)
        if judgement.standing is not Standing.NOT_MEMBER:
            return ()
        if judge(live.gate.policy, heard).standing is Standing.NOT_MEMBER:
            return judgement.missing
        finding = await self._inquiry.about(live, person_id)
        is_sure = finding.judgement.standing is Standing.NOT_MEMBER and not finding.doubted
        return finding.judgement.missing if is_sure else ()

    async def _hold(self, live: LiveGate, person: Person, reason: Reason, missing: tuple[int, ...]) -> None:
        """Hold somebody who is in the group, unless something exempts them."""
        if not live.acts or person.is_bot:
            return
        await self._admins.know(live)
        now = self._clock.now()
        if rules.exempt(person, live.admins, live.exemptions, now) is not None:
            return
        if live.gate.options.is_lenient:
            async with self._database.read() as connection:
                history = await RosterStore(connection, self._bot_id).history(live.gate.chat_id, person.id)
            if not rules.is_held_unasked(live.gate, history, now):
                return
        try:
            held = await self._enforcement.hold(live, person, reason=reason, missing=missing)
        except (Misconfigured, PeerGone):
            await self._suspensions.suspend(live, Cause.LOST_RIGHTS)
            return
        if held is Hold.YES:
            live.count(reason)
        elif held is Hold.IS_OUTSIDE:
            async with self._database.transaction() as connection:
                await RosterStore(connection, self._bot_id).went(live.gate.chat_id, person.id, now)

    async def _held(
        self, live: LiveGate, case: Case, heard: dict[int, Standing], *, lane: Lane = Lane.ENFORCE
    ) -> None:
        """Free somebody who does no longer lack anything; ask only about what is not known for sure."""
        known = self._gates.known(live, case.person_id) | heard
        judgement = judge(live.gate.policy, known)
        if judgement.standing is not Standing.MEMBER:
            judgement = (await self._inquiry.about(live, case.person_id, lane=lane)).judgement
        if judgement.standing is Standing.MEMBER:
            try:
                await self._enforcement.lift(case.chat_id, case.person_id, Outcome.JOINED)
            except (Misconfigured, PeerGone):
                await self._suspensions.suspend(live, Cause.LOST_RIGHTS)
        elif judgement.standing is Standing.NOT_MEMBER and judgement.missing != case.missing:
            async with self._database.transaction() as connection:
                await Ledger(connection, self._bot_id).set_missing(case, judgement.missing)
            self._enforcement.ring()

    async def _in_group(self, change: MemberChange, live: LiveGate) -> None:
        chat_id, person = live.gate.chat_id, change.person
        if change.old.is_admin != change.new.is_admin:
            self._admins.doubt(live, person.id)
        await self._note_presence(change, chat_id)
        comes = change.new.belongs and not change.old.belongs and not person.is_bot
        if comes:
            await self._raids.arrive(live, person.id, change.date)
            await self._door.entered(chat_id, person.id)
        restriction = await self._enforcement.holds(chat_id, person.id)
        if restriction is not None:
            await self._held_changed(change, live, restriction)
        elif comes:
            await self._came(live, person, change.link)

    async def _note_presence(self, change: MemberChange, chat_id: int) -> None:
        if change.old.belongs is change.new.belongs or change.person.is_bot:
            return
        at = datetime.fromtimestamp(change.date, UTC)
        async with self._database.transaction() as connection:
            store = RosterStore(connection, self._bot_id)
            if change.new.belongs:
                await store.came(chat_id, change.person.id, at)
            else:
                await store.went(chat_id, change.person.id, at)

    async def _came(self, live: LiveGate, person: Person, link: str) -> None:
        """Hold a newcomer who lacks a channel before they write a word, however they came."""
        if (exempt_link := exempting(link, live.exemptions, self._clock.now())) is not None:
            await self._door.exempt_by(live, exempt_link, person.id)
            return
        if not live.acts or live.gate.options.door is not When.AUTO:
            return
        finding = await self._inquiry.about(live, person.id)
        if finding.judgement.standing is Standing.NOT_MEMBER and not finding.doubted:
            await self._hold(live, person, Reason.CAME, finding.judgement.missing)

    async def _held_changed(self, change: MemberChange, live: LiveGate, restriction: Restriction) -> None:
        chat_id, person = live.gate.chat_id, change.person
        match rules.after_change(change, restriction, bot_id=self._bot_id):
            case Change.WENT:
                await self._set_away(chat_id, person.id, away=True)
            case Change.CAME:
                is_restless = self._raids.is_restless(chat_id, person.id)
                is_silent = is_restless or live.is_raided(self._clock.now())
                await self._set_away(chat_id, person.id, away=False, silent=is_silent)
            case Change.ADMIN_TOOK:
                await self._enforcement.leave_alone(chat_id, person.id)
            case Change.ADMIN_FREED:
                await self._exempt(live, person.id, by=f"person:{change.sender.id}")
                await self._enforcement.lift(chat_id, person.id, Outcome.ADMIN_DECIDED)
            case Change.NOTHING:
                pass

    async def _set_away(self, chat_id: int, person_id: int, *, away: bool, silent: bool = False) -> None:
        """They went, or came back: named on the card no more, or again, unless it is to be silent."""
        async with self._database.transaction() as connection:
            ledger = Ledger(connection, self._bot_id)
            case = await ledger.case(chat_id, person_id)
            if case is not None and silent and not case.silent:
                await ledger.hush(case)
                self._raids.silenced(chat_id)
                case = replace(case, silent=True)
            if case is not None and case.away is not away:
                await ledger.set_away(case, away=away)
        self._enforcement.ring()

    async def _exempt(self, live: LiveGate, person_id: int, *, by: str) -> None:
        """An admin let this person speak: from now on they may, whatever the channels say."""
        chat_id, now = live.gate.chat_id, self._clock.now()
        async with self._database.transaction() as connection:
            await exempt(connection, self._bot_id, chat_id, person_id, by=by, now=now)
        live.exemptions[person_id] = None
