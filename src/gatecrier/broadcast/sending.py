"""How a campaign's content becomes calls to Telegram."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from gatecrier.broadcast.content.model import (
    Album,
    Buttons,
    Content,
    Copy,
    Media,
    Message,
    Recipient,
    Text,
    messages_of,
)
from gatecrier.broadcast.content.placeholders import personal
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import BadContent, GatecrierError, TryLater
from gatecrier.telegram import messages
from gatecrier.telegram.lanes import Lane

log = structlog.get_logger(__name__)

PIN_FAILED = "pin_failed"
ALBUM_INCOMPLETE = "album_incomplete"
FOLLOW_UP_FAILED = "follow_up_failed"
NOTES = ("", PIN_FAILED, ALBUM_INCOMPLETE, FOLLOW_UP_FAILED)
"""Codes of what was sent and lacks a part; the gravest of a delivery is kept."""


class Telegram(Protocol):
    """What we need of `telegram.bot.Bot`."""

    async def send_message(
        self,
        chat_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: messages.ParseMode = "",
        buttons: messages.Buttons = (),
        silent: bool = False,
        protect: bool = False,
        link_preview: bool = True,
        preview_above: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a text; answer the message's id."""

    async def send_file(
        self,
        chat_id: int,
        file: messages.File,
        *,
        lane: Lane,
        buttons: messages.Buttons = (),
        silent: bool = False,
        protect: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a file with a caption; answer the message's id."""

    async def copy_message(
        self,
        chat_id: int,
        *,
        from_chat_id: int,
        message_id: int,
        lane: Lane,
        buttons: messages.Buttons = (),
        silent: bool = False,
        protect: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a copy of a message; answer the new message's id."""

    async def copy_messages(
        self,
        chat_id: int,
        *,
        from_chat_id: int,
        message_ids: Sequence[int],
        lane: Lane,
        silent: bool = False,
        protect: bool = False,
        permit: bool = False,
    ) -> list[int]:
        """Send copies of several; answer the ids of those that could be copied."""

    async def pin(self, chat_id: int, message_id: int, *, lane: Lane) -> None:
        """Pin a message."""

    async def star_balance(self) -> int:
        """The Stars that the bot has."""


@dataclass
class Arrived:
    """What one person has got so far: the first message is there, others may follow."""

    ids: list[int]
    #: One of `NOTES`.
    code: str = ""


async def send(
    telegram: Telegram,
    message: Message,
    person_id: int,
    *,
    lane: Lane,
    paid: bool = False,
    permit: bool = False,
) -> Arrived:
    """
    Send it to one person; what `is_complete` misses is left to `complete`.

    Args:
        paid: It may cost Stars.
        permit: One of `Budgets.reserve` is spent.
    """
    match message:
        case Text():
            id_ = await _send_text(telegram, message, person_id, lane=lane, paid=paid, permit=permit)
        case Album():
            return await _copy_album(telegram, message, person_id, lane=lane, permit=permit)
        case Media():
            id_ = await telegram.send_file(
                person_id,
                messages.File(
                    kind=message.kind.value,
                    file=message.file,
                    caption=message.caption,
                    parse_mode=message.parse_mode.value,
                    above=message.above,
                    spoiler=message.spoiler,
                ),
                lane=lane,
                buttons=buttons_of(message.buttons),
                silent=message.silent,
                protect=message.protect,
                effect=message.effect,
                paid=paid,
                permit=permit,
            )
        case Copy():
            id_ = await telegram.copy_message(
                person_id,
                from_chat_id=message.from_chat_id,
                message_id=message.message_id,
                lane=lane,
                buttons=buttons_of(message.buttons),
                silent=message.silent,
                protect=message.protect,
                effect=message.effect,
                paid=paid,
                permit=permit,
            )
    return Arrived([id_])


def is_complete(message: Message) -> bool:
    """Whether `send` alone does all."""
    return not message.pin and not (isinstance(message, Album) and message.follow_up)


async def complete(
    telegram: Telegram, message: Message, person_id: int, arrived: Arrived, *, lane: Lane, clock: Clock
) -> None:
    """
    Send what follows the first message, and pin it; nothing that fails here takes back what has arrived.

    May be cancelled at any moment: `arrived` says what was done, and its code what was not.
    """

    if isinstance(message, Album) and message.follow_up:
        follow_up = partial(_send_text, telegram, message.follow_up, person_id, lane=lane)
        with _noted(arrived, FOLLOW_UP_FAILED, person_id):
            arrived.ids.append(await _patiently(follow_up, clock))
    if message.pin:
        with _noted(arrived, PIN_FAILED, person_id):
            await telegram.pin(person_id, arrived.ids[0], lane=lane)


async def show(telegram: Telegram, content: Content, recipient: Recipient, *, lane: Lane) -> None:
    """Show it to somebody as if they were a subscriber, every variant of it; nothing is pinned."""
    for message in messages_of(content):
        mine = personal(message, recipient)
        await send(telegram, mine, recipient.id, lane=lane)
        if isinstance(mine, Album) and mine.follow_up:
            await _send_text(telegram, mine.follow_up, recipient.id, lane=lane)


@contextmanager
def _noted(arrived: Arrived, code: str, person_id: int) -> Iterator[None]:
    """Whatever ends the block early, its failure stands in `arrived`."""
    before = arrived.code
    arrived.code = max(before, code, key=NOTES.index)
    try:
        yield
    except GatecrierError as error:
        log.info("broadcast.part_missing", person=person_id, part=code, code=error.code)
    else:
        arrived.code = before


async def _patiently(call: Callable[[], Awaitable[int]], clock: Clock) -> int:
    """Make a call again as often as Telegram puts it off; whoever cancels us says how long."""
    while True:
        try:
            return await call()
        except TryLater as error:
            await clock.sleep(error.retry_after)


async def _copy_album(
    telegram: Telegram, album: Album, person_id: int, *, lane: Lane, permit: bool
) -> Arrived:
    ids = await telegram.copy_messages(
        person_id,
        from_chat_id=album.from_chat_id,
        message_ids=album.message_ids,
        lane=lane,
        silent=album.silent,
        protect=album.protect,
        permit=permit,
    )
    if not ids:
        raise BadContent("Telegram could copy none of the messages.", code="source_gone")
    return Arrived(ids, ALBUM_INCOMPLETE if len(ids) < len(album.message_ids) else "")


async def _send_text(
    telegram: Telegram, text: Text, person_id: int, *, lane: Lane, paid: bool = False, permit: bool = False
) -> int:
    return await telegram.send_message(
        person_id,
        text.text,
        lane=lane,
        parse_mode=text.parse_mode.value,
        buttons=buttons_of(text.buttons),
        silent=text.silent,
        protect=text.protect,
        link_preview=text.link_preview,
        preview_above=text.preview_above,
        effect=text.effect,
        paid=paid,
        permit=permit,
    )


def buttons_of(rows: Buttons) -> list[list[messages.Button]]:
    """Content's buttons, as the bot's calls take them."""
    return [
        [messages.Button(text=b.text, url=b.url, data=b.data, copy=b.copy, web_app=b.web_app) for b in row]
        for row in rows
    ]
