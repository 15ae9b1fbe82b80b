"""What people do: make accounts and chats, come and go, write, press buttons, block bots."""

from collections.abc import Iterator, Mapping

from gatecrier_sandbox.entities.detect import detect
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import clicks, conversation, membership, population, rights, wire
from gatecrier_sandbox.world.appointment import Appointment
from gatecrier_sandbox.world.clock import Clock, RealClock
from gatecrier_sandbox.world.limits import Limits, Meter
from gatecrier_sandbox.world.model import (
    Bot,
    Chat,
    ChatType,
    Click,
    Dialog,
    Member,
    Message,
    Person,
    Room,
    Status,
    Wire,
)
from gatecrier_sandbox.world.population import Cohort
from gatecrier_sandbox.world.state import ANONYMOUS_ADMIN, CHANNEL_SPEAKER, State

CHUNK = 1_000
"""People of a cohort made in one step."""
LONGEST_TEXT = 4096


class World(State):
    """
    The state and the acts of people upon it; the control API is a thin layer over these methods.

    Every act raises `Refused` when the real world would not let it happen.
    """

    def __init__(self, clock: Clock | None = None, *, limits: Limits | None = None, seed: int = 1) -> None:
        super().__init__(clock or RealClock(), limits=limits or Limits(), seed=seed)

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

    # Members

    def member(self, chat_id: int, user_id: int) -> Member:
        """What a person is in a chat now."""
        self.need_person(user_id)
        return membership.current(self, self.need_chat(chat_id), user_id)

    def allowed(self, chat_id: int, user_id: int) -> frozenset[str]:
        """What a person may do in a chat now: permissions that hold, and an administrator's rights."""
        return rights.allowed(self.need_chat(chat_id), self.member(chat_id, user_id))

    def set_member(
        self,
        chat_id: int,
        user_id: int,
        status: str,
        *,
        rights: Mapping[str, bool] | None = None,
        permissions: Mapping[str, bool] | None = None,
        until_date: int = 0,
        is_anonymous: bool = False,
        custom_title: str = "",
        by: int = 0,
    ) -> Member:
        """
        Set a member as a human administrator would.

        Args:
            rights: of an administrator; what is left out is false. None: all but can_promote_members.
            permissions: of a restricted one; what is left out is false. None: none at all.
            until_date: Unix seconds; 0 is for ever.
            by: who does it; 0 is the owner.
        """
        chat, old = self.need_chat(chat_id), self.member(chat_id, user_id)
        if by:
            self.need_person(by, "by")
        wish = Appointment(status, rights, permissions, until_date, is_anonymous, custom_title, by)
        return membership.change(self, chat, user_id, wish.made(chat, old), by=by)

    def join(self, chat_id: int, user_id: int) -> Member:
        """Come in; the banned are refused with 403."""
        chat, old = self.need_chat(chat_id), self.member(chat_id, user_id)
        if old.status is Status.KICKED:
            raise Refused("banned", status=403)
        return membership.change(self, chat, user_id, membership.entered(old), by=user_id)

    def leave(self, chat_id: int, user_id: int) -> Member:
        """Go; who is not there is refused."""
        chat, old = self.need_chat(chat_id), self.member(chat_id, user_id)
        if not old.present:
            raise Refused("not a member", field="user_id")
        return membership.change(self, chat, user_id, membership.gone(old), by=user_id)

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
        sender, as_chat = from_id, 0
        if isinstance(room, Chat):
            sender, as_chat = self._speaker(
                room, from_id, anonymous=anonymous, sender_chat_id=sender_chat_id, album=bool(media_group_id)
            )
        return conversation.write(
            self,
            room,
            text,
            sender_id=sender,
            sender_chat_id=as_chat,
            reply_to=self._replied(room, reply_to_message_id),
            media_group_id=media_group_id,
            thread_id=message_thread_id,
        )

    def _room_to_write(self, chat_id: int, from_id: int) -> Room:
        if chat_id < 0:
            return self.need_chat(chat_id)
        bot = self.need_bot(chat_id, "chat_id")
        dialog = bot.dialogs.setdefault(from_id, Dialog(bot.id, from_id))
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

    def _speaker(
        self, chat: Chat, from_id: int, *, anonymous: bool | None, sender_chat_id: int, album: bool
    ) -> tuple[int, int]:
        """Who the message seems to come from: (from, sender_chat)."""
        member = membership.current(self, chat, from_id)
        rights.require_voice(chat, member, "can_send_photos" if album else "can_send_messages")
        if chat.type is ChatType.CHANNEL:
            return 0, chat.id
        if sender_chat_id:
            self._check_channel_speaker(sender_chat_id, from_id)
            return CHANNEL_SPEAKER, sender_chat_id
        if anonymous is None:
            anonymous = member.is_admin and member.is_anonymous
        if anonymous and not member.is_admin:
            raise Refused("only administrators are anonymous", field="anonymous", status=403)
        return (ANONYMOUS_ADMIN, chat.id) if anonymous else (from_id, 0)

    def _check_channel_speaker(self, channel_id: int, from_id: int) -> None:
        channel = self.need_chat(channel_id, "sender_chat_id")
        if not membership.current(self, channel, from_id).is_admin:
            raise Refused("not an administrator of that channel", field="sender_chat_id", status=403)

    def edit(self, chat_id: int, from_id: int, message_id: int, text: str) -> Message:
        """A person edits their own message."""
        _check_text(text)
        room = self.room(from_id, chat_id)
        message = room.messages.get(message_id)
        if message is None or message.sender_id != from_id:
            raise Refused("not a message of this person", field="message_id", status=404)
        message.text, message.edit_date = text, self.today
        message.entities = detect(text, [])
        conversation.announce_edit(self, room, message)
        return message

    # Private chats

    def start(self, user_id: int, bot_id: int, payload: str = "") -> Message:
        """Press Start (by a link with a payload, perhaps); a block ends."""
        self.unblock(user_id, bot_id)
        bot = self.need_bot(bot_id)
        dialog = bot.dialogs.setdefault(user_id, Dialog(bot_id, user_id))
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

    def click(
        self,
        user_id: int,
        chat_id: int,
        message_id: int,
        *,
        data: str = "",
        text: str = "",
        force: bool = False,
    ) -> Click:
        """Press an inline button, found by its data or its text; `force` sends data no button has."""
        return clicks.press(self, user_id, chat_id, message_id, data=data, text=text, force=force)

    # The laws of this world

    def set_limits(self, limits: Limits) -> None:
        """Set other rates; what was counted is forgotten."""
        self.meter = Meter(limits)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused("the text is empty", field="text")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"the text is longer than {LONGEST_TEXT}", field="text")
