"""
The board: the status messages of campaigns, renewed while they count.

Every 100 recipients or five seconds, never sooner than three after the last time: Telegram counts edits
like messages. What is shown is read from the tables, so after a restart the same messages go on.
"""

import asyncio
from dataclasses import dataclass

import structlog

from gatecrier.bot.campaigns import screens
from gatecrier.broadcast.amending.service import Amendments
from gatecrier.broadcast.model import ENDED, FINAL, CampaignState, Progress
from gatecrier.broadcast.service import Broadcast
from gatecrier.broadcast.watching import Watch, Watches
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, OutcomeUnknown, TryLater
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.lanes import Lane

log = structlog.get_logger(__name__)

SOONEST = 3.0  # seconds between two edits of one message
LATEST = 5.0  # seconds after which it is renewed however little has come

COUNTDOWN = 60.0  # seconds between two looks at a campaign that waits for its moment

_NEVER = float("-inf")


@dataclass
class _Shown:
    """What this process has shown in one message."""

    text: str = ""
    done: int = 0
    at: float = _NEVER
    not_before: float = _NEVER


class Board:
    """
    The board of one bot. Run `run_once` every second or two.

    Args:
        interval: Recipients after which a message is renewed before its five seconds are over.
    """

    def __init__(
        self,
        bot: Bot,
        broadcast: Broadcast,
        watches: Watches,
        amendments: Amendments,
        *,
        clock: Clock,
        interval: int,
    ) -> None:
        self._amendments = amendments
        self._bot = bot
        self._broadcast = broadcast
        self._watches = watches
        self._clock = clock
        self._interval = interval
        self._shown: dict[Watch, _Shown] = {}
        self._editing = asyncio.Lock()

    async def run_once(self) -> int:
        """Renew what is due; returns how many messages were edited."""
        live = await self._watches.live(self._bot.bot_id)
        self._shown = {watch: self._shown.get(watch, _Shown()) for watch in live}
        return sum([await self._renew(watch) for watch in live])

    async def begin(self, watch: Watch) -> None:
        """Show the campaign in that message from the next run on."""
        await self._watches.begin(watch)

    async def watch(self, watch: Watch) -> None:
        """The same, and at once."""
        await self.begin(watch)
        await self.show(watch)

    async def show(self, watch: Watch) -> None:
        """
        Show at once how the campaign stands.

        Raises:
            GatecrierError: what Telegram says to the edit.
        """
        async with self._editing:
            await self._edit(watch, await self._broadcast.progress(watch.campaign_id))

    async def _renew(self, watch: Watch) -> bool:
        """Edits are made one after the other, each from fresh numbers: an older one never comes last."""
        async with self._editing:
            progress = await self._broadcast.progress(watch.campaign_id)
            shown = self._shown.setdefault(watch, _Shown())
            if not self._is_due(shown, progress):
                return False
            try:
                await self._edit(watch, progress)
            except (TryLater, OutcomeUnknown) as error:
                wait = error.retry_after if isinstance(error, TryLater) else SOONEST
                shown.not_before = self._clock.monotonic() + wait
                return False
            except GatecrierError as error:  # deleted, or the operator blocked the bot: nobody watches
                log.info("board.message_gone", campaign=watch.campaign_id, code=error.code)
                await self._watches.end(watch, progress.campaign.state)
                return False
        if _is_over(progress):
            await self._end(watch, progress)
        return True

    async def _edit(self, watch: Watch, progress: Progress) -> None:
        shown = self._shown.setdefault(watch, _Shown())
        amended = await self._amendments.list(watch.campaign_id)
        screen = screens.status(progress, amended, now=self._clock.now())
        if screen.text != shown.text:
            await self._bot.edit_text(
                watch.chat_id,
                watch.message_id,
                screen.text,
                lane=Lane.ENFORCE,
                parse_mode="HTML",
                buttons=screen.buttons,
            )
        shown.text, shown.done = screen.text, progress.tally.of(*FINAL)
        shown.at = self._clock.monotonic()

    def _is_due(self, shown: _Shown, progress: Progress) -> bool:
        now = self._clock.monotonic()
        if now < shown.not_before:
            return False
        since = now - shown.at
        if progress.campaign.state is CampaignState.SCHEDULED:
            return since >= COUNTDOWN
        grown = progress.tally.of(*FINAL) - shown.done
        return since >= LATEST or (since >= SOONEST and (grown >= self._interval or _is_over(progress)))

    async def _end(self, watch: Watch, progress: Progress) -> None:
        """The last word stands in the message; a short one makes a sound: lost perhaps, never doubled."""
        if not await self._watches.end(watch, progress.campaign.state):
            return
        campaign = progress.campaign
        try:
            await self._bot.send_message(
                watch.chat_id,
                f"Campaign {campaign.id} is {campaign.state}.",
                lane=Lane.ENFORCE,
                reply_to=watch.message_id,
            )
        except GatecrierError as error:
            log.info("board.end_not_told", campaign=campaign.id, code=error.code)


def _is_over(progress: Progress) -> bool:
    """Nothing will change by itself: it rests, or has ended and its last row is closed."""
    campaign = progress.campaign
    if campaign.is_active or campaign.state is CampaignState.SCHEDULED:
        return False
    return campaign.state not in ENDED or progress.tally.open == 0
