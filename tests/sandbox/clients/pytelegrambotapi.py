"""pyTelegramBotAPI plays the story: a TeleBot with handlers, by long poll and webhook."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import telebot
from telebot import apihelper
from telebot import types as tg
from telebot.apihelper import ApiTelegramException

from sandbox.clients.pytelegrambotapi_chats import Chats
from sandbox.clients.world import KINDS, Ears, World, holds, play, stranger_at_the_door


class Story(Chats):
    """40 steps with pyTelegramBotAPI."""

    def __init__(self, world: World, ears: Ears) -> None:
        super().__init__(world, ears)
        apihelper.API_URL = f"{world.url}/bot{{0}}/{{1}}"  # type: ignore[assignment]
        apihelper.FILE_URL = f"{world.url}/file/bot{{0}}/{{1}}"  # type: ignore[assignment]
        self.bot = telebot.TeleBot(world.token)
        self.bot.message_handler(func=lambda message: message.text == "to the hook")(self.to_the_hook)
        for kind in KINDS:
            handle = getattr(self.bot, f"{kind}_handler")
            handle(func=lambda event: True)(partial(self.ears.hear, kind))
        self.file_ids: dict[str, str] = {}

    def to_the_hook(self, message: tg.Message) -> None:
        """A word to the webhook is answered."""
        self.ears.hear("message", message)
        self.bot.reply_to(message, "from the hook")

    def open(self) -> None:
        """Begin to poll."""
        poll = partial(self.bot.infinity_polling, long_polling_timeout=2, allowed_updates=list(KINDS))
        self.polling = threading.Thread(target=poll, daemon=True)
        self.polling.start()

    def close(self) -> None:
        """Stop."""
        self.bot.stop_bot()  # type: ignore[no-untyped-call]

    def who_am_i(self) -> None:
        me = self.bot.get_me()
        assert (me.id, me.username, me.is_bot) == (self.world.bot, self.world.username, True)
        holds(self.world.ask("GET", ""), {"bots": [{"id": me.id, "username": me.username}]})

    def start(self) -> None:
        w = self.world
        w.act("/starts", user_id=w.reader, bot_id=w.bot, payload="ref42")
        heard = self.ears.wait("message", lambda m: m.text == "/start ref42")
        self.started = heard.message_id
        sent = self.bot.send_message(w.reader, "Welcome")
        assert sent.chat.type == "private"
        w.sees(w.reader, sent.message_id, text="Welcome")

    def formatted_text(self) -> None:
        w, text = self.world, '<b>Hello</b> <a href="https://example.org/">you</a>'
        answered = tg.ReplyParameters(self.started)
        sent = self.bot.send_message(w.reader, text, parse_mode="HTML", reply_parameters=answered)
        assert sent.html_text == text
        assert sent.reply_to_message
        assert sent.reply_to_message.message_id == self.started
        entities = [{"type": "bold", "offset": 0, "length": 5}, {"type": "text_link", "offset": 6}]
        w.sees(w.reader, sent.message_id, text="Hello you", entities=entities)
        w.sees(w.reader, sent.message_id, reply_to_message={"message_id": self.started})

    def reply_keyboard(self) -> None:
        w = self.world
        keyboard = tg.ReplyKeyboardMarkup(resize_keyboard=True)
        keyboard.row("Yes", "No")
        sent = self.bot.send_message(w.reader, "Well?", reply_markup=keyboard)
        w.sees(w.reader, sent.message_id, keyboard={"keyboard": [[{"text": "Yes"}, {"text": "No"}]]})
        w.say(w.bot, w.reader, "Yes")
        heard = self.ears.wait("message", lambda m: m.text == "Yes")
        sent = self.bot.reply_to(heard, "Noted", reply_markup=tg.ReplyKeyboardRemove())
        w.sees(w.reader, sent.message_id, keyboard={"remove_keyboard": True})

    def force_reply(self) -> None:
        w = self.world
        asked = self.bot.send_message(w.reader, "Your name?", reply_markup=tg.ForceReply())
        w.sees(w.reader, asked.message_id, keyboard={"force_reply": True})
        w.say(w.bot, w.reader, "Rudi", reply_to_message_id=asked.message_id)
        heard = self.ears.wait("message", lambda m: m.text == "Rudi")
        assert heard.reply_to_message.message_id == asked.message_id

    def inline_keyboard(self) -> None:
        w = self.world
        like = tg.InlineKeyboardButton("Like", callback_data="like")
        site = tg.InlineKeyboardButton("Site", url="https://example.org/")
        markup = tg.InlineKeyboardMarkup([[like], [site]])
        sent = self.bot.send_message(w.reader, "Choose", reply_markup=markup)
        assert sent.reply_markup
        assert sent.reply_markup.keyboard[1][0].url == "https://example.org/"
        self.choice = sent.message_id
        rows = [
            [{"text": "Like", "callback_data": "like"}],
            [{"text": "Site", "url": "https://example.org/"}],
        ]
        w.sees(w.reader, self.choice, reply_markup={"inline_keyboard": rows})

    def callback(self) -> None:
        w = self.world
        press = w.act("/clicks", user_id=w.reader, chat_id=w.bot, message_id=self.choice, data="like")
        heard = self.ears.wait("callback_query", lambda q: q.data == "like")
        assert heard.message.message_id == self.choice
        assert heard.from_user.id == w.reader
        assert self.bot.answer_callback_query(heard.id, "Thank you", show_alert=True)
        seen = w.ask("GET", f"/clicks/{press['callback_query_id']}")
        holds(seen, {"answered": True, "text": "Thank you", "show_alert": True})

    def photo(self) -> None:
        w = self.world
        sent = self.bot.send_photo(w.reader, self.upload("photo"), caption="*Sea*", parse_mode="MarkdownV2")
        assert sent.photo
        self.file_ids["photo"] = sent.photo[-1].file_id
        assert sent.html_caption == "<b>Sea</b>"
        w.sees(w.reader, sent.message_id, caption="Sea", caption_entities=[{"type": "bold"}])
        w.sees_photo(w.reader, sent.message_id, "photo", width=8, height=8)

    def document(self) -> None:
        w = self.world
        sent = self.bot.send_document(w.reader, self.upload("document"))
        assert sent.document
        self.file_ids["document"] = sent.document.file_id
        assert sent.document.mime_type == "text/plain"
        size = len(w.content("document"))
        w.sees(w.reader, sent.message_id, document={"file_name": "report.txt", "file_size": size})

    def video_and_animation(self) -> None:
        w = self.world
        film = self.bot.send_video(
            w.reader, self.upload("video"), duration=3, width=64, height=48, supports_streaming=True
        )
        assert film.video
        assert film.video.width == 64
        self.file_ids["video"] = film.video.file_id
        w.sees(w.reader, film.message_id, video={"duration": 3, "width": 64, "height": 48})
        moving = self.bot.send_animation(w.reader, self.upload("animation"))
        assert moving.animation
        w.sees(w.reader, moving.message_id, animation={"file_id": moving.animation.file_id})

    def audio_and_voice(self) -> None:
        w = self.world
        song = self.bot.send_audio(
            w.reader, self.upload("audio"), duration=7, performer="Ada", title="Engine"
        )
        assert song.audio
        assert song.audio.title == "Engine"
        w.sees(w.reader, song.message_id, audio={"duration": 7, "performer": "Ada", "title": "Engine"})
        spoken = self.bot.send_voice(w.reader, self.upload("voice"), duration=2)
        assert spoken.voice
        w.sees(w.reader, spoken.message_id, voice={"duration": 2, "file_id": spoken.voice.file_id})

    def sticker(self) -> None:
        w = self.world
        sent = self.bot.send_sticker(w.reader, self.upload("sticker"))
        assert sent.sticker
        assert sent.sticker.type == "regular"
        self.file_ids["sticker"] = sent.sticker.file_id
        w.sees(w.reader, sent.message_id, sticker={"is_animated": False, "is_video": False})

    def by_file_id(self) -> None:
        w, ids = self.world, self.file_ids
        photo = self.bot.send_photo(w.group, ids["photo"])
        document = self.bot.send_document(w.group, ids["document"], caption="Again")
        sticker = self.bot.send_sticker(w.group, ids["sticker"])
        assert photo.photo
        assert sticker.sticker
        w.sees(w.group, document.message_id, caption="Again", document={"file_name": "report.txt"})
        w.sees(w.group, sticker.message_id, sticker={"file_unique_id": sticker.sticker.file_unique_id})

    def download(self) -> None:
        w = self.world
        for name in ("photo", "document", "video"):
            file = self.bot.get_file(self.file_ids[name])
            assert file.file_path
            assert self.bot.download_file(file.file_path) == w.content(name)
            assert file.file_size == len(w.content(name))

    def photo_album(self) -> None:
        w = self.world
        pictures = [
            tg.InputMediaPhoto(self.upload("photo"), caption="Two"),
            tg.InputMediaPhoto(self.upload("other_photo")),
        ]
        one, two = self.bot.send_media_group(w.reader, [*pictures])
        assert one.media_group_id == two.media_group_id
        w.sees(w.reader, one.message_id, caption="Two", media_group_id=one.media_group_id)
        w.sees(w.reader, two.message_id, media_group_id=one.media_group_id)

    def document_album(self) -> None:
        w = self.world
        papers = [tg.InputMediaDocument(self.upload("document", f"{n}.txt")) for n in (1, 2)]
        sent = self.bot.send_media_group(w.group, [*papers])
        assert len(sent) == 2
        for number, message in enumerate(sent, 1):
            w.sees(w.group, message.message_id, document={"file_name": f"{number}.txt"})

    def edit_text(self) -> None:
        w = self.world
        sent = self.bot.send_message(w.reader, "Draft")
        edited = self.bot.edit_message_text("*Final*", w.reader, sent.message_id, parse_mode="MarkdownV2")
        assert isinstance(edited, tg.Message)
        assert edited.edit_date
        w.sees(w.reader, sent.message_id, text="Final", entities=[{"type": "bold"}])

    def edit_caption(self) -> None:
        w = self.world
        sent = self.bot.send_photo(w.reader, self.file_ids["photo"], caption="Draft")
        edited = self.bot.edit_message_caption("Final", w.reader, sent.message_id)
        assert isinstance(edited, tg.Message)
        assert edited.caption == "Final"
        w.sees(w.reader, sent.message_id, caption="Final")

    def edit_media(self) -> None:
        w = self.world
        sent = self.bot.send_photo(w.reader, self.file_ids["photo"], caption="Before")
        new = tg.InputMediaPhoto(self.upload("other_photo"), caption="After")
        edited = self.bot.edit_message_media(new, w.reader, sent.message_id)
        assert isinstance(edited, tg.Message)
        assert edited.photo
        assert sent.photo
        assert edited.photo[-1].file_unique_id != sent.photo[-1].file_unique_id
        w.sees(w.reader, sent.message_id, caption="After")
        w.sees_photo(w.reader, sent.message_id, "other_photo")

    def edit_markup(self) -> None:
        w = self.world
        more = tg.InlineKeyboardMarkup([[tg.InlineKeyboardButton("More", callback_data="more")]])
        edited = self.bot.edit_message_reply_markup(w.reader, self.choice, reply_markup=more)
        assert isinstance(edited, tg.Message)
        assert edited.reply_markup
        assert edited.reply_markup.keyboard[0][0].callback_data == "more"
        w.sees(w.reader, self.choice, reply_markup={"inline_keyboard": [[{"text": "More"}]]})
        self.bot.edit_message_reply_markup(w.reader, self.choice)
        w.lacks(w.reader, self.choice, "reply_markup")

    def delete(self) -> None:
        w = self.world
        one, two, three = [self.bot.send_message(w.group, f"{n}").message_id for n in range(3)]
        assert self.bot.delete_message(w.group, one)
        assert self.bot.delete_messages(w.group, [two, three])
        w.hides(w.group, one, two, three)

    def copy_and_forward(self) -> None:
        w = self.world
        said = w.say(w.bot, w.reader, "Pass it on")
        copied = self.bot.copy_message(w.group, w.reader, said)
        w.sees(w.group, copied.message_id, text="Pass it on")
        forwarded = self.bot.forward_message(w.group, w.reader, said)
        assert isinstance(forwarded.forward_origin, tg.MessageOriginUser)
        assert forwarded.forward_origin.sender_user.id == w.reader
        w.sees(w.group, forwarded.message_id, forward_origin={"type": "user"})

    def reactions(self) -> None:
        w = self.world
        said = w.say(w.group, w.reader, "I did it")
        assert self.bot.set_message_reaction(w.group, said, [tg.ReactionTypeEmoji("👍")])
        w.act("/reactions", user_id=w.guest, chat_id=w.group, message_id=said, reactions=["❤"])
        heard = self.ears.wait("message_reaction", lambda r: r.message_id == said)
        assert heard.user.id == w.guest
        assert [reaction.emoji for reaction in heard.new_reaction] == ["❤"]
        reacted = [{"user_ids": [w.bot], "type": {"emoji": "👍"}}, {"user_ids": [w.guest]}]
        w.sees(w.group, said, reacted=reacted)

    def chat_action(self) -> None:
        assert self.bot.send_chat_action(self.world.reader, "typing")
        self.world.called("sendChatAction", action="typing")

    def poll(self) -> None:
        w = self.world
        sent = self.bot.send_poll(w.group, "Tea?", ["Yes", "No", "Later"], is_anonymous=False)
        poll_id = sent.poll.id  # type: ignore[attr-defined]
        w.act("/votes", user_id=w.reader, chat_id=w.group, message_id=sent.message_id, option_ids=[1])
        heard = self.ears.wait("poll_answer", lambda a: a.poll_id == poll_id)
        assert (heard.user.id, heard.option_ids) == (w.reader, [1])
        stopped = self.bot.stop_poll(w.group, sent.message_id)
        assert stopped.is_closed
        assert [option.voter_count for option in stopped.options] == [0, 1, 0]
        w.sees(w.group, sent.message_id, poll={"is_closed": True, "total_voter_count": 1})

    def dice(self) -> None:
        w = self.world
        sent = self.bot.send_dice(w.reader, emoji="🎯")
        assert sent.dice
        assert 1 <= sent.dice.value <= 6
        w.sees(w.reader, sent.message_id, dice={"emoji": "🎯", "value": sent.dice.value})

    def places(self) -> None:
        w = self.world
        here = self.bot.send_location(w.reader, 52.5, 13.4)
        assert here.location
        w.sees(w.reader, here.message_id, location={"latitude": here.location.latitude})
        venue = self.bot.send_venue(w.reader, 52.5, 13.4, "Zoo", "Main street 1")
        assert venue.venue
        w.sees(w.reader, venue.message_id, venue={"title": "Zoo", "address": "Main street 1"})
        card = self.bot.send_contact(w.reader, "+491234567", "Ada", last_name="L")
        assert card.contact
        w.sees(w.reader, card.message_id, contact={"phone_number": "+491234567", "first_name": "Ada"})

    def webhook(self) -> None:
        w, url = self.world, f"http://127.0.0.1:{self.world.port}/hook"
        self.bot.stop_polling()  # type: ignore[no-untyped-call]
        self.polling.join()
        server = HTTPServer(("127.0.0.1", w.port), partial(Hook, self.bot, w.secret))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert self.bot.set_webhook(url, secret_token=w.secret, allowed_updates=list(KINDS))
        assert self.bot.get_webhook_info().url == url
        w.say(w.bot, w.reader, "to the hook")
        self.ears.wait("message", lambda m: m.text == "to the hook")
        w.comes(w.reader, "from the hook")
        assert stranger_at_the_door(w.port) == 403
        assert self.bot.delete_webhook()
        assert self.bot.get_webhook_info().url == ""
        server.shutdown()

    def refusals(self) -> None:
        w = self.world
        with pytest.raises(ApiTelegramException, match=r"Error code: 400.*chat not found"):
            self.bot.send_message(1, "x")
        sent = self.bot.send_message(w.reader, "Same")
        with pytest.raises(ApiTelegramException, match=r"Error code: 400.*message is not modified"):
            self.bot.edit_message_text("Same", w.reader, sent.message_id)
        w.act("/blocks", user_id=w.blocker, bot_id=w.bot)
        with pytest.raises(ApiTelegramException, match=r"Error code: 403.*bot was blocked by the user"):
            self.bot.send_message(w.blocker, "x")
        with pytest.raises(ApiTelegramException, match=r"Error code: 404.*method not found"):
            apihelper._make_request(w.token, "noSuchMethod")  # type: ignore[no-untyped-call]
        with pytest.raises(ApiTelegramException, match=r"Error code: 401.*Unauthorized"):
            telebot.TeleBot(f"{w.bot}:{'x' * 35}").get_me()

    def flood(self) -> None:
        w = self.world
        w.act("/faults", kind="429", method="sendMessage", chat_id=w.reader, retry_after=120, times=1)
        with pytest.raises(ApiTelegramException, match="Error code: 429") as caught:
            self.bot.send_message(w.reader, "Too fast")
        assert caught.value.result_json["parameters"]["retry_after"] == 120
        holds(w.ask("GET", "/faults"), [{"kind": "429", "hits": 1}])
        assert self.bot.send_message(w.reader, "Slowly").text == "Slowly"


class Hook(BaseHTTPRequestHandler):
    """A webhook server as the library's examples have it: the secret is checked, the update handed over."""

    def __init__(self, bot: telebot.TeleBot, secret: str, *of_the_server: object) -> None:
        self.bot, self.secret = bot, secret
        super().__init__(*of_the_server)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        """One update."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        known = self.headers["X-Telegram-Bot-Api-Secret-Token"] == self.secret
        self.send_response(200 if known else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if known:
            update = tg.Update.de_json(body.decode())  # type: ignore[no-untyped-call]
            self.bot.process_new_updates([update])

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    play(Story)
