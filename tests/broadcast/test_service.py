"""What an operator is told, and that every change is on record."""

import pytest
import sqlalchemy as sa

from broadcast.stage import BOT, Stage, ended, people
from gatecrier.broadcast.model import CampaignState, Copy, DeliveryState, Options, Text, UnknownPolicy
from gatecrier.broadcast.service import Broadcast, Safety
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Conflict, NotFound, OutcomeUnknown, PeerGone, Refused
from gatecrier.registry.store import audit_log
from gatecrier.storage.database import Database


@pytest.fixture
async def stage(sqlite_database: Database, clock: FakeClock) -> Stage:
    """A bot with 20 subscribers, and a clock that moves when told."""
    stage = Stage(sqlite_database, clock)
    await stage.subscribe(20)
    return stage


async def test_a_campaign_is_read_back_as_it_was_made(database: Database, clock: FakeClock) -> None:
    """Content and options survive both databases."""
    stage = Stage(database, clock)
    options = Options(canary=3, unknown=UnknownPolicy.AT_LEAST_ONCE, window=9, only=(5, 6))
    content = Copy(from_chat_id=-100, message_id=7, silent=True)
    made = await stage.broadcast.create(BOT, " news ", content, actor="cli", options=options)
    assert made == await stage.broadcast.get(made.id)
    assert (made.name, made.content, made.options, made.state) == ("news", content, options, "draft")


async def test_a_request_that_comes_twice_makes_one_campaign(database: Database, clock: FakeClock) -> None:
    """The same key gives the same campaign, and never another content under its name."""
    stage = Stage(database, clock)
    first = await stage.broadcast.create(BOT, "news", Text(text="x"), actor="api", key="k1")
    again = await stage.broadcast.create(BOT, "news", Text(text="x"), actor="api", key="k1")
    assert again == first
    with pytest.raises(Conflict, match=f"made campaign {first.id}"):
        await stage.broadcast.create(BOT, "news", Text(text="y"), actor="api", key="k1")
    other = await stage.broadcast.create(8, "news", Text(text="y"), actor="api", key="k1")
    assert other.id != first.id


async def test_a_large_audience_needs_a_second_yes(stage: Stage) -> None:
    """Nobody starts alone what reaches more than the deployment allows; nobody approves their own."""
    careful = Broadcast(stage.database, clock=stage.clock, jobs=stage.jobs, safety=Safety(approval_over=19))
    campaign = await careful.create(BOT, "news", Text(text="x"), actor="person:1")
    assert await careful.needs_approval(campaign.id)
    with pytest.raises(Conflict, match="second operator"):
        await careful.start(campaign.id, actor="person:1")
    assert (await careful.get(campaign.id)).state is CampaignState.DRAFT
    with pytest.raises(Conflict, match="cannot approve"):
        await careful.approve(campaign.id, actor="person:1")
    await careful.approve(campaign.id, actor="person:2")
    assert (await careful.start(campaign.id, actor="person:1")).approved_by == "person:2"


async def test_a_small_audience_needs_none(stage: Stage) -> None:
    """Twenty are not more than twenty."""
    careful = Broadcast(stage.database, clock=stage.clock, jobs=stage.jobs, safety=Safety(approval_over=20))
    campaign = await careful.create(BOT, "news", Text(text="x"), actor="person:1")
    assert not await careful.needs_approval(campaign.id)
    await careful.start(campaign.id, actor="person:1")


async def test_test_mode_reaches_the_listed_alone(stage: Stage) -> None:
    """Whatever its maker asked for; and a list that names nobody reaches nobody, not everybody."""
    testing = Broadcast(stage.database, clock=stage.clock, jobs=stage.jobs, safety=Safety(only=(5001,)))
    campaign = await testing.create(BOT, "news", Text(text="x"), actor="cli", options=Options(only=(5002,)))
    assert campaign.options.only == (5001,)
    nobody = Broadcast(stage.database, clock=stage.clock, jobs=stage.jobs, safety=Safety(only=()))
    with pytest.raises(Refused, match="names nobody"):
        await nobody.create(BOT, "news", Text(text="x"), actor="cli")


async def test_a_wrong_draft_is_not_kept(stage: Stage) -> None:
    """What is refused leaves no trace."""
    with pytest.raises(Refused):
        await stage.broadcast.create(BOT, "news", Text(text=""), actor="cli")
    assert await stage.broadcast.list() == []


