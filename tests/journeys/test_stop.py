"""Starting and stopping: a process ends when told, and leaves nothing that the next one does not find."""

import asyncio
from pathlib import Path

import pytest

from gatecrier.app import build
from gatecrier.kernel.settings import load
from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.world.faults import Fault, FaultKind
from journeys.conftest import fast, running, until

pytestmark = pytest.mark.story


async def test_a_stop_during_start_is_heard(tmp_path: Path) -> None:
    """A Telegram that hangs must not keep a process from ending."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("slow_bot")
        sandbox.world.faults.add(Fault(FaultKind.DELAY, method="getMe", seconds=60))
        settings = load(
            bot_token=bot.token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{tmp_path}/g.db"
        )
        async with build(settings) as app:
            task = asyncio.create_task(app.run())
            await asyncio.sleep(0)
            app.stop()
            await asyncio.wait_for(task, 5)


async def test_what_a_stop_interrupts_the_next_process_does(tmp_path: Path) -> None:
    """A person who pressed Start as the process stopped is subscribed by the next one, and greeted once."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("stop_bot")
        settings = fast(
            load(
                bot_token=bot.token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{tmp_path}/g.db"
            ),
            500,
        )
        person = sandbox.world.person("Ada")

        def greetings() -> int:
            return sandbox.world.deliveries.count(bot.id).get(person.id, 0)

        async with build(settings) as app, running(app):
            await until(lambda: app.first.poller.outage == "", "it polls")
            sandbox.world.start(person.id, bot.id)
        async with build(settings) as app, running(app):

            async def subscribed() -> bool:
                return (await app.subscribers.audience(bot.id)).total == 1

            await until(subscribed, "Ada is subscribed")
            await until(lambda: greetings() == 1, "Ada is greeted")
            await app.first.inbox.drain()
        assert greetings() == 1
