"""Any segment selects the same people in SQL, on both databases, as its words say in plain Python."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcast.segments.trees import facts, trees
from broadcast.stage import BOT, NOW
from gatecrier.broadcast.segments.language import as_text
from gatecrier.broadcast.segments.model import (
    SECONDS,
    Age,
    And,
    Deed,
    Did,
    Everyone,
    Language,
    Moment,
    Not,
    Or,
    Premium,
    Sample,
    Saved,
    Segment,
    Source,
    Tag,
)
from gatecrier.broadcast.segments.selection import condition, is_in_sample
from gatecrier.broadcast.tables import clicks, deliveries
from gatecrier.registry.store import subscriber_tags, subscribers, suppressions
from gatecrier.storage.database import Database

COUNT = 120
OTHER_BOT = BOT + 1
TAGS = ["vip", "Vip", "%", "O'Hara", "日本"]
SOURCES = ["", "ad7", "AD7", "import"]
CAMPAIGNS = [1, 2]
MOMENTS = [timedelta(days=n) for n in (0, 1, 7, 30, 400)] + [timedelta(minutes=m) for m in (1, 59, 60, 61)]

SEGMENTS = trees(
    facts(
        tags=st.sampled_from(TAGS),
        sources=st.sampled_from(SOURCES),
        campaigns=st.sampled_from([*CAMPAIGNS, 999]),
        languages=("de", "de-at", "en", "pt-br"),
    )
)

EVERY_FACT: list[Segment] = [
    Everyone(),
    Premium(),
    *(Language((code,)) for code in ("de", "de-at", "en", "pt", "pt-br")),
    *(
        Age(moment, older, amount, unit)
        for moment in Moment
        for older in (True, False)
        for amount, unit in [
            (0, "m"),
            (1, "m"),
            (60, "m"),
            (1, "h"),
            (24, "h"),
            (1, "w"),
            (30, "d"),
            (400, "d"),
        ]
    ),
    *(Tag(name) for name in TAGS),
    *(Source(payload) for payload in SOURCES),
    *(Did(deed, campaign) for deed in Deed for campaign in (*CAMPAIGNS, 999)),
    *(Sample(percent) for percent in (1, 50, 99, 100)),
]


@dataclass
class Somebody:
    """A subscriber, and all that a segment may ask about them."""

    id: int
    bot_id: int
    person_id: int
    is_premium: bool
    language: str
    source: str
    seen: datetime
    joined: datetime
    tags: set[str]
    #: By campaign: the delivery's state and code, and when it was sent.
    got: dict[int, tuple[str, str, datetime | None]] = field(default_factory=dict)
    clicked: set[int] = field(default_factory=set)
    suppressed: dict[str, datetime] = field(default_factory=dict)


def make_people(rng: random.Random) -> list[Somebody]:
    """The same people subscribe to two bots, under other numbers and with other tags."""
    return [make_somebody(number, rng) for number in range(1, COUNT + 1)]


def make_somebody(number: int, rng: random.Random) -> Somebody:
    one = Somebody(
        id=number * 97,
        bot_id=BOT if number <= COUNT // 2 else OTHER_BOT,
        person_id=5000 + number % (COUNT // 2),
        is_premium=rng.random() < 0.4,
        language=rng.choice(["de", "de-AT", "DE", "den", "en", "pt-BR", "pt", ""]),
        source=rng.choice(SOURCES),
        seen=NOW - rng.choice(MOMENTS),
        joined=NOW - rng.choice(MOMENTS),
        tags={tag for tag in TAGS if rng.random() < 0.3},
    )
    for campaign in CAMPAIGNS:
        sent_at = NOW - rng.choice(MOMENTS)
        fates = [
            ("sent", "", sent_at),
            ("sent", "", sent_at),
            ("failed", "blocked", None),
            ("failed", "deactivated", None),
            ("failed", "bad_content", None),
            ("suppressed", "blocked", None),
        ]
        if rng.random() < 0.8:
            one.got[campaign] = rng.choice(fates)
        if rng.random() < 0.3:
            one.clicked.add(campaign)
    one.suppressed = {
        reason: NOW - rng.choice(MOMENTS)
        for reason in ("blocked", "deactivated", "stopped")
        if rng.random() < 0.3
    }
    return one


def belongs(one: Somebody, tree: Segment) -> bool:  # noqa: C901, PLR0911 - a case for each kind of node
    """What a segment's words mean, without SQL."""
    match tree:
        case Everyone():
            return True
        case Premium():
            return one.is_premium
        case Language(codes):
            spoken = one.language.lower()
            return any(spoken == code or spoken.startswith(code + "-") for code in codes)
        case Age(moment, older, amount, unit):
            age = NOW - (one.seen if moment is Moment.LAST_SEEN else one.joined)
            limit = timedelta(seconds=amount * SECONDS[unit])
            return age > limit if older else age < limit
        case Tag(name):
            return name in one.tags
        case Source(payload):
            return one.source == payload
        case Did(deed, campaign):
            return did(one, deed, campaign)
        case Sample(percent):
            return is_in_sample(one.id, percent)
        case Not(part):
            return not belongs(one, part)
        case And(parts):
            return all(belongs(one, part) for part in parts)
        case Or(parts):
            return any(belongs(one, part) for part in parts)
        case Saved(name):
            raise AssertionError(f"{name} is not resolved")


