"""The end of whatever happened: all is healed, and exactly who lacks a channel is held."""

from sqlalchemy import select

from gate_world.stage import Stage
from gate_world.town import Town
from gate_world.witness import Witness
from gatecrier.gate.tables import roster

SOON = (61, 250)
"""Seconds between two sweeps: all who are held were asked about by then, who is every five minutes."""
LATER = (410, 61, 61)
"""Seconds between those that follow: all that is due has come up by then."""


class Reckoning:
    """Judges one stage by its world."""

    def __init__(self, stage: Stage, town: Town, witness: Witness) -> None:
        self._stage = stage
        self._town = town
        self._witness = witness

    async def heal(self) -> None:
        """The bot has its rights, nothing more is told, and the loops go round a few times."""
        stage = self._stage
        stage.network.slow.clear()
        for chat in self._town.chats:
            stage.world.set_member(chat, stage.bot.id, "administrator")
        stage.bot.queue.clear()
        stage.mail.clear()
        await stage.drain()
        await self._go_round(SOON)
        self._judge_held()
        await self._go_round(LATER)

    async def _go_round(self, pauses: tuple[int, ...]) -> None:
        stage, app = self._stage, self._stage.app
        for seconds in pauses:
            await stage.clock.advance(seconds)
            for run_once in (
                app.first.inbox.run_once,
                app.first.healer.run_once,
                app.first.gate.sweeper.run_once,
            ):
                await stage.finish(run_once())
            await stage.drain()

    def _judge_held(self) -> None:
        """Who joined unheard waits no longer than that, where the gate can act."""
        for live in self._stage.app.first.gate.gates.all():
            if live.gate.suspension is None:
                group = live.gate.chat_id
                held = [id_ for id_ in self._town.people if (group, id_) in self._witness.ours]
                waiting = [id_ for id_ in held if not self._town.lacks(group, id_)]
                assert not waiting, f"{waiting} belong to all that {group} requires, and are held still"

    async def judge(self, group: int) -> None:
        """Exactly who lacks a channel is held, or is the moment they write."""
        live = self._stage.app.first.gate.gates.get(group)
        assert live is None or live.gate.suspension is None, "all is well, and the gate is suspended"
        seen = await self._seen(group)
        for person in self._town.people:
            lacks = self._town.lacks(group, person)
            held = (group, person) in self._witness.ours
            name = f"{self._stage.world.people[person].first_name} in {group}"
            assert lacks or not held, f"{name} belongs, and is held still"
            member = self._stage.world.member(group, person)
            if (group, person) in self._witness.touched or not member.present or member.is_admin:
                continue
            assert held or not lacks or person not in seen, f"{name} lacks {lacks}, and is not held"
            if not held:
                await self._probe(group, person, is_held=bool(lacks), name=name)

    async def _probe(self, group: int, person: int, *, is_held: bool, name: str) -> None:
        """Somebody writes: it stands if they belong, and else they are held."""
        message = self._stage.world.say(group, person, "a last word")
        await self._stage.deliver_all()
        await self._stage.clock.advance(11)  # one answer that contradicts what was known is asked for again
        await self._stage.finish(self._stage.app.first.inbox.run_once())
        await self._stage.drain()
        stands = message.message_id in self._stage.world.chats[group].messages
        assert ((group, person) in self._witness.ours) is is_held, f"{name} wrote; held: {not is_held}"
        assert stands is not is_held, f"the words of {name}: {stands}"

    async def _seen(self, group: int) -> set[int]:
        async with self._stage.app.database.read() as connection:
            query = select(roster.c.person_id).where(roster.c.chat_id == group, roster.c.present)
            return set((await connection.execute(query)).scalars())
