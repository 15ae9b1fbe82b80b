"""What Telegram would refuse for everybody, refused before anybody is messaged: with its place."""

import re
from collections.abc import Iterator
from itertools import pairwise

from gatecrier.broadcast.content import markup, placeholders
from gatecrier.broadcast.content.buttons import check_buttons
from gatecrier.broadcast.content.excerpt import excerpt, place
from gatecrier.broadcast.content.markup import Broken, Parsed
from gatecrier.broadcast.content.model import (
    Album,
    Content,
    Copy,
    Media,
    Message,
    ParseMode,
    Text,
    Variants,
    messages_of,
)
from gatecrier.broadcast.content.placeholders import PROBE, BadPlaceholder
from gatecrier.broadcast.content.variants import tag
from gatecrier.broadcast.content.written import Written, written
from gatecrier.broadcast.model import Options, UnknownPolicy
from gatecrier.kernel.errors import Refused

LONGEST_RAW_TEXT = 32_768
"""Bytes with markup (the Bot API server's own limit)."""
MOST_ENTITIES = 100
"""Of one text; Telegram drops the others silently."""
MOST_COPIED = 100
MOST_VARIANTS = 50
LARGEST_WEIGHT = 1000
LARGEST_HOLD_OUT = 90
MOST_TEST_PERSONS = 100
LARGEST_WINDOW = 100
LARGEST_CANARY = 1000
LONGEST_NAME = 200
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LONGEST_LIFE = 47 * 3600
"""Seconds: an hour before Telegram's 48 are over, for what a rate limit delays (Bot API deleteMessage)."""
SLOWEST_RATE, FASTEST_RATE = 0.01, 1000.0
LONGEST_URL = 2048
"""Of a file's address: no number is known, and no real one is longer."""

_FILE_ID = re.compile(r"[A-Za-z0-9_-]{16,256}")
_FILE_URL = re.compile(r"https?://[^\s/]+\.\S+", re.IGNORECASE)
_EFFECT = re.compile(r"[1-9][0-9]{0,18}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")


def check(name: str, content: Content, options: Options) -> None:
    """
    Refuse what Telegram would refuse for everybody.

    Raises:
        Refused: `field` names what is wrong: name, text, caption, parse_mode, buttons, message_id, file ...;
            of a variant as in "variants[1].text".
    """
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Refused(f"A campaign needs a name of 1 to {LONGEST_NAME} characters.", field="name")
    if isinstance(content, Variants):
        _check_variants(content)
    else:
        _check_message(content)
    _check_options(options)
    if options.paid and any(isinstance(message, Album) for message in messages_of(content)):
        raise Refused(
            "Telegram copies several messages at the free rate only.",
            remedy="Leave out the Stars, or send one message.",
            field="stars",
        )


def warnings(content: Content) -> list[str]:
    """What Telegram accepts, and yet may not be meant; for content that `check` passes."""
    if isinstance(content, Variants):
        numbered = enumerate(content.variants)
        return [f"variants[{n}]: {text}" for n, one in numbered for text in warnings(one.content)]
    return [
        f"{text.field}: it marks {count} parts; Telegram keeps the first {MOST_ENTITIES}."
        for text in written(content)
        if (count := len(_longest(text).entities)) > MOST_ENTITIES
    ]


def _check_variants(content: Variants) -> None:
    if not 0 < len(content.variants) <= MOST_VARIANTS:
        raise Refused(f"There may be 1 to {MOST_VARIANTS} variants.", field="variants")
    if not 0 <= content.hold_out <= LARGEST_HOLD_OUT:
        raise Refused(f"A hold-out group is 0 to {LARGEST_HOLD_OUT} percent.", field="hold_out")
    for number, variant in enumerate(content.variants):
        field = f"variants[{number}]"
        if not 1 <= variant.weight <= LARGEST_WEIGHT:
            raise Refused(f"A weight is 1 to {LARGEST_WEIGHT}.", field=f"{field}.weight")
        if variant.language and _LANGUAGE.fullmatch(tag(variant.language)) is None:
            raise Refused(
                f"{variant.language!r} is no language.",
                remedy='Write "de" or "pt-br".',
                field=f"{field}.language",
            )
        try:
            _check_message(variant.content)
        except Refused as error:
            raise Refused(error.text, remedy=error.remedy, field=f"{field}.{error.field}") from error
    if all(variant.language for variant in content.variants):
        raise Refused(
            "Nothing is said to people who speak none of the languages.",
            remedy="Add a variant without a language.",
            field="variants",
        )


