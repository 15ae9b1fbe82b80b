"""Points on the map, venues, contacts and dice: messages whose content is a few numbers and names."""

import math

from gatecrier_sandbox.botapi import markup
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.locations import LONGEST, VENUE_IDS, contact, live, point, real, venue
from gatecrier_sandbox.botapi.methods.editing import NOT_MODIFIED
from gatecrier_sandbox.botapi.sending import UNSUPPORTED, begin, charge, deliver_shown, message_id
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import conversation, dice, inline, wire
from gatecrier_sandbox.world.model import Message, Room, Wire

FURTHEST = 90 * 86_400
"""Seconds from now within which a prolonged live location ends."""


@method("sendDice", missing=UNSUPPORTED)
def send_dice(call: Call) -> Wire:
    """Throw a dice, or another emoji that shows a random value."""
    emoji = (call.text("emoji") or "🎲").strip().replace("\ufe0f", "")
    draft = begin(call, "can_send_other_messages", "dice", may_be_ephemeral=False)
    if emoji not in dice.SIDES:
        raise bad_request("EMOTICON_INVALID")
    draft.message.content = dice.thrown(call.world, emoji)
    return deliver_shown(call, draft)


@method("sendLocation", missing=UNSUPPORTED)
def send_location(call: Call) -> Wire:
    """Show a place, for a while a moving one."""
    latitude, longitude = _coordinates(call)
    draft = begin(call, "can_send_messages", "locations")
    period = call.integer("live_period")
    held = point(latitude, longitude, real(call.text("horizontal_accuracy")), is_live=bool(period))
    if period:
        held |= live(period, call.integer("heading"), call.integer("proximity_alert_radius"))
    if period and draft.message.receiver_id:
        raise bad_request("unallowed message content specified")
    draft.message.content = {"location": held}
    return deliver_shown(call, draft)


@method("sendVenue", missing=UNSUPPORTED)
def send_venue(call: Call) -> Wire:
    """Show a place that has a name and an address."""
    latitude, longitude = _coordinates(call)
    draft = begin(call, "can_send_messages", "venues")
    names = ("title", "address", *VENUE_IDS)
    draft.message.content = venue(latitude, longitude, {name: call.text(name) for name in names})
    return deliver_shown(call, draft)


@method("sendContact", missing=UNSUPPORTED)
def send_contact(call: Call) -> Wire:
    """Show somebody's name and number."""
    for name in ("phone_number", "first_name"):
        if not call.text(name):
            raise bad_request(f'parameter "{name}" is required')
    draft = begin(call, "can_send_messages", "contacts")
    names = ("phone_number", "first_name", "last_name", "vcard")
    draft.message.content = contact({name: call.text(name) for name in names})
    return deliver_shown(call, draft)


@method("editMessageLiveLocation", missing=("business_connection_id",))
def edit_message_live_location(call: Call) -> Wire | bool:
    """Move a live location; others hear of it, the bot does not."""
    latitude, longitude = _coordinates(call)
    room, message, old = _live(call)
    held = point(latitude, longitude, real(call.text("horizontal_accuracy")), is_live=True)
    period = call.integer("live_period") or int(str(old["live_period"]))
    _check_prolonged(call, message, int(str(old["live_period"])), period)
    radius = call.integer("proximity_alert_radius")
    held |= live(period, call.integer("heading"), radius, longest=max(period, LONGEST))
    return _replace(call, room, message, held)


@method("stopMessageLiveLocation", missing=("business_connection_id",))
def stop_message_live_location(call: Call) -> Wire | bool:
    """Let a live location stay where it is."""
    room, message, old = _live(call)
    return _replace(call, room, message, wire.location(old, age=math.inf))


def _live(call: Call) -> tuple[Room, Message, Wire]:
    """The bot's message, or the one sent through it, whose location still lives."""
    room, message = _editable(call)
    held = wire.location((message.content or {}).get("location"), age=call.world.clock.now() - message.date)
    if "live_period" not in held:
        was_live = "live_period" in wire.location((message.content or {}).get("location"), age=0)
        gone = "message can't be edited" if was_live else "there is no live location in the message to edit"
        raise bad_request(gone)
    return room, message, held


def _editable(call: Call) -> tuple[Room, Message]:
    if not call.text("chat_id") and not message_id(call):
        if not call.text("inline_message_id"):
            raise bad_request("message identifier is not specified")
        return inline.need(call.world, call.bot.id, call.text("inline_message_id"))
    room = call.room(Access.EDIT)
    message = room.messages.get(message_id(call))
    if message is None:
        raise bad_request("message to edit not found")
    if message.bot_id != call.bot.id or not message.editable or message.forward or message.service:
        raise bad_request("message can't be edited")
    return room, message


def _replace(call: Call, room: Room, message: Message, held: Wire) -> Wire | bool:
    under = markup.parse_inline(call.text("reply_markup"))
    markup.check_data(under)
    content = (message.content or {}) | {"location": held}
    if (message.content, message.markup) == (content, under):
        raise bad_request(NOT_MODIFIED)
    charge(call, room)
    message.content, message.markup, message.edit_date = content, under, call.world.today
    conversation.announce_edit(call.world, room, message)
    return True if message.inline_id else wire.message(call.world, room, message)


def _check_prolonged(call: Call, message: Message, old: int, new: int) -> None:
    """A live location is prolonged by a day at most, and ends within ninety."""
    if new in {old, wire.FOR_EVER}:
        return
    too_late = message.date + new > call.world.today + FURTHEST
    if new > old + LONGEST or too_late or message.date + new <= call.world.today:
        raise bad_request("wrong live location period specified")


def _coordinates(call: Call) -> tuple[float, float]:
    for name in ("latitude", "longitude"):
        if not call.text(name).strip():
            raise bad_request(f"{name} is empty")
    return real(call.text("latitude")), real(call.text("longitude"))
