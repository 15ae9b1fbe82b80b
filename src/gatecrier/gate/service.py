"""The gate's front door: what updates, commands and buttons ask of it. One method, one intention."""

import asyncio
import random
from datetime import timedelta

import structlog

from gatecrier.gate import rules
from gatecrier.gate.cards import texts
from gatecrier.gate.failures import all_done
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.governing.proofs import Proofs
from gatecrier.gate.governing.protection import Protection
from gatecrier.gate.holding.changes import Changes
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.holding.verdicts import Verdicts
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.standings import MEMBER_TTL, NOT_MEMBER_TTL, Standings
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.model import (
    Action,
    Decision,
    GateStatus,
    Mode,
    Outcome,
    Protected,
    Reason,
    Standing,
    Unprotected,
    Verdict,
)
from gatecrier.gate.outside import Telegram
from gatecrier.gate.rules import Hold
from gatecrier.gate.store import StandingStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Misconfigured, NotFound, PeerGone, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Chat, MemberChange, Message, Person

log = structlog.get_logger(__name__)

MEMBER = Standing.MEMBER.value  # a plain number: the hot path compares it a hundred thousand times a second
CLOSED_LIFE = timedelta(days=30)  # closed cases are a log, and logs expire
FORGOTTEN_AT_ONCE = 1000  # cases; SQLite has one writer, who must not be kept long
HALF_DONE_AT_ONCE = 100  # restrictions that one run of the healer finishes


