"""People and bots: made, listed, changed, lost; who started or blocked whom."""

import asyncio
from itertools import islice
from typing import Any

from msgspec import UNSET, Struct, structs

from gatecrier_sandbox.control import answers, queries, requests
from gatecrier_sandbox.control.endpoint import endpoint
from gatecrier_sandbox.control.scalars import Id
from gatecrier_sandbox.control.show import message
from gatecrier_sandbox.world import settings, wire
from gatecrier_sandbox.world.model import Bot, Person, Wire
from gatecrier_sandbox.world.population import Cohort
from gatecrier_sandbox.world.state import TELEGRAM
from gatecrier_sandbox.world.world import World


def given(edit: Struct) -> dict[str, Any]:
    """The fields of an edit that were given."""
    return {name: value for name, value in structs.asdict(edit).items() if value is not UNSET}


@endpoint("GET", "/bots", list[answers.Bot])
def list_bots(world: World) -> list[answers.Bot]:
    """All bots, oldest first."""
    return [shown_bot(world, bot) for bot in world.bots.values()]


@endpoint("POST", "/bots", answers.NewBotToken)
def make_bot(world: World, body: requests.NewBot) -> answers.NewBotToken:
    """A new bot with its token."""
    bot = world.bot(body.username, first_name=body.first_name, token=body.token)
    bot.reads_all = body.can_read_all_group_messages
    return answers.NewBotToken(bot.id, bot.token, body.username)


@endpoint("GET", "/bots/{bot_id}", answers.Bot)
def show_bot(world: World, bot_id: Id) -> answers.Bot:
    """One bot."""
    return shown_bot(world, world.need_bot(bot_id))


@endpoint("PATCH", "/bots/{bot_id}", answers.Bot)
def edit_bot(world: World, bot_id: Id, body: requests.BotEdit) -> answers.Bot:
    """What BotFather sets: privacy mode, inline mode, groups, guarding; the balance; the end of a logOut."""
    return shown_bot(world, settings.edit_bot(world, bot_id, given(body)))


def shown_bot(world: World, bot: Bot) -> answers.Bot:
    """A bot as its owner sees it."""
    face = world.people[bot.id]
    return answers.Bot(
        id=bot.id,
        token=bot.token,
        username=face.username,
        first_name=face.first_name,
        can_join_groups=bot.can_join_groups,
        can_read_all_group_messages=bot.reads_all,
        supports_inline_queries=bot.supports_inline,
        inline_feedback=bot.inline_feedback,
        supports_guest_queries=bot.supports_guests,
        supports_join_request_queries=bot.supports_join_request_queries,
        logged_out=bot.logged_out,
        stars=bot.nanostars / settings.STAR,
        webhook_url=bot.webhook.url if bot.webhook else "",
        subscribers=len(bot.dialogs),
        pending_updates=len(bot.queue.updates),
        dropped_updates=bot.queue.dropped,
    )


@endpoint("GET", "/people", answers.People)
def list_people(world: World, query: queries.Page) -> Wire:
    """The people, in the order they were made; go on with `after` = the last id. Bots are not among them."""
    people = (one for one in world.people.values() if not one.is_bot and one.id != TELEGRAM)
    if query.after:
        people = _behind(people, world.need_person(query.after, "after"))
    shown = [shown_person(person) for person in islice(people, query.limit)]
    return {"people": shown, "total": world.humans}


def _behind(people: Any, last: Person) -> Any:
    for person in people:
        if person is last:
            break
    return people


@endpoint("POST", "/people", answers.Person)
def make_person(world: World, body: requests.NewPerson) -> Wire:
    """A new person."""
    return shown_person(world.person(**structs.asdict(body)))


@endpoint("GET", "/people/{user_id}", answers.Person)
def show_person(world: World, user_id: Id) -> Wire:
    """One account."""
    return shown_person(world.need_person(user_id))


@endpoint("PATCH", "/people/{user_id}", answers.Person)
def edit_person(world: World, user_id: Id, body: requests.PersonEdit) -> Wire:
    """Another name, language, or setting."""
    return shown_person(settings.edit_person(world, user_id, given(body)))


@endpoint("PUT", "/people/{user_id}/photo", answers.Person)
def set_photo(world: World, user_id: Id, body: bytes) -> Wire:
    """A new photo of somebody, in front of those they have; the body is the picture."""
    return shown_person(world.set_photo(user_id, body))


def shown_person(person: Person) -> Wire:
    """An account with what bots cannot see."""
    hidden: Wire = {"deactivated": person.deactivated, "hides_forwards": person.hides_forwards}
    return wire.user(person) | hidden | {"bio": person.bio, "photos": len(person.photo_ids)}


@endpoint("POST", "/subscribers", Cohort)
async def make_subscribers(world: World, body: requests.NewSubscribers) -> Cohort:
    """Many people who started a bot, ids in a row; others get their turn while they are made."""
    made = None
    for made in world.cohort(**structs.asdict(body)):  # noqa: B007 - the last one is the whole
        await asyncio.sleep(0)
    assert made is not None  # noqa: S101 - a cohort has at least one step
    return made


@endpoint("POST", "/deactivations", answers.Deactivated)
def deactivate(world: World, body: requests.Deactivation) -> answers.Deactivated:
    """Somebody deletes their account."""
    world.deactivate(body.user_id)
    return answers.Deactivated(body.user_id, deactivated=True)


@endpoint("POST", "/starts", answers.Message)
def start(world: World, body: requests.Start) -> Wire:
    """Somebody starts a bot; a block ends."""
    sent = world.start(body.user_id, body.bot_id, body.payload)
    return message(world, world.room(body.user_id, body.bot_id), sent)


@endpoint("POST", "/blocks", answers.Blocking)
def block(world: World, body: requests.Pair) -> answers.Blocking:
    """Somebody blocks a bot."""
    world.block(body.user_id, body.bot_id)
    return answers.Blocking(body.user_id, body.bot_id, blocked=True)


@endpoint("POST", "/unblocks", answers.Blocking)
def unblock(world: World, body: requests.Pair) -> answers.Blocking:
    """Somebody lets a bot write again."""
    world.unblock(body.user_id, body.bot_id)
    return answers.Blocking(body.user_id, body.bot_id, blocked=False)
