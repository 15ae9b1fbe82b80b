"""
What Telegram's refusals mean: two tables, in the order of matching, and one function.

`code` is stable and means one thing everywhere; the class says what the caller does next. Some
texts mean different things to a send and to anything else: "bot was kicked" ends a delivery
(PeerGone), but tells a gate that it lost its footing (Misconfigured: suspend, tell the admins).

Some texts quote what an operator wrote, which may read like another error. They are known by how
they begin; so is whatever ends in PeerGone, for no quotation, known or not, may suppress anybody.

A 403 that nobody has seen becomes PeerGone "cannot_write_to_person" on a send: treat it softly,
it was seen to pass by itself; only "blocked" and "deactivated" may suppress for good.
Source: tdlib/telegram-bot-api and tdlib/td, Client.cpp; facts/botapi.md §2-§5, facts/broadcasting.md §3.2.
"""

import re
from typing import NamedTuple

import msgspec

from gatecrier.kernel.errors import (
    BadContent,
    GatecrierError,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    PeerGone,
    Refused,
    TryLater,
)
from gatecrier.telegram.methods import Kind, is_replaceable, kind_of
from gatecrier.telegram.peers import ChatId, is_private


class Parameters(msgspec.Struct, frozen=True, gc=False):
    """What an error tells besides its text (Bot API ResponseParameters); `retry_after` in seconds."""

    migrate_to_chat_id: int | None = None
    retry_after: float | None = None


class Meaning(NamedTuple):
    """
    A row: a text that begins with `needle`, or holds it (lower case, without prefix), means `code`.

    Args:
        error: The class for sends and edits, and for everything else unless `otherwise` is given.
    """

    needle: str
    code: str
    error: type[GatecrierError]
    otherwise: type[GatecrierError] | None = None


BEGINNINGS: tuple[Meaning, ...] = (
    # What quotes the content: markup, buttons, albums, addresses
    Meaning("can't parse entities", "bad_markup", BadContent),
    Meaning("can't parse messageentity", "bad_markup", BadContent),
    Meaning("can't parse inline keyboard", "bad_buttons", BadContent),
    Meaning("can't parse keyboard button", "bad_buttons", BadContent),
    Meaning("can't parse reply keyboard", "bad_buttons", BadContent),
    Meaning("inline keyboard", "bad_buttons", BadContent),
    Meaning("can't parse link preview options", "bad_link_preview", BadContent),
    Meaning("can't parse media", "bad_album", BadContent),
    Meaning("can't parse inputmedia", "bad_album", BadContent),
    Meaning("can't parse", "bad_request", Refused),
    Meaning("bad webhook", "bad_webhook", Misconfigured),
    # The person
    Meaning("bot was blocked by the user", "blocked", PeerGone),
    Meaning("user_is_blocked", "blocked", PeerGone),
    Meaning("user is deactivated", "deactivated", PeerGone),
    Meaning("input_user_deactivated", "deactivated", PeerGone),
    Meaning("bot can't initiate conversation with a user", "needs_start", PeerGone),
    Meaning("the bot can't send messages to the bot", "peer_is_bot", PeerGone),
    Meaning("bot can't send messages to the user", "cannot_write_to_person", PeerGone, Refused),
    # The chat
    Meaning("group chat was upgraded to a supergroup chat", "migrated", PeerGone),
    Meaning("bot was kicked from the", "kicked", PeerGone, Misconfigured),
    Meaning("bot is not a member of the", "not_member", PeerGone, Misconfigured),
    Meaning("the group chat was deleted", "group_deleted", PeerGone, Misconfigured),
    Meaning("chat not found", "chat_not_found", PeerGone, Misconfigured),
    Meaning("private chat not found", "chat_not_found", PeerGone, Misconfigured),
)
"""Matched first, and by their beginning: texts that quote, then those that tell whom we cannot reach."""

