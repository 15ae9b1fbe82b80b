"""Two groups, three channels and seven people: small enough to meet often, and of every kind."""

from collections.abc import Sequence

from gate_world.stage import Stage
from gatecrier_sandbox.world.rights import OF_TYPE


class Town:
    """
    Talk requires its own channel News and Daily; Club requires Daily and Extra.

    Attributes:
        olga: Owns everything. adam: admin of everything. nina: anonymous admin of Talk, in no channel.
        people: The others; the last of them has a channel of their own, `mine`.
    """

    def __init__(self, stage: Stage, belongs: Sequence[bool]) -> None:
        """All are in both groups; `belongs`: for each channel and person, whether they are in it."""
        world = stage.world
        self.stage = stage
        self.channels = [world.chat("channel", name, username=name.lower()).id for name in CHANNELS]
        talk = world.chat("supergroup", "Talk", linked_chat_id=self.channels[0])
        self.groups = [talk.id, world.chat("supergroup", "Club").id]
        self.mine = world.chat("channel", "Mine", username="mine").id
        self.olga, self.adam, self.nina = (world.person(name).id for name in ("Olga", "Adam", "Nina"))
        self.people = [world.person(f"P{number}").id for number in range(PEOPLE)]
        for chat in self.chats:
            every = dict.fromkeys(OF_TYPE[world.chats[chat].type], True)
            world.set_member(chat, self.olga, "creator")
            world.set_member(chat, self.adam, "administrator", rights=every)
            world.set_member(chat, stage.bot.id, "administrator")
        world.set_member(talk.id, self.nina, "administrator", is_anonymous=True)
        world.set_member(self.mine, self.people[-1], "creator")
        pairs = [(chat, person) for chat in self.channels for person in self.people]
        pairs = [pair for pair, is_in in zip(pairs, belongs, strict=True) if is_in]
        for chat, person in pairs + [(chat, person) for chat in self.groups for person in self.people]:
            world.join(chat, person)
        stage.bot.queue.clear()

    @property
    def chats(self) -> list[int]:
        """The channels, then the groups."""
        return [*self.channels, *self.groups]

    @property
    def everybody(self) -> list[int]:
        """All seven."""
        return [self.olga, self.adam, self.nina, *self.people]

    async def protect(self) -> None:
        """Olga puts the two gates up."""
        await self.stage.protect(self.groups[0], self.olga, "@news @daily")
        await self.stage.protect(self.groups[1], self.olga, "@daily @extra")

    def lacks(self, group: int, person: int) -> list[int]:
        """What the group requires, and somebody is not in, by the world's word."""
        live = self.stage.app.first.gate.gates.get(group)
        required = live.channels if live else ()
        return [id_ for id_ in required if not self.stage.world.member(id_, person).present]

    def cards(self, group: int) -> list[tuple[int, int]]:
        """The cards there: the public ones by message id, then those one person sees by ephemeral id."""
        chat = self.stage.world.chats[group]
        public = [(one.message_id, 0) for one in chat.messages.values() if one.markup]
        return public + [(0, id_) for id_, one in chat.ephemeral.items() if one.markup]


CHANNELS = ("News", "Daily", "Extra")
PEOPLE = 4
