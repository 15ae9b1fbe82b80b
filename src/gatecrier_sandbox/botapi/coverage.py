"""Which methods of the Bot API 10.3 exist here. Source: the documentation's list of methods."""

from msgspec import Struct

from gatecrier_sandbox.botapi.api import METHODS

VERSION = "10.3"
"""Of the Bot API."""

DOCUMENTED = """
getUpdates setWebhook deleteWebhook getWebhookInfo getMe logOut close sendMessage forwardMessage
forwardMessages copyMessage copyMessages sendPhoto sendLivePhoto sendAudio sendDocument sendVideo
sendAnimation sendVoice sendVideoNote sendPaidMedia sendMediaGroup sendLocation sendVenue sendContact
sendPoll sendChecklist sendDice sendMessageDraft sendChatAction setMessageReaction getUserProfilePhotos
getUserProfileAudios setUserEmojiStatus getFile banChatMember unbanChatMember restrictChatMember
promoteChatMember setChatAdministratorCustomTitle setChatMemberTag banChatSenderChat unbanChatSenderChat
setChatPermissions exportChatInviteLink createChatInviteLink editChatInviteLink
createChatSubscriptionInviteLink editChatSubscriptionInviteLink revokeChatInviteLink
approveChatJoinRequest declineChatJoinRequest answerChatJoinRequestQuery sendChatJoinRequestWebApp
setChatPhoto deleteChatPhoto setChatTitle setChatDescription pinChatMessage unpinChatMessage
unpinAllChatMessages leaveChat getChat getChatAdministrators getChatMemberCount getChatMember
getUserPersonalChatMessages setChatStickerSet deleteChatStickerSet getForumTopicIconStickers
createForumTopic editForumTopic closeForumTopic reopenForumTopic deleteForumTopic
unpinAllForumTopicMessages editGeneralForumTopic closeGeneralForumTopic reopenGeneralForumTopic
hideGeneralForumTopic unhideGeneralForumTopic unpinAllGeneralForumTopicMessages answerCallbackQuery
answerGuestQuery getUserChatBoosts getBusinessConnection getManagedBotToken replaceManagedBotToken
getManagedBotAccessSettings setManagedBotAccessSettings setMyCommands deleteMyCommands getMyCommands
setMyName getMyName setMyDescription getMyDescription setMyShortDescription getMyShortDescription
setMyProfilePhoto removeMyProfilePhoto setChatMenuButton getChatMenuButton
setMyDefaultAdministratorRights getMyDefaultAdministratorRights getAvailableGifts sendGift
giftPremiumSubscription verifyUser verifyChat removeUserVerification removeChatVerification
readBusinessMessage deleteBusinessMessages setBusinessAccountName setBusinessAccountUsername
setBusinessAccountBio setBusinessAccountProfilePhoto removeBusinessAccountProfilePhoto
setBusinessAccountGiftSettings getBusinessAccountStarBalance transferBusinessAccountStars
getBusinessAccountGifts getUserGifts getChatGifts convertGiftToStars upgradeGift transferGift postStory
repostStory editStory deleteStory answerWebAppQuery savePreparedInlineMessage savePreparedKeyboardButton
editMessageText editMessageCaption editMessageMedia editMessageLiveLocation stopMessageLiveLocation
editMessageChecklist editMessageReplyMarkup stopPoll editEphemeralMessageText editEphemeralMessageMedia
editEphemeralMessageCaption editEphemeralMessageReplyMarkup approveSuggestedPost declineSuggestedPost
deleteMessage deleteMessages deleteEphemeralMessage deleteMessageReaction deleteAllMessageReactions
sendSticker getStickerSet getCustomEmojiStickers uploadStickerFile createNewStickerSet addStickerToSet
setStickerPositionInSet deleteStickerFromSet replaceStickerInSet setStickerEmojiList setStickerKeywords
setStickerMaskPosition setStickerSetTitle setStickerSetThumbnail setCustomEmojiStickerSetThumbnail
deleteStickerSet sendRichMessage sendRichMessageDraft answerInlineQuery sendInvoice createInvoiceLink
answerShippingQuery answerPreCheckoutQuery getMyStarBalance getStarTransactions refundStarPayment
editUserStarSubscription setPassportDataErrors sendGame setGameScore getGameHighScores
"""


class Coverage(Struct, frozen=True):
    """The documented methods: supported, partial (what is missing, by name), absent (these answer 404)."""

    version: str
    supported: list[str]
    partial: dict[str, tuple[str, ...]]
    absent: list[str]


def coverage() -> Coverage:
    """What the registry of methods makes of the documentation's list."""
    names = DOCUMENTED.split()
    known = {name: METHODS[name.lower()].missing for name in names if name.lower() in METHODS}
    return Coverage(
        version=VERSION,
        supported=[name for name, missing in known.items() if not missing],
        partial={name: missing for name, missing in known.items() if missing},
        absent=[name for name in names if name not in known],
    )
