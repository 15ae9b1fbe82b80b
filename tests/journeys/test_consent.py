"""Consent as a subscriber lives it: terms, a campaign, its last button, settings, and being forgotten."""

from pathlib import Path

import pytest

from gatecrier.broadcast.model import CampaignState, DeliveryState, Options, Tally, Text
from journeys.conftest import Stage, staged, until
from journeys.test_operator import Desk, labels

pytestmark = pytest.mark.story


async def sent(stage: Stage, text: str) -> Tally:
    """A campaign about news, to its end."""
    broadcast, bot = stage.app.broadcast, stage.bot.id
    options = Options(canary=0, track=True)
    campaign = await broadcast.create(
        bot, text, Text(text=text), actor="cli", category="news", options=options
    )
    await broadcast.start(campaign.id, actor="cli")

    async def is_over() -> bool:
        return (await broadcast.get(campaign.id)).state is CampaignState.FINISHED

    await until(is_over, f"{text} is over")
    return (await broadcast.progress(campaign.id)).tally


async def test_from_the_terms_to_the_erasure(tmp_path: Path) -> None:
    """Nothing before the terms are accepted, nothing of what was opted out of, nothing once erased."""
    async with staged(f"sqlite:///{tmp_path}/g.db", terms="Be <kind>.", categories=("news",)) as stage:
        ada = Desk(stage, stage.sandbox.world.person("Ada").id)
        stage.sandbox.world.start(ada.person, stage.bot.id)
        await until(lambda: len(ada.messages()) == 1, "the terms")
        (terms,) = ada.messages()
        assert "Be <kind>." in terms.text
        assert (await sent(stage, "one")).suppressed == {"no_terms": 1}
        assert await ada.press(terms, "✅ I agree") == "Thank you."
        assert (await sent(stage, "two")).of(DeliveryState.SENT) == 1
        assert labels(ada.messages()[-1]) == ["Unsubscribe from news"]
        assert "no more of: news" in await ada.press(ada.messages()[-1], "Unsubscribe from news")
        assert (await sent(stage, "three")).suppressed == {"opted_out": 1}
        settings = await ada.say("/settings")
        await ada.press(settings, "✗ news")
        await until(lambda: "✓ news" in labels(settings), "the switch")
        assert (await sent(stage, "four")).of(DeliveryState.SENT) == 1
        privacy = await ada.say("/privacy")
        await ada.press(privacy, "🗑 Erase me")
        assert await ada.press(privacy, "Yes, erase me") == "Erased."
        campaign = await stage.app.broadcast.create(stage.bot.id, "5", Text(text="5"), actor="cli")
        assert (await stage.app.broadcast.dry_run(campaign.id)).audience == 0
        report = "".join([piece async for piece in stage.app.broadcast.report(2)])
        assert str(ada.person) not in report
