"""What admins and operators choose for a gate that stands: mode, options, texts, exemptions."""

from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate import options
from gatecrier.gate.cards import templates
from gatecrier.gate.gates import Gates
from gatecrier.gate.governing.exemptions import exempt
from gatecrier.gate.governing.proofs import Proofs
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.freeing import Freeing
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.model import Exemption, Gate, Mode, Outcome, Subject
from gatecrier.gate.options import Options
from gatecrier.gate.store import GateStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, NotFound, Refused
from gatecrier.kernel.language import LANGUAGES
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

log = structlog.get_logger(__name__)

Actor = Person | str
"""A person, who is proven to be an admin of the group; or an operator, by name: "cli", "operator:7"."""

ASKED_FOR_A_LIST = 20  # groups whose admins are asked for when somebody wants to see theirs
MOST_EXEMPTIONS = 1_000  # in one group; they are held in memory


class ModeSet(NamedTuple):
    """
    What a change of mode did.

    Args:
        freed, waiting: How many people are free again, and how many will be as soon as Telegram allows.
    """

    gate: Gate
    freed: int
    waiting: int


class Steering:
    """
    Changes gates of one bot; each method is one transaction, audited.

    Raises (every method):
        NotFound: this bot has no such gate. Refused: the actor may not, or the value is wrong.
        TryLater: Telegram does not answer, so nobody can be proven to be an admin.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot_id: int,
        *,
        gates: Gates,
        proofs: Proofs,
        admins: Admins,
        enforcement: Enforcement,
        freeing: Freeing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._proofs = proofs
        self._admins = admins
        self._enforcement = enforcement
        self._freeing = freeing

    async def administer(self, chat_id: int, actor: Actor) -> Gate:
        """The gate of a group, for somebody who is its admin at this moment, or an operator."""
        gate = self._gate(chat_id)
        await self._prove(chat_id, actor)
        return gate

    async def administered(self, person_id: int) -> list[Gate]:
        """
        The gates of the groups that somebody is known to administer, by their titles.

        For a list to choose from: each choice is proven by itself. Of groups whose admins are not known
        some are asked for; the rest is found from within the group.
        """
        unknown = [live for live in self._gates.all() if live.admins_at is None]
        for live in unknown[:ASKED_FOR_A_LIST]:
            try:
                await self._admins.know(live)
            except GatecrierError as error:
                log.info("gate.admins_not_known", chat=live.gate.chat_id, code=error.code)
        found = [live.gate for live in self._gates.all() if person_id in live.admins]
        return sorted(found, key=lambda gate: (gate.title.casefold(), gate.chat_id))

    async def set_option(self, chat_id: int, name: str, value: object, *, actor: Actor) -> Gate:
        """Choose one option; see `options.changed` for names and values."""
        self._gate(chat_id)
        by = await self._prove(chat_id, actor)
        return await self._choose(chat_id, name, value, by=by)

    async def set_template(self, chat_id: int, language: str, text: str, *, actor: Actor) -> Gate:
        """Give the card a text of the group's own in one language; "" takes ours again."""
        gate = self._gate(chat_id)
        by = await self._prove(chat_id, actor)
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise Refused(
                f"There is no language {language!r}.",
                remedy=f"There are: {known}.",
                field="language",
                code="no_such_language",
            )
        kept = {code: own for code, own in gate.options.templates.items() if code != language}
        if text:
            kept[language] = templates.check(text)
        return await self._choose(chat_id, "templates", kept, by=by)

    async def set_mode(self, chat_id: int, mode: Mode, *, actor: Actor) -> ModeSet:
        """Let the gate enforce, observe or rest; whoever it holds is free when it enforces no more."""
        self._gate(chat_id)
        by = await self._prove(chat_id, actor)
        now = self._clock.now()
        people: list[int] = []
        async with self._database.transaction() as connection:
            await self._locked(connection, chat_id)
            await GateStore(connection, self._bot_id).set_mode(chat_id, mode)
            if mode is not Mode.ENFORCE:
                people = await Ledger(connection, self._bot_id).everybody_held(chat_id)
                await self._freeing.announce(connection, chat_id, people, Outcome.RELEASED)
            await note(connection, "mode", at=now, chat_id=chat_id, detail=mode.value, by=by)
        await self._gates.renew(chat_id)
        freed = await self._freeing.free(chat_id, people, Outcome.RELEASED)
        return ModeSet(self._gate(chat_id), freed, len(people) - freed)

    async def exempt(
        self, chat_id: int, subject: Subject, *, until: datetime | None = None, actor: Actor
    ) -> None:
        """Leave a person, bot or channel alone, or whoever comes by an invite link; None: for good."""
        self._gate(chat_id)
        by = await self._prove(chat_id, actor)
        now = self._clock.now()
        if isinstance(subject, str) and subject.startswith("@"):
            subject = await self._proofs.number_of(subject)  # a name may be another's tomorrow
        _check_subject(subject)
        if until is not None and until <= now:
            raise Refused("That moment is over already.", field="until", code="bad_until")
        async with self._database.transaction() as connection:
            await self._locked(connection, chat_id)
            store = GateStore(connection, self._bot_id)
            if len(await store.exempted(chat_id)) >= MOST_EXEMPTIONS:
                raise Refused(f"A group can have {MOST_EXEMPTIONS} exemptions at most.", code="too_many")
            await exempt(connection, self._bot_id, chat_id, subject, until=until, by=by, now=now)
        await self._gates.renew(chat_id)
        if isinstance(subject, int) and subject > 0:
            await self._enforcement.lift(chat_id, subject, Outcome.RELEASED)

    async def unexempt(self, chat_id: int, subject: Subject, *, actor: Actor) -> None:
        """
        Let the channels decide about them again.

        Raises:
            NotFound: they were not exempt.
        """
        self._gate(chat_id)
        by = await self._prove(chat_id, actor)
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await self._locked(connection, chat_id)
            if not await GateStore(connection, self._bot_id).unexempt(chat_id, subject):
                raise NotFound(
                    "Nobody like that is exempt in this group.", field="subject", code="not_exempt"
                )
            person_id = subject if isinstance(subject, int) else 0
            await note(
                connection,
                "unexempt",
                at=now,
                chat_id=chat_id,
                person_id=person_id,
                detail=str(subject),
                by=by,
            )
        await self._gates.renew(chat_id)

    async def exemptions(self, chat_id: int) -> list[Exemption]:
        """Who is exempt in a group, the newest last."""
        self._gate(chat_id)
        async with self._database.read() as connection:
            return await GateStore(connection, self._bot_id).exempted(chat_id)

    async def _choose(self, chat_id: int, name: str, value: object, *, by: str) -> Gate:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            gate = await self._locked(connection, chat_id)
            chosen = options.changed(gate.options, name, value)
            await GateStore(connection, self._bot_id).set_options(chat_id, chosen)
            detail = f"{name}={_shown(chosen, name)}"
            await note(connection, "set", at=now, chat_id=chat_id, detail=detail, by=by)
        await self._gates.renew(chat_id)
        self._enforcement.ring()
        return self._gate(chat_id)

    async def _prove(self, chat_id: int, actor: Actor) -> str:
        """Who acts, as the audit log names them."""
        if isinstance(actor, str):
            return actor
        await self._proofs.admin(chat_id, actor)
        return f"person:{actor.id}"

    def _gate(self, chat_id: int) -> Gate:
        live = self._gates.get(chat_id)
        if live is None:
            raise _no_gate()
        return live.gate

    async def _locked(self, connection: AsyncConnection, chat_id: int) -> Gate:
        gate = await GateStore(connection, self._bot_id).locked(chat_id)
        if gate is None:
            raise _no_gate()
        return gate


def _no_gate() -> NotFound:
    return NotFound("This group is not protected.", remedy="Protect it: /protect @channel", code="no_gate")


def _check_subject(subject: Subject) -> None:
    if isinstance(subject, int) or subject.startswith(("https://t.me/+", "https://t.me/joinchat/")):
        return
    raise Refused(
        "Exempt a person or bot by number, a channel by @name or number, or an invite link (https://t.me/+…).",
        field="subject",
        code="bad_subject",
    )


def _shown(chosen: Options, name: str) -> str:
    value = getattr(chosen, name)
    return ", ".join(sorted(value)) if name == "templates" else str(value)
