"""What is refused before anybody is messaged."""

import json

import pytest

from gatecrier.broadcast.content.lint import check, warnings
from gatecrier.broadcast.content.pack import pack, unpack
from gatecrier.broadcast.model import (
    Album,
    Button,
    Content,
    Copy,
    Media,
    MediaKind,
    Message,
    Options,
    ParseMode,
    Text,
    Variant,
    Variants,
)
from gatecrier.kernel.errors import Refused


def row(**button: str) -> tuple[tuple[Button, ...], ...]:
    return ((Button(**{"text": "Go", **button}),),)


def photo(file: str = "https://a.bc/x.jpg", *, caption: str = "", html: bool = False) -> Media:
    mode = ParseMode.HTML if html else ParseMode.PLAIN
    return Media(kind=MediaKind.PHOTO, file=file, caption=caption, parse_mode=mode)


def two(
    content: Message, *, first: str = "", language: str = "", weight: int = 1, hold_out: int = 0
) -> Variants:
    one = Variant(content=Text(text="x"), language=first)
    other = Variant(content=content, language=language, weight=weight)
    return Variants(variants=(one, other), hold_out=hold_out)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Text(text=""), "text"),
        (Text(text=" \n "), "text"),
        (Text(text="x" * 4097), "text"),
        (Text(text="<b>" + "x" * 4097 + "</b>", parse_mode=ParseMode.HTML), "text"),
        (Text(text="\ud800"), "text"),
        (Text(text="x", parse_mode="Markdown"), "parse_mode"),  # type: ignore[arg-type]
        (Text(text="x", buttons=row()), "buttons"),
        (Text(text="x", buttons=row(text="", url="https://a.b")), "buttons"),
        (Text(text="x", buttons=row(url="https://a.b", data="x")), "buttons"),
        (Text(text="x", buttons=row(url="javascript:alert(1)")), "buttons"),
        (Text(text="x", buttons=row(data="я" * 33)), "buttons"),
        (Text(text="x", buttons=((),)), "buttons"),
        (Copy(from_chat_id=-100, message_id=0), "message_id"),
        (Text(text="x", buttons=row(web_app="http://a.b")), "buttons"),
        (Text(text="x", effect="fire"), "effect"),
        (Text(text="<b>\u200b</b>", parse_mode=ParseMode.HTML), "text"),
        (Text(text="x" * 4094 + "👍👍"), "text"),
        (photo(caption="x" * 1025), "caption"),
        (photo(caption="<b>x", html=True), "caption"),
        (photo(file="photo.jpg"), "file"),
        (photo(file="ftp://a.bc/x"), "file"),
        (Media(kind=MediaKind.VOICE, file="https://a.bc/x", above=True), "above"),
        (Media(kind=MediaKind.DOCUMENT, file="https://a.bc/x", spoiler=True), "spoiler"),
        (Album(from_chat_id=-100, message_ids=()), "message_ids"),
        (Album(from_chat_id=-100, message_ids=(2, 1)), "message_ids"),
        (Album(from_chat_id=-100, message_ids=(1, 1)), "message_ids"),
        (Album(from_chat_id=-100, message_ids=tuple(range(1, 102))), "message_ids"),
        (Album(from_chat_id=0, message_ids=(1,)), "from_chat_id"),
        (Album(from_chat_id=1, message_ids=(1,), follow_up=Text(text="")), "follow_up"),
        (Album(from_chat_id=1, message_ids=(1,), follow_up=Text(text="x", buttons=row())), "buttons"),
        (Variants(variants=()), "variants"),
        (two(Text(text="x"), language="de", first="en"), "variants"),
        (two(Text(text="x"), language="German!"), "variants[1].language"),
        (two(Text(text="<b>", parse_mode=ParseMode.HTML)), "variants[1].text"),
        (two(Text(text="x"), weight=0), "variants[1].weight"),
        (two(Text(text="x"), hold_out=91), "hold_out"),
    ],
)
def test_what_telegram_would_refuse_for_all_is_refused_at_once(content: Content, field: str) -> None:
    """A mistake that shows without sending is told by the name of its field."""
    with pytest.raises(Refused) as refused:
        check("news", content, Options())
    assert refused.value.field == field


