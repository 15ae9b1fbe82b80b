"""What a reader does on the page; every act is a method of the world, done as the person they act as."""

from starlette.datastructures import FormData, UploadFile

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page import demo, governing, laws
from gatecrier_sandbox.page.outcome import DONE, Act, Outcome, id_of, text_of
from gatecrier_sandbox.page.place import Place, number
from gatecrier_sandbox.world import deletion, images, invite_links, media
from gatecrier_sandbox.world.model import GENERAL, Dialog
from gatecrier_sandbox.world.world import World

MOST_BYTES = 20 << 20
"""Bytes of a file the page takes."""


# Making


def make_person(world: World, place: Place, form: FormData) -> Outcome:
    """A new person, whom the reader then is."""
    name = text_of(form, "first_name").strip()
    if not name or len(name) > 64:
        raise Refused("a name has 1 to 64 characters", field="first_name")
    person = world.person(
        name,
        last_name=text_of(form, "last_name").strip()[:64],
        username=text_of(form, "username").strip().removeprefix("@"),
        language_code=text_of(form, "language_code").strip()[:8],
        is_premium=form.get("is_premium") == "1",
    )
    return Outcome(
        go=place.href(person=person.id, view="chats" if not place.chat else "talk"), closes_sheet=True
    )


def make_chat(world: World, place: Place, form: FormData) -> Outcome:
    """A new chat the person owns, with the bots they ticked as administrators."""
    title = text_of(form, "title").strip()
    if not title or len(title) > 128:
        raise Refused("a title has 1 to 128 characters", field="title")
    world.need_person(place.person)
    bots = [world.need_bot(number(str(value))) for value in form.getlist("bot")]
    username = text_of(form, "username").strip().removeprefix("@")
    chat = world.chat(text_of(form, "type"), title, username=username)
    world.set_member(chat.id, place.person, "creator")
    for bot in bots:
        world.set_member(chat.id, bot.id, "administrator", by=place.person)
    return Outcome(go=place.room(chat.id), closes_sheet=True)


def make_bot(world: World, place: Place, form: FormData) -> Outcome:
    """A new bot; its token is shown."""
    username = text_of(form, "username").strip().removeprefix("@")
    bot = world.bot(username, first_name=text_of(form, "first_name").strip()[:64])
    bot.reads_all = form.get("reads_all") == "1"
    return Outcome(sheet=f"bot?{place.query()}&id={bot.id}")


