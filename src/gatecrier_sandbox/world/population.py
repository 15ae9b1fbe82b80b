"""How people, bots and chats come to be."""

import re
import string
from collections.abc import Mapping

from msgspec import Struct

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, permissions
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.model import Bot, Chat, ChatType, Dialog, Person, start_message
from gatecrier_sandbox.world.state import FIRST_CHANNEL, FIRST_GROUP, State
from gatecrier_sandbox.world.updates import UpdateQueue

TOKEN_LETTERS = string.ascii_letters + string.digits + "_-"
TOKEN = re.compile(r"([1-9][0-9]{0,15}):([A-Za-z0-9_-]{1,60})")
USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
LAST_BOT_ID = 8_999_999_999
FIRST_BOT_ID = 5_000_000_000


class Cohort(Struct, frozen=True):
    """People made at once; the last `blocked` + `deactivated` are lost without the bot's knowing."""

    first_id: int
    count: int
    blocked: int
    deactivated: int


def make_bot(state: State, username: str, first_name: str, token: str) -> Bot:
    """A bot with a token made from the seed unless one is given. Its first update id is random."""
    check_username(username)
    token = token or _new_token(state)
    bot_id = _bot_id(token)
    if bot_id in state.people:
        raise Refused(f"the id {bot_id} is taken", field="token", status=409)
    state.claim_username(username, bot_id)
    state.people[bot_id] = Person(bot_id, first_name or username, username=username, is_bot=True)
    bot = Bot(bot_id, token, UpdateQueue(state.rng.randint(2_000_001, 1_000_000_000)))
    bot.launched_at = state.clock.now()
    state.bots[bot_id] = state.tokens[token] = bot
    state.feed.publish(Event("bot", bot_id=bot_id))
    return bot


def _new_token(state: State) -> str:
    bot_id = state.rng.randint(FIRST_BOT_ID, LAST_BOT_ID)
    return f"{bot_id}:{''.join(state.rng.choices(TOKEN_LETTERS, k=35))}"


def _bot_id(token: str) -> int:
    match = TOKEN.fullmatch(token)
    if match is None:
        raise Refused("a token is <id>:<letters>", field="token")
    return int(match[1])


def make_person(state: State, person: Person) -> Person:
    """Let a person exist; id 0 takes the next free one."""
    if person.username:
        check_username(person.username)
    if person.id < 0:
        raise Refused("a person's id is positive", field="id")
    if person.id in state.people:
        raise Refused(f"the id {person.id} is taken", field="id", status=409)
    person.id = person.id or _free_ids(state, 1)
    state.claim_username(person.username, person.id)
    state.people[person.id] = person
    state.feed.publish(Event("person", person_id=person.id))
    return person


def _free_ids(state: State, count: int) -> int:
    """The first of `count` consecutive ids nobody has."""
    first = state.next_person
    while clash := next((n for n in range(first + count - 1, first - 1, -1) if n in state.people), 0):
        first = clash + 1
    state.next_person = first + count
    return first


def make_chat(
    state: State,
    kind: ChatType,
    title: str,
    *,
    chat_id: int,
    username: str,
    granted: Mapping[str, bool] | None,
) -> Chat:
    """A group, supergroup or channel without members; id 0 takes the next free one of its range."""
    if username:
        check_username(username)
        if kind is ChatType.GROUP:
            raise Refused("a basic group has no username", field="username")
    chat_id = chat_id or _free_chat_id(state, kind)
    _check_chat_id(state, kind, chat_id)
    chat = Chat(chat_id, kind, title, username=username, permissions=_starting_permissions(kind, granted))
    state.claim_username(username, chat_id)
    state.chats[chat_id] = chat
    state.happened("chat", chat)
    return chat


def _starting_permissions(kind: ChatType, granted: Mapping[str, bool] | None) -> frozenset[str]:
    if granted is not None:
        return named(granted, permissions.ALL, "permissions")
    return permissions.ALL if kind is ChatType.GROUP else permissions.USUAL


