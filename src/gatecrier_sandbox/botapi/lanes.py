"""Which updates a webhook gets one after the other: those of one lane. facts/botapi.md §7."""

import msgspec
from msgspec import Raw, Struct, field

from gatecrier_sandbox.world.updates import Update

Lane = tuple[str, object]

MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
GROUPS = {
    **dict.fromkeys(MESSAGES, "chat"),
    "shipping_query": "payment",
    "pre_checkout_query": "payment",
    "chat_member": "member",
    "chat_join_request": "member",
    "poll": "poll",
    "poll_answer": "poll",
    "message_reaction": "reaction",
    "message_reaction_count": "reaction",
    "removed_chat_boost": "chat_boost",
}
"""Kinds that share lanes; every other kind has lanes of its own."""
OF_PERSON = frozenset({"chat_member", "chat_join_request"})
"""Kinds with a chat whose lane is the person's."""


class Peer(Struct):
    """Who or where."""

    id: int


class Content(Struct):
    """The fields of an update that decide about its lane."""

    chat: Peer | None = None
    sender: Peer | None = field(default=None, name="from")
    user: Peer | None = None
    id: object = None
    poll_id: str = ""


UPDATE = msgspec.json.Decoder(dict[str, Raw])
CONTENT = msgspec.json.Decoder(Content)


def lane_of(update: Update) -> Lane:
    """The lane of an update; what belongs to nobody has one of its own."""
    kind, raw = list(UPDATE.decode(update.body).items())[1]
    content = CONTENT.decode(raw)
    group = GROUPS.get(kind, kind)
    if group == "poll":
        return group, content.poll_id or content.id
    peer = content.sender if kind in OF_PERSON else content.chat or content.sender or content.user
    return group, peer.id if peer is not None else -update.update_id
