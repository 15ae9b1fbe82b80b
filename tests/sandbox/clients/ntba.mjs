// node-telegram-bot-api plays the story: a Bot by long poll, then its createWebhookServer.
import assert from "node:assert/strict";
import { basename } from "node:path";
import { Bot, InlineKeyboardBuilder, InputFile, MediaGroupBuilder, ReplyKeyboardBuilder, TelegramApiError } from "node-telegram-bot-api";
import { createWebhookServer } from "node-telegram-bot-api/node";
import { COMMANDS, KINDS, World, everyOne, failing, holds, play, refused, scene, until } from "./world.mjs";

const w = new World(scene);
const bot = new Bot(w.token, { apiRoot: w.url });
const api = bot.api;
const to = { chat_id: w.reader };
const toGroup = { chat_id: w.group };
const guest = { chat_id: w.group, user_id: w.guest };
const upload = (name, filename) => new InputFile(w.content(name), { filename: filename ?? basename(w.files[name]) });
const ids = {};
let polling, started, choice;

bot.on(KINDS, async (ctx) => {
  w.hear(ctx.update);
  if (ctx.message?.text === "to the hook") await ctx.reply("from the hook");
});

const failure = failing(TelegramApiError, (error) => error.errorCode);

await play({
  async open() {
    polling = bot.startPolling(undefined, { allowedUpdates: KINDS });
  },

  async who_am_i() {
    holds(await api.getMe(), { id: w.bot, username: w.username, is_bot: true });
    holds(await w.ask("GET", ""), { bots: [{ id: w.bot, username: w.username }] });
  },

  async start() {
    await w.act("/starts", { user_id: w.reader, bot_id: w.bot, payload: "ref42" });
    started = (await w.listen("message", (m) => m.text === "/start ref42")).message_id;
    const sent = await api.sendMessage({ ...to, text: "Welcome" });
    assert.equal(sent.chat.type, "private");
    await w.sees(w.reader, sent.message_id, { text: "Welcome" });
  },

  async formatted_text() {
    const text = '<b>Hello</b> <a href="https://example.org/">you</a>';
    const reply_parameters = { message_id: started };
    const sent = await api.sendMessage({ ...to, text, parse_mode: "HTML", reply_parameters });
    const entities = [{ type: "bold", offset: 0, length: 5 }, { type: "text_link", offset: 6 }];
    const shown = { text: "Hello you", entities, reply_to_message: { message_id: started } };
    holds(sent, shown);
    await w.sees(w.reader, sent.message_id, shown);
  },

  async reply_keyboard() {
    const reply_markup = new ReplyKeyboardBuilder().text("Yes").text("No").build({ resize_keyboard: true });
    const asked = await api.sendMessage({ ...to, text: "Well?", reply_markup });
    await w.sees(w.reader, asked.message_id, { keyboard: { keyboard: [[{ text: "Yes" }, { text: "No" }]] } });
    await w.say(w.bot, w.reader, "Yes");
    await w.listen("message", (m) => m.text === "Yes");
    const noted = await api.sendMessage({ ...to, text: "Noted", reply_markup: { remove_keyboard: true } });
    await w.sees(w.reader, noted.message_id, { keyboard: { remove_keyboard: true } });
  },

  async force_reply() {
    const { message_id } = await api.sendMessage({ ...to, text: "Name?", reply_markup: { force_reply: true } });
    await w.sees(w.reader, message_id, { keyboard: { force_reply: true } });
    await w.say(w.bot, w.reader, "Rudi", { reply_to_message_id: message_id });
    holds(await w.listen("message", (m) => m.text === "Rudi"), { reply_to_message: { message_id } });
  },

  async inline_keyboard() {
    const reply_markup = new InlineKeyboardBuilder().text("Like", "like").row().url("Site", "https://example.org/").build();
    const sent = await api.sendMessage({ ...to, text: "Choose", reply_markup });
    choice = { ...to, message_id: sent.message_id };
    const rows = [[{ text: "Like", callback_data: "like" }], [{ text: "Site", url: "https://example.org/" }]];
    holds(sent, { reply_markup: { inline_keyboard: rows } });
    await w.sees(w.reader, choice.message_id, { reply_markup: { inline_keyboard: rows } });
  },

  async callback() {
    const press = { user_id: w.reader, chat_id: w.bot, message_id: choice.message_id, data: "like" };
    const { callback_query_id } = await w.act("/clicks", press);
    const heard = await w.listen("callback_query", (q) => q.data === "like");
    holds(heard, { id: callback_query_id, from: { id: w.reader }, message: { message_id: press.message_id } });
    assert(await api.answerCallbackQuery({ callback_query_id, text: "Thank you", show_alert: true }));
    await w.answered(callback_query_id, { text: "Thank you", show_alert: true });
  },

  async photo() {
    const sent = await api.sendPhoto({ ...to, photo: upload("photo"), caption: "*Sea*", parse_mode: "MarkdownV2" });
    ids.photo = sent.photo.at(-1).file_id;
    await w.sees(w.reader, sent.message_id, { caption: "Sea", caption_entities: [{ type: "bold" }] });
    await w.seesPhoto(w.reader, sent.message_id, "photo", { width: 8, height: 8 });
  },

  async document() {
    const sent = await api.sendDocument({ ...to, document: upload("document") });
    ids.document = sent.document.file_id;
    assert.equal(sent.document.mime_type, "text/plain");
    const file_size = w.content("document").length;
    await w.sees(w.reader, sent.message_id, { document: { file_name: "report.txt", file_size } });
  },

  async video_and_animation() {
    const size = { duration: 3, width: 64, height: 48 };
    const film = await api.sendVideo({ ...to, video: upload("video"), ...size, supports_streaming: true });
    ids.video = film.video.file_id;
    await w.sees(w.reader, film.message_id, { video: size });
    const moving = await api.sendAnimation({ ...to, animation: upload("animation") });
    await w.sees(w.reader, moving.message_id, { animation: { file_id: moving.animation.file_id } });
  },

  async audio_and_voice() {
    const tags = { duration: 7, performer: "Ada", title: "Engine" };
    const song = await api.sendAudio({ ...to, audio: upload("audio"), ...tags });
    holds(song, { audio: tags });
    await w.sees(w.reader, song.message_id, { audio: tags });
    const spoken = await api.sendVoice({ ...to, voice: upload("voice"), duration: 2 });
    await w.sees(w.reader, spoken.message_id, { voice: { duration: 2, file_id: spoken.voice.file_id } });
  },

  async sticker() {
    const sent = await api.sendSticker({ ...to, sticker: upload("sticker") });
    assert.equal(sent.sticker.type, "regular");
    ids.sticker = sent.sticker.file_id;
    await w.sees(w.reader, sent.message_id, { sticker: { is_animated: false, is_video: false } });
  },

  async by_file_id() {
    const photo = await api.sendPhoto({ ...toGroup, photo: ids.photo });
    const document = await api.sendDocument({ ...toGroup, document: ids.document, caption: "Again" });
    const { message_id, sticker } = await api.sendSticker({ ...toGroup, sticker: ids.sticker });
    assert(photo.photo.length);
    await w.sees(w.group, document.message_id, { caption: "Again", document: { file_name: "report.txt" } });
    await w.sees(w.group, message_id, { sticker: { file_unique_id: sticker.file_unique_id } });
  },

  async download() {
    for (const name of ["photo", "document", "video"]) {
      const { file_path, file_size } = await api.getFile({ file_id: ids[name] });
      const response = await fetch(`${w.url}/file/bot${w.token}/${file_path}`);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), w.content(name));
      assert.equal(file_size, w.content(name).length);
    }
  },

  async photo_album() {
    const album = new MediaGroupBuilder().photo({ media: upload("photo"), caption: "Two" });
    const media = album.photo({ media: upload("other_photo") }).build();
    const [one, two] = await api.sendMediaGroup({ ...to, media });
    const { media_group_id } = one;
    await w.sees(w.reader, one.message_id, { caption: "Two", media_group_id });
    await w.sees(w.reader, two.message_id, { media_group_id });
  },

  async document_album() {
    const media = [1, 2].map((n) => ({ type: "document", media: upload("document", `${n}.txt`) }));
    for (const [n, { message_id }] of (await api.sendMediaGroup({ ...toGroup, media })).entries())
      await w.sees(w.group, message_id, { document: { file_name: `${n + 1}.txt` } });
  },

  async edit_text() {
    const { message_id } = await api.sendMessage({ ...to, text: "Draft" });
    const final = { message_id, text: "*Final*", parse_mode: "MarkdownV2" };
    assert((await api.editMessageText({ ...to, ...final })).edit_date);
    await w.sees(w.reader, message_id, { text: "Final", entities: [{ type: "bold" }] });
  },

  async edit_caption() {
    const { message_id } = await api.sendPhoto({ ...to, photo: ids.photo, caption: "Draft" });
    holds(await api.editMessageCaption({ ...to, message_id, caption: "Final" }), { caption: "Final" });
    await w.sees(w.reader, message_id, { caption: "Final" });
  },

  async edit_media() {
    const { message_id, photo } = await api.sendPhoto({ ...to, photo: ids.photo, caption: "Before" });
    const media = { type: "photo", media: upload("other_photo"), caption: "After" };
    const edited = await api.editMessageMedia({ ...to, message_id, media });
    assert.notEqual(edited.photo.at(-1).file_unique_id, photo.at(-1).file_unique_id);
    await w.sees(w.reader, message_id, { caption: "After" });
    await w.seesPhoto(w.reader, message_id, "other_photo");
  },

  async edit_markup() {
    const reply_markup = new InlineKeyboardBuilder().text("More", "more").build();
    const shown = { reply_markup: { inline_keyboard: [[{ text: "More", callback_data: "more" }]] } };
    holds(await api.editMessageReplyMarkup({ ...choice, reply_markup }), shown);
    await w.sees(w.reader, choice.message_id, shown);
    await api.editMessageReplyMarkup(choice);
    assert(!("reply_markup" in (await w.sees(w.reader, choice.message_id))));
  },

  async delete() {
    const sent = [];
    for (const text of ["1", "2", "3"]) sent.push((await api.sendMessage({ ...toGroup, text })).message_id);
    assert(await api.deleteMessage({ ...toGroup, message_id: sent[0] }));
    assert(await api.deleteMessages({ ...toGroup, message_ids: sent.slice(1) }));
    await w.hides(w.group, ...sent);
  },

  async copy_and_forward() {
    const message_id = await w.say(w.bot, w.reader, "Pass it on");
    const passed = { ...toGroup, from_chat_id: w.reader, message_id };
    await w.sees(w.group, (await api.copyMessage(passed)).message_id, { text: "Pass it on" });
    const forwarded = await api.forwardMessage(passed);
    const forward_origin = { type: "user", sender_user: { id: w.reader } };
    holds(forwarded, { forward_origin });
    await w.sees(w.group, forwarded.message_id, { forward_origin });
  },

  async pin() {
    const { message_id } = await api.sendMessage({ ...toGroup, text: "Rules" });
    assert(await api.pinChatMessage({ ...toGroup, message_id }));
    holds(await w.service(w.group, "pinned_message"), { message_id });
    holds(await api.getChat(toGroup), { pinned_message: { message_id } });
    assert(await api.unpinChatMessage({ ...toGroup, message_id }));
    assert(!("pinned_message" in (await api.getChat(toGroup))));
  },

  async reactions() {
    const message_id = await w.say(w.group, w.reader, "I did it");
    assert(await api.setMessageReaction({ ...toGroup, message_id, reaction: [{ type: "emoji", emoji: "👍" }] }));
    await w.act("/reactions", { ...guest, message_id, reactions: ["❤"] });
    holds(await w.listen("message_reaction", (r) => r.message_id === message_id), { user: { id: w.guest }, new_reaction: [{ emoji: "❤" }] });
    const reacted = [{ user_ids: [w.bot], type: { emoji: "👍" } }, { user_ids: [w.guest] }];
    await w.sees(w.group, message_id, { reacted });
  },

  async chat_action() {
    assert(await api.sendChatAction({ ...to, action: "typing" }));
    await w.called("sendChatAction", { action: "typing" });
  },

  async poll() {
    const options = ["Yes", "No", "Later"].map((text) => ({ text }));
    const { message_id, poll } = await api.sendPoll({ ...toGroup, question: "Tea?", options, is_anonymous: false });
    await w.act("/votes", { ...toGroup, user_id: w.reader, message_id, option_ids: [1] });
    holds(await w.listen("poll_answer", (a) => a.poll_id === poll.id), { user: { id: w.reader }, option_ids: [1] });
    const stopped = await api.stopPoll({ ...toGroup, message_id });
    assert.deepEqual(stopped.options.map((option) => option.voter_count), [0, 1, 0]);
    await w.sees(w.group, message_id, { poll: { is_closed: true, total_voter_count: 1 } });
  },

  async dice() {
    const { message_id, dice } = await api.sendDice({ ...to, emoji: "🎯" });
    assert(1 <= dice.value && dice.value <= 6);
    await w.sees(w.reader, message_id, { dice: { emoji: "🎯", value: dice.value } });
  },

  async places() {
    const spot = { latitude: 52.5, longitude: 13.4 };
    const { message_id, location } = await api.sendLocation({ ...to, ...spot });
    await w.sees(w.reader, message_id, { location });
    const zoo = { title: "Zoo", address: "Main street 1" };
    const venue = await api.sendVenue({ ...to, ...spot, ...zoo });
    await w.sees(w.reader, venue.message_id, { venue: zoo });
    const ada = { phone_number: "+491234567", first_name: "Ada", last_name: "L" };
    const card = await api.sendContact({ ...to, ...ada });
    await w.sees(w.reader, card.message_id, { contact: { ...ada, phone_number: card.contact.phone_number } });
  },

  async look_up() {
    holds(await api.getChat(toGroup), { type: "supergroup", title: "Talk" });
    holds(await api.getChatMember({ ...toGroup, user_id: w.reader }), { status: "member" });
    const admins = (await api.getChatAdministrators(toGroup)).map((admin) => admin.user.id);
    assert.deepEqual(new Set(admins), new Set([w.owner, w.bot]));
    assert.equal(await api.getChatMemberCount(toGroup), 4);
    await w.member(w.group, w.owner, { status: "creator" });
  },

  async restrict() {
    const permissions = { can_send_messages: false };
    assert(await api.restrictChatMember({ ...guest, permissions, until_date: until }));
    await w.member(w.group, w.guest, { status: "restricted", until_date: until });
    const words = { chat_id: w.group, from_id: w.guest, text: "?" };
    assert.equal((await w.tell("POST", "/messages", words)).status, 403);
    const usual = (await api.getChat(toGroup)).permissions;
    assert(await api.restrictChatMember({ ...guest, permissions: everyOne(usual) }));
    await w.member(w.group, w.guest, { status: "member" });
    await w.act("/messages", words);
  },

  async ban() {
    assert(await api.banChatMember(guest));
    holds(await api.getChatMember(guest), { status: "kicked" });
    await w.member(w.group, w.guest, { status: "kicked" });
    assert(await api.unbanChatMember({ ...guest, only_if_banned: true }));
    await w.member(w.group, w.guest, { status: "left" });
    await w.act("/joins", guest);
  },

  async promote() {
    assert(await api.promoteChatMember({ ...guest, can_delete_messages: true, can_pin_messages: true }));
    assert(await api.setChatAdministratorCustomTitle({ ...guest, custom_title: "Helper" }));
    const admin = { status: "administrator", custom_title: "Helper", can_delete_messages: true };
    holds(await api.getChatMember(guest), { ...admin, can_be_edited: true });
    await w.member(w.group, w.guest, admin);
    assert(await api.promoteChatMember({ ...guest, can_delete_messages: false }));
    await w.member(w.group, w.guest, { status: "member" });
  },

  async dress_chat() {
    const [title, description] = ["Talk of the town", "About everything"];
    assert(await api.setChatTitle({ ...toGroup, title }));
    assert.equal(await w.service(w.group, "new_chat_title"), title);
    assert(await api.setChatDescription({ ...toGroup, description }));
    assert(await api.setChatPhoto({ ...toGroup, photo: upload("photo") }));
    assert((await w.service(w.group, "new_chat_photo")).length);
    const chat = await api.getChat(toGroup);
    holds(chat, { title, description });
    assert((await api.getFile({ file_id: chat.photo.big_file_id })).file_path);
  },

  async invite_link() {
    const chat_id = w.club;
    const friends = { name: "Friends", member_limit: 5 };
    const { invite_link, ...link } = await api.createChatInviteLink({ chat_id, ...friends });
    holds(link, { ...friends, is_revoked: false });
    holds(await api.editChatInviteLink({ chat_id, invite_link, name: "Family" }), { name: "Family" });
    const invited = { chat_id, user_id: w.guest, link: invite_link };
    holds(await w.act("/joins", invited), { status: "member" });
    holds(await api.revokeChatInviteLink({ chat_id, invite_link }), { is_revoked: true });
    assert.equal((await w.tell("POST", "/joins", { ...invited, user_id: w.stranger })).status, 403);
  },

  async join_requests() {
    const chat_id = w.club;
    const { invite_link } = await api.createChatInviteLink({ chat_id, creates_join_request: true });
    const wish = { chat_id, link: invite_link, bio: "Hi" };
    for (const user_id of [w.reader, w.stranger]) await w.act("/join_requests", { ...wish, user_id });
    const wanted = await w.listen("chat_join_request", (r) => r.from.id === w.reader);
    holds(wanted, { bio: "Hi", invite_link: { creates_join_request: true } });
    assert(await api.approveChatJoinRequest({ chat_id, user_id: w.reader }));
    await w.listen("chat_join_request", (r) => r.from.id === w.stranger);
    assert(await api.declineChatJoinRequest({ chat_id, user_id: w.stranger }));
    await w.member(w.club, w.reader, { status: "member" });
    await w.member(w.club, w.stranger, { status: "left" });
  },

  async topics() {
    const chat_id = w.forum;
    const { message_thread_id } = await api.createForumTopic({ chat_id, name: "News", icon_color: 0x6fb9f0 });
    const topic = { chat_id, message_thread_id };
    const sent = await api.sendMessage({ ...topic, text: "First" });
    await w.sees(w.forum, sent.message_id, { message_thread_id, is_topic_message: true });
    assert(await api.editForumTopic({ ...topic, name: "Old news" }));
    holds(await w.service(w.forum, "forum_topic_edited"), { name: "Old news" });
    assert(await api.closeForumTopic(topic));
    assert(await api.reopenForumTopic(topic));
    assert.deepEqual(await w.service(w.forum, "forum_topic_reopened"), {});
    assert(await api.deleteForumTopic(topic));
    await w.hides(w.forum, sent.message_id);
  },

  async commands() {
    assert(await api.setMyCommands({ commands: COMMANDS }));
    assert.deepEqual(await api.getMyCommands(), COMMANDS);
    assert(await api.deleteMyCommands());
    assert.deepEqual(await api.getMyCommands(), []);
    await w.called("deleteMyCommands");
  },

  async webhook() {
    bot.stop();
    await polling;
    const server = createWebhookServer(bot, { path: "/hook", secretToken: w.secret });
    await new Promise((done) => server.listen(w.port, "127.0.0.1", done));
    assert(await api.setWebhook({ url: w.hook, secret_token: w.secret, allowed_updates: KINDS }));
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
    await refused(api.sendMessage({ chat_id: 1, text: "x" }), failure(400, "chat not found"));
    const same = { ...to, text: "Same" };
    const { message_id } = await api.sendMessage(same);
    await refused(api.editMessageText({ ...same, message_id }), failure(400, "message is not modified"));
    await w.act("/blocks", { user_id: w.blocker, bot_id: w.bot });
    await refused(api.sendMessage({ chat_id: w.blocker, text: "x" }), failure(403, "bot was blocked by the user"));
    await refused(api.request("noSuchMethod"), failure(404, "method not found"));
    const other = new Bot(`${w.bot}:${"x".repeat(35)}`, { apiRoot: w.url });
    await refused(other.api.getMe(), failure(401, "Unauthorized"));
  },

  async flood() {
    await w.act("/faults", { ...to, kind: "429", method: "sendMessage", retry_after: 120, times: 1 });
    await refused(api.sendMessage({ ...to, text: "Too fast" }), (error) => {
      failure(429, "retry after 120")(error);
      assert.equal(error.retryAfter, 120);
    });
    holds(await w.ask("GET", "/faults"), [{ kind: "429", hits: 1 }]);
    assert(await api.sendMessage({ ...to, text: "Slowly" }));
  },
});
