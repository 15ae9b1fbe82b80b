"""What a bot may not learn: people it has never met. facts/botapi.md §3, §8."""

from typing import Any

import msgspec
import pytest

from gatecrier_sandbox.botapi.params import read
from sandbox.town import Town

MENTIONS: list[dict[str, Any]] = [
    {"text": "x", "entities": [{"type": "text_mention", "offset": 0, "length": 1, "user": {"id": 0}}]},
    {"text": '<a href="tg://user?id=0">x</a>', "parse_mode": "HTML"},
    {"text": "[x](tg://user?id=0)", "parse_mode": "MarkdownV2"},
]


def of(number: int, given: dict[str, Any]) -> dict[str, Any]:
    """The request with somebody's id in the place of 0."""
    raw = msgspec.json.encode(given).replace(b"id=0", b"id=%d" % number)
    found: dict[str, Any] = msgspec.json.decode(raw.replace(b'"id":0', b'"id":%d' % number))
    return found


@pytest.mark.parametrize("given", MENTIONS)
async def test_a_mention_names_only_whom_the_bot_knows(given: dict[str, Any]) -> None:
    """An id that was guessed gives away neither name nor username; a subscriber is mentioned."""
    town = Town()
    spy, friend = town.world.bot("spy_bot"), town.world.person("Friend")
    town.world.start(friend.id, spy.id)
    for number, known in ((town.owner.id, False), (friend.id, True), (spy.id, True)):
        body = msgspec.json.encode({"chat_id": friend.id} | of(number, given))
        answer = await town.api.answer(spy.token, "sendMessage", read(b"", b"application/json", b"", body))
        sent = msgspec.json.decode(answer.body)["result"]
        assert [entity["user"]["id"] for entity in sent.get("entities", [])] == ([number] if known else [])
