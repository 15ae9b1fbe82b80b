"""The bots of this deployment: their tokens, sealed. The one of GATECRIER_BOT_TOKEN needs no row here."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound
from gatecrier.kernel.vault import Vault
from gatecrier.registry.store import record_audit
from gatecrier.storage.database import Database, insert_into
from gatecrier.storage.schema import Utc, metadata
from gatecrier.telegram.token import bot_id_of

bots = sa.Table(
    "bots",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("sealed_token", sa.Text, nullable=False),
    sa.Column("added_at", Utc, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class BotRecord:
    """A bot that was added; its token is told by `Bots.tokens` alone."""

    id: int
    #: Without @, as Telegram told when it was added.
    username: str
    added_at: datetime


class Bots:
    """Every bot that was added, for all processes; each method is one transaction."""

    def __init__(self, database: Database, vault: Vault, *, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def add(self, token: str, *, username: str, actor: str) -> BotRecord:
        """
        Host this bot from now on; adding it again renews its token.

        Raises:
            Misconfigured: it is no token, or there is no key to seal it with.
        """
        now = self._clock.now()
        record = BotRecord(id=bot_id_of(token), username=username, added_at=now)
        row = {**vars(record), "sealed_token": self._vault.seal(token)}
        async with self._database.transaction() as connection:
            statement = insert_into(connection, bots).values(row)
            renewed = {name: statement.excluded[name] for name in ("username", "sealed_token")}
            await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed))
            await record_audit(connection, at=now, actor=actor, action="bot.add", subject=f"bot:{record.id}")
        return record

    async def remove(self, bot_id: int, *, actor: str) -> None:
        """
        Host it no longer; what is known of its people and groups stays.

        Raises:
            NotFound: no such bot was added.
        """
        async with self._database.transaction() as connection:
            result = await connection.execute(sa.delete(bots).where(bots.c.id == bot_id))
            if not result.rowcount:
                raise NotFound(f"No bot {bot_id} was added.", remedy="See: gatecrier bot list.")
            await record_audit(
                connection, at=self._clock.now(), actor=actor, action="bot.remove", subject=f"bot:{bot_id}"
            )

    async def list(self) -> "list[BotRecord]":
        """All of them, by id."""
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(bots).order_by(bots.c.id))).mappings().all()
        return [BotRecord(**{name: row[name] for name in BotRecord.__dataclass_fields__}) for row in rows]

    async def tokens(self) -> dict[int, str]:
        """
        Bot id -> token.

        Raises:
            Misconfigured: a token was sealed with a key that we do not have.
        """
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(bots.c.id, bots.c.sealed_token))).all()
        return {id_: self._vault.open(sealed) for id_, sealed in rows}
