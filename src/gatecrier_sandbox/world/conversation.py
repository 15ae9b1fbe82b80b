"""What is said in rooms, and who hears it."""

from collections.abc import Iterable

import msgspec

from gatecrier_sandbox.entities.detect import detect
from gatecrier_sandbox.world import forwarding, wire
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import Bot, Chat, ChatType, Dialog, Message, Room, Wire
from gatecrier_sandbox.world.state import TELEGRAM, State

PIXEL = bytes.fromhex("474946383961010001008000008080800000002c00000000010001000002024401003b")
"""A grey GIF of one pixel."""


def shown(state: State, room: Room, message: Message) -> Wire:
    """The message as a bot gets it in an update."""
    return wire.message(state, room, message)


def compose_start(state: State, dialog: Dialog, *, payload: str, date: int) -> Message:
    """Put `/start` or `/start payload` into a dialog; nobody is told yet."""
    text = f"/start {payload}" if payload else "/start"
    entity: Wire = {"offset": 0, "length": 6, "type": "bot_command"}
    message = Message(
        state.next_message_id(dialog), date, sender_id=dialog.person_id, text=text, entities=[entity]
    )
    dialog.messages[message.message_id] = message
    return message


def post(state: State, room: Room, message: Message) -> Message:
    """Put a message into a room, tell the bots there, and forward a channel's post into its group."""
    room.messages[message.message_id] = message
    state.happened("message", room, message.message_id)
    _announce(state, room, message, _kind(room, edited=False), _audience(state, room, message))
    if isinstance(room, Chat) and room.type is ChatType.CHANNEL and room.linked_chat_id:
        _forward_into(state, room, state.chats[room.linked_chat_id], message)
    return message


def announce_edit(state: State, room: Room, message: Message) -> None:
    """Tell the bots in a room that a message has changed."""
    state.happened("edited", room, message.message_id)
    _announce(state, room, message, _kind(room, edited=True), _audience(state, room, message))


def serve(state: State, chat: Chat, fields: Wire, *, actor: int, deaf: int = 0) -> Message:
    """Put a service message into a chat; `deaf` is a bot that does not hear it (it caused it)."""
    message = Message(state.next_message_id(chat), state.today, sender_id=actor, service=fields)
    chat.messages[message.message_id] = message
    state.happened("message", chat, message.message_id)
    hearers = [bot for bot in state.bots_in(chat) if bot.id != deaf]
    _announce(state, chat, message, _kind(chat, edited=False), hearers)
    return message


def _kind(room: Room, *, edited: bool) -> str:
    in_channel = isinstance(room, Chat) and room.type is ChatType.CHANNEL
    kind = "channel_post" if in_channel else "message"
    return f"edited_{kind}" if edited else kind


def _announce(state: State, room: Room, message: Message, kind: str, bots: Iterable[Bot]) -> None:
    content = b""
    for bot in bots:
        if kind in bot.queue.allowed:
            content = content or msgspec.json.encode(shown(state, room, message))
            state.emit_encoded(bot, kind, content)


def _audience(state: State, room: Room, message: Message) -> list[Bot]:
    """The bots that hear a message: never its sender, and in groups no bot hears another."""
    if isinstance(room, Dialog):
        return [] if message.bot_id else [state.bots[room.bot_id]]
    bots = [bot for bot in state.bots_in(room) if bot.id != message.bot_id]
    if room.type is ChatType.CHANNEL:
        return bots
    if message.bot_id:
        return []
    return [bot for bot in bots if _hears(state, bot, room, message)]


def _hears(state: State, bot: Bot, chat: Chat, message: Message) -> bool:
    """Privacy mode: commands, mentions and replies to the bot; administrators hear everything."""
    if bot.reads_all or chat.members[bot.id].is_admin or message.service:
        return True
    if message.reply_to is not None and message.reply_to.bot_id == bot.id:
        return True
    name = f"@{state.people[bot.id].username}".lower()
    if name in message.text.lower():
        return True
    return message.text.startswith("/") and "@" not in message.text.split()[0]


def _forward_into(state: State, channel: Chat, group: Chat, post_: Message) -> None:
    """What Telegram does with a post of a linked channel."""
    group_id = f"1{post_.media_group_id}" if post_.media_group_id else ""
    copy = Message(
        state.next_message_id(group),
        state.today,
        sender_id=TELEGRAM,
        sender_chat_id=channel.id,
        text=post_.text,
        entities=post_.entities,
        content=post_.content,
        poll_id=post_.poll_id,
        media_group_id=group_id,
        forward=forwarding.fields(state, channel, post_) | {"is_automatic_forward": True},
    )
    post(state, group, copy)


def _snapshot(state: State) -> File:
    """A picture somebody took: one grey pixel."""
    return state.files.add("photo", PIXEL, name="photo.gif", mime_type="image/gif", width=90, height=90)


def write(
    state: State,
    room: Room,
    text: str,
    *,
    sender_id: int,
    sender_chat_id: int = 0,
    reply_to: Message | None = None,
    media_group_id: str = "",
    thread_id: int = 0,
) -> Message:
    """A person's words become a message; part of an album is a photo with the words as its caption."""
    message = Message(
        state.next_message_id(room),
        state.today,
        sender_id=sender_id,
        sender_chat_id=sender_chat_id,
        text=text,
        entities=detect(text, []),
        content={"photo": wire.photo(_snapshot(state))} if media_group_id else None,
        reply_to=reply_to,
        media_group_id=media_group_id,
        thread_id=thread_id,
    )
    return post(state, room, message)