async def test_start_wakes_the_sender_of_the_bot(stage: Stage) -> None:
    """The wake-up belongs to the transaction of the start."""
    campaign = await stage.begin()
    assert campaign.state is CampaignState.PREPARING
    assert stage.jobs.woken == [("sender", "bot:7")]


async def test_a_bot_without_subscribers_has_nobody_to_tell(stage: Stage) -> None:
    """A start that could reach nobody is refused with what to do, and the draft stays a draft."""
    campaign = await stage.broadcast.create(8, "news", Text(text="x"), actor="cli")
    with pytest.raises(Refused, match="no subscribers"):
        await stage.broadcast.start(campaign.id, actor="cli")
    assert (await stage.broadcast.get(campaign.id)).state is CampaignState.DRAFT


async def test_what_cannot_be_done_now_says_what_is(stage: Stage) -> None:
    """A conflict names the state, an unknown number is not found."""
    campaign = await stage.begin()
    with pytest.raises(Conflict, match=r"is preparing: it cannot start now"):
        await stage.broadcast.start(campaign.id, actor="cli")
    with pytest.raises(NotFound, match="no campaign 99"):
        await stage.broadcast.pause(99, actor="cli")
    with pytest.raises(NotFound):
        await anext(stage.broadcast.report(99))


async def test_every_change_is_on_record(stage: Stage) -> None:
    """The audit log says who did what, what the campaign did by itself included."""
    campaign = await stage.begin()
    await stage.broadcast.pause(campaign.id, actor="person:42")
    await stage.broadcast.resume(campaign.id, actor="person:42")
    await stage.broadcast.cancel(campaign.id, actor="person:43")
    async with stage.database.read() as connection:
        rows = await connection.execute(sa.select(audit_log.c.actor, audit_log.c.action))
    assert [tuple(row) for row in rows] == [
        ("cli", "campaign.create"),
        ("cli", "campaign.start"),
        ("person:42", "campaign.pause"),
        ("person:42", "campaign.resume"),
        ("person:43", "campaign.cancel"),
    ]


async def test_pauses_do_not_count_as_time_spent(stage: Stage) -> None:
    """Elapsed is the time it was sending."""
    campaign = await stage.begin()
    await stage.clock.advance(10)
    await stage.broadcast.pause(campaign.id, actor="cli")
    await stage.clock.advance(1000)
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.clock.advance(5)
    assert (await stage.broadcast.progress(campaign.id)).elapsed == 15


async def test_campaigns_are_listed_newest_first_and_by_page(stage: Stage) -> None:
    """A list of thousands can be walked."""
    made = [(await stage.broadcast.create(BOT, "n", Text(text="x"), actor="cli")).id for _ in range(3)]
    assert [c.id for c in await stage.broadcast.list(BOT, limit=2)] == [made[2], made[1]]
    assert [c.id for c in await stage.broadcast.list(BOT, before=made[1])] == [made[0]]
    assert await stage.broadcast.list(8) == []


async def test_what_failed_is_sent_again_and_nothing_else(database: Database) -> None:
    """Retry reaches those alone for whom it failed, and who may be messaged; the sums stay true."""
    stage = Stage(database)
    await stage.subscribe(10)
    stage.telegram.answer(people(2, 3, 4), PeerGone("no", code="forbidden"))
    stage.telegram.answer(people(5), OutcomeUnknown("lost"))
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run_once()
    assert (await ended(stage, campaign)).failed == {"forbidden": 3}
    await stage.suppress(people(4))
    assert await stage.broadcast.retry_failed(campaign.id, actor="cli") == 2
    await stage.sender("w2").run_once()
    tally = await ended(stage, campaign)
    assert (tally.of(DeliveryState.SENT), tally.failed, tally.of(DeliveryState.UNKNOWN)) == (
        8,
        {"forbidden": 1},
        1,
    )
    assert await stage.broadcast.resend_unknown(campaign.id, actor="cli") == 1
    await stage.sender("w3").run_once()
    assert (await ended(stage, campaign)).of(DeliveryState.SENT) == 9
    assert await stage.broadcast.retry_failed(campaign.id, actor="cli") == 0


async def test_a_running_campaign_is_not_repeated(stage: Stage) -> None:
    """What is still being sent ends first."""
    campaign = await stage.begin()
    with pytest.raises(Conflict, match="cannot repeat now"):
        await stage.broadcast.retry_failed(campaign.id, actor="cli")