class Gatekeeper:
    """
    The gates of one bot. `await start()` before the first update.

    Args:
        rng: For jitter only.
        member_ttl, not_member_ttl: Seconds a standing holds before Telegram is asked again (± 15 %).
    Attributes:
        bell: Set when a card must change; `worker.CardKeeper` waits for it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Telegram,
        bot_id: int,
        *,
        rng: random.Random,
        member_ttl: float = MEMBER_TTL,
        not_member_ttl: float = NOT_MEMBER_TTL,
    ) -> None:
        self.bot_id = bot_id
        self.bell = asyncio.Event()
        self._database = database
        self._clock = clock
        self._cases_due = 0.0
        self._standings = Standings(clock, rng, member_ttl=member_ttl, not_member_ttl=not_member_ttl)
        self._verifier = Verifier(telegram, self._standings, clock)
        self.gates = Gates(database, bot_id, self._standings)
        self._live, self._present = self.gates.get, self._standings.present
        self._admins = Admins(database, clock, telegram, self.gates, bot_id)
        self._enforcement = Enforcement(
            database, clock, telegram, bot_id, standings=self._standings, bell=self.bell
        )
        self._suspensions = Suspensions(
            database, clock, telegram, bot_id, gates=self.gates, verifier=self._verifier
        )
        self._changes = Changes(
            database,
            clock,
            bot_id,
            gates=self.gates,
            standings=self._standings,
            verifier=self._verifier,
            admins=self._admins,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
        )
        self._protection = Protection(
            database,
            clock,
            telegram,
            bot_id,
            gates=self.gates,
            proofs=Proofs(telegram, bot_id),
            enforcement=self._enforcement,
            standings=self._standings,
        )
        self._verdicts = Verdicts(
            database,
            clock,
            bot_id,
            gates=self.gates,
            verifier=self._verifier,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
        )

    async def start(self) -> None:
        """Load the gates, and the standings that still hold."""
        await self.gates.load()
        required = self.gates.channels()
        async with self._database.read() as connection:
            async for some in StandingStore(connection).since(self._standings.oldest_useful()):
                for known in some:
                    if known.chat_id in required:
                        self._standings.warm(known)

    # What updates ask

    def passes(self, message: Message) -> bool:
        """
        Whether a message, new or edited, may stay, decided at once; False means: call `handle_message`.

        About 1 µs for a known member: this sees every message of every group.
        """
        live = self._live(message.chat.id)
        if live is None:
            return True
        sender = message.sender
        if (
            live.short
            and (message.text or not message.is_service)
            and message.sender_chat is None
            and sender is not None
            and not sender.is_bot
            and message.guest_bot_caller_user is None
            and not message.is_automatic_forward
        ):
            present, person_id = self._present(), sender.id
            for entries in live.entries:
                entry = entries.get(person_id, 0)
                if entry <= present or entry & 3 != MEMBER:
                    break
            else:
                live.members += 1
                return True
        return self._passes_by_rules(live, message)

    def _passes_by_rules(self, live: LiveGate, message: Message) -> bool:
        decision = self._judge(live, message)
        if decision.action in (Action.IGNORE, Action.EXEMPT, Action.PASS):
            live.count(decision.reason)
            return True
        return False

    async def handle_message(self, message: Message) -> Decision | None:
        """
        Decide about a message, new or edited, and carry it out; safe to repeat.

        Returns:
            The decision; None where no gate stands.
        Raises:
            TryLater: Telegram does not say whether the sender belongs (the message is deleted, nobody
                muted), or does not let us act now: repeat it later.
        """
        live = self.gates.get(message.chat.id)
        if live is None:
            return None
        decision = await self._decide(live, message)
        live.count(decision.reason)
        if decision.only_observed:
            return decision
        try:
            await self._carry_out(live, message, decision)
        except (Misconfigured, PeerGone) as error:
            log.warning("gate.cannot_act", chat=message.chat.id, code=error.code)
            await self._suspensions.suspend(live, texts.LOST_RIGHTS)
        return decision

    async def handle_member_change(self, change: MemberChange) -> None:
        """
        Act on somebody's new place in a required channel or a gated group, the bot's own too.

        Raises:
            TryLater: part of it could not be done yet; repeat it whole.
        """
        await self._changes.handle(change)

    # What people ask

    async def verify(self, card_id: str, person_id: int) -> Verdict:
        """
        Somebody pressed Verify on a card: ask Telegram anew, and free them if they belong now.

        Args:
            card_id: As the button carried it, which anybody can forge: only our records decide.
        """
        return await self._verdicts.give(card_id, person_id)

    async def protect(
        self,
        chat: Chat,
        actor: Person | None,
        sender_chat: Chat | None = None,
        text: str = "",
        *,
        mode: Mode | None = None,
    ) -> Protected:
        """
        Let a group require channels, those it requires already included.

        Args:
            actor, sender_chat: Who wrote the command, as the message says.
            text: The command's arguments: "@channel", t.me links or numbers, one or several.
            mode: None: as it is, and enforcing at first.
        Raises:
            Refused, Misconfigured: what is wrong and what to do, for the person who asked.
            TryLater: Telegram does not answer.
        """
        return await self._protection.protect(chat, actor, sender_chat, text, mode)

    async def unprotect(
        self, chat: Chat, actor: Person | None, sender_chat: Chat | None = None, text: str = ""
    ) -> Unprotected:
        """
        Let a group require some channels no more, or ("" as text) none at all, and free whom that frees.

        Raises: as `protect`; NotFound when the group does not require them.
        """
        return await self._protection.unprotect(chat, actor, sender_chat, text)

    async def release(self, chat_id: int, person_id: int | None = None, *, actor: str) -> tuple[int, int]:
        """
        Free one person, or everybody we hold in a group; the gate goes on.

        Args:
            actor: Who asks, as the audit log names them: "operator:7", "cli".
        Returns:
            How many were freed, and how many will be as soon as Telegram allows it.
        Raises:
            NotFound: we hold nobody like that.
        """
        return await self._protection.release(chat_id, person_id, actor=actor)

    async def status(self, chat_id: int) -> GateStatus:
        """
        What a gate demands, and what it did since this process started.

        Raises:
            NotFound: this group has no gate.
        """
        live = self.gates.get(chat_id)
        if live is None:
            raise NotFound(
                "This group is not protected.", remedy="Protect it: /protect @channel", code="no_gate"
            )
        async with self._database.read() as connection:
            held = await Ledger(connection, self.bot_id).held(chat_id)
        return GateStatus(gate=live.gate, held=held, decisions=live.decisions())

    def decisions(self) -> dict[Reason, int]:
        """All decisions of this process, by reason."""
        return self.gates.decisions()

    # What the healer asks

    async def finish_half_done(self) -> int:
        """Finish mutes and liftings that a crash or a failure left; returns how many."""
        async with self._database.read() as connection:
            left = await Ledger(connection, self.bot_id).half_done(
                now=self._clock.now(), limit=HALF_DONE_AT_ONCE
            )
        done = await asyncio.gather(*(self._enforcement.finish(restriction) for restriction in left))
        return sum(done)

    async def look_at_suspended(self) -> int:
        """Resume suspended gates that can work again; returns how many."""
        return await self._suspensions.look_again()

    async def save_standings(self) -> int:
        """Write what was learnt, and forget what is too much; returns how many standings were written."""
        learnt = self._standings.unsaved()
        if learnt:
            async with self._database.transaction() as connection:
                await StandingStore(connection).put(learnt)
            self._standings.saved(learnt)
        self._standings.trim()
        return len(learnt)

    async def forget_old_cases(self) -> int:
        """Delete cases closed a month ago, some at a time, and look for more in an hour; how many were."""
        now = self._clock.monotonic()
        if now < self._cases_due:
            return 0
        before = self._clock.now() - CLOSED_LIFE
        async with self._database.transaction() as connection:
            gone = await Ledger(connection, self.bot_id).forget_closed(before=before, limit=FORGOTTEN_AT_ONCE)
        if gone < FORGOTTEN_AT_ONCE:
            self._cases_due = now + 3600.0
        return gone

    # How it is done

    def _judge(self, live: LiveGate, message: Message) -> Decision:
        person = message.guest_bot_caller_user or message.sender
        return live.judge(message, self._known(live, person.id) if person else {}, self._clock.now())

    def _known(self, live: LiveGate, person_id: int) -> dict[int, Standing]:
        return {id_: self._standings.standing(id_, person_id) for id_ in live.gate.policy.channels}

    async def _decide(self, live: LiveGate, message: Message) -> Decision:
        """Decide, finding out what is not known: admins, the linked channel, standings."""
        decision = self._judge(live, message)
        if decision.reason is Reason.FOREIGN_CHANNEL:
            await self._admins.know_linked(live)
            return self._judge(live, message)
        if decision.person is None or decision.action in (Action.EXEMPT, Action.PASS):
            return decision
        await self._admins.know(live)
        decision = self._judge(live, message)
        person = decision.person
        if person is None or decision.action in (Action.EXEMPT, Action.PASS):
            return decision
        if decision.action is Action.ENFORCE and await self._enforcement.holds(message.chat.id, person.id):
            return decision
        # Nobody is muted on memory alone: they may have joined a second ago.
        known = self._known(live, person.id)
        unsure = [id_ for id_, standing in known.items() if standing is not Standing.MEMBER]
        known |= await self._verifier.verify(unsure, person.id)
        return live.judge(message, known, self._clock.now())

    async def _carry_out(self, live: LiveGate, message: Message, decision: Decision) -> None:
        person = decision.person
        match decision.action:
            case Action.SUSPEND:
                await self._suspensions.suspend_for_channel(
                    live, decision.missing[0], person.id if person else 0
                )
            case Action.DELETE:
                await self._delete(live, message)
                if decision.reason is Reason.STANDING_UNKNOWN:
                    raise TryLater(
                        "Telegram does not say who belongs to the channel.",
                        retry_after=10.0,
                        code="standing_unknown",
                    )
            case Action.ENFORCE if person is not None:
                await self._enforce(live, message, person, decision.missing)

    async def _enforce(
        self, live: LiveGate, message: Message, person: Person, missing: tuple[int, ...]
    ) -> None:
        """Delete the message and hold the person, side by side: neither waits for the other's failure."""
        hold = self._enforcement.hold(
            message.chat.id, person, reason=Reason.NOT_MEMBER, missing=missing, message=message
        )
        held, _ = await all_done((hold, self._delete(live, message)))
        if held is Hold.IS_ADMIN:
            self._admins.doubt(live, person.id)
        if held is Hold.ADMIN_FREED:
            live.exemptions[person.id] = None
        known = self._known(live, person.id)
        if held is Hold.YES and rules.judge(live.gate.policy, known).standing is Standing.MEMBER:
            # They joined while we muted: that update found no case to close yet.
            await self._enforcement.lift(message.chat.id, person.id, Outcome.JOINED)

    async def _delete(self, live: LiveGate, message: Message) -> None:
        """Delete; when Telegram refuses, find out whether the bot lost its rights."""
        if not await self._enforcement.delete(message):
            await self._suspensions.look(live)
