"""aiogram plays the story: a Dispatcher with handlers, by long poll and behind its aiohttp web server."""

import asyncio
from functools import partial
from typing import Any

import aiogram
import pytest
from aiogram import types as tg
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from sandbox.clients.aiogram_chats import Chats
from sandbox.clients.world import KINDS, Ears, World, holds, play, stranger_at_the_door


class NoSuchMethod(TelegramMethod[bool]):
    """A method Telegram does not have."""

    __returning__ = bool
    __api_method__ = "noSuchMethod"


class Story(Chats):
    """40 steps with aiogram."""

    def __init__(self, world: World, ears: Ears) -> None:
        super().__init__(world, ears)
        self.server = TelegramAPIServer.from_base(world.url)
        self.dispatcher = aiogram.Dispatcher()
        self.dispatcher.message.register(self.to_the_hook, aiogram.F.text == "to the hook")
        for kind in KINDS:
            self.dispatcher.observers[kind].register(partial(self.heard, kind))
        self.file_ids: dict[str, str] = {}

    async def heard(self, kind: str, event: tg.TelegramObject) -> None:
        """Every update of the kinds we listen for."""
        self.ears.hear(kind, event)

    async def to_the_hook(self, message: tg.Message) -> SendMessage:
        """The method that is returned is sent as the body of the webhook's answer."""
        self.ears.hear("message", message)
        return message.answer("from the hook")

    async def open(self) -> None:
        """Begin to poll."""
        self.bot = aiogram.Bot(self.world.token, AiohttpSession(api=self.server))
        listening = self.dispatcher.resolve_used_update_types()
        polling = self.dispatcher.start_polling(
            self.bot, handle_signals=False, close_bot_session=False, allowed_updates=listening
        )
        self.polling = asyncio.create_task(polling)

    async def close(self) -> None:
        """Stop."""
        await self.bot.session.close()

    async def who_am_i(self) -> None:
        me = await self.bot.get_me()
        assert (me.id, me.username, me.is_bot) == (self.world.bot, self.world.username, True)
        holds(self.world.ask("GET", ""), {"bots": [{"id": me.id, "username": me.username}]})

    async def start(self) -> None:
        w = self.world
        w.act("/starts", user_id=w.reader, bot_id=w.bot, payload="ref42")
        heard = await self.ears.listen("message", lambda m: m.text == "/start ref42")
        self.started = heard.message_id
        sent = await heard.answer("Welcome")
        assert sent.chat.type == "private"
        w.sees(w.reader, sent.message_id, text="Welcome")

    async def formatted_text(self) -> None:
        w, text = self.world, '<b>Hello</b> <a href="https://example.org/">you</a>'
        answered = tg.ReplyParameters(message_id=self.started)
        sent = await self.bot.send_message(w.reader, text, parse_mode="HTML", reply_parameters=answered)
        assert sent.html_text == text
        assert sent.reply_to_message
        assert sent.reply_to_message.message_id == self.started
        entities = [{"type": "bold", "offset": 0, "length": 5}, {"type": "text_link", "offset": 6}]
        w.sees(w.reader, sent.message_id, text="Hello you", entities=entities)
        w.sees(w.reader, sent.message_id, reply_to_message={"message_id": self.started})

    async def reply_keyboard(self) -> None:
        w = self.world
        row = [tg.KeyboardButton(text="Yes"), tg.KeyboardButton(text="No")]
        keyboard = tg.ReplyKeyboardMarkup(keyboard=[row], resize_keyboard=True)
        sent = await self.bot.send_message(w.reader, "Well?", reply_markup=keyboard)
        w.sees(w.reader, sent.message_id, keyboard={"keyboard": [[{"text": "Yes"}, {"text": "No"}]]})
        w.say(w.bot, w.reader, "Yes")
        heard = await self.ears.listen("message", lambda m: m.text == "Yes")
        sent = await heard.answer("Noted", reply_markup=tg.ReplyKeyboardRemove())
        w.sees(w.reader, sent.message_id, keyboard={"remove_keyboard": True})

    async def force_reply(self) -> None:
        w = self.world
        asked = await self.bot.send_message(w.reader, "Your name?", reply_markup=tg.ForceReply())
        w.sees(w.reader, asked.message_id, keyboard={"force_reply": True})
        w.say(w.bot, w.reader, "Rudi", reply_to_message_id=asked.message_id)
        heard = await self.ears.listen("message", lambda m: m.text == "Rudi")
        assert heard.reply_to_message.message_id == asked.message_id

    async def inline_keyboard(self) -> None:
        w = self.world
        like = tg.InlineKeyboardButton(text="Like", callback_data="like")
        site = tg.InlineKeyboardButton(text="Site", url="https://example.org/")
        sent = await self.bot.send_message(
            w.reader, "Choose", reply_markup=tg.InlineKeyboardMarkup(inline_keyboard=[[like], [site]])
        )
        assert sent.reply_markup
        assert sent.reply_markup.inline_keyboard[1][0].url == "https://example.org/"
        self.choice = sent.message_id
        rows = [
            [{"text": "Like", "callback_data": "like"}],
            [{"text": "Site", "url": "https://example.org/"}],
        ]
        w.sees(w.reader, self.choice, reply_markup={"inline_keyboard": rows})

    async def callback(self) -> None:
        w = self.world
        press = w.act("/clicks", user_id=w.reader, chat_id=w.bot, message_id=self.choice, data="like")
        heard = await self.ears.listen("callback_query", lambda q: q.data == "like")
        assert heard.message.message_id == self.choice
        assert heard.from_user.id == w.reader
        assert await heard.answer("Thank you", show_alert=True)
        seen = w.ask("GET", f"/clicks/{press['callback_query_id']}")
        holds(seen, {"answered": True, "text": "Thank you", "show_alert": True})

    async def photo(self) -> None:
        w = self.world
        sent = await self.bot.send_photo(
            w.reader, self.upload("photo"), caption="*Sea*", parse_mode="MarkdownV2"
        )
        assert sent.photo
        self.file_ids["photo"] = sent.photo[-1].file_id
        assert sent.md_text == "*Sea*"
        w.sees(w.reader, sent.message_id, caption="Sea", caption_entities=[{"type": "bold"}])
        w.sees_photo(w.reader, sent.message_id, "photo", width=8, height=8)

    async def document(self) -> None:
        w = self.world
        sent = await self.bot.send_document(w.reader, self.upload("document"))
        assert sent.document
        self.file_ids["document"] = sent.document.file_id
        assert sent.document.mime_type == "text/plain"
        size = len(w.content("document"))
        w.sees(w.reader, sent.message_id, document={"file_name": "report.txt", "file_size": size})

    async def video_and_animation(self) -> None:
        w = self.world
        film = await self.bot.send_video(
            w.reader, self.upload("video"), duration=3, width=64, height=48, supports_streaming=True
        )
        assert film.video
        assert film.video.width == 64
        self.file_ids["video"] = film.video.file_id
        w.sees(w.reader, film.message_id, video={"duration": 3, "width": 64, "height": 48})
        moving = await self.bot.send_animation(w.reader, self.upload("animation"))
        assert moving.animation
        w.sees(w.reader, moving.message_id, animation={"file_id": moving.animation.file_id})

    async def audio_and_voice(self) -> None:
        w = self.world
        song = await self.bot.send_audio(
            w.reader, self.upload("audio"), duration=7, performer="Ada", title="Engine"
        )
        assert song.audio
        assert song.audio.title == "Engine"
        w.sees(w.reader, song.message_id, audio={"duration": 7, "performer": "Ada", "title": "Engine"})
        spoken = await self.bot.send_voice(w.reader, self.upload("voice"), duration=2)
        assert spoken.voice
        w.sees(w.reader, spoken.message_id, voice={"duration": 2, "file_id": spoken.voice.file_id})

    async def sticker(self) -> None:
        w = self.world
        sent = await self.bot.send_sticker(w.reader, self.upload("sticker"))
        assert sent.sticker
        assert sent.sticker.type == "regular"
        self.file_ids["sticker"] = sent.sticker.file_id
        w.sees(w.reader, sent.message_id, sticker={"is_animated": False, "is_video": False})

    async def by_file_id(self) -> None:
        w, ids = self.world, self.file_ids
        photo = await self.bot.send_photo(w.group, ids["photo"])
        document = await self.bot.send_document(w.group, ids["document"], caption="Again")
        sticker = await self.bot.send_sticker(w.group, ids["sticker"])
        assert photo.photo
        assert sticker.sticker
        w.sees(w.group, document.message_id, caption="Again", document={"file_name": "report.txt"})
        w.sees(w.group, sticker.message_id, sticker={"file_unique_id": sticker.sticker.file_unique_id})

    async def download(self) -> None:
        w = self.world
        for name in ("photo", "document", "video"):
            file = await self.bot.get_file(self.file_ids[name])
            assert file.file_path
            found = await self.bot.download_file(file.file_path)
            assert found
            assert found.read() == w.content(name)
            assert file.file_size == len(w.content(name))

    async def photo_album(self) -> None:
        w = self.world
        pictures: list[Any] = [
            tg.InputMediaPhoto(media=self.upload("photo"), caption="Two"),
            tg.InputMediaPhoto(media=self.upload("other_photo")),
        ]
        one, two = await self.bot.send_media_group(w.reader, pictures)
        assert one.media_group_id == two.media_group_id
        w.sees(w.reader, one.message_id, caption="Two", media_group_id=one.media_group_id)
        w.sees(w.reader, two.message_id, media_group_id=one.media_group_id)

    async def document_album(self) -> None:
        w = self.world
        papers: list[Any] = [tg.InputMediaDocument(media=self.upload("document", f"{n}.txt")) for n in (1, 2)]
        sent = await self.bot.send_media_group(w.group, papers)
        assert len(sent) == 2
        for number, message in enumerate(sent, 1):
            w.sees(w.group, message.message_id, document={"file_name": f"{number}.txt"})

    async def edit_text(self) -> None:
        w = self.world
        sent = await self.bot.send_message(w.reader, "Draft")
        edited = await sent.edit_text("*Final*", parse_mode="MarkdownV2")
        assert isinstance(edited, tg.Message)
        assert edited.edit_date
        w.sees(w.reader, sent.message_id, text="Final", entities=[{"type": "bold"}])

    async def edit_caption(self) -> None:
        w = self.world
        sent = await self.bot.send_photo(w.reader, self.file_ids["photo"], caption="Draft")
        edited = await sent.edit_caption(caption="Final")
        assert isinstance(edited, tg.Message)
        assert edited.caption == "Final"
        w.sees(w.reader, sent.message_id, caption="Final")

    async def edit_media(self) -> None:
        w = self.world
        sent = await self.bot.send_photo(w.reader, self.file_ids["photo"], caption="Before")
        edited = await sent.edit_media(tg.InputMediaPhoto(media=self.upload("other_photo"), caption="After"))
        assert isinstance(edited, tg.Message)
        assert edited.photo
        assert sent.photo
        assert edited.photo[-1].file_unique_id != sent.photo[-1].file_unique_id
        w.sees(w.reader, sent.message_id, caption="After")
        w.sees_photo(w.reader, sent.message_id, "other_photo")

    async def edit_markup(self) -> None:
        w = self.world
        button = tg.InlineKeyboardButton(text="More", callback_data="more")
        more = tg.InlineKeyboardMarkup(inline_keyboard=[[button]])
        change = partial(self.bot.edit_message_reply_markup, chat_id=w.reader, message_id=self.choice)
        edited = await change(reply_markup=more)
        assert isinstance(edited, tg.Message)
        assert edited.reply_markup
        assert edited.reply_markup.inline_keyboard[0][0].callback_data == "more"
        w.sees(w.reader, self.choice, reply_markup={"inline_keyboard": [[{"text": "More"}]]})
        await change()
        w.lacks(w.reader, self.choice, "reply_markup")

    async def delete(self) -> None:
        w = self.world
        one, two, three = [(await self.bot.send_message(w.group, f"{n}")).message_id for n in range(3)]
        assert await self.bot.delete_message(w.group, one)
        assert await self.bot.delete_messages(w.group, [two, three])
        w.hides(w.group, one, two, three)

    async def copy_and_forward(self) -> None:
        w = self.world
        said = w.say(w.bot, w.reader, "Pass it on")
        copied = await self.bot.copy_message(w.group, w.reader, said)
        w.sees(w.group, copied.message_id, text="Pass it on")
        forwarded = await self.bot.forward_message(w.group, w.reader, said)
        assert isinstance(forwarded.forward_origin, tg.MessageOriginUser)
        assert forwarded.forward_origin.sender_user.id == w.reader
        w.sees(w.group, forwarded.message_id, forward_origin={"type": "user"})

    async def reactions(self) -> None:
        w = self.world
        said = w.say(w.group, w.reader, "I did it")
        thumb = tg.ReactionTypeEmoji(emoji="👍")
        assert await self.bot.set_message_reaction(w.group, said, reaction=[thumb])
        w.act("/reactions", user_id=w.guest, chat_id=w.group, message_id=said, reactions=["❤"])
        heard = await self.ears.listen("message_reaction", lambda r: r.message_id == said)
        assert heard.user.id == w.guest
        assert [reaction.emoji for reaction in heard.new_reaction] == ["❤"]
        reacted = [{"user_ids": [w.bot], "type": {"emoji": "👍"}}, {"user_ids": [w.guest]}]
        w.sees(w.group, said, reacted=reacted)

    async def chat_action(self) -> None:
        assert await self.bot.send_chat_action(self.world.reader, "typing")
        self.world.called("sendChatAction", action="typing")

    async def poll(self) -> None:
        w = self.world
        options: list[Any] = ["Yes", "No", "Later"]
        sent = await self.bot.send_poll(w.group, "Tea?", options, is_anonymous=False)
        assert sent.poll
        poll_id = sent.poll.id
        w.act("/votes", user_id=w.reader, chat_id=w.group, message_id=sent.message_id, option_ids=[1])
        heard = await self.ears.listen("poll_answer", lambda a: a.poll_id == poll_id)
        assert (heard.user.id, heard.option_ids) == (w.reader, [1])
        stopped = await self.bot.stop_poll(w.group, sent.message_id)
        assert stopped.is_closed
        assert [option.voter_count for option in stopped.options] == [0, 1, 0]
        w.sees(w.group, sent.message_id, poll={"is_closed": True, "total_voter_count": 1})

    async def dice(self) -> None:
        w = self.world
        sent = await self.bot.send_dice(w.reader, emoji="🎯")
        assert sent.dice
        assert 1 <= sent.dice.value <= 6
        w.sees(w.reader, sent.message_id, dice={"emoji": "🎯", "value": sent.dice.value})

    async def places(self) -> None:
        w = self.world
        here = await self.bot.send_location(w.reader, 52.5, 13.4)
        assert here.location
        w.sees(w.reader, here.message_id, location={"latitude": here.location.latitude})
        venue = await self.bot.send_venue(w.reader, 52.5, 13.4, "Zoo", "Main street 1")
        assert venue.venue
        w.sees(w.reader, venue.message_id, venue={"title": "Zoo", "address": "Main street 1"})
        card = await self.bot.send_contact(w.reader, "+491234567", "Ada", last_name="L")
        assert card.contact
        w.sees(w.reader, card.message_id, contact={"phone_number": "+491234567", "first_name": "Ada"})

    async def webhook(self) -> None:
        w, url = self.world, f"http://127.0.0.1:{self.world.port}/hook"
        await self.dispatcher.stop_polling()
        await self.polling
        app = web.Application()
        handler = SimpleRequestHandler(
            self.dispatcher, self.bot, handle_in_background=False, secret_token=w.secret
        )
        handler.register(app, path="/hook")
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", w.port).start()
        await self.bot.set_webhook(url, secret_token=w.secret, allowed_updates=list(KINDS))
        assert (await self.bot.get_webhook_info()).url == url
        w.say(w.bot, w.reader, "to the hook")
        await self.ears.listen("message", lambda m: m.text == "to the hook")
        await asyncio.to_thread(w.comes, w.reader, "from the hook")
        assert await asyncio.to_thread(stranger_at_the_door, w.port) == 401
        assert await self.bot.delete_webhook()
        assert (await self.bot.get_webhook_info()).url == ""
        await runner.cleanup()

    async def refusals(self) -> None:
        w = self.world
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await self.bot.send_message(1, "x")
        sent = await self.bot.send_message(w.reader, "Same")
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await sent.edit_text("Same")
        w.act("/blocks", user_id=w.blocker, bot_id=w.bot)
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await self.bot.send_message(w.blocker, "x")
        with pytest.raises(TelegramNotFound, match="method not found"):
            await self.bot(NoSuchMethod())
        async with aiogram.Bot(f"{w.bot}:{'x' * 35}", AiohttpSession(api=self.server)) as other:
            with pytest.raises(TelegramUnauthorizedError, match="Unauthorized"):
                await other.get_me()

    async def flood(self) -> None:
        w = self.world
        w.act("/faults", kind="429", method="sendMessage", chat_id=w.reader, retry_after=120, times=1)
        with pytest.raises(TelegramRetryAfter) as caught:
            await self.bot.send_message(w.reader, "Too fast")
        assert caught.value.retry_after == 120
        holds(w.ask("GET", "/faults"), [{"kind": "429", "hits": 1}])
        assert (await self.bot.send_message(w.reader, "Slowly")).text == "Slowly"


if __name__ == "__main__":
    play(Story)
