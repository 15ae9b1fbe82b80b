"""The gate's front door: what updates, commands and buttons ask of it. One method, one intention."""

import asyncio
import random
from datetime import timedelta

import structlog

from gatecrier.gate.cards.ephemeral import Ephemerals
from gatecrier.gate.cards.notices import Notices
from gatecrier.gate.failures import all_done
from gatecrier.gate.gates import Gates
from gatecrier.gate.governing.doctor import Doctor
from gatecrier.gate.governing.moves import Moves
from gatecrier.gate.governing.proofs import Proofs
from gatecrier.gate.governing.protection import Protection
from gatecrier.gate.governing.records import Records
from gatecrier.gate.governing.simulation import Simulator
from gatecrier.gate.governing.steering import Steering
from gatecrier.gate.holding.changes import Changes
from gatecrier.gate.holding.door import Door
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.freeing import Freeing
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.holding.messages import Messages
from gatecrier.gate.holding.raid import Raids
from gatecrier.gate.holding.reactions import Reactions, as_message
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.holding.verdicts import Verdicts
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.inquiry import Inquiry
from gatecrier.gate.knowledge.requests import Requests
from gatecrier.gate.knowledge.roster import Roster
from gatecrier.gate.knowledge.standings import MEMBER_TTL, NOT_MEMBER_TTL, Standings
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.model import (
    Decision,
    GateStatus,
    Mode,
    Protected,
    Reason,
    Unprotected,
    Verdict,
)
from gatecrier.gate.outside import Telegram
from gatecrier.gate.store import StandingStore
from gatecrier.gate.sweeper import Sweeper
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Chat, JoinRequest, MemberChange, Message, Person, Reaction

log = structlog.get_logger(__name__)

CLOSED_LIFE = timedelta(days=30)  # closed cases are a log, and logs expire
FORGOTTEN_AT_ONCE = 1000  # cases; SQLite has one writer, who must not be kept long
WRITTEN_LATE = timedelta(seconds=30)  # what is learnt is written up to ten seconds later, by another clock
HALF_DONE_AT_ONCE = 100  # restrictions that one run of the healer finishes


