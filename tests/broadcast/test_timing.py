"""Campaigns in time: at most one for each moment, whatever clock, zone or crash."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast.stage import BOT, NOW, PERSON, Stage, ended
from gatecrier.broadcast.content.lint import check
from gatecrier.broadcast.model import CampaignState, Options, Text
from gatecrier.broadcast.service import Broadcast, Safety
from gatecrier.broadcast.timing import rules
from gatecrier.broadcast.timing.model import Misfire, Rhythm, ScheduleState
from gatecrier.broadcast.timing.service import Timing
from gatecrier.broadcast.timing.when import local, parse_when
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Conflict, NotFound, Refused
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)  # 12:30 in Berlin


@pytest.mark.parametrize(
    ("text", "moment", "rest"),
    [
        ("18:00 Hello all", "2026-11-27 18:00", "Hello all"),
        ("9:00", "2026-11-28 09:00", ""),
        ("tomorrow 9:00 x", "2026-11-28 09:00", "x"),
        ("today at 23.59", "2026-11-27 23:59", ""),
        ("mon 9:00", "2026-11-30 09:00", ""),
        ("Friday 12:00 x", "2026-12-04 12:00", "x"),
        ("Friday 13:00", "2026-11-27 13:00", ""),
        ("in 2h Hello", "2026-11-27 14:30", "Hello"),
        ("in 45 m", "2026-11-27 13:15", ""),
        ("2026-12-01 18:00\nHello", "2026-12-01 18:00", "Hello"),
        ("2027-03-28 02:30", "2027-03-28 03:30", ""),  # skipped that night
    ],
)
def test_moments_are_read_as_people_write_them(text: str, moment: str, rest: str) -> None:
    """By the writer's clock; what follows is the message."""
    wanted = datetime.fromisoformat(moment).replace(tzinfo=BERLIN)
    assert parse_when(text, FRIDAY, BERLIN) == (wanted, rest)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No time"),
        ("soon", "No time"),
        ("25:00", "no such time"),
        ("2026-13-01 10:00", "no such time"),
        ("today 9:00", "is past"),
        ("2025-01-01 10:00", "is past"),
        ("in 90000d", "year ahead"),
        ("2030-01-01 10:00", "year ahead"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, says: str) -> None:
    """With what is wrong; the remedy shows how."""
    with pytest.raises(Refused, match=says):
        parse_when(text, FRIDAY, BERLIN)


def rhythm(rule: str, *blackout: str) -> Rhythm:
    days = tuple(date.fromisoformat(day) for day in blackout)
    return Rhythm(rule=rule, zone="Europe/Berlin", since=FRIDAY, blackout=days)


def first(rule: Rhythm, count: int, after: datetime = FRIDAY) -> list[str]:
    found = islice(rules.moments(rule, after=after), count)
    return [f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M}" for moment in found]


def test_rules_of_both_kinds_give_their_moments() -> None:
    """Cron and RRULE, by the wall clock of the zone, without blacked-out dates."""
    assert first(rhythm("0 9 * * 1"), 2) == ["2026-11-30 09:00", "2026-12-07 09:00"]
    assert first(rhythm("0 9 * * 1", "2026-11-30"), 1) == ["2026-12-07 09:00"]
    assert first(rhythm("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=0"), 1) == ["2026-11-30 09:00"]
    assert first(rhythm("RRULE:FREQ=DAILY;COUNT=3"), 5) == ["2026-11-28 12:30", "2026-11-29 12:30"]
    assert first(rhythm("0 9 30 2 *"), 1) == []


def test_a_change_of_the_clock_neither_doubles_nor_loses_a_day() -> None:
    """Half past two does not exist in one night, and exists twice in another: once each."""
    spring = datetime(2027, 3, 26, tzinfo=UTC)
    assert first(rhythm("30 2 * * *"), 4, spring) == [
        "2027-03-26 02:30", "2027-03-27 02:30", "2027-03-28 03:30", "2027-03-29 02:30",
    ]  # fmt: skip
    autumn = datetime(2026, 10, 23, tzinfo=UTC)
    found = list(islice(rules.moments(rhythm("30 2 * * *"), after=autumn), 4))
    assert [later - sooner for sooner, later in pairwise(found)] == [
        timedelta(hours=24), timedelta(hours=24), timedelta(hours=25),
    ]  # fmt: skip


