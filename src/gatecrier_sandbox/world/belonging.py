"""Who is in a chat: people come, go, ask to be let in, and are given and taken rights."""

from collections.abc import Mapping

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import invite_links, join_requests, membership, rights
from gatecrier_sandbox.world.appointment import Appointment
from gatecrier_sandbox.world.model import (
    Chat,
    ChatType,
    InviteLink,
    JoinRequest,
    Member,
    Status,
)
from gatecrier_sandbox.world.state import State


class Belonging(State):
    """The acts of people that make and end memberships. All raise `Refused` when they may not."""

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
        chat, old = self._active(chat_id), self.member(chat_id, user_id)
        if by:
            self.need_person(by, "by")
        wish = Appointment(status, rights, permissions, until_date, is_anonymous, custom_title, by)
        return membership.change(self, chat, user_id, wish.made(chat, old), by=by)

    def _active(self, chat_id: int) -> Chat:
        """The chat, unless it became another or was deleted."""
        chat = self.need_chat(chat_id)
        if chat.migrated_to or chat.is_deleted:
            raise Refused("the group was upgraded" if chat.migrated_to else "the group was deleted")
        return chat

    def join(self, chat_id: int, user_id: int, *, link: str = "") -> Member:
        """
        Come in, by an invite link perhaps.

        Raises:
            Refused: 403 banned, or the link is expired, revoked or full; 409 one has to ask (`request_join`).
        """
        chat, old = self._active(chat_id), self.member(chat_id, user_id)
        if old.status is Status.KICKED:
            raise Refused("banned", status=403)
        if old.present:
            return old
        used = invite_links.usable(self, chat, link) if link else None
        if used.creates_join_request if used is not None else chat.join_by_request:
            raise Refused("one has to ask", field="link" if link else "chat_id", status=409)
        new = membership.entered(old)
        if used is not None and used.subscription_period and new.status is Status.MEMBER:
            until = self.today + used.subscription_period
            new = Member(Status.MEMBER, present=True, until=until)
        return membership.change(self, chat, user_id, new, by=user_id, link=used)

    def leave(self, chat_id: int, user_id: int) -> Member:
        """Go; who is not there is refused."""
        chat, old = self._active(chat_id), self.member(chat_id, user_id)
        if not old.present:
            raise Refused("not a member", field="user_id")
        return membership.change(self, chat, user_id, membership.gone(old), by=user_id)

    def add_bot(
        self, chat_id: int, bot_id: int, *, by: int = 0, rights: Mapping[str, bool] | None = None
    ) -> Member:
        """
        Bring a bot in: a member, or with `rights` an administrator. A channel only has administrators.

        Args:
            by: who does it; 0 is the owner.
        Raises:
            Refused: 403 the bot joins no groups, was thrown out, or the person may not.
        """
        chat, bot = self._active(chat_id), self.need_bot(bot_id)
        if chat.is_group and not bot.can_join_groups:
            raise Refused("this bot joins no groups", field="bot_id", status=403)
        if chat.type is ChatType.CHANNEL and rights is None:
            raise Refused("a bot in a channel is an administrator", field="rights")
        right = "can_invite_users" if rights is None else "can_promote_members"
        self._check_right(chat, by, right)
        return self.set_member(
            chat_id, bot_id, "member" if rights is None else "administrator", rights=rights, by=by
        )

    def _check_right(self, chat: Chat, user_id: int, right: str) -> None:
        """Refuse whom a chat does not let do this; 0 is the owner, who may."""
        if not user_id:
            return
        self.need_person(user_id, "by")
        if not rights.may(chat, membership.current(self, chat, user_id), right, is_bot=False):
            raise Refused(f"no right: {right}", field="by", status=403)

    def create_link(
        self,
        chat_id: int,
        by: int,
        *,
        name: str = "",
        expire_date: int = 0,
        member_limit: int = 0,
        creates_join_request: bool = False,
    ) -> InviteLink:
        """An invite link of a human administrator; dates in Unix seconds, 0 means none."""
        chat = self._active(chat_id)
        self.need_person(by, "by")
        self._check_right(chat, by, "can_invite_users")
        if creates_join_request and member_limit:
            raise Refused("a link that asks has no limit", field="member_limit")
        link = InviteLink("", by, False, name, expire_date, member_limit, creates_join_request)
        return invite_links.make(self, chat, link)

    def request_join(self, chat_id: int, user_id: int, *, bio: str = "", link: str = "") -> JoinRequest:
        """Ask to be let in, by a link that asks for it, or directly where the chat does."""
        return join_requests.ask(self, self._active(chat_id), user_id, bio=bio, link=link)

    def cancel_request(self, chat_id: int, user_id: int) -> None:
        """Take the wish to come in back; 404 if there is none."""
        chat = self.need_chat(chat_id)
        if user_id not in chat.join_requests:
            raise Refused("nobody asked", field="user_id", status=404)
        join_requests.decline(self, chat, user_id)

    def approve_join(self, chat_id: int, user_id: int, *, by: int) -> None:
        """A human administrator lets somebody in who asked."""
        self.need_person(by, "by")
        join_requests.decide(self, self.need_chat(chat_id), user_id, by=by, let_in=True)

    def decline_join(self, chat_id: int, user_id: int, *, by: int) -> None:
        """A human administrator turns somebody away who asked."""
        self.need_person(by, "by")
        join_requests.decide(self, self.need_chat(chat_id), user_id, by=by, let_in=False)
