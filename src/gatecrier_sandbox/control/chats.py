"""Chats: made, listed, changed; who comes, goes, asks, rules; topics, and the move to a supergroup."""

from itertools import islice

from msgspec import structs

from gatecrier_sandbox.control import answers, queries, requests, show
from gatecrier_sandbox.control.accounts import given
from gatecrier_sandbox.control.endpoint import endpoint
from gatecrier_sandbox.control.scalars import Id, MessageId
from gatecrier_sandbox.world import settings, wire
from gatecrier_sandbox.world.model import JoinRequest, Topic, Wire
from gatecrier_sandbox.world.world import World


@endpoint("GET", "/chats", list[answers.Chat])
def list_chats(world: World) -> list[Wire]:
    """All groups and channels, oldest first."""
    return [show.chat(world, chat) for chat in world.chats.values()]


@endpoint("POST", "/chats", answers.Chat)
def make_chat(world: World, body: requests.NewChat) -> Wire:
    """A new group, supergroup or channel, without members."""
    return show.chat(world, world.chat(**structs.asdict(body)))


@endpoint("GET", "/chats/{chat_id}", answers.Chat)
def show_chat(world: World, chat_id: Id) -> Wire:
    """One chat."""
    return show.chat(world, world.need_chat(chat_id))


@endpoint("PATCH", "/chats/{chat_id}", answers.Chat)
def edit_chat(world: World, chat_id: Id, body: requests.ChatEdit) -> Wire:
    """What its owner changes: title, permissions, links, slow mode, requests to join, ..."""
    return show.chat(world, settings.edit_chat(world, chat_id, given(body)))


@endpoint("GET", "/chats/{chat_id}/members", list[answers.Member])
def list_members(world: World, chat_id: Id, query: queries.Page) -> list[Wire]:
    """Members, administrators, the restricted and the banned; go on with `after` = the last id."""
    chat = world.need_chat(chat_id)
    behind = (user_id for user_id in sorted(chat.members) if user_id > query.after)
    return [show.member(world, chat_id, user_id) for user_id in islice(behind, query.limit)]


@endpoint("PUT", "/chats/{chat_id}/members/{user_id}", answers.Member)
def set_member(world: World, chat_id: Id, user_id: Id, body: requests.NewMember) -> Wire:
    """Somebody becomes something in a chat."""
    world.set_member(chat_id, user_id, **structs.asdict(body))
    return show.member(world, chat_id, user_id)


@endpoint("GET", "/chats/{chat_id}/members/{user_id}", answers.Member)
def show_member(world: World, chat_id: Id, user_id: Id) -> Wire:
    """What somebody is, and may do."""
    return show.member(world, chat_id, user_id)


@endpoint("POST", "/joins", answers.Member)
def join(world: World, body: requests.NewJoin) -> Wire:
    """Somebody comes in, perhaps by an invite link."""
    world.join(body.chat_id, body.user_id, link=body.link)
    return show.member(world, body.chat_id, body.user_id)


@endpoint("POST", "/leaves", answers.Member)
def leave(world: World, body: requests.Membership) -> Wire:
    """Somebody goes."""
    world.leave(body.chat_id, body.user_id)
    return show.member(world, body.chat_id, body.user_id)


@endpoint("GET", "/chats/{chat_id}/join_requests", list[answers.JoinRequest])
def list_join_requests(world: World, chat_id: Id) -> list[answers.JoinRequest]:
    """Who asks to be let in, the first who asked first."""
    chat = world.need_chat(chat_id)
    return [_request(chat_id, request) for request in chat.join_requests.values()]


@endpoint("POST", "/join_requests", answers.JoinRequest)
def request_join(world: World, body: requests.NewJoinRequest) -> answers.JoinRequest:
    """Somebody asks to be let in, by a link that asks for it, or directly."""
    asked = world.request_join(body.chat_id, body.user_id, bio=body.bio, link=body.link)
    return _request(body.chat_id, asked)


@endpoint("DELETE", "/chats/{chat_id}/join_requests/{user_id}", answers.Deleted)
def cancel_request(world: World, chat_id: Id, user_id: Id) -> answers.Deleted:
    """Somebody asks no longer."""
    world.cancel_request(chat_id, user_id)
    return answers.Deleted(1)


def _request(chat_id: int, request: JoinRequest) -> answers.JoinRequest:
    link = request.link.url if request.link else ""
    return answers.JoinRequest(request.user_id, chat_id, request.date, request.bio, link)


@endpoint("POST", "/join_decisions", answers.Member)
def decide_join(world: World, body: requests.JoinDecision) -> Wire:
    """A human administrator lets somebody in, or does not."""
    act = world.approve_join if body.let_in else world.decline_join
    act(body.chat_id, body.user_id, by=body.by)
    return show.member(world, body.chat_id, body.user_id)


@endpoint("POST", "/links", answers.Link)
def create_link(world: World, body: requests.NewLink) -> Wire:
    """A human administrator makes an invite link."""
    link = world.create_link(
        body.chat_id,
        body.by,
        name=body.name,
        expire_date=body.expire_date,
        member_limit=body.member_limit,
        creates_join_request=body.creates_join_request,
    )
    return wire.invite_link(world, link)


@endpoint("POST", "/bot_members", answers.Member)
def add_bot(world: World, body: requests.NewBotMember) -> Wire:
    """Somebody brings a bot into a chat: as a member, or with `rights` as an administrator."""
    world.add_bot(body.chat_id, body.bot_id, by=body.by, rights=body.rights)
    return show.member(world, body.chat_id, body.bot_id)


@endpoint("POST", "/migrations", answers.Chat)
def migrate(world: World, body: requests.Migration) -> Wire:
    """A basic group becomes a supergroup; the answer is the new chat."""
    return show.chat(world, world.migrate(body.chat_id))


@endpoint("GET", "/chats/{chat_id}/topics", list[answers.Topic])
def list_topics(world: World, chat_id: Id) -> list[answers.Topic]:
    """The topics of a forum."""
    return [_topic(topic) for topic in world.need_chat(chat_id).topics.values()]


@endpoint("POST", "/topics", answers.Topic)
def create_topic(world: World, body: requests.NewTopic) -> answers.Topic:
    """Somebody makes a topic in a forum."""
    return _topic(world.create_topic(body.chat_id, body.user_id, body.name))


@endpoint("PATCH", "/chats/{chat_id}/topics/{thread_id}", answers.Topic)
def close_topic(world: World, chat_id: Id, thread_id: MessageId, body: requests.TopicChange) -> answers.Topic:
    """Somebody closes a topic, or opens it again."""
    act = world.close_topic if body.closed else world.reopen_topic
    act(chat_id, body.user_id, thread_id)
    return _topic(world.need_chat(chat_id).topics[thread_id])


@endpoint("DELETE", "/chats/{chat_id}/topics/{thread_id}", answers.Deleted)
def delete_topic(world: World, chat_id: Id, thread_id: MessageId, query: queries.Who) -> answers.Deleted:
    """Somebody deletes a topic with all its messages."""
    world.delete_topic(chat_id, query.user_id, thread_id)
    return answers.Deleted(1)


def _topic(topic: Topic) -> answers.Topic:
    return answers.Topic(topic.id, topic.name, topic.is_closed, topic.is_hidden)
