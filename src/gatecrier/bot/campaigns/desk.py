"""
The desk at which operators make campaigns: asks for the message, shows it as subscribers would see it,
tells what sending it would do, and does what they choose. Everything shown is one message that changes.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from gatecrier.bot.campaigns import screens
from gatecrier.bot.campaigns.board import Board
from gatecrier.bot.campaigns.buttons import moment_of
from gatecrier.bot.campaigns.screens import Screen
from gatecrier.bot.refusals import refused
from gatecrier.broadcast.amending.service import Amendments
from gatecrier.broadcast.composing import Composer, Composition, Purpose
from gatecrier.broadcast.model import Album, Campaign, Content, Copy, Options, Progress, Recipient
from gatecrier.broadcast.sending import show
from gatecrier.broadcast.service import Broadcast
from gatecrier.broadcast.timing.when import parse_when
from gatecrier.broadcast.watching import Watch
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, NotFound, Refused
from gatecrier.registry.operators import Operators
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import Person

log = structlog.get_logger(__name__)

UTC = ZoneInfo("UTC")
LONGEST_NAME = 60  # characters of a campaign's name that is taken from its text


class _Pressed(NamedTuple):
    """An operator presses a button about a campaign, in one of our messages."""

    press_id: str
    person: Person
    campaign: Campaign
    message_id: int

    @property
    def actor(self) -> str:
        return _actor(self.person.id)


class Desk:
    """
    The desk of one bot.

    Args:
        options: How its campaigns are sent.
        storage_chat_id: Where composed messages are kept; 0: where the operator sent them.
        zone: Where the operators' clock is.
        test: Test mode is on: said with every confirmation.
    """

    def __init__(
        self,
        bot: Bot,
        broadcast: Broadcast,
        composer: Composer,
        operators: Operators,
        *,
        board: Board,
        amendments: Amendments,
        clock: Clock,
        options: Options,
        storage_chat_id: int = 0,
        zone: ZoneInfo = UTC,
        test: bool = False,
    ) -> None:
        self._zone = zone
        self._bot = bot
        self._broadcast = broadcast
        self._composer = composer
        self._board = board
        self._amendments = amendments
        self._operators = operators
        self._clock = clock
        self._options = options
        self._storage = storage_chat_id
        self._test = test
        self._verbs: dict[str, Callable[[_Pressed], Awaitable[None]]] = {
            "show": self._show_status,
            "open": self._open,
            "yes!": self._yes,
            "no!": self._no,
            "ask!": self._ask_others,
            "unschedule": self._unschedule,
            "approve!": self._approve,
            "pause": self._pause,
            "resume": self._resume,
            "cancel": self._doubt_cancel,
            "cancel!": self._cancel,
            "retry": self._retry,
            "resend": self._doubt_resend,
            "resend!": self._resend,
            "undo": self._doubt_undo,
            "undo!": self._undo,
            "keep": self._keep,
        }

    def serves(self, person_id: int) -> bool:
        """Whether this person is an operator."""
        return person_id in self._operators

    async def awaits(self, person_id: int) -> bool:
        """Whether this operator's next message is awaited."""
        return self.serves(person_id) and await self._composer.awaits(self._bot.bot_id, person_id)

    def when(self, text: str) -> tuple[datetime, str]:
        """
        The moment at the beginning of a text, by the deployment's clock, and what follows it.

        Raises:
            Refused: none is written there.
        """
        return parse_when(text, self._clock.now(), self._zone)

    async def ask(self, person: Person, purpose: Purpose, *, start_at: datetime | None = None) -> None:
        """Their next message is what is meant."""
        await self._composer.ask(self._bot.bot_id, person.id, purpose, start_at=start_at)
        only_shown = "is shown to you alone" if purpose is Purpose.PREVIEW else None
        patience = self._composer.patience
        await self._say(
            person.id, screens.asked(patience, only_shown) if only_shown else screens.asked(patience)
        )

    async def forget(self, person: Person) -> None:
        """/cancel"""
        was_asked = await self._composer.forget(self._bot.bot_id, person.id)
        await self._say(person.id, Screen(screens.FORGOTTEN if was_asked else screens.NOT_ASKED))

    async def take(
        self, person: Person, message_id: int, album: str, text: Content | None, name: str
    ) -> None:
        """
        A message that was awaited.

        Args:
            text: The content, when it is nothing but text; else the message itself is copied.
            name: What it says first, for the campaign's name.
        """
        composed = await self._composer.take(self._bot.bot_id, person.id, message_id, album=album)
        if composed is not None:
            await self._composed(composed, text, name)

    async def tick(self) -> None:
        """Go on with albums that are whole, and tell those whose time is over."""
        for composed in await self._composer.due(self._bot.bot_id):
            try:
                if composed.message_ids:
                    await self._composed(composed, None, "")
                else:
                    await self._say(composed.person_id, Screen(screens.TOO_LATE))
            except GatecrierError as error:
                log.info("desk.refused", person=composed.person_id, code=error.code)
                await self._say(composed.person_id, Screen(refused(error)))

    async def draft(
        self, person_id: int, content: Content, name: str, *, key: str, start_at: datetime | None = None
    ) -> None:
        """Make a campaign of it, show it, and ask whether to send it, then or now."""
        campaign = await self._broadcast.create(
            self._bot.bot_id,
            _named(name, f"Broadcast of {self._clock.now():%d %b %H:%M}"),
            content,
            actor=_actor(person_id),
            options=self._options,
            key=key,
        )
        await self._preview(person_id, content)
        await self._say(person_id, await self._confirmation(campaign, start_at))

    async def preview(self, person_id: int, content: Content) -> None:
        """Show it to them alone."""
        await self._preview(person_id, content)
        await self._say(person_id, Screen(screens.PREVIEWED))

    async def history(self, before: int = 0) -> Screen:
        """A page of campaigns, those of number `before` and above left out; 0: the newest."""
        found = await self._broadcast.list(self._bot.bot_id, before=before or None, limit=screens.PAGE + 1)
        page = found[: screens.PAGE]
        return screens.history(page, older=len(found) > len(page), first=not before)

    async def statistics(self) -> Screen:
        """What all campaigns came to."""
        return screens.statistics(await self._broadcast.statistics(self._bot.bot_id))

    async def say(self, person: Person, screen: Screen) -> None:
        """Show a screen in a new message."""
        await self._say(person.id, screen)

    async def press(
        self, press_id: str, person: Person, message_id: int, campaign_id: int, verb: str
    ) -> None:
        """
        Do what a button says, answer the press, and show what came of it.

        Raises:
            Refused, NotFound, Conflict: what the service says, or no such button.
        """
        if verb == "history":
            await self._bot.answer_press(press_id)
            await self._show(person.id, message_id, await self.history(campaign_id))
            return
        if (moment := moment_of(verb)) is not None:
            pressed = _Pressed(press_id, person, await self._own(campaign_id), message_id)
            await self._schedule(pressed, moment)
            return
        do = self._verbs.get(verb)
        if do is None:
            raise Refused("This button is of another version.", remedy="/broadcast_history shows all.")
        await do(_Pressed(press_id, person, await self._own(campaign_id), message_id))

    async def _show_status(self, pressed: "_Pressed") -> None:
        await self._answer(pressed)
        await self._board.show(self._watch(pressed))

    async def _open(self, pressed: "_Pressed") -> None:
        await self._answer(pressed)
        await self._show(pressed.person.id, pressed.message_id, await self._confirmation(pressed.campaign))

    async def _yes(self, pressed: "_Pressed") -> None:
        # Watched first: should the process be killed before the start, the board shows a draft.
        await self._board.begin(self._watch(pressed))
        await self._broadcast.start(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "It begins.")
        await self._board.show(self._watch(pressed))

    async def _schedule(self, pressed: "_Pressed", at: datetime) -> None:
        await self._broadcast.schedule(pressed.campaign.id, at, actor=pressed.actor)
        await self._answer(pressed, "Scheduled.")
        await self._board.watch(self._watch(pressed))

    async def _unschedule(self, pressed: "_Pressed") -> None:
        await self._broadcast.unschedule(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "It is a draft again.")
        await self._board.show(self._watch(pressed))

    async def _no(self, pressed: "_Pressed") -> None:
        await self._broadcast.cancel(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "Discarded.")
        await self._show(pressed.person.id, pressed.message_id, screens.discarded(pressed.campaign))

    async def _approve(self, pressed: "_Pressed") -> None:
        await self._broadcast.approve(pressed.campaign.id, actor=pressed.actor)
        await self._yes(pressed)

    async def _pause(self, pressed: "_Pressed") -> None:
        await self._broadcast.pause(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "Paused.")
        await self._board.show(self._watch(pressed))

    async def _resume(self, pressed: "_Pressed") -> None:
        await self._broadcast.resume(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "It goes on.")
        await self._board.watch(self._watch(pressed))

    async def _retry(self, pressed: "_Pressed") -> None:
        count = await self._broadcast.retry_failed(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, f"{count:,} are sent again.")
        await self._board.watch(self._watch(pressed))

    async def _doubt_cancel(self, pressed: "_Pressed") -> None:
        await self._doubt(pressed, screens.sure_to_cancel)

    async def _doubt_resend(self, pressed: "_Pressed") -> None:
        await self._doubt(pressed, screens.sure_to_resend)

    async def _doubt(self, pressed: "_Pressed", ask: Callable[[Progress], Screen]) -> None:
        """Asked in a message of its own: the one that counts would be renewed over the question."""
        await self._answer(pressed)
        await self._say(pressed.person.id, ask(await self._broadcast.progress(pressed.campaign.id)))

    async def _cancel(self, pressed: "_Pressed") -> None:
        await self._broadcast.cancel(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "Ended.")
        await self._show(pressed.person.id, pressed.message_id, screens.ended(pressed.campaign))

    async def _resend(self, pressed: "_Pressed") -> None:
        count = await self._broadcast.resend_unknown(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, f"{count:,} are sent again.")
        await self._board.watch(self._watch(pressed))

    async def _doubt_undo(self, pressed: "_Pressed") -> None:
        await self._doubt(pressed, lambda progress: screens.sure_to_undo(progress, self._clock.now()))

    async def _undo(self, pressed: "_Pressed") -> None:
        await self._amendments.undo(pressed.campaign.id, actor=pressed.actor)
        await self._answer(pressed, "They are being deleted.")
        await self._board.watch(self._watch(pressed))

    async def _keep(self, pressed: "_Pressed") -> None:
        await self._answer(pressed)
        await self._show(pressed.person.id, pressed.message_id, screens.kept(pressed.campaign))

    async def _ask_others(self, pressed: "_Pressed") -> None:
        _, person, campaign, message_id = pressed
        others = self._operators.besides(person.id)
        if not others:
            raise Refused(
                "There is no second operator to say yes.",
                remedy="Name one in GATECRIER_OPERATOR_IDS, or approve it by `gatecrier campaign approve`.",
            )
        wanted = screens.approval_wanted(await self._broadcast.dry_run(campaign.id), person.first_name)
        asked = 0
        for other in others:
            try:
                await self._preview(other, campaign.content)
                await self._say(other, wanted)
                asked += 1
            except GatecrierError as error:  # one has not started the bot: the others may be enough
                log.warning("desk.operator_not_asked", person=other, code=error.code)
        if not asked:
            raise Refused(
                "No other operator could be asked.", remedy="They must send /start to this bot first."
            )
        await self._answer(pressed, "Asked.")
        await self._show(person.id, message_id, screens.awaiting_approval(campaign, asked))

    async def _composed(self, composed: Composition, text: Content | None, name: str) -> None:
        content = text or await self._kept(composed)
        if composed.purpose is Purpose.PREVIEW:
            await self.preview(composed.person_id, content)
            return
        key = f"message:{composed.person_id}:{composed.message_ids[0]}"
        await self.draft(composed.person_id, content, name, key=key, start_at=composed.start_at)

    async def _kept(self, composed: Composition) -> Content:
        """The message to copy: in the storage chat, where there is one, nobody deletes it."""
        if len(composed.message_ids) > 1:
            return await self._kept_album(composed)
        (message_id,) = composed.message_ids
        if not self._storage:
            return Copy(from_chat_id=composed.person_id, message_id=message_id)
        kept = await self._bot.copy_message(
            self._storage,
            from_chat_id=composed.person_id,
            message_id=message_id,
            lane=Lane.ANSWER,
            silent=True,
        )
        return Copy(from_chat_id=self._storage, message_id=kept)

    async def _kept_album(self, composed: Composition) -> Content:
        ids = composed.message_ids
        if not self._storage:
            return Album(from_chat_id=composed.person_id, message_ids=ids)
        kept = await self._bot.copy_messages(
            self._storage,
            from_chat_id=composed.person_id,
            message_ids=ids,
            lane=Lane.ANSWER,
            silent=True,
        )
        if len(kept) < len(ids):
            raise Refused("Telegram cannot copy all of this album.", remedy="Send its parts one by one.")
        return Album(from_chat_id=self._storage, message_ids=tuple(kept))

    async def _confirmation(self, campaign: Campaign, start_at: datetime | None = None) -> Screen:
        approval = await self._broadcast.needs_approval(campaign.id)
        told = await self._broadcast.dry_run(campaign.id)
        later = screens.Later(start_at, self._clock.now(), self._zone) if start_at else None
        return screens.confirmation(told, test=self._test, approval=approval, later=later)

    async def _preview(self, person_id: int, content: Content) -> None:
        greeted = Recipient(person_id, first_name="Ann", username="ann", language="en")
        await show(self._bot, content, greeted, lane=Lane.ANSWER)

    async def _own(self, campaign_id: int) -> Campaign:
        """A campaign of this bot: whoever forges a number finds none of another's."""
        campaign = await self._broadcast.get(campaign_id)
        if campaign.bot_id != self._bot.bot_id:
            raise NotFound(f"There is no campaign {campaign_id}.", field="campaign")
        return campaign

    def _watch(self, pressed: "_Pressed") -> Watch:
        return Watch(
            campaign_id=pressed.campaign.id,
            chat_id=pressed.person.id,
            bot_id=self._bot.bot_id,
            message_id=pressed.message_id,
        )

    async def _answer(self, pressed: "_Pressed", toast: str = "") -> None:
        await self._bot.answer_press(pressed.press_id, toast)

    async def _say(self, person_id: int, screen: Screen) -> None:
        await self._bot.send_message(
            person_id,
            screen.text,
            lane=Lane.ANSWER,
            parse_mode="HTML",
            buttons=screen.buttons,
            link_preview=False,
        )

    async def _show(self, person_id: int, message_id: int, screen: Screen) -> None:
        await self._bot.edit_text(
            person_id,
            message_id,
            screen.text,
            lane=Lane.ANSWER,
            parse_mode="HTML",
            buttons=screen.buttons,
        )


def _actor(person_id: int) -> str:
    return f"person:{person_id}"


def _named(text: str, otherwise: str) -> str:
    """The first line of a text as a name."""
    first, *_ = text.strip().splitlines() or [""]
    return first[:LONGEST_NAME].strip() or otherwise
