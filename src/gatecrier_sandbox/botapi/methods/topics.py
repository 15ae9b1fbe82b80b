"""Forum topics, and the one every forum has: General."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import forum, membership, pins, rights, topics
from gatecrier_sandbox.world.model import GENERAL, Chat, Topic, Wire

NO_EDIT = "not enough rights to edit the topic"
NO_CLOSE = "not enough rights to close or open the topic"
NO_DELETE = "not enough rights to delete the topic"
NO_PIN = "not enough rights to manage pinned messages in the chat"
PRIVATE = ("topics of private chats",)


def _forum(call: Call) -> Chat:
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or not room.is_forum:
        raise bad_request("the chat is not a forum")
    return room


def _holds(call: Call, chat: Chat, right: str) -> bool:
    return rights.holds(chat, membership.current(call.world, chat, call.bot.id), right)


def _named(call: Call, refusal: str, right: str = "can_manage_topics") -> tuple[Chat, Topic]:
    """The forum and topic of a request, if the bot has the right or made the topic."""
    chat = _forum(call)
    thread_id = call.params.integer("message_thread_id", 0, low=0)
    if not thread_id:
        raise bad_request("invalid message thread identifier specified")
    topic = chat.topics.get(thread_id)
    is_own = topic is not None and topic.creator_id == call.bot.id
    if not is_own and not _holds(call, chat, right):
        raise bad_request(refusal)
    if topic is None or thread_id == GENERAL:
        raise bad_request("TOPIC_ID_INVALID")
    return chat, topic


def _general(call: Call, refusal: str) -> tuple[Chat, Topic]:
    chat = _forum(call)
    if not _holds(call, chat, "can_manage_topics"):
        raise bad_request(refusal)
    return chat, topics.general(chat)


@method("createForumTopic", missing=PRIVATE)
def create_forum_topic(call: Call) -> Wire:
    """Make a topic; what comes back is a ForumTopic."""
    chat = _forum(call)
    if not _holds(call, chat, "can_manage_topics"):
        raise bad_request("not enough rights to create a topic")
    name = _name(call)
    if not name:
        raise bad_request("name must be non-empty")
    color = call.params.integer("icon_color", 0, low=0)
    if color and color not in topics.COLORS:
        raise bad_request("invalid icon color specified")
    icon = call.text("icon_custom_emoji_id")
    _check_icon(icon)
    topic = forum.create(call.world, chat, call.bot.id, name, icon_color=color, icon_emoji_id=icon)
    shown: Wire = {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}
    return shown | ({"icon_custom_emoji_id": icon} if icon else {})


def _name(call: Call) -> str:
    return " ".join(call.text("name").split())[: forum.LONGEST_NAME].strip()


def _check_icon(icon: str) -> None:
    if icon and not (icon.isascii() and icon.isdecimal() and len(icon) < 20):
        raise bad_request("invalid custom emoji identifier specified")


@method("editForumTopic", missing=PRIVATE)
def edit_forum_topic(call: Call) -> bool:
    """Give a topic another name or icon."""
    chat, topic = _named(call, NO_EDIT)
    name = _name(call)
    given = "icon_custom_emoji_id" in call.params.values
    icon = call.text("icon_custom_emoji_id")
    _check_icon(icon)
    if call.text("name") and not name:
        raise bad_request("name must be non-empty")
    if name or given:
        forum.edit(call.world, chat, topic, by=call.bot.id, name=name, icon_emoji_id=icon if given else None)
    return True


@method("closeForumTopic", missing=PRIVATE)
def close_forum_topic(call: Call) -> bool:
    """Close a topic."""
    chat, topic = _named(call, NO_CLOSE)
    forum.set_closed(call.world, chat, topic, by=call.bot.id, closed=True)
    return True


@method("reopenForumTopic", missing=PRIVATE)
def reopen_forum_topic(call: Call) -> bool:
    """Open a topic again."""
    chat, topic = _named(call, NO_CLOSE)
    forum.set_closed(call.world, chat, topic, by=call.bot.id, closed=False)
    return True


@method("deleteForumTopic", missing=PRIVATE)
def delete_forum_topic(call: Call) -> bool:
    """Delete a topic and all that was said in it."""
    chat, topic = _named(call, NO_DELETE, "can_delete_messages")
    forum.delete(call.world, chat, topic)
    return True


@method("unpinAllForumTopicMessages", missing=PRIVATE)
def unpin_all_forum_topic_messages(call: Call) -> bool:
    """Take the pins of one topic away."""
    chat, topic = _named(call, NO_PIN, "can_pin_messages")
    _unpin(call, chat, topic)
    return True


def _unpin(call: Call, chat: Chat, topic: Topic) -> None:
    for message_id in forum.inside(chat, topic):
        if message_id in chat.pinned:
            pins.remove(call.world, chat, message_id)


@method("editGeneralForumTopic")
def edit_general_forum_topic(call: Call) -> bool:
    """Give General another name."""
    chat, topic = _general(call, NO_EDIT)
    name = _name(call)
    if not name:
        raise bad_request("name must be non-empty")
    forum.edit(call.world, chat, topic, by=call.bot.id, name=name)
    return True


@method("closeGeneralForumTopic")
def close_general_forum_topic(call: Call) -> bool:
    """Close General."""
    chat, topic = _general(call, NO_CLOSE)
    forum.set_closed(call.world, chat, topic, by=call.bot.id, closed=True)
    return True


@method("reopenGeneralForumTopic")
def reopen_general_forum_topic(call: Call) -> bool:
    """Open General again; it is shown, too."""
    chat, topic = _general(call, NO_CLOSE)
    if topic.is_hidden:
        forum.set_hidden(call.world, chat, by=call.bot.id, hidden=False)
    forum.set_closed(call.world, chat, topic, by=call.bot.id, closed=False)
    return True


@method("hideGeneralForumTopic")
def hide_general_forum_topic(call: Call) -> bool:
    """Hide General, which closes it."""
    chat, _ = _general(call, NO_CLOSE)
    forum.set_hidden(call.world, chat, by=call.bot.id, hidden=True)
    return True


@method("unhideGeneralForumTopic")
def unhide_general_forum_topic(call: Call) -> bool:
    """Show General again; it stays closed."""
    chat, _ = _general(call, NO_CLOSE)
    forum.set_hidden(call.world, chat, by=call.bot.id, hidden=False)
    return True


@method("unpinAllGeneralForumTopicMessages")
def unpin_all_general_forum_topic_messages(call: Call) -> bool:
    """Take the pins of General away."""
    chat = _forum(call)
    if not _holds(call, chat, "can_pin_messages"):
        raise bad_request(NO_PIN)
    _unpin(call, chat, topics.general(chat))
    return True
