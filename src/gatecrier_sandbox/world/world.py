"""What people do: make accounts and chats, come and go, write, press buttons, block bots."""

from collections.abc import Iterator, Mapping

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, ephemerals, media, population, portraits, things, wire
from gatecrier_sandbox.world.belonging import Belonging
from gatecrier_sandbox.world.clock import Clock, SteeredClock
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.governing import Governing
from gatecrier_sandbox.world.limits import Limits, Meter
from gatecrier_sandbox.world.model import (
    Bot,
    Chat,
    ChatType,
    Dialog,
    Message,
    Person,
    Room,
    Wire,
)
from gatecrier_sandbox.world.population import Cohort
from gatecrier_sandbox.world.responding import Responding
from gatecrier_sandbox.world.things import Thing
from gatecrier_sandbox.world.voice import Speech, Voice, take

CHUNK = 1_000
"""People of a cohort made in one step."""
LONGEST_TEXT = 4096


class World(Belonging, Governing, Responding):
    """
    The state and the acts of people upon it; the control API is a thin layer over these methods.

    Every act raises `Refused` when the real world would not let it happen.
    """

    def __init__(self, clock: Clock | None = None, *, limits: Limits | None = None, seed: int = 1) -> None:
        super().__init__(clock or SteeredClock(), limits=limits or Limits(), seed=seed)

    # Making

    def bot(self, username: str, *, first_name: str = "", token: str = "") -> Bot:
        """Make a bot; its token comes from the seed unless given."""
        return population.make_bot(self, username, first_name, token)

    def person(
        self,
        first_name: str,
        *,
        last_name: str = "",
        username: str = "",
        language_code: str = "",
        is_premium: bool = False,
        id: int = 0,  # noqa: A002 - the word of the API
    ) -> Person:
        """Make a person; id 0 takes the next free one."""
        person = Person(id, first_name, last_name, username, language_code, is_premium)
        return population.make_person(self, person)

    def set_photo(self, user_id: int, data: bytes) -> Person:
        """Give a person a new photo, in front of those they have."""
        person = self.need_person(user_id)
        if not portraits.is_picture(data):
            raise Refused("not a picture", field="data")
        person.photo_ids = (portraits.store(self, data), *person.photo_ids)
        self.feed.publish(Event("person", person_id=user_id))
        return person

    def chat(
        self,
        type: str,  # noqa: A002 - the word of the API
        title: str,
        *,
        username: str = "",
        linked_chat_id: int = 0,
        permissions: Mapping[str, bool] | None = None,
        id: int = 0,  # noqa: A002 - the word of the API
    ) -> Chat:
        """
        Make a chat: "group", "supergroup" or "channel".

        Args:
            linked_chat_id: the channel of a discussion supergroup, or the other way round.
            permissions: what members may do (those that are true); None gives what a new chat has.
        """
        if type not in set(ChatType):
            raise Refused("a chat is a group, supergroup or channel", field="type")
        kind = ChatType(type)
        if linked_chat_id:
            population.check_link(kind, self.need_chat(linked_chat_id, "linked_chat_id").type)
        chat = population.make_chat(self, kind, title, chat_id=id, username=username, granted=permissions)
        if linked_chat_id:
            population.link_chats(self, chat, linked_chat_id)
        return chat

    def cohort(
        self,
        bot_id: int,
        count: int,
        *,
        started_ago: float = 0,
        blocked: float = 0,
        deactivated: float = 0,
        announce: bool = True,
        language_code: str = "en",
    ) -> Iterator[Cohort]:
        """Like `subscribers`, but in steps of 1,000 people; yields after each so that others can run."""
        bot = self.need_bot(bot_id)
        made = population.plan_cohort(self, count, blocked=blocked, deactivated=deactivated)
        date = int(self.clock.now() - started_ago)
        for first in range(0, count, CHUNK):
            if self.bots.get(bot_id) is not bot:
                raise Refused("the world began anew meanwhile", status=409)
            last = min(first + CHUNK, count)
            population.enlist(
                self, bot, made, first=first, last=last, date=date, announce=announce, language=language_code
            )
            yield made

    def subscribers(
        self,
        bot_id: int,
        count: int,
        *,
        started_ago: float = 0,
        blocked: float = 0,
        deactivated: float = 0,
        announce: bool = True,
        language_code: str = "en",
    ) -> Cohort:
        """
        Make people who started the bot `started_ago` seconds ago, ids in a row.

        The last `round(count * blocked)` and `round(count * deactivated)` are lost without a my_chat_member
        update (deactivated ones come last), so that the bot finds out only by 403.
        """
        *_, made = self.cohort(
            bot_id,
            count,
            started_ago=started_ago,
            blocked=blocked,
            deactivated=deactivated,
            announce=announce,
            language_code=language_code,
        )
        return made

    # Talking

    def say(
        self,
        chat_id: int,
        from_id: int,
        text: str,
        *,
        anonymous: bool | None = None,
        sender_chat_id: int = 0,
        reply_to_message_id: int = 0,
        media_group_id: str = "",
        message_thread_id: int = 0,
    ) -> Message:
        """
        A person writes. In a private chat `chat_id` is the bot's id.

        Args:
            anonymous: as the group, by an administrator; None follows the administrator's own setting.
            sender_chat_id: as a channel of which the person is administrator.
        Raises:
            Refused: 403 "restricted", "not a member", "banned", "no right to post", "blocked", "deactivated".
        """
        _check_text(text)
        if self.need_person(from_id, "from_id").deactivated:
            raise Refused("deactivated", status=403)
        room = self._room_to_write(chat_id, from_id)
        replied = self._replied(room, reply_to_message_id)
        voice = Voice(from_id)
        if isinstance(room, Chat):
            bot = None if media_group_id else ephemerals.addressee(self, room, text)
            permission = "can_send_photos" if media_group_id else "can_send_messages"
            speech = Speech(permission, anonymous, sender_chat_id, replied, message_thread_id, media_group_id)
            voice = take(self, room, from_id, speech)
            if bot is not None and voice.sender_id == from_id:
                return ephemerals.command(self, room, text, bot, sender_id=from_id)
        return conversation.write(
            self,
            room,
            text,
            sender_id=voice.sender_id,
            sender_chat_id=voice.sender_chat_id,
            signature=voice.signature,
            reply_to=replied,
            media_group_id=media_group_id,
            thread_id=message_thread_id,
        )

    def say_media(
        self,
        chat_id: int,
        from_id: int,
        kind: str,
        *,
        data: bytes = b"",
        file_id: str = "",
        name: str = "",
        mime_type: str = "",
        caption: str = "",
        media_group_id: str = "",
        width: int = 0,
        height: int = 0,
        duration: int = 0,
        title: str = "",
        performer: str = "",
        emoji: str = "",
        has_spoiler: bool = False,
        anonymous: bool | None = None,
        sender_chat_id: int = 0,
        reply_to_message_id: int = 0,
        message_thread_id: int = 0,
    ) -> Message:
        """
        A person sends a file: new `data`, or what is here already under a `file_id`.

        Args:
            kind: photo, document, video, audio, voice, animation, video_note or sticker.
            media_group_id: what is sent with the same one, one after the other, is an album.
        Raises:
            Refused: as `say`; also 400 the file is empty, no picture, or of another kind; 404 unknown.
        """
        sizes = (width, height, duration)
        piece = media.Piece(
            kind, data, file_id, name, mime_type, *sizes, title, performer, emoji, has_spoiler
        )
        self.need_person(from_id, "from_id")
        room = self._room_to_write(chat_id, from_id)
        return media.say(
            self,
            room,
            from_id,
            piece,
            caption=caption,
            media_group_id=media_group_id,
            anonymous=anonymous,
            sender_chat_id=sender_chat_id,
            reply_to=self._replied(room, reply_to_message_id),
            thread_id=message_thread_id,
        )

    def say_thing(
        self,
        chat_id: int,
        from_id: int,
        thing: Thing,
        *,
        reply_to_message_id: int = 0,
        message_thread_id: int = 0,
    ) -> Message:
        """A person sends a place, a contact, a dice or a poll; refused as `say`."""
        if self.need_person(from_id, "from_id").deactivated:
            raise Refused("deactivated", status=403)
        room = self._room_to_write(chat_id, from_id)
        replied = self._replied(room, reply_to_message_id)
        return things.say(self, room, from_id, thing, reply_to=replied, thread_id=message_thread_id)

    def _room_to_write(self, chat_id: int, from_id: int) -> Room:
        if chat_id < 0:
            return self.need_chat(chat_id)
        bot = self.need_bot(chat_id, "chat_id")
        dialog = bot.dialogs.setdefault(from_id, Dialog(bot.id, from_id))
        dialog.open_until = 0.0
        if dialog.blocked:
            raise Refused("blocked", status=403)
        return dialog

    @staticmethod
    def _replied(room: Room, message_id: int) -> Message | None:
        if not message_id:
            return None
        replied = room.messages.get(message_id)
        if replied is None:
            raise Refused("there is no such message", field="reply_to_message_id", status=404)
        return replied

    # Private chats

    def start(self, user_id: int, bot_id: int, payload: str = "") -> Message:
        """Press Start (by a link with a payload, perhaps); a block ends."""
        self.unblock(user_id, bot_id)
        bot = self.need_bot(bot_id)
        dialog = bot.dialogs.setdefault(user_id, Dialog(bot_id, user_id))
        dialog.open_until = 0.0
        message = conversation.compose_start(self, dialog, payload=payload, date=self.today)
        return conversation.post(self, dialog, message)

    def block(self, user_id: int, bot_id: int) -> None:
        """Block a bot; it gets my_chat_member, and 403 when it writes."""
        self._set_blocked(user_id, bot_id, blocked=True)

    def unblock(self, user_id: int, bot_id: int) -> None:
        """Let a bot write again."""
        self._set_blocked(user_id, bot_id, blocked=False)

    def _set_blocked(self, user_id: int, bot_id: int, *, blocked: bool) -> None:
        person, bot = self.need_person(user_id), self.need_bot(bot_id)
        if person.deactivated:
            raise Refused("deactivated", status=403)
        dialog = bot.dialogs.get(user_id)
        if dialog is None and blocked:
            dialog = bot.dialogs[user_id] = Dialog(bot_id, user_id)
        if dialog is None or dialog.blocked == blocked:
            return
        dialog.blocked = blocked
        self.happened("chat", dialog)
        face = wire.user(self.people[bot_id])
        free: Wire = {"user": face, "status": "member"}
        barred: Wire = {"user": face, "status": "kicked", "until_date": 0}
        old, new = (free, barred) if blocked else (barred, free)
        self.emit(bot, "my_chat_member", wire.member_change(self, dialog, person, old, new, link=None))

    def deactivate(self, user_id: int) -> None:
        """The account is deleted; bots are not told and find out by 403."""
        person = self.need_person(user_id)
        if person.is_bot:
            raise Refused("bots are not deactivated", field="user_id")
        person.deactivated = True
        person.first_name = person.last_name = ""
        self.feed.publish(Event("person", person_id=user_id))

    # The laws of this world

    def set_limits(self, limits: Limits) -> None:
        """Set other rates; what was counted is forgotten."""
        self.meter = Meter(limits)
        self.feed.publish(Event("law"))


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused("the text is empty", field="text")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"the text is longer than {LONGEST_TEXT}", field="text")
