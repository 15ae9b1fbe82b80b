"""The kinds of methods, against the whole of Bot API 10.3."""

import pytest

from gatecrier.telegram.methods import Kind, is_repeatable, kind_of

KINDS = [
    ("sendMessage", Kind.SEND, False),
    ("SENDMESSAGE", Kind.SEND, False),
    ("sendMediaGroup", Kind.SEND, False),
    ("copyMessage", Kind.SEND, False),
    ("forwardMessages", Kind.SEND, False),
    ("sendChatAction", Kind.ACT, True),
    ("editMessageText", Kind.EDIT, False),
    ("editMessageReplyMarkup", Kind.EDIT, False),
    ("stopPoll", Kind.EDIT, False),
    ("getMe", Kind.READ, True),
    ("getChatMember", Kind.READ, True),
    ("getUpdates", Kind.POLL, True),
    ("deleteMessage", Kind.ACT, True),
    ("restrictChatMember", Kind.ACT, True),
    ("banChatMember", Kind.ACT, True),
    ("answerCallbackQuery", Kind.ACT, True),
    ("answerChatJoinRequestQuery", Kind.ACT, True),
    ("approveChatJoinRequest", Kind.ACT, True),
    ("deleteAllMessageReactions", Kind.ACT, True),
    ("setMyCommands", Kind.ACT, True),
    ("answerWebAppQuery", Kind.ACT, False),
    ("createChatInviteLink", Kind.ACT, False),
    ("giftPremiumSubscription", Kind.ACT, False),
    ("refundStarPayment", Kind.ACT, False),
    ("replaceManagedBotToken", Kind.ACT, False),
    ("somethingNew", Kind.ACT, False),
]


@pytest.mark.parametrize(("method", "kind", "repeatable"), KINDS)
def test_a_method_has_a_kind_and_is_repeated_only_when_that_is_harmless(
    method: str, kind: Kind, repeatable: bool
) -> None:
    """What makes or edits a message, buys or creates is never repeated; nor is a method nobody knows."""
    assert (kind_of(method), is_repeatable(method)) == (kind, repeatable)
