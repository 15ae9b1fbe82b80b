"""Subscribers from outside: Start, Stop and blocking, as the sandbox tells them."""

import pytest

from journeys.conftest import Stage, until

pytestmark = pytest.mark.story


def written_to(stage: Stage, person: int) -> list[str]:
    dialog = stage.bot.dialogs[person]
    return [one.text for one in dialog.messages.values() if one.sender_id == stage.bot.id]


async def eligible(stage: Stage) -> int:
    return (await stage.app.subscribers.audience(stage.bot.id)).eligible


async def test_start_greets_and_subscribes_stop_says_goodbye(stage: Stage) -> None:
    """Who comes is greeted by name, escaped; who stops is told how to come back."""
    world = stage.sandbox.world
    person = world.person("<b>Ada")
    world.start(person.id, stage.bot.id, "ad7")
    await until(lambda: len(written_to(stage, person.id)) == 1, "the greeting")
    assert "<b>Ada" in written_to(stage, person.id)[0]
    assert await eligible(stage) == 1
    world.say(stage.bot.id, person.id, "/stop")
    await until(lambda: len(written_to(stage, person.id)) == 2, "the goodbye")
    assert await eligible(stage) == 0


async def test_a_start_from_before_we_ran_subscribes_without_a_late_greeting(stage: Stage) -> None:
    """After an outage nobody is written to for a Start they pressed long ago."""
    stage.sandbox.world.subscribers(stage.bot.id, 20, started_ago=3600)

    async def all_there() -> bool:
        return await eligible(stage) == 20

    await until(all_there, "all are subscribed")
    assert stage.sandbox.world.deliveries.count(stage.bot.id) == {}


async def test_blocking_suppresses_and_coming_back_lifts_it(stage: Stage) -> None:
    """Telegram tells of a block; pressing Start again ends it."""
    world = stage.sandbox.world
    person = world.person("Ada")
    world.start(person.id, stage.bot.id)

    async def counts(wanted: int) -> bool:
        return await eligible(stage) == wanted

    await until(lambda: counts(1), "Ada subscribed")
    world.block(person.id, stage.bot.id)
    await until(lambda: counts(0), "Ada is suppressed")
    world.start(person.id, stage.bot.id)
    await until(lambda: counts(1), "Ada is back")
