"""
One bot's calls, typed. Features declare Protocols that are subsets of `Bot`; tests bring fakes of those.

Every method may raise what its error means (translate.py): TryLater, PeerGone, OutcomeUnknown,
Misconfigured, Refused and its children. Docstrings name only what is particular.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from gatecrier.kernel.errors import Refused
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Buttons, Ephemeral, ParseMode, delivered, styled
from gatecrier.telegram.sends import MessageId, Sends
from gatecrier.telegram.token import bot_id_of
from gatecrier.telegram.updates import ALLOWED_UPDATES, ChatInfo, ChatMember, Permissions, Person

MOST_DELETED_AT_ONCE = 100
MOST_CONNECTIONS = 40
"""Of Telegram's to our webhook, at once: its default."""
FOR_EVER_BELOW = timedelta(seconds=45)
"""Telegram takes a date less than 30 s ahead of its clock for "for ever"; half as much again for ours."""
SHORTEST_RESTRICTION = FOR_EVER_BELOW + timedelta(seconds=30)
"""Leaves half a minute for the call to arrive in, budgets and repetitions included."""
LONGEST_RESTRICTION = timedelta(days=366)
JOIN_QUERY_LIFE = 10.0
"""Seconds that Telegram gives a guard bot to answer."""
BALANCE_WITHIN = 5.0
"""Seconds that the balance of Stars is waited for: whoever asks holds up campaigns meanwhile."""
POLL_GRACE = 10.0
"""Seconds that a long poll's HTTP timeout lies above what Telegram was asked to wait."""


class StarAmount(msgspec.Struct, frozen=True, gc=False):
    """So many Stars, and billionths of one (Bot API StarAmount); both may be negative."""

    amount: int
    nanostar_amount: int = 0


