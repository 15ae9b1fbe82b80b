"""As whom somebody speaks in a chat, and whether they may."""

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, Refused
from gatecrier_sandbox.world import membership, rights, topics
from gatecrier_sandbox.world.model import Chat, ChatType, Member, Message, Status
from gatecrier_sandbox.world.state import ANONYMOUS_ADMIN, CHANNEL_SPEAKER, State


class Speech(Struct, frozen=True):
    """
    What somebody wants to say: with which permission, as whom, in answer to what, in which thread.

    `anonymous`: as the group; None follows the administrator's own setting. `album`: its parts count once.
    """

    permission: str = "can_send_messages"
    anonymous: bool | None = None
    sender_chat_id: int = 0
    reply_to: Message | None = None
    thread_id: int = 0
    album: str = ""


class Voice(Struct, frozen=True):
    """How the sender appears."""

    sender_id: int
    sender_chat_id: int = 0
    signature: str = ""


def take(state: State, chat: Chat, user_id: int, speech: Speech) -> Voice:
    """
    Who a message seems to come from; it counts against slow mode.

    Raises:
        Refused: 403 not a member, restricted, no right to post, topic closed; 429 slow mode; 400 the group
            became a supergroup, or there is no such thread.
    """
    if chat.migrated_to or chat.is_deleted:
        raise Refused("the group was upgraded" if chat.migrated_to else "the group was deleted")
    member = membership.current(state, chat, user_id)
    require(chat, member, speech)
    _check_topic(chat, member, user_id, speech)
    voice = _voice(state, chat, member, user_id, speech)
    _slow_down(state, chat, member, user_id, speech)
    return voice


def require(chat: Chat, member: Member, speech: Speech) -> None:
    """Refuse the silent; but who is not in a channel's discussion group may comment on its posts."""
    if member.present or member.status is not Status.LEFT or not _is_comment(chat, speech):
        rights.require_voice(chat, member, speech.permission)
    elif speech.permission not in chat.permissions:
        raise Refused("restricted", status=403)


def _is_comment(chat: Chat, speech: Speech) -> bool:
    """Whether something is said under an automatic forward, where everybody may."""
    if not chat.linked_chat_id or chat.type is not ChatType.SUPERGROUP or chat.join_to_send_messages:
        return False
    number = speech.thread_id or (topics.root(speech.reply_to) if speech.reply_to is not None else 0)
    post = chat.messages.get(number)
    return post is not None and bool((post.forward or {}).get("is_automatic_forward"))


def _check_topic(chat: Chat, member: Member, user_id: int, speech: Speech) -> None:
    try:
        topic = topics.find(chat, speech.reply_to, speech.thread_id)
        topics.check_open(chat, topic, member, user_id)
    except ApiError as error:
        raise Refused(topics.error_text(error), field="message_thread_id") from None


def _voice(state: State, chat: Chat, member: Member, user_id: int, speech: Speech) -> Voice:
    if chat.type is ChatType.CHANNEL:
        return Voice(0, chat.id)
    if speech.sender_chat_id and speech.sender_chat_id != chat.id:
        _check_channel(state, chat, user_id, speech.sender_chat_id)
        return Voice(CHANNEL_SPEAKER, speech.sender_chat_id)
    anonymous = speech.anonymous or bool(speech.sender_chat_id)
    if speech.anonymous is None and not anonymous:
        anonymous = member.is_admin and member.is_anonymous
    if anonymous and not member.is_admin:
        raise Refused("only administrators are anonymous", field="anonymous", status=403)
    return Voice(ANONYMOUS_ADMIN, chat.id, member.custom_title) if anonymous else Voice(user_id)


def _check_channel(state: State, chat: Chat, user_id: int, channel_id: int) -> None:
    """A channel of one's own, and none that is banned here, nor any when one of them is."""
    channel = state.need_chat(channel_id, "sender_chat_id")
    if not membership.current(state, channel, user_id).is_admin:
        raise Refused("not an administrator of that channel", field="sender_chat_id", status=403)
    if channel_id in chat.banned_senders or any(_owns(state, user_id, one) for one in chat.banned_senders):
        raise Refused("banned", field="sender_chat_id", status=403)


def _owns(state: State, user_id: int, chat_id: int) -> bool:
    member = state.chats[chat_id].members.get(user_id) if chat_id in state.chats else None
    return member is not None and member.status is Status.CREATOR


def _slow_down(state: State, chat: Chat, member: Member, user_id: int, speech: Speech) -> None:
    """Slow mode lets members, not administrators, speak once in so many seconds."""
    if not chat.slow_mode_delay or member.is_admin or _continues_album(chat, speech.album):
        return
    wait = chat.spoke.get(user_id, 0.0) + chat.slow_mode_delay - state.clock.now()
    if wait > 0:
        raise Refused(f"slow mode: wait {wait:.0f} s", status=429)
    chat.spoke[user_id] = state.clock.now()


def _continues_album(chat: Chat, album: str) -> bool:
    last = next(reversed(chat.messages.values()), None)
    return bool(album) and last is not None and last.media_group_id == album
