"""The gate's story: whoever is not in the channel is held, and free again the moment they join."""

from dataclasses import asdict, dataclass, field
from typing import Any

from gatecrier.cli.demo.stage import Stage
from gatecrier.kernel.errors import Misconfigured
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.model import Message

JOINING = 8  # of those held, how many join the channel while they are held


@dataclass
class GateResult:
    """What the gate did, by the world's own count."""

    members: int = 0
    held: int = 0
    wrongly_held: int = 0
    missed: int = 0
    freed_by_joining: int = 0
    held_for_leaving: int = 0
    freed_by_unprotect: int = 0
    seconds: float = 0.0
    decisions: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


async def play(stage: Stage) -> GateResult:
    """Protect the group, let everybody write, let some join and one leave, and end it."""
    story = _Story(stage)
    began = stage.app.clock.monotonic()
    await story.protect()
    await story.everybody_writes()
    await story.held_people_are_silent()
    await story.some_join()
    await story.one_leaves()
    await story.unprotect()
    story.result.seconds = round(stage.app.clock.monotonic() - began, 2)
    story.result.decisions = {
        str(reason): count for reason, count in stage.app.first.gate.decisions().items()
    }
    return story.result


class _Story:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.sandbox.world
        self.scene = stage.scene
        self.result = GateResult(members=2 + len(stage.scene.ordinary))

    async def protect(self) -> None:
        self.world.say(self.scene.group_id, self.scene.owner_id, "/protect @daily_news")
        await self.stage.until("the bot answers /protect", lambda: "Protected" in self.last_answer())
        self.stage.tell("Olga, the owner, writes /protect @daily_news, and the gate stands.")

    async def everybody_writes(self) -> None:
        scene = self.scene
        before = {id_: self.permissions(id_) for id_ in scene.ordinary}
        self.before = before
        self.world.say(scene.group_id, scene.anonymous_id, "An anonymous admin says hello")
        self.world.say(scene.channel_id, scene.owner_id, "Today's news, copied into the group by Telegram")
        for id_ in scene.ordinary:
            self.world.say(scene.group_id, id_, f"Hello from {id_}")
        self.stage.tell(f"All {self.result.members} members write, and the channel's own post arrives.")
        await self.stage.until("all outsiders are held", lambda: set(self.held()) >= set(scene.outsiders))
        await self.stage.until("their messages are gone", lambda: not self.written_by(scene.outsiders))
        await self.stage.until("a card is shown", lambda: self.card() is not None)
        held = set(self.held())
        self.result.held = len(held)
        self.result.wrongly_held = len(held - set(scene.outsiders))
        self.result.missed = len(set(scene.outsiders) - held)
        self.stage.expect("people held", len(scene.outsiders), self.result.held)
        self.stage.expect("people wrongly held", 0, self.result.wrongly_held)
        kept = self.written_by(scene.insiders)
        self.stage.expect("messages of members still there", len(scene.insiders), len(kept))
        held_now = f"{self.result.held} who are not in the channel"
        self.stage.tell(f"{held_now}: message deleted, muted, and told what to join.")

    async def held_people_are_silent(self) -> None:
        silenced = 0
        for id_ in self.scene.outsiders:
            try:
                self.world.say(self.scene.group_id, id_, "Let me in!")
            except Refused:
                silenced += 1
        self.stage.expect("held people who cannot write", len(self.scene.outsiders), silenced)
        card = self.card()
        if card is None:
            raise Misconfigured("The card vanished while people were held.")
        stranger, waiting = self.scene.insiders[0], card.receiver_id or self.scene.outsiders[-1]
        toasts = [await self.press_verify(id_, card) for id_ in (stranger, waiting)]
        self.stage.expect("people held after presses that must not help", self.result.held, len(self.held()))
        self.stage.tell(f"They cannot write. Verify, pressed (or forged) by somebody else: “{toasts[0]}”")
        self.stage.tell(f"Verify, pressed without having joined: “{toasts[1]}”")

    async def some_join(self) -> None:
        joining = self.scene.outsiders[:JOINING]
        for id_ in joining:
            self.world.join(self.scene.channel_id, id_)
        await self.stage.until("those who joined are free", lambda: not set(self.held()) & set(joining))
        self.result.freed_by_joining = len(set(joining) - set(self.held()))
        self.stage.expect("people still held", self.result.held - JOINING, len(self.held()))
        self.check_restored(joining)
        self.stage.tell(f"{JOINING} join the channel and are free at once, with exactly the rights they had.")

    async def one_leaves(self) -> None:
        leaver = self.scene.insiders[-1]
        self.world.leave(self.scene.channel_id, leaver)
        await self.stage.until("who left the channel is held", lambda: leaver in self.held())
        self.result.held_for_leaving = 1
        self.stage.tell("One leaves the channel, and is held before writing another word.")

    async def unprotect(self) -> None:
        still = self.held()
        self.world.say(self.scene.group_id, self.scene.owner_id, "/unprotect")
        await self.stage.until("everybody is free", lambda: not self.held())
        self.result.freed_by_unprotect = len(still)
        self.check_restored(self.scene.ordinary)
        self.stage.tell(f"Olga writes /unprotect: the last {len(still)} are free, nobody is left muted.")

    # What the world says

    def held(self) -> list[int]:
        """Ordinary members who may not write."""
        return [id_ for id_ in self.scene.ordinary if "can_send_messages" not in self.permissions(id_)]

    def permissions(self, person_id: int) -> frozenset[str]:
        return self.world.allowed(self.scene.group_id, person_id)

    def check_restored(self, people: tuple[int, ...]) -> None:
        changed = [id_ for id_ in people if self.permissions(id_) != self.before[id_]]
        self.stage.expect("people whose rights differ from before", 0, len(changed))

    def messages(self) -> list[Message]:
        return list(self.world.chats[self.scene.group_id].messages.values())

    def written_by(self, people: tuple[int, ...]) -> list[Message]:
        wanted = set(people)
        return [one for one in self.messages() if one.sender_id in wanted and one.text.startswith("Hello")]

    def last_answer(self) -> str:
        texts = [one.text for one in self.messages() if one.sender_id == self.scene.bot_id]
        return texts[-1] if texts else ""

    def card(self) -> Message | None:
        """A card with Verify: one that a held person alone sees, or the one of all."""
        alone = self.world.chats[self.scene.group_id].ephemeral.values()
        ours = [one for one in [*self.messages(), *alone] if one.sender_id == self.scene.bot_id]
        cards = [one for one in ours if "verify:" in str(one.markup)]
        return cards[-1] if cards else None

    async def press_verify(self, person_id: int, card: Message) -> str:
        group_id = self.scene.group_id
        if not card.receiver_id:
            click = self.world.click(person_id, group_id, card.message_id, text="Verify")
        elif card.receiver_id == person_id:
            click = self.world.click(person_id, group_id, ephemeral_message_id=card.message_id, text="Verify")
        else:  # nobody else sees that button, but anybody can send what it sends, from any message
            anything = next(one for one in self.messages() if one.sender_id == self.scene.bot_id)
            buttons: Any = (card.markup or {})["inline_keyboard"]
            data = buttons[-1][0]["callback_data"]
            click = self.world.click(person_id, group_id, anything.message_id, data=data, force=True)
        await self.stage.until("the press is answered", lambda: click.answered)
        return click.text
