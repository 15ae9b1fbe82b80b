"""Where campaigns are watched in Telegram: one message in each chat, the same one after a restart."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.model import CampaignState
from gatecrier.broadcast.tables import campaigns, status_messages
from gatecrier.storage.database import Database, insert_into


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A message that shows how far a campaign has come."""

    campaign_id: int
    chat_id: int
    bot_id: int
    message_id: int


class Watches:
    """The status messages of all campaigns; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, watch: Watch) -> None:
        """Show the campaign there from now on; an older message in that chat is shown no more."""
        async with self._database.transaction() as connection:
            statement = insert_into(connection, status_messages).values(**vars(watch), is_final=False)
            renewed = {"message_id": statement.excluded.message_id, "is_final": False}
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["campaign_id", "chat_id"], set_=renewed)
            )

    async def live(self, bot_id: int) -> list[Watch]:
        """The messages of a bot that are not final."""
        query = sa.select(status_messages).where(
            status_messages.c.bot_id == bot_id, ~status_messages.c.is_final
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Watch(**{name: row[name] for name in Watch.__dataclass_fields__}) for row in rows]

    @staticmethod
    async def revive(connection: AsyncConnection, campaign_id: int) -> None:
        """The campaign goes on: so do the messages that show it."""
        await connection.execute(
            sa.update(status_messages)
            .where(status_messages.c.campaign_id == campaign_id)
            .values(is_final=False)
        )

    async def end(self, watch: Watch, state: CampaignState) -> bool:
        """It shows this state, and nothing changes by itself; False when the campaign has gone on since."""
        async with self._database.transaction() as connection:
            result = await connection.execute(
                sa.update(status_messages)
                .where(
                    status_messages.c.campaign_id == watch.campaign_id,
                    status_messages.c.chat_id == watch.chat_id,
                    status_messages.c.message_id == watch.message_id,
                    ~status_messages.c.is_final,
                    sa.exists().where(campaigns.c.id == watch.campaign_id, campaigns.c.state == state),
                )
                .values(is_final=True)
            )
        return result.rowcount == 1
