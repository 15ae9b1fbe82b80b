"""What people do in rooms: write, edit, press, vote, react, pin."""

from itertools import islice

from msgspec import structs

from gatecrier_sandbox.control import answers, queries, requests, show
from gatecrier_sandbox.control.endpoint import endpoint
from gatecrier_sandbox.control.scalars import Id, MessageId
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import deletion
from gatecrier_sandbox.world.asked import InlineQuery
from gatecrier_sandbox.world.model import Wire
from gatecrier_sandbox.world.world import World


def _shown(world: World, user_id: int, chat_id: int, message_id: int) -> Wire:
    room = world.room(user_id, chat_id)
    return show.message(world, room, room.messages[message_id])


@endpoint("GET", "/chats/{chat_id}/messages", list[answers.Message])
def list_messages(world: World, chat_id: Id, query: queries.RoomPage) -> list[Wire]:
    """A room's messages, oldest first; go on with `after` = the last message_id."""
    room = show.room(world, chat_id, bot_id=query.bot_id, user_id=query.user_id)
    found = (message for message in room.messages.values() if message.message_id > query.after)
    return [show.message(world, room, message) for message in islice(found, query.limit)]


@endpoint("POST", "/messages", answers.Message)
def say(world: World, body: requests.NewMessage) -> Wire:
    """Somebody writes."""
    message = world.say(**structs.asdict(body))
    return show.message(world, world.room(body.from_id, body.chat_id), message)


@endpoint("POST", "/media", answers.Message)
def say_media(world: World, body: requests.NewMedia) -> Wire:
    """Somebody sends a file; with the same media_group_id several are an album."""
    message = world.say_media(**structs.asdict(body))
    return show.message(world, world.room(body.from_id, body.chat_id), message)


@endpoint("POST", "/things", answers.Message)
def say_thing(world: World, body: requests.NewThing) -> Wire:
    """Somebody sends a place, a contact, a dice or a poll."""
    message = world.say_thing(**structs.asdict(body))
    return show.message(world, world.room(body.from_id, body.chat_id), message)


@endpoint("POST", "/edits", answers.Message)
def edit(world: World, body: requests.Edit) -> Wire:
    """Somebody edits their message."""
    message = world.edit(body.chat_id, body.from_id, body.message_id, body.text)
    return show.message(world, world.room(body.from_id, body.chat_id), message)


@endpoint("DELETE", "/chats/{chat_id}/messages/{message_id}", answers.Deleted)
def take_back(world: World, chat_id: Id, message_id: MessageId, query: queries.Who) -> answers.Deleted:
    """Somebody deletes a message for everybody; in a private chat `chat_id` is the bot's id."""
    deletion.take_back(world, chat_id, query.user_id, message_id)
    return answers.Deleted(1)


@endpoint("POST", "/clicks", answers.ClickMade)
def click(world: World, body: requests.NewClick) -> answers.ClickMade:
    """Somebody presses a button."""
    return answers.ClickMade(world.click(**structs.asdict(body)).id)


@endpoint("GET", "/clicks/{click_id}", answers.Click)
def show_click(world: World, click_id: str) -> answers.Click:
    """Whether a press was answered, and how; after its 150 seconds the next press makes it forgotten."""
    found = world.clicks.get(click_id)
    if found is None:
        raise Refused("there is no such click", field="click_id", status=404)
    return answers.Click(found.answered, found.text, found.show_alert, found.url)


@endpoint("POST", "/votes", answers.Message)
def vote(world: World, body: requests.Vote) -> Wire:
    """Somebody chooses options of a poll, or takes the vote back."""
    world.vote(body.user_id, body.chat_id, body.message_id, body.option_ids)
    return _shown(world, body.user_id, body.chat_id, body.message_id)


@endpoint("POST", "/poll_options", answers.Message)
def add_poll_option(world: World, body: requests.PollOption) -> Wire:
    """Somebody adds an answer to a poll that allows it."""
    world.add_poll_option(body.user_id, body.chat_id, body.message_id, body.text)
    return _shown(world, body.user_id, body.chat_id, body.message_id)


@endpoint("POST", "/reactions", answers.Message)
def react(world: World, body: requests.Reaction) -> Wire:
    """Somebody sets their reactions to a message."""
    world.react(body.user_id, body.chat_id, body.message_id, *body.reactions)
    return _shown(world, body.user_id, body.chat_id, body.message_id)


@endpoint("POST", "/pins", answers.Message)
def pin(world: World, body: requests.Pin) -> Wire:
    """Somebody pins a message, or unpins it."""
    act = world.pin if body.pinned else world.unpin
    act(body.user_id, body.chat_id, body.message_id)
    return _shown(world, body.user_id, body.chat_id, body.message_id)


@endpoint("POST", "/inline_queries", answers.InlineQuery)
def type_inline(world: World, body: requests.NewInlineQuery) -> answers.InlineQuery:
    """Somebody types something behind a bot's name."""
    asked = world.inline_query(
        body.user_id, body.bot_id, body.query, offset=body.offset, chat_id=body.chat_id
    )
    return _inline(asked)


@endpoint("GET", "/inline_queries/{query_id}", answers.InlineQuery)
def show_inline(world: World, query_id: str) -> answers.InlineQuery:
    """Whether the bot answered what somebody typed, and with what."""
    found = world.inline_queries.get(query_id)
    if found is None:
        raise Refused("there is no such query", field="query_id", status=404)
    return _inline(found)


def _inline(asked: InlineQuery) -> answers.InlineQuery:
    answered = asked.results is not None
    return answers.InlineQuery(asked.id, answered, asked.shown, asked.next_offset, asked.button)


@endpoint("POST", "/inline_results", answers.Message)
def choose_inline(world: World, body: requests.ChosenResult) -> Wire:
    """Somebody sends a result of an inline query to where they typed it."""
    message = world.choose_result(body.inline_query_id, body.result_id)
    asked = world.inline_queries[body.inline_query_id]
    return show.message(world, world.room(asked.user_id, asked.chat_id), message)
