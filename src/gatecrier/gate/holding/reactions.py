"""Reactions, where the group wants them judged: who reacts without belonging is held like who writes."""

from collections.abc import Awaitable, Callable

import structlog

from gatecrier.gate.failures import all_done
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.inquiry import CONFIRM_AFTER, Inquiry
from gatecrier.gate.model import Action, Cause, Decision, Outcome, Reason
from gatecrier.gate.outside import Telegram
from gatecrier.gate.rules import Hold
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Misconfigured, PeerGone, Refused, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Message, Person, Reaction

log = structlog.get_logger(__name__)

Decide = Callable[[LiveGate, Message], Awaitable[Decision]]


class Reactions:
    """
    Judges reactions like messages of whoever reacted, and takes away what must go.

    Args:
        decide: How a message is decided about; may raise TryLater.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Telegram,
        bot_id: int,
        *,
        gates: Gates,
        admins: Admins,
        inquiry: Inquiry,
        enforcement: Enforcement,
        suspensions: Suspensions,
        decide: Decide,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates
        self._admins = admins
        self._inquiry = inquiry
        self._enforcement = enforcement
        self._suspensions = suspensions
        self._decide = decide

    async def handle(self, reaction: Reaction) -> None:
        """
        Decide about a reaction, and carry it out; safe to repeat.

        Raises:
            TryLater: Telegram does not say whether they belong, or does not let us act now.
        """
        live = self._gates.get(reaction.chat.id)
        if live is None or not live.gate.options.reactions or not reaction.new_reaction:
            return
        decision = await self._decide(live, as_message(reaction))
        live.count(decision.reason)
        if decision.only_observed:
            return
        try:
            await self._carry_out(live, reaction, decision)
        except (Misconfigured, PeerGone) as error:
            log.warning("gate.cannot_act", chat=reaction.chat.id, code=error.code)
            await self._suspensions.suspend(live, Cause.LOST_RIGHTS)

    async def _carry_out(self, live: LiveGate, reaction: Reaction, decision: Decision) -> None:
        """Warnings, deletions and kicks are steps of a ladder that only writing climbs."""
        chat_id, person, actor = reaction.chat.id, decision.person, reaction.actor_chat
        match decision.action:
            case Action.SUSPEND:
                await self._suspensions.suspend_for_channel(
                    live, decision.missing[0], person.id if person else 0
                )
            case Action.WAIT | Action.DELETE if decision.reason in _UNSURE:
                raise TryLater(
                    "Telegram does not say who belongs.",
                    retry_after=_UNSURE[decision.reason],
                    code="standing_unknown",
                )
            case Action.DELETE if actor is not None:
                await self._note(chat_id, actor.id, decision)
                await self._remove(chat_id, actor.id)
            case Action.BAN_CHANNEL if actor is not None:
                await self._note(chat_id, actor.id, decision)
                ban = self._enforcement.ban_channel(chat_id, actor.id)
                await all_done((ban, self._remove(chat_id, actor.id)))
            case Action.ENFORCE if person is not None:
                await self._hold(live, person, decision.missing)

    async def _hold(self, live: LiveGate, person: Person, missing: tuple[int, ...]) -> None:
        """Hold who is in the group; only from those who are held something is taken."""
        chat_id = live.gate.chat_id
        held = await self._enforcement.hold(live, person, reason=Reason.REACTED, missing=missing)
        if held is Hold.IS_ADMIN:
            self._admins.doubt(live, person.id)
        if held is not Hold.YES:
            return
        await self._remove(chat_id, person.id)
        if self._inquiry.from_memory(live, person.id).standing is Standing.MEMBER:
            # They joined while we muted: that update found no case to close yet.
            await self._enforcement.lift(chat_id, person.id, Outcome.JOINED)

    async def _remove(self, chat_id: int, actor_id: int) -> None:
        try:
            await self._telegram.delete_reactions(chat_id, actor_id)
        except Refused as error:
            log.info("gate.reactions_stay", chat=chat_id, code=error.code)

    async def _note(self, chat_id: int, actor_id: int, decision: Decision) -> None:
        async with self._database.transaction() as connection:
            await note(
                connection,
                decision.action,
                at=self._clock.now(),
                chat_id=chat_id,
                person_id=actor_id,
                detail=f"{decision.reason}, reaction",
            )


_UNSURE = {Reason.DOUBTED: CONFIRM_AFTER, Reason.STANDING_UNKNOWN: 10.0}
"""Why nothing can be said yet → seconds until Telegram is asked again."""


def as_message(reaction: Reaction) -> Message:
    """What would have been written: whoever may write may react."""
    return Message(
        message_id=reaction.message_id,
        date=reaction.date,
        chat=reaction.chat,
        sender=reaction.person,
        sender_chat=reaction.actor_chat,
        text="reacted",
    )
