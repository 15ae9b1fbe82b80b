"""The story six libraries play: 40 steps, named here once; the programs have one function of each name."""

from typing import NamedTuple


class Step(NamedTuple):
    """One step: the function that plays it, and what it is in words."""

    key: str
    name: str


STEPS = (
    Step("who_am_i", "getMe"),
    Step("start", "`/start` with a payload heard, answered"),
    Step("formatted_text", "HTML text as a reply"),
    Step("reply_keyboard", "reply keyboard: pressed, removed"),
    Step("force_reply", "forced reply heard"),
    Step("inline_keyboard", "inline keyboard: callback and URL buttons"),
    Step("callback", "button pressed, answered with an alert"),
    Step("photo", "photo by upload, MarkdownV2 caption"),
    Step("document", "document by upload"),
    Step("video_and_animation", "video and animation by upload"),
    Step("audio_and_voice", "audio and voice by upload"),
    Step("sticker", "sticker by upload"),
    Step("by_file_id", "photo, document, sticker by file_id"),
    Step("download", "getFile, download: the same bytes"),
    Step("photo_album", "album of photos"),
    Step("document_album", "album of documents"),
    Step("edit_text", "edit a text"),
    Step("edit_caption", "edit a caption"),
    Step("edit_media", "edit the media"),
    Step("edit_markup", "edit and remove an inline keyboard"),
    Step("delete", "delete one message, and several"),
    Step("copy_and_forward", "copy and forward"),
    Step("pin", "pin and unpin"),
    Step("reactions", "react; a person's reaction heard"),
    Step("chat_action", "chat action"),
    Step("poll", "poll: vote heard, stopped"),
    Step("dice", "dice"),
    Step("places", "location, venue, contact"),
    Step("look_up", "getChat, member, administrators, count"),
    Step("restrict", "restrict until a date, lift"),
    Step("ban", "ban and unban"),
    Step("promote", "promote with a custom title, demote"),
    Step("dress_chat", "title, description, photo of a chat"),
    Step("invite_link", "invite link made, edited, revoked"),
    Step("join_requests", "join requests heard; approved, declined"),
    Step("topics", "forum topic: create, send, edit, close, reopen, delete"),
    Step("commands", "commands set, got, deleted"),
    Step("webhook", "webhook with secret, answered, deleted"),
    Step("refusals", "errors 400, 401, 403, 404 as exceptions"),
    Step("flood", "injected 429 with retry_after"),
)

CLIENTS = {
    "ptb": "python-telegram-bot",
    "aiogram_": "aiogram",
    "pytelegrambotapi": "pyTelegramBotAPI",
    "grammy": "grammY",
    "telegraf": "telegraf",
    "ntba": "node-telegram-bot-api",
}
"""The programs, and the libraries they use."""
