"""A Telegram that answers by person, counts what each one got, and can be told to stall."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Buttons, File, ParseMode


class FakeTelegram:
    """
    Delivers to everybody, but for whom `answers` says otherwise.

    Args:
        latency: Seconds of the clock that each call takes.
    """

    def __init__(self, clock: Clock, *, latency: float = 0.0) -> None:
        self._clock = clock
        self._latency = latency
        self._errors: dict[int, list[GatecrierError]] = {}
        self._always: dict[int, GatecrierError] = {}
        self._arrives: set[int] = set()
        self.error: GatecrierError | None = None
        """Answers everybody."""
        self.stalls = asyncio.Event()
        self.stalls.set()
        """Cleared: calls hang until it is set."""
        self.got: Counter[int] = Counter()
        """Person -> messages that arrived."""
        self.order: list[int] = []
        self.texts: list[str] = []
        self.buttons: list[Buttons] = []
        self.copyable: Collection[int] | None = None
        self.pinned: dict[int, int] = {}
        """Person -> message."""
        self.pin_error: GatecrierError | None = None
        self.followed: list[tuple[int, str]] = []
        self.follow_up_errors: list[GatecrierError] = []
        self.follow_up_id = 1
        self.follows = asyncio.Event()
        self.follows.set()
        """Cleared: follow-ups hang until it is set."""
        self.stars: list[int | GatecrierError] = [1_000_000]
        """The bot's balance, or what meets who asks: one after the other, the last for ever."""
        self.in_flight = 0
        self.most_in_flight = 0

    def answer(self, people: Sequence[int], *errors: GatecrierError, arrives: bool = False) -> None:
        """Meet the next calls to these people with these errors, one each; `arrives`: the message did."""
        for person_id in people:
            self._errors[person_id] = list(errors)
            if arrives:
                self._arrives.add(person_id)

    def answer_always(self, people: Sequence[int], error: GatecrierError) -> None:
        """Meet every call to these people with this error."""
        self._always |= dict.fromkeys(people, error)

    async def send_message(
        self,
        chat_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: ParseMode = "",
        buttons: Buttons = (),
        silent: bool = False,
        protect: bool = False,
        link_preview: bool = True,
        preview_above: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        if not permit:
            self.buttons.append(buttons)
            return await self._follow_up(chat_id, text)
        self.texts.append(text)
        self.buttons.append(buttons)
        return await self._deliver(chat_id, lane, permit=permit)

    async def send_file(
        self,
        chat_id: int,
        file: File,
        *,
        lane: Lane,
        buttons: Buttons = (),
        silent: bool = False,
        protect: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        self.texts.append(f"{file.kind} {file.file}: {file.caption}")
        return await self._deliver(chat_id, lane, permit=permit)

    async def copy_message(
        self,
        chat_id: int,
        *,
        from_chat_id: int,
        message_id: int,
        lane: Lane,
        buttons: Buttons = (),
        silent: bool = False,
        protect: bool = False,
        effect: str = "",
        paid: bool = False,
        permit: bool = False,
    ) -> int:
        self.texts.append(f"copy of {from_chat_id}/{message_id}")
        return await self._deliver(chat_id, lane, permit=permit)

    async def copy_messages(
        self,
        chat_id: int,
        *,
        from_chat_id: int,
        message_ids: Sequence[int],
        lane: Lane,
        silent: bool = False,
        protect: bool = False,
        permit: bool = False,
    ) -> list[int]:
        """Copies those of `copyable` alone, all when it is None."""
        first_id = await self._deliver(chat_id, lane, permit=permit)
        copied = [id_ for id_ in message_ids if self.copyable is None or id_ in self.copyable]
        return [first_id * 100 + id_ for id_ in copied]

    async def pin(self, chat_id: int, message_id: int, *, lane: Lane) -> None:
        if self.pin_error is not None:
            raise self.pin_error
        self.pinned[chat_id] = message_id

    async def star_balance(self) -> int:
        found = self.stars.pop(0) if len(self.stars) > 1 else self.stars[0]
        if isinstance(found, GatecrierError):
            raise found
        return found

    async def _follow_up(self, person_id: int, text: str) -> int:
        """What comes after a message, unpaid for; `follow_up_errors` meet it one by one."""
        await self.follows.wait()
        if self.follow_up_errors:
            raise self.follow_up_errors.pop(0)
        self.followed.append((person_id, text))
        return self.follow_up_id

    async def _deliver(self, person_id: int, lane: Lane, *, permit: bool) -> int:
        assert permit
        assert lane is Lane.CAMPAIGN
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self._latency:
                await self._clock.sleep(self._latency)
            await self.stalls.wait()
            return self._answer(person_id)
        finally:
            self.in_flight -= 1

    def _answer(self, person_id: int) -> int:
        errors = self._errors.get(person_id)
        error = errors.pop(0) if errors else self._always.get(person_id, self.error)
        if error is None or person_id in self._arrives:
            self.got[person_id] += 1
            self.order.append(person_id)
        if error is not None:
            raise error
        return 1000 + self.got.total()


class FakeBudgets:
    """Gives at most `at_once` permits, and counts them."""

    def __init__(self, *, at_once: int = 1000) -> None:
        self.at_once = at_once
        self.given = 0
        self.paid = 0
        self.open = asyncio.Event()
        self.open.set()

    def has_permits(self, bot_id: int, *, paid: bool = False) -> bool:
        return self.open.is_set()

    async def reserve(self, bot_id: int, *, upto: int, paid: bool = False) -> int:
        await self.open.wait()
        permits = min(upto, self.at_once)
        self.paid += permits if paid else 0
        self.given += permits
        return permits


class FakeJobs:
    """Remembers who was woken."""

    def __init__(self) -> None:
        self.woken: list[tuple[str, str]] = []

    async def wake(self, connection: object, name: str, key: str) -> None:
        self.woken.append((name, key))