MEANINGS: tuple[Meaning, ...] = (
    # The chat
    Meaning("method is available only for supergroups", "not_a_supergroup", Misconfigured),
    Meaning("method is available for supergroup and channel chats only", "not_a_supergroup", Misconfigured),
    Meaning("in private chats", "is_private_chat", Refused),
    Meaning("in the private chat", "is_private_chat", Refused),
    Meaning("to a private chat", "is_private_chat", Refused),
    Meaning("message thread not found", "topic_gone", Refused),
    Meaning("topic_deleted", "topic_gone", Refused),
    Meaning("topic_closed", "topic_closed", Refused),
    Meaning("the chat is not a forum", "not_a_forum", Refused),
    # The bot itself, and its rights
    Meaning("member list is inaccessible", "member_list_inaccessible", Misconfigured),
    Meaning("not enough rights", "no_rights", Misconfigured),
    Meaning("have no rights to send", "no_rights", Misconfigured),
    Meaning("need administrator rights in the channel chat", "no_rights", Misconfigured),
    Meaning("chat_admin_required", "no_rights", Misconfigured),
    Meaning("chat_write_forbidden", "no_rights", Misconfigured),
    Meaning("chat_restricted", "no_rights", Misconfigured),
    Meaning("chat_send_", "no_rights", Misconfigured),  # CHAT_SEND_PHOTOS_FORBIDDEN and its like
    Meaning("right_forbidden", "no_rights", Misconfigured),
    Meaning("only the owner can edit their custom title", "no_rights", Misconfigured),
    Meaning("webhook is active", "webhook_active", Misconfigured),
    Meaning("terminated by setwebhook", "webhook_active", Misconfigured),
    Meaning("terminated by other getupdates", "other_poller", Misconfigured),
    Meaning("frozen_method_invalid", "frozen", Misconfigured),
    Meaning("balance_too_low", "no_stars", Misconfigured),
    Meaning("logged out", "logged_out", Misconfigured),
    # Whom an act is about
    Meaning("user is an administrator of the chat", "member_is_admin", Refused),
    Meaning("user_admin_invalid", "member_is_admin", Refused),
    Meaning("can't remove chat owner", "member_is_admin", Refused),
    Meaning("user is not an administrator", "member_is_no_admin", Refused),
    Meaning("can't restrict self", "is_self", Refused),
    Meaning("can't unrestrict self", "is_self", Refused),
    Meaning("can't promote self", "is_self", Refused),
    Meaning("member not found", "unknown_person", NotFound),
    Meaning("user not found", "unknown_person", NotFound),
    Meaning("participant_id_invalid", "unknown_person", NotFound),
    Meaning("user_id_invalid", "unknown_person", NotFound),
    Meaning("invalid user_id specified", "unknown_person", NotFound),
    Meaning("user_not_participant", "not_participant", NotFound),
    Meaning("user_already_participant", "already_member", Refused),
    Meaning("hide_requester_missing", "no_join_request", NotFound),
    Meaning("channels_too_much", "too_many_chats", Refused),  # they are in as many as Telegram allows
    Meaning("can't have join requests", "no_join_request", NotFound),
    Meaning("reaction sender not found", "unknown_person", NotFound),
    Meaning("method is available only in groups", "not_a_group", Misconfigured),
    Meaning("invite_hash_expired", "bad_invite_link", Refused),
    Meaning("expire_date_invalid", "bad_invite_link", Refused),
    Meaning("invite link must be non-empty", "bad_invite_link", Refused),
    Meaning("member limit can't be specified", "bad_invite_link", Refused),
    # The press, and the message an act is about
    Meaning("query is too old", "press_too_old", Refused),
    Meaning("query_id_invalid", "press_too_old", Refused),
    Meaning("not modified", "not_modified", Refused),
    Meaning("not_modified", "not_modified", Refused),
    Meaning("message to copy not found", "source_gone", BadContent),
    Meaning("message to forward not found", "source_gone", BadContent),
    Meaning("can't be copied", "cannot_copy", BadContent),
    Meaning("can't be forwarded", "cannot_copy", BadContent),
    Meaning("chat_forwards_restricted", "cannot_copy", BadContent),
    Meaning("message to be replied not found", "reply_target_gone", Refused),
    Meaning("message to edit not found", "message_gone", NotFound),
    Meaning("message to delete not found", "message_gone", NotFound),
    Meaning("message to pin not found", "message_gone", NotFound),
    Meaning("message with poll to stop not found", "message_gone", NotFound),
    Meaning("message_id_invalid", "message_gone", NotFound),
    Meaning("message can't be edited", "cannot_edit", Refused),
    Meaning("there is no text in the message to edit", "cannot_edit", Refused),
    Meaning("message can't be deleted", "cannot_delete", Refused),
    Meaning("message_delete_forbidden", "cannot_delete", Refused),
    Meaning("poll has already been closed", "poll_closed", Refused),
    # Buttons
    Meaning("inline_keyboard", "bad_buttons", BadContent),
    Meaning('field "keyboard"', "bad_buttons", BadContent),
    Meaning("reply markup", "bad_buttons", BadContent),
    Meaning("reply_markup", "bad_buttons", BadContent),
    Meaning("button_", "bad_buttons", BadContent),
    # Text
    Meaning("message is too long", "too_long", BadContent),
    Meaning("message_too_long", "too_long", BadContent),
    Meaning("caption is too long", "too_long", BadContent),
    Meaning("media_caption_too_long", "too_long", BadContent),
    Meaning("text is too long", "too_long", BadContent),
    Meaning("entities too long", "too_long", BadContent),
    Meaning("entities_too_long", "too_long", BadContent),
    Meaning("message text is empty", "empty_text", BadContent),
    Meaning("text must be non-empty", "empty_text", BadContent),
    Meaning("unsupported parse_mode", "bad_markup", BadContent),
    Meaning("strings must be encoded in utf-8", "bad_encoding", BadContent),
    Meaning("wrong poll data specified", "bad_poll", BadContent),
    # Files and albums; URLs first, "media_empty" is part of one of theirs
    Meaning("wrong http url specified", "bad_url", BadContent),
    Meaning("external_url_invalid", "bad_url", BadContent),
    Meaning("wc_convert_url_invalid", "bad_url", BadContent),
    Meaning("failed to get http url content", "bad_url", BadContent),
    Meaning("wrong type of the web page content", "bad_url", BadContent),
    Meaning("webpage_curl_failed", "bad_url", BadContent),
    Meaning("webpage_media_empty", "bad_url", BadContent),
    Meaning("wrong file identifier", "bad_file", BadContent),
    Meaning("wrong file_id", "bad_file", BadContent),
    Meaning("wrong remote file identifier", "bad_file", BadContent),
    Meaning("invalid file_id", "bad_file", BadContent),
    Meaning("file_id not specified", "bad_file", BadContent),
    Meaning("file is too big", "bad_file", BadContent),
    Meaning(
        "in the request", "bad_file", BadContent
    ),  # there is no photo (video, document ...) in the request
    Meaning("photo_invalid_dimensions", "bad_file", BadContent),
    Meaning("image_process_failed", "bad_file", BadContent),
    Meaning("photo must be uploaded as an inputfile", "bad_file", BadContent),
    Meaning("media_empty", "bad_file", BadContent),
    Meaning("can't use the media of the specified type in the album", "bad_album", BadContent),
    Meaning("media_grouped_invalid", "bad_album", BadContent),
    Meaning("there are no messages to send", "bad_album", BadContent),
    Meaning("too many messages to send as an album", "bad_album", BadContent),
    Meaning("can't be mixed with other media types", "bad_album", BadContent),
    Meaning('parameter "media" is required', "bad_album", BadContent),
    # Chat settings and titles
    Meaning("title must be non-empty", "bad_title", Refused),
    Meaning("name must be non-empty", "bad_title", Refused),
    Meaning("custom_title_", "bad_title", Refused),
    Meaning("tag_", "bad_title", Refused),
    Meaning("rank_", "bad_title", Refused),
    # The webhook's address
    Meaning("invalid webhook url specified", "bad_webhook", Misconfigured),
    Meaning("secret token", "bad_webhook", Misconfigured),
    # Our own mistakes: a parameter no server understands
    Meaning("is empty", "bad_request", Refused),
    Meaning("invalid result specified", "bad_request", Refused),
    Meaning("not specified", "bad_request", Refused),
    Meaning("too many message identifiers", "bad_request", Refused),
    Meaning("wrong parameter", "bad_request", Refused),
)
"""Matched by a part."""

