"""
One bot of this deployment, with everything that works for it: its gate, its cards, its screens, its sender.

Any process may *front* for it: judge messages from memory and keep updates (`load`, `look_around`).
One process at a time is its *home* and acts in its name (`live`); see `homes.py`.
"""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from gatecrier.bot.campaigns.board import Board
from gatecrier.bot.campaigns.desk import Desk
from gatecrier.bot.choices.reception import Offer, Reception
from gatecrier.bot.menu import show_menu
from gatecrier.bot.routing import Routing
from gatecrier.broadcast.amending.service import AMENDER, Amendments, amender_key
from gatecrier.broadcast.amending.worker import Amender
from gatecrier.broadcast.clicks import Clicks, Links
from gatecrier.broadcast.composing import Composer
from gatecrier.broadcast.consent import Consent, known_zone
from gatecrier.broadcast.model import Options
from gatecrier.broadcast.personal import Personal
from gatecrier.broadcast.reconciler import Reconciler
from gatecrier.broadcast.senders import Senders
from gatecrier.broadcast.service import SENDER, Broadcast, sender_key
from gatecrier.broadcast.watching import Watches
from gatecrier.gate.cards.deletions import DeletionQueue
from gatecrier.gate.cards.keeper import CardKeeper
from gatecrier.gate.service import Gatekeeper
from gatecrier.gate.worker import Healer
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.kernel.settings import BroadcastSettings, Settings
from gatecrier.registry.inbox import Inbox
from gatecrier.registry.operators import Operators
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.bells import Bells
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.polling import Poller
from gatecrier.telegram.updates import Person
from gatecrier.ticking import every

log = structlog.get_logger(__name__)

SOON = 2.0  # seconds between two looks at what people wait for
NOW_AND_THEN = 10.0  # seconds between two rounds of mending
RARELY = 60.0
QUIET = 1.0  # seconds: the home before us may have used up this second's messages
STOP_SECONDS = 8.0  # for what is in flight to end after SIGTERM; supervisors kill after ten


@dataclass(frozen=True, kw_only=True)
class House:
    """
    What all bots of one process share.

    Args:
        worker: Whose leases on deliveries these are: a new name for each process.
        bots: Bot id -> its calls; `HostedBot` enters itself.
    """

    settings: Settings
    database: Database
    clock: Clock
    rng: random.Random
    worker: str
    jobs: Jobs
    bells: Bells
    budgets: Budgets
    gateway: Gateway
    broadcast: Broadcast
    amendments: Amendments
    subscribers: Subscribers
    personal: Personal
    operators: Operators
    clicks: Clicks
    links: Links
    consent: Consent
    reconciler: Reconciler
    bots: dict[int, Bot] = field(default_factory=dict)


