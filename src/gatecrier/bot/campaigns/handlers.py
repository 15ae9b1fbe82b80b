"""Operators' commands, messages and presses in aiogram: parse, and let the desk do it."""

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.types import CallbackQuery, Message, MessageEntity
from aiogram.utils.text_decorations import html_decoration

from gatecrier.bot.campaigns.buttons import Press, pressed
from gatecrier.bot.campaigns.desk import Desk
from gatecrier.bot.records import person_of
from gatecrier.bot.subscribers import InPrivate
from gatecrier.broadcast.clicks import Clicks
from gatecrier.broadcast.clicks import Press as Click
from gatecrier.broadcast.clicks import pressed as clicked
from gatecrier.broadcast.composing import Purpose
from gatecrier.broadcast.model import ParseMode, Text
from gatecrier.kernel.errors import Refused


class IsOperator(Filter):
    """Operators only: to everybody else these commands do not exist."""

    async def __call__(self, event: Message | CallbackQuery, desk: Desk) -> bool:
        return event.from_user is not None and desk.serves(event.from_user.id)


class IsAwaited(Filter):
    """A message that an operator was asked for."""

    async def __call__(self, message: Message, desk: Desk) -> bool:
        return message.from_user is not None and await desk.awaits(message.from_user.id)


class IsPress(Filter):
    """A button about a campaign; hands on what it says."""

    async def __call__(self, query: CallbackQuery) -> dict[str, Press] | bool:
        found = pressed(query.data or "")
        return {"pressed_": found} if found is not None else False


class IsClick(Filter):
    """A counted button of a campaign's message; hands on which."""

    async def __call__(self, query: CallbackQuery) -> dict[str, Click] | bool:
        found = clicked(query.data or "")
        return {"click": found} if found is not None else False


async def click_(query: CallbackQuery, bot: Bot, click: Click, clicks: Clicks) -> None:
    """A subscriber presses a button of a campaign's message."""
    await clicks.press(bot.id, query.from_user.id, click)
    await query.answer()


async def broadcast(message: Message, command: CommandObject, desk: Desk) -> None:
    """/broadcast [TEXT]"""
    person = person_of(message.from_user)
    if not command.args:
        await desk.ask(person, Purpose.BROADCAST)
        return
    key = f"message:{person.id}:{message.message_id}"
    await desk.draft(person.id, text_after(message, command), command.args, key=key)


async def preview(message: Message, command: CommandObject, desk: Desk) -> None:
    """/broadcast_preview [TEXT]"""
    person = person_of(message.from_user)
    if not command.args:
        await desk.ask(person, Purpose.PREVIEW)
        return
    await desk.preview(person.id, text_after(message, command))


async def schedule(message: Message, command: CommandObject, desk: Desk) -> None:
    """/broadcast_schedule WHEN [TEXT]"""
    person = person_of(message.from_user)
    start_at, rest = desk.when(command.args or "")
    if not rest:
        await desk.ask(person, Purpose.SCHEDULE, start_at=start_at)
        return
    key = f"message:{person.id}:{message.message_id}"
    content = _after(message, (message.text or "").rindex(rest))
    await desk.draft(person.id, content, rest, key=key, start_at=start_at)


async def history(message: Message, desk: Desk) -> None:
    """/broadcast_history"""
    await desk.say(person_of(message.from_user), await desk.history())


async def statistics(message: Message, desk: Desk) -> None:
    """/broadcast_stats"""
    await desk.say(person_of(message.from_user), await desk.statistics())


async def cancel(message: Message, desk: Desk) -> None:
    """/cancel"""
    await desk.forget(person_of(message.from_user))


async def composed(message: Message, desk: Desk) -> None:
    """The message that was asked for."""
    content = _as_text(message) if message.text else None
    await desk.take(
        person_of(message.from_user),
        message.message_id,
        album=message.media_group_id or "",
        text=content,
        name=message.text or message.caption or "",
    )


async def press(query: CallbackQuery, pressed_: Press, desk: Desk) -> None:
    """A button about a campaign."""
    if query.message is None:
        raise Refused("This message is too old.", remedy="/broadcast_history shows all campaigns.")
    person = person_of(query.from_user)
    await desk.press(query.id, person, query.message.message_id, pressed_.campaign, pressed_.verb)


def text_after(message: Message, command: CommandObject) -> Text:
    """What follows a command, with its formatting."""
    text = message.text or ""
    return _after(message, text.index(command.args or "", len(command.prefix + command.command)))


def _after(message: Message, start: int) -> Text:
    """The message from its character number `start` on."""
    return _as_text(message, skip=len((message.text or "")[:start].encode("utf-16-le")) // 2)


def _as_text(message: Message, *, skip: int = 0) -> Text:
    """
    A message's text as content, formatting kept.

    Args:
        skip: UTF-16 units left out at the beginning: the measure of Telegram's entities.
    """
    text = (message.text or "").encode("utf-16-le")[2 * skip :].decode("utf-16-le")
    entities = [moved for one in message.entities or [] if (moved := _moved(one, skip)) is not None]
    options = message.link_preview_options
    return Text(
        text=html_decoration.unparse(text, entities),
        parse_mode=ParseMode.HTML,
        link_preview=not (options and options.is_disabled),
    )


def _moved(entity: MessageEntity, skip: int) -> MessageEntity | None:
    """An entity of what is left; None when it lies in what is left out, as the command itself does."""
    start, end = max(entity.offset - skip, 0), entity.offset + entity.length - skip
    if end <= 0 or entity.type == "bot_command":
        return None
    return entity.model_copy(update={"offset": start, "length": end - start})


def make_router() -> Router:
    """A new router: aiogram lets each belong to one dispatcher only."""
    router = Router(name="campaigns")
    for name, handler in (
        ("broadcast", broadcast),
        ("broadcast_preview", preview),
        ("broadcast_schedule", schedule),
        ("broadcast_history", history),
        ("broadcast_stats", statistics),
        ("cancel", cancel),
    ):
        router.message.register(handler, Command(name), InPrivate(), IsOperator())
    router.message.register(composed, InPrivate(), IsOperator(), IsAwaited())
    router.callback_query.register(click_, IsClick())
    router.callback_query.register(press, IsPress(), IsOperator())
    return router
