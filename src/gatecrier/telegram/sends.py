"""The calls of a bot that make new messages, and the one that pins them."""

from collections.abc import Sequence

import msgspec

from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Buttons, File, ParseMode, delivered, previewed, styled


class MessageId(msgspec.Struct, frozen=True, gc=False):
    """What we need of the message that Telegram made."""

    message_id: int
    ephemeral_message_id: int = 0


class Sends:
    """A bot as far as it sends; see `telegram.bot.Bot`."""

    def __init__(self, token: str, gateway: Gateway) -> None:
        self._token = token
        self._gateway = gateway

    async def send_message(
        self,
        chat_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: ParseMode = "",
        buttons: Buttons = (),
        thread_id: int | None = None,
        reply_to: int | None = None,
        silent: bool = False,
        protect: bool = False,
        link_preview: bool = True,
        preview_above: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """
        Send a text of 1 to 4096 characters; answer the message's id.

        Args:
            reply_to: A message of the same chat; when it is gone the text is sent without it.
            preview_above: The preview of a link stands above the text.
            effect: The number of an effect; private chats only.
            paid: It may cost 0.1 Stars, above the free 30 a second (allow_paid_broadcast).
            permit: One of `Budgets.reserve` is spent.
        """
        params: dict[str, object] = {"chat_id": chat_id, "text": text}
        styled(params, parse_mode, buttons)
        delivered(params, silent=silent, protect=protect, effect=effect, paid=paid)
        if thread_id is not None:
            params["message_thread_id"] = thread_id
        if reply_to is not None:
            params["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
        previewed(params, shown=link_preview, above=preview_above)
        return await self._send("sendMessage", params, lane, permit=permit)

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
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a copy of a message, entities and media kept; answer the new message's id."""
        params: dict[str, object] = {
            "chat_id": chat_id,
            "from_chat_id": from_chat_id,
            "message_id": message_id,
        }
        styled(params, "", buttons)
        delivered(params, silent=silent, protect=protect, effect=effect, paid=paid)
        return await self._send("copyMessage", params, lane, permit=permit)

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
        """
        Send copies of 1 to 100 messages, in ascending order; albums stay albums.

        Returns:
            The new messages' ids; fewer than asked for where Telegram could not copy one: it says nothing.
        """
        params: dict[str, object] = {
            "chat_id": chat_id,
            "from_chat_id": from_chat_id,
            "message_ids": list(message_ids),
        }
        delivered(params, silent=silent, protect=protect)
        sent = await self._gateway.call(
            self._token, "copyMessages", params, lane=lane, result=list[MessageId], permit=permit
        )
        return [one.message_id for one in sent]

    async def send_file(
        self,
        chat_id: int,
        file: File,
        *,
        lane: Lane,
        buttons: Buttons = (),
        silent: bool = False,
        protect: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        """Send a photo, video, document, animation, audio or voice message; answer the message's id."""
        params: dict[str, object] = {"chat_id": chat_id, **file.as_params()}
        styled(params, file.parse_mode, buttons)
        delivered(params, silent=silent, protect=protect, effect=effect, paid=paid)
        return await self._send(file.method, params, lane, permit=permit)

    async def pin(self, chat_id: int, message_id: int, *, lane: Lane) -> None:
        """Pin a message, without a sound."""
        params: dict[str, object] = {
            "chat_id": chat_id,
            "message_id": message_id,
            "disable_notification": True,
        }
        await self._gateway.call(self._token, "pinChatMessage", params, lane=lane, result=bool)

    async def _send(self, method: str, params: dict[str, object], lane: Lane, *, permit: bool) -> int:
        sent = await self._gateway.call(
            self._token, method, params, lane=lane, result=MessageId, permit=permit
        )
        return sent.message_id
