"""
Texts as Telegram reads them: which markup it accepts, what is left of the text, and how long it counts.

Ours and not Telegram's server, so what it rejects is told before the first recipient, with the place.
Source: facts of td's MessageEntity.cpp (`html`, `markdown`) and misc.cpp (`writer`).
"""

from gatecrier.broadcast.content.markup.html import Html
from gatecrier.broadcast.content.markup.markdown import Markdown
from gatecrier.broadcast.content.markup.writer import Broken, Entity, Parsed, Writer
from gatecrier.broadcast.content.model import ParseMode

__all__ = ["Broken", "Entity", "Parsed", "parse"]


def parse(text: str, parse_mode: ParseMode) -> Parsed:
    """
    What a reader sees, and what is marked in it.

    Raises:
        Broken: Telegram would reject it: "can't parse entities".
    """
    match parse_mode:
        case ParseMode.HTML:
            return Html(text).parse()
        case ParseMode.MARKDOWN:
            return Markdown(text).parse()
        case _:
            return Writer.plain(text)
