"""What an administrator does on the page: members and their rights, topics, invite links, settings."""

from starlette.datastructures import FormData

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page.outcome import DONE, Act, Outcome, id_of, text_of, texts_of
from gatecrier_sandbox.page.place import Place
from gatecrier_sandbox.world import membership, permissions, rights, settings
from gatecrier_sandbox.world.model import Chat, ChatType, Member, Status
from gatecrier_sandbox.world.topics import COLORS
from gatecrier_sandbox.world.world import World

MEMBER_ACTS = {
    "demote": ("can_promote_members", "member"),
    "unmute": ("can_restrict_members", "member"),
    "remove": ("can_restrict_members", "left"),
    "ban": ("can_restrict_members", "kicked"),
    "unban": ("can_restrict_members", "left"),
    "add": ("can_invite_users", "member"),
}
"""The right each act needs, and the status it makes."""
LONGEST_TITLE = 16
"""Characters of an administrator's custom title."""


# Members


def change_member(world: World, place: Place, form: FormData) -> Outcome:
    """What an administrator does to a member; the sheet shows what came of it."""
    name, user_id = text_of(form, "what"), id_of(form, "user")
    if name in {"approve", "decline"}:
        decide = world.approve_join if name == "approve" else world.decline_join
        decide(world.need_chat(place.chat).id, user_id, by=place.person)
        return _members(place)
    need, status = MEMBER_ACTS.get(name, ("", ""))
    if not status:
        raise Refused("there is no such act", field="what")
    chat = _over(world, place, user_id, need)
    until = _until(world, form) if name == "ban" else 0
    world.set_member(chat.id, user_id, status, until_date=until, by=place.person)
    return _members(place)


def promote(world: World, place: Place, form: FormData) -> Outcome:
    """Make an administrator, or give one other rights: only such as the acting person has."""
    user_id = id_of(form, "user")
    chat = _over(world, place, user_id, "can_promote_members")
    wanted = frozenset(texts_of(form, "right"))
    acting = world.member(chat.id, place.person)
    if not all(rights.holds(chat, acting, name) for name in wanted & rights.EVERY_RIGHT):
        raise Refused("nobody gives a right they do not have", field="right", status=403)
    world.set_member(
        chat.id,
        user_id,
        "administrator",
        rights=dict.fromkeys(wanted, True),
        is_anonymous=form.get("anonymous") == "1",
        custom_title=text_of(form, "title").strip()[:LONGEST_TITLE],
        by=place.person,
    )
    return _members(place)


def restrict(world: World, place: Place, form: FormData) -> Outcome:
    """Leave a member only some permissions, for a while or for ever; all of them end a restriction."""
    user_id = id_of(form, "user")
    chat = _over(world, place, user_id, "can_restrict_members")
    wanted = dict.fromkeys(texts_of(form, "permission"), True)
    until = _until(world, form)
    world.set_member(chat.id, user_id, "restricted", permissions=wanted, until_date=until, by=place.person)
    return _members(place)


def _members(place: Place) -> Outcome:
    return Outcome(sheet=f"members?{place.query()}")


def _until(world: World, form: FormData) -> int:
    """When it ends, from `for` in seconds; 0 is never."""
    seconds = id_of(form, "for")
    return membership.until(world, world.today + seconds) if seconds > 0 else 0


def _over(world: World, place: Place, user_id: int, need: str) -> Chat:
    """The chat, if the acting person may do to this member what needs that right."""
    chat, target = world.need_chat(place.chat), world.member(place.chat, user_id)
    acting = world.member(chat.id, place.person)
    if not rights.may(chat, acting, need, is_bot=False):
        raise Refused(f"you need the right {need}", status=403)
    if not rules_over(chat, place.person, target):
        why = "nobody does that to the owner"
        if target.status is not Status.CREATOR:
            why = "somebody else made this administrator"
        raise Refused(why, field="user", status=403)
    return chat


def rules_over(chat: Chat, person: int, target: Member) -> bool:
    """Whether a person may change this member: nobody the owner, few another administrator."""
    if target.status is Status.CREATOR:
        return False
    owns = chat.members[person].status is Status.CREATOR if person in chat.members else False
    return owns or not target.is_admin or rights.may_edit(chat, person, target)


# Topics


def make_topic(world: World, place: Place, form: FormData) -> Outcome:
    """A new topic, and go there."""
    color = id_of(form, "color")
    topic = world.create_topic(
        place.chat, place.person, text_of(form, "name"), icon_color=color if color in COLORS else COLORS[0]
    )
    return Outcome(go=place.href(topic=topic.id, shown=100, view="talk"), closes_sheet=True)


def close_topic(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Close the topic one looks at."""
    world.close_topic(place.chat, place.person, place.topic)
    return DONE


def reopen_topic(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Open it again."""
    world.reopen_topic(place.chat, place.person, place.topic)
    return DONE


def delete_topic(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Delete it with all that was said in it."""
    world.delete_topic(place.chat, place.person, place.topic)
    return Outcome(go=place.href(topic=0, shown=100))


# The chat


def set_chat(world: World, place: Place, form: FormData) -> Outcome:
    """Title, and what only supergroups have: topics, requests to join, slow mode, what members may do."""
    chat = world.need_chat(place.chat)
    title = text_of(form, "title").strip()
    if not title or len(title) > 128:
        raise Refused("a title has 1 to 128 characters", field="title")
    acting = world.member(chat.id, place.person)
    if not rights.may(chat, acting, "can_change_info", is_bot=False):
        raise Refused("you need the right can_change_info", status=403)
    changes: dict[str, object] = {"title": title}
    if chat.type is ChatType.SUPERGROUP:
        changes["is_forum"] = form.get("is_forum") == "1"
        changes["join_by_request"] = form.get("join_by_request") == "1"
        changes["slow_mode_delay"] = min(max(id_of(form, "slow_mode"), 0), 3600)
    if chat.is_group and rights.holds(chat, acting, "can_restrict_members"):
        granted = frozenset(texts_of(form, "permission"))
        changes["permissions"] = {name: name in granted for name in permissions.PERMISSIONS}
    settings.edit_chat(world, chat.id, changes)
    return Outcome(closes_sheet=True)


def make_link(world: World, place: Place, form: FormData) -> Outcome:
    """A new invite link."""
    world.create_link(
        place.chat,
        place.person,
        name=text_of(form, "name").strip()[:32],
        member_limit=min(max(id_of(form, "limit"), 0), 99_999),
        creates_join_request=form.get("asks") == "1",
    )
    return Outcome(sheet=f"links?{place.query()}")


ACTS: dict[str, Act] = {
    "member": change_member,
    "promote": promote,
    "restrict": restrict,
    "topic": make_topic,
    "close_topic": close_topic,
    "reopen_topic": reopen_topic,
    "delete_topic": delete_topic,
    "settings": set_chat,
    "link": make_link,
}
