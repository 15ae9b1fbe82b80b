"""Whatever is asked, the answer is an envelope: no exception, no hang."""

import asyncio
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecrier_sandbox.botapi.api import METHODS
from gatecrier_sandbox.botapi.coverage import coverage
from gatecrier_sandbox.botapi.params import read
from gatecrier_sandbox.errors import ApiError
from sandbox import schema
from sandbox.town import Town

NAMES = (
    "chat_id user_id message_id message_ids text caption parse_mode entities reply_markup reply_parameters "
    "from_chat_id permissions until_date callback_query_id offset limit allowed_updates commands scope url "
    "action message_thread_id member_limit expire_date name secret_token ip_address max_connections "
    "certificate drop_pending_updates"
)
VALUES = (
    *(
        "",
        "0",
        "-1",
        "1",
        "5",
        "99999999999999999999",
        "²",
        "@news",
        "@",
        "null",
        "true",
        "[]",
        "{}",
        "[[",
        "{",
    ),
    *(
        "[{}]",
        '[1,"2",null]',
        '{"inline_keyboard":[[{"text":"a","url":"http://[::1"}]]}',
        '{"message_id":"²"}',
    ),
    *('{"inline_keyboard":[[{"text":"","callback_data":"x"}]]}', '{"keyboard":[[1]]}', '{"type":"chat"}'),
    *(
        '{"can_send_polls":1}',
        "HTML",
        "MarkdownV2",
        "<b>😀</b>",
        "typing",
        "[" * 5000,
        '{"type":[1]}',
        '[{"command":1}]',
    ),
)
OFTEN = settings(max_examples=200, deadline=None)


def known_values(town: Town) -> st.SearchStrategy[str]:
    """Nasty values, and some that lead further in."""
    places = (
        str(town.group.id),
        str(town.channel.id),
        str(town.reader.id),
        str(town.owner.id),
        str(town.bot.id),
    )
    return st.sampled_from((*VALUES, *places))


@pytest.mark.long
@OFTEN
@given(st.data())
def test_any_parameters_are_answered(data: st.DataObject) -> None:
    """Every method answers every mixture of parameters with a well-formed envelope."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    name = data.draw(st.sampled_from(sorted(METHODS)))
    given_ = data.draw(st.dictionaries(st.sampled_from(NAMES.split()), known_values(town), max_size=6))
    params = Town.params({**given_, "timeout": "0"})
    answer = asyncio.run(town.api.answer(town.bot.token, name, params))
    envelope = msgspec.json.decode(answer.body)
    assert envelope["ok"] == (answer.status == 200)
    assert b"null" not in answer.body


KINDS = (b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"")


@OFTEN
@given(
    st.binary(max_size=60),
    st.sampled_from(KINDS),
    st.sampled_from([b"", b"gzip", b"deflate"]),
    st.binary(max_size=200),
)
def test_any_bytes_are_parameters(query: bytes, kind: bytes, encoding: bytes, body: bytes) -> None:
    """Bytes that make no sense are left out, or refused where forms and compressed bodies are broken."""
    with suppress(ApiError):
        params = read(query, kind, encoding, body)
        assert all(isinstance(value, str) for value in params.values.values())


def test_coverage_names_every_documented_method_once() -> None:
    """Supported, partial and absent together are the 185 methods of Bot API 10.3."""
    split = coverage()
    assert sorted([*split.supported, *split.partial, *split.absent]) == sorted(schema.METHODS)
    assert len(schema.METHODS) == 185


async def test_the_log_keeps_little_of_a_large_call() -> None:
    """Two hundred thousand calls are kept; none of them may be a megabyte."""
    town = Town()
    button = {"text": "a", "url": "http://" + "y" * 100_000}
    markup = {"inline_keyboard": [[button]]}
    await town.error("sendMessage", chat_id="x" * 100_000, text="?")
    await town.error("q" * 100_000)
    await town.error("sendMessage", chat_id=town.reader.id, text="?", reply_markup=markup)
    for record in town.world.calls.latest():
        kept = (record.method, record.chat_id, record.description or "", bytes(record.params).decode())
        assert sum(map(len, kept)) < 5_000
