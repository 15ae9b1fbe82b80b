"""The world of the demo: a channel, its discussion group of sixty, and a bot that is admin of both."""

from dataclasses import dataclass

from gatecrier_sandbox import Sandbox

MEMBERS = 60
OUTSIDERS = 12  # members of the group who are not in the channel
FIRST_NAMES = (
    "Ada", "Björn", "Chloé", "Darius", "Elif", "Fatima", "Goran", "Hana", "Igor", "João", "Keiko", "Liam",
    "Mei", "Noor", "Owen", "Priya", "Quentin", "Rosa", "Sven", "Tariq", "Uma", "Viktor", "Wanda", "Xenia",
    "Yusuf", "Zoé", "Ánxo", "Bora", "Cem", "Dana",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """Ids of everybody who plays."""

    token: str
    bot_id: int
    channel_id: int
    group_id: int
    owner_id: int
    anonymous_id: int
    #: Ordinary members who are in the channel.
    insiders: tuple[int, ...]
    #: Ordinary members who are not: the gate has to hold them.
    outsiders: tuple[int, ...]

    @property
    def ordinary(self) -> tuple[int, ...]:
        """Members who are not admins."""
        return self.insiders + self.outsiders


def set_up(sandbox: Sandbox) -> Scene:
    """Make the channel @daily_news, its discussion group, sixty members and the bot."""
    world = sandbox.world
    bot = world.bot("gatecrier_demo_bot", first_name="Gatecrier")
    channel = world.chat("channel", "Daily News", username="daily_news")
    group = world.chat(
        "supergroup", "Daily News – readers", username="daily_readers", linked_chat_id=channel.id
    )
    owner = world.person("Olga", username="olga")
    for chat in (channel, group):
        world.set_member(chat.id, owner.id, "creator")
        world.set_member(chat.id, bot.id, "administrator")
    anonymous = world.person("Anton")
    world.join(group.id, anonymous.id)
    world.set_member(group.id, anonymous.id, "administrator", is_anonymous=True)
    people = [world.person(FIRST_NAMES[number % len(FIRST_NAMES)]) for number in range(MEMBERS - 2)]
    for number, person in enumerate(people):
        world.join(group.id, person.id)
        if number >= OUTSIDERS:
            world.join(channel.id, person.id)
    ids = tuple(person.id for person in people)
    return Scene(
        token=bot.token,
        bot_id=bot.id,
        channel_id=channel.id,
        group_id=group.id,
        owner_id=owner.id,
        anonymous_id=anonymous.id,
        insiders=ids[OUTSIDERS:],
        outsiders=ids[:OUTSIDERS],
    )
