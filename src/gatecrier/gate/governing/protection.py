"""Changing what a group demands: `/protect`, `/unprotect`, and freeing people by an operator's word."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gatecrier.gate import policy
from gatecrier.gate.gates import Gates
from gatecrier.gate.governing.demands import parse
from gatecrier.gate.governing.proofs import Proofs
from gatecrier.gate.governing.references import MOST, Reference
from gatecrier.gate.holding.freeing import Freeing
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.model import Case, Channel, Gate, Mode, Outcome, Protected, Unprotected
from gatecrier.gate.options import Options
from gatecrier.gate.outside import Telegram
from gatecrier.gate.policy import Policy
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Conflict, GatecrierError, NotFound, Refused
from gatecrier.kernel.language import best
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Chat, Person


class Protection:
    """Carries out what admins and operators want of a gate; what it raises is for them to read."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Telegram,
        bot_id: int,
        *,
        gates: Gates,
        proofs: Proofs,
        freeing: Freeing,
        standings: Standings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates
        self._proofs = proofs
        self._freeing = freeing
        self._standings = standings

    async def protect(
        self, chat: Chat, actor: Person | None, sender_chat: Chat | None, text: str, mode: Mode | None
    ) -> Protected:
        """By the word of an admin of the group and of its channels."""
        person = await self._proofs.admin_of_group(chat, actor, sender_chat)
        return await self._protect(chat, text, mode, person)

    async def order(self, chat_id: int, text: str, mode: Mode | None, *, by: str) -> Protected:
        """By the word of an operator of this deployment; the bot's own rights are proven all the same."""
        return await self._protect(await self._proofs.group(chat_id), text, mode, None, by=by)

    async def _protect(
        self, chat: Chat, text: str, mode: Mode | None, person: Person | None, *, by: str = ""
    ) -> Protected:
        """Prove everything first, then change everything in one transaction."""
        demand = parse(text)
        if not demand.references:
            raise Refused(
                "Which channel shall people join?", remedy="Write: /protect @channel", code="no_argument"
            )
        await self._proofs.bot_can_enforce(chat)
        channels = [await self._proofs.channel(reference, person) for reference in demand.references]
        await self._check_owner(chat.id)
        ids = {position: channel.id for position, channel in enumerate(channels)}
        gate = Gate(
            chat_id=chat.id,
            bot_id=self._bot_id,
            title=chat.title,
            mode=mode or Mode.ENFORCE,
            policy=policy.renumbered(demand.policy, ids),
            channels=tuple({channel.id: channel for channel in channels}.values()),
            created_at=self._clock.now(),
            options=Options(language=best(person.language_code if person else "")),
            linked_chat_id=(await self._telegram.get_chat(chat.id)).linked_chat_id,
        )
        await self._write(gate, has_mode=mode is not None, by=f"person:{person.id}" if person else by)
        await self._gates.renew(chat.id)
        live = self._gates.get(chat.id)
        return Protected(live.gate if live else gate, gate.channels)

    async def unprotect(
        self, chat: Chat, actor: Person | None, sender_chat: Chat | None, text: str
    ) -> Unprotected:
        """By the word of an admin of the group."""
        person = await self._proofs.admin_of_group(chat, actor, sender_chat)
        return await self.give_up(chat.id, text, by=f"person:{person.id}")

    async def give_up(self, chat_id: int, text: str, *, by: str) -> Unprotected:
        """Stop demanding first, then free: a crash in between leaves the healer the rest."""
        await self._gates.renew(chat_id)
        live = self._gates.get(chat_id)
        if live is None:
            raise NotFound("This group is not protected.", code="no_gate")
        removed = await self._named(live.gate, parse(text).references)
        people = await self._stop_demanding(chat_id, removed, by=by)
        await self._gates.renew(chat_id)
        freed = await self._freeing.free(chat_id, people, Outcome.UNPROTECTED)
        now = self._gates.get(chat_id)
        return Unprotected(now.gate if now else None, removed, freed, len(people) - freed)

    async def release(self, chat_id: int, person_id: int | None, *, actor: str) -> tuple[int, int]:
        """Free people whatever they lack; how many were, and how many wait."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await GateStore(connection, self._bot_id).lock(chat_id)
            held = await Ledger(connection, self._bot_id).everybody_held(chat_id)
            people = [id_ for id_ in held if person_id is None or id_ == person_id]
            if not people:
                raise NotFound("We hold nobody like that in this group.", code="not_held")
            await self._freeing.announce(connection, chat_id, people, Outcome.RELEASED)
            whom, detail = person_id or 0, f"{len(people)} people"
            await note(
                connection, "release", at=now, chat_id=chat_id, person_id=whom, detail=detail, by=actor
            )
        freed = await self._freeing.free(chat_id, people, Outcome.RELEASED)
        return freed, len(people) - freed

    async def _check_owner(self, chat_id: int) -> None:
        async with self._database.read() as connection:
            owner = await GateStore(connection, self._bot_id).owner(chat_id)
        if owner not in (None, self._bot_id):
            raise Conflict(
                "Another bot of this deployment protects this group.",
                remedy="Take its gate off first.",
                code="other_bot",
            )

    async def _write(self, wanted: Gate, *, has_mode: bool, by: str) -> None:
        """Make the gate, or add to what it demands; what else was chosen for it stays."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            store = GateStore(connection, self._bot_id)
            before = await store.locked(wanted.chat_id)
            gate = _added(before, wanted, has_mode=has_mode) if before else wanted
            await store.put(gate, now=now)
            await store.demand(gate.chat_id, wanted.channels, by=by, now=now)
            detail = json.dumps(policy.as_json(gate.policy))
            await note(connection, "protect", at=now, chat_id=gate.chat_id, detail=detail, by=by)

    async def _named(self, gate: Gate, wanted: Sequence[Reference]) -> tuple[Channel, ...]:
        """The required channels that are meant; all when none is named."""
        if not wanted:
            return gate.channels
        found: list[Channel] = []
        for reference in wanted:
            channel = next((each for each in gate.channels if _is(each, reference)), None)
            channel = channel or await self._renamed(gate, reference)
            found.append(channel)
        return tuple(dict.fromkeys(found))

    async def _renamed(self, gate: Gate, reference: Reference) -> Channel:
        """A channel may have another name now: ids bind."""
        try:
            channel_id = (await self._telegram.get_chat(reference)).id
        except GatecrierError:
            channel_id = 0
        for channel in gate.channels:
            if channel.id == channel_id:
                return channel
        raise NotFound(
            f"This group does not require {reference}.",
            remedy="See what it requires: /status",
            code="not_required",
        )

    async def _stop_demanding(self, chat_id: int, removed: Iterable[Channel], *, by: str) -> list[int]:
        """Write the new demands and announce the liftings that follow, at once; returns whom to free."""
        dropped, now = {channel.id for channel in removed}, self._clock.now()
        async with self._database.transaction() as connection:
            store, ledger = GateStore(connection, self._bot_id), Ledger(connection, self._bot_id)
            gate = await store.locked(chat_id)
            left = policy.without(gate.policy, dropped) if gate else policy.NOTHING
            if policy.joinable(left):
                await store.set_policy(chat_id, left)
                await store.drop(chat_id, dropped)
                people, others = self._sorted_out(await ledger.cases_in(chat_id), left)
            else:
                await store.remove(chat_id)
                people, others = await ledger.everybody_held(chat_id), {}
            await self._freeing.announce(connection, chat_id, people, Outcome.UNPROTECTED)
            await ledger.set_all_missing(chat_id, others)
            detail = json.dumps(policy.as_json(left))
            await note(connection, "unprotect", at=now, chat_id=chat_id, detail=detail, by=by)
        return people

    def _sorted_out(
        self, cases: Iterable[Case], left: Policy
    ) -> tuple[list[int], dict[Case, tuple[int, ...]]]:
        """Whom we hold for nothing that is still required, and what the others lack now if it is less."""
        free: list[int] = []
        others: dict[Case, tuple[int, ...]] = {}
        for case in cases:
            known = self._standings.known(policy.channels(left), case.person_id)
            judgement = policy.judge(left, known | policy.failing(left, case.missing))
            if judgement.standing is not Standing.NOT_MEMBER:
                free.append(case.person_id)
            elif judgement.missing != case.missing:
                others[case] = judgement.missing
        return free, others


def _added(before: Gate, wanted: Gate, *, has_mode: bool) -> Gate:
    """
    The gate that demands what it did and what is wanted too.

    Raises:
        Refused: it demands that already, contradicts it, or is too much.
    """
    both = policy.all_of([before.policy, wanted.policy])
    if both == before.policy:
        label = ", ".join(channel.label for channel in wanted.channels)
        raise Conflict(f"This group requires {label} already.", code="already_protected")
    if len(policy.channels(both)) > MOST:
        raise Refused(f"A group can require {MOST} channels at most.", code="too_many_channels")
    if set(policy.joinable(both)) & set(policy.forbidden(both)):
        raise Refused("A channel would be both demanded and forbidden.", code="contradiction")
    return replace(
        before,
        title=wanted.title,
        mode=wanted.mode if has_mode else before.mode,
        policy=both,
        linked_chat_id=wanted.linked_chat_id,
    )


def _is(channel: Channel, reference: Reference) -> bool:
    if isinstance(reference, int):
        return channel.id == reference
    return channel.username.lower() == reference.lower().removeprefix("@")
