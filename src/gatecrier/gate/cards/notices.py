"""
What somebody is told whose message stays this time, or was only deleted: the steps before a mute.

A warning is kept in memory until it is sent: after a crash the next message brings another.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gatecrier.gate.cards import texts
from gatecrier.gate.cards.deletions import Deletions
from gatecrier.gate.cards.ephemeral import Ephemerals
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.model import Action, Decision
from gatecrier.gate.outside import Sends
from gatecrier.gate.policy import left_over
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, TryLater
from gatecrier.kernel.language import best
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button
from gatecrier.telegram.updates import Message, Person

log = structlog.get_logger(__name__)

SEEN_FOR = timedelta(seconds=60)
PAUSE = 60.0  # seconds in which one person is warned once
MOST_A_MINUTE = 10  # warnings in one group: half of what Telegram allows there, the rest is the card's
MOST_REMEMBERED = 10_000  # people; then all are forgotten at once, which costs a warning each


@dataclass(frozen=True, kw_only=True)
class Notice:
    """
    Something to be said to one person.

    Args:
        is_deleted: Their message is gone.
        left: So many more messages are treated like this one.
    """

    chat_id: int
    person: Person
    thread_id: int
    missing: tuple[int, ...]
    is_deleted: bool
    left: int


class Notices:
    """Warns people in the groups of one bot; `CardKeeper` sees to it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Sends,
        bot_id: int,
        *,
        gates: Gates,
        ephemerals: Ephemerals,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates
        self._ephemerals = ephemerals
        self._waiting: dict[int, list[Notice]] = {}
        self._told_at: dict[tuple[int, int], float] = {}
        self._last: dict[int, deque[float]] = defaultdict(deque)

    def want(self, message: Message, decision: Decision) -> None:
        """Tell whoever was judged; once a minute at most, and not more of a group than it can bear."""
        person, chat_id = decision.person, message.chat.id
        if person is None or not self._may_tell(chat_id, person.id):
            return
        warning = Notice(
            chat_id=chat_id,
            person=person,
            thread_id=message.thread_id or 0,
            missing=decision.missing,
            is_deleted=decision.action is Action.DELETE,
            left=decision.left,
        )
        self._waiting.setdefault(chat_id, []).append(warning)

    def groups(self) -> list[int]:
        """Where somebody is to be warned."""
        return list(self._waiting)

    def take(self, chat_id: int) -> list[Notice]:
        """Who is to be warned in a group; from now on that is the caller's matter."""
        return self._waiting.pop(chat_id, [])

    async def tell(self, warning: Notice) -> None:
        """Tell one person: alone where that works, else everybody sees it for a minute."""
        live = self._gates.get(warning.chat_id)
        if live is None:
            return
        try:
            if not await self._alone(live, warning):
                await self._in_public(live, warning)
        except TryLater as error:  # the next message brings another
            log.info("notices.not_told", chat=warning.chat_id, code=error.code)
        except GatecrierError as error:
            log.warning("notices.not_told", chat=warning.chat_id, code=error.code)

    async def _alone(self, live: LiveGate, warning: Notice) -> bool:
        chat_id, person = warning.chat_id, warning.person
        if not live.gate.options.ephemeral or not self._ephemerals.work_in(chat_id):
            return False
        language = best(person.language_code, live.gate.options.language)
        text, buttons = _words(language, live, warning)
        sent = await self._ephemerals.send(
            chat_id, person.id, text, buttons=buttons, thread_id=warning.thread_id
        )
        if sent:
            await self._delete_later(chat_id, sent, receiver_id=person.id)
        return sent is not None

    async def _in_public(self, live: LiveGate, warning: Notice) -> None:
        text, buttons = _words(live.gate.options.language, live, warning, mention=warning.person.id)
        message_id = await self._telegram.send_message(
            warning.chat_id,
            text,
            lane=Lane.ENFORCE,
            parse_mode="HTML",
            buttons=buttons,
            thread_id=warning.thread_id or None,
            silent=True,
            link_preview=False,
        )
        await self._delete_later(warning.chat_id, message_id)

    async def _delete_later(self, chat_id: int, message_id: int, *, receiver_id: int = 0) -> None:
        due_at = self._clock.now() + SEEN_FOR
        async with self._database.transaction() as connection:
            await Deletions(connection, self._bot_id).add(
                chat_id, message_id, due_at, receiver_id=receiver_id
            )

    def _may_tell(self, chat_id: int, person_id: int) -> bool:
        now, whom = self._clock.monotonic(), (chat_id, person_id)
        last = self._last[chat_id]
        while last and now - last[0] >= PAUSE:
            last.popleft()
        if now - self._told_at.get(whom, -PAUSE) < PAUSE or len(last) >= MOST_A_MINUTE:
            return False
        if len(self._told_at) >= MOST_REMEMBERED:
            self._told_at.clear()
            self._last.clear()
        self._told_at[whom] = now
        self._last[chat_id].append(now)
        return True


def _words(
    language: str, live: LiveGate, warning: Notice, *, mention: int = 0
) -> tuple[str, list[list[Button]]]:
    channels = live.gate.channels
    remainder = left_over(live.gate.policy, warning.missing)
    say = texts.deleted if warning.is_deleted else texts.warning
    text = say(
        language,
        name=warning.person.name,
        left=warning.left,
        remainder=remainder,
        channels=channels,
        person_id=mention,
    )
    return text, texts.join_buttons(language, remainder, channels)
