"""What an operator can do with campaigns; each method is one intention and one transaction."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast import dry_run, echo, report, rules, statistics
from gatecrier.broadcast.amending.model import Kind
from gatecrier.broadcast.amending.store import AmendmentStore
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.content.lint import check
from gatecrier.broadcast.dry_run import DryRun
from gatecrier.broadcast.echo import Echo
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import (
    Campaign,
    CampaignState,
    Content,
    DeliveryState,
    Options,
    Progress,
    Verb,
)
from gatecrier.broadcast.progress import Pace
from gatecrier.broadcast.segments.service import resolved_text
from gatecrier.broadcast.snapshot import audience_exceeds, newest_subscriber
from gatecrier.broadcast.stars import TOP_UP, Holds, balance_of
from gatecrier.broadcast.statistics import Statistics
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.unsubscribe import with_unsubscribe
from gatecrier.broadcast.watching import Watches
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Conflict, Refused
from gatecrier.registry.store import record_audit
from gatecrier.storage.database import Database

REPEATED = 20_000
"""Rows reopened in one transaction."""
SENDER = "sender"
"""The job that sends for one bot; `sender_key` is its key."""


def sender_key(bot_id: int) -> str:
    """The key of a bot's sender job."""
    return f"bot:{bot_id}"


class Waker(Protocol):
    """What we need of `storage.jobs.Jobs`."""

    async def wake(self, connection: AsyncConnection, name: str, key: str) -> None:
        """Ask for a run once the transaction is committed."""


@dataclass(frozen=True, kw_only=True)
class Safety:
    """
    What keeps a deployment's operators from mistakes.

    Args:
        only: Test mode: every campaign reaches these persons alone; None: it is off.
        approval_over: A larger audience needs a second operator's yes; 0: none does.
    """

    only: tuple[int, ...] | None = None
    approval_over: int = 0


