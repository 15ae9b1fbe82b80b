"""The door for tests and scripts: `/sandbox/...`, JSON in and out, each path one act of the world."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatecrier_sandbox.botapi.coverage import coverage
from gatecrier_sandbox.control import requests as asked
from gatecrier_sandbox.control.requests import call_filter, number, path_id, read
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import membership, rights, wire
from gatecrier_sandbox.world.faults import Fault
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.model import Chat, Dialog, Message, Room, Wire
from gatecrier_sandbox.world.permissions import PERMISSIONS
from gatecrier_sandbox.world.world import World

Act = Callable[[Request], Awaitable[object]]
MOST_SHOWN = 10_000


def control(world: World) -> Starlette:
    """The control API over one world."""
    desk = Desk(world)
    return Starlette(
        routes=[_route(*line) for line in desk.routes()],
        exception_handlers={404: _no_such_path, 405: _no_such_path},
    )


def _no_such_path(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _json({"error": "there is no such path" if status == 404 else "not with this verb"}, status)


def _route(path: str, verb: str, act: Act) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return _json(await act(request), 201 if verb == "POST" else 200)
        except Refused as refused:
            shown: Wire = {"error": refused.error}
            if refused.field:
                shown["field"] = refused.field
            return _json(shown, refused.status)

    return Route(f"/sandbox{path}", endpoint, methods=[verb])


def _json(content: object, status: int) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


class Desk:
    """Reads a request, does the act, shows what came of it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[tuple[str, str, Act]]:
        """Path, verb, act."""
        return [
            ("", "GET", self.summary),
            ("/coverage", "GET", self.coverage),
            ("/bots", "POST", self.make_bot),
            ("/people", "POST", self.make_person),
            ("/chats", "POST", self.make_chat),
            ("/chats/{chat_id}/members/{user_id}", "PUT", self.set_member),
            ("/chats/{chat_id}/members/{user_id}", "GET", self.show_member),
            ("/chats/{chat_id}/messages", "GET", self.show_messages),
            ("/joins", "POST", self.join),
            ("/leaves", "POST", self.leave),
            ("/messages", "POST", self.say),
            ("/edits", "POST", self.edit),
            ("/starts", "POST", self.start),
            ("/blocks", "POST", self.block),
            ("/unblocks", "POST", self.unblock),
            ("/deactivations", "POST", self.deactivate),
            ("/clicks", "POST", self.click),
            ("/clicks/{click_id}", "GET", self.show_click),
            ("/subscribers", "POST", self.make_subscribers),
            ("/calls", "GET", self.show_calls),
            ("/calls/count", "GET", self.count_calls),
            ("/deliveries", "GET", self.count_deliveries),
            ("/faults", "POST", self.add_fault),
            ("/faults", "GET", self.show_faults),
            ("/faults", "DELETE", self.clear_faults),
            ("/limits", "PUT", self.set_limits),
        ]

    async def summary(self, _: Request) -> Wire:
        """What there is."""
        world = self.world
        bots = [
            {
                "id": bot.id,
                "token": bot.token,
                "username": world.people[bot.id].username,
                "subscribers": len(bot.dialogs),
                "pending_updates": len(bot.queue.updates),
                "dropped_updates": bot.queue.dropped,
            }
            for bot in world.bots.values()
        ]
        humans = sum(not person.is_bot for person in world.people.values()) - 1
        supported = coverage()["supported"]
        return {
            "bots": bots,
            "people": humans,
            "chats": [wire.chat(chat) for chat in world.chats.values()],
            "calls": world.calls.total,
            "faults": len(world.faults.rules),
            "limits": world.meter.limits,
            "coverage": {"supported": len(supported), "absent": len(coverage()["absent"])},
        }

    async def coverage(self, _: Request) -> Wire:
        """The methods, supported and absent."""
        return dict(coverage())

    async def make_bot(self, request: Request) -> Wire:
        """A new bot with its token."""
        wish = await read(request, asked.NewBot)
        bot = self.world.bot(wish.username, first_name=wish.first_name, token=wish.token)
        bot.reads_all = wish.can_read_all_group_messages
        return {"id": bot.id, "token": bot.token, "username": wish.username}

    async def make_person(self, request: Request) -> Wire:
        """A new person."""
        wish = await read(request, asked.NewPerson)
        return wire.user(self.world.person(**msgspec.structs.asdict(wish)))

    async def make_chat(self, request: Request) -> Wire:
        """A new chat."""
        wish = await read(request, asked.NewChat)
        return self._chat(self.world.chat(**msgspec.structs.asdict(wish)))

    def _chat(self, chat: Chat) -> Wire:
        shown = wire.chat(chat)
        if chat.linked_chat_id:
            shown["linked_chat_id"] = chat.linked_chat_id
        return shown | {"permissions": {name: name in chat.permissions for name in PERMISSIONS}}

    async def set_member(self, request: Request) -> Wire:
        """Somebody becomes something in a chat."""
        wish = await read(request, asked.NewMember)
        chat_id, user_id = path_id(request, "chat_id"), path_id(request, "user_id")
        self.world.set_member(chat_id, user_id, **msgspec.structs.asdict(wish))
        return self._member(chat_id, user_id)

    async def show_member(self, request: Request) -> Wire:
        """What somebody is, and may do."""
        return self._member(path_id(request, "chat_id"), path_id(request, "user_id"))

    def _member(self, chat_id: int, user_id: int) -> Wire:
        world = self.world
        chat, person = world.need_chat(chat_id), world.need_person(user_id)
        member = membership.current(world, chat, user_id)
        may = {name: name in rights.allowed(chat, member) for name in PERMISSIONS}
        if member.is_admin:
            may |= {name: rights.holds(chat, member, name) for name in rights.OF_TYPE[chat.type]}
        return wire.member(chat, person, member) | {"may": may}

    async def show_messages(self, request: Request) -> list[Wire]:
        """A room's messages; a dialog is named by the person with `bot_id`, or by the bot with `user_id`."""
        room = self._room(request, path_id(request, "chat_id"))
        after, limit = number(request, "after", 0), number(request, "limit", 100)
        found = (message for message in room.messages.values() if message.message_id > after)
        return [self._message(room, message) for message in islice(found, min(limit, MOST_SHOWN))]

    def _room(self, request: Request, chat_id: int) -> Room:
        if chat_id < 0:
            return self.world.need_chat(chat_id)
        if chat_id in self.world.bots:
            return self._dialog(chat_id, number(request, "user_id", 0), "user_id")
        only = next(iter(self.world.bots)) if len(self.world.bots) == 1 else 0
        return self._dialog(number(request, "bot_id", only), chat_id, "bot_id")

    def _dialog(self, bot_id: int, user_id: int, field: str) -> Dialog:
        if not bot_id or not user_id:
            raise Refused(f"a private chat needs {field}", field=field)
        self.world.need_person(user_id)
        return self.world.need_bot(bot_id).dialogs.get(user_id) or Dialog(bot_id, user_id)

    def _message(self, room: Room, message: Message) -> Wire:
        return wire.message(self.world, room, message)

    async def join(self, request: Request) -> Wire:
        """Somebody comes in."""
        wish = await read(request, asked.Membership)
        self.world.join(wish.chat_id, wish.user_id)
        return self._member(wish.chat_id, wish.user_id)

    async def leave(self, request: Request) -> Wire:
        """Somebody goes."""
        wish = await read(request, asked.Membership)
        self.world.leave(wish.chat_id, wish.user_id)
        return self._member(wish.chat_id, wish.user_id)

    async def say(self, request: Request) -> Wire:
        """Somebody writes."""
        wish = await read(request, asked.NewMessage)
        message = self.world.say(**msgspec.structs.asdict(wish))
        return self._message(self.world.room(wish.from_id, wish.chat_id), message)

    async def edit(self, request: Request) -> Wire:
        """Somebody edits their message."""
        wish = await read(request, asked.Edit)
        message = self.world.edit(wish.chat_id, wish.from_id, wish.message_id, wish.text)
        return self._message(self.world.room(wish.from_id, wish.chat_id), message)

    async def start(self, request: Request) -> Wire:
        """Somebody starts a bot."""
        wish = await read(request, asked.Start)
        message = self.world.start(wish.user_id, wish.bot_id, wish.payload)
        return self._message(self.world.room(wish.user_id, wish.bot_id), message)

    async def block(self, request: Request) -> Wire:
        """Somebody blocks a bot."""
        wish = await read(request, asked.Pair)
        self.world.block(wish.user_id, wish.bot_id)
        return {"user_id": wish.user_id, "bot_id": wish.bot_id, "blocked": True}

    async def unblock(self, request: Request) -> Wire:
        """Somebody lets a bot write again."""
        wish = await read(request, asked.Pair)
        self.world.unblock(wish.user_id, wish.bot_id)
        return {"user_id": wish.user_id, "bot_id": wish.bot_id, "blocked": False}

    async def deactivate(self, request: Request) -> Wire:
        """Somebody deletes their account."""
        wish = await read(request, asked.Deactivation)
        self.world.deactivate(wish.user_id)
        return {"user_id": wish.user_id, "deactivated": True}

    async def click(self, request: Request) -> Wire:
        """Somebody presses a button."""
        wish = await read(request, asked.NewClick)
        return {"callback_query_id": self.world.click(**msgspec.structs.asdict(wish)).id}

    async def show_click(self, request: Request) -> Wire:
        """Whether a press was answered, and how; after its 150 seconds the next press makes it forgotten."""
        click = self.world.clicks.get(request.path_params["click_id"])
        if click is None:
            raise Refused("there is no such click", status=404)
        shown: Wire = {"answered": click.answered, "text": click.text}
        return shown | {"show_alert": click.show_alert, "url": click.url}

    async def make_subscribers(self, request: Request) -> object:
        """Many people who started a bot; others get their turn while they are made."""
        wish = await read(request, asked.NewSubscribers)
        steps = []
        for made in self.world.cohort(**msgspec.structs.asdict(wish)):
            steps.append(made)
            await asyncio.sleep(0)
        return steps[-1]

    async def show_calls(self, request: Request) -> Wire:
        """The call log, oldest first; go on with `after` = the last `seq`."""
        found = self.world.calls.select(call_filter(request))
        limit = min(number(request, "limit", 100), MOST_SHOWN)
        return {"calls": list(islice(found, limit)), "total": self.world.calls.total}

    async def count_calls(self, request: Request) -> Wire:
        """How many calls of the log match."""
        return {"count": self.world.calls.count(call_filter(request))}

    async def count_deliveries(self, request: Request) -> Wire:
        """Messages per person that a bot got through."""
        bot = self.world.need_bot(number(request, "bot_id", 0))
        counts = self.world.deliveries.count(bot.id, text=request.query_params.get("text"))
        return {str(person_id): count for person_id, count in counts.items()}

    async def add_fault(self, request: Request) -> Fault:
        """From now on something goes wrong."""
        return self.world.faults.add(await read(request, Fault))

    async def show_faults(self, _: Request) -> list[Fault]:
        """What goes wrong, and how often it did."""
        return self.world.faults.rules

    async def clear_faults(self, _: Request) -> Wire:
        """Everything works again."""
        count = len(self.world.faults.rules)
        self.world.faults.clear()
        return {"deleted": count}

    async def set_limits(self, request: Request) -> Limits:
        """Other rates; what is left out keeps its default, null or 0 is off."""
        limits = await read(request, Limits, null_means_off=True)
        self.world.set_limits(limits)
        return limits
