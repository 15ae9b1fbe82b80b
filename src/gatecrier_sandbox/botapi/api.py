"""From a token, a method name and parameters to an answer: the one way every Bot API call goes."""

import inspect
import re
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from gatecrier_sandbox.botapi.access import Access, reach
from gatecrier_sandbox.botapi.params import Params
from gatecrier_sandbox.botapi.webhook_network import Network, Offline
from gatecrier_sandbox.botapi.webhooks import Webhooks
from gatecrier_sandbox.errors import ApiError, not_found, sentence, too_many_requests
from gatecrier_sandbox.world import clock as clocks
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.model import Bot, Room
from gatecrier_sandbox.world.world import World

TOKEN = re.compile(r"([1-9][0-9]{0,16}):[^/]*", re.DOTALL)
LONGEST_TOKEN = 80
LAST_BOT_ID = (1 << 54) - 1


class Call(Struct):
    """One request of one bot."""

    world: World
    bot: Bot
    params: Params
    webhooks: Webhooks

    def text(self, name: str) -> str:
        """A text parameter; absent is empty."""
        return self.params.text(name)

    def integer(self, name: str, default: int = 0) -> int:
        """A 32-bit parameter."""
        return self.params.integer(name, default)

    def flag(self, name: str) -> bool:
        """A boolean parameter."""
        return self.params.flag(name)

    def room(self, access: Access, name: str = "chat_id") -> Room:
        """The chat a parameter names, if the bot may do this there."""
        return reach(self.world, self.bot, self.params.text(name), access)


class Described(Struct, frozen=True):
    """A result with a remark beside it (`description`)."""

    result: object
    description: str


Handler = Callable[[Call], object]


class Method(Struct, frozen=True):
    """A method as documented, the function that does it, and what of it is `missing` here."""

    name: str
    handler: Handler
    is_waiting: bool
    missing: tuple[str, ...] = ()


METHODS: dict[str, Method] = {}
"""By lower-case name; `methods/` fills it."""


def method(name: str, *, missing: tuple[str, ...] = ()) -> Callable[[Handler], Handler]:
    """Register a function as a Bot API method."""

    def register(handler: Handler) -> Handler:
        METHODS[name.lower()] = Method(name, handler, inspect.iscoroutinefunction(handler), missing)
        return handler

    return register


class Answer(Struct, frozen=True):
    """
    What goes back: the HTTP status and the body.

    `is_dropped`: close the connection instead, after `hold` seconds.
    """

    status: int
    body: bytes
    retry_after: int = 0
    is_dropped: bool = False
    hold: float = 0.0


DROPPED = Answer(0, b"", is_dropped=True)
GARBAGE = Answer(200, b'{"ok":true,"result":{"message_id":')


def refusal(error: ApiError) -> Answer:
    """The envelope of an error."""
    envelope: dict[str, object] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        envelope["parameters"] = error.parameters
    return Answer(error.code, msgspec.json.encode(envelope), error.parameters.get("retry_after", 0))


def success(result: object) -> Answer:
    """The envelope of a result."""
    if isinstance(result, Described):
        shown = {"ok": True, "result": result.result, "description": result.description}
        return Answer(200, msgspec.json.encode(shown))
    return Answer(200, msgspec.json.encode({"ok": True, "result": result}))


REFUSALS = {
    FaultKind.SERVER_ERROR: (500, "Internal Server Error"),
    FaultKind.BAD_GATEWAY: (502, "Bad Gateway"),
}
UNANSWERED = {FaultKind.DROP_BEFORE: "dropped before processing", FaultKind.HANG: "never answered"}


class BotApi:
    """The Bot API over one world; webhooks go out by `network`."""

    def __init__(self, world: World, network: Network | None = None) -> None:
        self.world = world
        self.webhooks = Webhooks(world, self.answer, network or Offline())

    def find_bot(self, token: str) -> Bot:
        """The bot of a token. `ApiError` 401 if it is none, or nobody's; 400 if the bot logged out."""
        bot = self.world.tokens.get(token)
        if bot is not None:
            if bot.logged_out:
                raise ApiError(400, "Logged out")
            return bot
        match = TOKEN.fullmatch(token)
        if match is None or len(token) > LONGEST_TOKEN or int(match[1]) > LAST_BOT_ID:
            raise ApiError(401, sentence(401, "invalid token specified"))
        raise ApiError(401, "Unauthorized")

    async def answer(self, token: str, name: str, params: Params) -> Answer:
        """Do what a request asks: faults first, then the method; the call is logged either way."""
        prompt = self.answer_at_once(token, name, params)
        return prompt if prompt is not None else await self._answer_later(token, name, params)

    def answer_at_once(self, token: str, name: str, params: Params) -> Answer | None:
        """The answer of a call that need not wait; None if it may, and then nothing was done."""
        try:
            bot = self.find_bot(token)
        except ApiError as error:
            return refusal(error)
        found = METHODS.get((name or params.values.get("method", "")).lower())
        if found is None:
            return self._closed(bot, name, params, not_found("method not found"))
        if found.is_waiting or self.world.faults.rules:
            return None
        try:
            answer = success(found.handler(Call(self.world, bot, params, self.webhooks)))
        except ApiError as error:
            return self._closed(bot, found.name, params, error)
        self._log(bot, found.name, params, None)
        return answer

    async def _answer_later(self, token: str, name: str, params: Params) -> Answer:
        bot, found = self.find_bot(token), METHODS[(name or params.values.get("method", "")).lower()]
        fault = self._fault(found, bot, params)
        if fault is None:
            return await self._run(found, bot, params)
        return await self._run_badly(found, bot, params, fault)

    def _fault(self, found: Method, bot: Bot, params: Params) -> Fault | None:
        faults = self.world.faults
        return faults.for_call(found.name, bot.id, params.values.get("chat_id", "")) if faults.rules else None

    async def _run_badly(self, found: Method, bot: Bot, params: Params, fault: Fault) -> Answer:
        if fault.kind is FaultKind.TOO_MANY:
            return self._closed(bot, found.name, params, too_many_requests(fault.retry_after))
        if fault.kind in REFUSALS:
            return self._closed(bot, found.name, params, ApiError(*REFUSALS[fault.kind]))
        if fault.kind in UNANSWERED:
            self._closed(bot, found.name, params, ApiError(0, UNANSWERED[fault.kind]))
            hold = fault.seconds if fault.kind is FaultKind.HANG else 0.0
            return Answer(0, b"", is_dropped=True, hold=hold)
        if fault.kind is FaultKind.DELAY:
            await clocks.sleep(self.world.clock, fault.seconds)
            return await self._run(found, bot, params)
        await self._run(found, bot, params)
        return GARBAGE if fault.kind is FaultKind.BAD_JSON else DROPPED

    async def _run(self, found: Method, bot: Bot, params: Params) -> Answer:
        call = Call(self.world, bot, params, self.webhooks)
        try:
            result = found.handler(call)
            answer = success(await result if isinstance(result, Awaitable) else result)
        except ApiError as error:
            return self._closed(bot, found.name, params, error)
        self._log(bot, found.name, params, None)
        return answer

    def _closed(self, bot: Bot, name: str, params: Params, error: ApiError) -> Answer:
        self._log(bot, name, params, (error.code, error.description))
        return refusal(error)

    def _log(self, bot: Bot, name: str, params: Params, error: tuple[int, str] | None) -> None:
        self.world.calls.add(self.world.clock.now(), bot.id, name, params.values, error)
        if self.world.feed.watches:
            self.world.feed.publish(Event("call", bot_id=bot.id))
