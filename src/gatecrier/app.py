"""
The composition root: the only place that builds things and lets features meet.

`build(settings)` opens the database (migrating it), builds every service and every bot, and starts
nothing; `App.run(role)` does the work of one process until it is cancelled or `App.stop()` is called.
Tests build the same way, with a fake clock, a seeded `rng` and a transport of their own.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from gatecrier import __version__
from gatecrier.broadcast.amending.service import Amendments
from gatecrier.broadcast.clicks import Clicks, Links
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.personal import Personal
from gatecrier.broadcast.reconciler import Reconciler
from gatecrier.broadcast.segments.service import Segments
from gatecrier.broadcast.service import Broadcast, Safety
from gatecrier.broadcast.timing.service import Timing
from gatecrier.homes import Homes, lease_of
from gatecrier.hosted import HostedBot, House, cancelled
from gatecrier.kernel import ids
from gatecrier.kernel.clock import Clock, SystemClock
from gatecrier.kernel.errors import Conflict, Misconfigured, NotFound
from gatecrier.kernel.settings import BroadcastSettings, Role, Settings
from gatecrier.kernel.vault import Vault
from gatecrier.registry import inbox, store
from gatecrier.registry.bots import Bots
from gatecrier.registry.instances import Instance, Instances
from gatecrier.registry.operators import Operators
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.bells import Bells
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs
from gatecrier.storage.migrate import migrate
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.token import bot_id_of
from gatecrier.telegram.transport import AiohttpTransport, Transport
from gatecrier.ticking import every
from gatecrier.web.redirect import Redirects, front
from gatecrier.web.server import HttpServer
from gatecrier.web.webhook import Webhook, Webhooks, check_secret

log = structlog.get_logger(__name__)

EVERY_TWO_SECONDS = "* * * * * */2"
EVERY_TEN_SECONDS = "* * * * * */10"
HOURLY = "7 * * * *"
LOOK_AROUND = 10.0  # seconds between two looks at what other processes changed
JOBS_STOP = 8.0  # seconds for jobs in flight to end


class App:
    """
    One process of Gatecrier, built and idle. `run()` works; the services may be called without it.

    Attributes:
        hosted: Bot id -> the bot with everything that works for it.
    """

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
        self.jobs = Jobs(clock, database)
        self.bells = Bells(database, clock)
        self.budgets = Budgets(
            clock, per_bot=settings.broadcast.rate, per_bot_paid=settings.broadcast.paid_rate
        )
        self.gateway = Gateway(
            transport,
            self.budgets,
            clock=clock,
            rng=rng,
            api_url=settings.telegram_api_url,
            may_act=self._may_act,
        )
        self.bots = Bots(database, Vault(settings.secret_key.get_secret_value()), clock=clock)
        self.operators = Operators(settings.owner_id, settings.operator_ids)
        self.subscribers = Subscribers(database, terms=bool(settings.broadcast.terms))
        self.personal = Personal(database, clock=clock)
        self.segments = Segments(database, clock=clock, terms=bool(settings.broadcast.terms))
        self.clicks = Clicks(database, clock=clock)
        self.amendments = Amendments(database, clock=clock, jobs=self.jobs)
        calls: dict[int, Bot] = {}
        self.broadcast = Broadcast(
            database,
            clock=clock,
            jobs=self.jobs,
            safety=_safety(settings.broadcast),
            rate=settings.broadcast.rate,
            consent=_consent(settings.broadcast),
            purses=calls,
        )
        self.timing = Timing(database, self.broadcast, clock=clock)
        self.reconciler = Reconciler(database, clock=clock, jobs=self.jobs)
        self.instances = Instances(database, clock, _myself(clock, Role.ALL))
        self.house = House(
            settings=settings,
            database=database,
            clock=clock,
            rng=rng,
            worker=self.instances.me.id,
            jobs=self.jobs,
            bells=self.bells,
            budgets=self.budgets,
            gateway=self.gateway,
            broadcast=self.broadcast,
            amendments=self.amendments,
            subscribers=self.subscribers,
            personal=self.personal,
            operators=self.operators,
            clicks=self.clicks,
            links=_links(settings),
            consent=_consent(settings.broadcast),
            reconciler=self.reconciler,
            bots=calls,
        )
        self.hosted: dict[int, HostedBot] = {}
        self.homes: Homes | None = None  # while `run()` works
        self.webhooks = Webhooks()
        self._watching: dict[int, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._define_jobs()

    # Bots

    @property
    def first(self) -> HostedBot:
        """
        The bot that is meant by commands: GATECRIER_BOT, else that of GATECRIER_BOT_TOKEN, else the only one.

        Raises:
            Misconfigured: there is none, or more than one. NotFound: it is not hosted here.
        """
        if self.settings.bot:
            return self.named(self.settings.bot)
        if self._has_token:
            return self.hosted[bot_id_of(self.settings.token)]
        if len(self.hosted) > 1:
            raise Misconfigured(
                "Several bots are hosted here: which one?",
                remedy="Set GATECRIER_BOT to its id; gatecrier bot list tells.",
                field="GATECRIER_BOT",
            )
        for hosted in self.hosted.values():
            return hosted
        _ = self.settings.token  # says what to do
        raise AssertionError("a token is set, and its bot is hosted")

    def named(self, bot_id: int) -> HostedBot:
        """
        The bot of this id.

        Raises:
            NotFound: it is not hosted here.
        """
        hosted = self.hosted.get(bot_id)
        if hosted is None:
            raise NotFound(f"No bot {bot_id} is hosted here.", remedy="See: gatecrier bot list.")
        return hosted

    @property
    def _has_token(self) -> bool:
        return self.settings.bot_token is not None and bool(self.settings.bot_token.get_secret_value())

    async def renew_bots(self) -> None:
        """
        Host whom operators added, and no longer whom they removed.

        Raises:
            Misconfigured: a token cannot be opened with the keys we have.
        """
        tokens = await self.bots.tokens()
        if self._has_token:
            tokens[bot_id_of(self.settings.token)] = self.settings.token
        for bot_id, token in tokens.items():
            known = self.hosted.get(bot_id)
            if known is None or known.token != token:
                self.hosted[bot_id] = HostedBot(token, self.house)
        for bot_id in self.hosted.keys() - tokens.keys():
            del self.hosted[bot_id], self.house.bots[bot_id]
            self.webhooks.remove(bot_id)

    # One process

    async def run(self, role: Role = Role.ALL) -> None:
        """
        Do the work of this process until `stop()`: take updates, enforce gates, send campaigns.

        Raises:
            Misconfigured: only an operator can help (a wrong token, a role that needs what is not set).
            Conflict: another process works with this SQLite file.
        """
        self._check_role(role)
        self.instances.me = _myself(self.clock, role, self.instances.me)
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            starting = asyncio.create_task(self._open(role))
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                await cancelled(starting)
                return
            await self._work(role, starting.result(), stopping)
        finally:
            stopping.cancel()

    def stop(self) -> None:
        """Take nothing new; `run()` returns within ten seconds, when what is in flight has ended."""
        self._stopping.set()

    async def start(self) -> None:
        """Load what the hot path needs, and go on with what the process before us left: no loop runs."""
        for hosted in self.hosted.values():
            await hosted.move_in()

    async def _open(self, role: Role) -> HttpServer | None:
        if self._has_token or not self.hosted:
            await self.first.check()  # the commonest mistake is told at once
        if self.database.is_sqlite:
            await self._bury_the_dead()
        log.info("app.started", role=role.value, bots=len(self.hosted), instance=self.instances.me.id)
        if role is Role.WORKER or not self.settings.public_url:
            return None
        for hosted in self.hosted.values():
            await hosted.load()
        return self.serve()[0]

    async def _work(self, role: Role, http: HttpServer | None, stopping: asyncio.Task[bool]) -> None:
        homes = Homes(
            self.instances, self.hosted, clock=self.clock, works=role is not Role.WEB, failed=self._failed
        )
        self.homes = homes
        serving = asyncio.create_task(http.run()) if http else None
        jobs = asyncio.create_task(self.jobs.run()) if role is not Role.WEB else None
        others = [
            asyncio.create_task(work)
            for work in (
                homes.run(),
                self.bells.run(),
                every(LOOK_AROUND, partial(self._look_around, in_front=http is not None), clock=self.clock),
            )
        ]
        loops = [task for task in (serving, jobs, *others) if task is not None]
        try:
            done, _ = await asyncio.wait([*loops, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if http is not None and serving is not None:
                http.stop()  # an update that is being taken is answered
                await asyncio.wait([serving])
            await cancelled(*others, *self._watching.values())
            await homes.leave()
            if jobs is not None:
                await self._stop_jobs(jobs)
        for task in done - {stopping}:
            task.result()  # a loop that ended by itself has failed: say why

    async def _stop_jobs(self, jobs: asyncio.Task[None]) -> None:
        self.jobs.stop()
        await asyncio.wait([jobs], timeout=JOBS_STOP)
        await cancelled(jobs)

    async def _look_around(self, *, in_front: bool) -> None:
        """See which bots were added or removed; in front, take what Telegram posts for them."""
        await self.renew_bots()
        if not in_front:
            return
        for bot_id in self._watching.keys() - self.hosted.keys():
            self._watching.pop(bot_id).cancel()
        for bot_id, hosted in list(self.hosted.items()):
            if bot_id not in self._watching:
                await hosted.load()  # first: whoever knows no gate lets everything pass
                self._watching[bot_id] = asyncio.create_task(hosted.watch())
            self._take_webhooks(hosted)

    def _check_role(self, role: Role) -> None:
        if role is not Role.ALL and self.database.is_sqlite:
            raise Misconfigured(
                "Several processes need PostgreSQL: a SQLite file serves one.",
                remedy="Set it to postgresql://…, or run without --role.",
                field="GATECRIER_DATABASE_URL",
                code="needs_postgresql",
            )
        if role is Role.WEB and not self.settings.public_url:
            raise Misconfigured(
                "A web process takes what Telegram posts, and Telegram does not know where.",
                remedy="Set it to where Telegram reaches you, such as https://bots.example.org.",
                field="GATECRIER_PUBLIC_URL",
                code="needs_public_url",
            )
        if self.settings.public_url:
            check_secret(self.settings.webhook_secret.get_secret_value())

    async def _bury_the_dead(self) -> None:
        """
        On one machine: whose process is gone needs not be waited for.

        Raises:
            Conflict: another process works with this file.
        """
        others = [one for one in await self.instances.all() if one.id != self.instances.me.id]
        here = [one for one in others if one.host == self.instances.me.host]
        for one in here:
            if one.pid != os.getpid() and one.lives(self.clock.now()) and _runs(one.pid):
                raise Conflict(
                    f"Process {one.pid} works with this database already.",
                    remedy="Stop it first; for several processes use PostgreSQL.",
                    field="GATECRIER_DATABASE_URL",
                    code="another_process",
                )
        await self.instances.bury(here)

    def _failed(self, bot_id: int, error: Misconfigured) -> None:
        """Only an operator can help this bot; the others go on, but the only one must not fail in silence."""
        if len(self.hosted) == 1:
            raise error
        log.error("bot.misconfigured", bot_id=bot_id, code=error.code, text=error.text)

    def _may_act(self, bot_id: int) -> bool:
        """The fence: a process that was frozen must not do what its successor may have done meanwhile."""
        return self.homes is None or self.instances.holds(lease_of(bot_id))

    def serve(self) -> tuple[HttpServer, int]:
        """
        Listen, on the port that is returned; `run()` of the server answers.

        Raises:
            Misconfigured: the port is taken, or there is no secret for webhooks.
        """
        for hosted in self.hosted.values():
            self._take_webhooks(hosted)
        app = front(self.webhooks, Redirects(self.house.links, self.clicks))
        host, port = self.settings.http_host, self.settings.http_port
        server = HttpServer(app, host=host, port=port, webhooks=self.webhooks.by_path)
        port = server.open()  # before Telegram is told: what it posts is kept by the system until we serve
        return server, port

    def _take_webhooks(self, hosted: HostedBot) -> None:
        if self.settings.public_url:
            secret = self.settings.webhook_secret.get_secret_value()
            take, knows = hosted.inbox.take, hosted.gate.glance
            self.webhooks.add(Webhook(hosted.bot_id, secret, take, knows=knows))

    def _define_jobs(self) -> None:
        """Of the deployment, whatever the number of processes; what a bot's home does is in `hosted.py`."""
        self.jobs.every("amend", EVERY_TEN_SECONDS, _quietly(self.amendments.reconcile))
        self.jobs.every("reconcile", EVERY_TWO_SECONDS, _quietly(self.reconciler.run_once))
        self.jobs.every("timing", EVERY_TWO_SECONDS, _quietly(self.timing.run_once))
        self.jobs.every("expire", HOURLY, self._expire)
        self.jobs.every("forget", HOURLY, self.jobs.forget_finished)

    async def _expire(self) -> None:
        await inbox.expire(self.database, self.clock)
        await store.expire_log(self.database, now=self.clock.now())


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
        Misconfigured: a wrong setting, a database that cannot be written.
    """
    async with AsyncExitStack() as stack:
        clock = clock or SystemClock()
        database = Database.at(settings.database_url.get_secret_value(), clock.monotonic)
        stack.push_async_callback(database.close)
        await migrate(database)
        network = transport or AiohttpTransport()
        stack.push_async_callback(network.close)
        jitter = rng or random.Random()  # noqa: S311 - ids come from `kernel.ids`, not from here
        app = App(settings, database, network, clock=clock, rng=jitter)
        await app.renew_bots()
        yield app


def _safety(settings: BroadcastSettings) -> Safety:
    return Safety(
        only=settings.test_subscribers if settings.test_mode else None, approval_over=settings.approval_over
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


def _links(settings: Settings) -> Links:
    newest_key = settings.secret_key.get_secret_value().partition(",")[0]
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    return Links(newest_key or token, settings.public_url)


def _myself(clock: Clock, role: Role, before: Instance | None = None) -> Instance:
    """This process, under a name that is new with every start, and readable."""
    host, now = socket.gethostname(), clock.now()
    return Instance(
        id=before.id if before else f"{host}:{os.getpid()}:{ids.opaque()}",
        role=role.value,
        host=host,
        pid=os.getpid(),
        version=__version__,
        started_at=now,
        seen_at=now,
    )


def _runs(pid: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _quietly(run_once: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        await run_once()

    return tick
