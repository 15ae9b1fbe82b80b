"""Polls: sent, voted in, closed; facts/botapi.md §4, §5."""

import pytest

from gatecrier_sandbox.errors import Refused
from sandbox.town import Town

HEARD = '["message","channel_post","poll","poll_answer"]'
TEA = {"question": "Tea?", "options": ["yes", {"text": "no"}]}


async def make_town() -> Town:
    """A town whose bot hears of polls."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    await town.updates(allowed_updates=HEARD)
    return town


REFUSED = [
    ({"question": ""}, "text must be non-empty"),
    ({"question": "q" * 301}, "poll question length must not exceed 300"),
    ({"options": None}, "expected an Array of InputPollOption"),
    ({"options": []}, "poll must have at least one answer option"),
    ({"options": ["a"] * 13}, "poll can't have more than 12 options"),
    ({"options": ["a", ""]}, "poll options must be non-empty"),
    ({"options": ["a", "b" * 101]}, "poll options length must not exceed 100"),
    ({"options": ["a", 5]}, "expected an option to be of type String"),
    ({"options": [{"txt": "a"}]}, "can't parse InputPollOption: Can't find field \"text\""),
    ({"options": "{"}, "can't parse options JSON object"),
    ({"type": "riddle"}, "unsupported poll type specified"),
    ({"type": "quiz"}, "correct quiz option list must be non-empty"),
    ({"type": "quiz", "correct_option_ids": [2]}, "wrong quiz correct_option_id"),
    ({"type": "quiz", "correct_option_ids": [1, 0]}, "correct quiz option list must be increasing"),
    (
        {"type": "quiz", "correct_option_ids": [0], "explanation": "\n".join("abcd")},
        "message caption is too long",
    ),
    ({"open_period": 4}, "wrong poll data specified"),
    ({"close_date": 1}, "wrong poll data specified"),
    ({"chat_id": "@news", "is_anonymous": False}, "non-anonymous polls can't be sent to channel chats"),
]


@pytest.mark.parametrize(("given", "text"), REFUSED)
async def test_a_poll_that_makes_no_sense_is_refused(given: dict[str, object], text: str) -> None:
    """Each mistake has its own text, and nothing is sent."""
    town = await make_town()
    wish = {"chat_id": town.group.id, **TEA} | given
    count = len(town.group.messages)
    assert await town.error("sendPoll", **wish) == (400, f"Bad Request: {text}")
    assert (len(town.group.messages), town.world.polls) == (count, {})


async def test_a_poll_has_the_usual_settings_unless_others_are_asked_for() -> None:
    """Anonymous, one answer, second thoughts allowed; options have lasting ids."""
    town = await make_town()
    poll = (await town.result("sendPoll", chat_id=town.group.id, **TEA, description="*why*"))["poll"]
    flags = [
        poll[name] for name in ("is_anonymous", "allows_multiple_answers", "allows_revoting", "is_closed")
    ]
    assert (flags, poll["type"], poll["description"]) == ([True, False, True, False], "regular", "*why*")
    assert [option["text"] for option in poll["options"]] == ["yes", "no"]
    assert len({option["persistent_id"] for option in poll["options"]}) == 2


async def test_votes_are_counted_and_told_to_the_bot_that_asked() -> None:
    """A vote that is not anonymous names the voter; taking it back names no option."""
    town = await make_town()
    sent = await town.result("sendPoll", chat_id=town.group.id, **TEA, is_anonymous=False)
    place = (town.reader.id, town.group.id, sent["message_id"])
    town.world.vote(*place, [1])
    town.world.vote(*place, [1])
    town.world.vote(*place, [])
    first, counted, back, empty = await town.updates()
    assert first["poll_answer"]["user"]["id"] == town.reader.id
    assert first["poll_answer"]["option_ids"] == [1]
    assert first["poll_answer"]["option_persistent_ids"] == [sent["poll"]["options"][1]["persistent_id"]]
    assert [option["voter_count"] for option in counted["poll"]["options"]] == [0, 1]
    assert back["poll_answer"]["option_ids"] == []
    assert empty["poll"]["total_voter_count"] == 0


async def test_anonymous_votes_and_votes_of_hidden_administrators_name_no_person() -> None:
    """An anonymous poll tells only its numbers; an anonymous administrator votes as the group."""
    town = await make_town()
    sent = await town.result("sendPoll", chat_id=town.group.id, **TEA)
    town.world.vote(town.reader.id, town.group.id, sent["message_id"], [0])
    assert [list(update)[1] for update in await town.updates()] == ["poll"]
    open_poll = await town.result("sendPoll", chat_id=town.group.id, **TEA, is_anonymous=False)
    town.world.set_member(town.group.id, town.owner.id, "creator", is_anonymous=True)
    town.world.vote(town.owner.id, town.group.id, open_poll["message_id"], [0])
    answer = (await town.updates())[0]["poll_answer"]
    assert (answer["voter_chat"]["id"], answer["user"]["id"]) == (town.group.id, 136817688)


async def test_who_may_not_vote_so_is_refused() -> None:
    """Strangers, unknown options, two options of one, second thoughts in a quiz, and after the end."""
    town = await make_town()
    quiz = await town.result(
        "sendPoll", chat_id=town.group.id, **TEA, type="quiz", correct_option_ids=[0], allows_revoting=False
    )
    place = (town.reader.id, town.group.id, quiz["message_id"])
    for person, options in (
        (town.world.person("Sven").id, [0]),
        (town.reader.id, [2]),
        (town.reader.id, [0, 1]),
    ):
        with pytest.raises(Refused):
            town.world.vote(person, *place[1:], options)
    town.world.vote(*place, [1])
    with pytest.raises(Refused, match="another vote"):
        town.world.vote(*place, [0])
    await town.result("stopPoll", chat_id=town.group.id, message_id=quiz["message_id"])
    with pytest.raises(Refused, match="closed"):
        town.world.vote(*place, [])


async def test_a_poll_is_stopped_once_by_the_bot_that_sent_it() -> None:
    """The last numbers come back and as an update; again, elsewhere, or another's is refused."""
    town = await make_town()
    sent = await town.result("sendPoll", chat_id=town.group.id, **TEA)
    place = {"chat_id": town.group.id, "message_id": sent["message_id"]}
    said = town.world.say(town.group.id, town.reader.id, "no poll")
    forward = await town.result(
        "forwardMessage",
        chat_id=town.reader.id,
        from_chat_id=town.group.id,
        message_id=sent["message_id"],
    )
    await town.updates()
    for where, text in (
        (place | {"message_id": 999}, "message with poll to stop not found"),
        (place | {"message_id": said.message_id}, "message is not a poll"),
        ({"chat_id": town.reader.id, "message_id": forward["message_id"]}, "poll can't be stopped"),
    ):
        assert await town.error("stopPoll", **where) == (400, f"Bad Request: {text}")
    assert (await town.result("stopPoll", **place))["is_closed"]
    assert (await town.updates())[0]["poll"]["is_closed"]
    assert await town.error("stopPoll", **place) == (400, "Bad Request: poll has already been closed")