class Bot(Sends):
    """
    A bot of this deployment.

    Raises:
        Misconfigured: `token` is no token; the message does not show it.
    """

    def __init__(self, token: str, gateway: Gateway) -> None:
        super().__init__(token, gateway)
        self.bot_id = bot_id_of(token)

    def __repr__(self) -> str:
        return f"<Bot {self.bot_id}>"

    async def get_me(self) -> Person:
        """The bot itself; the cheapest proof that token and network work."""
        return await self._gateway.call(self._token, "getMe", {}, lane=Lane.ANSWER, result=Person)

    async def star_balance(self) -> int:
        """
        The Stars that the bot has, whole ones; may be negative.

        Raises:
            TryLater: Telegram did not tell within five seconds.
        """
        held = await self._gateway.call(
            self._token, "getMyStarBalance", {}, lane=Lane.ANSWER, result=StarAmount, within=BALANCE_WITHIN
        )
        return held.amount

    async def get_updates(self, *, offset: int, timeout: int, limit: int = 100) -> list[msgspec.Raw]:  # noqa: ASYNC109
        """
        Wait up to `timeout` seconds (Telegram allows 50) for updates; those before `offset` are forgotten.

        Raises:
            Misconfigured: "unauthorized", "webhook_active", "other_poller".
        """
        params = {"offset": offset, "timeout": timeout, "limit": limit, "allowed_updates": ALLOWED_UPDATES}
        return await self._gateway.call(
            self._token,
            "getUpdates",
            params,
            lane=Lane.ANSWER,
            result=list[msgspec.Raw],
            timeout=timeout + POLL_GRACE,
        )

    async def set_webhook(self, url: str, secret: str) -> None:
        """
        Let Telegram post updates to `url`, each with the secret in a header; polling ends.

        Raises:
            Misconfigured: "bad_webhook": it must be https, on port 443, 80, 88 or 8443.
        """
        params: dict[str, object] = {
            "url": url,
            "secret_token": secret,
            "allowed_updates": ALLOWED_UPDATES,
            "max_connections": MOST_CONNECTIONS,
        }
        await self._do("setWebhook", params, Lane.ANSWER)

    async def delete_webhook(self) -> None:
        """Let long polling begin; pending updates stay."""
        await self._do("deleteWebhook", {}, Lane.ANSWER)

    async def send_ephemeral(
        self,
        chat_id: int,
        receiver_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: ParseMode = "",
        buttons: Buttons = (),
        thread_id: int | None = None,
    ) -> Ephemeral:
        """
        Send a text that one person of a group alone sees; Telegram does not promise that they get it.

        Raises:
            NotFound: "unknown_person": they are not in the group.
            Misconfigured: "no_rights": the bot does not administer it.
        """
        params: dict[str, object] = {
            "chat_id": chat_id,
            "text": text,
            "ephemeral_message_parameters": {"receiver_user_id": receiver_id},
            "link_preview_options": {"is_disabled": True},
        }
        styled(params, parse_mode, buttons)
        delivered(params, silent=True, protect=False)
        if thread_id is not None:
            params["message_thread_id"] = thread_id
        sent = await self._gateway.call(self._token, "sendMessage", params, lane=lane, result=MessageId)
        return Ephemeral(sent.ephemeral_message_id, 0 if sent.ephemeral_message_id else sent.message_id)

    async def delete_ephemeral(self, chat_id: int, receiver_id: int, ephemeral_id: int) -> bool:
        """Delete an ephemeral message; False when it was already gone."""
        params: dict[str, object] = {
            "chat_id": chat_id,
            "receiver_user_id": receiver_id,
            "ephemeral_message_id": ephemeral_id,
        }
        return await self._do("deleteEphemeralMessage", params, Lane.ENFORCE, harmless="message_gone")

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
        """Replace text and buttons (no buttons: they are removed); nothing to change is no error."""
        params: dict[str, object] = {"chat_id": chat_id, "message_id": message_id, "text": text}
        styled(params, parse_mode, buttons)
        await self._do("editMessageText", params, lane, harmless="not_modified")

    async def delete_message(self, chat_id: int, message_id: int, *, lane: Lane = Lane.ENFORCE) -> bool:
        """Delete a message; False when it was already gone."""
        return await self._do(
            "deleteMessage",
            {"chat_id": chat_id, "message_id": message_id},
            lane,
            harmless="message_gone",
        )

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """Delete messages, by the hundred; Telegram skips those that are gone."""
        for start in range(0, len(message_ids), MOST_DELETED_AT_ONCE):
            some = list(message_ids[start : start + MOST_DELETED_AT_ONCE])
            await self._do("deleteMessages", {"chat_id": chat_id, "message_ids": some}, Lane.ENFORCE)

    async def answer_press(
        self, press_id: str, text: str = "", *, alert: bool = False, url: str = ""
    ) -> None:
        """End a button's spinner, with up to 200 characters; a press too old to answer is no error."""
        params: dict[str, object] = {"callback_query_id": press_id}
        if text:
            params["text"] = text
        if alert:
            params["show_alert"] = True
        if url:
            params["url"] = url
        await self._do("answerCallbackQuery", params, Lane.ANSWER, harmless="press_too_old")

    async def get_member(self, chat_id: int, person_id: int, *, lane: Lane = Lane.ENFORCE) -> ChatMember:
        """
        A person's place in a chat.

        Raises:
            NotFound: "unknown_person": Telegram knows no such person there; it is not proof of absence.
            Misconfigured: the bot is no admin there, or gone: "member_list_inaccessible", "kicked" ...
        """
        params = {"chat_id": chat_id, "user_id": person_id}
        return await self._gateway.call(self._token, "getChatMember", params, lane=lane, result=ChatMember)

    async def get_admins(self, chat_id: int) -> list[ChatMember]:
        """Owner and administrators, other bots among them."""
        return await self._gateway.call(
            self._token,
            "getChatAdministrators",
            {"chat_id": chat_id, "return_bots": True},
            lane=Lane.ENFORCE,
            result=list[ChatMember],
        )

    async def get_chat(self, chat: int | str) -> ChatInfo:
        """
        A chat by id or by "@name".

        Raises:
            NotFound: "chat_not_found".
        """
        return await self._gateway.call(
            self._token, "getChat", {"chat_id": chat}, lane=Lane.ENFORCE, result=ChatInfo
        )

    async def restrict(
        self, chat_id: int, person_id: int, permissions: Permissions, *, until: datetime | None = None
    ) -> None:
        """
        Set what a person may do in a supergroup, all sixteen flags of it.

        Args:
            until: Aware UTC, 75 s to 366 days ahead; None: until lifted. Telegram would make what lies
                outside 30 s to 366 days permanent, so we refuse, and never send it too late either.
        Raises:
            Refused: "bad_until"; "member_is_admin".
            TryLater: also when it could not arrive in time; choose `until` anew.
            Misconfigured: "no_rights": the bot may not restrict members here.
        Source: Bot API restrictChatMember, until_date.
        """
        params: dict[str, object] = {
            "chat_id": chat_id,
            "user_id": person_id,
            "permissions": permissions.as_params(),
            "use_independent_chat_permissions": True,
        }
        within = float("inf")
        if until is not None:
            params["until_date"] = int(until.timestamp())
            within = (self._ahead(until) - FOR_EVER_BELOW).total_seconds()
        await self._do("restrictChatMember", params, Lane.ENFORCE, within=within)

    async def kick(self, chat_id: int, person_id: int) -> None:
        """
        Remove a person from a group; they may come again, unless they were banned before.

        Source: Bot API unbanChatMember, which removes who is present.
        Raises:
            Refused: "member_is_admin". Misconfigured: "no_rights".
        """
        await self._do("unbanChatMember", {"chat_id": chat_id, "user_id": person_id}, Lane.ENFORCE)

    async def ban_sender_chat(self, chat_id: int, channel_id: int) -> None:
        """Let a channel post in a group no more, nor any other channel of its owner's (banChatSenderChat)."""
        params: dict[str, object] = {"chat_id": chat_id, "sender_chat_id": channel_id}
        await self._do("banChatSenderChat", params, Lane.ENFORCE)

    async def approve_join_request(self, chat_id: int, person_id: int) -> None:
        """
        Let somebody in who asked.

        Raises:
            NotFound: "no_join_request": they do not wait (any more). Refused: "already_member".
            Misconfigured: "no_rights": the bot may not invite people there.
        """
        params: dict[str, object] = {"chat_id": chat_id, "user_id": person_id}
        await self._do("approveChatJoinRequest", params, Lane.ANSWER)

    async def answer_join_query(self, query_id: str, result: Literal["approve", "queue"]) -> bool:
        """
        As a chat's guard bot, let somebody in or leave them to the admins; False: too late, they have it.

        Source: Bot API answerChatJoinRequestQuery; within 10 s of the request.
        """
        params: dict[str, object] = {"chat_join_request_query_id": query_id, "result": result}
        return await self._do(
            "answerChatJoinRequestQuery",
            params,
            Lane.ANSWER,
            harmless="press_too_old",
            within=JOIN_QUERY_LIFE,
        )

    async def delete_reactions(self, chat_id: int, actor_id: int) -> None:
        """
        Take away all that a person, or (negative) a chat, reacted with in a group, up to 10,000.

        Raises:
            Misconfigured: "no_rights": the bot may not delete messages.
        Source: Bot API deleteAllMessageReactions.
        """
        whose = "user_id" if actor_id > 0 else "actor_chat_id"
        await self._do("deleteAllMessageReactions", {"chat_id": chat_id, whose: actor_id}, Lane.ENFORCE)

    async def set_commands(
        self,
        commands: Sequence[tuple[str, str]],
        *,
        scope: str = "default",
        language: str = "",
        chat_id: int | None = None,
    ) -> None:
        """
        Show `(command, description)` pairs in the menu.

        Args:
            scope: default, all_private_chats, all_group_chats, all_chat_administrators; or chat, with its id.
            language: Two letters of ISO 639-1; "" for everybody else.
        """
        params: dict[str, object] = {
            "commands": [{"command": name, "description": text} for name, text in commands],
            "scope": {"type": scope} if chat_id is None else {"type": scope, "chat_id": chat_id},
        }
        if language:
            params["language_code"] = language
        await self._do("setMyCommands", params, Lane.ANSWER)

    async def _do(
        self,
        method: str,
        params: dict[str, object],
        lane: Lane,
        *,
        harmless: str = "",
        within: float = float("inf"),
    ) -> bool:
        """A call whose result says nothing; False when it failed with the code that does no harm."""
        try:
            await self._gateway.call(
                self._token, method, params, lane=lane, result=msgspec.Raw, within=within
            )
        except Refused as error:
            if error.code != harmless:
                raise
            return False
        return True

    def _ahead(self, until: datetime) -> timedelta:
        ahead = until - self._gateway.clock.now()
        if not SHORTEST_RESTRICTION <= ahead <= LONGEST_RESTRICTION:
            raise Refused("A restriction must end 75 seconds to 366 days from now.", code="bad_until")
        return ahead