_QUOTED_ERROR = re.compile(r'failed to send message #\d+ with the error message "(.*)"', re.DOTALL)
_BAD_ALBUM = Meaning("", "bad_album", BadContent)

_OF_A_CHAT = frozenset({"kicked", "not_member", "group_deleted", "migrated"})
"""Codes that are about a group or channel: of a copy for a person, about the one it is taken from."""

_ELSEWHERE: dict[tuple[str, str], tuple[str, type[GatecrierError]]] = {
    # Here nobody is messaged: the name that somebody typed leads nowhere.
    ("getchat", "chat_not_found"): ("chat_not_found", NotFound),
    # A group that hides its members shows them to admins only.
    ("getchatmember", "no_rights"): ("member_list_inaccessible", Misconfigured),
}
"""(method, code of the table) -> what it means for this method."""

_BY_STATUS: dict[int, tuple[str, type[GatecrierError]]] = {
    401: ("unauthorized", Misconfigured),
    404: ("unknown_method", Misconfigured),
    413: ("too_large", BadContent),
}
"""Of these the status alone tells all: they come from the HTTP layer, before any method."""

REMEDIES = {
    "unauthorized": "Ask @BotFather for the bot's token and put it into GATECRIER_BOT_TOKEN.",
    "unknown_method": "Check GATECRIER_TELEGRAM_API_URL and the Bot API server's version.",
    "webhook_active": "Delete the bot's webhook, or set GATECRIER_PUBLIC_URL to use one.",
    "other_poller": "Stop the other program that runs this bot: one token, one poller.",
    "frozen": "Telegram froze this bot: write to @SpamBot or @BotSupport.",
    "no_stars": "Top up the bot's Stars, or send without.",
    "no_rights": "Make the bot an administrator with the right it lacks.",
    "member_list_inaccessible": "Make the bot an administrator there.",
    "kicked": "Add the bot again.",
    "not_member": "Add the bot.",
    "source_lost": "Add the bot to the chat that the message is copied from, or choose another message.",
    "not_a_supergroup": "Turn the group into a supergroup: any change of its permissions does.",
}

