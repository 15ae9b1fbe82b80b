"""What people make of a chat as a whole: its title, its rules, its topics, its upgrade."""

from gatecrier_sandbox.errors import ApiError, Refused
from gatecrier_sandbox.world import forum, membership, migration, rights, settings, topics
from gatecrier_sandbox.world.model import GENERAL, Chat, Topic
from gatecrier_sandbox.world.state import State


class Governing(State):
    """The acts of people that change a chat. All raise `Refused` when they may not."""

    def set_title(self, chat_id: int, by: int, title: str) -> Chat:
        """Give a chat another title; bots hear the service message."""
        chat = self.need_chat(chat_id)
        self.need_person(by, "by")
        if not rights.may(chat, membership.current(self, chat, by), "can_change_info", is_bot=False):
            raise Refused("no right: can_change_info", field="by", status=403)
        if not title.strip():
            raise Refused("the title is empty", field="title")
        return settings.edit_chat(self, chat_id, {"title": title.strip()[:128]})

    def set_slow_mode(self, chat_id: int, seconds: int) -> Chat:
        """Let members of a supergroup speak only once in so many seconds; 0 is off."""
        return settings.edit_chat(self, chat_id, {"slow_mode_delay": seconds})

    def set_join_by_request(self, chat_id: int, enabled: bool = True) -> Chat:
        """Whether people have to ask before they come into a supergroup without a link."""
        return settings.edit_chat(self, chat_id, {"join_by_request": enabled})

    def set_forum(self, chat_id: int, enabled: bool = True) -> Chat:
        """Whether a supergroup has topics."""
        return settings.edit_chat(self, chat_id, {"is_forum": enabled})

    def migrate(self, chat_id: int) -> Chat:
        """Make a supergroup of a basic group; what comes back is the new chat."""
        return migration.upgrade(self, self.need_chat(chat_id))

    def dissolve(self, chat_id: int) -> None:
        """Delete a basic group, as its owner may."""
        migration.dissolve(self, self.need_chat(chat_id))

    def create_topic(self, chat_id: int, user_id: int, name: str, *, icon_color: int = 0) -> Topic:
        """Make a topic in a forum."""
        chat, _ = forum.managed(self, chat_id, user_id)
        if not name.strip():
            raise Refused("the name is empty", field="name")
        return forum.create(self, chat, user_id, name.strip()[: forum.LONGEST_NAME], icon_color=icon_color)

    def close_topic(self, chat_id: int, user_id: int, thread_id: int) -> None:
        """Close a topic: only who made it or manages topics writes there."""
        self._set_closed(chat_id, user_id, thread_id, closed=True)

    def reopen_topic(self, chat_id: int, user_id: int, thread_id: int) -> None:
        """Open a topic again."""
        self._set_closed(chat_id, user_id, thread_id, closed=False)

    def _set_closed(self, chat_id: int, user_id: int, thread_id: int, *, closed: bool) -> None:
        chat, topic = forum.managed(self, chat_id, user_id, thread_id)
        if topic is None:
            raise Refused("there is no such topic", field="message_thread_id", status=404)
        try:
            forum.set_closed(self, chat, topic, by=user_id, closed=closed)
        except ApiError as error:
            raise Refused(topics.error_text(error), field="message_thread_id", status=409) from None

    def delete_topic(self, chat_id: int, user_id: int, thread_id: int) -> None:
        """Delete a topic with all its messages; needs the right to delete messages, or one's own topic."""
        chat = self.need_chat(chat_id)
        topic = chat.topics.get(thread_id)
        if topic is None or not chat.is_forum or thread_id == GENERAL:
            raise Refused("there is no such topic", field="message_thread_id", status=404)
        member = membership.current(self, chat, user_id)
        if user_id != topic.creator_id and not rights.holds(chat, member, "can_delete_messages"):
            raise Refused("no right: can_delete_messages", status=403)
        forum.delete(self, chat, topic)
