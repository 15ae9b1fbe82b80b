"""
The loop that amends: a page of messages at a time, a few calls in flight, outcomes in one transaction.

Killed anywhere, the next run does the page again: a message deleted twice is gone, one edited twice is the
same. Gates and answers go first; there is a budget for deletions that campaigns do not share.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.amending.model import UNDO_WITHIN, Amendment, Kind, Message
from gatecrier.broadcast.amending.store import AmendmentStore
from gatecrier.broadcast.content.placeholders import personal
from gatecrier.broadcast.model import Recipient, Text
from gatecrier.broadcast.recipients import are_needed, named
from gatecrier.broadcast.sending import buttons_of
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, OutcomeUnknown, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Buttons, ParseMode

log = structlog.get_logger(__name__)

PAGE = 200
AT_ONCE = 20  # calls in flight
AGAIN = 5.0  # seconds before a call whose outcome is unknown is made again


class Telegram(Protocol):
    """What we need of `telegram.bot.Bot`."""

    async def delete_message(self, chat_id: int, message_id: int, *, lane: Lane = Lane.ENFORCE) -> bool:
        """Delete a message; False when it was already gone."""

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
        """Replace text and buttons; nothing to change is no error."""


class Amender:
    """
    Amends for all bots of this process.

    Args:
        bots: Bot id → its calls.
    """

    def __init__(self, bots: Mapping[int, Telegram], database: Database, *, clock: Clock) -> None:
        self._bots = bots
        self._database = database
        self._clock = clock

    async def run(self, key: str) -> None:
        """Amend for the bot of this job key ("bot:<id>") until nothing is due."""
        while sum((await self.run_once(int(key.removeprefix("bot:")))).values()):
            pass

    async def run_once(self, bot_id: int) -> dict[str, int]:
        """
        One page of each open amendment of a bot; returns how many messages came to which end.

        Raises:
            TryLater: the database is gone.
        """
        counts: dict[str, int] = defaultdict(int)
        telegram = self._bots.get(bot_id)
        if telegram is None:
            return counts
        async with self._database.read() as connection:
            found = await AmendmentStore(connection).open(bot_id)
        for amendment in found:
            if amendment.kind is Kind.EDIT:
                await self._edit(telegram, amendment, counts)
            else:
                await self._withdraw(telegram, amendment, counts)
        async with self._database.transaction() as connection:
            await AmendmentStore(connection).finish(bot_id, now=self._clock.now())
        return counts

    async def _withdraw(self, telegram: Telegram, amendment: Amendment, counts: dict[str, int]) -> None:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            store = AmendmentStore(connection)
            if amendment.kind is Kind.UNDO and not amendment.is_walked:
                await store.mark(amendment, now=now, limit=PAGE)
            due = await store.due(amendment, now=now, limit=PAGE)
        results = await _side_by_side([self._delete(telegram, one) for one in due])
        by_result: dict[float | str, list[Message]] = defaultdict(list)
        for message, result in zip(due, results, strict=True):
            by_result[result].append(message)
        async with self._database.transaction() as connection:
            store = AmendmentStore(connection)
            await store.withdrawn(amendment, by_result.pop("done", []), now=self._clock.now())
            await store.kept(amendment, by_result.pop("failed", []))
            for wait, messages in by_result.items():
                until = self._clock.now() + timedelta(seconds=float(wait))
                await store.postpone(amendment, messages, until=until)
        for result in results:
            if isinstance(result, str):
                counts[result] += 1

    async def _delete(self, telegram: Telegram, message: Message) -> float | str:
        """ "done", "failed", or the seconds after which to try again."""
        if self._clock.now() - message.sent_at > UNDO_WITHIN:
            return "failed"
        try:
            for message_id in message.message_ids:
                await telegram.delete_message(message.person_id, message_id, lane=Lane.CAMPAIGN)
        except TryLater as error:
            return error.retry_after
        except OutcomeUnknown:
            return AGAIN
        except GatecrierError as error:
            log.info("amend.not_deleted", campaign=message.campaign_id, code=error.code)
            return "failed"
        return "done"

    async def _edit(self, telegram: Telegram, amendment: Amendment, counts: dict[str, int]) -> None:
        if amendment.is_walked or amendment.content is None:
            return
        async with self._database.read() as connection:
            page = await AmendmentStore(connection).next_page(amendment, limit=PAGE)
            texts = await _texts(connection, amendment.content, page)
        changes = zip(texts, page, strict=True)
        results = await _side_by_side([self._change(telegram, text, one) for text, one in changes])
        waits = [result for result in results if not isinstance(result, str)]
        if waits:  # the page is done again, whole: who has the new text already is edited into the same
            await self._clock.sleep(max(waits))
            return
        done, failed = results.count("done"), results.count("failed")
        async with self._database.transaction() as connection:
            store = AmendmentStore(connection)
            await store.edited(amendment, page, done=done, failed=failed, limit=PAGE)
        counts["done"] += done
        counts["failed"] += failed

    async def _change(self, telegram: Telegram, content: Text, message: Message) -> float | str:
        try:
            await telegram.edit_text(
                message.person_id,
                message.message_ids[0],
                content.text,
                lane=Lane.CAMPAIGN,
                parse_mode=content.parse_mode.value,
                buttons=buttons_of(content.buttons),
            )
        except TryLater as error:
            return error.retry_after
        except OutcomeUnknown:
            return AGAIN
        except GatecrierError as error:
            log.info("amend.not_edited", campaign=message.campaign_id, code=error.code)
            return "failed"
        return "done"


async def _texts(connection: AsyncConnection, content: Text, page: Sequence[Message]) -> list[Text]:
    """The text for each of them: it may greet people by name."""
    ids = [one.subscriber_id for one in page]
    known = await named(connection, ids) if are_needed(content) else {}
    recipients = (known.get(one.subscriber_id) or Recipient(one.person_id) for one in page)
    return [personal(content, recipient) for recipient in recipients]


async def _side_by_side(work: Sequence[Coroutine[Any, Any, float | str]]) -> list[float | str]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(part: Coroutine[Any, Any, float | str]) -> float | str:
        async with room:
            return await part

    return list(await asyncio.gather(*map(one, work)))