@given(
    st.sampled_from(["0 * * * *", "30 2 * * *", "0 9 * * 1-5", "FREQ=DAILY", "FREQ=MONTHLY;BYMONTHDAY=31"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]),
    st.integers(0, 2 * 365 * 1440),
)
@settings(max_examples=60)
def test_moments_ascend_lie_ahead_and_go_on_from_any_of_them(rule: str, zone: str, minutes: int) -> None:
    """Whoever asks for the moment after one gets the next: a restart changes nothing."""
    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    asked = Rhythm(rule=rule, zone=zone, since=datetime(2026, 1, 1, tzinfo=UTC))
    found = list(islice(rules.moments(asked, after=after), 5))
    assert after < found[0]
    assert all(sooner < later for sooner, later in pairwise(found))
    assert rules.next_moment(asked, after=found[0]) == found[1]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("* * * * *", "one campaign an hour"),
        ("0 9 * *", "five fields"),
        ("0 25 * * *", "no rule"),
        ("0 9 30 2 *", "no moment"),
        ("FREQ=SECONDLY", "one of DAILY"),
        ("FREQ=MONTHLY;BYMONTH=13", "no moment"),
        ("FREQ=DAILY;BYDAY=XX", "no rule"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0,1", "one campaign an hour"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no moment"),
        ("FREQ=DAILY\nRRULE:FREQ=DAILY", "one of DAILY|no rule"),
    ],
)
def test_rules_that_cannot_be_are_refused(rule: str, says: str) -> None:
    """And nobody makes a bot that writes every minute."""
    with pytest.raises(Refused, match=says):
        rules.check(rhythm(rule), now=FRIDAY)


def test_local_times_are_kept() -> None:
    """An ordinary wall clock is what it says."""
    assert local(date(2026, 12, 1), time(9), BERLIN) == datetime(2026, 12, 1, 9, tzinfo=BERLIN)


@pytest.fixture
async def stage(database: Database, clock: FakeClock) -> Stage:
    """A bot with three subscribers, and a clock that moves when told."""
    stage = Stage(database, clock)
    await stage.subscribe(3)
    return stage


def timing(stage: Stage, broadcast: Broadcast | None = None) -> Timing:
    return Timing(stage.database, broadcast or stage.broadcast, clock=stage.clock)


async def draft(stage: Stage) -> int:
    made = await stage.broadcast.create(
        BOT, "News", Text(text="x"), actor="cli", options=Options(canary=0, rate=7), segment="sample 100%"
    )
    return made.id


async def test_a_campaign_starts_at_its_moment_once(stage: Stage) -> None:
    """Not before, by whichever process looks first; another moment replaces the first."""
    number = await draft(stage)
    hour = timedelta(hours=1)
    with pytest.raises(Refused, match="past"):
        await stage.broadcast.schedule(number, stage.clock.now(), actor="cli")
    await stage.broadcast.schedule(number, stage.clock.now() + hour, actor="cli")
    await stage.broadcast.schedule(number, stage.clock.now() + 2 * hour, actor="cli")
    await stage.clock.advance(2 * 3600 - 1)
    assert await timing(stage).run_once() == 0
    await stage.clock.advance(1)
    assert await timing(stage).run_once() == 1
    assert await timing(stage).run_once() == 0
    campaign = await stage.broadcast.get(number)
    assert (campaign.state, campaign.scheduled_at) == (CampaignState.PREPARING, None)


async def test_what_cannot_start_waits_as_a_draft_and_says_why(stage: Stage) -> None:
    """Missed by more than an hour, or an audience that has grown: an operator looks at it again."""
    number = await draft(stage)
    await stage.broadcast.schedule(number, stage.clock.now() + timedelta(hours=1), actor="cli")
    await stage.clock.advance(3 * 3600)
    assert await timing(stage).run_once() == 0
    missed = await stage.broadcast.get(number)
    assert (missed.state, "was missed" in missed.cause) == (CampaignState.DRAFT, True)
    careful = Broadcast(stage.database, clock=stage.clock, jobs=stage.jobs, safety=Safety(approval_over=3))
    await careful.schedule(number, stage.clock.now() + timedelta(hours=1), actor="cli")
    await stage.subscribe(9)
    await stage.clock.advance(3600)
    assert await timing(stage, careful).run_once() == 0
    assert "second operator" in (await careful.get(number)).cause
    with pytest.raises(Conflict, match="second operator"):
        await careful.schedule(number, stage.clock.now() + timedelta(hours=1), actor="cli")


async def test_a_scheduled_campaign_may_be_taken_back_or_cancelled(stage: Stage) -> None:
    """Then nothing starts."""
    for verb in (stage.broadcast.unschedule, stage.broadcast.cancel):
        number = await draft(stage)
        await stage.broadcast.schedule(number, stage.clock.now() + timedelta(hours=1), actor="cli")
        await verb(number, actor="cli")
    await stage.clock.advance(3600)
    assert await timing(stage).run_once() == 0


async def test_a_schedule_makes_a_campaign_at_each_moment(stage: Stage) -> None:
    """Like the model, with a name of its own, until its rule ends."""
    like = await draft(stage)
    made = await timing(stage).add(like, "Daily", "FREQ=DAILY;COUNT=3", zone="UTC", actor="cli")
    assert made.next_at == NOW + timedelta(days=1)
    for day in (1, 2):
        await stage.clock.advance(24 * 3600)
        assert await timing(stage).run_once() == 1
        campaign, *_ = await stage.broadcast.list(BOT)
        assert campaign.name == f"Daily {NOW + timedelta(days=day):%Y-%m-%d}"
        assert (campaign.content, campaign.options, campaign.segment) == (
            Text(text="x"), Options(canary=0, rate=7), "sample 100%",
        )  # fmt: skip
        assert campaign.state is CampaignState.PREPARING
    ended_ = await timing(stage).get(made.id)
    assert (ended_.state, ended_.next_at, ended_.made) == (ScheduleState.ENDED, None, 2)
    assert await timing(stage).run_once() == 0


