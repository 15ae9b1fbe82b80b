"""A gatekeeper over a small Telegram: one group, two channels, an owner, Ann and Ben."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
import sqlalchemy as sa

from gate.fake_telegram import (
    ANN,
    BEN,
    BOT,
    CHANNEL,
    GROUP,
    OTHER_GROUP,
    OWNER,
    SECOND,
    FakeTelegram,
    Pen,
    place,
)
from gatecrier.gate.cards.deletions import DeletionQueue
from gatecrier.gate.cards.keeper import CardKeeper
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.model import Case, Restriction, Verdict
from gatecrier.gate.options import changed
from gatecrier.gate.service import Gatekeeper
from gatecrier.gate.store import GateStore
from gatecrier.gate.tables import (
    cards,
    cases,
    deletions,
    exemptions,
    gate_channels,
    gates,
    join_requests,
    restrictions,
    roster,
    standings,
)
from gatecrier.gate.worker import Healer
from gatecrier.kernel.clock import FakeClock
from gatecrier.registry.store import audit_log
from gatecrier.storage.database import Database
from gatecrier.storage.migrate import migrate
from gatecrier.telegram.updates import Chat, Person

EMPTIED = (
    gates, gate_channels, exemptions, standings, roster, join_requests, restrictions, cases, cards, deletions,
    audit_log,
)  # fmt: skip


@dataclass
class World:
    """
    Everything a story of the gate needs.

    Args:
        is_private: Groups speak to single people; else everybody sees the card of all.
    """

    clock: FakeClock
    database: Database
    telegram: FakeTelegram
    pen: Pen
    keeper: Gatekeeper
    cards: CardKeeper
    healer: Healer
    deletions: DeletionQueue
    is_private: bool = False

    async def protect(self, text: str = "@news", chat: Chat = GROUP) -> None:
        """The owner protects a group."""
        await self.keeper.protect(chat, OWNER, None, text)
        if not self.is_private:
            await self.choose(chat, ephemeral="off")

    async def choose(self, chat: Chat = GROUP, **options: object) -> None:
        """The group's admins choose how the gate treats people."""
        live = self.keeper.gates.get(chat.id)
        assert live is not None
        chosen = live.gate.options
        for name, value in options.items():
            chosen = changed(chosen, name, value)
        async with self.database.transaction() as connection:
            await GateStore(connection, BOT.id).set_options(chat.id, chosen)
        await self.keeper.gates.renew(chat.id)

    async def write(self, person: Person = ANN, chat: Chat = GROUP, **fields: object) -> bool:
        """A person writes; whether the message is still there after the gate saw it."""
        message = self.pen.message(person, chat, **fields)
        if not self.keeper.passes(message):
            await self.keeper.handle_message(message)
        return (chat.id, message.message_id) in self.telegram.messages

    async def join(self, person: Person = ANN, chat: Chat = CHANNEL) -> None:
        """A person joins a channel, and Telegram says so."""
        await self.keeper.handle_member_change(self.pen.change(chat, place(person)))

    async def leave(self, person: Person = ANN, chat: Chat = CHANNEL) -> None:
        """A person leaves a channel, and Telegram says so."""
        await self.keeper.handle_member_change(self.pen.change(chat, place(person, "left")))

    async def press(self, person: Person = ANN, chat: Chat = GROUP) -> Verdict:
        """A person presses Verify on the group's card, after the cool-down."""
        await self.clock.advance(3)
        await self.cards.run_once()
        (card,) = self.telegram.cards(chat)
        return await self.keeper.verify(card.buttons[-1].data.removeprefix("verify:"), person.id)

    async def restriction(self, person: Person = ANN, chat: Chat = GROUP) -> Restriction | None:
        """What the ledger says of a person."""
        async with self.database.read() as connection:
            return await Ledger(connection, BOT.id).restriction(chat.id, person.id)

    async def case(self, person: Person = ANN, chat: Chat = GROUP) -> Case | None:
        """A person's open case."""
        async with self.database.read() as connection:
            return await Ledger(connection, BOT.id).case(chat.id, person.id)

    async def restarted(self) -> "World":
        """The same world after the process died and came back."""
        return await make_world(self.clock, self.database, self.telegram)


async def make_world(
    clock: FakeClock, database: Database, telegram: FakeTelegram, *, sweep_rate: float = 5
) -> World:
    """A started gatekeeper over what is there."""
    keeper = Gatekeeper(database, clock, telegram, BOT.id, rng=random.Random(7), sweep_rate=sweep_rate)
    await keeper.start()
    cards = CardKeeper(database, clock, telegram, keeper)
    queue = DeletionQueue(database, clock, telegram, BOT.id)
    return World(clock, database, telegram, Pen(telegram, clock.now), keeper, cards, Healer(keeper), queue)


def make_telegram() -> FakeTelegram:
    """Ann and Ben are in both groups and in no channel."""
    telegram = FakeTelegram()
    for chat in (GROUP, OTHER_GROUP, CHANNEL, SECOND):
        telegram.add(chat)
    for chat in (GROUP, OTHER_GROUP):
        telegram.put(chat, place(ANN))
        telegram.put(chat, place(BEN))
    return telegram


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stories(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """One SQLite file for all stories: opening and migrating one takes longer than a story."""
    database = Database.at(f"sqlite:///{tmp_path_factory.mktemp('gate')}/gate.db")
    await migrate(database)
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(clock: FakeClock, stories: Database) -> World:
    """An unprotected group, and empty tables."""
    async with stories.transaction() as connection:
        for table in EMPTIED:
            await connection.execute(sa.delete(table))
    return await make_world(clock, stories, make_telegram())


@pytest_asyncio.fixture(loop_scope="session")
async def gated(world: World) -> World:
    """The group requires @news."""
    await world.protect()
    return world
