"""The demo's world: a channel, its discussion group of sixty, and a bot that is administrator of both."""

from gatecrier_sandbox.world.model import Bot
from gatecrier_sandbox.world.world import World

TOKEN = "7000000001:DEMO-bot-of-the-sandbox-not-a-secret"  # noqa: S105 - known to everybody
MEMBERS = 60
OUTSIDERS = 12
"""Members of the group who are not in the channel."""
FIRST_NAMES = """
Ada Björn Chloé Darius Elif Fatima Goran Hana Igor João Keiko Liam Mei Noor Owen Priya Quentin Rosa Sven Tariq
Uma Viktor Wanda Xenia Yusuf Zoé Ánxo Bora Cem Dana
"""


def populate(world: World) -> Bot:
    """
    Make @daily_news, its group, an owner, an anonymous administrator and 58 ordinary members.

    A dozen of them are not in the channel, and ten have started the bot. The bot's token is `TOKEN`.
    """
    bot = world.bot("gatecrier_demo_bot", first_name="Gatecrier", token=TOKEN)
    channel = world.chat("channel", "Daily News", username="daily_news")
    title = "Daily News – readers"
    group = world.chat("supergroup", title, username="daily_readers", linked_chat_id=channel.id)
    owner = world.person("Olga", username="olga")
    for chat in (channel, group):
        world.set_member(chat.id, owner.id, "creator")
        world.set_member(chat.id, bot.id, "administrator")
    anonymous = world.person("Anton")
    world.join(group.id, anonymous.id)
    world.set_member(group.id, anonymous.id, "administrator", is_anonymous=True)
    _come(world, group.id, channel.id, bot.id)
    return bot


def _come(world: World, group_id: int, channel_id: int, bot_id: int) -> None:
    """The ordinary members."""
    names = FIRST_NAMES.split()
    for number in range(MEMBERS - 2):
        person = world.person(names[number % len(names)])
        world.join(group_id, person.id)
        if number >= OUTSIDERS:
            world.join(channel_id, person.id)
        if number % 6 == 0:
            world.start(person.id, bot_id)
