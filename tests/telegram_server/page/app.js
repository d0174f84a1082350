// Several people's phones beside each other: whose it is, their chats, and the one that is open.
import { draw, service, summary } from "./bubbles.js";
import { Composer } from "./composer.js";
import { avatar, el, fill, icon } from "./dom.js";
import { clock, money, say, speak } from "./words.js";

const app = {
  state: null,
  where: { person: Number(localStorage.getItem("person")) || 0, chat: "", topic: 0 },
  asking: null,
  toldAt: "",

  get me() {
    return this.state.people.find((one) => one.id === this.where.person) ?? this.state.people[0];
  },
  get chat() {
    return this.state.chat;
  },
  get listed() {
    return this.state.chats.find((one) => one.key === this.where.chat);
  },

  links: {
    open(url) {
      const link = /^https?:\/\/t\.me\/(.+)$/i.exec(url);
      if (!link) return false;
      const share = /^share\/url\?(.*)$/.exec(link[1]);
      if (share) {
        const facts = new URLSearchParams(share[1]);
        app.chooseChat((key) => app.open(key, 0, `${facts.get("text") ?? ""}\n${facts.get("url") ?? ""}`.trim()));
        return true;
      }
      return app.follow(url);
    },
    command: (text) => app.act({ act: "say", text }),
    mention: (name) => app.state.bots[name] && app.open(app.state.bots[name]),
  },

  follow(url) {
    const name = /t\.me\/(\w+)/i.exec(url)?.[1];
    if (!this.state.bots[name]) return false;
    if (!/[?&]start=/.test(url)) {
      this.open(this.state.bots[name]);
      return true;
    }
    this.act({ act: "follow", link: url, chat: this.state.bots[name] }).then((done) => done.chat && this.open(done.chat));
    return true;
  },

  open(chat, topic = 0, text = "") {
    Object.assign(this.where, { chat, topic });
    composer.clear();
    parts.list.replaceChildren();
    document.body.classList.toggle("reading", chat !== "");
    this.look(0).then(() => text && composer.write(text));
  },

  replyTo: (body) => composer.replyTo(body),
  change: (body) => composer.change(body),

  async act(facts, { quiet = false } = {}) {
    try {
      const answer = await fetch("/do", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...this.where, person: this.me.id, ...facts }),
      });
      const done = answer.ok ? await answer.json() : { error: `${answer.status}` };
      if (done.error && !quiet) this.toast(done.error === "timeout" ? say("late") : done.error);
      return done;
    } catch {
      this.toast(say("cut"));
      return { error: "cut" };
    }
  },

  async press(key, body, row, column) {
    const query = key.switch_inline_query ?? key.switch_inline_query_chosen_chat?.query;
    const bot = body.via_bot?.username ?? body.from.username;
    if (key.pay) this.offerToPay(body);
    else if (key.url) this.links.open(key.url) || window.open(key.url, "_blank", "noopener");
    else if (key.switch_inline_query_current_chat !== undefined) composer.write(`@${bot} ${key.switch_inline_query_current_chat}`);
    else if (query !== undefined) this.chooseChat((chat) => this.open(chat, 0, `@${bot} ${query}`));
    else if (key.copy_text) await navigator.clipboard?.writeText(key.copy_text.text);
    else {
      const done = await this.act({ act: "press", message: body.message_id, row, column });
      if (done.popup) this.toast(done.popup, done.alert);
      if (done.url) this.links.open(done.url);
    }
  },

  offerToPay(body) {
    const { title, description, total_amount: total, currency } = body.invoice;
    const pay = async () => {
      parts.dialog.close();
      await this.act({ act: "pay", message: body.message_id });
    };
    this.ask(
      title,
      el("p", {}, description),
      el("p", { class: "sum" }, money(total, currency)),
      el("p", { class: "hint" }, say("pay_hint")),
      el("button", { type: "button", class: "main", onclick: pay }, say("pay_now")),
    );
  },

  chooseChat(chosen) {
    const choices = this.state.chats.filter((one) => one.kind !== "bot");
    const pick = (key) => {
      parts.dialog.close();
      chosen(key);
    };
    this.ask(say("share_to"), el("div", { class: "choices" }, choices.map((one) => row(one, () => pick(one.key)))));
  },

  ask(title, ...content) {
    const close = el("button", { type: "button", class: "tool", "aria-label": say("close"), onclick: () => parts.dialog.close() }, icon("cross"));
    parts.dialog.replaceChildren(el("header", {}, el("h2", {}, title), close), ...content);
    parts.dialog.showModal();
  },

  toast(text, isAlert = false) {
    if (isAlert) {
      this.ask(text);
      return;
    }
    parts.toast.textContent = text;
    parts.toast.classList.add("shown");
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => parts.toast.classList.remove("shown"), 3500);
  },

  // Ask for what is newer than `since`, draw it, and ask again.
  async look(since) {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const { person, chat, topic } = this.where;
    try {
      const answer = await fetch(`/look?${new URLSearchParams({ person, chat, topic, since })}`, { signal: asking.signal });
      this.state = await answer.json();
      parts.offline.hidden = true;
      this.draw();
    } catch (problem) {
      if (asking.signal.aborted) return;
      parts.offline.hidden = false;
      console.info("no answer", problem);
      await new Promise((done) => setTimeout(done, 1500));
    }
    if (!asking.signal.aborted) this.next = setTimeout(() => asking === this.asking && this.look(this.state?.version ?? 0), 40);
  },

  draw() {
    this.where.person = this.me.id;
    speak(this.me.language);
    parts.offline.textContent = say("cut");
    drawPeople();
    drawChats();
    drawChat();
  },
};