def did(one: Somebody, deed: Deed, campaign: int) -> bool:
    if deed is Deed.CLICKED:
        return campaign in one.clicked
    if campaign not in one.got:
        return False
    return one.got[campaign][0] == "sent" if deed is Deed.GOT else has_left(one, *one.got[campaign])


def has_left(one: Somebody, state: str, code: str, sent_at: datetime | None) -> bool:
    if state == "failed" and code in ("blocked", "deactivated"):
        return True
    left = [since for reason, since in one.suppressed.items() if reason != "stopped"]
    return sent_at is not None and any(since >= sent_at for since in left)


async def put(database: Database, everybody: list[Somebody]) -> None:
    rows: dict[sa.Table, list[dict[str, object]]] = {
        subscribers: [subscriber_row(one) for one in everybody],
        subscriber_tags: [
            {"bot_id": one.bot_id, "person_id": one.person_id, "tag": tag}
            for one in everybody
            for tag in one.tags
        ],
        suppressions: [
            {"bot_id": one.bot_id, "person_id": one.person_id, "reason": reason, "since": since}
            for one in everybody
            for reason, since in one.suppressed.items()
        ],
        deliveries: [delivery_row(one, campaign) for one in everybody for campaign in one.got],
        clicks: [
            {"campaign_id": campaign, "subscriber_id": one.id, "link": link, "first_at": NOW, "count": 1}
            for one in everybody
            for campaign in one.clicked
            for link in (0, 1)
        ],
    }
    async with database.transaction() as connection:
        for table, values in rows.items():
            await connection.execute(sa.insert(table), values)


def subscriber_row(one: Somebody) -> dict[str, object]:
    return {
        "id": one.id,
        "bot_id": one.bot_id,
        "person_id": one.person_id,
        "first_name": "Ann",
        "username": "",
        "language_code": one.language,
        "is_premium": one.is_premium,
        "source": one.source,
        "started_at": one.joined,
        "last_seen_at": one.seen,
    }


def delivery_row(one: Somebody, campaign: int) -> dict[str, object]:
    state, code, sent_at = one.got[campaign]
    return {
        "campaign_id": campaign,
        "subscriber_id": one.id,
        "person_id": one.person_id,
        "state": state,
        "code": code,
        "attempts": 1,
        "sent_at": sent_at,
    }


@pytest.fixture
async def everybody(database: Database) -> list[Somebody]:
    found = make_people(random.Random(11))
    await put(database, found)
    return found


async def selected(database: Database, tree: Segment) -> set[int]:
    async with database.read() as connection:
        rows = await connection.execute(sa.select(subscribers.c.id).where(condition(tree, now=NOW)))
        return set(rows.scalars())


async def test_every_fact_selects_whom_its_words_mean(database: Database, everybody: list[Somebody]) -> None:
    """The edges of ages, capitals, other bots' tags and blocks, every fate of a delivery."""
    for tree in EVERY_FACT:
        expected = {one.id for one in everybody if belongs(one, tree)}
        assert await selected(database, tree) == expected, as_text(tree)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tree=SEGMENTS)
async def test_any_segment_selects_whom_its_words_mean(
    database: Database, everybody: list[Somebody], tree: Segment
) -> None:
    """However the facts are combined."""
    expected = {one.id for one in everybody if belongs(one, tree)}
    assert await selected(database, tree) == expected, as_text(tree)
