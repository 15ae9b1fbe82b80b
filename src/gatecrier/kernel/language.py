"""
The languages we speak, and the phrases we speak in them: Fluent files, one for each language.

Whatever foreign fills a phrase stands between isolating marks (FSI U+2068, PDI U+2069), so that an Arabic
name does not turn an English line around, nor the other way. A line that would begin with something foreign
begins with a mark of its own direction instead: many programs look at the first letter they find.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from html import escape
from importlib.resources.abc import Traversable
from typing import NamedTuple

import structlog
from fluent.runtime import FluentBundle, FluentResource

log = structlog.get_logger(__name__)

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "ru": "Русский",
    "id": "Bahasa Indonesia",
    "fa": "فارسی",
    "ar": "العربية",
}
"""Code → the language's own name."""

ENGLISH = "en"
FSI, PDI = "\u2068", "\u2069"
LRM, RLM = "\u200e", "\u200f"

_RTL = frozenset({"fa", "ar"})
_FORMER_CODES = {"in": "id"}  # ISO 639 before 1989; Java, and so Android, still says it
_TAG = re.compile(r"<[^<>]*>")
_STRONG = frozenset({"L", "R", "AL"})
# Fluent fills in tokens, and we put the values in their place: it refuses more than 2,500 characters, and
# would isolate our own words and numbers like anything foreign.
_TOKEN = re.compile("\ue000(\\w+)\ue001")


def best(language_code: str, otherwise: str = ENGLISH) -> str:
    """The language for an IETF tag as Telegram sends it ("pt-br", "de", ""), or else when we have none."""
    code = re.split("[-_]", language_code.strip().lower(), maxsplit=1)[0]
    code = _FORMER_CODES.get(code, code)
    return code if code in LANGUAGES else otherwise


def is_rtl(language: str) -> bool:
    """Whether it is written from right to left."""
    return best(language) in _RTL


def with_direction(language: str, text: str) -> str:
    """The text or HTML with a mark before each line whose first letter is a stranger's."""
    mark = RLM if is_rtl(language) else LRM
    return "\n".join(line if _is_led(line) else mark + line for line in text.split("\n"))


def _is_led(line: str) -> bool:
    for letter in _TAG.sub("", line):
        if letter == FSI:
            return False
        if unicodedata.bidirectional(letter) in _STRONG:
            return True
    return True


class Said(NamedTuple):
    """Words of ours that go into a phrase as they are: escaped already, foreign parts isolated already."""

    text: str


def isolated(part: Said) -> Said:
    """Something foreign among words of ours: its direction is its own matter."""
    return Said(f"{FSI}{part.text}{PDI}")


Value = str | int | Said
"""What fills a phrase; only a number can choose between its variants."""


class Phrases:
    """
    A folder's phrases: `de.ftl`, `en.ftl` and so on, each read when somebody is first addressed in it.

    Args:
        strict: Raise ValueError for a phrase that is missing or cannot be filled. Otherwise it is logged,
            and the person reads English, or at worst the phrase with a hole in it.
    """

    def __init__(self, folder: Traversable, *, strict: bool = False) -> None:
        self._folder = folder
        self._bundles: dict[str, FluentBundle] = {}
        self.strict = strict

    def say(self, language: str, message_id: str, /, **values: Value) -> str:
        """Plain text."""
        return with_direction(language, self._filled(language, message_id, values, str))

    def html(self, language: str, message_id: str, /, **values: Value) -> str:
        """HTML: strings are escaped, the phrase itself and what was said are not."""
        return with_direction(language, self._filled(language, message_id, values, escape))

    def part(self, language: str, message_id: str, /, **values: Said | int) -> Said:
        """A piece of a longer phrase, plain or HTML as its values are."""
        return Said(self._filled(language, message_id, values, str))

    def listed(self, language: str, parts: Iterable[Said], *, comma: str, last: str) -> Said:
        """Parts with one phrase between them, and another before the last."""
        texts = [part.text for part in parts]
        if len(texts) < 2:
            return Said("".join(texts))
        before = self.part(language, comma).text.join(texts[:-1])
        return Said(f"{before}{self.part(language, last).text}{texts[-1]}")

    def _filled(
        self, language: str, message_id: str, values: Mapping[str, Value], escaped: Callable[[str], str]
    ) -> str:
        tokens = {
            name: value if isinstance(value, int) else f"\ue000{name}\ue001" for name, value in values.items()
        }

        def filled(match: re.Match[str]) -> str:
            value = values[match[1]]
            return value.text if isinstance(value, Said) else f"{FSI}{escaped(str(value))}{PDI}"

        return _TOKEN.sub(filled, self._formatted(best(language), message_id, tokens))

    def _formatted(self, language: str, message_id: str, tokens: Mapping[str, str | int]) -> str:
        text, faults = self._attempt(language, message_id, tokens)
        if not faults:
            return text
        if self.strict:
            raise ValueError(f"{language}: {message_id}: {'; '.join(faults)}")
        log.error("phrases.broken", language=language, message=message_id, faults=faults)
        if language == ENGLISH:
            return text
        return self._formatted(ENGLISH, message_id, tokens)

    def _attempt(
        self, language: str, message_id: str, tokens: Mapping[str, str | int]
    ) -> tuple[str, list[str]]:
        bundle = self._bundle(language)
        pattern = bundle.get_message(message_id).value if bundle.has_message(message_id) else None
        if pattern is None:
            return message_id, ["there is no such phrase"]
        text, errors = bundle.format_pattern(pattern, dict(tokens))
        return str(text), [str(error) for error in errors]

    def _bundle(self, language: str) -> FluentBundle:
        if language not in self._bundles:
            bundle = FluentBundle([language], use_isolating=False)
            source = self._folder / f"{language}.ftl"
            if source.is_file():
                bundle.add_resource(FluentResource(source.read_text(encoding="utf-8")))
            self._bundles[language] = bundle
        return self._bundles[language]
