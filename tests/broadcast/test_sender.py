"""The sender: nobody twice, everybody accounted for, whatever Telegram, the machine or the operator does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from broadcast.stage import BOT, Stage, ended, people, running, until
from gatecrier.broadcast.model import CampaignState, DeliveryState, Options
from gatecrier.broadcast.senders import Senders
from gatecrier.broadcast.worker import Sender
from gatecrier.kernel.errors import (
    BadContent,
    Misconfigured,
    OutcomeUnknown,
    PeerGone,
    Refused,
    TryLater,
)
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database
from gatecrier.telegram.budgets import Budgets

S = DeliveryState
NO_CANARY = Options(canary=0)


@pytest.fixture
async def stage(sqlite_database: Database) -> Stage:
    """A bot with 60 subscribers."""
    stage = Stage(sqlite_database)
    await stage.subscribe(60)
    return stage


async def test_a_campaign_reaches_everybody_once(database: Database) -> None:
    """Sent + failed + suppressed + unknown is the audience, and each person has one message."""
    stage = Stage(database)
    await stage.subscribe(230)
    await stage.suppress(people(3, 4))
    stage.telegram.answer(people(10, 11), PeerGone("x", code="blocked"))
    stage.telegram.answer(people(12), PeerGone("x", code="deactivated"))
    stage.telegram.answer(people(13), PeerGone("x", code="cannot_write_to_person"))
    stage.telegram.answer(people(14), OutcomeUnknown("x", code="no_answer"), arrives=True)
    campaign = await stage.begin()
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert tally.of(S.SENT) == 223
    assert tally.failed == {"blocked": 2, "deactivated": 1, "cannot_write_to_person": 1}
    assert (tally.suppressed, tally.unknown) == ({"stopped": 2}, {"no_answer": 1})
    assert stage.telegram.got.total() == 224


async def test_deliveries_go_out_in_the_order_of_subscribers(stage: Stage) -> None:
    """The oldest subscribers first, window by window."""
    await stage.begin(Options(canary=0, window=1))
    await stage.sender().run()
    assert stage.telegram.order == sorted(stage.telegram.order)


@pytest.mark.parametrize(
    ("code", "reason"), [("blocked", "blocked"), ("deactivated", "deactivated"), ("unknown_403", None)]
)
async def test_what_an_error_tells_of_a_person_outlives_the_campaign(
    stage: Stage, code: str, reason: str | None
) -> None:
    """Blocked and deactivated persons are left alone by the next campaign; an unknown 403 costs nobody."""
    stage.telegram.answer(people(9), PeerGone("x", code=code))
    await stage.begin()
    await stage.sender().run()
    async with stage.database.read() as connection:
        reasons = await SubscriberStore(connection).reasons(BOT, people(9)[0])
    assert reasons == ({reason} if reason else set())


async def test_calls_in_flight_never_exceed_the_window(stage: Stage) -> None:
    """The window is what a crash may leave unknown."""
    stage.telegram._latency = 0.2
    campaign = await stage.begin(Options(canary=0, window=7))
    await stage.sender().run()
    assert stage.telegram.most_in_flight == 7
    assert (await ended(stage, campaign)).of(S.SENT) == 60


@pytest.mark.parametrize("copy", [1, 3, 25])
async def test_no_more_calls_than_permits(stage: Stage, copy: int) -> None:
    """Each call spends one permit, and a permit of a row that turned out suppressed serves the next."""
    stage.budgets.at_once = copy
    stage.telegram.stalls.clear()
    campaign = await stage.begin(Options(canary=1, window=25))
    async with running(stage.sender()) as task:
        await until(lambda: stage.telegram.in_flight == 1)
        await stage.suppress(people(*range(20, 40)))
        stage.telegram.stalls.set()
        await task
    assert (await ended(stage, campaign)).suppressed == {"stopped": 20}
    assert stage.budgets.given - 40 <= 25  # only the last window's permits may be left over


async def test_a_flood_wait_postpones_and_is_no_attempt(stage: Stage) -> None:
    """After 429 with retry_after 3 the person gets the message within 4 s, in the first attempt."""
    stage.telegram.answer(people(2, 30), *[TryLater("x", retry_after=3, code="rate_limited")] * 6)
    campaign = await stage.begin()
    before = stage.clock.monotonic()
    await stage.sender().run()
    assert stage.clock.monotonic() - before < 6 * 4 + 5
    assert (await ended(stage, campaign)).of(S.SENT) == 60
    assert {row["attempts"] for row in await stage.rows(campaign)} == {1}


async def test_an_open_breaker_rests_the_bot(stage: Stage) -> None:
    """While no call is let through the audience is not run through: only a window of it is postponed."""
    stage.telegram.error = TryLater("x", retry_after=30, code="breaker_open")
    campaign = await stage.begin(Options(canary=0, window=10))
    counts = await stage.sender().run_once()
    assert counts[S.PENDING] == 10
    assert (await stage.check_laws(campaign)).states[S.PENDING] == 60


async def test_a_broken_line_is_tried_again_and_given_up(stage: Stage) -> None:
    """Connection errors are attempts: each after a longer wait, five in all."""
    stage.telegram.answer(people(1), *[TryLater("x", code="unreachable")] * 4)
    stage.telegram.answer(people(2), *[TryLater("x", code="unreachable")] * 5)
    campaign = await stage.begin(NO_CANARY)
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert (tally.of(S.SENT), tally.failed) == (59, {"unreachable": 1})
    assert {row["subscriber_id"]: row["attempts"] for row in await stage.rows(campaign)}[1] == 5


async def test_bad_content_stops_at_the_canary(stage: Stage) -> None:
    """A message that Telegram cannot take is tried on the canary only, and the cause is told."""
    stage.telegram.error = BadContent("can't parse entities", code="bad_markup")
    campaign = await stage.begin(Options(canary=5))
    await stage.sender().run()
    tally = await ended(stage, campaign, CampaignState.FAILED)
    assert (tally.failed, tally.suppressed) == ({"bad_markup": 5}, {"campaign_failed": 55})
    assert "can't parse" in (await stage.broadcast.get(campaign.id)).cause


async def test_the_canary_is_awaited(stage: Stage) -> None:
    """Nobody else is messaged while the first deliveries have no outcome."""
    stage.telegram.stalls.clear()
    campaign = await stage.begin(Options(canary=5))
    async with running(stage.sender()) as task:
        await until(lambda: stage.telegram.in_flight == 5)
        for _ in range(200):
            await asyncio.sleep(0)
        assert stage.telegram.most_in_flight == 5
        stage.telegram.stalls.set()
        await task
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_a_canary_that_nobody_gets_pauses(stage: Stage) -> None:
    """Five unknown refusals in a row: an operator looks before sixty."""
    stage.telegram.error = Refused("x", code="unknown_400")
    campaign = await stage.begin()
    await stage.sender().run()
    paused = await stage.broadcast.get(campaign.id)
    assert (paused.state, paused.cause[:16]) == (CampaignState.PAUSED, "None of the firs")
    assert (await stage.check_laws(campaign)).failed == {"unknown_400": 5}


async def test_a_wrong_token_pauses_and_costs_nobody(stage: Stage) -> None:
    """What is wrong with the bot is not held against the recipients: resumed, all are reached."""
    stage.telegram.error = Misconfigured("Wrong token.", code="unauthorized")
    campaign = await stage.begin(NO_CANARY)
    await stage.sender().run()
    assert (await stage.broadcast.get(campaign.id)).cause == "Wrong token."
    assert (await stage.check_laws(campaign)).states[S.PENDING] == 60
    stage.telegram.error = None
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender().run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_pause_and_resume_neither_skip_nor_repeat(stage: Stage) -> None:
    """A paused campaign sends nothing more, holds nothing, and goes on where it was."""
    stage.telegram._latency = 0.05
    campaign = await stage.begin(Options(canary=0, window=4))
    async with running(stage.sender()) as task:
        await until(lambda: stage.telegram.got.total() >= 12)
        await stage.broadcast.pause(campaign.id, actor="cli")
        await task
    tally = await stage.check_laws(campaign)
    assert 12 <= tally.of(S.SENT) < 30
    assert tally.of(S.LEASED, S.SENDING) == 0
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w2").run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_cancel_counts_those_who_were_spared(stage: Stage) -> None:
    """After a cancel every row is final: sent, or suppressed as cancelled."""
    stage.telegram._latency = 0.05
    campaign = await stage.begin(Options(canary=0, window=4))
    async with running(stage.sender()) as task:
        await until(lambda: stage.telegram.got.total() >= 12)
        await stage.broadcast.cancel(campaign.id, actor="cli")
        await task
    tally = await ended(stage, campaign, CampaignState.CANCELLED)
    assert tally.suppressed == {"cancelled": 60 - tally.of(S.SENT)}


async def test_campaigns_of_a_bot_take_turns(stage: Stage) -> None:
    """A small campaign is not kept waiting by a large one that began before it."""
    stage.budgets.at_once = 5
    await stage.begin(NO_CANARY, text="first")
    await stage.begin(NO_CANARY, text="second")
    await stage.sender().run()
    assert {"first", "second"} == set(stage.telegram.texts[:10])
    assert set(stage.telegram.got.values()) == {2}


async def test_a_campaign_that_starts_meanwhile_waits_for_nobody(stage: Stage) -> None:
    """A sender whose calls all hang still begins a new campaign within two seconds."""
    stage.telegram.stalls.clear()
    await stage.begin(Options(canary=1), text="first")
    async with running(stage.sender()):
        await until(lambda: stage.telegram.in_flight == 1)
        before = stage.clock.monotonic()
        await stage.begin(Options(canary=1), text="second")
        await until(lambda: stage.telegram.in_flight == 2)
        assert stage.clock.monotonic() - before <= 2.1


async def test_a_cancel_is_carried_out_while_the_budget_is_shut(stage: Stage) -> None:
    """A bot that must wait for an hour still ends its cancelled campaigns within a second or two."""
    stage.budgets.open.clear()
    campaign = await stage.begin()
    async with running(stage.sender()) as task:
        await until(lambda: stage.clock.monotonic() > 3)
        await stage.broadcast.cancel(campaign.id, actor="cli")
        await task
    assert (await ended(stage, campaign, CampaignState.CANCELLED)).suppressed == {"cancelled": 60}


async def test_a_stop_records_what_is_in_flight_and_gives_back_the_rest(stage: Stage) -> None:
    """SIGTERM: no new window; calls that end in time are sent, not unknown; nothing stays leased."""
    stage.telegram._latency = 2.0
    campaign = await stage.begin(Options(canary=0, window=6))
    sender = stage.sender()
    async with running(sender):
        await until(lambda: stage.telegram.in_flight == 6)
        before = stage.clock.monotonic()
        await sender.stop()
        assert stage.clock.monotonic() - before < 10
    tally = await stage.check_laws(campaign)
    assert (tally.of(S.SENT), tally.states[S.PENDING]) == (6, 54)


async def test_a_stop_does_not_wait_for_ever(stage: Stage) -> None:
    """Calls that hang are left in doubt after 7 s; a wait for the budget is ended at once."""
    stage.telegram.stalls.clear()
    campaign = await stage.begin(Options(canary=0, window=6))
    sender = stage.sender()
    async with running(sender):
        await until(lambda: stage.telegram.in_flight == 6)
        before = stage.clock.monotonic()
        await sender.stop()
        assert stage.clock.monotonic() - before < 10
    assert (await stage.check_laws(campaign)).of(S.SENDING) == 6
    stage.budgets.open.clear()
    other = stage.sender("w2")
    async with running(other):
        await until(lambda: not stage.budgets.open.is_set())
        await other.stop()
    assert (await stage.check_laws(campaign)).states[S.PENDING] == 54


async def test_a_call_that_breaks_is_doubt(stage: Stage) -> None:
    """An error that is none of ours says nothing of the message: unknown, never repeated."""
    stage.telegram.answer(people(3), RuntimeError("bug"), arrives=True)  # type: ignore[arg-type]
    campaign = await stage.begin()
    await stage.sender().run()
    assert (await ended(stage, campaign)).unknown == {"call_broke": 1}


async def test_a_campaign_pauses_itself_when_most_attempts_fail(stage: Stage) -> None:
    """Past fifty attempts of which most fail for our reasons, the rest is spared until somebody looks."""
    stage.telegram.answer_always(people(*range(6, 61)), Refused("x", code="unknown_400"))
    campaign = await stage.begin(Options(window=1))
    await stage.subscribe(90)
    await stage.sender().run()
    assert (await stage.broadcast.progress(campaign.id)).tally.of(S.SENT) == 5


async def test_an_outcome_survives_a_database_that_is_gone_for_a_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recording waits and tries again: what Telegram said is not lost to doubt."""
    campaign = await stage.begin(NO_CANARY)
    whole, failures = stage.database.transaction, iter([False] * 3 + [True] * 4)

    @asynccontextmanager
    async def shaky() -> AsyncIterator[object]:
        async with whole() as connection:
            yield connection
            if next(failures, False):
                raise TryLater("The database closed the connection.", code="database_gone")

    monkeypatch.setattr(stage.database, "transaction", shaky)
    await stage.sender().run()
    monkeypatch.undo()
    assert (await ended(stage, campaign)).of(S.SENT) == 60