@pytest.mark.parametrize(
    "content",
    [
        Text(text="x" * 4096),
        Text(text="<b>" + "&amp;" * 4096 + "</b>", parse_mode=ParseMode.HTML),
        Text(text="*" + "\\." * 4096 + "*", parse_mode=ParseMode.MARKDOWN),
        Text(text="x", buttons=row(url="tg://resolve?domain=a")),
        Copy(
            from_chat_id=-100, message_id=4, buttons=row(data="yes"), effect="5104841245755180586", pin=True
        ),
        Text(text="x" * 4094 + "👍", preview_above=True, buttons=row(web_app="https://a.b")),
        photo(caption="x" * 1024),
        photo(file="AgACAgIAAxkBAAIBY2", caption="  "),
        Media(kind=MediaKind.VIDEO, file="https://a.bc/x", above=True, spoiler=True, buttons=row(copy="c")),
        Album(from_chat_id=-100, message_ids=tuple(range(1, 101)), pin=True),
        Album(from_chat_id=-100, message_ids=(4,), follow_up=Text(text="x", buttons=row(data="yes"))),
        two(photo(), language="pt_BR", weight=9, hold_out=10),
        two(Album(from_chat_id=-100, message_ids=(4, 5), follow_up=Text(text="x"))),
    ],
)
def test_content_is_kept_as_it_was_given(content: Content) -> None:
    """What passes is not changed by being stored; markup does not count as length."""
    check("news", content, Options())
    assert unpack(json.loads(json.dumps(pack(content)))) == content


def test_what_an_older_version_kept_is_read() -> None:
    """A campaign outlives the version that made it: what it did not know has its default."""
    kept = {
        "kind": "text",
        "text": "x",
        "parse_mode": "HTML",
        "buttons": [[{"text": "Go", "url": "https://a.b", "data": "", "copy": ""}]],
        "silent": True,
        "protect": False,
        "link_preview": False,
    }
    assert unpack(kept) == Text(
        text="x",
        parse_mode=ParseMode.HTML,
        buttons=row(url="https://a.b"),
        silent=True,
        link_preview=False,
    )


def refusal(text: str, mode: ParseMode) -> str:
    with pytest.raises(Refused) as refused:
        check("news", Text(text=text, parse_mode=mode), Options())
    return refused.value.text


def test_a_mistake_is_shown_where_it_is() -> None:
    """Line, column, the line itself and a caret under the sign; wide characters count two columns."""
    assert refusal("Hello\n日本 <b>x</i> end", ParseMode.HTML) == (
        "Line 2, column 8: </i> stands where </b> must come first\n日本 <b>x</i> end\n         ^"
    )
    assert refusal("One.", ParseMode.MARKDOWN) == (
        "Line 1, column 4: the sign . must be escaped: \\.\nOne.\n   ^"
    )


def test_an_excerpt_is_short_and_turns_nothing_around() -> None:
    """Of a long line its part around the mistake; what cannot be seen is a dot."""
    told = refusal("a" * 500 + "\u202e<br>" + "b" * 500, ParseMode.HTML)
    _, line, caret = told.split("\n")
    assert line == "…" + "a" * 29 + "·<br>" + "b" * 26 + "…"
    assert caret.index("^") == line.index("<")


def test_much_markup_is_warned_of() -> None:
    """Telegram keeps a hundred entities and says nothing of the others."""
    text = Text(text="<b>x</b> " * 101, parse_mode=ParseMode.HTML)
    assert [one.startswith("text: it marks 101 parts") for one in warnings(text)] == [True]
    assert warnings(Text(text="<b>x</b> " * 100, parse_mode=ParseMode.HTML)) == []
    assert warnings(two(text))[0].startswith("variants[1]: text")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(canary=-1), "canary"),
        (Options(window=0), "window"),
        (Options(only=tuple(range(101))), "only"),
    ],
)
def test_options_stay_within_reason(options: Options, field: str) -> None:
    """A window bounds what a crash leaves unknown, so it cannot be boundless."""
    with pytest.raises(Refused) as refused:
        check("news", Text(text="x"), options)
    assert refused.value.field == field


def test_albums_cannot_be_paid_for() -> None:
    """Bot API copyMessages takes no Stars: a paid campaign of albums would meet the free rate's 429."""
    album = Album(from_chat_id=-100, message_ids=(1, 2))
    check("news", album, Options())
    with pytest.raises(Refused) as refused:
        check("news", two(album), Options(paid=True, stars=5))
    assert refused.value.field == "stars"
