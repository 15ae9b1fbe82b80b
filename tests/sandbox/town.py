"""A small world for tests, and a way to call the Bot API in it without a socket."""

from typing import Any

import msgspec

from gatecrier_sandbox import Limits, World
from gatecrier_sandbox.botapi.api import BotApi
from gatecrier_sandbox.botapi.params import Params, read
from gatecrier_sandbox.world.clock import ManualClock
from gatecrier_sandbox.world.model import Bot, Chat, Person
from sandbox.schema import TYPES, check, check_envelope

ALL_UPDATES = '["message","edited_message","channel_post","my_chat_member","chat_member","callback_query"]'


class CheckedWorld(World):
    """A world that holds every update against the schema before it is queued."""

    def emit_encoded(self, bot: Bot, kind: str, content: bytes, *, now: float | None = None) -> None:
        """As in any world."""
        *_, type_name = TYPES["Update"]["fields"][kind]
        check(msgspec.json.decode(content), type_name, kind)
        super().emit_encoded(bot, kind, content, now=now)


class Town:
    """One channel with its group, a bot that is administrator in both, an owner and a reader."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = ManualClock()
        self.world: World = CheckedWorld(self.clock, limits=limits or Limits.off(), seed=7)
        self.api = BotApi(self.world)
        self.bot: Bot = self.world.bot("gate_bot")
        self.owner: Person = self.world.person("Olga", username="olga")
        self.reader: Person = self.world.person("Rudi")
        self.channel: Chat = self.world.chat("channel", "News", username="news")
        self.group: Chat = self.world.chat("supergroup", "Talk", linked_chat_id=self.channel.id)
        for chat in (self.channel, self.group):
            self.world.set_member(chat.id, self.owner.id, "creator")
            self.world.set_member(chat.id, self.bot.id, "administrator")
        self.world.join(self.group.id, self.reader.id)
        self.bot.queue.clear()

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """One call; the envelope as a dict."""
        body = msgspec.json.encode(given)
        return await self.send(method, read(b"", b"application/json", b"", body))

    async def send(self, method: str, params: Params) -> dict[str, Any]:
        """One call with parameters as they were read; every answer is held against the schema."""
        answer = await self.api.answer(self.bot.token, method, params)
        envelope: dict[str, Any] = msgspec.json.decode(answer.body)
        check_envelope(method, envelope)
        return envelope

    @staticmethod
    def params(values: dict[str, str]) -> Params:
        """Parameters as the HTTP layer reads them."""
        return Params(values)

    async def result(self, method: str, **given: Any) -> Any:
        """The result of a call that must succeed."""
        envelope = await self.call(method, **given)
        assert envelope["ok"], envelope
        return envelope["result"]

    async def error(self, method: str, **given: Any) -> tuple[int, str]:
        """Code and text of a call that must fail."""
        envelope = await self.call(method, **given)
        assert not envelope["ok"], envelope
        return envelope["error_code"], envelope["description"]

    async def updates(self, **given: Any) -> list[dict[str, Any]]:
        """What the bot hears now; everything is confirmed."""
        self.clock.advance(5)
        found: list[dict[str, Any]] = await self.result("getUpdates", **given)
        if found:
            self.bot.queue.seek(found[-1]["update_id"] + 1)
        return found
