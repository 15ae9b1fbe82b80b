"""Sending again what stands somewhere: forwards say where it came from, copies do not."""

from collections import Counter
from itertools import pairwise

from msgspec import Struct

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.message_ids import message_ids
from gatecrier_sandbox.botapi.sending import Draft, admit, arrive, begin, caption, message_id
from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.world import dice, forwarding, polls, wire
from gatecrier_sandbox.world.kinds import has_caption, kind_of
from gatecrier_sandbox.world.model import Message, Room, Wire

UNSUPPORTED = ("direct_messages_topic_id", "suggested_post_parameters")
PROTECTED = "message has protected content and can't be forwarded"
ABOVE = "show_caption_above_media"


class Original(Struct):
    """A message that is to stand elsewhere, too."""

    room: Room
    message: Message


Pair = tuple[Original, Draft]


@method("forwardMessage", missing=(*UNSUPPORTED, "video_start_timestamp"))
def forward_message(call: Call) -> Wire:
    """Show a message in another chat, with where it first came from."""
    original = _original(call, "message to forward not found")
    kind = kind_of(original.message)
    draft = begin(call, kind.permission, kind.noun, is_forward=True)
    if original.message.service is not None:
        raise bad_request("the message can't be forwarded")
    if forwarding.is_protected(original.room, original.message):
        raise bad_request(PROTECTED)
    admit(call, draft)
    _forward(call, original, draft.message)
    return wire.message(call.world, draft.room, arrive(call, draft))


@method("copyMessage", missing=(*UNSUPPORTED, "video_start_timestamp"))
def copy_message(call: Call) -> Wire:
    """Write again what stands somewhere, without saying where it came from."""
    words = caption(call) if "caption" in call.params.values else None
    original = _original(call, "message to copy not found")
    kind = kind_of(original.message)
    draft = begin(call, kind.permission, kind.noun, may_be_ephemeral=False)
    if original.message.service is not None or not _is_copyable(call, original):
        raise bad_request("the message can't be copied")
    admit(call, draft)
    _copy(call, original, draft.message)
    if words is not None and has_caption(original.message):
        _recaption(draft.message, *words, above=call.flag(ABOVE))
    return {"message_id": arrive(call, draft).message_id}


@method("forwardMessages", missing=("direct_messages_topic_id",))
def forward_messages(call: Call) -> list[Wire]:
    """Forward up to a hundred messages of a chat; what cannot be forwarded is left out."""
    originals = _originals(call)
    pairs = _drafts(call, [one for one in originals if not forwarding.is_protected(one.room, one.message)])
    for original, draft in pairs:
        _forward(call, original, draft.message)
    return _sent(call, pairs)


@method("copyMessages", missing=("direct_messages_topic_id",))
def copy_messages(call: Call) -> list[Wire]:
    """Copy up to a hundred messages of a chat; what cannot be copied is left out."""
    pairs = _drafts(call, [one for one in _originals(call) if _is_copyable(call, one)])
    for original, draft in pairs:
        _copy(call, original, draft.message)
        draft.message.editable = True
        if call.flag("remove_caption") and has_caption(original.message):
            _recaption(draft.message, "", [], above=False)
    return _sent(call, pairs)


def _original(call: Call, missing: str) -> Original:
    """The message a request names by from_chat_id and message_id."""
    source = _source(call)
    message = source.messages.get(message_id(call))
    if message is None:
        raise bad_request(missing)
    return Original(source, message)


def _source(call: Call) -> Room:
    if not call.text("from_chat_id"):
        raise bad_request('parameter "from_chat_id" is required')
    return call.room(Access.READ, "from_chat_id")


def _originals(call: Call) -> list[Original]:
    """The messages a request names, without those that are gone and without service messages."""
    numbers = message_ids(call)
    if not call.text("from_chat_id"):
        raise bad_request('parameter "from_chat_id" is required')
    call.room(Access.WRITE)
    source = _source(call)
    found = [source.messages[number] for number in numbers if number in source.messages]
    if not found:
        raise bad_request("there are no messages to forward")
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    return [Original(source, message) for message in found if message.service is None]


def _drafts(call: Call, originals: list[Original]) -> list[Pair]:
    """New messages for those the bot may send there; the limits are asked once for all of them."""
    pairs: list[Pair] = []
    refusal = bad_request("messages can't be forwarded")
    for original in originals:
        kind = kind_of(original.message)
        try:
            pairs.append((original, begin(call, kind.permission, kind.noun, is_forward=True)))
        except ApiError as error:
            refusal = error
    if not pairs:
        raise refusal
    admit(call, pairs[0][1], count=len(pairs))
    return pairs


def _sent(call: Call, pairs: list[Pair]) -> list[Wire]:
    """Let the messages arrive; what stood together in an album stands together again."""
    counts = Counter(original.message.media_group_id for original, _ in pairs)
    albums = [name for name, count in counts.items() if name and count > 1]
    groups = {name: str(call.world.rng.getrandbits(53)) for name in albums}
    for original, draft in pairs:
        draft.message.media_group_id = groups.get(original.message.media_group_id, "")
    return [{"message_id": arrive(call, draft).message_id} for _, draft in pairs]


def _is_copyable(call: Call, original: Original) -> bool:
    """A quiz is copied only by who knows its answer."""
    message = original.message
    if not message.poll_id or not call.world.polls[message.poll_id].is_quiz:
        return True
    return polls.knows_answer(call.world, original.room, message, call.bot)


def _forward(call: Call, original: Original, message: Message) -> None:
    """Put what is forwarded into a new message; a poll stays the same poll."""
    source = original.message
    message.text, message.entities = source.text, source.entities
    message.content = forwarding.movable(source)
    message.poll_id, message.via_bot_id = source.poll_id, source.via_bot_id
    message.forward = forwarding.fields(call.world, original.room, source)


def _copy(call: Call, original: Original, message: Message) -> None:
    """Put what is copied into a new message; a poll and a dice begin anew."""
    source = original.message
    message.text, message.entities = source.text, source.entities
    message.content = forwarding.movable(source)
    thrown = (message.content or {}).get("dice")
    if isinstance(thrown, dict):
        message.content = dice.thrown(call.world, str(thrown["emoji"]))
    if source.poll_id:
        message.poll_id = polls.again(call.world, call.world.polls[source.poll_id], call.bot).id


def _recaption(message: Message, text: str, entities: list[Wire], *, above: bool) -> None:
    """Another caption; where it stands is said anew, too."""
    message.text, message.entities = text, entities
    content = {name: value for name, value in (message.content or {}).items() if name != ABOVE}
    message.content = content | ({ABOVE: True} if above and text else {})
