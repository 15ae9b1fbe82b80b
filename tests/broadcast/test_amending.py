"""What is done to messages that were sent: deleted or changed everywhere, whatever interrupts it."""

from collections import Counter
from datetime import timedelta

import pytest

from broadcast.stage import BOT, Stage, ended, people
from gatecrier.broadcast.amending.model import Kind
from gatecrier.broadcast.amending.service import Amendments
from gatecrier.broadcast.amending.worker import Amender
from gatecrier.broadcast.model import Album, Campaign, Copy, DeliveryState, Options, Text
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Conflict, GatecrierError, OutcomeUnknown, PeerGone, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Buttons, ParseMode


class Chats:
    """People's chats with the bot: what was deleted and changed there."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.deleted: Counter[int] = Counter()
        self.texts: dict[int, str] = {}
        self.errors: dict[int, list[GatecrierError]] = {}

    def _meet(self, person_id: int) -> None:
        errors = self.errors.get(person_id)
        if errors:
            raise errors.pop(0)

    async def delete_message(self, chat_id: int, message_id: int, *, lane: Lane = Lane.ENFORCE) -> bool:
        assert lane is Lane.CAMPAIGN
        assert message_id > 1000
        self._meet(chat_id)
        self.deleted[chat_id] += 1
        return True

    async def edit_text(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: ParseMode = "",
        buttons: Buttons = (),
    ) -> None:
        assert lane is Lane.CAMPAIGN
        self._meet(chat_id)
        self.texts[chat_id] = text


class Aftermath:
    """A finished campaign to a few people, of whom one never got it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.chats = Chats(stage.clock)
        self.amendments = Amendments(stage.database, clock=stage.clock, jobs=stage.jobs)
        self.campaign: Campaign

    async def sent(self, count: int, options: Options | None = None) -> "Aftermath":
        await self.stage.subscribe(count)
        self.stage.telegram.answer(people(2), PeerGone("x", code="blocked"))
        self.campaign = await self.stage.begin(options or Options(canary=0))
        await self.stage.sender().run()
        await ended(self.stage, self.campaign)
        return self

    def amender(self) -> Amender:
        return Amender({BOT: self.chats}, self.stage.database, clock=self.stage.clock)

    async def run(self) -> None:
        await self.amender().run(f"bot:{BOT}")

    async def withdrawn(self) -> int:
        rows = await self.stage.rows(self.campaign)
        return sum(row["withdrawn_at"] is not None for row in rows)


async def test_an_undo_deletes_every_message_that_arrived(database: Database) -> None:
    """All pages of it, nobody else's, and it is counted; the deliveries stay sent."""
    after = await Aftermath(Stage(database)).sent(450)
    made = await after.amendments.undo(after.campaign.id, actor="cli")
    assert after.stage.jobs.woken[-1] == ("amender", f"bot:{BOT}")
    await after.run()
    assert set(after.chats.deleted.values()) == {1}
    assert len(after.chats.deleted) == 449
    (done,) = await after.amendments.list(after.campaign.id)
    assert (done.id, done.done, done.failed) == (made.id, 449, 0)
    assert done.finished_at is not None
    assert (await ended(after.stage, after.campaign)).of(DeliveryState.SENT) == 449


async def test_an_undo_goes_on_after_a_crash(database: Database) -> None:
    """Killed between two pages, or with calls out: the rest is deleted, and counted once."""
    after = await Aftermath(Stage(database)).sent(450)
    await after.amendments.undo(after.campaign.id, actor="cli")
    assert sum((await after.amender().run_once(BOT)).values()) == 200
    after.chats.errors = {person: [OutcomeUnknown("lost")] for person in people(*range(210, 220))}
    await after.run()
    await after.stage.clock.sleep(6)
    await after.run()
    (done,) = await after.amendments.list(after.campaign.id)
    assert (done.done, await after.withdrawn()) == (449, 449)
    assert done.finished_at is not None


async def test_limits_postpone_and_refusals_are_counted(database: Database) -> None:
    """A 429 waits for its time; what Telegram will not delete is said."""
    after = await Aftermath(Stage(database)).sent(20)
    after.chats.errors = {
        people(5)[0]: [TryLater("slow", retry_after=30, code="rate_limited")],
        people(6)[0]: [PeerGone("no", code="blocked")],
    }
    await after.amendments.undo(after.campaign.id, actor="cli")
    await after.run()
    (open_,) = await after.amendments.list(after.campaign.id)
    assert (open_.done, open_.failed, open_.finished_at) == (17, 1, None)
    await after.stage.clock.sleep(31)
    await after.run()
    (done,) = await after.amendments.list(after.campaign.id)
    assert (done.done, done.failed) == (18, 1)
    assert done.finished_at is not None


