"""Letting people in who asked, and the queries a guard bot answers."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.methods.members import user_id
from gatecrier_sandbox.entities.links import checked
from gatecrier_sandbox.errors import bad_request, forbidden
from gatecrier_sandbox.world import join_requests, membership, rights
from gatecrier_sandbox.world.model import Chat

RESULTS = frozenset({"approve", "decline", "queue"})


@method("approveChatJoinRequest")
def approve_chat_join_request(call: Call) -> bool:
    """Let somebody in who asked."""
    wanted = user_id(call)
    chat = _asked(call, wanted)
    if call.world.people[wanted].deactivated:
        raise forbidden("user is deactivated")
    join_requests.approve(call.world, chat, wanted, by=call.bot.id)
    return True


@method("declineChatJoinRequest")
def decline_chat_join_request(call: Call) -> bool:
    """Turn somebody away who asked."""
    wanted = user_id(call)
    join_requests.decline(call.world, _asked(call, wanted), wanted)
    return True


def _asked(call: Call, wanted: int) -> Chat:
    """The chat in which that person waits; `ApiError` 400 if they do not, or the bot may not decide."""
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat):
        raise bad_request("the chat can't have join requests")
    if not rights.holds(room, membership.current(call.world, room, call.bot.id), "can_invite_users"):
        raise bad_request("not enough rights to manage chat join requests")
    if wanted not in call.world.people:
        raise bad_request("USER_ID_INVALID")
    if membership.current(call.world, room, wanted).present:
        raise bad_request("USER_ALREADY_PARTICIPANT")
    if wanted not in room.join_requests:
        raise bad_request("HIDE_REQUESTER_MISSING")
    return room


@method("answerChatJoinRequestQuery")
def answer_chat_join_request_query(call: Call) -> bool:
    """Decide about somebody who asked, or leave it to the administrators."""
    result = call.text("result")
    if result not in RESULTS:
        raise bad_request("invalid result specified")
    join_requests.answer(call.world, call.bot, call.text("chat_join_request_query_id"), result)
    return True


@method("sendChatJoinRequestWebApp", missing=("Mini Apps are not opened; the address is kept",))
def send_chat_join_request_web_app(call: Call) -> bool:
    """Show a Mini App to somebody who asked; from now on the answer may take its time."""
    address = call.text("web_app_url")
    try:
        url = checked(address, https_only=True)
    except ValueError as error:
        raise bad_request(f"Web App URL '{address}' is invalid: {error}") from None
    _, request = join_requests.query(call.world, call.bot, call.text("chat_join_request_query_id"))
    if request.web_app_url:
        raise bad_request("QUERY_ID_INVALID")
    request.web_app_url = url
    return True
