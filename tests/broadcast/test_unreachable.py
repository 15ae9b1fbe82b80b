"""An unknown 403 never unsubscribes anybody; three campaigns in a row that end so are believed."""

import pytest

from broadcast.stage import BOT, PERSON, Stage, ended
from gatecrier.broadcast import rules
from gatecrier.broadcast.model import DeliveryState, Options
from gatecrier.kernel.errors import PeerGone
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database

ANN = PERSON + 1
SENT, FAILED = DeliveryState.SENT, DeliveryState.FAILED


@pytest.fixture
async def stage(database: Database) -> Stage:
    """A bot with two subscribers."""
    stage = Stage(database)
    await stage.subscribe(2)
    return stage


async def campaigns(stage: Stage, count: int, *, refused: bool = True) -> dict[str, int]:
    """So many campaigns, in each of which Ann is refused; who must not be messaged afterwards."""
    if refused:
        stage.telegram.answer([ANN], *(PeerGone("?", code=rules.SOFT) for _ in range(count)))
    for _ in range(count):
        stage.telegram.got.clear()
        campaign = await stage.begin(Options(canary=0))
        await stage.sender().run()
        await ended(stage, campaign)
    return (await Subscribers(stage.database).audience(BOT)).suppressed


async def test_the_third_campaign_in_a_row_is_believed(stage: Stage) -> None:
    """Two are nothing; of the third on, nobody is tried in vain any more."""
    assert await campaigns(stage, 2) == {}
    assert await campaigns(stage, 1) == {"unreachable": 1}
    assert await campaigns(stage, 1, refused=False) == {"unreachable": 1}
    assert ANN not in stage.telegram.got


async def test_a_message_that_arrives_in_between_begins_anew(stage: Stage) -> None:
    """What passed by itself is not held against anybody."""
    await campaigns(stage, 2)
    assert await campaigns(stage, 1, refused=False) == {}
    assert await campaigns(stage, 2) == {}
    assert await campaigns(stage, 1) == {"unreachable": 1}


async def test_whoever_writes_is_tried_three_times_more(stage: Stage) -> None:
    """Any message shows that they can be reached; it is the only way back besides /start."""
    assert await campaigns(stage, 3) == {"unreachable": 1}
    await Subscribers(stage.database).wrote(BOT, ANN, at=stage.clock.now())
    assert await campaigns(stage, 2) == {}
    assert await campaigns(stage, 1) == {"unreachable": 1}


async def test_other_failures_do_not_count(stage: Stage) -> None:
    """A reason that is known has a rule of its own."""
    stage.telegram.answer([ANN], *(PeerGone("?", code="migrated") for _ in range(3)))
    assert await campaigns(stage, 3, refused=False) == {}


@pytest.mark.parametrize(
    ("newest_first", "given_up"),
    [
        ([], False),
        ([FAILED] * 2, False),
        ([FAILED] * 3, True),
        ([FAILED] * 4, False),
        ([FAILED] * 6, True),
        ([FAILED, FAILED, SENT, FAILED], False),
        ([SENT, FAILED, FAILED, FAILED], False),
        ([FAILED, FAILED, FAILED, SENT], True),
    ],
)
def test_every_third_refusal_in_a_row_gives_up(newest_first: list[DeliveryState], given_up: bool) -> None:
    """Counted from the last message that arrived."""
    assert rules.is_given_up(newest_first) is given_up