def make_demo(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """A small world to look around in."""
    person, chat = demo.make(world)
    return Outcome(go=place.href(person=person, chat=chat, view="talk"))


# Talking


async def say(world: World, place: Place, form: FormData) -> Outcome:
    """Write, edit or send a file, whatever the composer holds."""
    text = text_of(form, "text")
    upload = form.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        data = await upload.read()
        return _send_file(world, place, form, upload, data)
    if editing := id_of(form, "edit"):
        world.edit(place.chat, place.person, editing, text)
        return DONE
    world.say(
        place.chat,
        place.person,
        text,
        reply_to_message_id=id_of(form, "reply_to"),
        message_thread_id=_thread(place),
    )
    return DONE


def _send_file(world: World, place: Place, form: FormData, upload: UploadFile, data: bytes) -> Outcome:
    if len(data) > MOST_BYTES:
        raise Refused("the page takes files up to 20 MB", field="file", status=413)
    room, reply_to = world.room(place.person, place.chat), id_of(form, "reply_to")
    if isinstance(room, Dialog) and room.blocked:
        raise Refused("blocked", status=403)
    name, mime_type = (upload.filename or "file")[:120], (upload.content_type or "")[:100]
    media.say(
        world,
        room,
        place.person,
        media.Piece(_kind_of_file(mime_type, data), data, name=name, mime_type=mime_type),
        caption=text_of(form, "text"),
        reply_to=room.messages.get(reply_to),
        thread_id=_thread(place),
    )
    return DONE


def _kind_of_file(mime_type: str, data: bytes) -> str:
    """As what an app would send a file."""
    main, _, kind = mime_type.partition("/")
    if main == "image" and kind != "gif" and images.dimensions(data) is not None:
        return "photo"
    if mime_type == "image/gif":
        return "animation"
    return main if main in {"video", "audio"} else "document"


def _thread(place: Place) -> int:
    """The thread a message goes to; that of General is none."""
    return place.topic if place.topic != GENERAL else 0


def delete(world: World, place: Place, form: FormData) -> Outcome:
    """Take a message back."""
    deletion.take_back(world, place.chat, place.person, id_of(form, "message"))
    return DONE


def pin(world: World, place: Place, form: FormData) -> Outcome:
    """Pin a message, or let it go."""
    room, message_id = world.room(place.person, place.chat), id_of(form, "message")
    act = world.unpin if message_id in room.pinned else world.pin
    act(place.person, place.chat, message_id)
    return DONE


def start(world: World, place: Place, form: FormData) -> Outcome:
    """Press Start."""
    world.start(place.person, place.chat, text_of(form, "payload"))
    return DONE


def block(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Block the bot of this dialog."""
    world.block(place.person, place.chat)
    return Outcome(toast="Blocked. The bot is told, and gets 403 when it writes.")


def unblock(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Let the bot write again."""
    world.unblock(place.person, place.chat)
    return DONE


def join(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Come in, or ask to be let in where one has to."""
    chat = world.need_chat(place.chat)
    if chat.join_by_request:
        world.request_join(chat.id, place.person)
        return Outcome(toast="You asked to join. An administrator decides.")
    world.join(chat.id, place.person)
    return DONE


def accept(world: World, place: Place, form: FormData) -> Outcome:
    """Come in by an invite link, or ask to be let in where it says so."""
    chat, url = world.need_chat(id_of(form, "chat")), text_of(form, "link")
    link = invite_links.usable(world, chat, url)
    there = place.room(chat.id)
    if link.creates_join_request:
        world.request_join(chat.id, place.person, link=url)
        return Outcome(go=there, toast="You asked to join. An administrator decides.", closes_sheet=True)
    world.join(chat.id, place.person, link=url)
    return Outcome(go=there, closes_sheet=True)


def unask(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Take the wish to join back."""
    world.cancel_request(place.chat, place.person)
    return DONE


def leave(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Go."""
    world.leave(place.chat, place.person)
    return DONE


def click(world: World, place: Place, form: FormData) -> Outcome:
    """Press an inline button; the bot's answer comes with the stream."""
    number_, data = id_of(form, "message"), text_of(form, "data")
    if form.get("ephemeral") == "1":
        world.click(place.person, place.chat, 0, ephemeral_message_id=number_, data=data)
    else:
        world.click(place.person, place.chat, number_, data=data)
    return DONE


def choose(world: World, place: Place, form: FormData) -> Outcome:
    """Send a result of the inline query that stands above where one writes."""
    asked = world.inline_queries.get(text_of(form, "query"))
    if asked is None or (asked.user_id, asked.chat_id) != (place.person, place.chat):
        raise Refused("there is no such query", field="query", status=404)
    world.choose_result(asked.id, text_of(form, "result"), message_thread_id=_thread(place))
    return DONE


def vote(world: World, place: Place, form: FormData) -> Outcome:
    """Vote in a poll, or take the vote back with no option."""
    chosen = [number(str(value)) for value in form.getlist("option")]
    world.vote(place.person, place.chat, id_of(form, "message"), chosen)
    return DONE


def react(world: World, place: Place, form: FormData) -> Outcome:
    """Give a reaction, or take it back."""
    message_id, emoji = id_of(form, "message"), text_of(form, "emoji")
    room = world.room(place.person, place.chat)
    message = room.messages.get(message_id)
    given = (message.reactions or {}) if message else {}
    has = any(place.person in people and f'"{emoji}"' in kind for kind, people in given.items())
    world.react(place.person, place.chat, message_id, *([] if has else [emoji]))
    return DONE


ACTS: dict[str, Act] = {
    "person": make_person,
    "chat": make_chat,
    "bot": make_bot,
    "demo": make_demo,
    "say": say,
    "start": start,
    "block": block,
    "unblock": unblock,
    "join": join,
    "unask": unask,
    "delete": delete,
    "pin": pin,
    "leave": leave,
    "click": click,
    "vote": vote,
    "react": react,
    "choose": choose,
    "accept": accept,
    **governing.ACTS,
    **laws.ACTS,
}
