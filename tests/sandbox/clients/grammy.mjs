// grammY plays the story: a Bot by long poll, then its webhookCallback behind node:http.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Bot, GrammyError, InlineKeyboard, InputFile, InputMediaBuilder, Keyboard, webhookCallback } from "grammy";
import { COMMANDS, KINDS, World, everyOne, failing, holds, play, refused, scene, until } from "./world.mjs";

const w = new World(scene);
const answersInBody = (method) => method === "sendMessage";
const client = { apiRoot: w.url };
const bot = new Bot(w.token, { client });
const api = bot.api;
const upload = (name, filename) => new InputFile(w.files[name], filename);
const ids = {};
let started, choice;

bot.on(KINDS, async (ctx) => {
  w.hear(ctx.update);
});

const failure = failing(GrammyError, (error) => error.error_code);

await play({
  async open() {
    await new Promise((onStart) => bot.start({ allowed_updates: KINDS, onStart }));
  },

  async who_am_i() {
    holds(await api.getMe(), { id: w.bot, username: w.username, is_bot: true });
    holds(await w.ask("GET", ""), { bots: [{ id: w.bot, username: w.username }] });
  },

  async start() {
    await w.act("/starts", { user_id: w.reader, bot_id: w.bot, payload: "ref42" });
    started = (await w.listen("message", (m) => m.text === "/start ref42")).message_id;
    const sent = await api.sendMessage(w.reader, "Welcome");
    assert.equal(sent.chat.type, "private");
    await w.sees(w.reader, sent.message_id, { text: "Welcome" });
  },

  async formatted_text() {
    const text = '<b>Hello</b> <a href="https://example.org/">you</a>';
    const reply_parameters = { message_id: started };
    const sent = await api.sendMessage(w.reader, text, { parse_mode: "HTML", reply_parameters });
    const entities = [{ type: "bold", offset: 0, length: 5 }, { type: "text_link", offset: 6 }];
    const shown = { text: "Hello you", entities, reply_to_message: { message_id: started } };
    holds(sent, shown);
    await w.sees(w.reader, sent.message_id, shown);
  },

  async reply_keyboard() {
    const reply_markup = new Keyboard().text("Yes").text("No").resized();
    const asked = await api.sendMessage(w.reader, "Well?", { reply_markup });
    await w.sees(w.reader, asked.message_id, { keyboard: { keyboard: [[{ text: "Yes" }, { text: "No" }]] } });
    await w.say(w.bot, w.reader, "Yes");
    await w.listen("message", (m) => m.text === "Yes");
    const noted = await api.sendMessage(w.reader, "Noted", { reply_markup: { remove_keyboard: true } });
    await w.sees(w.reader, noted.message_id, { keyboard: { remove_keyboard: true } });
  },

  async force_reply() {
    const { message_id } = await api.sendMessage(w.reader, "Your name?", { reply_markup: { force_reply: true } });
    await w.sees(w.reader, message_id, { keyboard: { force_reply: true } });
    await w.say(w.bot, w.reader, "Rudi", { reply_to_message_id: message_id });
    holds(await w.listen("message", (m) => m.text === "Rudi"), { reply_to_message: { message_id } });
  },

  async inline_keyboard() {
    const reply_markup = new InlineKeyboard().text("Like", "like").row().url("Site", "https://example.org/");
    const sent = await api.sendMessage(w.reader, "Choose", { reply_markup });
    choice = sent.message_id;
    const rows = [[{ text: "Like", callback_data: "like" }], [{ text: "Site", url: "https://example.org/" }]];
    holds(sent, { reply_markup: { inline_keyboard: rows } });
    await w.sees(w.reader, choice, { reply_markup: { inline_keyboard: rows } });
  },

  async callback() {
    const press = { user_id: w.reader, chat_id: w.bot, message_id: choice, data: "like" };
    const { callback_query_id } = await w.act("/clicks", press);
    const heard = await w.listen("callback_query", (q) => q.data === "like");
    holds(heard, { id: callback_query_id, from: { id: w.reader }, message: { message_id: choice } });
    assert(await api.answerCallbackQuery(heard.id, { text: "Thank you", show_alert: true }));
    await w.answered(callback_query_id, { text: "Thank you", show_alert: true });
  },

  async photo() {
    const sent = await api.sendPhoto(w.reader, upload("photo"), { caption: "*Sea*", parse_mode: "MarkdownV2" });
    ids.photo = sent.photo.at(-1).file_id;
    await w.sees(w.reader, sent.message_id, { caption: "Sea", caption_entities: [{ type: "bold" }] });
    await w.seesPhoto(w.reader, sent.message_id, "photo", { width: 8, height: 8 });
  },

  async document() {
    const sent = await api.sendDocument(w.reader, upload("document"));
    ids.document = sent.document.file_id;
    assert.equal(sent.document.mime_type, "text/plain");
    const file_size = w.content("document").length;
    await w.sees(w.reader, sent.message_id, { document: { file_name: "report.txt", file_size } });
  },

  async video_and_animation() {
    const size = { duration: 3, width: 64, height: 48 };
    const film = await api.sendVideo(w.reader, upload("video"), { ...size, supports_streaming: true });
    ids.video = film.video.file_id;
    await w.sees(w.reader, film.message_id, { video: size });
    const moving = await api.sendAnimation(w.reader, upload("animation"));
    await w.sees(w.reader, moving.message_id, { animation: { file_id: moving.animation.file_id } });
  },

  async audio_and_voice() {
    const tags = { duration: 7, performer: "Ada", title: "Engine" };
    const song = await api.sendAudio(w.reader, upload("audio"), tags);
    holds(song, { audio: tags });
    await w.sees(w.reader, song.message_id, { audio: tags });
    const spoken = await api.sendVoice(w.reader, upload("voice"), { duration: 2 });
    await w.sees(w.reader, spoken.message_id, { voice: { duration: 2, file_id: spoken.voice.file_id } });
  },

  async sticker() {
    const sent = await api.sendSticker(w.reader, upload("sticker"));
    assert.equal(sent.sticker.type, "regular");
    ids.sticker = sent.sticker.file_id;
    await w.sees(w.reader, sent.message_id, { sticker: { is_animated: false, is_video: false } });
  },

  async by_file_id() {
    const photo = await api.sendPhoto(w.group, ids.photo);
    const document = await api.sendDocument(w.group, ids.document, { caption: "Again" });
    const sticker = await api.sendSticker(w.group, ids.sticker);
    assert(photo.photo.length);
    const { file_unique_id } = sticker.sticker;
    await w.sees(w.group, document.message_id, { caption: "Again", document: { file_name: "report.txt" } });
    await w.sees(w.group, sticker.message_id, { sticker: { file_unique_id } });
  },

  async download() {
    for (const name of ["photo", "document", "video"]) {
      const { file_path, file_size } = await api.getFile(ids[name]);
      const response = await fetch(`${w.url}/file/bot${w.token}/${file_path}`);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), w.content(name));
      assert.equal(file_size, w.content(name).length);
    }
  },

  async photo_album() {
    const pictures = [
      InputMediaBuilder.photo(upload("photo"), { caption: "Two" }),
      InputMediaBuilder.photo(upload("other_photo")),
    ];
    const [one, two] = await api.sendMediaGroup(w.reader, pictures);
    const { media_group_id } = one;
    await w.sees(w.reader, one.message_id, { caption: "Two", media_group_id });
    await w.sees(w.reader, two.message_id, { media_group_id });
  },

  async document_album() {
    const papers = [1, 2].map((n) => InputMediaBuilder.document(upload("document", `${n}.txt`)));
    const [one, two] = await api.sendMediaGroup(w.group, papers);
    await w.sees(w.group, one.message_id, { document: { file_name: "1.txt" } });
    await w.sees(w.group, two.message_id, { document: { file_name: "2.txt" } });
  },

  async edit_text() {
    const { message_id } = await api.sendMessage(w.reader, "Draft");
    const edited = await api.editMessageText(w.reader, message_id, "*Final*", { parse_mode: "MarkdownV2" });
    assert(edited.edit_date);
    await w.sees(w.reader, message_id, { text: "Final", entities: [{ type: "bold" }] });
  },

  async edit_caption() {
    const { message_id } = await api.sendPhoto(w.reader, ids.photo, { caption: "Draft" });
    holds(await api.editMessageCaption(w.reader, message_id, { caption: "Final" }), { caption: "Final" });
    await w.sees(w.reader, message_id, { caption: "Final" });
  },

  async edit_media() {
    const sent = await api.sendPhoto(w.reader, ids.photo, { caption: "Before" });
    const media = InputMediaBuilder.photo(upload("other_photo"), { caption: "After" });
    const edited = await api.editMessageMedia(w.reader, sent.message_id, media);
    assert.notEqual(edited.photo.at(-1).file_unique_id, sent.photo.at(-1).file_unique_id);
    await w.sees(w.reader, sent.message_id, { caption: "After" });
    await w.seesPhoto(w.reader, sent.message_id, "other_photo");
  },

  async edit_markup() {
    const reply_markup = new InlineKeyboard().text("More", "more");
    const shown = { reply_markup: { inline_keyboard: [[{ text: "More", callback_data: "more" }]] } };
    holds(await api.editMessageReplyMarkup(w.reader, choice, { reply_markup }), shown);
    await w.sees(w.reader, choice, shown);
    await api.editMessageReplyMarkup(w.reader, choice);
    assert(!("reply_markup" in (await w.sees(w.reader, choice))));
  },

  async delete() {
    const sent = [];
    for (const text of ["1", "2", "3"]) sent.push((await api.sendMessage(w.group, text)).message_id);
    assert(await api.deleteMessage(w.group, sent[0]));
    assert(await api.deleteMessages(w.group, sent.slice(1)));
    await w.hides(w.group, ...sent);
  },

  async copy_and_forward() {
    const said = await w.say(w.bot, w.reader, "Pass it on");
    const copied = await api.copyMessage(w.group, w.reader, said);
    await w.sees(w.group, copied.message_id, { text: "Pass it on" });
    const forwarded = await api.forwardMessage(w.group, w.reader, said);
    const forward_origin = { type: "user", sender_user: { id: w.reader } };
    holds(forwarded, { forward_origin });
    await w.sees(w.group, forwarded.message_id, { forward_origin });
  },

  async pin() {
    const { message_id } = await api.sendMessage(w.group, "Rules");
    assert(await api.pinChatMessage(w.group, message_id));
    holds(await w.service(w.group, "pinned_message"), { message_id });
    holds(await api.getChat(w.group), { pinned_message: { message_id } });
    assert(await api.unpinChatMessage(w.group, message_id));
    assert(!("pinned_message" in (await api.getChat(w.group))));
  },

  async reactions() {
    const message_id = await w.say(w.group, w.reader, "I did it");
    assert(await api.setMessageReaction(w.group, message_id, [{ type: "emoji", emoji: "👍" }]));
    await w.act("/reactions", { user_id: w.guest, chat_id: w.group, message_id, reactions: ["❤"] });
    const heard = await w.listen("message_reaction", (r) => r.message_id === message_id);
    holds(heard, { user: { id: w.guest }, new_reaction: [{ emoji: "❤" }] });
    const reacted = [{ user_ids: [w.bot], type: { emoji: "👍" } }, { user_ids: [w.guest] }];
    await w.sees(w.group, message_id, { reacted });
  },

  async chat_action() {
    assert(await api.sendChatAction(w.reader, "typing"));
    await w.called("sendChatAction", { action: "typing" });
  },

  async poll() {
    const sent = await api.sendPoll(w.group, "Tea?", ["Yes", "No", "Later"], { is_anonymous: false });
    const { message_id } = sent;
    await w.act("/votes", { user_id: w.reader, chat_id: w.group, message_id, option_ids: [1] });
    const heard = await w.listen("poll_answer", (a) => a.poll_id === sent.poll.id);
    holds(heard, { user: { id: w.reader }, option_ids: [1] });
    const stopped = await api.stopPoll(w.group, message_id);
    assert.deepEqual(stopped.options.map((option) => option.voter_count), [0, 1, 0]);
    await w.sees(w.group, message_id, { poll: { is_closed: true, total_voter_count: 1 } });
  },

  async dice() {
    const { message_id, dice } = await api.sendDice(w.reader, "🎯");
    assert(1 <= dice.value && dice.value <= 6);
    await w.sees(w.reader, message_id, { dice: { emoji: "🎯", value: dice.value } });
  },

  async places() {
    const here = await api.sendLocation(w.reader, 52.5, 13.4);
    await w.sees(w.reader, here.message_id, { location: here.location });
    const venue = await api.sendVenue(w.reader, 52.5, 13.4, "Zoo", "Main street 1");
    await w.sees(w.reader, venue.message_id, { venue: { title: "Zoo", address: "Main street 1" } });
    const card = await api.sendContact(w.reader, "+491234567", "Ada", { last_name: "L" });
    await w.sees(w.reader, card.message_id, { contact: { phone_number: "+491234567", first_name: "Ada" } });
  },

  async look_up() {
    holds(await api.getChat(w.group), { type: "supergroup", title: "Talk" });
    holds(await api.getChatMember(w.group, w.reader), { status: "member" });
    const admins = (await api.getChatAdministrators(w.group)).map((admin) => admin.user.id);
    assert.deepEqual(new Set(admins), new Set([w.owner, w.bot]));
    assert.equal(await api.getChatMemberCount(w.group), 4);
    await w.member(w.group, w.owner, { status: "creator" });
  },

  async restrict() {
    assert(await api.restrictChatMember(w.group, w.guest, { can_send_messages: false }, { until_date: until }));
    await w.member(w.group, w.guest, { status: "restricted", until_date: until });
    const words = { chat_id: w.group, from_id: w.guest, text: "?" };
    assert.equal((await w.tell("POST", "/messages", words)).status, 403);
    const { permissions } = await api.getChat(w.group);
    assert(await api.restrictChatMember(w.group, w.guest, everyOne(permissions)));
    await w.member(w.group, w.guest, { status: "member" });
    await w.act("/messages", words);
  },

  async ban() {
    assert(await api.banChatMember(w.group, w.guest));
    holds(await api.getChatMember(w.group, w.guest), { status: "kicked" });
    await w.member(w.group, w.guest, { status: "kicked" });
    assert(await api.unbanChatMember(w.group, w.guest, { only_if_banned: true }));
    await w.member(w.group, w.guest, { status: "left" });
    await w.act("/joins", { chat_id: w.group, user_id: w.guest });
  },

  async promote() {
    const rights = { can_delete_messages: true, can_pin_messages: true };
    assert(await api.promoteChatMember(w.group, w.guest, rights));
    assert(await api.setChatAdministratorCustomTitle(w.group, w.guest, "Helper"));
    const admin = { status: "administrator", custom_title: "Helper", can_delete_messages: true };
    holds(await api.getChatMember(w.group, w.guest), { ...admin, can_be_edited: true });
    await w.member(w.group, w.guest, admin);
    assert(await api.promoteChatMember(w.group, w.guest, { can_delete_messages: false }));
    await w.member(w.group, w.guest, { status: "member" });
  },

  async dress_chat() {
    assert(await api.setChatTitle(w.group, "Talk of the town"));
    assert.equal(await w.service(w.group, "new_chat_title"), "Talk of the town");
    assert(await api.setChatDescription(w.group, "About everything"));
    assert(await api.setChatPhoto(w.group, upload("photo")));
    assert((await w.service(w.group, "new_chat_photo")).length);
    const chat = await api.getChat(w.group);
    holds(chat, { title: "Talk of the town", description: "About everything" });
    assert((await api.getFile(chat.photo.big_file_id)).file_path);
  },

  async invite_link() {
    const link = await api.createChatInviteLink(w.club, { name: "Friends", member_limit: 5 });
    holds(link, { name: "Friends", member_limit: 5, is_revoked: false });
    holds(await api.editChatInviteLink(w.club, link.invite_link, { name: "Family" }), { name: "Family" });
    const invited = { chat_id: w.club, user_id: w.guest, link: link.invite_link };
    holds(await w.act("/joins", invited), { status: "member" });
    holds(await api.revokeChatInviteLink(w.club, link.invite_link), { is_revoked: true });
    assert.equal((await w.tell("POST", "/joins", { ...invited, user_id: w.stranger })).status, 403);
  },

  async join_requests() {
    const { invite_link } = await api.createChatInviteLink(w.club, { creates_join_request: true });
    for (const user_id of [w.reader, w.stranger]) {
      await w.act("/join_requests", { chat_id: w.club, user_id, link: invite_link, bio: "Hi" });
    }
    const wanted = await w.listen("chat_join_request", (r) => r.from.id === w.reader);
    holds(wanted, { bio: "Hi", invite_link: { creates_join_request: true } });
    assert(await api.approveChatJoinRequest(w.club, w.reader));
    await w.listen("chat_join_request", (r) => r.from.id === w.stranger);
    assert(await api.declineChatJoinRequest(w.club, w.stranger));
    await w.member(w.club, w.reader, { status: "member" });
    await w.member(w.club, w.stranger, { status: "left" });
  },

  async topics() {
    const { message_thread_id } = await api.createForumTopic(w.forum, "News", { icon_color: 0x6fb9f0 });
    const sent = await api.sendMessage(w.forum, "First", { message_thread_id });
    await w.sees(w.forum, sent.message_id, { message_thread_id, is_topic_message: true });
    assert(await api.editForumTopic(w.forum, message_thread_id, { name: "Old news" }));
    holds(await w.service(w.forum, "forum_topic_edited"), { name: "Old news" });
    assert(await api.closeForumTopic(w.forum, message_thread_id));
    assert(await api.reopenForumTopic(w.forum, message_thread_id));
    assert.deepEqual(await w.service(w.forum, "forum_topic_reopened"), {});
    assert(await api.deleteForumTopic(w.forum, message_thread_id));
    await w.hides(w.forum, sent.message_id);
  },

  async commands() {
    assert(await api.setMyCommands(COMMANDS));
    assert.deepEqual(await api.getMyCommands(), COMMANDS);
    assert(await api.deleteMyCommands());
    assert.deepEqual(await api.getMyCommands(), []);
    await w.called("deleteMyCommands");
  },

  async webhook() {
    await bot.stop();
    const hooked = new Bot(w.token, { client: { ...client, canUseWebhookReply: answersInBody } });
    hooked.on("message", async (ctx) => {
      w.hear(ctx.update);
      await ctx.reply("from the hook");
    });
    const server = createServer(webhookCallback(hooked, "http", { secretToken: w.secret }));
    await new Promise((done) => server.listen(w.port, "127.0.0.1", done));
    assert(await api.setWebhook(w.hook, { secret_token: w.secret, allowed_updates: KINDS }));
    holds(await api.getWebhookInfo(), { url: w.hook });
    await w.say(w.bot, w.reader, "to the hook");
    await w.listen("message", (m) => m.text === "to the hook");
    await w.comes(w.reader, "from the hook");
    assert.equal(await w.strangerAtTheDoor(), 401);
    assert(await api.deleteWebhook());
    holds(await api.getWebhookInfo(), { url: "" });
    server.close();
  },

  async refusals() {
    await refused(api.sendMessage(1, "x"), failure(400, "chat not found"));
    const { message_id } = await api.sendMessage(w.reader, "Same");
    await refused(api.editMessageText(w.reader, message_id, "Same"), failure(400, "message is not modified"));
    await w.act("/blocks", { user_id: w.blocker, bot_id: w.bot });
    await refused(api.sendMessage(w.blocker, "x"), failure(403, "bot was blocked by the user"));
    await refused(api.raw.noSuchMethod(), failure(404, "method not found"));
    const other = new Bot(`${w.bot}:${"x".repeat(35)}`, { client });
    await refused(other.api.getMe(), failure(401, "Unauthorized"));
  },

  async flood() {
    const fault = { kind: "429", method: "sendMessage", chat_id: w.reader, retry_after: 120, times: 1 };
    await w.act("/faults", fault);
    await refused(api.sendMessage(w.reader, "Too fast"), (error) => {
      failure(429, "retry after 120")(error);
      assert.equal(error.parameters.retry_after, 120);
    });
    holds(await w.ask("GET", "/faults"), [{ kind: "429", hits: 1 }]);
    assert(await api.sendMessage(w.reader, "Slowly"));
  },
});
