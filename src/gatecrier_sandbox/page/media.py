"""What a message carries besides words, ready to be drawn."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from markupsafe import Markup, escape
from msgspec import Struct

from gatecrier_sandbox.page.faces import length, size
from gatecrier_sandbox.page.rich import rich
from gatecrier_sandbox.page.richtext import gist
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import Wire

WIDEST = 400
NARROWEST = 150
"""Pixels between which the longer side of a picture is drawn."""
BIG_EMOJI = frozenset({"sticker", "dice"})
"""What stands without a bubble."""

SNIPPETS = {
    "photo": "Photo",
    "live_photo": "Live photo",
    "video": "Video",
    "animation": "GIF",
    "audio": "Audio",
    "document": "File",
    "voice": "Voice message",
    "video_note": "Video message",
    "sticker": "Sticker",
    "location": "Location",
    "venue": "Venue",
    "contact": "Contact",
    "poll": "Poll",
    "dice": "Dice",
    "game": "Game",
    "invoice": "Invoice",
    "checklist": "Checklist",
    "story": "Story",
    "paid_media": "Paid media",
    "giveaway": "Giveaway",
    "rich_message": "Article",
}
"""Kinds of content, in the words a chat list uses. The order matters: a venue has a location, too."""
KINDS = ("venue", *(kind for kind in SNIPPETS if kind != "venue"))


class Media(Struct, frozen=True):
    """
    One thing to draw. `address` is where its bytes are, "" if the sandbox has none.

    Width and height in pixels as drawn. `title` and `detail` are its two lines where it has lines. `price` in
    Stars where it is to be bought.
    """

    kind: str
    address: str = ""
    mime: str = ""
    width: int = 0
    height: int = 0
    title: str = ""
    detail: str = ""
    emoji: str = ""
    hidden: bool = False
    price: int = 0


class Option(Struct, frozen=True):
    """One answer of a poll; `share` is its per cent of the voters."""

    index: int
    text: Markup
    votes: int
    share: int
    chosen: bool
    correct: bool


class Poll(Struct, frozen=True):
    """A poll as one person sees it; results show once they voted or it is closed."""

    question: Markup
    note: str
    options: Sequence[Option]
    total: str
    shows_results: bool
    is_open: bool
    many: bool
    explanation: Markup
    can_retract: bool


def kind_of(message: Wire) -> str:
    """What a message carries; "" for plain text."""
    return next((kind for kind in KINDS if kind in message), "")


def snippet(message: Wire) -> str:
    """The word for what a message carries, with the emoji or name that tells it apart."""
    kind = kind_of(message)
    content = message.get(kind)
    if not isinstance(content, dict):
        return SNIPPETS.get(kind, "")
    if kind in BIG_EMOJI:
        return f"{content.get('emoji') or ''} {SNIPPETS[kind]}".strip()
    if kind == "rich_message":
        return gist(content) or SNIPPETS[kind]
    name = {"poll": "question", "document": "file_name", "audio": "title"}.get(kind, "title")
    return str(content.get(name) or SNIPPETS[kind])


def media_of(message: Wire, files: Mapping[str, File]) -> Media | None:
    """What to draw for a message, None for words, polls, articles, paid and service messages."""
    kind = kind_of(message)
    if kind in {"", "poll", "rich_message", "paid_media"}:
        return None
    content = message[kind]
    if isinstance(content, list):
        content = content[-1] if content else {}
    if not isinstance(content, dict):
        return Media(kind, title=SNIPPETS[kind])
    drawn = DRAWERS.get(kind, _card)(kind, content, files)
    if message.get("has_media_spoiler") is True:
        return msgspec.structs.replace(drawn, hidden=True)
    return drawn


def all_media(message: Wire, files: Mapping[str, File]) -> list[Media]:
    """Everything to draw for a message: paid media are several, behind their price."""
    paid = message.get("paid_media")
    if not isinstance(paid, dict):
        drawn = media_of(message, files)
        return [drawn] if drawn is not None else []
    pieces, stars = paid.get("paid_media"), paid.get("star_count")
    found = pieces if isinstance(pieces, list) else []
    price = stars if isinstance(stars, int) else 0
    return [_paid(piece, price, files) for piece in found if isinstance(piece, dict)]


def _paid(piece: Wire, price: int, files: Mapping[str, File]) -> Media:
    """One paid picture or video, seen through frosted glass; a preview has no bytes."""
    drawn = media_of(piece, files) or _picture("photo", piece, files)
    kind = "video" if drawn.kind == "video" else "photo"
    return msgspec.structs.replace(drawn, kind=kind, price=price)


def _file(content: Wire, files: Mapping[str, File]) -> tuple[str, str]:
    """Where the bytes are, and what they are."""
    file = files.get(str(content.get("file_id")))
    if file is None:
        return "", ""
    return f"/page/files/{file.file_id}", file.mime_type or str(content.get("mime_type") or "")


def _picture(kind: str, content: Wire, files: Mapping[str, File]) -> Media:
    address, mime = _file(content, files)
    width, height = _fitted(content.get("width"), content.get("height"))
    duration = length(content.get("duration")) if content.get("duration") else ""
    return Media(kind, address, mime, width, height, title=SNIPPETS[kind], detail=duration)


def _fitted(width: object, height: object) -> tuple[int, int]:
    """The size at which a picture is drawn: its shape, within reason."""
    wide = max(width, 1) if isinstance(width, int) else 1
    high = max(height, 1) if isinstance(height, int) else 1
    scale = min(max(wide, high, NARROWEST), WIDEST) / max(wide, high)
    return max(round(wide * scale), 60), max(round(high * scale), 60)


def _round(kind: str, content: Wire, files: Mapping[str, File]) -> Media:
    address, mime = _file(content, files)
    return Media(kind, address, mime, 200, 200, title=SNIPPETS[kind], detail=length(content.get("duration")))


def _sticker(kind: str, content: Wire, files: Mapping[str, File]) -> Media:
    address, mime = _file(content, files)
    if not mime.startswith("image/"):
        address = ""
    return Media(kind, address, mime, 160, 160, title="Sticker", emoji=str(content.get("emoji") or "🙂"))


def _sound(kind: str, content: Wire, files: Mapping[str, File]) -> Media:
    address, mime = _file(content, files)
    title = str(content.get("title") or content.get("file_name") or SNIPPETS[kind])
    by = str(content.get("performer") or "")
    detail = " · ".join(part for part in (by, length(content.get("duration"))) if part)
    return Media(kind, address, mime, title=title, detail=detail)


def _document(kind: str, content: Wire, files: Mapping[str, File]) -> Media:
    address, mime = _file(content, files)
    name = str(content.get("file_name") or "File")
    return Media(kind, address, mime, title=name, detail=size(content.get("file_size")))


def _place(kind: str, content: Wire, files: Mapping[str, File]) -> Media:  # noqa: ARG001
    where = content.get("location", content)
    where = where if isinstance(where, dict) else {}
    position = f"{_degrees(where.get('latitude'))}, {_degrees(where.get('longitude'))}"
    live = "Live location" if where.get("live_period") else "Location"
    title, detail = str(content.get("title") or live), str(content.get("address") or position)
    return Media(kind, title=title, detail=detail)


def _degrees(value: object) -> str:
    return f"{value:.5f}" if isinstance(value, int | float) else "?"


def _contact(kind: str, content: Wire, files: Mapping[str, File]) -> Media:  # noqa: ARG001
    name = f"{content.get('first_name', '')} {content.get('last_name', '')}".strip()
    return Media(kind, title=name or "Contact", detail=str(content.get("phone_number") or ""))


def _dice(kind: str, content: Wire, files: Mapping[str, File]) -> Media:  # noqa: ARG001
    emoji, value = str(content.get("emoji") or "🎲"), content.get("value")
    number = value if isinstance(value, int) else 0
    return Media(kind, title=f"{emoji} {number}", detail=str(number), emoji=emoji)


def _card(kind: str, content: Wire, files: Mapping[str, File]) -> Media:  # noqa: ARG001
    detail = str(content.get("description") or "")
    if kind == "invoice":
        total = content.get("total_amount")
        money = f"{total / 100:.2f}" if isinstance(total, int) and content.get("currency") != "XTR" else total
        detail = f"{detail} · {money} {content.get('currency')}".strip(" ·")
    if kind == "checklist":
        tasks = content.get("tasks")
        detail = "\n".join(_task(task) for task in tasks) if isinstance(tasks, list) else ""
    return Media(kind, title=str(content.get("title") or SNIPPETS.get(kind, kind)), detail=detail)


def _task(task: object) -> str:
    if not isinstance(task, dict):
        return ""
    return f"{'☑' if task.get('completion_date') else '☐'} {task.get('text', '')}"


Drawer = Callable[[str, Wire, Mapping[str, File]], Media]
DRAWERS: dict[str, Drawer] = {
    "photo": _picture,
    "live_photo": _picture,
    "video": _picture,
    "animation": _picture,
    "video_note": _round,
    "sticker": _sticker,
    "audio": _sound,
    "voice": _sound,
    "document": _document,
    "location": _place,
    "venue": _place,
    "contact": _contact,
    "dice": _dice,
}


def poll_of(message: Wire, mine: Sequence[int]) -> Poll | None:
    """The poll of a message as the person sees it who chose the options `mine`."""
    poll = message.get("poll")
    if not isinstance(poll, dict):
        return None
    total = _number(poll.get("total_voter_count"))
    is_open, is_quiz = poll.get("is_closed") is not True, poll.get("type") == "quiz"
    shows = bool(mine) or not is_open
    right = poll.get("correct_option_ids")
    correct = right if isinstance(right, list) else []
    options = poll.get("options")
    return Poll(
        question=_words(poll, "question"),
        note=_note(poll, is_open=is_open, is_quiz=is_quiz),
        options=[
            _option(one, option, total, chosen=one in mine, correct=shows and is_quiz and one in correct)
            for one, option in enumerate(options if isinstance(options, list) else [])
        ],
        total="No votes yet" if not total else f"{total} vote{'' if total == 1 else 's'}",
        shows_results=shows,
        is_open=is_open,
        many=poll.get("allows_multiple_answers") is True,
        explanation=_words(poll, "explanation") if mine else Markup(""),
        can_retract=bool(mine) and is_open and not is_quiz,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _note(poll: Wire, *, is_open: bool, is_quiz: bool) -> str:
    kind = "Quiz" if is_quiz else "Poll"
    return f"{'Anonymous ' if poll.get('is_anonymous') else ''}{kind}" if is_open else "Final results"


def _words(owner: Wire, name: str) -> Markup:
    entities = owner.get(f"{name}_entities")
    text = owner.get(name)
    if not isinstance(text, str):
        return Markup("")
    return rich(text, entities) if isinstance(entities, list) else escape(text)


def _option(index: int, option: object, total: int, *, chosen: bool, correct: bool) -> Option:
    shown = option if isinstance(option, dict) else {}
    votes = _number(shown.get("voter_count"))
    share = round(100 * votes / total) if total else 0
    return Option(index, _words(shown, "text"), votes, share, chosen, correct)
