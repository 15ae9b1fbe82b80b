"""Kinds of content: what a member needs to send each, and what Telegram calls it."""

from msgspec import Struct

from gatecrier_sandbox.world.model import Message


class Kind(Struct, frozen=True):
    """The permission that lets a member send it, and its name in `not enough rights to send ...`."""

    permission: str
    noun: str


TEXT = Kind("can_send_messages", "text messages")
POLL = Kind("can_send_polls", "polls")
KINDS = {
    "animation": Kind("can_send_other_messages", "animations"),
    "audio": Kind("can_send_audios", "music"),
    "contact": Kind("can_send_messages", "contacts"),
    "dice": Kind("can_send_other_messages", "dice"),
    "document": Kind("can_send_documents", "documents"),
    "photo": Kind("can_send_photos", "photos"),
    "sticker": Kind("can_send_other_messages", "stickers"),
    "venue": Kind("can_send_messages", "venues"),
    "live_photo": Kind("can_send_photos", "photos"),
    "location": Kind("can_send_messages", "locations"),
    "paid_media": Kind("can_send_photos", "paid media"),
    "video": Kind("can_send_videos", "videos"),
    "video_note": Kind("can_send_video_notes", "video notes"),
    "voice": Kind("can_send_voice_notes", "voice notes"),
}
"""By the field a message carries; the first that is there counts (an animation is a document, too)."""
CAPTIONED = ("animation", "audio", "document", "live_photo", "paid_media", "photo", "video", "voice")
"""What has a caption."""


def kind_of(message: Message) -> Kind:
    """What a message is to those who may or may not send it."""
    if message.poll_id:
        return POLL
    return next((kind for name, kind in KINDS.items() if name in (message.content or {})), TEXT)


def has_caption(message: Message) -> bool:
    """Whether its words are a caption that can be replaced."""
    return any(name in (message.content or {}) for name in CAPTIONED)
