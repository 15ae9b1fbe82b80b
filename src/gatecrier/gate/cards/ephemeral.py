"""
Words to one person of a group, which nobody else sees: where Telegram takes them, as far as is known.

Whether it does depends on the server's version and on rights that Telegram does not list, so it is
tried; where it failed for a reason that is not the person's, it is not tried again for an hour.
"""

from collections.abc import Sequence

import structlog

from gatecrier.gate.cards.deletions import Deletions
from gatecrier.gate.outside import Sends
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import (
    BadContent,
    GatecrierError,
    NotFound,
    OutcomeUnknown,
    PeerGone,
    TryLater,
)
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button

log = structlog.get_logger(__name__)

TRIED_AGAIN = 3600.0  # seconds after a refusal
EVERYWHERE = 0  # stands for the server itself, which no group is to be asked about

_OF_ONE = (NotFound, PeerGone, BadContent)  # the person is outside, or our words are bad: no group's fault
_OF_TOPIC = frozenset({"topic_closed", "topic_gone", "not_a_forum"})


class Ephemerals:
    """Speaks to single people in the groups of one bot."""

    def __init__(self, database: Database, clock: Clock, telegram: Sends, bot_id: int) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._refused_until: dict[int, float] = {}

    def work_in(self, chat_id: int) -> bool:
        """Whether Telegram may take them there; it has not refused lately."""
        now, until = self._clock.monotonic(), self._refused_until
        return until.get(EVERYWHERE, now) <= now and until.get(chat_id, now) <= now

    async def send(
        self,
        chat_id: int,
        person_id: int,
        text: str,
        *,
        buttons: Sequence[Sequence[Button]],
        thread_id: int,
    ) -> int | None:
        """
        Show a text (HTML) to one person.

        Returns:
            Its number; 0 when nobody knows whether it is there; None when it surely is not.
        Raises:
            TryLater.
        """
        try:
            sent = await self._telegram.send_ephemeral(
                chat_id,
                person_id,
                text,
                lane=Lane.ENFORCE,
                parse_mode="HTML",
                buttons=buttons,
                thread_id=thread_id or None,
            )
        except TryLater:
            raise
        except OutcomeUnknown as error:
            log.warning("ephemeral.in_doubt", chat=chat_id, code=error.code)
            return 0
        except GatecrierError as error:
            log.info("ephemeral.refused", chat=chat_id, code=error.code)
            if not isinstance(error, _OF_ONE) and error.code not in _OF_TOPIC:
                self._refuse(chat_id)
            return None
        if sent.public_id:
            log.warning("ephemeral.unknown_to_server", chat=chat_id)
            self._refuse(EVERYWHERE)
            await self._take_back(chat_id, sent.public_id)
        return sent.id or None

    async def _take_back(self, chat_id: int, message_id: int) -> None:
        """Everybody sees what was meant for one: it goes at once."""
        async with self._database.transaction() as connection:
            await Deletions(connection, self._bot_id).add(chat_id, message_id, self._clock.now())

    def _refuse(self, chat_id: int) -> None:
        now = self._clock.monotonic()
        self._refused_until = {id_: at for id_, at in self._refused_until.items() if at > now}
        self._refused_until[chat_id] = now + TRIED_AGAIN
