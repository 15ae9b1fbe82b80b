"""
The one exit to Telegram: a stack of small steps.

    call       one record for whoever observes
    _repeat    again what is safe, and what a limit postponed
    _exchange  wait for the budget in its lane, unless the far side is known to be down
    _guarded   the breaker of this bot and class of methods, asked as the call leaves
    _post      the network
    _read      the answer, or the error it means

A send whose body may have left is never repeated: it ends as OutcomeUnknown and its ledger says so.
Nor is an edit, which ends as TryLater: who made it draws it anew, and overwrites nothing newer.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, TryLater
from gatecrier.telegram.breaker import Breaker
from gatecrier.telegram.budgets import PATIENCE, Budgets
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.methods import Kind, is_repeatable, kind_of, shows_it_worked
from gatecrier.telegram.peers import ChatId, chat_of
from gatecrier.telegram.token import bot_id_of
from gatecrier.telegram.translate import Parameters, in_doubt, translate
from gatecrier.telegram.transport import ConnectFailed, ConnectionLost, Reply, Transport

T = TypeVar("T")

MOST_TRIES = 3
FIRST_BACKOFF = 0.5
"""Seconds before the first repetition, doubled each time, spread by half either way."""

_IN_DOUBT = frozenset({"no_answer", "server_error", "bad_answer"})
"""Codes after which the call may have worked; a send's are no TryLater."""


class CallRecord(msgspec.Struct, frozen=True, gc=False):
    """
    One call as its observer sees it.

    Args:
        code: "ok", the error's code, or "cancelled".
        seconds: From the first moment to the last; `waited` of them for budgets.
        attempts: Times the network was asked or a limit said no.
    """

    bot_id: int
    method: str
    lane: Lane
    code: str
    seconds: float
    waited: float
    attempts: int


class Envelope(msgspec.Struct, Generic[T], gc=False):
    """Every answer of the Bot API."""

    ok: bool
    result: T | msgspec.UnsetType = msgspec.UNSET
    description: str = ""
    error_code: int = 0
    parameters: Parameters | None = None


class Call(msgspec.Struct, gc=False):
    """
    A call on its way; times in seconds of the monotonic clock.

    Args:
        latest: It must have arrived before this moment; infinite for most.
        in_doubt: An attempt before this one may have worked.
    """

    bot_id: int
    method: str
    kind: Kind
    lane: Lane
    url: str
    body: bytes
    chat_id: ChatId | None
    permit: bool
    paid: bool
    timeout: float
    started: float
    latest: float
    waited: float = 0.0
    attempts: int = 0
    failures: int = 0
    in_doubt: bool = False

    def __repr__(self) -> str:
        return f"<Call {self.method}>"  # the URL holds the token


