"""What aiogram does with chats and their members; the rest of its story is in `aiogram_`."""

import time
from datetime import timedelta

import aiogram
from aiogram import types as tg

from sandbox.clients.world import Ears, World, holds


class Chats:
    """The steps about chats, members, links, topics and commands."""

    bot: aiogram.Bot

    def __init__(self, world: World, ears: Ears) -> None:
        self.world, self.ears = world, ears

    def upload(self, name: str, filename: str | None = None) -> tg.FSInputFile:
        """A file of the scene."""
        return tg.FSInputFile(self.world.files[name], filename)

    async def pin(self) -> None:
        w = self.world
        sent = await self.bot.send_message(w.group, "Rules")
        assert await sent.pin()
        assert w.service(w.group, "pinned_message")["message_id"] == sent.message_id
        pinned = (await self.bot.get_chat(w.group)).pinned_message
        assert pinned
        assert pinned.message_id == sent.message_id
        assert await sent.unpin()
        assert (await self.bot.get_chat(w.group)).pinned_message is None

    async def look_up(self) -> None:
        w = self.world
        chat = await self.bot.get_chat(w.group)
        assert (chat.type, chat.title) == ("supergroup", "Talk")
        assert (await self.bot.get_chat_member(w.group, w.reader)).status == "member"
        admins = await self.bot.get_chat_administrators(w.group)
        assert {w.owner, w.bot} == {admin.user.id for admin in admins}
        assert await self.bot.get_chat_member_count(w.group) == 4
        assert w.member(w.group, w.owner)["status"] == "creator"

    async def restrict(self) -> None:
        w, until = self.world, int(time.time()) + 3600
        silence = tg.ChatPermissions(can_send_messages=False)
        assert await self.bot.restrict_chat_member(w.group, w.guest, silence, until_date=until)
        holds(w.member(w.group, w.guest), {"status": "restricted", "until_date": until})
        assert w.tell("POST", "/messages", {"chat_id": w.group, "from_id": w.guest, "text": "?"})[0] == 403
        free = tg.ChatPermissions(**dict.fromkeys(tg.ChatPermissions.model_fields, True))
        assert await self.bot.restrict_chat_member(w.group, w.guest, free)
        assert (await self.bot.get_chat_member(w.group, w.guest)).status == "member"
        w.say(w.group, w.guest, "Free again")

    async def ban(self) -> None:
        w = self.world
        assert await self.bot.ban_chat_member(w.group, w.guest, until_date=timedelta(hours=1))
        assert isinstance(await self.bot.get_chat_member(w.group, w.guest), tg.ChatMemberBanned)
        assert w.member(w.group, w.guest)["status"] == "kicked"
        assert await self.bot.unban_chat_member(w.group, w.guest, only_if_banned=True)
        assert w.member(w.group, w.guest)["status"] == "left"
        w.act("/joins", chat_id=w.group, user_id=w.guest)

    async def promote(self) -> None:
        w = self.world
        assert await self.bot.promote_chat_member(
            w.group, w.guest, can_delete_messages=True, can_pin_messages=True
        )
        assert await self.bot.set_chat_administrator_custom_title(w.group, w.guest, "Helper")
        admin = await self.bot.get_chat_member(w.group, w.guest)
        assert isinstance(admin, tg.ChatMemberAdministrator)
        assert (admin.custom_title, admin.can_be_edited) == ("Helper", True)
        holds(w.member(w.group, w.guest), {"status": "administrator", "can_delete_messages": True})
        assert await self.bot.promote_chat_member(w.group, w.guest, can_delete_messages=False)
        assert w.member(w.group, w.guest)["status"] == "member"

    async def dress_chat(self) -> None:
        w = self.world
        assert await self.bot.set_chat_title(w.group, "Talk of the town")
        assert w.service(w.group, "new_chat_title") == "Talk of the town"
        assert await self.bot.set_chat_description(w.group, "About everything")
        assert await self.bot.set_chat_photo(w.group, self.upload("photo"))
        assert w.service(w.group, "new_chat_photo")
        chat = await self.bot.get_chat(w.group)
        assert (chat.title, chat.description) == ("Talk of the town", "About everything")
        assert chat.photo
        assert (await self.bot.get_file(chat.photo.big_file_id)).file_path

    async def invite_link(self) -> None:
        w = self.world
        link = await self.bot.create_chat_invite_link(w.club, name="Friends", member_limit=5)
        assert (link.name, link.member_limit, link.is_revoked) == ("Friends", 5, False)
        edited = await self.bot.edit_chat_invite_link(w.club, link.invite_link, name="Family")
        assert edited.name == "Family"
        invited = {"chat_id": w.club, "user_id": w.guest, "link": link.invite_link}
        assert w.act("/joins", **invited)["status"] == "member"
        assert (await self.bot.revoke_chat_invite_link(w.club, link.invite_link)).is_revoked
        assert w.tell("POST", "/joins", invited | {"user_id": w.stranger})[0] == 403

    async def join_requests(self) -> None:
        w = self.world
        link = await self.bot.create_chat_invite_link(w.club, creates_join_request=True)
        for user_id in (w.reader, w.stranger):
            w.act("/join_requests", chat_id=w.club, user_id=user_id, link=link.invite_link, bio="Hi")
        wanted = await self.ears.listen("chat_join_request", lambda r: r.from_user.id == w.reader)
        assert (wanted.bio, wanted.invite_link.creates_join_request) == ("Hi", True)
        assert await wanted.approve()
        refused = await self.ears.listen("chat_join_request", lambda r: r.from_user.id == w.stranger)
        assert await refused.decline()
        assert w.member(w.club, w.reader)["status"] == "member"
        assert w.member(w.club, w.stranger)["status"] == "left"

    async def topics(self) -> None:
        w = self.world
        topic = await self.bot.create_forum_topic(w.forum, "News", icon_color=0x6FB9F0)
        thread = topic.message_thread_id
        sent = await self.bot.send_message(w.forum, "First", message_thread_id=thread)
        assert sent.is_topic_message
        w.sees(w.forum, sent.message_id, message_thread_id=thread, is_topic_message=True)
        assert await self.bot.edit_forum_topic(w.forum, thread, name="Old news")
        assert w.service(w.forum, "forum_topic_edited")["name"] == "Old news"
        assert await self.bot.close_forum_topic(w.forum, thread)
        assert await self.bot.reopen_forum_topic(w.forum, thread)
        assert w.service(w.forum, "forum_topic_reopened") == {}
        assert await self.bot.delete_forum_topic(w.forum, thread)
        w.hides(w.forum, sent.message_id)

    async def commands(self) -> None:
        wanted = [
            tg.BotCommand(command="start", description="Begin"),
            tg.BotCommand(command="help", description="Explain"),
        ]
        assert await self.bot.set_my_commands(wanted)
        assert [known.command for known in await self.bot.get_my_commands()] == ["start", "help"]
        assert await self.bot.delete_my_commands()
        assert await self.bot.get_my_commands() == []
        self.world.called("deleteMyCommands")