async def test_the_job_sends_for_the_bot_of_its_key(stage: Stage) -> None:
    """One job for each bot; a bot this process does not know is left to the others."""
    bots = {BOT: stage.telegram}
    senders = Senders(bots, stage.budgets, stage.database, clock=stage.clock, worker="p1")
    campaign = await stage.begin()
    await senders.run("bot:8")
    assert (await stage.tally(campaign)).audience == 0
    await senders.run("bot:7")
    await ended(stage, campaign)
    await senders.stop()


async def test_a_test_reaches_only_whom_it_names(stage: Stage) -> None:
    """A test campaign's audience is the persons listed, as far as they are subscribers."""
    campaign = await stage.begin(Options(only=(*people(4, 5), 1)))
    await stage.sender().run()
    assert (await ended(stage, campaign)).audience == 2
    assert set(stage.telegram.got) == set(people(4, 5))


async def test_the_reconciler_wakes_nobody_without_work(stage: Stage) -> None:
    """Drafts, paused and finished campaigns, and rows due later, wake no sender."""
    campaign = await stage.begin()
    stage.telegram.answer(people(60), TryLater("x", retry_after=600, code="rate_limited"))
    await stage.sender().run()
    stage.jobs.woken.clear()
    assert (await stage.reconciler.run_once()).woken == 0
    await stage.clock.sleep(601)
    assert (await stage.reconciler.run_once()).woken == 1
    await stage.sender().run()
    await ended(stage, campaign)
    assert (await stage.reconciler.run_once()).woken == 0


