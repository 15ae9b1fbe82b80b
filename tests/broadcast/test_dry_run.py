"""What a campaign would do, and what all campaigns came to: counted on both databases."""

from broadcast.stage import BOT, Stage, people
from gatecrier.broadcast.model import CampaignState, DeliveryState, Options, Text
from gatecrier.kernel.errors import PeerGone
from gatecrier.registry.model import SuppressionReason
from gatecrier.storage.database import Database


async def test_a_dry_run_foretells_what_a_run_then_does(database: Database) -> None:
    """Audience, exclusions by reason and the time; the ledger of the real run agrees."""
    stage = Stage(database)
    await stage.subscribe(50)
    await stage.suppress(people(1, 2, 3))
    await stage.suppress(people(4), SuppressionReason.BANNED)
    campaign = await stage.broadcast.create(BOT, "news", Text(text="x"), actor="cli")
    told = await stage.broadcast.dry_run(campaign.id)
    assert (told.audience, told.reachable, told.excluded) == (50, 46, {"stopped": 3, "banned": 1})
    assert told.seconds == 46 / 25
    assert (told.last, told.repeated) == (None, 0)
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender().run_once()
    tally = await stage.check_laws(campaign)
    assert (tally.audience, tally.of(DeliveryState.SENT), tally.suppressed) == (50, 46, told.excluded)


async def test_a_dry_run_counts_who_got_the_last_campaign(database: Database) -> None:
    """A test of ten people before: ten of the reachable would get a second message."""
    stage = Stage(database)
    await stage.subscribe(30)
    first = await stage.begin(Options(only=tuple(people(*range(1, 11)))))
    await stage.sender().run_once()
    await stage.suppress(people(1))
    campaign = await stage.broadcast.create(BOT, "news", Text(text="x"), actor="cli")
    told = await stage.broadcast.dry_run(campaign.id)
    assert told.last is not None
    assert (told.last.id, told.repeated) == (first.id, 9)


async def test_statistics_add_up_over_campaigns(database: Database) -> None:
    """Totals, the share that arrived, and the commonest errors first."""
    stage = Stage(database)
    await stage.subscribe(20)
    stage.telegram.answer(people(1, 2), PeerGone("x", code="forbidden"))
    stage.telegram.answer(people(3), PeerGone("x", code="blocked"))
    for _ in range(2):
        await stage.begin(Options(canary=0))
        await stage.sender().run_once()
    await stage.broadcast.create(BOT, "draft", Text(text="x"), actor="cli")
    found = await stage.broadcast.statistics(BOT)
    assert found.campaigns == {CampaignState.FINISHED: 2, CampaignState.DRAFT: 1}
    assert found.deliveries[DeliveryState.SENT] == 17 + 19
    assert list(found.errors.items()) == [("forbidden", 2), ("blocked", 1)]
    assert found.success == 36 / 39
    assert found.mean_seconds is not None
    assert (await stage.broadcast.statistics(8)).success is None


async def test_a_dry_run_tells_the_cost(sqlite_database: Database) -> None:
    """Ten messages a Star, and never more than the budget; nothing for a free campaign."""
    stage = Stage(sqlite_database)
    await stage.subscribe(45)
    costs = []
    for options in (Options(), Options(paid=True, stars=100), Options(paid=True, stars=3)):
        campaign = await stage.broadcast.create(BOT, "x", Text(text="x"), actor="cli", options=options)
        costs.append((await stage.broadcast.dry_run(campaign.id)).stars)
    assert costs == [0, 5, 3]