const composer = new Composer(app);
const parts = {
  people: el("div", { class: "people" }),
  chats: el("div", { class: "chats" }),
  link: el("input", { type: "url", class: "link-field", onkeydown: (event) => event.key === "Enter" && followTyped(event) }),
  title: el("h2", {}),
  list: el("div", { class: "messages", role: "log", "aria-live": "polite" }),
  head: el("header", { class: "head" }),
  topics: el("nav", { class: "topics" }),
  empty: el("div", { class: "empty" }),
  about: el("div", { class: "about" }),
  dialog: el("dialog", { onclick: (event) => event.target === event.currentTarget && event.currentTarget.close() }),
  toast: el("div", { class: "toast", role: "status" }),
  offline: el("div", { class: "offline", hidden: true }),
};
parts.scroll = el("div", { class: "scroll" }, parts.about, parts.list);
parts.talk = el("main", { class: "talk" }, parts.head, parts.topics, parts.scroll, composer.node);

function followTyped(event) {
  const url = event.currentTarget.value.trim();
  if (app.follow(url)) event.currentTarget.value = "";
}

function drawPeople() {
  const key = JSON.stringify([app.state.people, app.me.id]);
  if (parts.people.dataset.key === key) return;
  parts.people.dataset.key = key;
  const faces = app.state.people.map((one) => {
    const become = () => {
      app.where.person = one.id;
      localStorage.setItem("person", one.id);
      app.open("");
    };
    const mine = one.id === app.me.id;
    const language = one.language.startsWith("zh") ? "中文" : "English";
    return el(
      "button",
      { type: "button", class: `face ${mine ? "mine" : ""}`, "aria-pressed": mine, title: `${one.name} · ${language}`, onclick: become },
      avatar(one.name, one.id),
      el("span", { class: "name" }, one.name.replace(/ \(.*/, "")),
    );
  });
  const theme = el("button", { type: "button", class: "face theme", title: say("theme"), "aria-label": say("theme"), onclick: turn }, icon("moon"));
  parts.people.replaceChildren(el("span", { class: "seal", "aria-hidden": "true" }, icon("send")), ...faces, theme);
}

function drawChats() {
  parts.title.textContent = app.me.name;
  parts.link.placeholder = say("link");
  parts.link.setAttribute("aria-label", say("link"));
  parts.chats.replaceChildren(...app.state.chats.map((one) => row(one, () => app.open(one.key))));
}

function row(one, open) {
  const kind = { bot: say("bot"), person: say("person"), group: say("members", { n: one.members }) }[one.kind];
  const last = one.last;
  return el(
    "button",
    { type: "button", class: `chat ${one.key === app.where.chat ? "open" : ""}`, onclick: open },
    avatar(one.title, Number(one.key.slice(1)), one.kind === "group" ? "square" : ""),
    el(
      "span",
      { class: "facts" },
      el("span", { class: "first" }, el("b", {}, one.title), last && el("time", {}, clock(last.date))),
      el(
        "span",
        { class: "second" },
        el("span", {}, one.blocked ? say("blocked") : last ? (one.kind === "group" && !service(last) ? `${last.from.first_name}: ` : "") + summary(last) : kind),
        one.unread > 0 && one.key !== app.where.chat && el("span", { class: "count" }, one.unread),
      ),
    ),
  );
}

function drawChat() {
  const { listed, chat } = app;
  parts.talk.classList.toggle("nobody", !chat || !listed);
  if (!chat || !listed) {
    parts.list.replaceChildren();
    parts.head.replaceChildren();
    const tips = ["shop", "share", "people", "staff"].map((tip) => el("li", {}, say(`tip_${tip}`)));
    parts.about.replaceChildren(el("b", {}, say("pick")), el("p", {}, say("here")), el("ul", {}, tips));
    parts.about.hidden = false;
    composer.node.hidden = true;
    parts.topics.hidden = true;
    return;
  }
  drawHead(listed, chat);
  drawTopics(listed, chat);
  parts.about.hidden = chat.messages.length > 0;
  parts.about.replaceChildren(listed.kind === "bot" ? el("b", {}, say("what")) : "", el("p", {}, chat.about || say("nothing")));
  const atEnd = parts.scroll.scrollHeight - parts.scroll.scrollTop - parts.scroll.clientHeight < 120;
  draw(parts.list, chat.messages, app);
  const newest = `${app.where.person}${app.where.chat}${app.where.topic}:${chat.messages.at(-1)?.body.message_id}`;
  if (atEnd || newest !== app.toldAt) toEnd();
  app.toldAt = newest;
  composer.node.hidden = false;
  composer.fit();
}

function toEnd() {
  parts.scroll.scrollTop = parts.scroll.scrollHeight;
  for (const image of parts.list.querySelectorAll("img")) {
    if (!image.complete) image.addEventListener("load", () => (parts.scroll.scrollTop = parts.scroll.scrollHeight), { once: true });
  }
}

function drawHead(listed, chat) {
  clearTimeout(app.typingTimer);
  if (chat.typing) app.typingTimer = setTimeout(() => (app.chat.typing = false) || drawHead(app.listed, app.chat), 5000);
  const still = { bot: say("bot"), person: say("person"), group: say("members", { n: listed.members }) }[listed.kind];
  const under = chat.typing ? el("small", { class: "typing" }, say("typing"), el("i"), el("i"), el("i")) : el("small", {}, listed.blocked ? say("blocked") : still);
  const block = () => app.act({ act: "block", blocked: !listed.blocked });
  const words = say(listed.blocked ? "unblock" : "block");
  const topic = chat.topics.find((one) => one.id === chat.topic);
  fill(
    parts.head,
    el("button", { type: "button", class: "tool back", "aria-label": say("back"), onclick: () => app.open("") }, icon("back")),
    avatar(listed.title, Number(listed.key.slice(1)), listed.kind === "group" ? "square" : ""),
    el("div", { class: "who" }, el("h1", {}, listed.title), under),
    listed.kind === "bot" && listed.started && tool("stop", words, block),
    topic && tool(topic.closed ? "unlock" : "lock", say(topic.closed ? "topic_reopen" : "topic_close"), () => app.act({ act: "close_topic", closed: !topic.closed })),
    topic && tool("bin", say("topic_delete"), deleteTopic),
  );
}

function tool(sign, words, act) {
  return el("button", { type: "button", class: "tool", title: words, "aria-label": words, onclick: act }, icon(sign));
}

async function deleteTopic() {
  await app.act({ act: "delete_topic" });
  app.open(app.where.chat);
}

function drawTopics(listed, chat) {
  parts.topics.hidden = !listed.forum;
  if (!listed.forum) return;
  const all = [{ id: 0, name: say("all") }, { id: 1, name: say("general") }, ...chat.topics];
  parts.topics.replaceChildren(
    ...all.map((one) =>
      el(
        "button",
        { type: "button", class: one.id === app.where.topic ? "on" : "", "aria-pressed": one.id === app.where.topic, onclick: () => app.open(listed.key, one.id) },
        el("span", { class: "named" }, one.name),
        one.closed && "✓",
        one.unread > 0 && el("span", { class: "count" }, one.unread),
      ),
    ),
  );
}

function turn() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
}

if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme");
document.body.append(
  parts.people,
  el("aside", { class: "side" }, el("header", {}, parts.title, parts.link), parts.chats),
  parts.talk,
  parts.dialog,
  parts.toast,
  parts.offline,
);
app.look(0);
