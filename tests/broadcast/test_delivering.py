"""What one person gets: albums with what follows them, pins, and the variant that is theirs."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from broadcast.stage import PERSON, Stage, ended, make_subscriber, people, running, until
from gatecrier.broadcast.model import (
    Album,
    CampaignState,
    Delivery,
    DeliveryState,
    Media,
    MediaKind,
    Options,
    Text,
    UnknownPolicy,
    Variant,
    Variants,
)
from gatecrier.broadcast.recipients import introduce
from gatecrier.kernel.errors import OutcomeUnknown, Refused, TryLater
from gatecrier.kernel.language import FSI, PDI
from gatecrier.registry.store import SubscriberStore, subscribers
from gatecrier.storage.database import Database

S = DeliveryState
ALBUM = Album(from_chat_id=-100, message_ids=(3, 4, 6), follow_up=Text(text="Look!"))
TWICE_RATHER = Options(canary=0, unknown=UnknownPolicy.AT_LEAST_ONCE)


@pytest.fixture
async def stage(sqlite_database: Database) -> Stage:
    """A bot with 10 subscribers."""
    stage = Stage(sqlite_database)
    await stage.subscribe(10)
    return stage


async def test_an_album_is_recorded_whole(database: Database) -> None:
    """The first message, and the others beside it, its follow-up too: all can be deleted again."""
    stage = Stage(database)
    await stage.subscribe(10)
    campaign = await stage.begin(content=ALBUM)
    await stage.sender().run()
    assert (await ended(stage, campaign)).of(S.SENT) == 10
    for row in await stage.rows(campaign):
        assert row["message_id"] % 100 == 3
        assert row["more_ids"] == f"{row['message_id'] + 1},{row['message_id'] + 3},1"
        assert row["code"] == ""
    assert sorted(stage.telegram.followed) == [(person_id, "Look!") for person_id in people(*range(1, 11))]


@pytest.mark.parametrize("error", [Refused("x"), OutcomeUnknown("x"), RuntimeError("bug")])
async def test_a_follow_up_that_fails_repeats_nothing(stage: Stage, error: Exception) -> None:
    """Whatever becomes of what follows, the album has arrived: sent, with a note, even at least once."""
    stage.telegram.follow_up_errors = [error]  # type: ignore[list-item]
    campaign = await stage.begin(TWICE_RATHER, content=ALBUM)
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert (tally.of(S.SENT), tally.sent) == (10, {"follow_up_failed": 1})


async def test_a_follow_up_waits_for_its_turn(stage: Stage) -> None:
    """A rate limit puts it off, and does no more."""
    stage.telegram.follow_up_errors = [TryLater("x", retry_after=9, code="rate_limited")] * 3
    campaign = await stage.begin(content=ALBUM)
    await stage.sender().run()
    assert (await ended(stage, campaign)).sent == {}
    assert len(stage.telegram.followed) == 10


async def test_a_follow_up_never_outlives_the_lease(stage: Stage) -> None:
    """One that hangs is given up while the row is ours: nobody takes the album for doubtful."""
    stage.telegram.follows.clear()
    campaign = await stage.begin(TWICE_RATHER, content=ALBUM)
    async with running(stage.sender()) as task:
        await task
    tally = await ended(stage, campaign)
    assert (tally.of(S.SENT), tally.sent) == (10, {"follow_up_failed": 10})


async def test_a_stop_does_not_forget_what_has_arrived(stage: Stage) -> None:
    """SIGTERM while follow-ups hang: their albums are sent, not unknown."""
    stage.telegram.follows.clear()
    campaign = await stage.begin(TWICE_RATHER, content=ALBUM)
    sender = stage.sender()
    async with running(sender):
        await until(lambda: stage.telegram.got.total() == 10)
        await sender.stop()
    tally = await stage.check_laws(campaign)
    assert (tally.of(S.SENT), tally.sent) == (10, {"follow_up_failed": 10})


async def test_what_telegram_leaves_out_is_noted(stage: Stage) -> None:
    """It says nothing of messages it cannot copy: fewer ids than asked for tell."""
    stage.telegram.copyable = {3, 6}
    campaign = await stage.begin(content=ALBUM)
    await stage.sender().run()
    assert (await ended(stage, campaign)).sent == {"album_incomplete": 10}
    assert {row["more_ids"].count(",") for row in await stage.rows(campaign)} == {1}


async def test_an_album_of_which_nothing_is_left_stops_at_the_canary(stage: Stage) -> None:
    """Its messages were deleted: nobody else need find out."""
    stage.telegram.copyable = ()
    campaign = await stage.begin(Options(canary=3), content=ALBUM)
    await stage.sender().run()
    assert (await ended(stage, campaign, CampaignState.FAILED)).failed == {"source_gone": 3}


@pytest.mark.parametrize("error", [None, Refused("x", code="no_rights"), TryLater("x")])
async def test_a_pin_never_fails_a_delivery(stage: Stage, error: Exception | None) -> None:
    """Pinned where that works, else noted."""
    stage.telegram.pin_error = error  # type: ignore[assignment]
    campaign = await stage.begin(TWICE_RATHER, content=Text(text="x", pin=True))
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert tally.of(S.SENT) == 10
    assert tally.sent == ({"pin_failed": 10} if error else {})
    ids = {PERSON + row["subscriber_id"]: row["message_id"] for row in await stage.rows(campaign)}
    assert stage.telegram.pinned == ({} if error else ids)


async def test_everybody_is_greeted_by_name(database: Database) -> None:
    """The name of this moment, in text and caption; who was erased meanwhile gets the fallback."""
    stage = Stage(database)
    await stage.subscribe(3)
    async with database.transaction() as connection:
        await SubscriberStore(connection).put([make_subscriber(2, first_name="<b>")])
    photo = Media(kind=MediaKind.PHOTO, file="https://a.bc/x", caption="Hi {first_name|you}")
    campaign = await stage.begin(Options(canary=0, window=1), content=photo)
    async with database.transaction() as connection:
        await stage.broadcast.get(campaign.id)
        await connection.execute(sa.update(subscribers).where(subscribers.c.id == 3).values(first_name=""))
    await stage.sender().run()
    await ended(stage, campaign)
    assert [text.partition("Hi ")[2] for text in stage.telegram.texts] == [
        f"{FSI}Ann{PDI}",
        f"{FSI}<b>{PDI}",
        "you",
    ]


VARIANTS = Variants(
    variants=(
        Variant(content=Text(text="for all")),
        Variant(content=Text(text="A auf Deutsch"), language="de"),
        Variant(content=Text(text="B auf Deutsch"), language="de"),
    ),
    hold_out=20,
)


async def test_variants_are_told_apart_to_the_end(database: Database) -> None:
    """Each gets their language, some get nothing; ledger, tally by variant and report say the same."""
    stage = Stage(database)
    await stage.subscribe(300)
    async with database.transaction() as connection:
        some = sa.update(subscribers).where(subscribers.c.id <= 200).values(language_code="de-AT")
        await connection.execute(some)
    campaign = await stage.begin(content=VARIANTS)
    await stage.sender().run()
    tally = await ended(stage, campaign)
    held = tally.suppressed["hold_out"]
    assert 35 <= held <= 85
    assert tally.of(S.SENT) == 300 - held
    got = Counter(stage.telegram.texts)
    by_variant = await stage.broadcast.by_variant(campaign.id)
    assert by_variant == {
        None: {S.SUPPRESSED: held},
        0: {S.SENT: got["for all"]},
        1: {S.SENT: got["A auf Deutsch"]},
        2: {S.SENT: got["B auf Deutsch"]},
    }
    assert min(got["A auf Deutsch"], got["B auf Deutsch"]) > 40
    text = "".join([piece async for piece in stage.broadcast.report(campaign.id)])
    reported = Counter(row["variant"] for row in csv.DictReader(io.StringIO(text, newline="")))
    assert reported == {"": held, "0": got["for all"], "1": got["A auf Deutsch"], "2": got["B auf Deutsch"]}


async def test_a_retry_brings_the_same_variant(stage: Stage) -> None:
    """Who failed gets what was meant for them; who is held out stays so."""
    content = Variants(
        variants=tuple(Variant(content=Text(text=str(number))) for number in range(5)), hold_out=30
    )
    stage.telegram.answer(people(*range(1, 11)), Refused("x", code="odd"))
    campaign = await stage.begin(Options(canary=0), content=content)
    await stage.sender().run()
    meant = {row["subscriber_id"]: (row["variant"], row["code"]) for row in await stage.rows(campaign)}
    await stage.broadcast.retry_failed(campaign.id, actor="cli")
    await stage.sender("w2").run()
    tally = await ended(stage, campaign)
    assert tally.of(S.SENT) == 10 - tally.suppressed["hold_out"]
    for row in await stage.rows(campaign):
        variant, code = meant[row["subscriber_id"]]
        assert row["variant"] == variant
        assert (row["code"] == "hold_out") == (code == "hold_out")


async def test_a_whole_batch_may_be_held_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of which nobody is sent anything is not the end of the audience."""
    monkeypatch.setattr("gatecrier.broadcast.agenda.BATCH", 1)
    content = Variants(variants=(Variant(content=Text(text="x")),), hold_out=80)
    campaign = await stage.begin(content=content)
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert tally.of(S.SENT, S.SUPPRESSED) == 10
    assert tally.of(S.SENT) > 0


async def test_plain_content_costs_no_second_query(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who people are is asked for, a batch at once, only where the content depends on it."""
    asked: list[int] = []

    async def counted(connection: AsyncConnection, rows: Sequence[Delivery]) -> list[Delivery]:
        asked.append(len(rows))
        return await introduce(connection, rows)

    monkeypatch.setattr("gatecrier.broadcast.agenda.introduce", counted)
    await stage.begin(text="plain { }")
    await stage.sender().run()
    assert asked == []
    await stage.begin(text="{id}")
    await stage.sender("w2").run()
    assert asked == [10]
