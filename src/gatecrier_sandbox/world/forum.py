"""Topics of a forum: made, renamed, closed, hidden, deleted; a service message tells the chat."""

from gatecrier_sandbox.errors import ApiError, Refused, bad_request
from gatecrier_sandbox.world import conversation, deletion, membership, rights, topics
from gatecrier_sandbox.world.model import GENERAL, Chat, Message, Topic, Wire
from gatecrier_sandbox.world.state import State

LONGEST_NAME = 128


def create(
    state: State, chat: Chat, user_id: int, name: str, *, icon_color: int = 0, icon_emoji_id: str = ""
) -> Topic:
    """Make a topic; its number is that of the service message about it."""
    topics.general(chat)
    color = icon_color if icon_color in topics.COLORS else topics.COLORS[0]
    topic = Topic(chat.next_message_id, name, color, icon_emoji_id, user_id)
    chat.topics[topic.id] = topic
    about: Wire = {"name": name, "icon_color": color}
    if icon_emoji_id:
        about["icon_custom_emoji_id"] = icon_emoji_id
    conversation.serve(state, chat, {"forum_topic_created": about}, actor=user_id, topic=topic)
    return topic


def edit(
    state: State, chat: Chat, topic: Topic, *, by: int, name: str = "", icon_emoji_id: str | None = None
) -> None:
    """
    Give a topic another name (empty keeps it) or icon (None keeps it, empty takes it away).

    Raises:
        ApiError: 400 TOPIC_NOT_MODIFIED.
    """
    changes: Wire = {}
    if name and name != topic.name:
        changes["name"] = name
    if icon_emoji_id is not None and icon_emoji_id != topic.icon_emoji_id:
        changes["icon_custom_emoji_id"] = icon_emoji_id
    if not changes:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name = name or topic.name
    topic.icon_emoji_id = topic.icon_emoji_id if icon_emoji_id is None else icon_emoji_id
    conversation.serve(state, chat, {"forum_topic_edited": changes}, actor=by, topic=topic)


def set_closed(state: State, chat: Chat, topic: Topic, *, by: int, closed: bool) -> None:
    """Close or open a topic; `ApiError` 400 TOPIC_NOT_MODIFIED if it is."""
    if topic.is_closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = closed
    kind = "forum_topic_closed" if closed else "forum_topic_reopened"
    conversation.serve(state, chat, {kind: {}}, actor=by, topic=topic)


def set_hidden(state: State, chat: Chat, *, by: int, hidden: bool) -> None:
    """Hide General, which closes it, or show it again; `ApiError` 400 TOPIC_NOT_MODIFIED if it is."""
    topic = topics.general(chat)
    if topic.is_hidden == hidden:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_hidden = hidden
    topic.is_closed = topic.is_closed or hidden
    kind = "general_forum_topic_hidden" if hidden else "general_forum_topic_unhidden"
    conversation.serve(state, chat, {kind: {}}, actor=by)


def delete(state: State, chat: Chat, topic: Topic) -> None:
    """Delete a topic with all its messages; bots are not told."""
    del chat.topics[topic.id]
    chat.deleted_topics.add(topic.id)
    for message_id in inside(chat, topic):
        deletion.remove(state, chat, message_id)
    state.happened("chat", chat)


def inside(chat: Chat, topic: Topic) -> list[int]:
    """The numbers of a topic's messages; General has those of no other topic."""
    return [number for number, message in chat.messages.items() if _is_in(message, topic)]


def _is_in(message: Message, topic: Topic) -> bool:
    if topic.id == GENERAL:
        return not message.is_topic
    return message.is_topic and message.thread_id == topic.id


def managed(state: State, chat_id: int, user_id: int, thread_id: int = 0) -> tuple[Chat, Topic | None]:
    """
    A forum and the topic a person wants to manage; none where `thread_id` is 0.

    Raises:
        Refused: no forum, no such topic, or neither the right nor their own topic.
    """
    state.need_person(user_id)
    chat = state.need_chat(chat_id)
    if not chat.is_forum:
        raise Refused("the chat is not a forum", field="chat_id")
    member = membership.current(state, chat, user_id)
    topic = _named(chat, thread_id)
    owns = topic is not None and topic.creator_id == user_id
    if topic is None:
        permitted = rights.may(chat, member, "can_manage_topics", is_bot=False)
    else:
        permitted = owns or rights.holds(chat, member, "can_manage_topics")
    if not member.present or not permitted:
        raise Refused("no right to manage topics", status=403)
    return chat, topic


def _named(chat: Chat, thread_id: int) -> Topic | None:
    if thread_id == GENERAL:
        return topics.general(chat)
    try:
        return topics.resolve(chat, thread_id) if thread_id else None
    except ApiError as error:
        raise Refused(topics.error_text(error), field="message_thread_id", status=404) from None
