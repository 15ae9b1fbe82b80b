"""Where in a chat a message belongs: forum topics, and threads of replies. Who makes topics is in `forum`."""

from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.world import rights
from gatecrier_sandbox.world.model import GENERAL, Chat, ChatType, Member, Message, Topic

COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
"""The colours an icon may have; the first is given where none is asked for."""


def general(chat: Chat) -> Topic:
    """The topic every forum has."""
    return chat.topics.setdefault(GENERAL, Topic(GENERAL, "General", COLORS[0]))


def resolve(chat: Chat, thread_id: int) -> Topic | None:
    """
    The topic a `message_thread_id` means; None where the chat is no forum.

    Raises:
        ApiError: 400 no such topic or message (General's own number means none), or a deleted topic.
    """
    if not chat.is_forum:
        if thread_id and (chat.type is not ChatType.SUPERGROUP or thread_id not in chat.messages):
            raise bad_request("message thread not found")
        return None
    if not thread_id:
        return general(chat)
    if thread_id in chat.deleted_topics:
        raise bad_request("TOPIC_DELETED")
    if thread_id == GENERAL or thread_id not in chat.topics:
        raise bad_request("message thread not found")
    return chat.topics[thread_id]


def check_open(chat: Chat, topic: Topic | None, member: Member, user_id: int) -> None:
    """`ApiError` 400 TOPIC_CLOSED unless it is open, or the writer made it or manages topics."""
    if topic is None or not (topic.is_closed or topic.is_hidden):
        return
    if user_id != topic.creator_id and not rights.holds(chat, member, "can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def find(chat: Chat, replied: Message | None, thread_id: int) -> Topic | None:
    """Like `resolve`; who names no topic means that of the message they answer."""
    if not thread_id and chat.is_forum and replied is not None and replied.is_topic:
        thread_id = replied.thread_id
    return resolve(chat, thread_id)


def settle(chat: Chat, message: Message, topic: Topic | None) -> None:
    """
    Put a message into its topic, or into the thread of what it answers.

    In a topic what answers nothing answers the message that made the topic, as Telegram shows it.
    """
    if topic is not None:
        message.is_topic = topic.id != GENERAL
        message.thread_id = topic.id if message.is_topic else 0
        if message.is_topic and message.reply_to is None:
            message.reply_to = chat.messages.get(topic.id)
    elif message.reply_to is not None and chat.type is ChatType.SUPERGROUP and not message.receiver_id:
        message.thread_id = message.thread_id or root(message.reply_to)


def root(replied: Message) -> int:
    """The message a thread of replies began with."""
    return replied.thread_id or replied.message_id


def place(chat: Chat, message: Message, thread_id: int, member: Member, user_id: int) -> None:
    """
    Find the topic a bot's message goes to, check that it may write there, and put it in.

    Raises:
        ApiError: 400 no such thread, topic deleted or closed.
    """
    topic = find(chat, message.reply_to, thread_id)
    check_open(chat, topic, member, user_id)
    message.thread_id = thread_id
    settle(chat, message, topic)


def error_text(error: ApiError) -> str:
    """What a person is told where a bot would get this error."""
    return error.description.removeprefix("Bad Request: ")