_PREFIXES = ("Bad Request: ", "Forbidden: ", "Conflict: ", "Unauthorized: ", "Internal Server Error: ")
_LONGEST_TEXT = 300


def translate(
    method: str,
    status: int,
    description: str,
    parameters: Parameters | None = None,
    *,
    chat: ChatId | None = None,
) -> GatecrierError:
    """
    The error that an answer of Telegram means.

    Args:
        status: `error_code`, or the HTTP status where there is none.
        description: As sent; "" when there is none.
        chat: Whom the call was about.
    """
    parameters = parameters or Parameters()
    whole = _without_prefix(description)
    text = whole[:_LONGEST_TEXT] or f"Telegram answered {status}"
    if status == 429:
        return TryLater(text, retry_after=max(parameters.retry_after or 1.0, 0.1), code="rate_limited")
    if status >= 500:
        return in_doubt(method, text, code="server_error")
    code, error = _meaning(method, status, whole.lower(), chat)
    if error is PeerGone:
        return PeerGone(text, code=code, migrate_to=parameters.migrate_to_chat_id)
    return error(text, code=code, remedy=REMEDIES.get(code, "") if error is Misconfigured else "")


def in_doubt(method: str, text: str, *, code: str) -> GatecrierError:
    """Nobody knows whether it happened: its caller makes anew what is harmless, a ledger keeps the rest."""
    return TryLater(text, code=code) if is_replaceable(method) else OutcomeUnknown(text, code=code)


def row_of(text: str) -> Meaning | None:
    """The row that a text (lower case, without prefix) is known by."""
    quoting = _QUOTED_ERROR.match(text)
    if quoting is not None:
        return row_of(_without_prefix(quoting[1])) or _BAD_ALBUM
    for row in BEGINNINGS:
        if text.startswith(row.needle):
            return row
    return next((row for row in MEANINGS if row.needle in text), None)


def _meaning(method: str, status: int, text: str, chat: ChatId | None) -> tuple[str, type[GatecrierError]]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    sends = kind_of(method) in (Kind.SEND, Kind.EDIT)
    row = row_of(text)
    if row is not None:
        if method.lower().startswith(("copy", "forward")) and (found := _of_two_chats(row.code, chat)):
            return found
        found = row.code, row.error if sends or row.otherwise is None else row.otherwise
        return _ELSEWHERE.get((method.lower(), row.code), found)
    if status == 403:
        return ("cannot_write_to_person", PeerGone) if sends else ("unknown_403", Refused)
    return (f"unknown_{status}", Misconfigured if status == 409 else Refused)


def _of_two_chats(code: str, recipient: ChatId | None) -> tuple[str, type[GatecrierError]] | None:
    """What a fact about a chat means for a call that names two; None: the same as for any send."""
    if code == "chat_not_found":
        return "some_chat_not_found", NotFound  # of the two, Telegram does not tell which
    if code in _OF_A_CHAT and is_private(recipient):
        return "source_lost", Misconfigured
    return None


def _without_prefix(description: str) -> str:
    for prefix in _PREFIXES:
        if description.lower().startswith(prefix.lower()):
            return description[len(prefix) :]
    return description
