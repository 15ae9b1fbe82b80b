// What a program needs beside its library: the sandbox's control API, ears for updates, and the runner.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const PATIENCE = 8000; // milliseconds an update may take to be heard, and a change to be seen
export const KINDS = ["message", "callback_query", "poll_answer", "chat_join_request", "message_reaction"];
export const COMMANDS = [
  { command: "start", description: "Begin" },
  { command: "help", description: "Explain" },
];
export const until = Math.floor(Date.now() / 1000) + 3600;

const pause = () => new Promise((done) => setTimeout(done, 20));

// Every field that is expected is so; there may be more. Arrays have the same length.
export function holds(actual, expected, place = "") {
  if (Array.isArray(expected)) {
    assert.equal(actual?.length, expected.length, `${place}: ${JSON.stringify(actual)}`);
    expected.forEach((value, number) => holds(actual[number], value, `${place}[${number}]`));
  } else if (expected && typeof expected === "object") {
    for (const [name, value] of Object.entries(expected)) {
      assert(actual && name in actual, `${place}.${name} is missing in ${JSON.stringify(actual)}`);
      holds(actual[name], value, `${place}.${name}`);
    }
  } else {
    assert.equal(actual, expected, place);
  }
}

// The same permissions, all of them granted.
export function everyOne(permissions) {
  return Object.fromEntries(Object.keys(permissions).map((name) => [name, true]));
}

// The sandbox as its control API shows it; the ids of the scene are properties.
export class World {
  constructor(scene) {
    Object.assign(this, scene);
    this.heard = [];
  }

  async tell(verb, path, body) {
    const request = { method: verb, headers: { "Content-Type": "application/json" } };
    if (body) request.body = JSON.stringify(body);
    const response = await fetch(`${this.url}/sandbox${path}`, request);
    return { status: response.status, answer: read(await response.text()) };
  }

  async ask(verb, path, body) {
    const { status, answer } = await this.tell(verb, path, body);
    assert(status < 300, `${verb} /sandbox${path} ${JSON.stringify(body)}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  act(path, body) {
    return this.ask("POST", path, body);
  }

  async say(chat_id, from_id, text, more = {}) {
    return (await this.act("/messages", { chat_id, from_id, text, ...more })).message_id;
  }

  messages(chat_id) {
    const dialog = chat_id > 0 ? `&bot_id=${this.bot}` : "";
    return this.ask("GET", `/chats/${chat_id}/messages?limit=1000${dialog}`);
  }

  // A message as it is in the world, with these fields.
  async sees(chat_id, message_id, fields = {}) {
    const message = (await this.messages(chat_id)).find((m) => m.message_id === message_id);
    assert(message, `the world has no message ${message_id}`);
    holds(message, fields);
    return message;
  }

  // The message shows that picture of the scene, in full as its largest size.
  async seesPhoto(chat_id, message_id, name, fields = {}) {
    const message = await this.sees(chat_id, message_id);
    holds(message.photo.at(-1), { file_size: this.content(name).length, ...fields });
  }

  async hides(chat_id, ...message_ids) {
    const left = (await this.messages(chat_id)).filter((m) => message_ids.includes(m.message_id));
    assert.deepEqual(left, []);
  }

  // A message with that text is there, at the latest after a while.
  async comes(chat_id, text) {
    const deadline = Date.now() + PATIENCE;
    while (!(await this.messages(chat_id)).some((m) => m.text === text)) {
      assert(Date.now() < deadline, `the world has no message ${text}`);
      await pause();
    }
  }

  // That field of the latest service message that has it.
  async service(chat_id, field) {
    const found = (await this.messages(chat_id)).filter((m) => field in m);
    assert(found.length, `the world has no service message ${field}`);
    return found.at(-1)[field];
  }

  async member(chat_id, user_id, fields) {
    holds(await this.ask("GET", `/chats/${chat_id}/members/${user_id}`), fields);
  }

  // That press of a button was answered so.
  async answered(click, fields) {
    holds(await this.ask("GET", `/clicks/${click}`), { answered: true, ...fields });
  }

  // The last call of a method went well and had these parameters (JSON ones are read).
  async called(method, params = {}) {
    const { calls } = await this.ask("GET", `/calls?method=${method}&limit=10000`);
    assert(calls.length, `the log has no ${method}`);
    assert(calls.at(-1).ok, JSON.stringify(calls.at(-1)));
    const given = Object.entries(calls.at(-1).params).map(([name, value]) => [name, read(value)]);
    holds(Object.fromEntries(given), params);
  }

  content(name) {
    return readFileSync(this.files[name]);
  }

  // Called by a library's handler with an Update.
  hear(update) {
    this.heard.push(update);
  }

  // The first update of that kind that is wanted.
  async listen(kind, wanted) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const found = this.heard.find((update) => update[kind] && wanted(update[kind]));
      if (found) return found[kind];
      assert(Date.now() < deadline, `no such ${kind} was heard of ${this.heard.length} updates`);
      await pause();
    }
  }

  // The status the program's webhook server answers to a POST with a wrong secret.
  async strangerAtTheDoor() {
    const headers = { "Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": "wrong" };
    const door = `http://127.0.0.1:${this.port}/hook`;
    return (await fetch(door, { method: "POST", headers, body: '{"update_id":1}' })).status;
  }

  get hook() {
    return `http://127.0.0.1:${this.port}/hook`;
  }
}

function read(value) {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

// The call is refused; the library's own error is given to `seen`.
export async function refused(call, seen) {
  const error = await call.then(() => null, (wrong) => wrong);
  assert(error, "no error");
  seen(error);
}

// What `refused` shall see: that library's own error with a code and a text.
export const failing = (Kind, codeOf) => (code, text) => (error) => {
  assert(error instanceof Kind, String(error));
  assert.equal(codeOf(error), code);
  assert(error.description.includes(text), error.description);
};

export const scene = JSON.parse(process.argv[2]);

// Play the story; print one JSON line per step.
export async function play(story) {
  await story.open();
  for (const [index, key] of scene.steps.entries()) {
    const began = Date.now();
    const line = { step: index + 1, ok: true };
    try {
      await Promise.race([story[key](), late(2 * PATIENCE)]);
    } catch (wrong) {
      const place = String(wrong.stack).split("\n").find((frame) => frame.includes("/clients/") && !frame.includes("node_modules") && !frame.includes("world.mjs"));
      Object.assign(line, { ok: false, error: `${wrong.name}: ${wrong.message} (${(place ?? "").trim()})` });
    }
    line.seconds = (Date.now() - began) / 1000;
    console.log(JSON.stringify(line));
  }
  process.exit();
}

function late(milliseconds) {
  return new Promise((_, fail) => setTimeout(() => fail(new Error("the step did not end")), milliseconds).unref());
}
