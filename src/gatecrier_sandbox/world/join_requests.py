"""Asking to join: who hears of it, who decides, and the guard bot that is asked first."""

from gatecrier_sandbox.errors import Refused, bad_request
from gatecrier_sandbox.world import invite_links, membership, rights, wire
from gatecrier_sandbox.world.clicks import TOO_OLD
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.model import Bot, Chat, JoinRequest, Member, Status, Wire
from gatecrier_sandbox.world.state import State

ANSWER_TIME = 10
"""Seconds a guard bot has before the request goes to the administrators."""
CONTACT_TIME = 300
"""Seconds in which a bot may write to somebody who asked to join. Source: ChatJoinRequest.user_chat_id."""


def ask(state: State, chat: Chat, user_id: int, *, bio: str = "", link: str = "") -> JoinRequest:
    """
    Somebody asks to be let in, by a link that asks for it, or directly.

    Raises:
        Refused: banned, in already, asked already, or nobody needs to ask here.
    """
    person, member = state.need_person(user_id), membership.current(state, chat, user_id)
    if person.is_bot:
        raise Refused("bots do not ask", field="user_id")
    if member.status is Status.KICKED:
        raise Refused("banned", status=403)
    if member.present or user_id in chat.join_requests:
        raise Refused("a member already" if member.present else "asked already", status=409)
    used = invite_links.usable(state, chat, link) if link else None
    if not (used.creates_join_request if used is not None else chat.join_by_request):
        raise Refused("nobody needs to ask here", field="link" if link else "chat_id")
    request = JoinRequest(user_id, state.today, bio or person.bio, used)
    chat.join_requests[user_id] = request
    state.feed.publish(Event("member", chat_id=chat.id, person_id=user_id))
    guard = _guard(state, chat)
    if guard is not None:
        _ask_guard(state, chat, guard, request)
    else:
        _tell_all(state, chat, request)
    return request


def _guard(state: State, chat: Chat) -> Bot | None:
    """The bot assigned to decide, if it still can."""
    bot = state.bots.get(chat.guard_bot_id)
    return bot if bot is not None and bot.supports_join_request_queries and _decides(chat, bot) else None


def _decides(chat: Chat, bot: Bot) -> bool:
    return bot.id in chat.bot_ids and rights.holds(chat, chat.members[bot.id], "can_invite_users")


def _ask_guard(state: State, chat: Chat, guard: Bot, request: JoinRequest) -> None:
    request.query_id = str(state.rng.getrandbits(62))
    state.join_queries[request.query_id] = (chat.id, request.user_id)
    _tell(state, chat, guard, request)
    state.clock.call_later(ANSWER_TIME, _Deadline(state, chat, request.query_id))


def resume(state: State) -> None:
    """Let the time of the guard bots that are being asked go on (in a world that was loaded)."""
    for query_id, (chat_id, user_id) in state.join_queries.items():
        chat = state.chats[chat_id]
        asked = chat.join_requests[user_id].date
        wait = max(asked + ANSWER_TIME - state.clock.now(), 0)
        state.clock.call_later(wait, _Deadline(state, chat, query_id))


class _Deadline:
    """What happens when a guard bot's time is over: the request goes to the administrators."""

    def __init__(self, state: State, chat: Chat, query_id: str) -> None:
        self.state, self.chat, self.query_id = state, chat, query_id

    def __call__(self) -> None:
        """Do it, unless the bot answered or shows a Mini App."""
        _, user_id = self.state.join_queries.get(self.query_id, (0, 0))
        request = self.chat.join_requests.get(user_id)
        if request is not None and not request.web_app_url:
            _queue(self.state, self.chat, request)


def _queue(state: State, chat: Chat, request: JoinRequest) -> None:
    """The guard bot leaves the decision to others."""
    state.join_queries.pop(request.query_id, None)
    request.query_id = ""
    _tell_all(state, chat, request, but=chat.guard_bot_id)


def _tell_all(state: State, chat: Chat, request: JoinRequest, *, but: int = 0) -> None:
    for bot in state.bots_in(chat):
        if bot.id != but and _decides(chat, bot):
            _tell(state, chat, bot, request)


def _tell(state: State, chat: Chat, bot: Bot, request: JoinRequest) -> None:
    """One bot hears of the request, and may write to the person for a while."""
    bot.guests[request.user_id] = state.clock.now() + CONTACT_TIME
    bot.known_chats.add(request.user_id)
    shown: Wire = {"chat": wire.chat(chat), "from": wire.user(state.people[request.user_id])}
    shown |= {"user_chat_id": request.user_id, "date": request.date}
    if request.bio:
        shown["bio"] = request.bio
    if request.link is not None:
        waiting = invite_links.pending(chat, request.link)
        shown["invite_link"] = wire.invite_link(state, request.link, viewer=bot.id, pending=waiting)
    if request.query_id:
        shown["query_id"] = request.query_id
    state.emit(bot, "chat_join_request", shown)


def approve(state: State, chat: Chat, user_id: int, *, by: int) -> Member:
    """Let somebody in who asked, as `by`; `KeyError` if they did not."""
    request = _close(state, chat, user_id)
    new = membership.entered(membership.current(state, chat, user_id))
    return membership.change(state, chat, user_id, new, by=by, link=request.link, approved=True)


def decline(state: State, chat: Chat, user_id: int) -> None:
    """Turn somebody away who asked, or let them take it back; `KeyError` if they did not."""
    _close(state, chat, user_id)


def _close(state: State, chat: Chat, user_id: int) -> JoinRequest:
    """The request is dealt with; bots may not write to the person any more."""
    request = chat.join_requests.pop(user_id)
    state.feed.publish(Event("member", chat_id=chat.id, person_id=user_id))
    state.join_queries.pop(request.query_id, None)
    if not any(user_id in other.join_requests for other in state.chats.values()):
        for bot in state.bots.values():
            bot.guests.pop(user_id, None)
            dialog = bot.dialogs.get(user_id)
            if dialog is not None and dialog.open_until:
                dialog.open_until = state.clock.now()
    return request


def query(state: State, bot: Bot, query_id: str) -> tuple[Chat, JoinRequest]:
    """The open query of this id that is this bot's; `ApiError` 400 if there is none (any more)."""
    chat_id, user_id = state.join_queries.get(query_id, (0, 0))
    chat = state.chats.get(chat_id)
    request = chat.join_requests.get(user_id) if chat is not None else None
    if chat is None or request is None or chat.guard_bot_id != bot.id:
        raise bad_request(TOO_OLD)
    return chat, request


def answer(state: State, bot: Bot, query_id: str, result: str) -> None:
    """A guard bot decides: "approve", "decline" or "queue"; `ApiError` 400 if its time is over."""
    chat, request = query(state, bot, query_id)
    match result:
        case "approve":
            approve(state, chat, request.user_id, by=bot.id)
        case "decline":
            decline(state, chat, request.user_id)
        case _:
            _queue(state, chat, request)


def decide(state: State, chat: Chat, user_id: int, *, by: int, let_in: bool) -> None:
    """
    A human administrator decides.

    Raises:
        Refused: 403 no right to, 404 nobody asked.
    """
    if not rights.holds(chat, membership.current(state, chat, by), "can_invite_users"):
        raise Refused("no right to decide who joins", field="by", status=403)
    if user_id not in chat.join_requests:
        raise Refused("nobody asked", field="user_id", status=404)
    if let_in:
        approve(state, chat, user_id, by=by)
    else:
        decline(state, chat, user_id)
