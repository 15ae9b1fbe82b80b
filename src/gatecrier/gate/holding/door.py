"""
At the door: who asks to join is let in if they belong, told what is missing if not, and never turned away.

    asked → belongs, or is exempt: approved
          → does not: waits (a row), told in private once → joins the channel, or presses Verify: approved
          → cannot be said: a guard bot's query is left to the admins, and asked about again

A guard bot must answer within ten seconds; what it leaves to the admins may be approved later all the
same. Admins may decide at any time: what they decided is found done, and nothing else happens.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.cards import texts
from gatecrier.gate.cards.texts import Toast
from gatecrier.gate.cooldown import Cooldown
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.governing.exemptions import exempt
from gatecrier.gate.holding.raid import Raids
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.inquiry import CONFIRM_AFTER, Finding, Inquiry
from gatecrier.gate.knowledge.requests import RequestStore, Waiting
from gatecrier.gate.links import exempting
from gatecrier.gate.model import Mode, Reason, Verdict
from gatecrier.gate.options import Door as When
from gatecrier.gate.outside import Telegram
from gatecrier.gate.policy import Policy, channels, judge
from gatecrier.gate.rules import CONSEQUENCES, is_exempt
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, PeerGone, Refused, TryLater
from gatecrier.kernel.language import best
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import JoinRequest, Person

log = structlog.get_logger(__name__)

ASKING = 6.0  # seconds in which the channels must answer, of the ten that a guard bot has
MAY_WRITE = timedelta(minutes=5)  # how long after a request Telegram lets us write to that person


class Opinion(NamedTuple):
    """
    What the gate thinks of somebody at the door.

    Args:
        standing: None: the gate leaves this to the admins.
        remainder: What they lack, or what cannot be asked.
        link: The exempt link they came by.
    """

    standing: Standing | None
    reason: Reason
    remainder: Policy | None = None
    link: str | None = None


class Door:
    """Answers the join requests of one bot's groups; every part may be repeated."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Telegram,
        bot_id: int,
        *,
        gates: Gates,
        inquiry: Inquiry,
        suspensions: Suspensions,
        raids: Raids,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates
        self._inquiry = inquiry
        self._suspensions = suspensions
        self._raids = raids
        self._cooldown = Cooldown(clock)

    async def knock(self, request: JoinRequest) -> None:
        """
        Somebody asks to join a group.

        Raises:
            TryLater: Telegram does not say whether they belong, or does not let us act now.
        """
        live = self._gates.get(request.chat.id)
        if live is None:
            if request.query_id:  # we guard a door without a gate: its admins decide
                await self._telegram.answer_join_query(request.query_id, "queue")
            return
        opinion = await self._opinion(live, request)
        live.count(opinion.reason)
        if not live.acts or opinion.standing is None:
            await self._leave_to_admins(live, request, opinion)
        elif opinion.standing is Standing.MEMBER:
            await self._welcome(live, request, opinion)
        else:
            await self._keep_out(live, request, opinion)

    async def reconsider(self, waiting: Waiting, heard: dict[int, Standing]) -> None:
        """
        Let somebody in who waits, if what is new about them suffices.

        Raises: as `knock`.
        """
        live = self._gates.get(waiting.chat_id)
        if live is None or not live.acts:
            return
        known = self._gates.known(live, waiting.person_id) | heard
        standing = judge(live.gate.policy, known).standing
        if standing is not Standing.MEMBER:
            finding = await self._inquiry.about(live, waiting.person_id, lane=Lane.ANSWER)
            standing = finding.judgement.standing
        if standing is Standing.MEMBER:
            await self._admit(waiting.chat_id, waiting.person_id, Reason.MEMBER)

    async def verify(self, door_id: str, person_id: int, language: str) -> Verdict:
        """The verdict on a press of a private card's Verify, whose data anybody can forge."""
        async with self._database.read() as connection:
            waiting = await RequestStore(connection, self._bot_id).named(door_id, person_id)
        if waiting is None:
            return texts.toast(language, Toast.NOT_ASKED)
        live = self._gates.get(waiting.chat_id)
        language = best(language, live.gate.options.language) if live else language
        if live is None or not live.acts:
            return texts.toast(language, Toast.ADMINS_DECIDE)
        if not self._cooldown.may_ask(waiting.id):
            return texts.toast(language, Toast.WAIT)
        try:
            return await self._verify(live, waiting, language)
        except (Misconfigured, PeerGone):
            return texts.toast(language, Toast.ADMINS_DECIDE)
        except GatecrierError as error:
            log.info("gate.verify_failed", chat=waiting.chat_id, code=error.code)
            return texts.toast(language, Toast.NO_ANSWER)

    async def entered(self, chat_id: int, person_id: int) -> None:
        """Somebody is in the group now, whoever let them in: they wait no more."""
        await self._clear(await self._end(chat_id, person_id))

    async def _opinion(self, live: LiveGate, request: JoinRequest) -> Opinion:
        if live.gate.mode is Mode.OFF or live.gate.options.door is not When.AUTO:
            return Opinion(None, Reason.GATE_OFF)
        if live.gate.suspension is not None:
            return Opinion(None, Reason.GATE_SUSPENDED)
        now = self._clock.now()
        if (link := exempting(request.link, live.exemptions, now)) is not None:
            return Opinion(Standing.MEMBER, Reason.EXEMPTION, link=link)
        if is_exempt(request.person.id, live.exemptions, now):
            return Opinion(Standing.MEMBER, Reason.EXEMPTION)
        finding = await self._ask(live, request)
        if finding is None or finding.doubted:
            return Opinion(Standing.UNKNOWN, Reason.DOUBTED if finding else Reason.STANDING_UNKNOWN)
        standing = finding.judgement.standing
        return Opinion(standing, CONSEQUENCES[standing][1], finding.judgement.remainder)

    async def _ask(self, live: LiveGate, request: JoinRequest) -> Finding | None:
        """Ask the channels; None: they did not answer in the time that a guard bot has."""
        asking = asyncio.ensure_future(self._inquiry.about(live, request.person.id, lane=Lane.ANSWER))
        if not request.query_id:
            return await asking
        late = asyncio.ensure_future(self._clock.sleep(ASKING))
        try:
            await asyncio.wait({asking, late}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            asking.cancel()
            late.cancel()
            await asyncio.gather(asking, late, return_exceptions=True)

    async def _leave_to_admins(self, live: LiveGate, request: JoinRequest, opinion: Opinion) -> None:
        """A gate that is off, suspended or only observes answers what it must, and touches nothing."""
        if request.query_id:
            await self._queue(live, request, opinion)

    async def _welcome(self, live: LiveGate, request: JoinRequest, opinion: Opinion) -> None:
        chat_id, person_id = request.chat.id, request.person.id
        if opinion.link is not None:
            await self.exempt_by(live, opinion.link, person_id)
        if request.query_id and await self._telegram.answer_join_query(request.query_id, "approve"):
            await self._clear(await self._end(chat_id, person_id, admitted=opinion.reason))
        else:
            await self._admit(chat_id, person_id, opinion.reason)

    async def exempt_by(self, live: LiveGate, link: str, person_id: int) -> None:
        """Somebody comes by an exempt link: as long as that is, they may write whatever the channels say."""
        chat_id, until, now = live.gate.chat_id, live.exemptions[link], self._clock.now()
        if is_exempt(person_id, live.exemptions, now):
            return
        async with self._database.transaction() as connection:
            by = f"link:{link}"
            await exempt(connection, self._bot_id, chat_id, person_id, until=until, by=by, now=now)
        await self._gates.renew(chat_id)

    async def _keep_out(self, live: LiveGate, request: JoinRequest, opinion: Opinion) -> None:
        """Nobody is turned away: they wait for the channel, or for an admin."""
        if request.query_id:
            await self._queue(live, request, opinion)
        if opinion.standing is Standing.MISCONFIGURED:
            await self._suspensions.suspend_for_channel(live, _first(opinion.remainder), request.person.id)
        elif opinion.standing is Standing.UNKNOWN:
            wait = CONFIRM_AFTER if opinion.reason is Reason.DOUBTED else 10.0
            raise TryLater("Telegram does not say who belongs.", retry_after=wait, code="standing_unknown")
        else:
            await self._wait(live, request, opinion)

    async def _wait(self, live: LiveGate, request: JoinRequest, opinion: Opinion) -> None:
        chat_id, person_id = request.chat.id, request.person.id
        await self._raids.arrive(live, person_id, request.date)
        is_raided = live.is_raided(self._clock.now())
        async with self._database.transaction() as connection:
            waiting, is_new = await RequestStore(connection, self._bot_id).wait(request)
            if is_new:
                action = "queue" if is_raided else "ask"
                lacking = channels(opinion.remainder) if opinion.remainder else ()
                detail = f"lacks {', '.join(map(str, lacking))}"
                await self._note(connection, action, chat_id, person_id, detail)
        if self._inquiry.from_memory(live, person_id).standing is Standing.MEMBER:
            # They joined while we wrote: that update found nobody waiting yet.
            await self._admit(chat_id, person_id, Reason.MEMBER)
        elif not is_raided:
            await self._tell(live, request, waiting, opinion.remainder)

    async def _tell(
        self, live: LiveGate, request: JoinRequest, waiting: Waiting, remainder: Policy | None
    ) -> None:
        """Write to the person, once, as long as Telegram allows it."""
        age = self._clock.now().timestamp() - request.date
        if age >= MAY_WRITE.total_seconds() or not await self._claim_telling(waiting):
            return
        try:
            card_id = await self._show(live, request.person, waiting, remainder)
        except TryLater:
            async with self._database.transaction() as connection:
                await RequestStore(connection, self._bot_id).give_back_telling(waiting)
            raise
        except GatecrierError as error:  # they do not let us, or perhaps it is there
            log.info("gate.not_told", chat=waiting.chat_id, code=error.code)
            return
        async with self._database.transaction() as connection:
            waits = await RequestStore(connection, self._bot_id).told(waiting, card_id)
        if not waits:
            await self._clear(replace(waiting, card_id=card_id))

    async def _show(self, live: LiveGate, person: Person, waiting: Waiting, remainder: Policy | None) -> int:
        language = best(person.language_code, live.gate.options.language)
        named = live.gate.channels
        text = texts.door_card(
            language, name=person.name, group_title=live.gate.title, remainder=remainder, channels=named
        )
        return await self._telegram.send_message(
            waiting.private_chat_id,
            text,
            lane=Lane.ANSWER,
            parse_mode="HTML",
            buttons=texts.buttons(language, waiting.id, remainder, named, what=texts.DOOR),
            link_preview=False,
        )

    async def _claim_telling(self, waiting: Waiting) -> bool:
        async with self._database.transaction() as connection:
            return await RequestStore(connection, self._bot_id).claim_telling(waiting)

    async def _verify(self, live: LiveGate, waiting: Waiting, language: str) -> Verdict:
        finding = await self._inquiry.about(live, waiting.person_id, lane=Lane.ANSWER, anew=True)
        remainder = finding.judgement.remainder
        match finding.judgement.standing:
            case Standing.UNKNOWN:
                return texts.toast(language, Toast.NO_ANSWER)
            case Standing.NOT_MEMBER:
                return texts.toast(language, Toast.STILL_MISSING, remainder, live.gate.channels)
            case Standing.MISCONFIGURED:
                await self._suspensions.suspend_for_channel(live, _first(remainder), waiting.person_id)
                return texts.toast(language, Toast.ADMINS_DECIDE)
            case Standing.MEMBER:
                is_in = await self._admit(waiting.chat_id, waiting.person_id, Reason.MEMBER)
                return texts.toast(language, Toast.ADMITTED if is_in else Toast.NOT_ASKED)

    async def _admit(self, chat_id: int, person_id: int, reason: Reason) -> bool:
        """
        Let somebody in; False: nothing was to be done any more.

        Raises:
            TryLater. Misconfigured: the bot may not invite; they wait on, and for an admin.
        """
        async with self._database.read() as connection:
            waiting = await RequestStore(connection, self._bot_id).waiting_in(chat_id, person_id)
        # First the private card: when the request is dealt with, Telegram lets us touch it no more.
        await self._clear(waiting)
        try:
            await self._telegram.approve_join_request(chat_id, person_id)
        except (Refused, PeerGone) as error:  # they took it back, are in, an admin decided, or are gone
            log.info("gate.not_admitted", chat=chat_id, code=error.code)
            await self._end(chat_id, person_id)
            return False
        await self._end(chat_id, person_id, admitted=reason)
        return True

    async def _queue(self, live: LiveGate, request: JoinRequest, opinion: Opinion) -> None:
        if not await self._telegram.answer_join_query(request.query_id, "queue"):
            return  # we were late, and the admins have it already
        if live.acts and opinion.standing is Standing.NOT_MEMBER:
            return  # what they lack is noted with their waiting
        async with self._database.transaction() as connection:
            await self._note(connection, "queue", request.chat.id, request.person.id, opinion.reason)

    async def _end(self, chat_id: int, person_id: int, *, admitted: Reason | None = None) -> Waiting | None:
        """They wait no more; what was known of their waiting."""
        async with self._database.transaction() as connection:
            store = RequestStore(connection, self._bot_id)
            waiting = await store.waiting_in(chat_id, person_id)
            await store.end(chat_id, person_id)
            if admitted is not None:
                await self._note(connection, "admit", chat_id, person_id, admitted)
        return waiting

    async def _clear(self, waiting: Waiting | None) -> None:
        """Delete what told somebody what is missing; that it stays does no harm."""
        if waiting is None or not waiting.card_id:
            return
        try:
            await self._telegram.delete_message(waiting.private_chat_id, waiting.card_id)
        except GatecrierError as error:
            log.info("gate.private_card_stays", code=error.code)

    async def _note(
        self, connection: AsyncConnection, action: str, chat_id: int, person_id: int, detail: str
    ) -> None:
        await note(
            connection, action, at=self._clock.now(), chat_id=chat_id, person_id=person_id, detail=detail
        )


def _first(remainder: Policy | None) -> int:
    """The channel that cannot be asked; 0 when there is none."""
    return next(iter(channels(remainder)), 0) if remainder is not None else 0
