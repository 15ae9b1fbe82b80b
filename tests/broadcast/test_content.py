"""What is refused before anybody is messaged."""

import pytest

from gatecrier.broadcast.content import check, pack, unpack
from gatecrier.broadcast.model import Button, Content, Copy, Options, ParseMode, Text
from gatecrier.kernel.errors import Refused


def row(**button: str) -> tuple[tuple[Button, ...], ...]:
    return ((Button(**{"text": "Go", **button}),),)


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
        Copy(from_chat_id=-100, message_id=4, buttons=row(data="yes")),
    ],
)
def test_content_is_kept_as_it_was_given(content: Content) -> None:
    """What passes is not changed by being stored; markup does not count as length."""
    check("news", content, Options())
    assert unpack(pack(content)) == content


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