class Gateway:
    """
    Every Bot API call of this process leaves here; it owns the breakers and shares the budgets.

    Args:
        api_url: Where the Bot API is served, without a trailing slash, such as https://api.telegram.org.
        observe: Told of every call when it ends; must not raise.
        may_act: Whether this process may still act for a bot, asked as each call leaves that changes
            something: it may have been frozen since it decided to, and another has taken over.

    Raises:
        Misconfigured: `api_url` is no http(s) address.
    """

    def __init__(
        self,
        transport: Transport,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: random.Random,
        api_url: str,
        observe: Callable[[CallRecord], None] | None = None,
        may_act: Callable[[int], bool] = lambda _bot_id: True,
    ) -> None:
        self.budgets = budgets
        self.clock = clock
        self._transport = transport
        self._rng = rng
        self._api_url = _checked(api_url)
        self._observe = observe
        self._may_act = may_act
        self._breakers: dict[tuple[int, Kind], Breaker] = {}

    async def call(
        self,
        token: str,
        method: str,
        params: Mapping[str, object],
        *,
        lane: Lane,
        result: type[T],
        permit: bool = False,
        timeout: float = 30.0,  # noqa: ASYNC109 - the transport keeps it, per attempt
        within: float = float("inf"),
    ) -> T:
        """
        Call a Bot API method and decode its result into `result` (msgspec.Raw: not at all).

        Args:
            permit: One of `budgets.reserve` is spent on this call.
            timeout: Seconds that one attempt may take on the network; waiting for budgets is not counted.
            within: Seconds after which the call must not arrive any more, waits and repetitions included,
                because what it says would then mean something else. It ends as TryLater instead.
        Raises:
            GatecrierError: what the caller does next; see kernel/errors.py and translate.py.
        """
        decoder = _decoder(result)
        call = self._begin(token, method, params, lane, permit=permit, timeout=timeout, within=within)
        if self._observe is None:
            return await self._repeat(call, decoder)
        code = "cancelled"
        try:
            answer = await self._repeat(call, decoder)
            code = "ok"
            return answer
        except GatecrierError as error:
            code = error.code
            raise
        finally:
            self._observe(self._record(call, code))

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()

    def _begin(
        self,
        token: str,
        method: str,
        params: Mapping[str, object],
        lane: Lane,
        *,
        permit: bool,
        timeout: float,
        within: float,
    ) -> Call:
        now = self.clock.monotonic()
        return Call(
            bot_id=bot_id_of(token),
            method=method,
            kind=kind_of(method),
            lane=lane,
            url=f"{self._api_url}/bot{token}/{method}",
            body=_encode(params if type(params) is dict else dict(params)),
            chat_id=chat_of(params),
            permit=permit,
            paid="allow_paid_broadcast" in params,
            timeout=timeout,
            started=now,
            latest=now + within,
        )

    async def _repeat(self, call: Call, decoder: "msgspec.json.Decoder[Envelope[T]]") -> T:
        while True:
            call.attempts += 1
            try:
                return self._read(call, await self._exchange(call), decoder)
            except TryLater as error:
                pause = self._before_repeating(call, error)
                if pause is None:
                    raise
            await self.clock.sleep(pause)

    def _before_repeating(self, call: Call, error: TryLater) -> float | None:
        """Seconds until this call may be made again; None: the caller shall hear of it."""
        if call.kind is Kind.POLL:
            return None
        if error.code == "rate_limited":
            waits = call.lane is not Lane.CAMPAIGN and error.retry_after < self._patience(call)
            return error.retry_after if waits else None
        call.failures += 1
        doubtful = error.code in _IN_DOUBT
        call.in_doubt |= doubtful
        may_repeat = error.code == "unreachable" or (doubtful and is_repeatable(call.method))
        if not may_repeat or call.failures >= MOST_TRIES:
            return None
        return FIRST_BACKOFF * 2.0 ** (call.failures - 1) * self._rng.uniform(0.5, 1.5)

    async def _exchange(self, call: Call) -> Reply:
        if call.kind is Kind.POLL:
            return await self._post(call)  # the poller has its own way with outages, and spends no budget
        breaker = self._breaker(call)
        breaker.check(self.clock.monotonic())
        await self._budget(call)
        try:
            self._check_still_wanted(call)
            return await self._guarded(call, breaker)
        finally:
            self.budgets.landed(call.bot_id, call.method, paid=call.paid and call.lane is Lane.CAMPAIGN)

    async def _guarded(self, call: Call, breaker: Breaker) -> Reply:
        left = self.clock.monotonic()
        epoch = breaker.enter(left)
        try:
            reply = await self._post(call)
        except GatecrierError:
            breaker.failed(epoch, self.clock.monotonic())
            raise
        except BaseException:
            breaker.left(epoch)
            raise
        if reply.status >= 500:
            breaker.failed(epoch, self.clock.monotonic())
        else:
            breaker.succeeded(epoch)
        if call.lane is Lane.CAMPAIGN:
            self.budgets.answered(call.bot_id, self.clock.monotonic() - left)
        return reply

    async def _post(self, call: Call) -> Reply:
        timeout = min(call.timeout, call.latest - self.clock.monotonic())
        try:
            return await self._transport.post(call.url, call.body, timeout=timeout)
        except ConnectFailed as error:
            text = f"Telegram cannot be reached: {_without_token(call, str(error))}."
            failure: GatecrierError = TryLater(text, code="unreachable")
        except ConnectionLost as error:
            text = f"Telegram did not answer: {_without_token(call, str(error))}."
            failure = in_doubt(call.method, text, code="no_answer")
        raise failure  # outside the except block: nothing of the HTTP client is chained

    async def _budget(self, call: Call) -> None:
        before = self.clock.monotonic()
        await self.budgets.wait(
            call.bot_id,
            call.chat_id,
            call.method,
            call.lane,
            permit=call.permit,
            paid=call.paid,
            patience=self._patience(call),
        )
        call.waited += self.clock.monotonic() - before

    def _check_still_wanted(self, call: Call) -> None:
        if self.clock.monotonic() >= call.latest:
            raise TryLater("Telegram did not take it in time.", code="too_late")
        if call.kind is not Kind.READ and not self._may_act(call.bot_id):
            raise TryLater("Another process acts for this bot now.", code="not_home")

    def _patience(self, call: Call) -> float:
        """Seconds that this call may still wait for budgets and pauses."""
        now = self.clock.monotonic()
        return min(call.started + PATIENCE, call.latest) - now

    def _read(self, call: Call, reply: Reply, decoder: "msgspec.json.Decoder[Envelope[T]]") -> T:
        if 200 <= reply.status < 300:
            try:
                envelope = decoder.decode(reply.body)
            except msgspec.DecodeError:
                envelope = None
            if envelope is None or (envelope.ok and envelope.result is msgspec.UNSET):
                raise in_doubt(call.method, "Telegram's answer makes no sense.", code="bad_answer")
            if envelope.result is not msgspec.UNSET:
                return envelope.result
        error = self._refusal(call, reply)
        if call.in_doubt and shows_it_worked(call.method, error.code):
            return self._read(call, _TRUE, decoder)
        raise error

    def _refusal(self, call: Call, reply: Reply) -> GatecrierError:
        failure = _failure(reply)
        if failure is None:
            return _not_telegram(reply.status)
        status = failure.error_code or reply.status
        told = failure.parameters or Parameters(retry_after=reply.retry_after)
        text = _without_token(call, failure.description)
        error = translate(call.method, status, text, told, chat=call.chat_id)
        if isinstance(error, TryLater) and error.code == "rate_limited":
            # A little more than told: the server's clock and ours disagree about when a second ends.
            error.retry_after += self._rng.uniform(0.05, 0.25)
            scope = self.budgets.blame(call.bot_id, call.chat_id, call.method)
            self.budgets.pause(scope, error.retry_after)
        return error

    def _breaker(self, call: Call) -> Breaker:
        key = (call.bot_id, Kind.SEND if call.kind is Kind.EDIT else call.kind)
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = self._breakers[key] = Breaker()
        return breaker

    def _elapsed(self, call: Call) -> float:
        return self.clock.monotonic() - call.started

    def _record(self, call: Call, code: str) -> CallRecord:
        return CallRecord(
            call.bot_id, call.method, call.lane, code, self._elapsed(call), call.waited, call.attempts
        )


