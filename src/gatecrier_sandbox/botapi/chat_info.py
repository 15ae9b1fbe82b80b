"""What getChat tells: everything about a chat or a person, as far as this bot may know it."""

from gatecrier_sandbox.world import invite_links, membership, permissions, pins, portraits, rights, wire
from gatecrier_sandbox.world.model import Bot, Chat, ChatType, Dialog, Message, Room, Wire
from gatecrier_sandbox.world.state import State

GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
MOST_REACTIONS = 11
SWITCHES = (
    "join_by_request",
    "join_to_send_messages",
    "has_protected_content",
    "has_hidden_members",
)
"""What is shown only where it is on."""
PLAIN = ("description", "slow_mode_delay", "linked_chat_id")
"""What is shown only where there is something."""


def _common(username: str) -> Wire:
    shown: Wire = {"accent_color_id": 0, "max_reaction_count": MOST_REACTIONS}
    shown["accepted_gift_types"] = dict.fromkeys(GIFTS, False)
    if username:
        shown["active_usernames"] = [username]
    return shown


def of_dialog(state: State, dialog: Dialog) -> Wire:
    """The ChatFullInfo of a person."""
    person = state.people[dialog.person_id]
    shown = wire.private_chat(person) | _common(person.username)
    if person.bio:
        shown["bio"] = person.bio
    if person.photo_ids:
        shown["photo"] = portraits.chat_photo(state, person.photo_ids[0])
    if person.hides_forwards:
        shown["has_private_forwards"] = True
    return shown | _pinned(state, dialog)


def of_chat(state: State, chat: Chat, viewer: Bot) -> Wire:
    """The ChatFullInfo of a group or channel as the bot `viewer` sees it."""
    shown = wire.chat(chat) | _common(chat.username)
    if chat.photo_id:
        shown["photo"] = portraits.chat_photo(state, chat.photo_id)
    for name in PLAIN:
        if value := getattr(chat, name):
            shown[name] = value
    shown |= {name: True for name in SWITCHES if getattr(chat, name)}
    if chat.is_group:
        shown["permissions"] = permissions.view(chat.permissions)
    if chat.available_reactions is not None:
        shown["available_reactions"] = chat.available_reactions
    return shown | _inside(state, chat, viewer) | _pinned(state, chat)


def _inside(state: State, chat: Chat, viewer: Bot) -> Wire:
    """What only administrators see."""
    me = membership.current(state, chat, viewer.id)
    shown: Wire = {}
    link = invite_links.primary(chat, viewer.id)
    if link is not None and rights.holds(chat, me, "can_invite_users"):
        shown["invite_link"] = link.url
    if chat.type is not ChatType.GROUP and me.is_admin:
        shown["has_visible_history"] = True
    if chat.guard_bot_id in state.people and me.is_admin:
        shown["guard_bot"] = wire.user(state.people[chat.guard_bot_id])
    return shown


def _pinned(state: State, room: Room) -> Wire:
    newest: Message | None = pins.newest(room)
    return {"pinned_message": wire.message(state, room, newest, bare=True)} if newest is not None else {}
