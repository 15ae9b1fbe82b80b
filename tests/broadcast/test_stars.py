"""Paid campaigns: what they may cost is known, kept to, and looked for before anything leaves."""

import pytest

from broadcast.stage import BOT, Stage, ended, people
from gatecrier.broadcast.model import Album, CampaignState, DeliveryState, Options, Text, UnknownPolicy
from gatecrier.broadcast.stars import FRESH
from gatecrier.kernel.errors import Misconfigured, OutcomeUnknown, PeerGone, Refused, TryLater
from gatecrier.storage.database import Database

S = DeliveryState
PAID = Options(canary=0, paid=True, stars=6)
SHORT = "The bot has 5 Stars, and this may cost 6."


@pytest.fixture
async def stage(database: Database) -> Stage:
    """A bot with 60 subscribers: six Stars."""
    stage = Stage(database)
    await stage.subscribe(60)
    return stage


async def test_a_campaign_that_the_bot_cannot_pay_for_does_not_begin(stage: Stage) -> None:
    """It stays a draft, with the remedy; once there are Stars it starts."""
    stage.telegram.stars = [5]
    draft = await stage.broadcast.create(BOT, "news", Text(text="Hello"), actor="cli", options=PAID)
    with pytest.raises(Refused, match=SHORT) as caught:
        await stage.broadcast.start(draft.id, actor="cli")
    assert (caught.value.field, caught.value.code) == ("stars", "no_stars")
    assert (await stage.broadcast.get(draft.id)).state is CampaignState.DRAFT
    stage.telegram.stars = [6]
    await stage.broadcast.start(draft.id, actor="cli")
    await stage.sender().run()
    assert (await ended(stage, draft)).of(S.SENT) == 60


async def test_a_campaign_needs_no_more_stars_than_its_budget(stage: Stage) -> None:
    """Two Stars are enough for one that may cost two, whatever the audience."""
    stage.telegram.stars = [2]
    campaign = await stage.begin(Options(canary=0, paid=True, stars=2))
    await stage.sender().run()
    assert (await stage.broadcast.get(campaign.id)).cause == "Its 2 Stars may be spent."
    assert stage.telegram.got.total() == 20


async def test_a_free_campaign_asks_for_no_stars(stage: Stage) -> None:
    """A bot in debt sends at the free rate as ever."""
    stage.telegram.stars = [-3]
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_a_campaign_whose_stars_went_elsewhere_pauses_and_says_so(stage: Stage) -> None:
    """Looked at when its sender begins; it cannot be resumed before the bot has enough."""
    stage.telegram.stars = [6, 5]
    campaign = await stage.begin(PAID)
    await stage.sender().run()
    paused = await stage.broadcast.get(campaign.id)
    assert (paused.state, paused.cause) == (CampaignState.PAUSED, SHORT)
    assert not stage.telegram.got
    with pytest.raises(Refused, match="5 Stars"):
        await stage.broadcast.resume(campaign.id, actor="cli")
    stage.telegram.stars = [6]
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w2").run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_stars_that_go_elsewhere_meanwhile_are_missed(database: Database) -> None:
    """The balance is looked at again while a campaign sends; what was sent is not needed twice."""
    stage = Stage(database, latency=FRESH / 3)
    await stage.subscribe(60)
    stage.telegram.stars = [6, 6, 1]
    campaign = await stage.begin(Options(canary=0, paid=True, stars=6, window=5))
    await stage.sender().run()
    paused = await stage.broadcast.get(campaign.id)
    assert paused.state is CampaignState.PAUSED
    assert paused.cause.startswith("The bot has 1 Stars")
    assert 0 < stage.telegram.got.total() < 60


async def test_a_balance_that_nobody_tells_holds_nothing_up(stage: Stage) -> None:
    """The stop-loss holds all the same."""
    stage.telegram.stars = [TryLater("down")]
    campaign = await stage.begin(PAID)
    await stage.sender().run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_a_bot_without_stars_pauses_its_campaign(stage: Stage) -> None:
    """Telegram's own words are the cause, and no recipient is held for failed."""
    stage.telegram.error = Misconfigured("BALANCE_TOO_LOW", code="no_stars", remedy="Top up.")
    campaign = await stage.begin(PAID)
    await stage.sender().run()
    paused = await stage.broadcast.get(campaign.id)
    assert (paused.state, paused.cause) == (CampaignState.PAUSED, "BALANCE_TOO_LOW Top up.")
    stage.telegram.error = None
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w2").run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_a_refusal_nobody_has_seen_pauses_what_is_paid(stage: Stage) -> None:
    """The canary meets it; whom it met are failed and can be retried, a free campaign would go on."""
    stage.telegram.answer(people(1), Refused("SOMETHING_ABOUT_PAYING", code="unknown_400"))
    free = await stage.begin(Options(canary=0))
    await stage.sender().run()
    assert (await ended(stage, free)).failed == {"unknown_400": 1}
    stage.telegram.got.clear()
    stage.telegram.answer(people(1), Refused("SOMETHING_ABOUT_PAYING", code="unknown_400"))
    campaign = await stage.begin(Options(canary=1, paid=True, stars=6))
    await stage.sender("w2").run()
    paused = await stage.broadcast.get(campaign.id)
    told = "Telegram refuses what is to be paid for: SOMETHING_ABOUT_PAYING"
    assert (paused.state, paused.cause) == (CampaignState.PAUSED, told)
    assert not stage.telegram.got
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w3").run()
    assert (await ended(stage, campaign)).of(S.SENT) == 59


async def test_what_is_sent_again_costs_again(stage: Stage) -> None:
    """Doubtful messages may have been paid for: sending them again spends what is left, and no more."""
    stage.telegram.answer(people(*range(1, 11)), OutcomeUnknown("?"))
    stage.telegram.answer(people(*range(11, 21)), PeerGone("?", code="cannot_write_to_person"))
    campaign = await stage.begin(PAID)
    await stage.sender().run()
    assert (await ended(stage, campaign)).of(S.UNKNOWN, S.FAILED) == 20
    await stage.broadcast.resend_unknown(campaign.id, actor="cli")
    await stage.sender("w2").run()
    paused = await stage.broadcast.get(campaign.id)
    assert (paused.state, paused.cause) == (CampaignState.PAUSED, "Its 6 Stars may be spent.")
    assert stage.telegram.got.total() == 40
    await stage.broadcast.allow_stars(campaign.id, 7, actor="cli")
    await stage.broadcast.retry_failed(campaign.id, actor="cli")
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w3").run()
    assert (await stage.broadcast.get(campaign.id)).cause == "Its 7 Stars may be spent."
    assert stage.telegram.got.total() == 50
    await stage.check_laws(campaign)


async def test_several_messages_at_once_cannot_be_paid_for(stage: Stage) -> None:
    """copyMessages has no allow_paid_broadcast: told when the campaign is made, not by its canary."""
    album = Album(from_chat_id=1, message_ids=(5, 6))
    with pytest.raises(Refused, match="at the free rate only") as caught:
        await stage.broadcast.create(BOT, "news", album, actor="cli", options=PAID)
    assert caught.value.field == "stars"


async def test_a_paid_campaign_is_not_sent_at_least_once(stage: Stage) -> None:
    """Repetitions by itself would cost what nobody allowed."""
    options = Options(paid=True, stars=1, unknown=UnknownPolicy.AT_LEAST_ONCE)
    with pytest.raises(Refused) as caught:
        await stage.broadcast.create(BOT, "news", Text(text="Hello"), actor="cli", options=options)
    assert caught.value.field == "unknown"