def _check_message(message: Message) -> None:
    for text in written(message):
        _check_written(text)
    match message:
        case Text():
            _check_effect(message.effect)
            check_buttons(message.buttons)
        case Media():
            _check_media(message)
            check_buttons(message.buttons)
        case Copy():
            if message.message_id <= 0 or message.from_chat_id == 0:
                raise Refused("A copy needs the chat and the number of a message in it.", field="message_id")
            _check_effect(message.effect)
            check_buttons(message.buttons)
        case Album():
            _check_album(message)


def _check_media(media: Media) -> None:
    if not (_FILE_ID.fullmatch(media.file) or _is_url(media.file)):
        raise Refused(
            "A file is a file_id of this bot, or an address that begins with https:// or http://.",
            remedy="Send the file to the bot once: its file_id may be used for ever.",
            field="file",
        )
    if (media.above or media.spoiler) and not media.kind.is_seen:
        raise Refused(
            f"A {media.kind} has neither a caption above it nor a spoiler.",
            field="above" if media.above else "spoiler",
        )
    _check_effect(media.effect)


def _is_url(file: str) -> bool:
    return len(file) <= LONGEST_URL and _FILE_URL.fullmatch(file) is not None


def _check_album(album: Album) -> None:
    if album.from_chat_id == 0:
        raise Refused("A copy needs the chat that keeps the messages.", field="from_chat_id")
    ids = album.message_ids
    if not 0 < len(ids) <= MOST_COPIED or ids[0] <= 0:
        raise Refused(f"Telegram copies 1 to {MOST_COPIED} messages at once.", field="message_ids")
    if any(one >= other for one, other in pairwise(ids)):
        raise Refused("The numbers of the messages must ascend, each one once.", field="message_ids")
    if album.follow_up is not None:
        _check_effect(album.follow_up.effect)
        check_buttons(album.follow_up.buttons)


def _check_effect(effect: str) -> None:
    if effect and _EFFECT.fullmatch(effect) is None:
        raise Refused("An effect is named by its number.", field="effect")


def _check_written(text: Written) -> None:
    if text.parse_mode not in list(ParseMode):
        names = ", ".join(mode.value for mode in ParseMode if mode)
        raise Refused(f"Telegram knows no such markup; use {names} or none.", field="parse_mode")
    if not text.text.strip() and not text.may_be_empty:
        raise Refused("The message is empty.", field=text.field)
    try:
        text.text.encode()
    except UnicodeEncodeError as error:
        raise _refused(text, error.start, "half a character (a lone surrogate)") from None
    _check_markup(text)
    _check_filled(text)


def _check_markup(text: Written) -> None:
    """Read it with its placeholders masked, so that places are those of the text as it was written."""
    try:
        holes = placeholders.holes(text.text, text.parse_mode)
        parsed = markup.parse(_masked(text.text, holes), text.parse_mode)
    except (Broken, BadPlaceholder) as error:
        raise _refused(text, error.at, str(error)) from None
    names = [hole for hole in holes if hole.name == "first_name"]
    if names and parsed.text.count(PROBE) < len(names) + text.text.count(PROBE):
        raise _refused(text, names[0].at, "a name cannot stand in an address or a tag")


def _masked(text: str, holes: list[placeholders.Hole]) -> str:
    """The same text, as long, with something harmless for each placeholder."""
    masked, done = [], 0
    for hole in holes:
        end = text.index("}", hole.at) + 1
        mask = PROBE if hole.name == "first_name" else "x"
        masked += [text[done : hole.at], mask, "x" * (end - hole.at - 1)]
        done = end
    return "".join([*masked, text[done:]])


