"""Service messages in words: who came, who left, what was changed."""

from collections.abc import Callable

from markupsafe import Markup

from gatecrier_sandbox.page.rich import plain
from gatecrier_sandbox.world.model import Wire

Words = Callable[[str, object, Wire], Markup]
"""From the actor's name, the field's value and the whole service, the sentence."""


def sentence(actor: str, fields: Wire) -> Markup:
    """What a service message says; a kind without words of its own is named by its field."""
    for name, words in SENTENCES.items():
        if name in fields:
            return words(actor, fields[name], fields)
    what = next(iter(fields), "service message").replace("_", " ")
    return _said("{} · {}", actor, what) if actor else _said("{}", what)


def _said(pattern: str, *names: object) -> Markup:
    """The sentence with its names in bold."""
    return Markup(pattern).format(*(Markup("<b>{}</b>").format(name) for name in names))  # noqa: S704 - a constant


def named(user: object) -> str:
    """A User's or Chat's name."""
    if not isinstance(user, dict):
        return "somebody"
    name = f"{user.get('first_name', '')} {user.get('last_name', '')}".strip()
    return str(user.get("title") or name or "Deleted Account")


def _came(actor: str, value: object, _: Wire) -> Markup:
    users = value if isinstance(value, list) else []
    names = ", ".join(named(user) for user in users)
    if names == actor or not actor:
        return _said("{} joined the group", names)
    return _said("{} added {}", actor, names)


def _went(actor: str, value: object, _: Wire) -> Markup:
    name = named(value)
    if name == actor or not actor:
        return _said("{} left the group", name)
    return _said("{} removed {}", actor, name)


def _pinned(actor: str, value: object, _: Wire) -> Markup:
    words = plain(str(value.get("text") or value.get("caption") or ""), []) if isinstance(value, dict) else ""
    if not words:
        return _said("{} pinned a message", actor)
    return _said("{} pinned “{}”", actor, words if len(words) < 32 else words[:30] + "…")


def _timer(actor: str, value: object, _: Wire) -> Markup:
    seconds = value.get("message_auto_delete_time", 0) if isinstance(value, dict) else 0
    if not seconds:
        return _said("{} disabled the auto-delete timer", actor)
    return _said("{} set messages to auto-delete in {} s", actor, seconds)


def _topic(pattern: str) -> Words:
    def words(actor: str, value: object, _: Wire) -> Markup:
        name = value.get("name", "") if isinstance(value, dict) else ""
        return _said(pattern, actor, name or "the topic")

    return words


def _plain(pattern: str) -> Words:
    return lambda actor, value, fields: _said(pattern, actor or "Somebody")  # noqa: ARG005


def _valued(pattern: str) -> Words:
    return lambda actor, value, fields: _said(pattern, actor or "Somebody", value)  # noqa: ARG005


def _new_owner(_: str, value: object, fields: Wire) -> Markup:  # noqa: ARG001
    owner = value.get("new_owner") if isinstance(value, dict) else None
    return _said("{} is the new owner", named(owner))


SENTENCES: dict[str, Words] = {
    "new_chat_members": _came,
    "left_chat_member": _went,
    "new_chat_title": _valued("{} changed the group name to “{}”"),
    "new_chat_photo": _plain("{} updated the group photo"),
    "delete_chat_photo": _plain("{} removed the group photo"),
    "group_chat_created": _plain("{} created the group"),
    "supergroup_chat_created": _plain("{} created the group"),
    "channel_chat_created": lambda *_: Markup("Channel created"),
    "migrate_to_chat_id": lambda *_: Markup("The group was upgraded to a supergroup"),
    "migrate_from_chat_id": lambda *_: Markup("The group was upgraded to a supergroup"),
    "pinned_message": _pinned,
    "message_auto_delete_timer_changed": _timer,
    "forum_topic_created": _topic("{} created the topic “{}”"),
    "forum_topic_edited": _topic("{} edited {}"),
    "forum_topic_closed": _plain("{} closed the topic"),
    "forum_topic_reopened": _plain("{} reopened the topic"),
    "general_forum_topic_hidden": _plain("{} hid the General topic"),
    "general_forum_topic_unhidden": _plain("{} unhid the General topic"),
    "write_access_allowed": lambda *_: Markup("You allowed this bot to message you"),
    "users_shared": _plain("{} shared contacts with the bot"),
    "chat_shared": _plain("{} shared a chat with the bot"),
    "chat_owner_changed": _new_owner,
    "video_chat_started": _plain("{} started a video chat"),
    "video_chat_ended": _plain("{} ended the video chat"),
    "chat_background_set": _plain("{} changed the wallpaper"),
    "boost_added": _plain("{} boosted the group"),
}
