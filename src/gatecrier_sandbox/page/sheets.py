"""What stands in the dialogs of the page: forms for something new, the members of a chat, a bot's token."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page import governing, rooms
from gatecrier_sandbox.page.faces import Calendar, Face, of_chat, of_person
from gatecrier_sandbox.page.place import Place, number
from gatecrier_sandbox.world import invite_links, membership, permissions, rights, topics
from gatecrier_sandbox.world.model import Chat, ChatType, JoinRequest, Member, Status
from gatecrier_sandbox.world.world import World

Sheet = Callable[[World, Place, Mapping[str, str], Calendar], dict[str, object]]
MOST_MEMBERS = 200
NOTHING: frozenset[str] = frozenset()
ORDER = {
    Status.CREATOR: 0,
    Status.ADMINISTRATOR: 1,
    Status.MEMBER: 2,
    Status.RESTRICTED: 3,
    Status.KICKED: 4,
    Status.LEFT: 5,
}
WORDS = {
    "can_send_other_messages": "send stickers, GIFs and inline results",
    "can_add_web_page_previews": "embed links",
    "can_edit_tag": "edit their tag",
    "can_promote_members": "add new administrators",
    "can_restrict_members": "ban and restrict",
}
"""Rights and permissions whose names do not say what they are."""


class MemberLine(Struct, frozen=True):
    """One member, and what the acting person may do to them (names of acts)."""

    face: Face
    word: str
    acts: tuple[tuple[str, str], ...]


class Switch(Struct, frozen=True):
    """A right or permission: its name, its words, whether it is on, whether one may turn it."""

    name: str
    words: str
    on: bool
    free: bool = True


def person(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """A form for a new person."""
    return {}


def chat(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """A form for a new chat."""
    return {"bots": [of_person(world.people[bot_id]) for bot_id in list(world.bots)[:50]]}


def new_bot(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """A form for a new bot."""
    return {}


def bot(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """A bot's token and how to point a program at it."""
    found = world.need_bot(number(query.get("id", "")), "id")
    return {"bot": of_person(world.people[found.id]), "token": found.token}


