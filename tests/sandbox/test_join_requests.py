"""Asking to join, and the guard bot that is asked first: facts/gate.md §3, "Join requests"."""

from typing import Any

import pytest

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.model import Bot, Person
from sandbox.town import Town

REQUESTS = '["chat_join_request","chat_member","message"]'


async def asked(town: Town) -> tuple[Person, dict[str, Any]]:
    """Somebody asks to join the group by a link of the bot's; the update it gets."""
    link = await town.result("createChatInviteLink", chat_id=town.group.id, creates_join_request=True)
    await town.updates(allowed_updates=REQUESTS)
    guest = town.world.person("Gus")
    town.world.request_join(town.group.id, guest.id, bio="hello", link=link["invite_link"])
    (update,) = await town.updates()
    return guest, update["chat_join_request"]


async def test_a_request_reaches_administrators_who_may_invite() -> None:
    """It says who, by which link and with which bio; the link shows how many wait."""
    town = Town()
    guest, request = await asked(town)
    assert (request["from"]["id"], request["user_chat_id"]) == (guest.id, guest.id)
    assert (request["bio"], request["invite_link"]["pending_join_request_count"]) == ("hello", 1)
    assert "query_id" not in request


async def test_approval_lets_in_by_the_link() -> None:
    """The newcomer's own service message comes, and chat_member with the link, by the bot."""
    town = Town()
    guest, request = await asked(town)
    target = {"chat_id": town.group.id, "user_id": guest.id}
    await town.result("approveChatJoinRequest", **target)
    service, change = await town.updates()
    assert service["message"]["from"]["id"] == guest.id
    assert change["chat_member"]["from"]["id"] == town.bot.id
    assert change["chat_member"]["invite_link"]["invite_link"] == request["invite_link"]["invite_link"]
    assert await town.error("approveChatJoinRequest", **target) == (
        400,
        "Bad Request: USER_ALREADY_PARTICIPANT",
    )


async def test_a_direct_request_is_marked_when_approved() -> None:
    """Without a link chat_member says via_join_request; joining straight away was refused."""
    town = Town()
    await town.updates(allowed_updates=REQUESTS)
    guest = town.world.person("Gus")
    town.world.set_join_by_request(town.group.id)
    with pytest.raises(Refused, match="ask"):
        town.world.join(town.group.id, guest.id)
    town.world.request_join(town.group.id, guest.id)
    await town.updates()
    town.world.approve_join(town.group.id, guest.id, by=town.owner.id)
    change = (await town.updates())[-1]["chat_member"]
    assert (change["via_join_request"], change["from"]["id"]) == (True, town.owner.id)


async def test_who_does_not_ask_is_neither_let_in_nor_turned_away() -> None:
    """After a decline, a cancellation, or no request at all the requester is missing."""
    town = Town()
    guest, _ = await asked(town)
    target = {"chat_id": town.group.id, "user_id": guest.id}
    await town.result("declineChatJoinRequest", **target)
    for method in ("approveChatJoinRequest", "declineChatJoinRequest"):
        assert await town.error(method, **target) == (400, "Bad Request: HIDE_REQUESTER_MISSING")
    town.world.set_join_by_request(town.group.id)
    town.world.request_join(town.group.id, guest.id)
    with pytest.raises(Refused, match="asked already"):
        town.world.request_join(town.group.id, guest.id)
    town.world.cancel_request(town.group.id, guest.id)
    assert await town.error("approveChatJoinRequest", **target) == (
        400,
        "Bad Request: HIDE_REQUESTER_MISSING",
    )


async def test_a_ban_ends_the_wish_to_come_in() -> None:
    """Who is banned asks no longer: there is nothing left to approve, and the ban stands."""
    town = Town()
    guest, _ = await asked(town)
    target = {"chat_id": town.group.id, "user_id": guest.id}
    await town.result("banChatMember", **target)
    assert guest.id not in town.group.join_requests
    assert (await town.error("approveChatJoinRequest", **target))[0] == 400
    assert town.world.member(**target).status == "kicked"


async def test_without_the_right_nobody_is_let_in() -> None:
    """can_invite_users decides; private chats have no requests."""
    town = Town()
    guest, _ = await asked(town)
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    assert await town.error("approveChatJoinRequest", chat_id=town.group.id, user_id=guest.id) == (
        400,
        "Bad Request: not enough rights to manage chat join requests",
    )


