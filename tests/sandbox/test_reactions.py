"""Reactions of people and bots."""

import pytest

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.reactions import EMOJI
from sandbox.town import Town

HEARD = '["message_reaction","message_reaction_count"]'
LOVE: dict[str, object] = {"type": "emoji", "emoji": "❤"}
FIRE: dict[str, object] = {"type": "emoji", "emoji": "🔥"}


async def make_town() -> tuple[Town, dict[str, int]]:
    """A town whose bot hears of reactions, and a message of the reader in the group."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    said = town.world.say(town.group.id, town.reader.id, "x")
    await town.updates(allowed_updates=HEARD)
    return town, {"chat_id": town.group.id, "message_id": said.message_id}


def at(place: dict[str, int]) -> tuple[int, int]:
    """The chat and the message a person means."""
    return place["chat_id"], place["message_id"]


def test_the_documented_emoji_are_known() -> None:
    """73 of them, each written without the variation selector."""
    assert len(EMOJI) == 73
    assert not any("\ufe0f" in emoji for emoji in EMOJI)


async def test_a_bot_gives_one_reaction_and_hears_nothing_of_it() -> None:
    """It is kept, changed and taken back; the same again is well."""
    town, place = await make_town()
    message = town.group.messages[place["message_id"]]
    for wish, kept in (
        ([LOVE], [town.bot.id]),
        ([{"type": "emoji", "emoji": "❤️"}], [town.bot.id]),
        ([], None),
    ):
        assert await town.result("setMessageReaction", **place, reaction=wish)
        assert (next(iter(message.reactions.values())) if message.reactions else None) == kept
    assert not await town.updates()


REFUSED = [
    ([LOVE, FIRE], "REACTIONS_TOO_MANY"),
    ([{"type": "emoji", "emoji": "🐟"}], "REACTION_INVALID"),
    ([{"type": "paid"}], "REACTION_INVALID"),
    ([{"type": "custom_emoji", "custom_emoji_id": "5"}], "REACTION_INVALID"),
    (
        [{"type": "custom_emoji", "custom_emoji_id": "x"}],
        'can\'t parse ReactionType: Field "custom_emoji_id" must be a valid Number',
    ),
    ([{"type": "smile"}], "can't parse ReactionType: invalid reaction type specified"),
    ([{}], "can't parse ReactionType: Can't find field \"type\""),
    ([5], "can't parse ReactionType: expected an Object"),
    (LOVE, "expected an Array of ReactionType"),
    ("[", "can't parse reaction types JSON object"),
]


@pytest.mark.parametrize(("reaction", "text"), REFUSED)
async def test_a_bot_reacts_only_with_what_there_is(reaction: object, text: str) -> None:
    """One emoji of the list; a custom one only where the chat allows it."""
    town, place = await make_town()
    assert await town.error("setMessageReaction", **place, reaction=reaction) == (400, f"Bad Request: {text}")
    assert await town.error("setMessageReaction", chat_id=town.group.id, message_id=999) == (
        400,
        "Bad Request: message to react not found",
    )


async def test_a_chat_says_which_reactions_it_takes() -> None:
    """Neither bots nor people give others, except what stands there already."""
    town, place = await make_town()
    town.group.available_reactions = [FIRE]
    assert (await town.error("setMessageReaction", **place, reaction=[LOVE]))[1].endswith("REACTION_INVALID")
    with pytest.raises(Refused, match="not available"):
        town.world.react(town.reader.id, *at(place), "❤")
    town.group.messages[place["message_id"]].reactions = {'{"type":"emoji","emoji":"❤"}': [1]}
    town.world.react(town.reader.id, *at(place), "❤")


async def test_administrators_hear_who_changed_what() -> None:
    """Old and new reactions; an anonymous administrator is the chat; a plain member hears nothing."""
    town, place = await make_town()
    town.world.react(town.reader.id, *at(place), "❤")
    town.world.react(town.reader.id, *at(place), "🔥")
    town.world.react(town.reader.id, *at(place), "🔥")
    first, second = (update["message_reaction"] for update in await town.updates())
    assert (first["user"]["id"], first["old_reaction"], first["new_reaction"]) == (town.reader.id, [], [LOVE])
    assert (second["old_reaction"], second["new_reaction"]) == ([LOVE], [FIRE])
    town.world.set_member(town.group.id, town.owner.id, "creator", is_anonymous=True)
    town.world.react(town.owner.id, *at(place), "👍")
    hidden = (await town.updates())[0]["message_reaction"]
    assert (hidden["actor_chat"]["id"], "user" in hidden) == (town.group.id, False)
    town.world.set_member(town.group.id, town.bot.id, "member")
    town.world.react(town.reader.id, *at(place))
    assert not await town.updates()


async def test_a_channels_reactions_are_counted_a_little_later() -> None:
    """Changes of five seconds come as one update with the numbers."""
    town, _ = await make_town()
    post = await town.result("sendMessage", chat_id="@news", text="x")
    for number in range(3):
        person = town.world.person(f"P{number}")
        town.world.join(town.channel.id, person.id)
        town.world.react(person.id, town.channel.id, post["message_id"], "❤" if number else "🔥")
    assert not town.bot.queue.updates
    (update,) = await town.updates()
    counts = update["message_reaction_count"]["reactions"]
    assert [(count["type"]["emoji"], count["total_count"]) for count in counts] == [("❤", 2), ("🔥", 1)]


async def test_who_may_not_react_is_refused() -> None:
    """Strangers, the silenced, and more reactions than one without Premium."""
    town, place = await make_town()
    with pytest.raises(Refused, match="not a member"):
        town.world.react(town.world.person("Sven").id, *at(place), "❤")
    with pytest.raises(Refused, match="too many"):
        town.world.react(town.reader.id, *at(place), "❤", "🔥")
    town.group.permissions -= {"can_react_to_messages"}
    with pytest.raises(Refused, match="restricted"):
        town.world.react(town.reader.id, *at(place), "❤")


async def test_an_albums_reactions_stand_under_its_first_message() -> None:
    """Whichever part of it was meant."""
    town, _ = await make_town()
    first, second = (
        town.world.say(town.group.id, town.reader.id, "pic", media_group_id="9") for _ in range(2)
    )
    await town.result(
        "setMessageReaction", chat_id=town.group.id, message_id=second.message_id, reaction=[LOVE]
    )
    assert first.reactions
    assert second.reactions is None


async def test_moderators_take_reactions_away() -> None:
    """From one message or from all; it needs can_delete_messages, a group, and somebody who reacted."""
    town, place = await make_town()
    town.world.react(town.reader.id, *at(place), "❤")
    reader = {"user_id": town.reader.id}
    for given, text in (
        ({}, "invalid user_id specified"),
        ({"user_id": 77}, "reaction sender not found"),
        ({"user_id": town.owner.id}, "reaction not found"),
    ):
        assert await town.error("deleteMessageReaction", **place, **given) == (400, f"Bad Request: {text}")
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={"can_pin_messages": True})
    assert (await town.error("deleteMessageReaction", **place, **reader))[1].endswith("CHAT_ADMIN_REQUIRED")
    town.world.set_member(town.group.id, town.bot.id, "administrator")
    assert await town.result("deleteMessageReaction", **place, **reader)
    town.world.react(town.reader.id, *at(place), "❤")
    assert await town.result("deleteAllMessageReactions", chat_id=town.group.id, **reader)
    assert town.group.messages[place["message_id"]].reactions is None
