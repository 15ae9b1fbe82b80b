"""What a press of Verify leads to: the right person asked for anew, and freed of exactly what we took."""

import structlog

from gatecrier.gate.cards.texts import Toast, toast
from gatecrier.gate.cooldown import Cooldown
from gatecrier.gate.gates import Gates
from gatecrier.gate.holding.enforcement import Enforcement, Lifted
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.holding.private import PrivateLedger
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.knowledge.inquiry import Inquiry
from gatecrier.gate.model import Case, Cause, Outcome, Verdict
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, PeerGone
from gatecrier.kernel.language import best
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane

log = structlog.get_logger(__name__)


class Verdicts:
    """Answers presses of Verify; never raises what Telegram does, for somebody waits for a toast."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot_id: int,
        *,
        gates: Gates,
        inquiry: Inquiry,
        enforcement: Enforcement,
        suspensions: Suspensions,
    ) -> None:
        self._database = database
        self._bot_id = bot_id
        self._gates = gates
        self._inquiry = inquiry
        self._enforcement = enforcement
        self._suspensions = suspensions
        self._cooldown = Cooldown(clock)

    async def give(self, card_id: str, person_id: int, language: str = "") -> Verdict:
        """
        The verdict on a press of the card, or of the case's private one, that `card_id` names.

        Anybody can forge it: our records decide.

        Args:
            language: The presser's, as Telegram tells it; where we do not speak it, the group's serves.
        """
        async with self._database.read() as connection:
            ledger = Ledger(connection, self._bot_id)
            card = await ledger.card(card_id)
            private = await PrivateLedger(connection, self._bot_id).named(card_id) if card is None else None
            case = await ledger.case(card.chat_id, person_id) if card else private
        about = card or private
        if about is None:
            return toast(language, Toast.TOO_OLD)
        if live := self._gates.get(about.chat_id):
            language = best(language, live.gate.options.language)
        if case is None or case.person_id != person_id:
            return toast(language, Toast.NOT_YOURS)
        if not self._cooldown.may_ask(case.id):
            return toast(language, Toast.WAIT)
        try:
            return await self._verify(case, language)
        except (Misconfigured, PeerGone):
            if live := self._gates.get(case.chat_id):
                await self._suspensions.suspend(live, Cause.LOST_RIGHTS)
            return toast(language, Toast.CANNOT_FREE)
        except GatecrierError as error:
            log.info("gate.verify_failed", chat=case.chat_id, code=error.code)
            return toast(language, Toast.NO_ANSWER)

    async def _verify(self, case: Case, language: str) -> Verdict:
        live = self._gates.get(case.chat_id)
        if live is None:
            return toast(language, _TOLD[await self._lift(case, Outcome.UNPROTECTED)])
        finding = await self._inquiry.about(live, case.person_id, lane=Lane.ANSWER, anew=True)
        standing, missing = finding.judgement.standing, finding.judgement.missing
        match standing:
            case Standing.UNKNOWN:
                return toast(language, Toast.NO_ANSWER)
            case Standing.NOT_MEMBER:
                await self._still_missing(case, missing)
                return toast(language, Toast.STILL_MISSING, finding.judgement.remainder, live.gate.channels)
            case Standing.MISCONFIGURED:
                # Nobody stays muted because we cannot see: the next message is judged when we can again.
                await self._suspensions.suspend_for_channel(live, missing[0], case.person_id)
                lifted = await self._lift(case, Outcome.SUSPENDED)
                return toast(language, Toast.FREED_ANYWAY if lifted is Lifted.FREED else _TOLD[lifted])
            case Standing.MEMBER:
                return toast(language, _TOLD[await self._lift(case, Outcome.VERIFIED)])

    async def _lift(self, case: Case, outcome: Outcome) -> Lifted:
        return await self._enforcement.lift(case.chat_id, case.person_id, outcome)

    async def _still_missing(self, case: Case, missing: tuple[int, ...]) -> None:
        if missing == case.missing:
            return
        async with self._database.transaction() as connection:
            await Ledger(connection, self._bot_id).set_missing(case, missing)
        self._enforcement.ring()


_TOLD = {
    Lifted.FREED: Toast.FREED,
    Lifted.FREE_ALREADY: Toast.FREE_ALREADY,
    Lifted.BY_ADMIN: Toast.BY_ADMIN,
}
