"""Who is in a chat and as what; a change is told to the chat and to the bots that may know."""

import msgspec
from msgspec import Struct

from gatecrier_sandbox.world import conversation, permissions, wire
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.model import INSIDE, OUTSIDE, Bot, Chat, ChatType, InviteLink, Member, Status
from gatecrier_sandbox.world.state import ANONYMOUS_ADMIN, State

SHORTEST = 30
LONGEST = 366 * 86_400
"""Seconds ahead between which an until_date is a date; outside it means for ever."""


class Change(Struct, frozen=True):
    """One account's change in one chat, by whom, by which link; `via_request`: approved without one."""

    chat: Chat
    user_id: int
    old: Member
    new: Member
    actor: int
    link: InviteLink | None
    via_request: bool = False


def current(state: State, chat: Chat, user_id: int) -> Member:
    """What an account is in a chat now; a restriction, ban or subscription whose time is over is gone."""
    member = chat.members.get(user_id, OUTSIDE)
    if member.until and member.until <= state.clock.now():
        is_paid = member.status is Status.MEMBER
        member = INSIDE if member.present and not is_paid else OUTSIDE
        _store(state, chat, user_id, member)
    return member


def until(state: State, date: int) -> int:
    """An until_date as Telegram keeps it: 0 (for ever) if it is too near or too far."""
    return date if SHORTEST <= date - state.clock.now() <= LONGEST else 0


def restricted(granted: frozenset[str], *, present: bool, until_date: int, tag: str = "") -> Member:
    """The member a restriction makes: who keeps all sixteen permissions is no longer restricted."""
    if granted >= permissions.ALL:
        return Member(Status.MEMBER, present=True, tag=tag) if present else OUTSIDE
    return Member(Status.RESTRICTED, present=present, permissions=granted, until=until_date, tag=tag)


def entered(old: Member) -> Member:
    """What an account becomes by coming in: a restriction outlives leaving."""
    if old.status is Status.RESTRICTED:
        return Member(Status.RESTRICTED, present=True, permissions=old.permissions, until=old.until)
    return old if old.present else INSIDE


def gone(old: Member) -> Member:
    """What an account becomes by leaving."""
    if old.status is Status.RESTRICTED:
        return Member(Status.RESTRICTED, present=False, permissions=old.permissions, until=old.until)
    return OUTSIDE


def change(
    state: State,
    chat: Chat,
    user_id: int,
    new: Member,
    *,
    by: int = 0,
    link: InviteLink | None = None,
    approved: bool = False,
) -> Member:
    """
    Make `user_id` what `new` says, as `by` would do it (0: the owner, or the person).

    `link` is how they came in; `approved`: they had asked to, and the service message is theirs.

    Causes what Telegram would send: a service message when somebody comes or goes (not in channels),
    my_chat_member to the bot concerned, chat_member to the bots that are administrators. The same again
    causes nothing.
    """
    old = current(state, chat, user_id)
    if old == new:
        return new
    actor = by or _usual_actor(state, chat, user_id)
    if old.present and not new.present:
        _say_left(state, chat, user_id, actor)
    _store(state, chat, user_id, new)
    if new.status is Status.KICKED or (new.present and not old.present):
        _end_request(state, chat, user_id)
    if new.present and not old.present:
        if link is not None:
            link.joined.add(user_id)
        _say_joined(state, chat, user_id, user_id if approved else actor)
    _tell_bots(state, Change(chat, user_id, old, new, actor, link, approved and link is None))
    if state.feed.watches:
        state.feed.publish(Event("member", chat_id=chat.id, person_id=user_id))
    return new


def _end_request(state: State, chat: Chat, user_id: int) -> None:
    """Who is in, or is never to come in, has no request open any more."""
    request = chat.join_requests.pop(user_id, None)
    if request is not None:
        state.join_queries.pop(request.query_id, None)


def _usual_actor(state: State, chat: Chat, user_id: int) -> int:
    """The owner; without one the person who comes by themself, or somebody unseen."""
    owner = next((key for key, member in chat.members.items() if member.status is Status.CREATOR), 0)
    comes_alone = user_id not in state.bots and not chat.members.get(user_id, OUTSIDE).present
    return owner or (user_id if comes_alone else ANONYMOUS_ADMIN)


def _store(state: State, chat: Chat, user_id: int, member: Member) -> None:
    if member == OUTSIDE:
        chat.members.pop(user_id, None)
    else:
        chat.members[user_id] = member
    if user_id in state.bots:
        _store_bot(state.bots[user_id], chat, present=member.present)


def _store_bot(bot: Bot, chat: Chat, *, present: bool) -> None:
    if present:
        chat.bot_ids.add(bot.id)
        bot.known_chats |= {chat.id, chat.linked_chat_id} - {0}
    else:
        chat.bot_ids.discard(bot.id)


def _say_joined(state: State, chat: Chat, user_id: int, actor: int) -> None:
    if chat.is_group:
        fields = wire.newcomers([state.people[user_id]])
        conversation.serve(state, chat, fields, actor=actor, deaf=actor)


def _say_left(state: State, chat: Chat, user_id: int, actor: int) -> None:
    if chat.is_group:
        conversation.serve(state, chat, wire.departed(state.people[user_id]), actor=actor)


def _tell_bots(state: State, change_: Change) -> None:
    chat = change_.chat
    if change_.user_id in state.bots:
        _tell(state, state.bots[change_.user_id], "my_chat_member", change_)
    for bot in state.bots_in(chat):
        if bot.id != change_.user_id and chat.members[bot.id].is_admin:
            _tell(state, bot, "chat_member", change_)


def _tell(state: State, bot: Bot, kind: str, change_: Change) -> None:
    if kind not in bot.queue.allowed:
        return
    person, actor = state.people[change_.user_id], state.people[change_.actor]
    old, new = (wire.member(change_.chat, person, one, viewer=bot.id) for one in (change_.old, change_.new))
    changed = wire.member_change(
        state,
        change_.chat,
        actor,
        old,
        new,
        link=change_.link,
        via_request=change_.via_request,
        viewer=bot.id,
    )
    state.emit(bot, kind, changed)


def restriction_is_possible(chat: Chat) -> bool:
    """Only supergroups know restricted members."""
    return chat.type is ChatType.SUPERGROUP


def rename(
    state: State,
    chat: Chat,
    user_id: int,
    *,
    by: int,
    custom_title: str | None = None,
    tag: str | None = None,
) -> None:
    """Change what stands beside a member's name: an administrator's title, or a tag. None keeps it."""
    old = current(state, chat, user_id)
    new = msgspec.structs.replace(
        old,
        custom_title=old.custom_title if custom_title is None else custom_title,
        tag=old.tag if tag is None else tag,
    )
    change(state, chat, user_id, new, by=by)
