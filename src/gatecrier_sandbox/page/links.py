"""Links inside the sandbox: `t.me/name`, `t.me/name?start=x`, invite links, `tg://user`."""

from urllib.parse import parse_qs, quote, urlsplit

from gatecrier_sandbox.page.outcome import Outcome
from gatecrier_sandbox.page.place import Place, number
from gatecrier_sandbox.world import invite_links
from gatecrier_sandbox.world.world import World


def follow(world: World, place: Place, address: str) -> Outcome:
    """Do what following a link does; `ValueError` if it is no link at all."""
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    if parts.scheme == "tg":
        if "invite" in query:
            return _by_invitation(world, place, query["invite"][0])
        return _to_somebody(world, place, (query.get("domain") or query.get("id") or [""])[0], query)
    name = parts.path.strip("/")
    if name.startswith(("+", "joinchat/")):
        return _by_invitation(world, place, name)
    return _to_somebody(world, place, name.split("/")[0], query)


def _to_somebody(world: World, place: Place, name: str, query: dict[str, list[str]]) -> Outcome:
    target = number(name) or world.usernames.get(name.lower(), 0)
    if target in world.bots:
        if "start" in query and place.person:
            world.start(place.person, target, query["start"][0])
        return Outcome(go=place.room(target))
    if target in world.chats:
        return Outcome(go=place.room(target))
    if target in world.people:
        return Outcome(
            go=place.href(), toast=f"{world.people[target].first_name} has no private chats with people here"
        )
    return Outcome(go=place.href(), toast=f"Nobody here is called {name[:40]}")


def _by_invitation(world: World, place: Place, address: str) -> Outcome:
    """Open the chat an invite link leads to, or the dialog that asks whether one wants to come in."""
    for chat in world.chats.values():
        link = invite_links.find(chat, address)
        if link is not None and not link.is_revoked:
            if world.member(chat.id, place.person).present:
                return Outcome(go=place.room(chat.id))
            return Outcome(sheet=f"invitation?{place.query()}&id={chat.id}&link={quote(link.url, safe='')}")
    return Outcome(toast="This invite link is not valid")