def members(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """Who is in the chat, and who is banned from it."""
    room = world.chats.get(place.chat)
    if room is None:
        raise Refused("there is no such chat", status=404)
    acting = membership.current(world, room, place.person)
    may, decides = rights.allowed(room, acting), rights.holds(room, acting, "can_invite_users")
    known = sorted(room.members, key=lambda key: (ORDER[room.members[key].status], key))[:MOST_MEMBERS]
    lines = [_line(world, place, one, may if one != place.person else NOTHING, calendar) for one in known]
    outside = [face for face in rooms.people(world, "") if face.id not in room.members]
    outside += [of_person(world.people[one]) for one in world.bots if one not in room.members]
    return {
        "chat": room,
        "asking": [_wish(world, one) for one in room.join_requests.values()] if decides else [],
        "lines": lines,
        "outside": outside if "can_invite_users" in may else [],
        "total": sum(member.present for member in room.members.values()),
    }


def _wish(world: World, request: JoinRequest) -> tuple[Face, str]:
    """Who asks to come in, and what is known of them."""
    by = f"by “{request.link.name or request.link.url.removeprefix('https://')}”" if request.link else ""
    return of_person(world.people[request.user_id]), " · ".join(part for part in (request.bio, by) if part)


def _line(world: World, place: Place, user_id: int, may: frozenset[str], calendar: Calendar) -> MemberLine:
    room = world.need_chat(place.chat)
    member = membership.current(world, room, user_id)
    acts = _acts(room, member, may) if governing.rules_over(room, place.person, member) else ()
    return MemberLine(of_person(world.people[user_id]), _word(member, calendar), acts)


def _word(member: Member, calendar: Calendar) -> str:
    until = f" until {calendar.full(member.until)}" if member.until else ""
    match member.status:
        case Status.CREATOR:
            return member.custom_title or "owner"
        case Status.ADMINISTRATOR:
            return member.custom_title or "admin"
        case Status.RESTRICTED:
            return ("restricted" if member.present else "restricted, left") + until
        case Status.KICKED:
            return "banned" + until
        case Status.LEFT:
            return "left"
    return "member"


def _acts(room: Chat, member: Member, may: frozenset[str]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if member.status is Status.KICKED:
        return (("unban", "Unban"),) if "can_restrict_members" in may else ()
    if "can_promote_members" in may:
        found.append(("rights", "Rights" if member.is_admin else "Make admin"))
    if "can_restrict_members" in may:
        if room.type is ChatType.SUPERGROUP and not member.is_admin:
            found.append(("restrict", "Restrict"))
        found += [("remove", "Remove"), ("ban", "Ban")]
    return tuple(found)


def rights_(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:
    """A switch for each right of an administrator; those the acting person lacks cannot be given."""
    room, member, line = _member(world, place, query, calendar)
    acting = membership.current(world, room, place.person)
    held = member.rights if member.is_admin else rights.usual(room.type)
    names = [name for name in rights.OF_TYPE[room.type] if name != "can_manage_chat"]
    switches = [Switch(name, _label(name), name in held, rights.holds(room, acting, name)) for name in names]
    return {"line": line, "member": member, "switches": switches}


def restrict(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:
    """A switch for each permission of a member; what the chat forbids everybody cannot be given."""
    room, member, line = _member(world, place, query, calendar)
    held = member.permissions if member.status is Status.RESTRICTED else room.permissions
    switches = [
        Switch(name, _label(name), name in held & room.permissions, name in room.permissions)
        for name in permissions.PERMISSIONS
    ]
    return {"line": line, "member": member, "switches": switches}


def ban(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:
    """For how long somebody is banned."""
    _, _, line = _member(world, place, query, calendar)
    return {"line": line}


def _member(
    world: World, place: Place, query: Mapping[str, str], calendar: Calendar
) -> tuple[Chat, Member, MemberLine]:
    room, user_id = world.need_chat(place.chat), number(query.get("user", ""))
    world.need_person(user_id)
    line = _line(world, place, user_id, frozenset(), calendar)
    return room, membership.current(world, room, user_id), line


def _label(name: str) -> str:
    words = WORDS.get(name, name.removeprefix("can_").replace("_", " "))
    return words[:1].upper() + words[1:]


def topic(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """A form for a new topic."""
    return {"colors": [(color, f"#{color:06x}") for color in topics.COLORS]}


def settings(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """What a chat is like: its title, its topics, who may come in, what members may do."""
    room = world.need_chat(place.chat)
    acting = membership.current(world, room, place.person)
    rules = rights.holds(room, acting, "can_restrict_members") and room.is_group
    granted = [Switch(name, _label(name), name in room.permissions) for name in permissions.PERMISSIONS]
    return {"chat": room, "switches": granted if rules else []}


def links(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """The invite links of a chat."""
    room = world.need_chat(place.chat)
    acting = membership.current(world, room, place.person)
    if not rights.may(room, acting, "can_invite_users", is_bot=False):
        raise Refused("you need the right can_invite_users", status=403)
    return {"chat": room, "links": [link for link in room.links if not link.is_revoked]}


def invitation(world: World, place: Place, query: Mapping[str, str], calendar: Calendar) -> dict[str, object]:  # noqa: ARG001
    """What one sees who follows an invite link."""
    room = world.need_chat(number(query.get("id", "")))
    link = invite_links.usable(world, room, query.get("link", ""))
    has_asked = place.person in room.join_requests
    return {
        "chat": of_chat(room),
        "description": room.description,
        "link": link,
        "has_asked": has_asked,
        "total": sum(member.present for member in room.members.values()),
    }


SHEETS: dict[str, Sheet] = {
    "person": person,
    "chat": chat,
    "new_bot": new_bot,
    "bot": bot,
    "members": members,
    "rights": rights_,
    "restrict": restrict,
    "ban": ban,
    "topic": topic,
    "settings": settings,
    "links": links,
    "invitation": invitation,
}