async def test_an_undo_has_its_time(sqlite_database: Database) -> None:
    """Not while it sends, not after 48 hours, not twice at once."""
    stage = Stage(sqlite_database)
    after = await Aftermath(stage).sent(5)
    await after.amendments.undo(after.campaign.id, actor="cli")
    with pytest.raises(Conflict, match="not finished"):
        await after.amendments.undo(after.campaign.id, actor="cli")
    running = await stage.begin(Options(canary=0))
    with pytest.raises(Conflict, match="still sending"):
        await after.amendments.undo(running.id, actor="cli")
    draft = await stage.broadcast.create(BOT, "x", Text(text="x"), actor="cli")
    with pytest.raises(Conflict, match="never sent"):
        await after.amendments.undo(draft.id, actor="cli")
    await stage.clock.sleep(timedelta(hours=49).total_seconds())
    await after.run()
    (late,) = await after.amendments.list(after.campaign.id)
    assert (late.done, late.failed) == (0, 4)
    with pytest.raises(Conflict, match="48 hours"):
        await after.amendments.undo(after.campaign.id, actor="cli")


async def test_messages_are_deleted_by_themselves_each_in_its_time(database: Database) -> None:
    """An hour after each was sent, not before; it survives a restart, for it stands in the ledger."""
    after = await Aftermath(Stage(database)).sent(30, Options(canary=0, delete_after=3600))
    await after.run()
    await after.stage.clock.sleep(3500)
    await after.run()
    assert not after.chats.deleted
    await after.stage.clock.sleep(200)
    await after.run()
    assert len(after.chats.deleted) == 29
    (done,) = await after.amendments.list(after.campaign.id)
    assert (done.kind, done.done) == (Kind.EXPIRE, 29)
    assert done.finished_at is not None


async def test_an_edit_changes_every_message(database: Database) -> None:
    """All pages; a limit makes it do the page again, which changes nothing twice."""
    after = await Aftermath(Stage(database)).sent(450)
    after.chats.errors = {
        people(5)[0]: [TryLater("slow", retry_after=3, code="rate_limited")],
        people(300)[0]: [PeerGone("no", code="blocked")],
    }
    await after.amendments.edit(after.campaign.id, Text(text="Corrected"), actor="cli")
    await after.run()
    await after.run()
    assert set(after.chats.texts.values()) == {"Corrected"}
    assert len(after.chats.texts) == 448
    (done,) = await after.amendments.list(after.campaign.id)
    assert (done.done, done.failed) == (448, 1)
    assert done.finished_at is not None


async def test_only_texts_are_changed(sqlite_database: Database) -> None:
    """A copy may hold anything: Telegram would refuse it a thousand times."""
    stage = Stage(sqlite_database)
    await stage.subscribe(3)
    amendments = Amendments(sqlite_database, clock=stage.clock, jobs=stage.jobs)
    campaign = await stage.broadcast.create(BOT, "x", Copy(from_chat_id=1, message_id=2), actor="cli")
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender().run()
    with pytest.raises(Conflict, match="Only a campaign of text"):
        await amendments.edit(campaign.id, Text(text="y"), actor="cli")


async def test_a_changed_text_greets_by_name_too(database: Database) -> None:
    """Each reads their own name, and a doubled brace is one."""
    after = await Aftermath(Stage(database)).sent(3)
    await after.amendments.edit(after.campaign.id, Text(text="{{{id} {first_name}"), actor="cli")
    await after.run()
    assert after.chats.texts == {person: f"{{{person} \u2068Ann\u2069" for person in people(1, 3)}


async def test_an_undo_takes_an_album_whole(database: Database) -> None:
    """Its other parts and the text after it are deleted, too."""
    stage = Stage(database)
    await stage.subscribe(2)
    album = Album(from_chat_id=-100, message_ids=(3, 4), follow_up=Text(text="x"))
    stage.telegram.follow_up_id = 5000
    campaign = await stage.begin(content=album)
    await stage.sender().run()
    after = Aftermath(stage)
    await after.amendments.undo(campaign.id, actor="cli")
    await after.run()
    assert after.chats.deleted == dict.fromkeys(people(1, 2), 3)
