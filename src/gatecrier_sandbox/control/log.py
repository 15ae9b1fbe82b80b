"""What happened: a summary, what bots asked, what they were told; read once, or as a stream."""

from itertools import islice

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from gatecrier_sandbox.botapi.coverage import coverage
from gatecrier_sandbox.control import answers, queries, streams
from gatecrier_sandbox.control.accounts import shown_bot
from gatecrier_sandbox.control.endpoint import Stream, endpoint
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.calls import CallFilter
from gatecrier_sandbox.world.model import Wire
from gatecrier_sandbox.world.updates import UpdateQueue
from gatecrier_sandbox.world.world import World


@endpoint("GET", "", answers.Summary)
def summary(world: World) -> Wire:
    """What there is."""
    covered = coverage()
    return {
        "bots": [shown_bot(world, bot) for bot in world.bots.values()],
        "people": world.humans,
        "chats": [wire.chat(chat) for chat in world.chats.values()],
        "calls": world.calls.total,
        "faults": len(world.faults.rules),
        "limits": world.meter.limits,
        "coverage": {
            "supported": len(covered.supported),
            "partial": len(covered.partial),
            "absent": len(covered.absent),
        },
    }


@endpoint("GET", "/coverage", answers.Coverage)
def show_coverage(world: World) -> object:  # noqa: ARG001 - every act has a world
    """The methods of the Bot API: supported, partial (and what is missing), absent."""
    return coverage()


def call_filter(query: queries.CallsQuery) -> CallFilter:
    """Which calls a query asks for."""
    return CallFilter(
        bot_id=query.bot_id or None,
        method=query.method or None,
        chat_id=query.chat_id or None,
        ok=None if query.ok is UNSET else bool(query.ok),
        after=query.after,
    )


@endpoint("GET", "/calls", answers.Calls)
def list_calls(world: World, query: queries.CallsPage) -> Wire:
    """The call log, oldest first; go on with `after` = the last `seq`. 200,000 calls are kept."""
    found = world.calls.select(call_filter(query))
    return {"calls": list(islice(found, query.limit)), "total": world.calls.total}


@endpoint("GET", "/calls/count", answers.Count)
def count_calls(world: World, query: queries.CallsQuery) -> answers.Count:
    """How many calls of the log match."""
    return answers.Count(world.calls.count(call_filter(query)))


@endpoint("GET", "/calls/stream", Stream)
def stream_calls(world: World, request: Request, query: queries.CallsQuery) -> Response:
    """Each call as it comes, from now on or behind `after` (or the header Last-Event-ID)."""
    return streams.calls(world, request, call_filter(query))


@endpoint("GET", "/updates", list[answers.Update])
def list_updates(world: World, query: queries.UpdatesQuery) -> list[Wire]:
    """A bot's latest updates, oldest first, also those it has confirmed. 100 are kept."""
    queue = world.need_bot(query.bot_id).queue
    return [shown for shown in recent(queue) if int(str(shown["update_id"])) > query.after]


def recent(queue: UpdateQueue) -> list[Wire]:
    """The latest updates of a queue, and whether they will come again."""
    pending = queue.updates[0].update_id if queue.updates else queue.next_id
    return [
        {
            "update_id": update.update_id,
            "confirmed": update.update_id < pending,
            "update": msgspec.Raw(update.body),
        }
        for update in queue.recent
    ]


@endpoint("GET", "/updates/stream", Stream)
def stream_updates(world: World, request: Request, query: queries.UpdatesQuery) -> Response:
    """Each update of a bot as it is made, from now on or behind `after` (or the header Last-Event-ID)."""
    return streams.updates(world, request, world.need_bot(query.bot_id), query.after)


@endpoint("GET", "/deliveries", dict[str, int])
def count_deliveries(world: World, query: queries.DeliveriesQuery) -> dict[str, int]:
    """Messages per person that a bot got through."""
    bot = world.need_bot(query.bot_id)
    counts = world.deliveries.count(bot.id, text=None if query.text is UNSET else str(query.text))
    return {str(person_id): count for person_id, count in counts.items()}
