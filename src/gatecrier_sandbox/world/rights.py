"""The rights of administrators, and whether a person may speak."""

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import permissions
from gatecrier_sandbox.world.model import Chat, ChatType, Member, Status

SHARED = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
OF_TYPE = {
    ChatType.GROUP: (*SHARED, "can_pin_messages", "can_manage_tags"),
    ChatType.SUPERGROUP: (*SHARED, "can_pin_messages", "can_manage_topics", "can_manage_tags"),
    ChatType.CHANNEL: (*SHARED, "can_post_messages", "can_edit_messages", "can_manage_direct_messages"),
}
"""The rights that exist in each type of chat, in the order a bot sees them."""

EVERY_RIGHT = frozenset(name for names in OF_TYPE.values() for name in names)


def usual(chat_type: ChatType) -> frozenset[str]:
    """What an administrator gets who is promoted without further words: all but promoting others."""
    return frozenset(OF_TYPE[chat_type]) - {"can_promote_members"}


def holds(chat: Chat, member: Member, right: str) -> bool:
    """Whether this member has an administrator's right; the owner has them all."""
    if member.status is Status.CREATOR:
        return right in OF_TYPE[chat.type]
    return member.status is Status.ADMINISTRATOR and right in member.rights


def may_edit(chat: Chat, admin_id: int, target: Member) -> bool:
    """Whether an administrator may change another: promoted by them, or by somebody they promoted."""
    me = chat.members.get(admin_id)
    if me is None or not holds(chat, me, "can_promote_members"):
        return False
    seen: set[int] = set()
    promoter = target.promoter
    while promoter and promoter not in seen:
        if promoter == admin_id:
            return True
        seen.add(promoter)
        member = chat.members.get(promoter)
        promoter = member.promoter if member is not None else 0
    return False


LENT = frozenset({"can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"})
"""Permissions that are also rights: people have them as members too, bots only as administrators."""
NOT_IN_PUBLIC = frozenset({"can_change_info", "can_pin_messages"})


def allowed(chat: Chat, member: Member) -> frozenset[str]:
    """The permissions that hold for a member: the chat's and their own; administrators may say anything."""
    if member.status is Status.CREATOR:
        return permissions.ALL | frozenset(OF_TYPE[chat.type])
    general = chat.permissions - NOT_IN_PUBLIC if chat.username else chat.permissions
    if member.is_admin:
        return general | member.rights | (permissions.ALL - LENT)
    if not member.present:
        return frozenset()
    if member.status is Status.RESTRICTED:
        return general & member.permissions
    return general


def may(chat: Chat, member: Member, name: str, *, is_bot: bool) -> bool:
    """Whether an account has what is both a right and a permission; a bot must be administrator."""
    return holds(chat, member, name) or (not is_bot and name in allowed(chat, member))


def require_voice(chat: Chat, member: Member, permission: str) -> None:
    """
    Refuse to let a silent person speak.

    Raises:
        Refused: 403 "not a member", "restricted", or "no right to post" (channels).
    """
    if not member.present:
        raise Refused("banned" if member.status is Status.KICKED else "not a member", status=403)
    if chat.type is ChatType.CHANNEL:
        if not holds(chat, member, "can_post_messages"):
            raise Refused("no right to post", status=403)
    elif permission not in allowed(chat, member):
        raise Refused("restricted", status=403)
