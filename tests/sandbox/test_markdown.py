"""MarkdownV2 as TDLib reads it: quotes, code, emoji. Vectors: the facts of its own test suite."""

import pytest

from gatecrier_sandbox.entities.markdown import parse_legacy, parse_v2
from gatecrier_sandbox.entities.spans import place
from gatecrier_sandbox.errors import ApiError

Found = list[tuple[str, int, int]]

QUOTES: list[tuple[str, str, Found]] = [
    (">", "", []),
    (">||", "", []),
    (">a", "a", [("blockquote", 0, 1)]),
    ("\r>a", "\ra", [("blockquote", 1, 1)]),
    ("\r\r>\r\ra\r\n\r", "\r\r\r\ra\r\n\r", [("blockquote", 2, 5)]),
    ("> \n> \n>", " \n \n", [("blockquote", 0, 4)]),
    ("> \\>\n \\> \n\\>", " >\n > \n>", [("blockquote", 0, 3)]),
    ("abc\n> \n> \n>\ndef", "abc\n \n \n\ndef", [("blockquote", 4, 5)]),
    (">\n1", "\n1", [("blockquote", 0, 1)]),
    (">\n\r>2", "\n\r2", [("blockquote", 0, 1), ("blockquote", 2, 1)]),
    (">\n**>2", "\n2", [("blockquote", 0, 1), ("blockquote", 1, 1)]),
    (">**\n>2", "\n2", [("blockquote", 0, 2)]),
    ("\\\n>2", "\n2", [("blockquote", 1, 1)]),
    (">*abcd*", "abcd", [("blockquote", 0, 4), ("bold", 0, 4)]),
    (">*abcd*\n", "abcd\n", [("blockquote", 0, 5), ("bold", 0, 4)]),
    ("*>abcd\n*", "abcd\n", [("blockquote", 0, 5), ("bold", 0, 5)]),
    (">*b\n>ld \n>bo\n>ld*\nasd", "b\nld \nbo\nld\nasd", [("blockquote", 0, 12), ("bold", 0, 11)]),
    ("*a\n>b\n>ld\nasd*\ndef", "a\nb\nld\nasd\ndef", [("bold", 0, 10), ("blockquote", 2, 5)]),
    (">`b\n>ld\nld`\n>asd\ndef", "b\n>ld\nld\nasd\ndef", [("blockquote", 0, 13), ("code", 0, 8)]),
    ("`>b\n>ld`\n>asd\ndef", ">b\n>ld\nasd\ndef", [("code", 0, 6), ("blockquote", 7, 4)]),
    (">asd\n>q||e||w||\nasdad", "asd\nqew\nasdad", [("expandable_blockquote", 0, 8), ("spoiler", 5, 1)]),
    (">asd\n>q||ew||\nasdad", "asd\nqew\nasdad", [("blockquote", 0, 8), ("spoiler", 5, 2)]),
    (">a\r\n>q||e||w||\r\nb", "a\r\nqew\r\nb", [("expandable_blockquote", 0, 8), ("spoiler", 4, 1)]),
    (">asd\r\n>q||e||w||", "asd\r\nqew", [("expandable_blockquote", 0, 8), ("spoiler", 6, 1)]),
    (">asd\r\n>q||ew||", "asd\r\nqew", [("blockquote", 0, 8), ("spoiler", 6, 2)]),
]
NESTED: list[tuple[str, str, Found]] = [
    ("🏟_🏟 __🏟___", "🏟🏟 🏟", [("italic", 2, 5), ("underline", 5, 2)]),
    ("🏟```🏟\r\n🏟```", "🏟🏟", [("pre", 2, 2)]),
    ("🏟```🏟\n\n🏟```", "🏟\n🏟", [("pre", 2, 3)]),
    ("`_* *_`__*` `*__", "_* *_ ", [("code", 0, 5), ("code", 5, 1), ("bold", 5, 1), ("underline", 5, 1)]),
    ("🏟``", "🏟", []),
    ("\\\\\\a\\1\\➡️\\", "\\a1\\➡️\\", []),
]


@pytest.mark.parametrize(("raw", "plain", "expected"), QUOTES + NESTED)
def test_quotes_and_nesting_are_read_as_telegram_reads_them(raw: str, plain: str, expected: Found) -> None:
    """A quote ends with its line break, which belongs to it; `||` before it folds; \\r counts for nothing."""
    text, spans = parse_v2(raw)
    assert text == plain
    assert [(span.type, span.offset, span.length) for span in sorted(spans, key=place)] == expected


