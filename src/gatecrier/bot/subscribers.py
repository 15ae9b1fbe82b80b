"""Commands in private that only need an answer: bookkeeping is done in `routing`, choices in `choices`."""

from aiogram import Router
from aiogram.filters import Command, Filter
from aiogram.types import Message

from gatecrier.bot import screens
from gatecrier.telegram.updates import ChatType


class InPrivate(Filter):
    """Private chats only."""

    async def __call__(self, message: Message) -> bool:
        return message.chat.type == ChatType.PRIVATE


async def stop(message: Message) -> None:
    """/stop"""
    await message.answer(screens.FAREWELL)


async def show_help(message: Message) -> None:
    """/help"""
    await message.answer(screens.PRIVATE_HELP)


def make_router() -> Router:
    """A new router: aiogram lets each belong to one dispatcher only."""
    router = Router(name="subscribers")
    for name, handler in (("stop", stop), ("help", show_help)):
        router.message.register(handler, Command(name), InPrivate())
    return router