async def test_killed_between_the_campaign_and_the_next_moment_makes_one(stage: Stage) -> None:
    """Two processes at once, or one that died before it moved on: the same campaign."""
    like = await draft(stage)
    schedule = await timing(stage).add(like, "Daily", "0 9 * * *", zone="UTC", actor="cli")
    await stage.clock.advance(24 * 3600)
    worker = timing(stage)
    assert schedule.next_at is not None
    await worker._make(schedule, schedule.next_at)  # killed here
    assert await worker.run_once() == 1
    assert len(await stage.broadcast.list(BOT)) == 2
    assert (await worker.get(schedule.id)).made == 1


@pytest.mark.parametrize(("misfire", "made"), [(Misfire.ONCE, 1), (Misfire.SKIP, 0)])
async def test_what_was_missed_is_made_up_for_once_or_not_at_all(
    stage: Stage, misfire: Misfire, made: int
) -> None:
    """A week without a process is not seven campaigns."""
    like = await draft(stage)
    schedule = await timing(stage).add(like, "Daily", "0 9 * * *", zone="UTC", actor="cli", misfire=misfire)
    await stage.clock.advance(7 * 24 * 3600)
    assert await timing(stage).run_once() == made
    assert await timing(stage).run_once() == 0
    following = (await timing(stage).get(schedule.id)).next_at
    assert following is not None
    assert stage.clock.now() < following <= stage.clock.now() + timedelta(days=1)


async def test_a_pause_is_not_made_up_for(stage: Stage) -> None:
    """Resumed, it goes on with the next moment; removed, it is gone, and its campaigns stay."""
    like = await draft(stage)
    schedule = await timing(stage).add(like, "Daily", "0 9 * * *", zone="UTC", actor="cli")
    await timing(stage).pause(schedule.id, actor="cli")
    await stage.clock.advance(3 * 24 * 3600)
    assert await timing(stage).run_once() == 0
    await timing(stage).resume(schedule.id, actor="cli")
    assert await timing(stage).run_once() == 0
    assert len(await timing(stage).ahead(schedule.id)) == 5
    await timing(stage).remove(schedule.id, actor="cli")
    with pytest.raises(NotFound):
        await timing(stage).get(schedule.id)
    assert len(await stage.broadcast.list(BOT)) == 1


async def test_a_schedule_that_reaches_nobody_goes_on(stage: Stage) -> None:
    """A bot without subscribers on one day is no reason to end it."""
    empty = await stage.broadcast.create(8, "x", Text(text="x"), actor="cli")
    schedule = await timing(stage).add(empty.id, "Daily", "0 9 * * *", zone="UTC", actor="cli")
    await stage.clock.advance(24 * 3600)
    assert await timing(stage).run_once() == 1
    assert (await timing(stage).get(schedule.id)).state is ScheduleState.ACTIVE
    campaign, *_ = await stage.broadcast.list(8)
    assert campaign.state is CampaignState.DRAFT


async def test_a_scheduled_campaign_is_sent_like_any_other(sqlite_database: Database) -> None:
    """The whole way."""
    stage = Stage(sqlite_database)
    await stage.subscribe(3)
    number = await draft(stage)
    await stage.broadcast.schedule(number, stage.clock.now() + timedelta(hours=1), actor="cli")
    await stage.clock.sleep(3600)
    await timing(stage).run_once()
    await stage.sender().run()
    await ended(stage, await stage.broadcast.get(number))


async def test_each_gets_it_when_their_own_clock_shows_the_time(database: Database) -> None:
    """Ten in the morning in Tokyo is long before ten in New York; the sums hold until the last of them."""
    stage, subscribers = Stage(database), Subscribers(database)
    await stage.subscribe(4)
    zones = {1: "Asia/Tokyo", 2: "America/New_York", 3: "Europe/Berlin"}
    for number, zone in zones.items():
        await subscribers.set_time_zone(BOT, PERSON + number, zone)
    campaign = await stage.begin(Options(canary=0, local_time="10:00"))
    for number in range(60):
        await stage.sender(f"w{number}").run()
        if not (await stage.tally(campaign)).open:
            break
        await stage.clock.sleep(1800)
    await ended(stage, campaign)
    sent = {row["person_id"] - PERSON: row["sent_at"] for row in await stage.rows(campaign)}
    for number, zone in {**zones, 4: "UTC"}.items():
        there = sent[number].astimezone(ZoneInfo(zone))
        assert (there.hour, there.minute < 31) == (10, True)
        assert sent[number] - NOW < timedelta(hours=24, minutes=31)
    assert sent[2] < sent[1]  # it is noon in London: New York's morning comes first


def test_a_time_of_the_day_is_checked() -> None:
    """Nothing but a clock."""
    for wrong in ("24:00", "9:00", "noon", "10:60"):
        with pytest.raises(Refused, match="like 10:00"):
            check("x", Text(text="x"), Options(local_time=wrong))
