"""What people do with messages that stand there: edit, press, vote, react, pin, choose inline results."""

from gatecrier_sandbox.entities.detect import detect
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import clicks, conversation, inline, membership, pins, polls, reactions, rights
from gatecrier_sandbox.world.asked import InlineQuery, Poll
from gatecrier_sandbox.world.kinds import has_caption
from gatecrier_sandbox.world.model import Chat, ChatType, Click, Message, Room
from gatecrier_sandbox.world.state import State

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024


class Responding(State):
    """Acts of people on messages; each raises `Refused` when the real world would not let it happen."""

    def edit(self, chat_id: int, from_id: int, message_id: int, text: str) -> Message:
        """A person edits the text or the caption of their message; the same again tells nobody."""
        room = self.room(from_id, chat_id)
        message = room.messages.get(message_id)
        if message is None or not _may_edit(self, room, message, from_id):
            raise Refused("not a message of this person", field="message_id", status=404)
        _check_words(message, text)
        if text == message.text:
            return message
        message.text, message.entities, message.edit_date = text, detect(text, []), self.today
        conversation.announce_edit(self, room, message)
        return message

    def click(
        self,
        user_id: int,
        chat_id: int,
        message_id: int = 0,
        *,
        ephemeral_message_id: int = 0,
        data: str = "",
        text: str = "",
        force: bool = False,
    ) -> Click:
        """Press an inline button, found by its data or its text; `force` sends data no button has."""
        return clicks.press(
            self,
            user_id,
            chat_id,
            message_id,
            ephemeral_message_id=ephemeral_message_id,
            data=data,
            text=text,
            force=force,
        )

    def vote(self, user_id: int, chat_id: int, message_id: int, option_ids: list[int]) -> Poll:
        """Choose options of a poll by their numbers from 0; none takes the vote back."""
        return polls.vote(self, user_id, chat_id, message_id, option_ids)

    def add_poll_option(self, user_id: int, chat_id: int, message_id: int, text: str) -> Poll:
        """Add an answer to a poll that allows it."""
        return polls.add_option(self, user_id, chat_id, message_id, text)

    def react(self, user_id: int, chat_id: int, message_id: int, *names: str) -> None:
        """Set one's reactions (emoji, or ids of custom emoji); none takes them back."""
        reactions.react(self, user_id, chat_id, message_id, list(names))

    def pin(self, user_id: int, chat_id: int, message_id: int) -> None:
        """Pin a message."""
        pins.pin(self, user_id, chat_id, message_id)

    def unpin(self, user_id: int, chat_id: int, message_id: int) -> None:
        """Unpin a message."""
        pins.unpin(self, user_id, chat_id, message_id)

    def inline_query(
        self, user_id: int, bot_id: int, query: str, *, offset: str = "", chat_id: int = 0
    ) -> InlineQuery:
        """Type behind a bot's name in a chat; 0 is the bot's private chat."""
        return inline.ask(self, user_id, bot_id, query, offset=offset, chat_id=chat_id)

    def choose_result(self, query_id: str, result_id: str, *, message_thread_id: int = 0) -> Message:
        """Send a result of an inline query to where it was typed; in a forum, to one of its topics."""
        return inline.choose(self, query_id, result_id, thread_id=message_thread_id)


def _may_edit(state: State, room: Room, message: Message, user_id: int) -> bool:
    """Whether a message is this person's, also where they hide behind the group or a channel."""
    if message.service is not None or message.bot_id or message.forward is not None:
        return False
    if message.sender_id == user_id or not isinstance(room, Chat):
        return message.sender_id == user_id
    if room.type is ChatType.CHANNEL:
        return rights.holds(room, membership.current(state, room, user_id), "can_edit_messages")
    if message.sender_chat_id == room.id:
        return membership.current(state, room, user_id).is_anonymous
    speaker = state.chats.get(message.sender_chat_id)
    return speaker is not None and membership.current(state, speaker, user_id).is_admin


def _check_words(message: Message, text: str) -> None:
    if message.is_media and not has_caption(message):
        raise Refused("it has no words to edit", field="message_id")
    if not text.strip() and not message.is_media:
        raise Refused("the text is empty", field="text")
    longest = LONGEST_CAPTION if message.is_media else LONGEST_TEXT
    if len(text) > longest:
        raise Refused(f"the text is longer than {longest}", field="text")
