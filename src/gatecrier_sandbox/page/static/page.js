// The chat page's own behaviour. The server renders; this only moves what a browser must move.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, listener, options) => document.addEventListener(name, listener, options);
  const act = (name, values) =>
    htmx.ajax("POST", `/page/acts/${name}${location.search}`, { values, swap: "none", source: document.body });

  // Times are told in the reader's zone: the server reads it from a cookie.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=strict`;
    if (document.cookie.includes("zone=")) location.reload();
  }

  // Toasts, and the answers of bots to pressed buttons
  function toast(words, kind = "") {
    const made = Object.assign(document.createElement("div"), { className: `toast ${kind}`, textContent: words });
    made.setAttribute("role", "status");
    $("#toasts").append(made);
  }
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) setTimeout(() => node.remove(), 4500);
  }).observe($("#toasts"), { childList: true });
  function answered(answer) {
    for (const key of all(".key[data-kept]")) key.removeAttribute("data-kept");
    const { text, bot, alert, href } = answer.dataset;
    if (href?.startsWith("/")) htmx.ajax("POST", href, { swap: "none", source: document.body });
    else if (href) open(href, "_blank", "noopener");
    if (text && alert !== undefined) {
      $("#alert h2").textContent = bot;
      $("#alert p").textContent = text;
      $("#alert").showModal();
    } else if (text) toast(text);
    answer.remove();
  }
  new MutationObserver(() => all("[data-answered]").forEach(answered)).observe($("#answers"), { childList: true });

  // The stream's light
  function live(state, words) {
    const light = $("#live");
    if (light) [light.className, $("span", light).textContent] = [`live ${state}`, words];
  }
  let isLive = false;
  on("htmx:sse:after:connection", () => { isLive = true; live("on", "live"); });
  for (const name of ["htmx:sse:error", "htmx:sse:close"]) {
    on(name, (event) => {
      if (event.target.id === $(".stream")?.id) { isLive = false; live("off", "connecting again"); }
    });
  }

  // Where one writes
  const field = () => $("#say");
  function context(kind, message) {
    const bar = $("#context");
    if (!bar) return;
    const words = $(".text", message)?.firstChild ? textOf(message) : "a message";
    bar.hidden = false;
    bar.dataset.kind = kind;
    $("[name=reply_to]", bar).value = kind === "reply" ? message.dataset.id : "";
    $("[name=edit]", bar).value = kind === "edit" ? message.dataset.id : "";
    $("b", bar).textContent = kind === "edit" ? "Edit message" : `Reply to ${message.dataset.name}`;
    $(".context-words span", bar).textContent = words;
    if (kind === "edit") field().value = words;
    field().focus();
  }
  function clear() {
    const bar = $("#context");
    if (!bar) return;
    if (bar.dataset.kind === "edit") field().value = "";
    bar.hidden = true;
    delete bar.dataset.kind;
    for (const input of all("input", bar)) input.value = "";
  }
  function textOf(message) {
    const copy = $(".text", message)?.cloneNode(true);
    $(".meta", copy ?? message)?.remove();
    return copy?.textContent ?? "";
  }
  function forced() {
    const wanted = $("#compose")?.dataset.reply;
    if (wanted && $("#context").hidden && forced.done !== `${location.search}#${wanted}`) {
      forced.done = `${location.search}#${wanted}`;
      const message = $(`#m${wanted}`);
      if (message) context("reply", message);
    }
  }
  function send(text) {
    if (!field()) return;
    clear();
    field().value = text;
    $("#compose").requestSubmit();
  }
  on("submit", (event) => {
    if (event.target.id === "compose" && !field().value.trim() && !$("[type=file]", event.target).value) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
  on("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.id !== "compose" || ctx.response.status >= 400) return;
    clear();
    ctx.sourceElement.reset();
    answerless();
    toEnd();
  });
  on("change", ({ target }) => {
    if (target.matches("#compose [type=file]") && target.files.length) target.form.requestSubmit();
  });
  on("paste", (event) => {
    const file = event.target.id === "say" && event.clipboardData.files[0];
    if (!file) return;
    const box = new DataTransfer();
    box.items.add(file);
    $("#compose [type=file]").files = box.files;
    $("#compose").requestSubmit();
  });

  // Inline mode: what stands behind a bot's name is asked as one types
  let asked = "";
  let carried = null;
  let pause = 0;
  function ask() {
    const text = /^@[a-z]\w{2,31}\s/i.test(field()?.value ?? "") ? field().value : "";
    if (text === asked) return;
    asked = text;
    clearTimeout(pause);
    const send = () => {
      const values = { text };
      htmx.ajax("POST", `/page/inline${location.search}`, { values, swap: "none", source: $("#inline") });
    };
    pause = setTimeout(send, text ? 250 : 0);
  }
  function query(bot, text) {
    field().value = `@${bot} ${text}`;
    field().focus();
    ask();
  }
  function answerless() {
    asked = "";
    clearTimeout(pause);
    $("#inline").replaceChildren();
  }
  on("input", ({ target }) => { if (target.id === "say") ask(); });

  // The end of the conversation
  const scroller = () => $("#scroller");
  function toEnd() { scroller()?.scrollTo({ top: 0 }); }
  function mark() {
    const button = $("#to-end");
    if (!button || !scroller()) return;
    button.hidden = scroller().scrollTop > -300;
    if (button.hidden) $("em", button).hidden = true;
  }
  on("scroll", mark, true);

  // The menu of a message
  const menu = $("#menu");
  let chosen = null;
  function offer(message, x, y) {
    chosen = message;
    const writes = Boolean(field());
    $("[data-do=reply]", menu).hidden = !writes || message.dataset.ephemeral !== undefined;
    $("[data-do=edit]", menu).hidden = message.dataset.editable === undefined || !writes;
    $("[data-do=delete]", menu).hidden = message.dataset.own === undefined && !$("#app").dataset.deletes;
    $("[data-do=pin]", menu).hidden = message.dataset.ephemeral !== undefined;
    $(".faces", menu).hidden = message.dataset.ephemeral !== undefined;
    $("[data-do=copy]", menu).hidden = !$(".text", message);
    menu.showPopover();
    const box = menu.getBoundingClientRect();
    // Positions through the CSS object model: the policy forbids style attributes, not this.
    menu.style.left = `${Math.min(x, innerWidth - box.width - 8)}px`;
    menu.style.top = `${Math.min(y, innerHeight - box.height - 8)}px`;
  }
  const DOES = {
    reply: () => context("reply", chosen),
    edit: () => context("edit", chosen),
    copy: () => copy(textOf(chosen)),
    pin: () => act("pin", { message: chosen.dataset.id }),
    delete: () => act("delete", { message: chosen.dataset.id }),
    react: (button) => act("react", { message: chosen.dataset.id, emoji: button.dataset.emoji }),
  };
  on("contextmenu", (event) => {
    const message = event.target.closest(".row");
    if (!message || event.target.closest("a[href^=http]") || !getSelection().isCollapsed) return;
    event.preventDefault();
    offer(message, event.clientX, event.clientY);
  });
  on("dblclick", (event) => {
    const message = event.target.closest(".row");
    if (message && field() && !event.target.closest("a,button,.text")) context("reply", message);
  });

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch { toast("The browser does not let this page copy"); }
  }

  // One sound at a time
  let sound = null;
  function play(button) {
    const same = sound?.button === button;
    sound?.audio.pause();
    if (sound) $("use", sound.button).setAttribute("href", "#i-play");
    if (same) { sound = null; return; }
    const audio = new Audio(button.dataset.play);
    sound = { audio, button };
    $("use", button).setAttribute("href", "#i-pause");
    audio.onended = audio.onerror = () => $("use", button).setAttribute("href", "#i-play");
    audio.play().catch(() => toast("The browser cannot play this"));
  }

  const CLICKS = {
    "[data-do]": (button) => { menu.hidePopover(); DOES[button.dataset.do](button); },
    "[data-copy]": (node) => copy(node.dataset.copy),
    "[data-press]": (node) => act("click", { message: node.closest(".row").dataset.id, data: node.dataset.press }),
    "[data-say]": (node) => toast(node.dataset.say),
    "[data-command]": (node) => send(node.dataset.command),
    "[data-inline]": (node) => {
      const { bot, inline: text } = node.dataset;
      if (node.dataset.elsewhere !== undefined) {
        carried = { bot, text };
        toast(`Choose a chat: “@${bot} ${text}” is typed there`);
      } else if (field()) query(bot, text);
    },
    "[data-choose]": () => { field().value = ""; asked = ""; toEnd(); },
    "[data-play]": play,
    "[data-toggle]": (node) => node.toggleAttribute("data-kept"),
    "[data-wait]": (node) => {
      node.setAttribute("data-kept", "");
      setTimeout(() => node.removeAttribute("data-kept"), 8000);
    },
    "[data-cancel]": clear,
    "[data-close]": () => $("#sheet").close(),
    "[data-jump]": (node) => {
      const target = $(node.getAttribute("href"));
      if (!target) { toast("That message is further up: show older messages"); return; }
      target.scrollIntoView({ block: "center" });
      target.classList.add("jumped");
      setTimeout(() => target.classList.remove("jumped"), 1600);
    },
    "#to-end": toEnd,
    "#theme": () => {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      try { localStorage.setItem("theme", theme); } catch { /* then it lasts until the page is left */ }
    },
  };
  on("click", (event) => {
    for (const drop of all("details.drop[open]")) {
      const item = drop.contains(event.target) && event.target.closest(".drop-list button, .drop-list a");
      if (!drop.contains(event.target) || item) drop.open = false;
    }
    if (event.target.id === "sheet" || event.target.id === "alert") event.target.close();
    for (const [selector, does] of Object.entries(CLICKS)) {
      const node = event.target.closest(selector);
      if (!node) continue;
      if (node.matches("a[href^='#']")) event.preventDefault();
      does(node);
      return;
    }
  });

  // Keys
  function walk(list, step) {
    const items = all("a.room, summary", list).filter((item) => item.offsetParent);
    const place = items.indexOf(document.activeElement);
    items[Math.min(Math.max(place + step, 0), items.length - 1)]?.focus();
  }
  const visibleList = () => all("[data-list]").find((list) => list.offsetParent && list.children.length);
  function escape() {
    if (menu.matches(":popover-open")) return menu.hidePopover();
    const drop = $("details.drop[open]");
    if (drop) { drop.open = false; return $("summary", drop).focus(); }
    if (document.activeElement?.id === "search") {
      document.activeElement.value = "";
      $("#found").replaceChildren();
      return document.activeElement.blur();
    }
    clear();
    return field()?.focus();
  }
  on("keydown", (event) => {
    const here = event.target;
    const writes = here.matches("input,textarea,select");
    if (event.key === "Escape" && !$("dialog[open]")) escape();
    else if (event.key === "/" && !writes && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      $("#search").focus();
    } else if (event.key === "Enter" && here.id === "say" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      $("#compose").requestSubmit();
    } else if (event.key === "ArrowUp" && here.id === "say" && !here.value) {
      const own = all(".row[data-editable]").at(-1);
      if (own) { event.preventDefault(); context("edit", own); }
    } else if (/^Arrow(Up|Down)$/.test(event.key) && (here.id === "search" || here.closest("[data-list]"))) {
      event.preventDefault();
      walk(here.closest("[data-list]") ?? visibleList(), event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.key === "Enter" || event.key === " ") && here.matches("[data-toggle]")) {
      event.preventDefault();
      here.toggleAttribute("data-kept");
    }
  });

  // After each change of the page
  let room = $("#app").dataset.room;
  on("htmx:after:swap", () => {
    if ($("#sheet").childElementCount && !$("#sheet").open) $("#sheet").showModal();
    if (isLive) live("on", "live");
    if (room !== $("#app").dataset.room) {
      room = $("#app").dataset.room;
      clear();
      if (field()) field().value = "";
      asked = "";
      toEnd();
      if ($("#found")) $("#found").replaceChildren();
      if ($("#search")) $("#search").value = "";
      if (matchMedia("(min-width: 901px)").matches) field()?.focus({ preventScroll: true });
      if (carried && field()) {
        query(carried.bot, carried.text);
        carried = null;
      }
    }
    if (field()) field().placeholder = $("#compose").dataset.hint;
    forced();
    mark();
  });
  on("sheet-done", () => $("#sheet").close());
  $("#sheet").addEventListener("close", () => $("#sheet").replaceChildren());
  new MutationObserver((changes) => {
    const button = $("#to-end");
    const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.(".row.in"));
    if (!button || button.hidden || !added.length) return;
    const badge = $("em", button);
    badge.textContent = badge.hidden ? added.length : Number(badge.textContent) + added.length;
    badge.hidden = false;
  }).observe(document.body, { childList: true, subtree: true });
  forced();
})();
