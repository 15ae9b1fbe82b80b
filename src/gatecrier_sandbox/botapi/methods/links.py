"""Invite links. An administrator bot manages its own; nobody else's."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import invite_links, membership, rights, wire
from gatecrier_sandbox.world.invite_links import MOST_MEMBERS
from gatecrier_sandbox.world.model import Chat, ChatType, InviteLink, Wire

MONTH = 2_592_000
"""Seconds, the only subscription period there is."""
HIGHEST_PRICE = 10_000
NO_LIMIT = "member limit can't be specified for links requiring administrator approval"


@method("createChatInviteLink")
def create_chat_invite_link(call: Call) -> Wire:
    """A further link of this bot."""
    wish = _wish(call)
    chat = _chat(call)
    _check_date(call, wish)
    return _shown(call, chat, invite_links.make(call.world, chat, wish))


def _wish(call: Call) -> InviteLink:
    """The link a request describes, without an address."""
    link = InviteLink(
        "",
        call.bot.id,
        name=call.text("name"),
        expire_date=call.params.integer("expire_date", 0, low=0),
        member_limit=call.params.integer("member_limit", 0, low=0, high=MOST_MEMBERS + 1),
        creates_join_request=call.flag("creates_join_request"),
    )
    if link.creates_join_request and link.member_limit:
        raise bad_request(NO_LIMIT)
    return link


def _check_date(call: Call, link: InviteLink) -> None:
    """What Telegram's own servers refuse."""
    if 0 < link.expire_date <= call.world.clock.now():
        raise bad_request("EXPIRE_DATE_INVALID")
    if link.member_limit > MOST_MEMBERS:
        raise bad_request("USAGE_LIMIT_INVALID")


def _shown(call: Call, chat: Chat, link: InviteLink) -> Wire:
    return wire.invite_link(call.world, link, viewer=call.bot.id, pending=invite_links.pending(chat, link))


@method("editChatInviteLink")
def edit_chat_invite_link(call: Call) -> Wire:
    """Change a link of this bot that is not primary; what is left out is taken away."""
    wish = _wish(call)
    chat = _chat(call)
    link = _own(call, chat)
    if link.is_primary:
        raise bad_request("CHAT_INVITE_PERMANENT")
    if link.subscription_period:
        raise bad_request("CHAT_INVITE_SUBSCRIPTION")
    _check_date(call, wish)
    link.name = wish.name[: invite_links.LONGEST_NAME]
    link.expire_date, link.member_limit = wish.expire_date, wish.member_limit
    link.creates_join_request = wish.creates_join_request
    return _shown(call, chat, link)


def _own(call: Call, chat: Chat) -> InviteLink:
    """The link the request names; `ApiError` 400 if it is none, revoked, or somebody else's."""
    url = call.text("invite_link")
    if not url:
        raise bad_request("invite link must be non-empty")
    link = invite_links.find(chat, url)
    if link is None or link.is_revoked or link.creator_id != call.bot.id:
        raise bad_request("INVITE_HASH_EXPIRED")
    return link


@method("revokeChatInviteLink")
def revoke_chat_invite_link(call: Call) -> Wire:
    """Make a link of this bot useless; the primary one is replaced."""
    chat = _chat(call)
    link = _own(call, chat)
    if link.is_primary:
        invite_links.renew_primary(call.world, chat, call.bot.id)
    link.is_revoked = True
    return _shown(call, chat, link)


@method("exportChatInviteLink")
def export_chat_invite_link(call: Call) -> str:
    """A new primary link of this bot; its earlier one is revoked."""
    chat = _chat(call)
    return invite_links.renew_primary(call.world, chat, call.bot.id).url


@method("createChatSubscriptionInviteLink", missing=("people pay nothing when they join",))
def create_chat_subscription_invite_link(call: Call) -> Wire:
    """A link of a channel by which people stay for a month they pay for."""
    period, price = call.integer("subscription_period"), call.integer("subscription_price")
    if period <= 0 or price <= 0:
        raise bad_request("invalid subscription pricing specified")
    chat = _chat(call)
    if chat.type is not ChatType.CHANNEL:
        raise bad_request("CHAT_INVITE_SUBSCRIPTION_NOT_ALLOWED")
    if period != MONTH:
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    if price > HIGHEST_PRICE:
        raise bad_request("PRICING_CHAT_INVALID")
    link = InviteLink("", call.bot.id, name=call.text("name"))
    link.subscription_period, link.subscription_price = period, price
    return _shown(call, chat, invite_links.make(call.world, chat, link))


@method("editChatSubscriptionInviteLink")
def edit_chat_subscription_invite_link(call: Call) -> Wire:
    """Give a subscription link another name."""
    chat = _chat(call)
    link = _own(call, chat)
    if not link.subscription_period:
        raise bad_request("CHAT_INVITE_SUBSCRIPTION")
    link.name = call.text("name")[: invite_links.LONGEST_NAME]
    return _shown(call, chat, link)


def _chat(call: Call) -> Chat:
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat):
        raise bad_request("can't invite members to a private chat")
    me = membership.current(call.world, room, call.bot.id)
    if not rights.holds(room, me, "can_invite_users"):
        raise bad_request("not enough rights to manage chat invite link")
    return room