class HostedBot:
    """One bot, built and idle: `load()` before its updates are judged, `live()` where its home is."""

    def __init__(self, token: str, house: House) -> None:
        settings, database, clock = house.settings, house.database, house.clock
        self.house = house
        self.bot = Bot(token, house.gateway)
        self.bot_id = self.bot.bot_id
        house.bots[self.bot_id] = self.bot
        self.token = token
        self.gate = Gatekeeper(
            database,
            clock,
            self.bot,
            self.bot_id,
            rng=house.rng,
            member_ttl=settings.gate.member_ttl,
            not_member_ttl=settings.gate.not_member_ttl,
            sweep_rate=settings.gate.sweep_rate,
        )
        self.cards = CardKeeper(database, clock, self.bot, self.gate)
        self.deletions = DeletionQueue(database, clock, self.bot, self.bot_id)
        self.healer = Healer(self.gate)
        self.board = Board(
            self.bot,
            house.broadcast,
            Watches(database),
            house.amendments,
            clock=clock,
            interval=settings.broadcast.progress_interval,
        )
        self.desk = _desk(self, settings.broadcast)
        self.reception = Reception(
            self.bot_id,
            house.subscribers,
            house.personal,
            house.broadcast,
            offer=_offer(settings.broadcast),
            clock=clock,
        )
        self.routing = Routing(
            self.bot_id,
            gate=self.gate,
            subscribers=house.subscribers,
            desk=self.desk,
            clicks=house.clicks,
            clock=clock,
        )
        self.inbox = Inbox(database, clock, self.bot_id, self.routing, house.bells)
        self.poller = Poller(self.bot, self.inbox.take, clock=clock, rng=house.rng, knows=self.gate.glance)
        self.senders = _senders(self)
        self.amender = Amender({self.bot_id: self.bot}, database, clock=clock)
        self._is_loaded = False
        self._news = f"news:{self.bot_id}"
        self._stopping = asyncio.Event()

    def __repr__(self) -> str:
        return f"<HostedBot {self.bot_id}>"

    async def check(self) -> Person:
        """
        Ask Telegram who we are: the proof that address and token are right.

        Raises:
            Misconfigured: the token is wrong. TryLater: Telegram cannot be reached.
        """
        try:
            return await self.bot.get_me()
        except TryLater as error:
            raise TryLater(
                f"{error.text} The address is {self.house.settings.telegram_api_url}.",
                remedy="Is the network up, and GATECRIER_TELEGRAM_API_URL right?",
                code=error.code,
            ) from error

    # In front

    async def load(self) -> None:
        """Read what messages are judged by; only what is new, the second time."""
        if self._is_loaded:
            await self.gate.recall()
        else:
            await self.gate.start()
            self._is_loaded = True

    async def look_around(self) -> None:
        """In front, but not at home: learn what the home knows by now, and save whom we saw."""
        if not self.inbox.is_open:  # the home judges by what it learns itself
            await self.load()
            await self.gate.save_standings()

    async def watch(self) -> None:
        """Look around until cancelled: every few seconds, and at once when the home has news."""
        bell = self.house.bells.bell(self._news)
        await every(NOW_AND_THEN, self.look_around, clock=self.house.clock, bell=bell)

    # At home

    async def move_in(self) -> None:
        """Act for the bot from now on: go on with what the home before us left."""
        await self.load()
        self.senders = _senders(self)  # those of an earlier stay were stopped
        from gatecrier.bot.dispatcher import Screens  # noqa: PLC0415 - aiogram: 3 s, 120 MB, not for the CLI

        self.routing.open_screens(
            Screens(
                self.token,
                self.house.gateway,
                gate=self.gate,
                desk=self.desk,
                clicks=self.house.clicks,
                reception=self.reception,
            )
        )
        self.inbox.open()
        await self.healer.run_once()
        await self.inbox.run_once()
        # A bot has one home, so whoever held a lease on its deliveries before us is dead.
        await self.house.reconciler.take_over(self.bot_id)

    async def live(self) -> None:
        """
        Be its home until `stop()`, or until cancelled.

        Raises:
            Misconfigured: only an operator can help (a wrong token, another poller's webhook).
        """
        self._stopping.clear()
        me = await self.check()
        log.info("bot.home", bot=me.username, bot_id=self.bot_id)
        await show_menu(self.bot, self.house.operators)
        stopping = asyncio.create_task(self._stopping.wait())
        loops: list[asyncio.Task[None]] = []
        cards: list[asyncio.Task[None]] = []
        try:
            await self.move_in()
            loops += [asyncio.create_task(work) for work in (self._take_updates(), *self._ticks())]
            cards += [asyncio.create_task(self.cards.run())]
            if not self.house.database.is_sqlite:
                await self.house.clock.sleep(QUIET)
            self._serve_jobs()
            done, _ = await asyncio.wait([*loops, *cards, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await self._move_out(loops, cards)
        for task in done - {stopping}:
            task.result()  # a loop that ended by itself has failed: say why
            raise RuntimeError(f"{task.get_coro()!r} has ended by itself")

    def stop(self) -> None:
        """Take nothing new; `live()` returns within ten seconds, when what is in flight has ended."""
        self._stopping.set()

    async def _take_updates(self) -> None:
        """By webhook, or by long poll where Telegram cannot reach us."""
        settings = self.house.settings
        if not settings.public_url:
            await self.poller.run()
            return
        url = f"{settings.public_url}/telegram/{self.bot_id}"
        await self.bot.set_webhook(url, settings.webhook_secret.get_secret_value())
        await asyncio.Event().wait()

    def _ticks(self) -> Sequence[Coroutine[Any, Any, None]]:
        clock, inbox = self.house.clock, self.inbox
        rounds = {
            SOON: (self.desk.tick, self.board.run_once, self.deletions.run_once),
            NOW_AND_THEN: (self.healer.run_once, self.gate.sweeper.run_once),
        }
        ticks = [every(seconds, run, clock=clock) for seconds, some in rounds.items() for run in some]
        ticks.append(every(SOON, inbox.run_once, clock=clock, bell=inbox.bell))
        if not self.house.database.is_sqlite:  # there is nobody else to tell
            ticks.append(every(RARELY, self._tell, clock=clock, bell=self.gate.news))
        return ticks

    async def _tell(self) -> None:
        """Let those in front know what they must not judge by any longer."""
        await self.gate.save_standings()
        async with self.house.database.transaction() as connection:
            await self.house.bells.ring(connection, self._news)

    def _serve_jobs(self) -> None:
        self.house.jobs.serve(SENDER, sender_key(self.bot_id), self.senders.run)
        self.house.jobs.serve(AMENDER, amender_key(self.bot_id), self.amender.run)

    async def _move_out(self, loops: list[asyncio.Task[None]], cards: list[asyncio.Task[None]]) -> None:
        """Take nothing new, let what is in flight end, and leave the rest to the next home."""
        self.house.jobs.unserve(SENDER, sender_key(self.bot_id))
        self.house.jobs.unserve(AMENDER, amender_key(self.bot_id))
        self.inbox.close()
        await cancelled(*loops)
        self.cards.stop()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(
                    self.senders.stop(), self.inbox.drain(), *(asyncio.wait([task]) for task in cards)
                )
        except TimeoutError:
            log.warning("bot.moved_out_late", bot_id=self.bot_id, seconds=STOP_SECONDS)
        await cancelled(*cards)
        await self.inbox.abandon()


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel, and wait until they have ended, however."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _desk(hosted: HostedBot, settings: BroadcastSettings) -> Desk:
    house = hosted.house
    return Desk(
        hosted.bot,
        house.broadcast,
        Composer(house.database, clock=house.clock, patience=settings.compose_seconds),
        house.operators,
        board=hosted.board,
        amendments=house.amendments,
        clock=house.clock,
        options=Options(canary=settings.canary, window=settings.window),
        storage_chat_id=settings.storage_chat_id,
        zone=known_zone(settings.time_zone),
        test=settings.test_mode,
    )


def _senders(hosted: HostedBot) -> Senders:
    house = hosted.house
    return Senders(
        {hosted.bot_id: hosted.bot},
        house.budgets,
        house.database,
        clock=house.clock,
        worker=house.worker,
        links=house.links if house.settings.public_url else None,
        consent=house.consent,
    )


def _offer(settings: BroadcastSettings) -> Offer:
    quiet = (settings.quiet_from, settings.quiet_to)
    return Offer(
        terms=settings.terms,
        categories=settings.categories,
        privacy=settings.privacy,
        quiet=quiet if quiet[0] and quiet[1] else None,
        time_zone=settings.time_zone,
    )
