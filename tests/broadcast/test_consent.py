"""What a deployment promises its subscribers is kept when a message leaves, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.stage import BOT, PERSON, Stage, ended, people
from gatecrier.broadcast import snapshot
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import Campaign, DeliveryState, Options, Text
from gatecrier.broadcast.segments.service import Segments
from gatecrier.broadcast.service import Broadcast
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database

S = DeliveryState
moments = st.integers(0, 6 * 365 * 1440).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
NIGHT = Consent(quiet_from=time(22), quiet_to=time(8))


@pytest.fixture
async def stage(database: Database) -> Stage:
    """A bot with ten subscribers."""
    stage = Stage(database)
    await stage.subscribe(10)
    return stage


async def begun(
    stage: Stage, consent: Consent, *, category: str = "", options: Options | None = None
) -> Campaign:
    broadcast = Broadcast(stage.database, clock=stage.clock, jobs=stage.jobs, consent=consent)
    campaign = await broadcast.create(
        BOT, "x", Text(text="x"), actor="cli", category=category, options=options or Options(canary=0)
    )
    told = await broadcast.dry_run(campaign.id)
    campaign = await broadcast.start(campaign.id, actor="cli")
    assert told.audience == 10
    return campaign


async def test_who_has_not_accepted_the_terms_gets_nothing(stage: Stage) -> None:
    """Eligible is who has accepted, and is not banned; accepting twice keeps the first moment."""
    consent = Consent(terms=True)
    subscribers = Subscribers(stage.database)
    for person in people(1, 2, 3):
        await subscribers.accept_terms(BOT, person, at=stage.clock.now())
    await subscribers.ban(BOT, PERSON + 3, actor="cli", at=stage.clock.now())
    campaign = await begun(stage, consent)
    await stage.sender(consent=consent).run()
    tally = await ended(stage, campaign)
    assert (tally.of(S.SENT), tally.suppressed) == (2, {"no_terms": 7, "banned": 1})
    assert set(stage.telegram.got) == set(people(1, 2))
    counted = await Segments(stage.database, clock=stage.clock, terms=True).count(BOT, "everyone")
    assert (counted.matching, counted.reachable) == (10, 2)


async def test_categories_are_opted_out_of_and_in_again(stage: Stage) -> None:
    """Of one category, not of the others; and whoever opts out after the snapshot is heard, too."""
    subscribers, consent = Subscribers(stage.database), Consent()
    now = stage.clock.now()
    for person, category in ((PERSON + 1, "offers"), (PERSON + 2, "news"), (PERSON + 3, "offers")):
        await subscribers.choose(BOT, person, category, wanted=False, at=now)
    await subscribers.choose(BOT, PERSON + 3, "offers", wanted=True, at=now)
    campaign = await begun(stage, consent, category="offers", options=Options(canary=0, window=1))
    stage.telegram.stalls.clear()
    await subscribers.choose(BOT, PERSON + 9, "offers", wanted=False, at=now)
    stage.telegram.stalls.set()
    await stage.sender(consent=consent).run()
    tally = await ended(stage, campaign)
    assert (tally.of(S.SENT), tally.suppressed) == (8, {"opted_out": 2})
    assert not {PERSON + 1, PERSON + 9} & set(stage.telegram.got)
    plain = await begun(stage, consent)
    await stage.sender("w2", consent=consent).run()
    assert (await stage.tally(plain)).of(S.SENT) == 10


async def test_nobody_gets_more_than_the_cap_allows(stage: Stage) -> None:
    """Two in seven days; a service message passes; a week later all is open again."""
    consent = Consent(cap=2, cap_days=7)
    for number in range(2):
        campaign = await begun(stage, consent)
        await stage.sender(f"w{number}", consent=consent).run()
        assert (await stage.tally(campaign)).of(S.SENT) == 10
    third = await begun(stage, consent)
    await stage.sender("w3", consent=consent).run()
    tally = await stage.tally(third)
    assert (tally.of(S.SENT), tally.suppressed) == (0, {"frequency_cap": 10})
    receipt = await begun(stage, consent, options=Options(canary=0, service=True))
    await stage.sender("w4", consent=consent).run()
    assert (await stage.tally(receipt)).of(S.SENT) == 10
    await stage.clock.sleep(timedelta(days=8).total_seconds())
    later = await begun(stage, consent)
    await stage.sender("w5", consent=consent).run()
    assert (await stage.tally(later)).of(S.SENT) == 10


async def test_quiet_hours_are_by_each_persons_clock(stage: Stage) -> None:
    """At 12:00 UTC it is night in Los Angeles and Auckland: they get it when their morning comes."""
    consent, subscribers = NIGHT, Subscribers(stage.database)
    started = stage.clock.now()
    assert started.hour == 12
    await subscribers.set_time_zone(BOT, PERSON + 1, "America/Los_Angeles")
    await subscribers.set_time_zone(BOT, PERSON + 2, "Pacific/Auckland")
    campaign = await begun(stage, consent)
    for number in range(40):
        await stage.sender(f"w{number}", consent=consent).run()
        if not (await stage.tally(campaign)).open:
            break
        await stage.clock.sleep(1800)
    await ended(stage, campaign)
    sent = {row["person_id"]: row["sent_at"] for row in await stage.rows(campaign)}
    assert all(sent[person] - started < timedelta(minutes=1) for person in people(*range(3, 11)))
    for person, zone in ((PERSON + 1, "America/Los_Angeles"), (PERSON + 2, "Pacific/Auckland")):
        local = sent[person].astimezone(ZoneInfo(zone))
        assert (8, 0) <= (local.hour, local.minute) < (9, 0)
        assert sent[person] - started < timedelta(hours=17)


async def test_an_urgent_message_does_not_wait_for_the_morning(stage: Stage) -> None:
    """An operator says so for one campaign."""
    consent = replace(NIGHT, zone="America/Los_Angeles")
    campaign = await begun(stage, consent, options=Options(canary=0, urgent=True))
    await stage.sender(consent=consent).run()
    assert (await ended(stage, campaign)).of(S.SENT) == 10


@pytest.mark.parametrize(
    ("hours", "clock", "until"),
    [
        ((22, 8), "2026-01-10 21:59", None),
        ((22, 8), "2026-01-10 22:00", "2026-01-11 08:00"),
        ((22, 8), "2026-01-11 07:59", "2026-01-11 08:00"),
        ((22, 8), "2026-01-11 08:00", None),
        ((13, 15), "2026-01-11 14:00", "2026-01-11 15:00"),
        ((13, 15), "2026-01-11 15:00", None),
        ((8, 8), "2026-01-11 08:00", None),
        ((22, 3), "2026-03-28 23:00", "2026-03-29 03:00"),  # the night in which 2:00 is skipped
        ((22, 8), "2026-10-25 02:30", "2026-10-25 08:00"),  # the night with two half past twos
    ],
)
def test_when_the_quiet_hours_end(hours: tuple[int, int], clock: str, until: str | None) -> None:
    """Over midnight or not, and in the nights when clocks are changed."""
    berlin = ZoneInfo("Europe/Berlin")
    consent = Consent(quiet_from=time(hours[0]), quiet_to=time(hours[1]), zone="Europe/Berlin")
    now = datetime.fromisoformat(clock).replace(tzinfo=berlin).astimezone(UTC)
    wanted = datetime.fromisoformat(until).replace(tzinfo=berlin) if until else None
    assert consent.quiet_until("", now) == wanted


@given(moments, st.times(), st.times())
def test_quiet_hours_end_and_are_over_then(moment: datetime, since: time, until: time) -> None:
    """The end lies ahead, within a day and an hour, and nothing is quiet at it."""
    consent = Consent(quiet_from=since, quiet_to=until, zone="America/New_York")
    now = moment
    end = consent.quiet_until("", now)
    if end is not None:
        assert now < end <= now + timedelta(hours=25)
        assert consent.quiet_until("", end + timedelta(hours=1, minutes=1)) != end


def test_quiet_hours_that_end_at_a_time_the_clock_shows_twice_end_at_the_second() -> None:
    """An end that lies behind would be due at once, again and again."""
    consent = Consent(quiet_from=time(22), quiet_to=time(2, 30), zone="Europe/Berlin")
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 2:10 in Berlin, for the second time
    assert consent.quiet_until("", second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, 10, tzinfo=UTC)
    assert consent.quiet_until("", first) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


async def test_two_campaigns_at_once_keep_to_one_cap(stage: Stage) -> None:
    """What is going out counts as if it had arrived."""
    consent = Consent(cap=1)
    first, second = await begun(stage, consent), await begun(stage, consent)
    now = stage.clock.now()
    marked = []
    async with stage.database.transaction() as connection:
        ledger = Ledger(connection, "w1")
        for campaign in (first, second):
            await snapshot.write_chunk(connection, campaign, consent=consent)
            held = await ledger.lease(campaign, now=now, until=now + timedelta(minutes=5), limit=10)
            marked.append(await ledger.mark_sending(campaign, held, now=now, lasting=now, consent=consent))
    assert [len(one.sending) for one in marked] == [10, 0]
    assert set(marked[1].suppressed.values()) == {"frequency_cap"}
    await stage.check_laws(second)


async def test_quiet_hours_count_no_attempt_and_lose_nobody(stage: Stage) -> None:
    """A window that falls in the night is pending again, due in the morning; permits are not used up."""
    consent = replace(NIGHT, zone="America/Los_Angeles")
    campaign = await begun(stage, consent)
    await stage.sender(consent=consent).run()
    rows = await stage.rows(campaign)
    morning = datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert {(row["state"], row["attempts"], row["due_at"]) for row in rows} == {("pending", 0, morning)}
    assert stage.telegram.got == {}
    await stage.check_laws(campaign)


async def test_a_ban_is_lifted_by_an_operator_alone(stage: Stage) -> None:
    """Neither /start nor unblocking brings back who was banned."""
    subscribers, now = Subscribers(stage.database), stage.clock.now()
    await subscribers.ban(BOT, PERSON + 1, actor="cli", at=now)
    await subscribers.unblocked(BOT, PERSON + 1, at=now + timedelta(hours=1))
    assert (await subscribers.audience(BOT)).suppressed == {SuppressionReason.BANNED: 1}
    assert await subscribers.unban(BOT, PERSON + 1, actor="cli", at=now)
    assert not await subscribers.unban(BOT, PERSON + 1, actor="cli", at=now)
    assert (await subscribers.audience(BOT)).suppressed == {}