WRONG = [
    (">*b\n>ld \n>bo\nld*", "Can't find end of Bold entity at byte offset 1"),
    (">\n*a*>2", "Character '>' is reserved and must be escaped with the preceding '\\'"),
    (">asd\n>q||e||w||\n||asdad", "Can't find end of Spoiler entity at byte offset 16"),
    (">asd\n>q||ew\n||asdad", "Can't find end of Spoiler entity at byte offset 7"),
    (">asd\n>q||e||w__\n||asdad", "Can't find end of Underline entity at byte offset 13"),
    (">asd\n>q||e||w||a\n||asdad", "Can't find end of Spoiler entity at byte offset 13"),
    (">*a||\nb", "Can't find end of Bold entity at byte offset 1"),
    (">a||\r", "Can't find end of Spoiler entity at byte offset 2"),
    ("*>a", "Can't find end of Bold entity at byte offset 0"),
    ("a>", "Character '>' is reserved and must be escaped with the preceding '\\'"),
    ("a|b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
    ("🏟```a", "Can't find end of Pre entity at byte offset 4"),
    ("🏟```a ", "Can't find end of PreCode entity at byte offset 4"),
    ("🏟![👍", "Can't find end of CustomEmoji entity at byte offset 4"),
    ("![👍]", "The entity must contain a tg://emoji or tg://time URL"),
    ("![👍](tg://emoji?id=1234", "Can't find end of a URL at byte offset 8"),
    *(
        (f"![👍]({address})", "Invalid tg://emoji or tg://time URL specified")
        for address in (
            *("", "t://emoji?id=1234", "tg:emojis?id=1234", "tg://emoji#test", "tg://emoji?test=1#&id=25"),
            *("tg://emoji?id=025", "tg://time?unix=0", "tg://time?unix=25&format=x", "tg://time?date=25"),
        )
    ),
]


@pytest.mark.parametrize(("raw", "text"), WRONG)
def test_broken_markdown_is_refused_with_the_place(raw: str, text: str) -> None:
    """What is opened in a quote closes in it; a picture needs its link; places are UTF-8 offsets."""
    with pytest.raises(ApiError) as caught:
        parse_v2(raw)
    assert caught.value.description == f"Bad Request: can't parse entities: {text}"


PICTURES = [
    ("TG://EMoJI/?test=1&id=25#id=32", {"custom_emoji_id": "25"}),
    ("tg:emoji?id=7&id=8", {"custom_emoji_id": "7"}),
    ("tg://time?unix=25", {"unix_time": 25, "date_time_format": ""}),
    ("TG://TiME/?format=Wt&unix=25#unix=32", {"unix_time": 25, "date_time_format": "wt"}),
]


@pytest.mark.parametrize(("address", "extra"), PICTURES)
def test_a_picture_is_an_emoji_or_a_time(address: str, extra: dict[str, object]) -> None:
    """Scheme and host in any case, the first parameter of a name, nothing behind #."""
    _, (span,) = parse_v2(f"![👍]({address})")
    assert (span.length, span.extra) == (2, extra)
    assert span.type == ("custom_emoji" if "custom_emoji_id" in extra else "date_time")


def test_the_older_markdown_knows_languages_and_unclosed_addresses() -> None:
    """The word behind ``` is a language there, too; an address without its end reaches to the end."""
    text, (block, link) = parse_legacy("```py\nx=1``` [a](b.com")
    assert text == "x=1 a"
    assert (block.type, block.extra) == ("pre", {"language": "py"})
    assert link.extra == {"url": "http://b.com/"}


LEGACY: list[tuple[str, str, Found]] = [
    (r"\_\*\`\[\a *b*", r"_*`[\a b", [("bold", 7, 1)]),
    ("*a_b*_c*d_", "a_bc*d", [("bold", 0, 3), ("italic", 3, 3)]),
    ("**__``[]x", "x", []),
    ("[](a.com)", "(a.com)", []),
    ("[a](b)[c.com]", "ac.com", [("text_link", 1, 5)]),
    ("🏟*🏟*", "🏟🏟", [("bold", 2, 2)]),
    ("```a```", "a", [("pre", 0, 1)]),
]


@pytest.mark.parametrize(("raw", "plain", "expected"), LEGACY)
def test_the_older_markdown_nests_nothing(raw: str, plain: str, expected: Found) -> None:
    """A sign ends what the same sign began, whatever lies between; what is no link stays text."""
    text, spans = parse_legacy(raw)
    assert (text, [(span.type, span.offset, span.length) for span in spans]) == (plain, expected)