async def test_a_bot_may_write_to_who_asks_for_five_minutes() -> None:
    """Until the request is dealt with or five minutes are over; then it may not begin."""
    town = Town()
    guest, _ = await asked(town)
    await town.result("sendMessage", chat_id=guest.id, text="why?")
    town.clock.advance(301)
    refusal = (403, "Forbidden: bot can't initiate conversation with a user")
    assert await town.error("sendMessage", chat_id=guest.id, text="why?") == refusal
    town.world.start(guest.id, town.bot.id)
    await town.result("sendMessage", chat_id=guest.id, text="welcome")


async def test_the_window_closes_with_the_request() -> None:
    """A decision ends the right to write to somebody who never started the bot."""
    town = Town()
    guest, _ = await asked(town)
    await town.result("sendMessage", chat_id=guest.id, text="why?")
    await town.result("declineChatJoinRequest", chat_id=town.group.id, user_id=guest.id)
    assert (await town.error("sendMessage", chat_id=guest.id, text="bye"))[0] == 403


async def test_one_bot_contacts_who_asks() -> None:
    """Once a bot has written to somebody who asked, the others no longer may."""
    town = Town()
    other = town.world.bot("other_bot")
    town.world.set_member(town.group.id, other.id, "administrator")
    guest, _ = await asked(town)
    assert guest.id in other.guests
    await town.result("sendMessage", chat_id=guest.id, text="why?")
    assert guest.id not in other.guests


async def guarded(town: Town) -> tuple[Person, dict[str, Any], Bot]:
    """The bot guards the group and is asked about somebody; another bot is administrator, too."""
    other = town.world.bot("other_bot")
    town.world.set_member(town.group.id, other.id, "administrator")
    town.bot.supports_join_request_queries = True
    town.group.guard_bot_id, town.group.join_by_request = town.bot.id, True
    await town.updates(allowed_updates=REQUESTS)
    other.queue.clear()
    guest = town.world.person("Gus")
    town.world.request_join(town.group.id, guest.id)
    (update,) = await town.result("getUpdates")
    town.bot.queue.seek(update["update_id"] + 1)
    return guest, update["chat_join_request"], other


async def test_the_guard_bot_is_asked_alone() -> None:
    """It gets a query_id, no other bot hears; its approval lets the person in."""
    town = Town()
    guest, request, other = await guarded(town)
    assert not other.queue.updates
    query = {"chat_join_request_query_id": request["query_id"]}
    await town.result("answerChatJoinRequestQuery", **query, result="approve")
    assert town.world.member(town.group.id, guest.id).present
    assert await town.error("answerChatJoinRequestQuery", **query, result="approve") == (
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    )


@pytest.mark.parametrize("is_late", [True, False])
async def test_an_unanswered_query_goes_to_the_administrators(is_late: bool) -> None:
    """After ten seconds, or when the guard says "queue", the other bots hear of the request."""
    town = Town()
    guest, request, other = await guarded(town)
    query = {"chat_join_request_query_id": request["query_id"]}
    if is_late:
        town.clock.advance(11)
    else:
        await town.result("answerChatJoinRequestQuery", **query, result="queue")
    assert len(other.queue.updates) == 1
    assert (await town.error("answerChatJoinRequestQuery", **query, result="decline"))[0] == 400
    await town.result("approveChatJoinRequest", chat_id=town.group.id, user_id=guest.id)


async def test_a_web_app_gives_the_guard_time() -> None:
    """After sendChatJoinRequestWebApp the answer may come later than ten seconds; only HTTPS opens."""
    town = Town()
    guest, request, other = await guarded(town)
    query = {"chat_join_request_query_id": request["query_id"]}
    refused = await town.error("sendChatJoinRequestWebApp", **query, web_app_url="http://a.com")
    assert refused == (
        400,
        "Bad Request: web App URL 'http://a.com' is invalid: Only HTTPS links are allowed",
    )
    await town.result("sendChatJoinRequestWebApp", **query, web_app_url="https://a.com/x")
    town.clock.advance(60)
    assert not other.queue.updates
    await town.result("answerChatJoinRequestQuery", **query, result="decline")
    assert not town.world.member(town.group.id, guest.id).present


async def test_an_answer_is_one_of_three() -> None:
    """Anything else is refused and changes nothing."""
    town = Town()
    guest, request, _ = await guarded(town)
    query = {"chat_join_request_query_id": request["query_id"]}
    assert (await town.error("answerChatJoinRequestQuery", **query, result="yes"))[0] == 400
    assert guest.id in town.group.join_requests


async def test_get_chat_names_the_guard() -> None:
    """Administrators see which bot decides."""
    town = Town()
    await guarded(town)
    assert (await town.result("getChat", chat_id=town.group.id))["guard_bot"]["id"] == town.bot.id
