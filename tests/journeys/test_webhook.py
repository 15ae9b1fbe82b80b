"""Updates by webhook: Telegram posts, we answer when they are safe, and both directions of switching."""

import socket
from pathlib import Path

import pytest

from gatecrier.app import build
from gatecrier.kernel.errors import Misconfigured
from gatecrier.kernel.settings import Settings, load
from gatecrier_sandbox import Limits, Sandbox
from journeys.conftest import running, until
from ports import free_port

pytestmark = pytest.mark.story


def hooked(sandbox: Sandbox, token: str, path: Path, **fields: object) -> Settings:
    """Settings of a process that is reached by webhook."""
    port = free_port()
    given = {
        "public_url": f"http://127.0.0.1:{port}",
        "webhook_secret": "s3cret",
        "http_port": port,
        **fields,
    }
    return load(bot_token=token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{path}/g.db", **given)


async def test_a_group_is_gated_by_webhook(tmp_path: Path) -> None:
    """The same gate as by polling: held, freed by joining; and polling again afterwards loses nothing."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        world = sandbox.world
        bot, olga, nora = world.bot("hook_bot"), world.person("Olga"), world.person("Nora")
        group, channel = world.chat("supergroup", "Readers"), world.chat("channel", "Daily", username="daily")
        for chat in (group, channel):
            world.set_member(chat.id, olga.id, "creator")
            world.set_member(chat.id, bot.id, "administrator")
        world.join(group.id, nora.id)

        def writes(person: int) -> bool:
            return "can_send_messages" in world.allowed(group.id, person)

        async with build(hooked(sandbox, bot.token, tmp_path)) as app, running(app):
            await until(lambda: bool(world.bots[bot.id].webhook), "the webhook is set")
            world.say(group.id, olga.id, "/protect @daily")
            await until(lambda: app.first.gate.gates.get(group.id) is not None, "the group is protected")
            world.say(group.id, nora.id, "hello")
            await until(lambda: not writes(nora.id), "Nora is held")
        world.join(channel.id, nora.id)
        polled = load(
            bot_token=bot.token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{tmp_path}/g.db"
        )
        async with build(polled) as app, running(app):
            await until(lambda: writes(nora.id), "Nora is free")


async def test_without_a_secret_nothing_starts(tmp_path: Path) -> None:
    """Attack 5: the remedy is named, and no port is opened."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("hook_bot")
        async with build(hooked(sandbox, bot.token, tmp_path, webhook_secret="")) as app:
            with pytest.raises(Misconfigured, match="GATECRIER_WEBHOOK_SECRET"):
                await app.run()
            assert bot.webhook is None


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Two processes on one port: the second says so."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("hook_bot")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = int(taken.getsockname()[1])
            async with build(hooked(sandbox, bot.token, tmp_path, http_port=port)) as app:
                with pytest.raises(Misconfigured, match="GATECRIER_HTTP_PORT"):
                    await app.run()
