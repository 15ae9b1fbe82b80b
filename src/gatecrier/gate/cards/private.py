"""Cards that the held person alone sees; whoever is still held after two minutes is named in public too."""

from collections import defaultdict
from datetime import timedelta

import structlog

from gatecrier.gate.cards import texts
from gatecrier.gate.cards.ephemeral import Ephemerals
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.holding.private import PrivateLedger
from gatecrier.gate.model import Case
from gatecrier.gate.policy import left_over
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.kernel.language import best
from gatecrier.storage.database import Database
from gatecrier.telegram.messages import Button

log = structlog.get_logger(__name__)

PRIVATE_FOR = timedelta(seconds=120)  # Telegram does not promise that anybody gets them
MOST_NAMED_AT_ONCE = 1000  # cases of one look


class PrivateCards:
    """Shows them, one at a time in each group; `CardKeeper` sees to it."""

    def __init__(
        self, database: Database, clock: Clock, bot_id: int, *, gates: Gates, ephemerals: Ephemerals
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._ephemerals = ephemerals
        self._quiet_until: dict[int, float] = {}

    async def waiting(self) -> dict[int, list[Case]]:
        """Whom to show a card, by group; who waited or was private for too long is named in public."""
        before = self._clock.now() - PRIVATE_FOR
        async with self._database.read() as connection:
            ledger = PrivateLedger(connection, self._bot_id)
            overdue = await ledger.overdue(before=before, limit=MOST_NAMED_AT_ONCE)
            waiting = await ledger.waiting()
        if overdue:
            async with self._database.transaction() as connection:
                await PrivateLedger(connection, self._bot_id).make_public(overdue)
        now = self._clock.monotonic()
        self._quiet_until = {chat: at for chat, at in self._quiet_until.items() if at > now}
        late = {case.id for case in overdue}
        found: dict[int, list[Case]] = defaultdict(list)
        for case in waiting:
            if case.id not in late:
                found[case.chat_id].append(case)
        return found

    def may_speak(self, chat_id: int) -> bool:
        """Whether Telegram takes something there now."""
        return self._quiet_until.get(chat_id, 0.0) <= self._clock.monotonic()

    async def show(self, case: Case) -> bool:
        """Show one card; False when it has to wait."""
        live = self._gates.get(case.chat_id)
        if live is None or not self._ephemerals.work_in(case.chat_id):
            await self._give_up(case)
            return True
        async with self._database.transaction() as connection:
            if not await PrivateLedger(connection, self._bot_id).claim(case):
                return True
        try:
            private_id = await self._send(live, case)
        except TryLater as error:
            self._quiet_until[case.chat_id] = self._clock.monotonic() + error.retry_after
            async with self._database.transaction() as connection:
                await PrivateLedger(connection, self._bot_id).release(case)
            return False
        if private_id is None:
            await self._give_up(case)
        elif private_id:
            async with self._database.transaction() as connection:
                ledger = PrivateLedger(connection, self._bot_id)
                await ledger.shown(case, private_id, now=self._clock.now())
        return True

    async def _send(self, live: LiveGate, case: Case) -> int | None:
        text, buttons = self._words(live, case)
        return await self._ephemerals.send(
            case.chat_id, case.person_id, text, buttons=buttons, thread_id=case.thread_id
        )

    async def _give_up(self, case: Case) -> None:
        """They cannot be told alone: the public card names them at once."""
        async with self._database.transaction() as connection:
            await PrivateLedger(connection, self._bot_id).make_public([case], is_shown=False)

    @staticmethod
    def _words(live: LiveGate, case: Case) -> tuple[str, list[list[Button]]]:
        options, channels = live.gate.options, live.gate.channels
        language = best(case.language, options.language)
        remainder = left_over(live.gate.policy, case.missing)
        text = texts.personal_card(
            language,
            name=case.name,
            group_title=live.gate.title,
            remainder=remainder,
            channels=channels,
            reason=case.reason,
            template=options.templates.get(language, ""),
        )
        return text, texts.buttons(language, case.id, remainder, channels)