SAMPLES = (5, 10, 15)  # seconds of sending


async def shared(database: Database, campaigns: dict[str, Options], *, latency: float) -> list[Counter[str]]:
    """What each of these campaigns has sent at `SAMPLES`, of a bot that may send 25 a second."""
    stage = Stage(database, latency=latency)
    budgets = Budgets(stage.clock, per_bot=25.0)
    await stage.subscribe(400)
    for name, options in campaigns.items():
        await stage.begin(options, text=name)
    sender = Sender(BOT, stage.telegram, budgets, database, clock=stage.clock, worker="w1")
    seen: list[Counter[str]] = []
    async with running(sender):
        await until(lambda: bool(stage.telegram.texts))
        began = stage.clock.monotonic()
        for seconds in SAMPLES:
            await stage.clock.sleep(began + seconds - stage.clock.monotonic())
            seen.append(Counter(stage.telegram.texts))
    return seen


WIDE, NARROW = Options(canary=0, window=25), Options(canary=0, window=3)


@pytest.mark.parametrize("cap", [0.5, 4.0, 8.0])
async def test_the_bots_rate_is_shared_by_messages_and_a_cap_is_kept(database: Database, cap: float) -> None:
    """Of 25 a second a campaign gets its cap, no less, no more, and the others the same, at any moment."""
    campaigns = {"wide": WIDE, "narrow": NARROW, "capped": Options(canary=0, rate=cap)}
    seen = await shared(database, campaigns, latency=0.05)
    for seconds, sent in zip(SAMPLES, seen, strict=True):
        assert sent["wide"] == pytest.approx(sent["narrow"], rel=0.1), seen
        assert 0.95 * cap * seconds - 2 <= sent["capped"] <= cap * seconds + 3, seen
        assert 0.99 * 25 * seconds - 1 <= sent.total() <= 25 * seconds + 4, seen


