"""What an operator can do to messages that were sent."""

from gatecrier.broadcast.amending.model import UNDO_WITHIN, Amendment, Kind
from gatecrier.broadcast.amending.store import AmendmentStore
from gatecrier.broadcast.content.lint import check
from gatecrier.broadcast.model import Campaign, Options, Text
from gatecrier.broadcast.service import Waker
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.unsubscribe import has_unsubscribe, with_row
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Conflict
from gatecrier.registry.store import record_audit
from gatecrier.storage.database import Database

AMENDER = "amender"
"""The job that amends for one bot; its key is the sender's."""


def amender_key(bot_id: int) -> str:
    """The key of a bot's amender job."""
    return f"bot:{bot_id}"


class Amendments:
    """The amendments of all campaigns."""

    def __init__(self, database: Database, *, clock: Clock, jobs: Waker) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs

    async def undo(self, campaign_id: int, *, actor: str) -> Amendment:
        """
        Delete the campaign's messages everywhere.

        Raises:
            Conflict: it is still sending, was never sent, is more than 48 hours over, or is undone already.
        """
        campaign = await self._at_rest(campaign_id)
        ended = campaign.finished_at or campaign.started_at
        if ended is not None and self._clock.now() - ended > UNDO_WITHIN:
            raise Conflict(
                "Telegram lets a bot delete a message for 48 hours.",
                remedy="Change it everywhere instead: gatecrier campaign edit.",
            )
        return await self._begin(campaign, Kind.UNDO, None, actor)

    async def edit(self, campaign_id: int, content: Text, *, actor: str) -> Amendment:
        """
        Change the campaign's messages everywhere; there is no time limit.

        Raises:
            Conflict: it is still sending, was never sent, or was not a text.
            Refused: Telegram would not take the new one.
        """
        campaign = await self._at_rest(campaign_id)
        if not isinstance(campaign.content, Text):
            raise Conflict("Only a campaign of text can be changed everywhere.")
        if has_unsubscribe(campaign.content):
            content = with_row(content, campaign.category)
        check(campaign.name, content, Options())
        return await self._begin(campaign, Kind.EDIT, content, actor)

    async def reconcile(self) -> int:
        """Wake the amenders of bots with something to do; returns how many. Run it every few seconds."""
        async with self._database.transaction() as connection:
            bots = await AmendmentStore(connection).bots_with_work()
            for bot_id in bots:
                await self._jobs.wake(connection, AMENDER, amender_key(bot_id))
        return len(bots)

    async def list(self, campaign_id: int) -> list[Amendment]:
        """A campaign's, oldest first."""
        async with self._database.read() as connection:
            return await AmendmentStore(connection).of(campaign_id)

    async def _at_rest(self, campaign_id: int) -> Campaign:
        async with self._database.read() as connection:
            campaign = await CampaignStore(connection).get(campaign_id)
        if campaign.is_active:
            raise Conflict(f"Campaign {campaign_id} is still sending.", remedy="Pause or cancel it first.")
        if campaign.started_at is None:
            raise Conflict(f"Campaign {campaign_id} was never sent.")
        return campaign

    async def _begin(self, campaign: Campaign, kind: Kind, content: Text | None, actor: str) -> Amendment:
        async with self._database.transaction() as connection:
            await CampaignStore(connection).get(campaign.id, lock=True)
            store = AmendmentStore(connection)
            if any(one.kind is kind and one.finished_at is None for one in await store.of(campaign.id)):
                raise Conflict(f"Campaign {campaign.id} has an {kind} that is not finished.")
            now = self._clock.now()
            made = await store.add(campaign.id, campaign.bot_id, kind, content, by=actor, now=now)
            await record_audit(
                connection,
                at=now,
                actor=actor,
                action=f"campaign.{kind}",
                subject=f"campaign:{campaign.id}",
                detail=content.text if content else "",
            )
            await self._jobs.wake(connection, AMENDER, amender_key(campaign.bot_id))
        return made
