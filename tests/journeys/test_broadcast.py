"""Campaigns from outside: what the ledger says and what the sandbox delivered are the same."""

import csv
import io

import pytest

from gatecrier.broadcast.model import CampaignState, DeliveryState, Media, MediaKind, Options, Progress, Text
from gatecrier.kernel.errors import Conflict, Refused
from gatecrier_sandbox import Limits
from gatecrier_sandbox.world.calls import CallFilter
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.settings import STAR
from journeys.conftest import Stage, until

pytestmark = pytest.mark.story

MESSAGE = "Hello, subscriber"


async def subscribe(stage: Stage, count: int, *, blocked: float = 0, deactivated: float = 0) -> None:
    """More people who pressed Start ten minutes ago."""
    before = (await stage.app.subscribers.audience(stage.bot.id)).total
    stage.sandbox.world.subscribers(
        stage.bot.id, count, started_ago=600, blocked=blocked, deactivated=deactivated
    )

    async def all_there() -> bool:
        return (await stage.app.subscribers.audience(stage.bot.id)).total == before + count

    await until(all_there, "everybody is subscribed")


async def send(stage: Stage) -> int:
    """A campaign that has begun."""
    campaign = await stage.app.broadcast.create(stage.bot.id, "Hello", Text(text=MESSAGE), actor="test")
    await stage.app.broadcast.start(campaign.id, actor="test")
    return campaign.id


async def ended(stage: Stage, campaign_id: int) -> Progress:
    """The campaign's numbers when nothing is open any more."""

    async def settled() -> bool:
        progress = await stage.app.broadcast.progress(campaign_id)
        return not progress.campaign.is_active and progress.tally.open == 0

    await until(settled, "the campaign has ended")
    return await stage.app.broadcast.progress(campaign_id)


def received(stage: Stage) -> dict[int, int]:
    return stage.sandbox.world.deliveries.count(stage.bot.id, text=MESSAGE)


async def test_ledger_report_and_telegram_agree(stage_on_each: Stage) -> None:
    """Sent, failed and suppressed are the same people in the ledger, the CSV and the sandbox's log."""
    stage = stage_on_each
    await subscribe(stage, 200, blocked=0.1, deactivated=0.05)
    campaign_id = await send(stage)
    progress = await ended(stage, campaign_id)
    assert progress.tally.of(DeliveryState.SENT) == 170
    assert progress.tally.failed == {"blocked": 20, "deactivated": 10}
    text = "".join([piece async for piece in stage.app.broadcast.report(campaign_id)])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {int(row["person_id"]) for row in rows if row["state"] == "sent"} == set(received(stage))
    assert set(received(stage).values()) == {1}
    assert (await stage.app.subscribers.audience(stage.bot.id)).eligible == 170


async def test_paused_means_silent_and_resumed_means_nobody_twice(stage: Stage) -> None:
    """Nothing leaves while it is paused; afterwards everybody has it once."""
    await subscribe(stage, 300)
    campaign_id = await send(stage)
    await until(lambda: len(received(stage)) >= 50, "some have it")
    await stage.app.broadcast.pause(campaign_id, actor="test")

    async def quiet() -> bool:
        tally = (await stage.app.broadcast.progress(campaign_id)).tally
        return tally.of(DeliveryState.SENDING) == 0

    await until(quiet, "calls in flight have ended")
    before = len(received(stage))
    await stage.app.reconciler.run_once()
    assert len(received(stage)) == before < 300
    await stage.app.broadcast.resume(campaign_id, actor="test")
    assert (await ended(stage, campaign_id)).tally.of(DeliveryState.SENT) == 300
    assert set(received(stage).values()) == {1}


async def test_cancelled_means_for_good(stage: Stage) -> None:
    """Who had not got it yet is counted as cancelled, and nothing brings it back."""
    await subscribe(stage, 300)
    campaign_id = await send(stage)
    await until(lambda: len(received(stage)) >= 50, "some have it")
    await stage.app.broadcast.cancel(campaign_id, actor="test")
    tally = (await ended(stage, campaign_id)).tally
    assert tally.suppressed["cancelled"] == 300 - tally.of(DeliveryState.SENT)
    assert len(received(stage)) == tally.of(DeliveryState.SENT)
    with pytest.raises(Conflict, match="cancelled"):
        await stage.app.broadcast.resume(campaign_id, actor="test")


async def test_a_paid_campaign_outruns_the_free_rate_and_keeps_to_its_stars(stage: Stage) -> None:
    """150 people at 30 a second free take four seconds and more; Stars buy the rest, none without Stars."""
    stage.sandbox.world.meter.limits = Limits(paid_balance=0)
    await subscribe(stage, 150)
    options = Options(canary=0, paid=True, stars=15)
    campaign = await stage.app.broadcast.create(
        stage.bot.id, "Hello", Text(text=MESSAGE), actor="test", options=options
    )
    with pytest.raises(Refused, match="The bot has 0 Stars, and this may cost 15"):
        await stage.app.broadcast.start(campaign.id, actor="test")
    stage.bot.nanostars = 15 * STAR
    await stage.app.broadcast.start(campaign.id, actor="test")
    progress = await ended(stage, campaign.id)
    assert progress.tally.of(DeliveryState.SENT) == 150
    assert set(received(stage).values()) == {1}
    assert 0 <= stage.bot.nanostars < 15 * STAR
    assert not stage.sandbox.world.calls.count(CallFilter(method="sendmessage", ok=False))


async def test_an_answer_that_is_lost_is_unknown_and_not_repeated(stage: Stage) -> None:
    """Telegram delivered, the answer never came: doubt is kept as doubt."""
    await subscribe(stage, 60)
    for person in sorted(stage.bot.dialogs)[20:60:15]:  # apart: three in a row would open the breaker
        stage.sandbox.world.faults.add(
            Fault(FaultKind.DROP_AFTER, method="sendMessage", chat_id=person, times=1)
        )
    tally = (await ended(stage, await send(stage))).tally
    assert tally.of(DeliveryState.UNKNOWN) == 3
    assert tally.of(DeliveryState.SENT) == 57
    assert len(received(stage)) == 60
    assert set(received(stage).values()) == {1}


async def test_a_file_telegram_rejects_stops_at_the_canary(stage: Stage) -> None:
    """What only Telegram can know to be bad is not tried on everybody."""
    await subscribe(stage, 100)
    content = Media(kind=MediaKind.PHOTO, file="AgACAgIAAxkBAAIBY2")
    campaign = await stage.app.broadcast.create(stage.bot.id, "Bad", content, actor="test")
    await stage.app.broadcast.start(campaign.id, actor="test")
    progress = await ended(stage, campaign.id)
    assert progress.campaign.state is CampaignState.FAILED
    assert "file identifier" in progress.campaign.cause
    assert progress.tally.of(DeliveryState.FAILED) <= 5
