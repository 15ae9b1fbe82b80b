"""Messages in gated groups: decided about, and what that means carried out."""

import structlog

from gatecrier.gate import rules
from gatecrier.gate.cards.notices import Notices
from gatecrier.gate.failures import all_done
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.suspension import Moved, Suspensions
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.inquiry import CONFIRM_AFTER, Inquiry
from gatecrier.gate.knowledge.roster import Roster, RosterStore
from gatecrier.gate.model import Action, Cause, Decision, History, Outcome, Reason
from gatecrier.gate.rules import Hold
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Misconfigured, PeerGone, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Message, Person

log = structlog.get_logger(__name__)

_NOTED = {
    Action.WARN: "warn",
    Action.DELETE: "delete",
    Action.BAN_CHANNEL: "ban_channel",
    Action.KICK: "kick",
    Action.ENFORCE: "delete",  # the hold is noted apart, where it is announced
}
"""What the journal calls each deed."""

_STRIKES = frozenset({Reason.NOT_MEMBER, Reason.FREE_MESSAGE, Reason.WARNED})


class Messages:
    """
    Judges the messages of one bot's groups.

    Args:
        moved: Told when a call to a group says that it has another id now.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot_id: int,
        *,
        gates: Gates,
        roster: Roster,
        admins: Admins,
        inquiry: Inquiry,
        enforcement: Enforcement,
        suspensions: Suspensions,
        notices: Notices,
        moved: Moved,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._roster = roster
        self._admins = admins
        self._inquiry = inquiry
        self._enforcement = enforcement
        self._suspensions = suspensions
        self._notices = notices
        self._moved = moved

    def passes(self, live: LiveGate, message: Message) -> bool:
        """Whether a message may stay by what is known, decided at once; it is counted then."""
        decision = self._from_memory(live, message)
        if decision.action not in (Action.IGNORE, Action.EXEMPT, Action.PASS):
            return False
        live.count(decision.reason)
        if decision.person is not None and not decision.person.is_bot:
            self._roster.see(message.chat.id, decision.person.id)
            if decision.reason is Reason.MEMBER:
                self._gates.let_pass(live, decision.person.id)
        return True

    async def handle(self, live: LiveGate, message: Message) -> Decision:
        """
        Decide about a message, new or edited, and carry it out; safe to repeat.

        Raises:
            TryLater: Telegram does not say whether the sender belongs, or does not let us act now.
        """
        decision = await self.decide(live, message)
        live.count(decision.reason)
        if decision.only_observed:
            return decision
        try:
            await self._carry_out(live, message, decision)
        except (Misconfigured, PeerGone) as error:
            log.warning("gate.cannot_act", chat=message.chat.id, code=error.code)
            if isinstance(error, PeerGone) and error.migrate_to:
                await self._moved(message.chat.id, error.migrate_to)
            elif await self._suspensions.look(live):  # all seems well, and is not: look again in a minute
                await self._suspensions.suspend(live, Cause.LOST_RIGHTS)
        return decision

    def _from_memory(self, live: LiveGate, message: Message) -> Decision:
        person = message.guest_bot_caller_user or message.sender
        known = self._gates.known(live, person.id) if person else {}
        return live.judge(message, known, self._clock.now())

    async def decide(self, live: LiveGate, message: Message) -> Decision:
        """Decide, finding out what is not known: admins, the linked channel, standings, what came before."""
        decision = self._from_memory(live, message)
        if decision.reason is Reason.FOREIGN_CHANNEL:
            await self._admins.know_linked(live)
            return self._from_memory(live, message)
        if decision.person is None or decision.action in (Action.EXEMPT, Action.PASS):
            return decision
        await self._admins.know(live)
        decision = self._from_memory(live, message)
        person = decision.person
        if person is None or person.is_bot or decision.action in (Action.EXEMPT, Action.PASS):
            return decision
        self._roster.see(message.chat.id, person.id)
        if decision.action is Action.ENFORCE and await self._enforcement.holds(message.chat.id, person.id):
            return decision
        # Nobody is muted on memory alone: they may have joined a second ago.
        finding = await self._inquiry.about(live, person.id)
        if finding.doubted:
            return Decision(action=Action.WAIT, reason=Reason.DOUBTED, person=person)
        history = await self._history(live, person.id)
        return live.judge(message, finding.standings, self._clock.now(), history=history)

    async def _history(self, live: LiveGate, person_id: int) -> History | None:
        if not live.gate.options.is_lenient:
            return None
        async with self._database.read() as connection:
            return await RosterStore(connection, self._bot_id).history(live.gate.chat_id, person_id)

    async def _carry_out(self, live: LiveGate, message: Message, decision: Decision) -> None:
        await self._note(live, message, decision)
        match decision.action:
            case Action.SUSPEND:
                person_id = decision.person.id if decision.person else 0
                await self._suspensions.suspend_for_channel(live, decision.missing[0], person_id)
            case Action.WAIT:
                raise TryLater(
                    "Telegram contradicts what was known.", retry_after=CONFIRM_AFTER, code="standing_doubted"
                )
            case Action.WARN:
                self._tell(message, decision)
            case Action.DELETE:
                await self._delete(live, message)
                if decision.reason is Reason.NOT_MEMBER:
                    self._tell(message, decision)
                if decision.reason is Reason.STANDING_UNKNOWN:
                    raise TryLater(
                        "Telegram does not say who belongs to the channel.",
                        retry_after=10.0,
                        code="standing_unknown",
                    )
            case Action.BAN_CHANNEL if message.sender_chat is not None:
                ban = self._enforcement.ban_channel(message.chat.id, message.sender_chat.id)
                await all_done((ban, self._delete(live, message)))
            case Action.KICK if decision.person is not None:
                kick = self._enforcement.kick(message.chat.id, decision.person.id)
                await all_done((kick, self._delete(live, message)))
            case Action.ENFORCE if decision.person is not None:
                await self._enforce(live, message, decision.person, decision.missing)

    async def _note(self, live: LiveGate, message: Message, decision: Decision) -> None:
        """Write down what is about to be done, and count it where it is counted."""
        chat_id, now, person = message.chat.id, self._clock.now(), decision.person
        counted = decision.reason in _STRIKES and live.gate.options.is_lenient and person is not None
        if not counted and decision.action not in _NOTED:
            return
        async with self._database.transaction() as connection:
            if decision.action in _NOTED:
                whom = person or message.sender_chat
                await note(
                    connection,
                    _NOTED[decision.action],
                    at=now,
                    chat_id=chat_id,
                    person_id=whom.id if whom else 0,
                    detail=f"{decision.reason}, message {message.message_id}",
                )
            if counted and person is not None:
                store = RosterStore(connection, self._bot_id)
                await store.strike(chat_id, person.id, now, key=rules.strike_key(message))

    async def _enforce(
        self, live: LiveGate, message: Message, person: Person, missing: tuple[int, ...]
    ) -> None:
        """Delete the message and hold the person, side by side: neither waits for the other's failure."""
        hold = self._enforcement.hold(
            live, person, reason=Reason.NOT_MEMBER, missing=missing, message=message
        )
        held, _ = await all_done((hold, self._delete(live, message)))
        if held is Hold.IS_ADMIN:
            self._admins.doubt(live, person.id)
        if held is Hold.ADMIN_FREED:
            live.exemptions[person.id] = None
        if held is Hold.YES and self._inquiry.from_memory(live, person.id).standing is Standing.MEMBER:
            # They joined while we muted: that update found no case to close yet.
            await self._enforcement.lift(message.chat.id, person.id, Outcome.JOINED)

    def _tell(self, message: Message, decision: Decision) -> None:
        """The person learns what is missing in a moment; the gate does not wait for that."""
        self._notices.want(message, decision)
        self._enforcement.ring()

    async def _delete(self, live: LiveGate, message: Message) -> None:
        """Delete; when Telegram refuses, find out whether the bot lost its rights."""
        if not await self._enforcement.delete(message):
            await self._suspensions.look(live)