async def test_a_narrow_window_slows_nobody_else(database: Database) -> None:
    """Three calls of 0.6 s at once are five messages a second; the others send what the bot may besides."""
    campaigns = {"wide": WIDE, "narrow": NARROW, "capped": Options(canary=0, rate=8)}
    seen = await shared(database, campaigns, latency=0.6)
    for seconds, sent in zip(SAMPLES, seen, strict=True):
        assert 0.9 * 5 * seconds - 3 <= sent["narrow"] <= 5 * seconds + 3, seen
        assert 0.95 * 8 * seconds - 2 <= sent["capped"] <= 8 * seconds + 3, seen
        assert 0.99 * 25 * seconds - 1 <= sent.total() <= 25 * seconds + 4, seen


async def test_paid_and_free_campaigns_do_not_wait_for_each_other(database: Database) -> None:
    """Each has a rate of its own: the free one keeps 25 a second, the paid one is through long before."""
    campaigns = {"free": WIDE, "paid": Options(canary=0, window=25, paid=True, stars=100)}
    for seconds, sent in zip(SAMPLES, await shared(database, campaigns, latency=0.05), strict=True):
        assert sent["paid"] == 400
        assert 0.98 * 25 * seconds - 1 <= sent["free"] <= 25 * seconds + 4


async def test_a_campaign_keeps_its_own_cap(stage: Stage) -> None:
    """Five a second of sixty take twelve seconds, whatever the bot may send; the others are not held up."""
    capped = await stage.begin(Options(canary=0, rate=5))
    other = await stage.begin(NO_CANARY)
    began = stage.clock.monotonic()
    ends: dict[int, float] = {}

    async def watch() -> None:
        while len(ends) < 2:
            for each in (capped, other):
                if each.id not in ends and (await stage.tally(each)).of(S.SENT) == 60:
                    ends[each.id] = stage.clock.monotonic() - began
            await stage.clock.sleep(0.1)

    watching = asyncio.create_task(watch())
    await stage.sender().run()
    await watching
    assert ends[other.id] < 3
    assert 11.5 <= ends[capped.id] <= 14


async def test_a_paid_campaign_stops_at_its_stars(database: Database) -> None:
    """Two Stars pay for twenty messages; a restart forgets nothing; more Stars let it go on."""
    stage = Stage(database)
    await stage.subscribe(60)
    campaign = await stage.begin(Options(canary=0, paid=True, stars=2))
    await stage.sender().run()
    paused = await stage.broadcast.get(campaign.id)
    assert (paused.state, paused.cause) == (CampaignState.PAUSED, "Its 2 Stars may be spent.")
    assert stage.telegram.got.total() == stage.budgets.paid == 20
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w2").run()
    assert stage.telegram.got.total() == 20
    await stage.broadcast.allow_stars(campaign.id, 6, actor="cli")
    await stage.broadcast.resume(campaign.id, actor="cli")
    await stage.sender("w3").run()
    assert (await ended(stage, campaign)).of(S.SENT) == 60