async def test_the_clock_closes_a_poll() -> None:
    """After open_period, or at close_date, nobody votes and the bot hears the last state."""
    town = await make_town()
    sent = await town.result("sendPoll", chat_id=town.group.id, **TEA, open_period=60)
    assert sent["poll"]["close_date"] == sent["date"] + 60
    town.clock.advance(60)
    assert (await town.updates())[0]["poll"]["is_closed"]
    with pytest.raises(Refused, match="closed"):
        town.world.vote(town.reader.id, town.group.id, sent["message_id"], [0])


async def test_a_forwarded_poll_is_the_same_and_a_copied_one_is_new() -> None:
    """Votes count in the poll and its forwards; a copy begins without votes."""
    town = await make_town()
    sent = await town.result("sendPoll", chat_id=town.group.id, **TEA)
    source = {"chat_id": town.reader.id, "from_chat_id": town.group.id, "message_id": sent["message_id"]}
    forward = await town.result("forwardMessage", **source)
    copy = await town.result("copyMessage", **source)
    town.world.vote(town.reader.id, town.bot.id, forward["message_id"], [0])
    room = town.bot.dialogs[town.reader.id]
    assert forward["poll"]["id"] == sent["poll"]["id"]
    assert len(town.world.polls[sent["poll"]["id"]].votes) == 1
    assert not town.world.polls[room.messages[copy["message_id"]].poll_id].votes


async def test_an_open_quiz_keeps_its_answer_from_other_bots() -> None:
    """Who asked sees it, a second bot in the channel does not, nor can it copy; closed, everybody sees it."""
    town = await make_town()
    other = town.world.bot("other_bot")
    town.world.set_member(town.channel.id, other.id, "administrator")
    other.queue.clear()
    sent = await town.result(
        "sendPoll", chat_id="@news", **TEA, type="quiz", correct_option_ids=[1], explanation="so"
    )
    assert (sent["poll"]["correct_option_ids"], sent["poll"]["explanation"]) == ([1], "so")
    assert b"correct_option_ids" not in other.queue.updates[0].body
    place = {"chat_id": "@news", "from_chat_id": "@news", "message_id": str(sent["message_id"])}
    answer = await town.api.answer(other.token, "copyMessage", town.params(place))
    assert b"the message can't be copied" in answer.body
    await town.result("stopPoll", chat_id="@news", message_id=sent["message_id"])
    assert (await town.api.answer(other.token, "copyMessage", town.params(place))).status == 200


async def test_members_add_options_where_the_poll_allows_it() -> None:
    """The new option says who added it, and the group hears of it."""
    town = await make_town()
    sent = await town.result(
        "sendPoll", chat_id=town.group.id, **TEA, is_anonymous=False, allow_adding_options=True
    )
    town.world.add_poll_option(town.reader.id, town.group.id, sent["message_id"], "coffee")
    service, state = await town.updates()
    assert service["message"]["poll_option_added"]["option_text"] == "coffee"
    assert state["poll"]["options"][2]["added_by_user"]["id"] == town.reader.id
    closed = await town.result("sendPoll", chat_id=town.group.id, **TEA)
    with pytest.raises(Refused):
        town.world.add_poll_option(town.reader.id, town.group.id, closed["message_id"], "x")


async def test_polls_need_their_own_permission() -> None:
    """A bot that is a plain member sends polls only where members may."""
    town = await make_town()
    town.group.permissions -= {"can_send_polls"}
    town.world.set_member(town.group.id, town.bot.id, "member")
    assert await town.error("sendPoll", chat_id=town.group.id, **TEA) == (
        400,
        "Bad Request: not enough rights to send polls to the chat",
    )
