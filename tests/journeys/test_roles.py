"""Web and worker processes on one PostgreSQL: one gate and one sender, whoever of them lives."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from gatecrier.app import App, build
from gatecrier.broadcast.model import CampaignState, DeliveryState
from gatecrier.gate.model import Reason
from gatecrier.kernel.errors import Conflict, Misconfigured
from gatecrier.kernel.settings import Role, Settings, load
from gatecrier.registry.instances import Instances
from gatecrier.registry.store import received_updates
from gatecrier.storage.database import Database
from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.world.model import Bot as SandboxBot
from journeys.conftest import begin_campaign, fast, is_card, running, until
from ports import free_port

pytestmark = pytest.mark.story

on_postgres = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
KEY = "k" * 32
AUDIENCE = 600
MESSAGE = "Once, whoever sends it"


@dataclass
class Deployment:
    """A sandbox, and the settings that all processes share."""

    sandbox: Sandbox
    bot: SandboxBot
    settings: Settings

    @asynccontextmanager
    async def process(self, role: Role) -> AsyncIterator[App]:
        """One process at work for the length of the block."""
        async with build(self.settings) as app, running(app, role):
            await until(lambda: app.homes is not None, "it works")
            yield app


@pytest.fixture
async def deployment(database: Database) -> AsyncIterator[Deployment]:
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot, port = sandbox.world.bot("hook_bot"), free_port()
        settings = load(
            bot_token=bot.token,
            telegram_api_url=sandbox.url,
            database_url=database.url.render_as_string(hide_password=False),
            public_url=f"http://127.0.0.1:{port}",
            http_port=port,
            webhook_secret="s3cret",
            secret_key=KEY,
        )
        yield Deployment(sandbox, bot, fast(settings, 500))


@on_postgres
async def test_a_web_process_judges_from_memory_and_a_worker_acts(deployment: Deployment) -> None:
    """A member costs no row; the home mutes a stranger; whoever leaves is known in front at once."""
    world, bot = deployment.sandbox.world, deployment.bot
    olga, mia, nora = world.person("Olga"), world.person("Mia"), world.person("Nora")
    group, channel = world.chat("supergroup", "Readers"), world.chat("channel", "Daily", username="daily")
    for chat in (group, channel):
        world.set_member(chat.id, olga.id, "creator")
        world.set_member(chat.id, bot.id, "administrator")
    for person in (mia, nora):
        world.join(group.id, person.id)
    world.join(channel.id, mia.id)

    def writes(person: int) -> bool:
        return "can_send_messages" in world.allowed(group.id, person)

    async with deployment.process(Role.WEB) as web, deployment.process(Role.WORKER) as worker:
        await until(lambda: bool(bot.webhook), "the webhook is set")
        world.say(group.id, olga.id, "/protect @daily")
        await until(lambda: web.first.gate.gates.get(group.id) is not None, "the front knows the gate")
        world.say(group.id, nora.id, "hello")
        await until(lambda: not writes(nora.id), "the home mutes Nora")
        world.say(group.id, mia.id, "hello")
        await until(lambda: worker.first.gate.decisions().get(Reason.MEMBER, 0) == 1, "the home asks once")
        await worker.first.gate.save_standings()
        await web.first.look_around()
        kept = await _kept(worker)
        for number in range(5):
            world.say(group.id, mia.id, f"again {number}")
        await until(lambda: web.first.gate.decisions().get(Reason.MEMBER, 0) == 5, "the front lets them pass")
        assert await _kept(worker) == kept
        world.leave(channel.id, mia.id)
        await until(lambda: not writes(mia.id), "the home mutes Mia")
        await until(lambda: not web.first.gate.glance(group.id, mia.id), "the front knows, by a bell")
        assert _homes(web) == set()
        assert _homes(worker) == {bot.id}
    cards = [one for one in world.chats[group.id].messages.values() if is_card(one)]
    assert len(cards) <= 1


@on_postgres
async def test_two_workers_share_the_bots_and_each_campaign_is_sent_once(deployment: Deployment) -> None:
    """Each bot finds a home; when a worker leaves, the other goes on with its campaigns."""
    sandbox = deployment.sandbox
    bots = [deployment.bot, sandbox.world.bot("second_bot"), sandbox.world.bot("third_bot")]
    polling = Deployment(sandbox, deployment.bot, deployment.settings.model_copy(update={"public_url": ""}))
    async with build(polling.settings) as idle:
        for bot in bots[1:]:
            await idle.bots.add(bot.token, username=f"bot_{bot.id}", actor="test")
        async with polling.process(Role.WORKER) as first:
            async with polling.process(Role.WORKER) as second:
                await until(
                    lambda: (
                        bool(_homes(first) and _homes(second)) and len(_homes(first) | _homes(second)) == 3
                    ),
                    "both have bots",
                )
                campaigns = {
                    bot.id: await begin_campaign(idle, sandbox, bot.id, MESSAGE, people=AUDIENCE)
                    for bot in bots
                }
                await until(
                    lambda: all(len(_received(sandbox, bot)) > 50 for bot in bots), "every bot's has begun"
                )
            await until(lambda: _homes(first) == campaigns.keys(), "the first is the home of all")
            for campaign_id in campaigns.values():
                await until(partial(_ended, idle, campaign_id), "the campaign ends")
        for bot in bots:
            tally = (await idle.broadcast.progress(campaigns[bot.id])).tally
            assert tally.of(DeliveryState.SENT) == tally.audience == AUDIENCE
            assert Counter(_received(sandbox, bot).values()) == {1: AUDIENCE}


async def test_a_sqlite_file_serves_one_process(tmp_path: Path) -> None:
    """A role that needs several processes, and a second process, are refused with the reason."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("one_bot")
        url = f"sqlite:///{tmp_path}/g.db"
        settings = load(bot_token=bot.token, telegram_api_url=sandbox.url, database_url=url)
        async with build(settings) as app:
            with pytest.raises(Misconfigured, match="GATECRIER_DATABASE_URL"):
                await app.run(Role.WORKER)
            other = replace(app.instances.me, id="other", pid=os.getppid(), seen_at=app.clock.now())
            await Instances(app.database, app.clock, other).beat()
            with pytest.raises(Conflict, match=f"Process {os.getppid()} works with this database"):
                await app.run()


def _homes(app: App) -> set[int]:
    return app.homes.at_home if app.homes else set()


def _received(sandbox: Sandbox, bot: SandboxBot) -> dict[int, int]:
    return sandbox.world.deliveries.count(bot.id, text=MESSAGE)


async def _ended(app: App, campaign_id: int) -> bool:
    return (await app.broadcast.get(campaign_id)).state is CampaignState.FINISHED


async def _kept(app: App) -> int:
    async with app.database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(received_updates)) or 0
