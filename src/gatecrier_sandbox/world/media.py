"""What a file looks like in a message, and the files people send."""

from msgspec import Struct

from gatecrier_sandbox.entities.detect import detect
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, topics, wire
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.kinds import CAPTIONED, KINDS
from gatecrier_sandbox.world.model import Chat, Message, Room, Wire
from gatecrier_sandbox.world.state import State
from gatecrier_sandbox.world.voice import Speech, Voice, take

LONGEST_CAPTION = 1024
STICKER_SIDE = 512
"""Pixels of a sticker that does not say how large it is."""
DOCUMENTS = frozenset({"document", "video", "audio", "voice", "animation", "video_note", "sticker"})
"""Kinds that stand for each other: sent again, a file stays what it is. Source: TDLib's file classes."""
SENDABLE = DOCUMENTS | {"photo"}
NAMED = frozenset({"document", "video", "audio", "animation"})
"""Kinds that show what the sender called the file."""
ALBUMS = {
    "photo": "picture",
    "video": "picture",
    "live_photo": "picture",
    "document": "document",
    "audio": "audio",
}
"""What stands in albums; only kinds of one sort stand together."""


# What bots see


def shown(file: File) -> Wire:
    """A file as the object of its kind: a Document, Video, Audio, ..."""
    about = file.about
    if file.kind == "video_note":
        about = {"length": file.width} | about
    elif file.kind == "sticker":
        sides = {"width": file.width or STICKER_SIDE, "height": file.height or STICKER_SIDE}
        about = {"type": "regular", **_format(file), **sides} | about
    elif file.kind in {"video", "animation"}:
        about = {"width": file.width, "height": file.height} | about
    if file.kind in {"video", "animation", "audio", "voice", "video_note"}:
        about = {"duration": file.duration} | about
    if file.kind in NAMED and file.name:
        about = {"file_name": file.name} | about
    if file.kind not in {"video_note", "sticker"} and file.mime_type:
        about = about | {"mime_type": file.mime_type}
    return about | _identity(file)


def _format(file: File) -> Wire:
    """Whether a sticker moves: .TGS and .WEBM do."""
    is_video = file.mime_type == "video/webm"
    return {"is_animated": file.mime_type == "application/x-tgsticker", "is_video": is_video}


def _identity(file: File) -> Wire:
    return {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": file.size}


def content(file: File) -> Wire:
    """The fields of a message that carries a file."""
    if file.kind == "photo":
        return {"photo": wire.photo(file)}
    if file.kind == "animation":
        return {"animation": shown(file), "document": _twin(file)}
    return {file.kind: shown(file)}


def _twin(file: File) -> Wire:
    """The Document that stands beside an animation for bots of old."""
    sizes = {"width", "height", "duration"}
    return {name: value for name, value in shown(file).items() if name not in sizes}


def live_photo(video: File, photo: File) -> Wire:
    """The fields of a message that carries a live photo: a photo, and the video it moves by."""
    sizes = wire.photo(photo)
    held: Wire = {"width": video.width, "height": video.height, "duration": video.duration}
    held |= {"mime_type": video.mime_type} if video.mime_type else {}
    return {"live_photo": {"photo": sizes, **held, **_identity(video)}, "photo": sizes}


def thumbnail(file: File) -> Wire:
    """What a file shows of its thumbnail, under the new and the old name."""
    (size,) = wire.photo(file)
    return {"thumbnail": size, "thumb": size}


# What people send


class Piece(Struct, frozen=True):
    """
    A file as somebody sends it: its bytes, or the file_id of one that is here already.

    Width and height in pixels, duration in seconds; 0 if unknown. Where the file is here already, what it
    is stays as it was. `name` and `mime_type` may be empty.
    """

    kind: str
    data: bytes = b""
    file_id: str = ""
    name: str = ""
    mime_type: str = ""
    width: int = 0
    height: int = 0
    duration: int = 0
    title: str = ""
    performer: str = ""
    emoji: str = ""
    has_spoiler: bool = False


def say(
    state: State,
    room: Room,
    from_id: int,
    piece: Piece,
    *,
    caption: str = "",
    media_group_id: str = "",
    anonymous: bool | None = None,
    sender_chat_id: int = 0,
    reply_to: Message | None = None,
    thread_id: int = 0,
) -> Message:
    """
    A person sends a file; the bots hear it.

    Raises:
        Refused: as for words; 403 "restricted" where files of this kind are not allowed; 400 no such kind,
            no file, no picture, too long a caption, or it does not stand in albums.
    """
    _check(piece, caption, media_group_id)
    file = _file(state, piece)
    permission = KINDS[file.kind].permission
    speech = Speech(permission, anonymous, sender_chat_id, reply_to, thread_id, media_group_id)
    voice = _voice(state, room, from_id, speech)
    state.files.keep(file)
    spoiler: Wire = {"has_media_spoiler": True} if piece.has_spoiler else {}
    message = Message(
        state.next_message_id(room),
        state.today,
        sender_id=voice.sender_id,
        sender_chat_id=voice.sender_chat_id,
        signature=voice.signature,
        text=caption,
        entities=detect(caption, []),
        content=content(file) | spoiler,
        reply_to=reply_to,
        media_group_id=media_group_id,
        thread_id=thread_id,
    )
    if isinstance(room, Chat):
        topics.settle(room, message, topics.find(room, reply_to, thread_id))
    return conversation.post(state, room, message)


def _voice(state: State, room: Room, from_id: int, speech: Speech) -> Voice:
    if state.need_person(from_id, "from_id").deactivated:
        raise Refused("deactivated", status=403)
    if isinstance(room, Chat):
        return take(state, room, from_id, speech)
    if room.blocked:
        raise Refused("blocked", status=403)
    return Voice(from_id)


def _check(piece: Piece, caption: str, media_group_id: str) -> None:
    if piece.kind not in SENDABLE:
        raise Refused(f"nobody sends a file as {piece.kind!r}", field="kind")
    if len(caption) > LONGEST_CAPTION:
        raise Refused(f"a caption has at most {LONGEST_CAPTION} characters", field="caption")
    if caption and piece.kind not in CAPTIONED:
        raise Refused(f"a {piece.kind} has no caption", field="caption")
    if media_group_id and piece.kind not in ALBUMS:
        raise Refused(f"a {piece.kind} does not stand in an album", field="media_group_id")


def _file(state: State, piece: Piece) -> File:
    """The file that is sent; a new one is not kept yet."""
    if piece.file_id:
        known = state.files.by_id.get(piece.file_id)
        if known is None or piece.kind not in _stand_ins(known.kind):
            raise Refused(f"there is no {piece.kind} of this file_id", field="file_id", status=404)
        return known
    if not piece.data:
        raise Refused("the file is empty", field="data")
    file = state.files.make(
        piece.kind,
        piece.data,
        name=piece.name,
        mime_type=piece.mime_type,
        width=piece.width,
        height=piece.height,
        duration=piece.duration,
    )
    if piece.kind == "photo" and not (file.width and file.height):
        raise Refused("this is no picture", field="data")
    said = {"title": piece.title, "performer": piece.performer, "emoji": piece.emoji}
    fitting = {"audio": ("title", "performer"), "sticker": ("emoji",)}.get(piece.kind, ())
    file.about = {name: said[name] for name in fitting if said[name]}
    return file


def _stand_ins(kind: str) -> frozenset[str]:
    """As what a file of this kind can be sent."""
    return DOCUMENTS if kind in DOCUMENTS else frozenset({kind})
