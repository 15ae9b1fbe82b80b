"""The loop that shows each group's card as the ledger says; `run()` waits for the gatekeeper's bell."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

from gatecrier.gate.cards import texts
from gatecrier.gate.cards.private import PrivateCards
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.model import Card, Case, Held
from gatecrier.gate.outside import Acts, Sends, Telegram
from gatecrier.gate.policy import left_over
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, NotFound, OutcomeUnknown, Refused, TryLater
from gatecrier.kernel.language import ENGLISH
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button

log = structlog.get_logger(__name__)

CARD_INTERVAL = 3.0  # seconds between two changes in one group: Telegram allows 20 messages a minute there
REFUSED_WAIT = 60.0  # seconds before a card is tried again that Telegram would not take


class CardKeeper:
    """
    Shows each group's card as the ledger says, never changing it more often than every 3 s.

    Besides, it sends what single people of the group are told: their own cards, and notices; one at a
    time in each group, so that the card of all gets every second turn at least.
    """

    def __init__(self, database: Database, clock: Clock, telegram: Telegram, gatekeeper: Gatekeeper) -> None:
        self._database = database
        self._clock = clock
        self._sends: Sends = telegram
        self._acts: Acts = telegram
        self._gates = gatekeeper.gates
        self._notices = gatekeeper.notices
        self._private = PrivateCards(
            database,
            clock,
            gatekeeper.bot_id,
            gates=gatekeeper.gates,
            ephemerals=gatekeeper.ephemerals,
        )
        self._bell = gatekeeper.bell
        self._bot_id = gatekeeper.bot_id
        self._free_at: dict[int, float] = {}
        self._parked: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._at_work: dict[int, asyncio.Task[str]] = {}
        self._telling: dict[int, asyncio.Task[int]] = {}
        self._stopping = False

    async def run(self) -> None:
        """Work whenever the bell rings, until `stop()`; groups do not wait for each other."""
        self._stopping = False
        try:
            while not self._stopping:
                self._bell.clear()
                if await self._begin_safely():
                    await self._bell_or(CARD_INTERVAL)
                else:
                    await self._bell.wait()
            if self._tasks():
                await asyncio.wait(self._tasks())
        finally:
            await _cancelled(self._tasks())

    def stop(self) -> None:
        """Let `run()` return as soon as the calls in flight have ended; no other begins."""
        self._stopping = True
        self._bell.set()

    async def run_once(self) -> dict[str, int]:
        """
        Tell single people, then change every card that is behind and whose group may be written to now.

        Waits for all of it.
        """
        telling, untold = await self._begin_telling()
        told = sum(await asyncio.gather(*telling))
        begun, waiting = await self._begin()
        counts = {"shown": 0, "edited": 0, "removed": 0, "told": told, "waiting": waiting + untold}
        for outcome in await asyncio.gather(*begun):
            counts[outcome] += 1
        return counts

    async def _begin(self) -> tuple[list[asyncio.Task[str]], int]:
        """Set to work on one card of each group that can take it; those tasks, and how many cards wait."""
        busy = set(self._at_work)  # asked before reading: what ends meanwhile was read as it was before
        async with self._database.read() as connection:
            behind = await Ledger(connection, self._bot_id).cards_behind()
        now = self._clock.monotonic()
        self._free_at = {chat: at for chat, at in self._free_at.items() if at > now}
        self._parked = {card: at for card, at in self._parked.items() if at > now}
        waiting = {card.id for card in behind}
        self._tried = {
            id_: at for id_, at in self._tried.items() if id_ in waiting or at > now - REFUSED_WAIT
        }
        if self._stopping:
            return [], len(behind)
        begun = [self._set_to_work(card) for card in self._next(behind, busy)]
        return begun, len(behind) - len(begun)

    async def _begin_telling(self) -> tuple[list[asyncio.Task[int]], int]:
        """Set to work on those who are told alone, one task for each group; and how many groups wait."""
        private = await self._private.waiting()
        groups = list(dict.fromkeys([*private, *self._notices.groups()]))
        if self._stopping:
            return [], len(groups)
        ready = [id_ for id_ in groups if id_ not in self._telling and self._private.may_speak(id_)]
        begun = [self._set_to_telling(id_, private.get(id_, [])) for id_ in ready]
        return begun, len(groups) - len(begun)

    def _set_to_telling(self, chat_id: int, some: list[Case]) -> asyncio.Task[int]:
        task = self._telling[chat_id] = asyncio.create_task(self._tell(chat_id, some))
        task.add_done_callback(lambda _: self._telling.pop(chat_id, None))
        return task

    async def _tell(self, chat_id: int, some: list[Case]) -> int:
        """Show people their own cards, and notices; returns how many."""
        told = 0
        for case in some:
            if self._stopping or not await self._private.show(case):
                return told
            told += 1
        for notice in self._notices.take(chat_id):
            if not self._stopping:
                await self._notices.tell(notice)
                told += 1
        return told

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return [*self._at_work.values(), *self._telling.values()]

    def _next(self, behind: list[Card], busy: set[int]) -> list[Card]:
        """Of each group that may be written to, the card that was tried longest ago."""
        ready: dict[int, Card] = {}
        for card in sorted(behind, key=lambda card: self._tried.get(card.id, -1.0)):
            may_write = card.chat_id not in self._free_at and card.chat_id not in busy
            if may_write and card.id not in self._parked:
                ready.setdefault(card.chat_id, card)
        return list(ready.values())

    def _set_to_work(self, card: Card) -> asyncio.Task[str]:
        self._tried[card.id] = self._clock.monotonic()
        task = self._at_work[card.chat_id] = asyncio.create_task(self._change(card))
        task.add_done_callback(lambda _: self._at_work.pop(card.chat_id, None))
        return task

    async def _begin_safely(self) -> bool:
        """Whether something still waits, or is under way."""
        try:
            telling, untold = await self._begin_telling()
            begun, waiting = await self._begin()
        except TryLater as error:
            log.warning("cards.postponed", code=error.code)
            return True
        except Exception:  # the edge of a worker loop: log it, and look again
            log.exception("cards.failed")
            return True
        for task in (*begun, *telling):
            task.add_done_callback(_log_failure)
        return bool(begun or waiting or telling or untold)

    async def _bell_or(self, seconds: float) -> None:
        waits = {asyncio.create_task(self._bell.wait()), asyncio.create_task(self._sleep(seconds))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(waits)

    async def _sleep(self, seconds: float) -> bool:
        await self._clock.sleep(seconds)
        return True

    async def _change(self, card: Card) -> str:
        try:
            return await self._bring_up(card)
        except TryLater as error:
            self._free_at[card.chat_id] = self._clock.monotonic() + max(error.retry_after, CARD_INTERVAL)
        except GatecrierError as error:
            # A closed topic, a lost right: the gate and the group's other cards work without this one.
            log.warning("cards.not_shown", chat=card.chat_id, code=error.code)
            self._parked[card.id] = self._clock.monotonic() + REFUSED_WAIT
        return "waiting"

    async def _bring_up(self, card: Card) -> str:
        """Remove the card, show it anew at the bottom, or edit it; the former message goes last."""
        if card.old_message_id is not None:
            await self._delete(card, card.old_message_id)
            await self._note(card, card.message_id, seen=card.shown)
        async with self._database.read() as connection:
            held = await Ledger(connection, self._bot_id).named_on(card)
        if not held.total:
            return await self._remove(card)
        if card.shown >= card.wanted:
            return "removed"
        self._free_at[card.chat_id] = self._clock.monotonic() + CARD_INTERVAL
        if card.message_id is None or card.raised > card.shown:
            return await self._show(card, held)
        return await self._edit(card, held, card.message_id)

    async def _remove(self, card: Card) -> str:
        if card.message_id is not None:
            await self._delete(card, card.message_id)
        async with self._database.transaction() as connection:
            await Ledger(connection, self._bot_id).card_removed(card)
        return "removed"

    async def _show(self, card: Card, held: Held) -> str:
        text, buttons = self._words(card, held)
        try:
            message_id = await self._sends.send_message(
                card.chat_id,
                text,
                lane=Lane.ENFORCE,
                parse_mode="HTML",
                buttons=buttons,
                thread_id=card.thread_id or None,
                silent=True,
                link_preview=False,
            )
        except OutcomeUnknown as error:
            # Perhaps it is there: a second card would be worse than none until the next person comes.
            log.warning("cards.in_doubt", chat=card.chat_id, code=error.code)
            await self._note(card, card.message_id)
            return "shown"
        await self._note(card, message_id, old=card.message_id)
        if card.message_id is not None:
            await self._delete(card, card.message_id)
            await self._note(card, message_id)
        return "shown"

    async def _edit(self, card: Card, held: Held, message_id: int) -> str:
        text, buttons = self._words(card, held)
        try:
            await self._sends.edit_text(
                card.chat_id,
                message_id,
                text,
                lane=Lane.ENFORCE,
                parse_mode="HTML",
                buttons=buttons,
            )
        except NotFound:  # an admin deleted it, and people still need its button
            return await self._show(card, held)
        await self._note(card, message_id)
        return "edited"

    async def _delete(self, card: Card, message_id: int) -> None:
        try:
            await self._acts.delete_message(card.chat_id, message_id)
        except Refused as error:
            log.info("cards.not_deleted", chat=card.chat_id, code=error.code)

    async def _note(
        self, card: Card, message_id: int | None, *, old: int | None = None, seen: int | None = None
    ) -> None:
        async with self._database.transaction() as connection:
            await Ledger(connection, self._bot_id).card_shown(
                card, message_id=message_id, old_message_id=old, shown=card.wanted if seen is None else seen
            )

    def _words(self, card: Card, held: Held) -> tuple[str, list[list[Button]]]:
        live = self._gates.get(card.chat_id)
        if live is None:
            return texts.card(ENGLISH, held, None, ()), texts.buttons(ENGLISH, card.id, None, ())
        options, channels = live.gate.options, live.gate.channels
        remainder = left_over(live.gate.policy, held.missing)
        text = texts.card(
            options.language,
            held,
            remainder,
            channels,
            template=options.templates.get(options.language, ""),
            group_title=live.gate.title,
        )
        return text, texts.buttons(options.language, card.id, remainder, channels)


async def _cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """End these tasks, and wait until they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


def _log_failure(task: asyncio.Task[Any]) -> None:
    """What went wrong with one group's card is no other's matter; the loop looks again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("cards.failed", exc_info=error)
