"""What is said in rooms, and who hears it."""

from collections.abc import Iterable

import msgspec

from gatecrier_sandbox.entities.detect import detect
from gatecrier_sandbox.world import forwarding, guests, hearing, topics, wire
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import (
    Bot,
    Chat,
    ChatType,
    Dialog,
    Message,
    Room,
    Topic,
    Wire,
    start_message,
)
from gatecrier_sandbox.world.state import TELEGRAM, State

DAY = 86_400
"""Seconds after which bots are no longer told of a message."""
PIXEL = bytes.fromhex("474946383961010001008000008080800000002c00000000010001000002024401003b")
"""A grey GIF of one pixel."""


def shown(state: State, room: Room, message: Message) -> Wire:
    """The message as a bot gets it in an update."""
    return wire.message(state, room, message)


def compose_start(state: State, dialog: Dialog, *, payload: str, date: int) -> Message:
    """Put `/start` or `/start payload` into a dialog; nobody is told yet."""
    message = start_message(state.next_message_id(dialog), date, dialog.person_id, payload)
    dialog.messages[message.message_id] = message
    return message


def post(state: State, room: Room, message: Message) -> Message:
    """Put a message into a room, tell the bots there, and forward a channel's post into its group."""
    room.messages[message.message_id] = message
    state.happened("message", room, message.message_id)
    _announce(state, room, message, _kind(room, edited=False), hearing.audience(state, room, message))
    if not isinstance(room, Chat):
        return message
    if message.bot_id:
        room.last_bot_id = message.bot_id
    elif room.is_group:
        guests.call(state, room, message)
    if room.type is ChatType.CHANNEL and room.linked_chat_id:
        _forward_into(state, room, state.chats[room.linked_chat_id], message)
    return message


def announce_edit(state: State, room: Room, message: Message) -> None:
    """Tell the bots in a room that a message has changed."""
    state.happened("edited", room, message.message_id)
    _announce(state, room, message, _kind(room, edited=True), hearing.audience(state, room, message))


def serve(
    state: State, room: Room, fields: Wire, *, actor: int, deaf: int = 0, topic: Topic | None = None
) -> Message:
    """Put a service message into a room; `deaf` is a bot that does not hear it (it caused it)."""
    message = Message(state.next_message_id(room), state.today, sender_id=actor, service=fields)
    if isinstance(room, Chat):
        topics.settle(room, message, topic)
    if isinstance(room, Chat) and room.type is ChatType.CHANNEL:
        message.sender_id, message.sender_chat_id = 0, room.id
    room.messages[message.message_id] = message
    state.happened("message", room, message.message_id)
    present = state.bots_in(room) if isinstance(room, Chat) else [state.bots[room.bot_id]]
    _announce(state, room, message, _kind(room, edited=False), [bot for bot in present if bot.id != deaf])
    return message


def _kind(room: Room, *, edited: bool) -> str:
    in_channel = isinstance(room, Chat) and room.type is ChatType.CHANNEL
    kind = "channel_post" if in_channel else "message"
    return f"edited_{kind}" if edited else kind


def _announce(state: State, room: Room, message: Message, kind: str, bots: Iterable[Bot]) -> None:
    """Tell bots of a message, unless it is a day old. A poll looks different to each of them."""
    spoken = message.edit_date or message.date
    if spoken + DAY <= state.clock.now():
        return
    content = b""
    for bot in bots:
        if kind in bot.queue.allowed:
            if not content or message.poll_id:
                content = msgspec.json.encode(wire.message(state, room, message, viewer=bot.id))
            state.emit_encoded(bot, kind, content, now=spoken)


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
    signature: str = "",
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
        signature=signature,
    )
    if isinstance(room, Chat):
        topics.settle(room, message, topics.find(room, reply_to, thread_id))
    return post(state, room, message)