class Gatekeeper:
    """
    The gates of one bot. `await start()` before the first update.

    Args:
        rng: For jitter only.
        member_ttl, not_member_ttl: Seconds a standing holds before Telegram is asked again (± 15 %).
        sweep_rate: Questions a second by which the sweep heals what updates lost; 0: none.
    Attributes:
        bell: Set when a card must change; `cards.CardKeeper` waits for it.
        ephemerals, notices: Words to single people; `cards.CardKeeper` sends what waits there.
        gates, standings: What this process holds in memory, for loops, benchmarks and reports.
        news: Set when other processes must soon hear what we changed or learnt.
        steering: Changes of mode, options, texts and exemptions.
        records, doctor, simulator: What operators look at.
        sweeper: To be run every ten seconds.
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
        sweep_rate: float = 5.0,
    ) -> None:
        self.bot_id = bot_id
        self.bell = asyncio.Event()
        self._database = database
        self._clock = clock
        self._cases_due = 0.0
        self._recalled_at = clock.now()
        self.standings = Standings(clock, rng, member_ttl=member_ttl, not_member_ttl=not_member_ttl)
        self.news = self.standings.news
        self._verifier = Verifier(telegram, self.standings, clock)
        self.gates = Gates(database, bot_id, self.standings)
        self._live, self._monotonic = self.gates.get, clock.monotonic
        self._inquiry = Inquiry(clock, gates=self.gates, standings=self.standings, verifier=self._verifier)
        self._roster = Roster(database, clock, bot_id)
        self._admins = Admins(database, clock, telegram, self.gates, bot_id)
        self._build_holding(telegram)
        self._build_answers(telegram)
        self._build_arrivals(telegram)
        self._build_governing(telegram)
        self._build_reports(telegram, sweep_rate)

    def _build_holding(self, telegram: Telegram) -> None:
        """What deletes, mutes, frees, and sets a gate aside."""
        database, clock, bot_id = self._database, self._clock, self.bot_id
        self.ephemerals = Ephemerals(database, clock, telegram, bot_id)
        self._enforcement = Enforcement(
            database,
            clock,
            telegram,
            bot_id,
            standings=self.standings,
            ephemerals=self.ephemerals,
            bell=self.bell,
        )
        self.moves = Moves(database, clock, bot_id, gates=self.gates)
        self._suspensions = Suspensions(
            database,
            clock,
            telegram,
            bot_id,
            gates=self.gates,
            verifier=self._verifier,
            moved=self.moves.move,
        )
        self.notices = Notices(
            database, clock, telegram, bot_id, gates=self.gates, ephemerals=self.ephemerals
        )

    def _build_answers(self, telegram: Telegram) -> None:
        """What answers messages, reactions and presses."""
        database, clock, bot_id = self._database, self._clock, self.bot_id
        self._messages = Messages(
            database,
            clock,
            bot_id,
            gates=self.gates,
            roster=self._roster,
            admins=self._admins,
            inquiry=self._inquiry,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
            notices=self.notices,
            moved=self.moves.move,
        )
        self._reactions = Reactions(
            database,
            clock,
            telegram,
            bot_id,
            gates=self.gates,
            admins=self._admins,
            inquiry=self._inquiry,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
            decide=self._messages.decide,
        )
        self._verdicts = Verdicts(
            database,
            clock,
            bot_id,
            gates=self.gates,
            inquiry=self._inquiry,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
        )

    def _build_arrivals(self, telegram: Telegram) -> None:
        """What hears of people who come, go, or ask to."""
        database, clock, bot_id = self._database, self._clock, self.bot_id
        self._requests = Requests(database, clock, bot_id, self.standings)
        self._raids = Raids(database, clock, telegram, bot_id, gates=self.gates, bell=self.bell)
        self._door = Door(
            database,
            clock,
            telegram,
            bot_id,
            gates=self.gates,
            inquiry=self._inquiry,
            suspensions=self._suspensions,
            raids=self._raids,
        )
        self._changes = Changes(
            database,
            clock,
            bot_id,
            gates=self.gates,
            standings=self.standings,
            verifier=self._verifier,
            inquiry=self._inquiry,
            admins=self._admins,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
            requests=self._requests,
            door=self._door,
            raids=self._raids,
        )

    def _build_governing(self, telegram: Telegram) -> None:
        """What admins and operators change."""
        database, clock, bot_id = self._database, self._clock, self.bot_id
        self._proofs = proofs = Proofs(telegram, bot_id)
        freeing = Freeing(clock, bot_id, self._enforcement)
        self._protection = Protection(
            database,
            clock,
            telegram,
            bot_id,
            gates=self.gates,
            proofs=proofs,
            freeing=freeing,
            standings=self.standings,
        )
        self.steering = Steering(
            database,
            clock,
            bot_id,
            gates=self.gates,
            proofs=proofs,
            admins=self._admins,
            enforcement=self._enforcement,
            freeing=freeing,
        )

    def _build_reports(self, telegram: Telegram, sweep_rate: float) -> None:
        """What operators look at, and what looks after itself."""
        database, clock, bot_id = self._database, self._clock, self.bot_id
        self.records = Records(database, clock, bot_id, gates=self.gates, admins=self._admins)
        self.doctor = Doctor(database, telegram, bot_id, gates=self.gates)
        self.simulator = Simulator(
            database,
            clock,
            bot_id,
            gates=self.gates,
            proofs=self._proofs,
            admins=self._admins,
            verifier=self._verifier,
        )
        self.sweeper = Sweeper(
            database,
            clock,
            bot_id,
            gates=self.gates,
            changes=self._changes,
            enforcement=self._enforcement,
            suspensions=self._suspensions,
            verifier=self._verifier,
            save=self.save_standings,
            rate=sweep_rate,
        )

    async def start(self) -> None:
        """Load the gates, and what is known of people that still holds."""
        await self.gates.load()
        required = self.gates.channels()
        await self._requests.load(required)
        self._recalled_at = self._clock.now()
        async with self._database.read() as connection:
            async for some in StandingStore(connection).since(self.standings.oldest_useful()):
                self.standings.warm_all(some, required)

    async def recall(self) -> int:
        """
        Take over what another process has learnt and changed since we looked last; for a process that
        judges, but does not act. Returns how many standings are other ones now.

        Raises:
            TryLater: the database is gone.
        """
        await self.gates.load()
        required, now, learnt = self.gates.channels(), self._clock.now(), 0
        async with self._database.read() as connection:
            async for some in StandingStore(connection).since(self._recalled_at - WRITTEN_LATE):
                learnt += self.standings.learn_all(some, required)
        self._recalled_at = now
        return learnt

    # What updates ask

    def glance(self, chat_id: int, person_id: int) -> bool:
        """
        Whether a plain message of this person may stay; False: call `passes` with all of it.

        About 0.3 µs: this sees every message of every group.
        """
        live = self._live(chat_id)
        if live is None:
            return True
        if live.is_on and live.passing.get(person_id, 0.0) > self._monotonic():
            live.members += 1
            return True
        return False

    def passes(self, message: Message) -> bool:
        """Whether a message, new or edited, may stay, decided at once; False: call `handle_message`."""
        if message.is_service and self.moves.concerns(message):
            return False
        live = self._live(message.chat.id)
        return live is None or self._messages.passes(live, message)

    async def handle_message(self, message: Message) -> Decision | None:
        """
        Decide about a message, new or edited, and carry it out; safe to repeat.

        Returns:
            The decision; None where no gate stands.
        Raises:
            TryLater: Telegram does not say whether the sender belongs (the message is deleted, nobody
                muted), or does not let us act now: repeat it later.
        """
        if message.is_service and self.moves.concerns(message):
            await self.moves.heard(message)
            return None
        live = self.gates.get(message.chat.id)
        return await self._messages.handle(live, message) if live is not None else None

    async def handle_member_change(self, change: MemberChange) -> None:
        """
        Act on somebody's new place in a required channel or a gated group, the bot's own too.

        Raises:
            TryLater: part of it could not be done yet; repeat it whole.
        """
        await self._changes.handle(change)

    def expects(self, request: JoinRequest) -> bool:
        """Whether a join request asks something of us."""
        chat_id = request.chat.id
        return bool(request.query_id or self._live(chat_id) or self.gates.requiring(chat_id))

    async def handle_join_request(self, request: JoinRequest) -> None:
        """
        Let somebody in who asks to join a gated group, or tell them what is missing; or note that they
        wait in a required channel.

        Raises:
            TryLater: it cannot be said, or not be done, yet; repeat it whole.
        """
        await self._door.knock(request)
        await self._changes.asked(request)

    def minds(self, reaction: Reaction) -> bool:
        """Whether a reaction is to be judged, decided at once; False for nearly all of them."""
        live = self._live(reaction.chat.id)
        if live is None or not live.gate.options.reactions or not reaction.new_reaction:
            return False
        return not self.passes(as_message(reaction))

    async def handle_reaction(self, reaction: Reaction) -> None:
        """
        Hold somebody who reacts without belonging, where the group wants that.

        Raises:
            TryLater: it cannot be said, or not be done, yet; repeat it.
        """
        await self._reactions.handle(reaction)

    # What people ask

    async def verify(self, card_id: str, person_id: int, language: str = "") -> Verdict:
        """
        Somebody pressed Verify on a card: ask Telegram anew, and free them if they belong now.

        Args:
            card_id: As the button carried it, which anybody can forge: only our records decide.
            language: Theirs, as Telegram tells it; "" when it does not.
        """
        return await self._verdicts.give(card_id, person_id, language)

    async def verify_at_door(self, door_id: str, person_id: int, language: str) -> Verdict:
        """
        Somebody who waits to be let in pressed Verify on their private card.

        Args:
            door_id: As the button carried it, which anybody can forge: only our records decide.
            language: Theirs, as Telegram tells it; "" when it does not.
        """
        return await self._door.verify(door_id, person_id, language)

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

    async def order(self, chat_id: int, text: str, *, mode: Mode | None = None, actor: str) -> Protected:
        """As `protect`, by the word of an operator: nobody but the bot is proven to be an admin."""
        return await self._protection.order(chat_id, text, mode, by=actor)

    async def give_up(self, chat_id: int, text: str = "", *, actor: str) -> Unprotected:
        """As `unprotect`, by the word of an operator."""
        return await self._protection.give_up(chat_id, text, by=actor)

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

    async def end_served(self) -> int:
        """Lift the mutes that have lasted as long as they should; returns how many."""
        now = self._clock.now()
        async with self._database.read() as connection:
            due = await Ledger(connection, self.bot_id).served(now=now, limit=HALF_DONE_AT_ONCE)
        await all_done(self._enforcement.serve_out(restriction) for restriction in due)
        return len(due)

    async def look_at_suspended(self) -> int:
        """Resume suspended gates that can work again; returns how many."""
        return await self._suspensions.look_again()

    async def end_raids(self) -> int:
        """End the raids that are over, and name whom they silenced; returns how many ended."""
        return await self._raids.run_once()

    async def save_standings(self) -> int:
        """Write what was learnt, and forget what is too much; returns how many standings were written."""
        learnt = self.standings.unsaved()
        if learnt:
            async with self._database.transaction() as connection:
                await StandingStore(connection).put(learnt)
            self.standings.saved(learnt)
        await self._roster.save()
        self.standings.trim()
        self._roster.trim()
        self.gates.trim(self._clock.monotonic())
        return len(learnt)

    async def forget_old_cases(self) -> int:
        """Delete cases and requests of a month ago, some at a time, and look for more in an hour."""
        now = self._clock.monotonic()
        if now < self._cases_due:
            return 0
        before = self._clock.now() - CLOSED_LIFE
        async with self._database.transaction() as connection:
            gone = await Ledger(connection, self.bot_id).forget_closed(before=before, limit=FORGOTTEN_AT_ONCE)
        gone += await self._requests.forget_old()
        if gone < FORGOTTEN_AT_ONCE:
            self._cases_due = now + 3600.0
        return gone
