"""Invite links: made, changed, revoked, and whether one still lets somebody in."""

import string

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import membership
from gatecrier_sandbox.world.model import Chat, InviteLink
from gatecrier_sandbox.world.state import State

LETTERS = string.ascii_letters + string.digits + "_-"
LONGEST_NAME = 32
MOST_MEMBERS = 99_999


def make(state: State, chat: Chat, link: InviteLink) -> InviteLink:
    """Give a link its address and its place in the chat; the name is cut to `LONGEST_NAME` characters."""
    link.url = f"https://t.me/+{''.join(state.rng.choices(LETTERS, k=16))}"
    link.name = link.name[:LONGEST_NAME]
    chat.links.append(link)
    state.happened("chat", chat)
    return link


def primary(chat: Chat, creator_id: int) -> InviteLink | None:
    """An administrator's own primary link."""
    mine = (link for link in chat.links if link.creator_id == creator_id and link.is_primary)
    return next((link for link in mine if not link.is_revoked), None)


def renew_primary(state: State, chat: Chat, creator_id: int) -> InviteLink:
    """A new primary link of an administrator; the old one is revoked."""
    old = primary(chat, creator_id)
    if old is not None:
        old.is_revoked = True
    return make(state, chat, InviteLink("", creator_id, is_primary=True))


def find(chat: Chat, url: str) -> InviteLink | None:
    """The link of this address, however it is written."""
    name = _hash(url)
    return next((link for link in chat.links if _hash(link.url) == name), None) if name else None


def _hash(url: str) -> str:
    """What of a link tells it from others."""
    tail = url.rpartition("/")[2]
    return tail.removeprefix("+")


def usable(state: State, chat: Chat, url: str) -> InviteLink:
    """
    The link somebody follows.

    Raises:
        Refused: there is none, or it is revoked, expired or full.
    """
    link = find(chat, url)
    if link is None:
        raise Refused("there is no such link", field="link", status=404)
    if link.is_revoked or 0 < link.expire_date <= state.clock.now():
        raise Refused("the link has expired", field="link", status=403)
    if link.member_limit and members_by(state, chat, link) >= link.member_limit:
        raise Refused("the link has been used too often", field="link", status=403)
    return link


def members_by(state: State, chat: Chat, link: InviteLink) -> int:
    """How many are in the chat now who came by a link."""
    return sum(membership.current(state, chat, user_id).present for user_id in link.joined)


def pending(chat: Chat, link: InviteLink) -> int:
    """How many wait to be let in by a link."""
    return sum(request.link is link for request in chat.join_requests.values())