def named(given: Mapping[str, bool], known: frozenset[str], field: str) -> frozenset[str]:
    """The names that are true; `Refused` if one is not known."""
    for name in given:
        if name not in known:
            raise Refused(f"{name} is not one of them", field=field)
    return frozenset(name for name, value in given.items() if value)


def _free_chat_id(state: State, kind: ChatType) -> int:
    chat_id = FIRST_GROUP if kind is ChatType.GROUP else FIRST_CHANNEL
    while chat_id in state.chats:
        chat_id -= 1
    return chat_id


def _check_chat_id(state: State, kind: ChatType, chat_id: int) -> None:
    if chat_id in state.chats:
        raise Refused(f"the id {chat_id} is taken", field="id", status=409)
    is_basic = -1_000_000_000_000 < chat_id < 0
    if chat_id >= 0 or is_basic != (kind is ChatType.GROUP):
        raise Refused("a group's id is -N, a supergroup's or channel's -100N", field="id")


def check_username(username: str) -> None:
    """Refuse what cannot be a username."""
    if USERNAME.fullmatch(username) is None:
        raise Refused("a username has 3 to 32 letters, digits or _", field="username")


def link_chats(state: State, one: Chat, other_id: int) -> None:
    """Make a supergroup the discussion group of a channel; both know of it."""
    other = state.need_chat(other_id, "linked_chat_id")
    check_link(one.type, other.type)
    for chat in (one, other):
        if chat.linked_chat_id:
            state.chats[chat.linked_chat_id].linked_chat_id = 0
    one.linked_chat_id, other.linked_chat_id = other.id, one.id
    for chat, neighbour in ((one, other), (other, one)):
        for bot in state.bots_in(chat):
            bot.known_chats.add(neighbour.id)


def check_link(one: ChatType, other: ChatType) -> None:
    """Refuse to link what is not a supergroup and a channel."""
    if {one, other} != {ChatType.SUPERGROUP, ChatType.CHANNEL}:
        raise Refused("a link joins a supergroup and a channel", field="linked_chat_id")


def plan_cohort(state: State, count: int, *, blocked: float, deactivated: float) -> Cohort:
    """Reserve ids for `count` people and say how many of them will be lost."""
    if count < 1:
        raise Refused("at least one", field="count")
    for name, share in (("blocked", blocked), ("deactivated", deactivated)):
        if not 0 <= share <= 1:
            raise Refused("a share from 0 to 1", field=name)
    if blocked + deactivated > 1:
        raise Refused("blocked and deactivated together are at most 1", field="deactivated")
    lost, gone = round(count * blocked), round(count * deactivated)
    return Cohort(_free_ids(state, count), count, min(lost, count), min(gone, count - min(lost, count)))


def enlist(
    state: State, bot: Bot, cohort: Cohort, *, first: int, last: int, date: int, announce: bool, language: str
) -> None:
    """Make the cohort's people from number `first` up to `last` (counting from 0); each starts the bot."""
    gone_from = cohort.count - cohort.deactivated
    blocked_from = gone_from - cohort.blocked
    for number in range(first, last):
        person = Person(cohort.first_id + number, f"Reader {number + 1}", language_code=language)
        state.people[person.id] = person
        dialog = bot.dialogs[person.id] = Dialog(bot.id, person.id)
        dialog.start_id, dialog.start_date = state.next_message_id(dialog), date
        if announce:
            _announce_start(state, bot, dialog)
        dialog.blocked = blocked_from <= number < gone_from
        if number >= gone_from:
            person.deactivated, person.first_name = True, ""
    state.feed.publish(Event("bot", bot_id=bot.id))


def _announce_start(state: State, bot: Bot, dialog: Dialog) -> None:
    """Tell the bot of a new subscriber; what its queue has no room for is not even written."""
    if bot.queue.is_full:
        bot.queue.dropped += 1
        return
    start = start_message(dialog.start_id, dialog.start_date, dialog.person_id)
    state.emit(bot, "message", conversation.shown(state, dialog, start))