class Broadcast:
    """
    Campaigns of all bots.

    Args:
        rate: Messages a second of one bot, by which times are foretold.
        purses: Bot id -> who tells its Stars; of a bot that is missing nobody knows.
    Args of its methods:
        actor: Who asks, as the audit log keeps it: "person:42", "operator:7", "cli".
    Raises:
        NotFound: there is no such campaign.
        Conflict: its state forbids that now; the text says which it is in.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        jobs: Waker,
        safety: Safety | None = None,
        rate: float = 25.0,
        consent: Consent | None = None,
        purses: Mapping[int, Holds] | None = None,
    ) -> None:
        self._purses = {} if purses is None else purses
        self._consent = consent or Consent()
        self._safety = safety or Safety()
        self._rate = rate
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._pace = Pace(clock)

    async def create(
        self,
        bot_id: int,
        name: str,
        content: Content,
        *,
        actor: str,
        options: Options | None = None,
        segment: str = "",
        category: str = "",
        key: str | None = None,
    ) -> Campaign:
        """
        A draft.

        Args:
            segment: Whom it is for (see `segments`), as its names are understood now; "": everybody.
            category: What it is about, as subscribers may opt out of it, by a button under it, too; "": of
                nothing.
            key: What the caller names this request: the same key again gives the same campaign.
        Raises:
            Refused: Telegram would not take it; `field` names the part: text, buttons, name ...
            Conflict: the key was used for another content or another segment.
        """
        options = self._tested(options or Options())
        category = category.strip()
        self._consent.check_category(category)
        if category and self._consent.unsubscribe_row:
            content = with_unsubscribe(content, category)
        check(name, content, options)
        async with self._database.transaction() as connection:
            store = CampaignStore(connection)
            now = self._clock.now()
            chosen = await resolved_text(connection, bot_id, segment)
            campaign = await store.add(
                bot_id,
                name.strip(),
                content,
                options,
                segment=chosen,
                category=category,
                by=actor,
                key=key,
                now=now,
            )
            if campaign is None:
                return _same(await store.by_key(bot_id, key or ""), name.strip(), content, chosen)
            await self._audit(connection, actor, "campaign.create", campaign, detail=campaign.name)
            if passes := _passes(options):
                await self._audit(connection, actor, "campaign.pass", campaign, detail=passes)
        return campaign

    async def has_category(self, bot_id: int, category: str) -> bool:
        """Whether any campaign of a bot was about it."""
        async with self._database.read() as connection:
            return await CampaignStore(connection).has_category(bot_id, category)

    async def start(self, campaign_id: int, *, actor: str) -> Campaign:
        """
        Fix the audience as the subscribers of this moment, and begin; the first message leaves within 2 s.

        Raises:
            Refused: the bot has no subscribers, or fewer Stars than a paid campaign may cost.
        """
        await self._demand_stars(campaign_id, Verb.START)
        async with self._database.transaction() as connection:
            store = CampaignStore(connection)
            bot_id = (await store.get(campaign_id)).bot_id
            upto = await newest_subscriber(connection, bot_id)
            now = self._clock.now()
            campaign = await store.move(
                campaign_id, Verb.START, now=now, started_at=now, snapshot_upto=upto, scheduled_at=None
            )
            if not upto:
                raise Refused(
                    "This bot has no subscribers yet.", remedy="People subscribe by sending it /start."
                )
            await self._demand_approval(connection, campaign)
            if campaign.options.delete_after:
                await AmendmentStore(connection).add(
                    campaign_id, bot_id, Kind.EXPIRE, None, by=actor, now=now
                )
            await self._note(connection, actor, Verb.START, campaign)
        return campaign

    async def schedule(self, campaign_id: int, at: datetime, *, actor: str) -> Campaign:
        """
        Let it start by itself at a moment (aware); again, at another moment.

        Raises:
            Refused: the moment is past. Conflict: it needs a second operator's yes first.
        """
        if at <= self._clock.now():
            raise Refused("That moment is past.", field="when")
        async with self._database.transaction() as connection:
            store = CampaignStore(connection)
            await self._demand_approval(connection, await store.get(campaign_id))
            now = self._clock.now()
            campaign = await store.move(campaign_id, Verb.SCHEDULE, now=now, scheduled_at=at)
            await self._audit(connection, actor, "campaign.schedule", campaign, detail=at.isoformat())
        return campaign

    async def unschedule(self, campaign_id: int, *, actor: str, cause: str = "") -> Campaign:
        """It is a draft again, and starts when told to; `cause`: why it did not start by itself."""
        async with self._database.transaction() as connection:
            campaign = await CampaignStore(connection).move(
                campaign_id, Verb.UNSCHEDULE, now=self._clock.now(), cause=cause, scheduled_at=None
            )
            await self._audit(connection, actor, "campaign.unschedule", campaign, detail=cause)
        return campaign

    async def needs_approval(self, campaign_id: int) -> bool:
        """Whether a second operator must say yes before it may start."""
        async with self._database.read() as connection:
            campaign = await CampaignStore(connection).get(campaign_id)
            return await self._lacks_approval(connection, campaign)

    async def approve(self, campaign_id: int, *, actor: str) -> Campaign:
        """
        A second operator says yes: it may be started.

        Raises:
            Conflict: it is no draft; or it is the yes of whoever made it.
        """
        async with self._database.transaction() as connection:
            store = CampaignStore(connection)
            campaign = await store.get(campaign_id, lock=True)
            if campaign.state is not CampaignState.DRAFT:
                raise Conflict(f"Campaign {campaign_id} is {campaign.state}: there is nothing to approve.")
            if actor == campaign.created_by:
                raise Conflict("Whoever made a campaign cannot approve it.", remedy="Ask another operator.")
            await store.approve(campaign_id, by=actor)
            await self._audit(connection, actor, "campaign.approve", campaign)
            return await store.get(campaign_id)

    async def pause(self, campaign_id: int, *, actor: str) -> Campaign:
        """Send no more until resumed; calls in flight end as they end (within a second, as a rule)."""
        return await self._move(campaign_id, Verb.PAUSE, actor)

    async def resume(self, campaign_id: int, *, actor: str) -> Campaign:
        """
        Go on where it paused; what failed so far is not held against the campaign again.

        Raises:
            Refused: the bot has fewer Stars than the rest of a paid campaign may cost.
        """
        await self._demand_stars(campaign_id, Verb.RESUME)
        async with self._database.transaction() as connection:
            campaign = await _go_on(connection, campaign_id, Verb.RESUME, now=self._clock.now())
            await self._note(connection, actor, Verb.RESUME, campaign)
        return campaign

    async def allow_stars(self, campaign_id: int, stars: int, *, actor: str) -> Campaign:
        """Let a paid campaign cost so many Stars in all; it goes on when it is resumed."""
        async with self._database.transaction() as connection:
            store = CampaignStore(connection)
            campaign = await store.get(campaign_id, lock=True)
            if not campaign.options.paid or stars <= 0:
                raise Refused("Only a paid campaign has Stars to spend, one at least.", field="stars")
            await store.set_options(campaign_id, replace(campaign.options, stars=stars))
            await self._audit(connection, actor, "campaign.allow_stars", campaign, detail=str(stars))
            return await store.get(campaign_id)

    async def cancel(self, campaign_id: int, *, actor: str) -> Campaign:
        """End it for good; who was not messaged yet is counted as suppressed, reason "cancelled"."""
        return await self._move(campaign_id, Verb.CANCEL, actor)

    async def retry_failed(self, campaign_id: int, *, actor: str) -> int:
        """
        Send again to everybody for whom it failed, and who may be messaged; returns how many those are.

        Raises:
            Conflict: it neither finished nor paused.
        """
        return await self._repeat(campaign_id, DeliveryState.FAILED, actor)

    async def resend_unknown(self, campaign_id: int, *, actor: str) -> int:
        """Send again where nobody knows whether it arrived: some will get it twice. Returns how many."""
        return await self._repeat(campaign_id, DeliveryState.UNKNOWN, actor)

    async def get(self, campaign_id: int) -> Campaign:
        """One campaign."""
        async with self._database.read() as connection:
            return await CampaignStore(connection).get(campaign_id)

    async def list(
        self, bot_id: int | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[Campaign]:
        """Campaigns (of one bot), newest first; `before`: only numbers below this one, to page on."""
        async with self._database.read() as connection:
            return await CampaignStore(connection).newest(bot_id=bot_id, before=before, limit=limit)

    async def progress(self, campaign_id: int) -> Progress:
        """How far it has come; cheap for any audience, so ask as often as you show it."""
        async with self._database.read() as connection:
            store = CampaignStore(connection)
            campaign = await store.get(campaign_id)
            tally = await store.tally(campaign_id)
        return self._pace.progress(campaign, tally)

    async def dry_run(self, campaign_id: int) -> DryRun:
        """Whom it would reach if it began now, whom not and why, and how long it would take."""
        async with self._database.read() as connection:
            store = CampaignStore(connection)
            campaign = await store.get(campaign_id)
            last = await dry_run.last_of(connection, campaign.bot_id, before=campaign_id)
            before = await store.get(last) if last is not None else None
            return await dry_run.count(
                connection, campaign, before, rate=self._rate, now=self._clock.now(), consent=self._consent
            )

    async def echo(self, campaign_id: int) -> Echo:
        """Who pressed a button of it, and who left because of it."""
        async with self._database.read() as connection:
            return await echo.of(connection, await CampaignStore(connection).get(campaign_id))

    async def statistics(self, bot_id: int) -> Statistics:
        """What all campaigns of a bot came to."""
        return await statistics.of(self._database, bot_id)

    async def by_variant(self, campaign_id: int) -> dict[int | None, Counter[DeliveryState]]:
        """Deliveries by variant and state; None: those that none was chosen for (yet)."""
        async with self._database.read() as connection:
            return await CampaignStore(connection).by_variant(campaign_id)

    async def report(self, campaign_id: int) -> AsyncIterator[str]:
        """CSV of every recipient, as pieces of text to be written one after the other."""
        await self.get(campaign_id)
        async for piece in report.lines(self._database, campaign_id):
            yield piece

    async def _repeat(self, campaign_id: int, state: DeliveryState, actor: str) -> int:
        """Chunk by chunk, each whole by itself: killed half-way, the rest stays as it was."""
        after: int | None = 0
        count = 0
        while after is not None:
            after, some = await self._repeat_chunk(campaign_id, state, after, actor)
            count += some
        return count

    async def _repeat_chunk(
        self, campaign_id: int, state: DeliveryState, after: int, actor: str
    ) -> tuple[int | None, int]:
        async with self._database.transaction() as connection:
            store = CampaignStore(connection)
            campaign = await store.get(campaign_id, lock=True)
            if after == 0 or not campaign.is_active:
                rules.demand(campaign, Verb.REPEAT)
            now = self._clock.now()
            ids = await Ledger(connection).reopen(
                campaign, state, after=after, now=now, limit=REPEATED, consent=self._consent
            )
            if not ids:
                return None, 0
            await store.add_calls(campaign_id, len(ids))
            if not campaign.is_active:
                campaign = await _go_on(connection, campaign_id, Verb.REPEAT, now=now)
                await self._note(connection, actor, Verb.REPEAT, campaign)
        return (ids[-1] if len(ids) == REPEATED else None), len(ids)

    async def _demand_stars(self, campaign_id: int, verb: Verb) -> None:
        """Ask Telegram outside of any transaction; where it does not answer, the sender asks again."""
        async with self._database.read() as connection:
            store = CampaignStore(connection)
            campaign = await store.get(campaign_id)
            tally = await store.tally(campaign_id)
        purse = self._purses.get(campaign.bot_id)
        if purse is None or not campaign.options.paid or rules.may(campaign.state, verb) is None:
            return
        begins = verb is Verb.START
        needed = (await self.dry_run(campaign_id)).stars if begins else rules.stars_needed(campaign, tally)
        balance = await balance_of(purse)
        if balance is not None and (short := rules.shortage(needed, balance)):
            raise Refused(short, remedy=TOP_UP, field="stars", code="no_stars")

    async def _demand_approval(self, connection: AsyncConnection, campaign: Campaign) -> None:
        if await self._lacks_approval(connection, campaign):
            most = self._safety.approval_over
            raise Conflict(
                f"An audience of more than {most} needs a second operator's yes.",
                remedy=f"Ask one to approve campaign {campaign.id}.",
                code="needs_approval",
            )

    async def _lacks_approval(self, connection: AsyncConnection, campaign: Campaign) -> bool:
        most = self._safety.approval_over
        if not most or campaign.approved_by:
            return False
        return await audience_exceeds(connection, campaign, most, now=self._clock.now())

    def _tested(self, options: Options) -> Options:
        """Test mode knows no way around it."""
        if self._safety.only is None:
            return options
        if not self._safety.only:
            raise Refused(
                "Test mode is on, and names nobody.",
                remedy="List Telegram ids in GATECRIER_BROADCAST__TEST_SUBSCRIBERS.",
                field="test_subscribers",
            )
        return replace(options, only=self._safety.only)

    async def _move(self, campaign_id: int, verb: Verb, actor: str) -> Campaign:
        async with self._database.transaction() as connection:
            campaign = await CampaignStore(connection).move(campaign_id, verb, now=self._clock.now())
            await self._note(connection, actor, verb, campaign)
        return campaign

    async def _note(self, connection: AsyncConnection, actor: str, verb: Verb, campaign: Campaign) -> None:
        """Every change of state is audited, and wakes the bot's sender to act on it."""
        await self._audit(connection, actor, f"campaign.{verb}", campaign)
        await self._jobs.wake(connection, SENDER, sender_key(campaign.bot_id))

    async def _audit(
        self, connection: AsyncConnection, actor: str, action: str, campaign: Campaign, detail: str = ""
    ) -> None:
        subject = f"campaign:{campaign.id}"
        await record_audit(
            connection, at=self._clock.now(), actor=actor, action=action, subject=subject, detail=detail
        )


async def _go_on(connection: AsyncConnection, campaign_id: int, verb: Verb, *, now: datetime) -> Campaign:
    """Send on: an operator has seen what failed so far, it is not held against the campaign again."""
    await Watches.revive(connection, campaign_id)
    store = CampaignStore(connection)
    tried = rules.tried(await store.tally(campaign_id))
    return await store.move(
        campaign_id,
        verb,
        now=now,
        is_settled=False,
        excused_attempts=tried.attempts,
        excused_errors=tried.errors,
        excused_gone=tried.gone,
    )


def _passes(options: Options) -> str:
    """What does not hold this campaign back, in words for the audit log."""
    passes = {"frequency cap": options.service, "quiet hours": options.urgent}
    return ", ".join(name for name, is_passed in passes.items() if is_passed)


def _same(found: Campaign, name: str, content: Content, segment: str) -> Campaign:
    """A saved segment that means something else by now makes it another request, too."""
    if (found.name, found.content, found.segment) != (name, content, segment):
        raise Conflict(
            f"This key made campaign {found.id}, which says something else, or is for others.",
            remedy="Use a new key for a new campaign.",
            field="key",
        )
    return found