_SPOKEN_BY_PROXIES = (413, 429)
"""Statuses that mean the same without a Bot API body: something on the way speaks for the server."""

_TRUE = Reply(200, b'{"ok":true,"result":true}')

_encode = msgspec.json.Encoder().encode
_failures = msgspec.json.Decoder(Envelope[msgspec.Raw])
_decoders: dict[object, "msgspec.json.Decoder[Any]"] = {}


def _decoder(result: type[T]) -> "msgspec.json.Decoder[Envelope[T]]":
    """One decoder for each type of result; they are few, and dear to make."""
    decoder = _decoders.get(result)
    if decoder is None:
        decoder = _decoders[result] = msgspec.json.Decoder(Envelope[result])  # type: ignore[valid-type]
    return decoder


def _failure(reply: Reply) -> "Envelope[msgspec.Raw] | None":
    """The error in an answer; None when whoever answered is not the Bot API."""
    try:
        return _failures.decode(reply.body)
    except msgspec.DecodeError:
        pass
    if reply.status in _SPOKEN_BY_PROXIES or reply.status >= 500:
        return Envelope(ok=False, error_code=reply.status)
    return None


def _not_telegram(status: int) -> Misconfigured:
    return Misconfigured(
        f"Something that is not the Bot API answered with HTTP {status}.",
        remedy="It must be the address of a Bot API server, such as https://api.telegram.org.",
        field="GATECRIER_TELEGRAM_API_URL",
        code="not_telegram",
    )


def _without_token(call: Call, text: str) -> str:
    """What others say of a call may quote its URL."""
    token = call.url.rpartition("/bot")[2].partition("/")[0]
    return text.replace(token, "***").replace(token.replace(":", "%3A"), "***")


def _checked(api_url: str) -> str:
    if not api_url.startswith(("http://", "https://")):
        raise Misconfigured(
            "The address of the Bot API must begin with http:// or https://.",
            remedy="Leave it out for Telegram's own.",
            field="GATECRIER_TELEGRAM_API_URL",
            code="malformed_api_url",
        )
    return api_url.rstrip("/")