def _check_filled(text: Written) -> None:
    """Whoever reads it, whatever is known of them: it must be readable, not empty, and not too long."""
    for filled in _fillings(text):
        if len(filled.encode()) > LONGEST_RAW_TEXT:
            raise Refused(
                f"With its markup the message takes {len(filled.encode())} bytes of {LONGEST_RAW_TEXT}.",
                field=text.field,
            )
        try:
            parsed = markup.parse(filled, text.parse_mode)
        except Broken as error:
            raise Refused(
                f"For some recipients {error}:\n{excerpt(filled, error.at)}",
                remedy="Give each placeholder a fallback, as in {first_name|friend}.",
                field=text.field,
            ) from None
        if not parsed.text and not text.may_be_empty:
            raise _empty(text)
        if parsed.length > text.longest:
            raise _too_long(text, parsed)


def _fillings(text: Written) -> Iterator[str]:
    """As the text may be sent: the longest first."""
    if not placeholders.holes(text.text, text.parse_mode):
        yield placeholders.filled(text.text, text.parse_mode, {})  # doubled braces are single ones now
        return
    for values in placeholders.extremes():
        yield placeholders.filled(text.text, text.parse_mode, values)


def _longest(text: Written) -> Parsed:
    return markup.parse(next(_fillings(text)), text.parse_mode)


def _empty(text: Written) -> Refused:
    if placeholders.holes(text.text, text.parse_mode):
        return Refused(
            "For some recipients the message is empty.",
            remedy="Give its placeholder a fallback, as in {first_name|friend}.",
            field=text.field,
        )
    return Refused("Nothing of the message can be seen.", field=text.field)


def _too_long(text: Written, parsed: Parsed) -> Refused:
    what = text.field.replace("_", "-")
    at_worst = "up to " if placeholders.holes(text.text, text.parse_mode) else ""
    remedy = "Shorten it, or split it into two campaigns."
    if text.field == "caption":
        remedy = "Shorten it; a text may have 4096."
    return Refused(
        f"The {what} has {at_worst}{parsed.length} characters; Telegram takes {text.longest}.",
        remedy=remedy,
        field=text.field,
    )


def _refused(text: Written, at: int, what: str) -> Refused:
    return Refused(f"{place(text.text, at)}: {what}\n{excerpt(text.text, at)}", field=text.field)


def _check_options(options: Options) -> None:
    if not 0 <= options.canary <= LARGEST_CANARY:
        raise Refused(f"A canary is 0 to {LARGEST_CANARY} deliveries.", field="canary")
    if not 1 <= options.window <= LARGEST_WINDOW:
        raise Refused(f"A window is 1 to {LARGEST_WINDOW} calls.", field="window")
    if options.rate and not SLOWEST_RATE <= options.rate <= FASTEST_RATE:
        raise Refused(
            f"A campaign's own rate is {SLOWEST_RATE} to {FASTEST_RATE:.0f} a second, or 0 for none.",
            field="rate",
        )
    if options.local_time and not _CLOCK.fullmatch(options.local_time):
        raise Refused("A time of the day is written like 10:00.", field="local_time")
    if not 0 <= options.delete_after <= LONGEST_LIFE:
        raise Refused(
            f"Messages can be deleted by themselves after 1 to {LONGEST_LIFE} seconds.",
            remedy="Telegram lets a bot delete what is less than 48 hours old.",
            field="delete_after",
        )
    if options.paid and options.stars <= 0:
        raise Refused(
            "A paid campaign needs to know how many Stars it may cost.",
            remedy="Ten messages above the free rate cost one.",
            field="stars",
        )
    if options.paid and options.unknown is UnknownPolicy.AT_LEAST_ONCE:
        raise Refused(
            "A paid campaign is not sent at least once: what arrives twice costs twice.",
            remedy="Leave the doubtful to `resend`, or leave out the Stars.",
            field="unknown",
        )
    if len(options.only) > MOST_TEST_PERSONS:
        raise Refused(f"A test reaches {MOST_TEST_PERSONS} persons at most.", field="only")
