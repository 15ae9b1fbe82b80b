"""What a human administrator makes of a member."""

from collections.abc import Mapping

from msgspec import Struct

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import membership, permissions, rights
from gatecrier_sandbox.world.model import INSIDE, OUTSIDE, Chat, Member, Status
from gatecrier_sandbox.world.population import named


class Appointment(Struct, frozen=True):
    """
    The wish: a status and what goes with it.

    `rights` of an administrator: those left out are false, None is all but can_promote_members.
    `permissions` of a restricted one: those left out are false. `until_date` in Unix seconds, 0 for ever.
    """

    status: str
    rights: Mapping[str, bool] | None = None
    permissions: Mapping[str, bool] | None = None
    until_date: int = 0
    is_anonymous: bool = False
    custom_title: str = ""
    by: int = 0

    def made(self, chat: Chat, old: Member) -> Member:
        """The member it makes of `old`; `Refused` if this chat knows no such thing."""
        match self.status:
            case Status.CREATOR | Status.ADMINISTRATOR:
                return self._admin(chat, old)
            case Status.MEMBER:
                return INSIDE
            case Status.RESTRICTED:
                return self._restricted(chat, old)
            case Status.LEFT:
                return OUTSIDE
            case Status.KICKED:
                return Member(Status.KICKED, until=self.until_date)
        raise Refused("not a status", field="status")

    def _admin(self, chat: Chat, old: Member) -> Member:
        owned = any(member.status is Status.CREATOR for member in chat.members.values())
        if self.status == Status.CREATOR and owned and old.status is not Status.CREATOR:
            raise Refused("the chat has an owner", field="status", status=409)
        is_owner = self.status == Status.CREATOR
        return Member(
            Status(self.status),
            present=True,
            rights=frozenset() if is_owner else self._rights(chat),
            promoter=self.by,
            is_anonymous=self.is_anonymous,
            custom_title=self.custom_title,
        )

    def _rights(self, chat: Chat) -> frozenset[str]:
        if self.rights is None:
            return rights.usual(chat.type)
        granted = named(self.rights, rights.EVERY_RIGHT, "rights")
        return (granted | {"can_manage_chat"}) & frozenset(rights.OF_TYPE[chat.type])

    def _restricted(self, chat: Chat, old: Member) -> Member:
        if not membership.restriction_is_possible(chat):
            raise Refused("only supergroups restrict members", field="status")
        granted = named(self.permissions or {}, permissions.ALL, "permissions")
        return membership.restricted(granted, present=old.present, until_date=self.until_date)
