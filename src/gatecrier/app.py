"""
The composition root: the only place that builds things and lets features meet.

`build(settings)` opens the database (migrating it), builds every service and starts nothing; `App.run()`
does the work until it is cancelled or `App.stop()` is called. Tests build the same way, with a fake
clock, a seeded `rng` and a transport of their own.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from gatecrier.bot.campaigns.board import Board
from gatecrier.bot.campaigns.desk import Desk
from gatecrier.bot.choices.reception import Offer, Reception
from gatecrier.bot.menu import show_menu
from gatecrier.bot.routing import Routing
from gatecrier.broadcast.amending.service import AMENDER, Amendments
from gatecrier.broadcast.amending.worker import Amender
from gatecrier.broadcast.clicks import Clicks, Links
from gatecrier.broadcast.composing import Composer
from gatecrier.broadcast.consent import Consent, known_zone
from gatecrier.broadcast.model import Options
from gatecrier.broadcast.personal import Personal
from gatecrier.broadcast.reconciler import Reconciler
from gatecrier.broadcast.segments.service import Segments
from gatecrier.broadcast.senders import Senders
from gatecrier.broadcast.service import SENDER, Broadcast, Safety
from gatecrier.broadcast.timing.service import Timing
from gatecrier.broadcast.watching import Watches
from gatecrier.gate.cards.deletions import DeletionQueue
from gatecrier.gate.cards.keeper import CardKeeper
from gatecrier.gate.service import Gatekeeper
from gatecrier.gate.worker import Healer
from gatecrier.kernel import ids
from gatecrier.kernel.clock import Clock, SystemClock
from gatecrier.kernel.errors import TryLater
from gatecrier.kernel.settings import BroadcastSettings, Settings
from gatecrier.registry.inbox import Inbox
from gatecrier.registry.operators import Operators
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs
from gatecrier.storage.migrate import migrate
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.polling import Poller
from gatecrier.telegram.transport import AiohttpTransport, Transport
from gatecrier.telegram.updates import Person
from gatecrier.web.redirect import Redirects, front
from gatecrier.web.server import HttpServer
from gatecrier.web.webhook import Webhook

log = structlog.get_logger(__name__)

EVERY_TWO_SECONDS = "* * * * * */2"
EVERY_TEN_SECONDS = "* * * * * */10"
HOURLY = "7 * * * *"
STOP_SECONDS = 8.0  # for what is in flight to end after SIGTERM; supervisors kill after ten


class App:
    """One process of Gatecrier, built and idle. `run()` works; the services may be called without it."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        transport: Transport,
        *,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.jobs = Jobs(clock)
        self.budgets = Budgets(
            clock, per_bot=settings.broadcast.rate, per_bot_paid=settings.broadcast.paid_rate
        )
        self.gateway = Gateway(
            transport, self.budgets, clock=clock, rng=rng, api_url=settings.telegram_api_url
        )
        self.bot = Bot(settings.token, self.gateway)
        self.subscribers = Subscribers(database, terms=bool(settings.broadcast.terms))
        self.personal = Personal(database, clock=clock)
        self.operators = Operators(settings.owner_id, settings.operator_ids)
        self.broadcast = Broadcast(
            database,
            clock=clock,
            jobs=self.jobs,
            safety=_safety(settings.broadcast),
            rate=settings.broadcast.rate,
            consent=_consent(settings.broadcast),
            purses={self.bot.bot_id: self.bot},
        )
        self.segments = Segments(database, clock=clock, terms=bool(settings.broadcast.terms))
        self.clicks = Clicks(database, clock=clock)
        self.amendments = Amendments(database, clock=clock, jobs=self.jobs)
        self.timing = Timing(database, self.broadcast, clock=clock)
        self.amender = Amender({self.bot.bot_id: self.bot}, database, clock=clock)
        self.gate = Gatekeeper(
            database,
            clock,
            self.bot,
            self.bot.bot_id,
            rng=rng,
            member_ttl=settings.gate.member_ttl,
            not_member_ttl=settings.gate.not_member_ttl,
            sweep_rate=settings.gate.sweep_rate,
        )
        self.cards = CardKeeper(database, clock, self.bot, self.gate)
        self.deletions = DeletionQueue(database, clock, self.bot, self.bot.bot_id)
        self.healer = Healer(self.gate)
        self.board = Board(
            self.bot,
            self.broadcast,
            Watches(database),
            self.amendments,
            clock=clock,
            interval=settings.broadcast.progress_interval,
        )
        self.desk = self._desk()
        self.reception = Reception(
            self.bot.bot_id,
            self.subscribers,
            self.personal,
            self.broadcast,
            offer=_offer(settings.broadcast),
            clock=clock,
        )
        self.routing = Routing(
            self.bot.bot_id,
            gate=self.gate,
            subscribers=self.subscribers,
            desk=self.desk,
            clicks=self.clicks,
            clock=clock,
        )
        self.inbox = Inbox(database, clock, self.bot.bot_id, self.routing)
        self.poller = Poller(self.bot, self.inbox.take, clock=clock, rng=rng, knows=self.gate.glance)
        self.links = self._links()
        self.senders = Senders(
            {self.bot.bot_id: self.bot},
            self.budgets,
            database,
            clock=clock,
            worker=_worker_name(),
            links=self.links if settings.public_url else None,
            consent=_consent(settings.broadcast),
        )
        self.reconciler = Reconciler(database, clock=clock, jobs=self.jobs)
        self.http = self._http() if settings.public_url else None
        self._stopping = asyncio.Event()
        self._define_jobs()

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
                f"{error.text} The address is {self.settings.telegram_api_url}.",
                remedy="Is the network up, and GATECRIER_TELEGRAM_API_URL right?",
                code=error.code,
            ) from error

    async def run(self) -> None:
        """
        Do the work of this process until `stop()`: take updates, enforce gates, send campaigns.

        Raises:
            Misconfigured: only an operator can help (a wrong token, another poller's webhook).
        """
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            starting = asyncio.create_task(self._open())
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                await _cancelled(starting)
                return
            starting.result()
            await self._work(stopping)
        finally:
            stopping.cancel()

    async def _work(self, stopping: asyncio.Task[bool]) -> None:
        intake = self.http.run() if self.http else self.poller.run()
        loops = [asyncio.create_task(work) for work in (intake, self.jobs.run(), self.cards.run())]
        try:
            done, _ = await asyncio.wait([*loops, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._shut_down(*loops)
        for task in done - {stopping}:
            task.result()  # a loop that ended by itself has failed: say why

    def stop(self) -> None:
        """Take nothing new; `run()` returns within ten seconds, when what is in flight has ended."""
        self._stopping.set()

    async def start(self) -> None:
        """Load what the hot path needs, and go on with what the process before us left."""
        from gatecrier.bot.dispatcher import Screens  # noqa: PLC0415 - aiogram: 3 s, 120 MB, not for the CLI

        self.routing.open_screens(
            Screens(
                self.settings.token,
                self.gateway,
                gate=self.gate,
                desk=self.desk,
                clicks=self.clicks,
                reception=self.reception,
            )
        )
        await self.gate.start()
        await self.healer.run_once()
        await self.inbox.run_once()
        # SQLite serves one process, so whoever held a lease before us is dead.
        await self.reconciler.run_once(is_alone=self.database.is_sqlite)

    async def _open(self) -> None:
        me = await self.check()
        log.info("app.started", bot=me.username, bot_id=me.id)
        await show_menu(self.bot, self.operators)
        await self.start()
        if self.http is not None:
            self.http.open()  # before Telegram is told: what it posts is kept by the system until we serve
            url = f"{self.settings.public_url}/telegram/{self.bot.bot_id}"
            await self.bot.set_webhook(url, self.settings.webhook_secret.get_secret_value())

    def _desk(self) -> Desk:
        settings = self.settings.broadcast
        return Desk(
            self.bot,
            self.broadcast,
            Composer(self.database, clock=self.clock, patience=settings.compose_seconds),
            self.operators,
            board=self.board,
            amendments=self.amendments,
            clock=self.clock,
            options=Options(canary=settings.canary, window=settings.window),
            storage_chat_id=settings.storage_chat_id,
            zone=known_zone(settings.time_zone),
            test=settings.test_mode,
        )

    def _links(self) -> Links:
        secret = self.settings.secret_key.get_secret_value() or self.settings.token
        return Links(secret, self.settings.public_url)

    def _http(self) -> HttpServer:
        secret = self.settings.webhook_secret.get_secret_value()
        webhook = Webhook(self.bot.bot_id, secret, self.inbox.take, knows=self.gate.glance)
        app = front(webhook, Redirects(self.links, self.clicks))
        host, port = self.settings.http_host, self.settings.http_port
        return HttpServer(app, host=host, port=port, webhook=webhook)

    async def _shut_down(
        self, intake: asyncio.Task[None], jobs: asyncio.Task[None], cards: asyncio.Task[None]
    ) -> None:
        """Take nothing new, let what is in flight end, and leave the rest to the next process."""
        if self.http is not None:
            self.http.stop()  # an update that is being taken is answered
            await asyncio.wait([intake])
        else:
            await _cancelled(intake)
        self.cards.stop()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(self.senders.stop(), self.inbox.drain(), asyncio.wait([cards]))
                self.jobs.stop()
                await asyncio.wait([jobs])
        except TimeoutError:
            log.warning("app.stopped_late", seconds=STOP_SECONDS)
        await _cancelled(jobs, cards)
        await self.inbox.abandon()

    def _define_jobs(self) -> None:
        self.jobs.define(SENDER, self.senders.run)
        self.jobs.define(AMENDER, self.amender.run)
        self.jobs.every("amend", EVERY_TEN_SECONDS, _quietly(self.amendments.reconcile))
        self.jobs.every("reconcile", EVERY_TWO_SECONDS, _quietly(self.reconciler.run_once))
        self.jobs.every("timing", EVERY_TWO_SECONDS, _quietly(self.timing.run_once))
        self.jobs.every("desk", EVERY_TWO_SECONDS, _quietly(self.desk.tick))
        self.jobs.every("board", EVERY_TWO_SECONDS, _quietly(self.board.run_once))
        self.jobs.every("delete", EVERY_TWO_SECONDS, _quietly(self.deletions.run_once))
        self.jobs.every("heal", EVERY_TEN_SECONDS, _quietly(self.healer.run_once))
        self.jobs.every("sweep", EVERY_TEN_SECONDS, _quietly(self.gate.sweeper.run_once))
        self.jobs.every("inbox", EVERY_TEN_SECONDS, _quietly(self.inbox.run_once))
        self.jobs.every("expire", HOURLY, _quietly(self.inbox.expire))
        self.jobs.every("log", HOURLY, _quietly(self.gate.expire_log))
        self.jobs.every("forget", HOURLY, self.jobs.forget_finished)


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    transport: Transport | None = None,
    rng: random.Random | None = None,
) -> AsyncIterator[App]:
    """
    Open the database and build the services; closes what it opened.

    Args:
        clock, transport, rng: The machine's, unless a test brings its own.
    Raises:
        Misconfigured: no token, a wrong setting, a database that cannot be written.
    """
    _ = settings.token  # before anything is opened: the commonest mistake has the shortest way
    async with AsyncExitStack() as stack:
        database = Database.at(settings.database_url.get_secret_value())
        stack.push_async_callback(database.close)
        await migrate(database)
        network = transport or AiohttpTransport()
        stack.push_async_callback(network.close)
        jitter = rng or random.Random()  # noqa: S311 - ids come from `kernel.ids`, not from here
        yield App(settings, database, network, clock=clock or SystemClock(), rng=jitter)


def _safety(settings: BroadcastSettings) -> Safety:
    return Safety(
        only=settings.test_subscribers if settings.test_mode else None, approval_over=settings.approval_over
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


def _consent(settings: BroadcastSettings) -> Consent:
    return Consent(
        terms=bool(settings.terms),
        cap=settings.frequency_cap,
        cap_days=settings.frequency_days,
        quiet_from=settings.quiet_from,
        quiet_to=settings.quiet_to,
        zone=settings.time_zone,
        categories=settings.categories,
        unsubscribe_row=settings.unsubscribe_row,
    )


def _worker_name() -> str:
    """Whose leases these are: readable, and new with every start."""
    return f"{socket.gethostname()}:{os.getpid()}:{ids.opaque()}"


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _quietly(run_once: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        await run_once()

    return tick
