"""How a campaign's content becomes calls to Telegram."""

from typing import Protocol

from gatecrier.broadcast.model import Content, Copy
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button, Buttons, ParseMode


class Telegram(Protocol):
    """What we need of `telegram.bot.Bot`."""

    async def send_message(
        self,
        chat_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: ParseMode = "",
        buttons: Buttons = (),
        silent: bool = False,
        protect: bool = False,
        link_preview: bool = True,
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a text; answer the message's id."""

    async def copy_message(
        self,
        chat_id: int,
        *,
        from_chat_id: int,
        message_id: int,
        lane: Lane,
        buttons: Buttons = (),
        silent: bool = False,
        protect: bool = False,
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a copy of a message; answer the new message's id."""


async def send(
    telegram: Telegram,
    content: Content,
    person_id: int,
    *,
    lane: Lane,
    paid: bool = False,
    permit: bool = False,
) -> int:
    """
    Send it to one person; answer the message's id.

    Args:
        paid: It may cost Stars.
        permit: One of `Budgets.reserve` is spent.
    """
    buttons = [
        [Button(text=b.text, url=b.url, data=b.data, copy=b.copy) for b in row] for row in content.buttons
    ]
    if isinstance(content, Copy):
        return await telegram.copy_message(
            person_id,
            from_chat_id=content.from_chat_id,
            message_id=content.message_id,
            lane=lane,
            buttons=buttons,
            silent=content.silent,
            protect=content.protect,
            paid=paid,
            permit=permit,
        )
    return await telegram.send_message(
        person_id,
        content.text,
        lane=lane,
        parse_mode=content.parse_mode.value,
        buttons=buttons,
        silent=content.silent,
        protect=content.protect,
        link_preview=content.link_preview,
        paid=paid,
        permit=permit,
    )
