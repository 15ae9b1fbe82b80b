"""The sixteen things a member may do, and how a request spells them."""

from collections.abc import Mapping

from gatecrier_sandbox.errors import bad_request

MEDIA = (
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
)
PERMISSIONS = (
    "can_send_messages",
    *MEDIA,
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
ALL = frozenset(PERMISSIONS)
USUAL = ALL - {"can_edit_tag", "can_change_info", "can_pin_messages", "can_manage_topics"}
"""What members of a new supergroup may do."""

FOLLOWERS = {
    "can_manage_topics": "can_pin_messages",
    "can_edit_tag": "can_pin_messages",
    "can_react_to_messages": "can_send_messages",
}
"""A permission a request leaves out follows another one."""

LEGACY_MEDIA = "can_send_media_messages"


def requested(given: Mapping[str, object], *, independent: bool) -> frozenset[str]:
    """
    Read a ChatPermissions object the way restrictChatMember does: what is left out is false.

    Args:
        independent: `use_independent_chat_permissions`; without it one permission implies others.
    Raises:
        ApiError: a value is no boolean.
    Source: facts/botapi.md §5, "Restrict permissions".
    """
    values = {name: _flag(given, name) for name in (*PERMISSIONS, LEGACY_MEDIA) if name in given}
    if values.pop(LEGACY_MEDIA, False):
        values |= dict.fromkeys(MEDIA, True)
    granted = {name for name, value in values.items() if value}
    if not independent:
        granted |= implied(granted)
    granted |= {name for name, leader in FOLLOWERS.items() if name not in values and leader in granted}
    return frozenset(granted)


def implied(granted: set[str]) -> set[str]:
    """What the dependent reading adds: previews or stickers bring all media, media and polls bring text."""
    more: set[str] = set()
    if granted & {"can_send_other_messages", "can_add_web_page_previews"}:
        more |= {*MEDIA, "can_send_messages"}
    if granted & {*MEDIA, "can_send_polls"}:
        more.add("can_send_messages")
    return more


def _flag(given: Mapping[str, object], name: str) -> bool:
    value = given[name]
    if not isinstance(value, bool):
        raise bad_request(f'can\'t parse chat permissions: Field "{name}" must be of type Boolean')
    return value


def view(granted: frozenset[str]) -> dict[str, object]:
    """The permissions as a bot sees them: every name, true or false, and the legacy twin."""
    shown: dict[str, object] = {name: name in granted for name in PERMISSIONS}
    shown[LEGACY_MEDIA] = granted.issuperset(MEDIA)
    return shown
