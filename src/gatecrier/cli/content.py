"""What `campaign create` says the campaign's content is: options, and how they are put together."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatecrier.broadcast.content.written import rewritten, written
from gatecrier.broadcast.model import (
    Album,
    Button,
    Buttons,
    Content,
    Copy,
    Media,
    MediaKind,
    Message,
    ParseMode,
    Text,
    Variant,
    Variants,
)
from gatecrier.kernel.errors import Refused

FileOption = Annotated[str, Parameter(help="The bot's file_id, or an https:// address; TEXT is the caption.")]
EVERYBODY = "*"
"""The language of a variant for those for whose language there is no other."""
KINDS_OF_BUTTON = {"data": "data", "copy": "copy", "app": "web_app"}
"""What may stand before a colon in a button, and what it means; anything else is an address."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Said:
    """The options that say what a campaign says."""

    text_file: Annotated[Path | None, Parameter(help='A UTF-8 file with the message; "-" reads it here.')] = (
        None
    )
    parse_mode: Annotated[ParseMode, Parameter(help="How Telegram reads the text's markup.")] = (
        ParseMode.PLAIN
    )
    photo: FileOption = ""
    video: FileOption = ""
    document: FileOption = ""
    animation: FileOption = ""
    audio: FileOption = ""
    voice: FileOption = ""
    copy: Annotated[
        tuple[int, ...],
        Parameter(
            help="CHAT MESSAGE_ID…: copy messages that the bot can see; TEXT follows them, with the buttons.",
            consume_multiple=True,
        ),
    ] = ()
    variant: Annotated[
        tuple[str, ...],
        Parameter(
            help="LANG=FILE: a text for those who speak it; *=FILE: one more for all others, by chance."
        ),
    ] = ()
    hold_out: Annotated[int, Parameter(help="Percent of the audience that gets nothing.")] = 0
    button: Annotated[
        tuple[str, ...],
        Parameter(help='"Label=https://…", "Label=copy:TEXT", "Label=app:https://…" or "Label=data:BYTES".'),
    ] = ()
    silent: Annotated[bool, Parameter(help="Deliver without a sound.")] = False
    protect: Annotated[bool, Parameter(help="Forbid forwarding and saving.")] = False
    link_preview: Annotated[bool, Parameter(help="Show a preview of the text's link.")] = True
    preview_above: Annotated[bool, Parameter(help="Show it above the text.")] = False
    caption_above: Annotated[bool, Parameter(help="Show the caption above the picture.")] = False
    spoiler: Annotated[bool, Parameter(help="Cover the picture until it is tapped.")] = False
    effect: Annotated[str, Parameter(help="The number of a message effect.")] = ""
    pin: Annotated[bool, Parameter(help="Pin it in each chat.")] = False


def content_of(text: str | None, said: Said) -> Content:
    """
    The content.

    Raises:
        Refused: `field` names the option at fault.
    """
    message = _message(_text(text, said), said)
    if not said.variant and not said.hold_out:
        return message
    variants = [Variant(content=message), *(_variant(one, message) for one in said.variant)]
    return Variants(variants=tuple(variants), hold_out=said.hold_out)


def _message(text: str, said: Said) -> Message:
    files = [(kind, file) for kind in MediaKind if (file := getattr(said, kind.value))]
    if len(files) + bool(said.copy) > 1:
        raise Refused("A campaign is one of --photo, --video, … and --copy.", field="--copy")
    if (said.spoiler or said.caption_above) and not files:
        field = "--spoiler" if said.spoiler else "--caption-above"
        raise Refused(
            "There is no picture.", remedy="Give one by --photo, --video or --animation.", field=field
        )
    buttons = tuple((button_of(one),) for one in said.button)
    if files:
        return _media(*files[0], text, buttons, said)
    if said.copy:
        return _copied(text, buttons, said)
    return _written(text, buttons, said)


def _media(kind: MediaKind, file: str, caption: str, buttons: Buttons, said: Said) -> Media:
    return Media(
        kind=kind,
        file=file,
        caption=caption,
        parse_mode=said.parse_mode,
        above=said.caption_above,
        spoiler=said.spoiler,
        buttons=buttons,
        silent=said.silent,
        protect=said.protect,
        effect=said.effect,
        pin=said.pin,
    )


def _written(text: str, buttons: Buttons, said: Said) -> Text:
    return Text(
        text=text,
        parse_mode=said.parse_mode,
        buttons=buttons,
        silent=said.silent,
        protect=said.protect,
        link_preview=said.link_preview,
        preview_above=said.preview_above,
        effect=said.effect,
        pin=said.pin,
    )


def _copied(text: str, buttons: Buttons, said: Said) -> Copy | Album:
    chat_id, *ids = said.copy
    if not ids:
        raise Refused("--copy needs the chat and the number of a message in it.", field="--copy")
    if len(ids) == 1 and not text:
        return Copy(
            from_chat_id=chat_id,
            message_id=ids[0],
            buttons=buttons,
            silent=said.silent,
            protect=said.protect,
            effect=said.effect,
            pin=said.pin,
        )
    if not text and (buttons or said.effect):
        raise Refused(
            "Several messages take no buttons and no effect.",
            remedy="Give a TEXT to follow them.",
            field="--copy",
        )
    follow_up = replace(_written(text, buttons, said), pin=False) if text else None
    return Album(
        from_chat_id=chat_id,
        message_ids=tuple(sorted(ids)),
        follow_up=follow_up,
        silent=said.silent,
        protect=said.protect,
        pin=said.pin,
    )


def _variant(text: str, message: Message) -> Variant:
    """The same message with another text."""
    language, separator, file = text.partition("=")
    if not separator or not language:
        raise Refused(f'"{text}" is no variant.', remedy="Write it as LANG=FILE.", field="--variant")
    if not written(message):
        raise Refused("What is copied has no text to vary.", field="--variant")
    other = _read(Path(file), "--variant")
    content = rewritten(message, lambda _text, _mode: other)
    return Variant(content=content, language="" if language == EVERYBODY else language)


def _text(text: str | None, said: Said) -> str:
    has_more = said.copy or any(getattr(said, kind.value) for kind in MediaKind)
    if has_more and text is None and said.text_file is None:
        return ""
    return text_of(text, said.text_file)


def text_of(text: str | None, file: Path | None) -> str:
    """The message, given in one of two ways."""
    if (text is None) == (file is None):
        raise Refused("Give the message either as TEXT or by --text-file.", field="text")
    return _read(file, "--text-file") if file is not None else text or ""


def _read(file: Path, option: str) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file} cannot be read as UTF-8 text.", field=option) from error


def button_of(text: str) -> Button:
    """A button as it is written in an option."""
    label, separator, does = text.partition("=")
    if not separator:
        raise Refused(f'"{text}" is no button.', remedy='Write it as "Label=https://…".', field="--button")
    kind, _, value = does.strip().partition(":")
    if kind in KINDS_OF_BUTTON:
        return Button(**{"text": label.strip(), KINDS_OF_BUTTON[kind]: value})
    return Button(text=label.strip(), url=does.strip())
