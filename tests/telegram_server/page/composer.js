// Where a person writes: the field, what can be attached, commands, the reply keyboard, inline mode.
import { el, icon } from "./dom.js";
import { say } from "./words.js";

const LARGEST = 1600;

export class Composer {
  constructor(app) {
    this.app = app;
    this.asked = "";
    this.timer = 0;
    this.reply = null;
    this.changed = null;
    this.field = el("textarea", { rows: 1, oninput: () => this.typed(), onkeydown: (event) => this.keyed(event) });
    this.quote = el("div", { class: "replying", hidden: true });
    this.above = el("div", { class: "above", hidden: true });
    this.menu = el("div", { class: "menu", hidden: true });
    this.keys = el("div", { class: "reply-keys" });
    this.photos = el("input", { type: "file", accept: "image/*", multiple: true, hidden: true, onchange: () => this.sendPhotos() });
    this.file = el("input", { type: "file", hidden: true, onchange: () => this.sendFile() });
    this.clip = this.tool("clip", "attach", () => this.toggle(this.menu));
    this.slash = this.tool("slash", "commands", () => this.showCommands());
    this.send = el("button", { type: "button", class: "send", onclick: () => this.sendText() }, icon("send"));
    this.bar = el("div", { class: "bar" }, this.clip, this.photos, this.file, this.field, this.slash, this.send);
    this.big = el("button", { type: "button", class: "big", onclick: () => this.begin() });
    this.node = el("footer", { class: "composer" }, this.above, this.menu, this.quote, this.bar, this.keys, this.big);
  }

  tool(sign, words, act) {
    return el("button", { type: "button", class: "tool", "data-words": words, onclick: act }, icon(sign));
  }

  // Make it fit the chat that is open now.
  fit() {
    const { listed, chat } = this.app;
    const sleeps = listed.kind === "bot" && (!listed.started || listed.blocked);
    this.big.hidden = !sleeps;
    this.bar.hidden = sleeps;
    this.big.textContent = listed.blocked ? say("unblock") : say("start");
    this.field.placeholder = say("write");
    this.field.setAttribute("aria-label", say("write"));
    for (const tool of [this.clip, this.slash]) {
      tool.title = say(tool.dataset.words);
      tool.setAttribute("aria-label", tool.title);
    }
    this.send.setAttribute("aria-label", say("send"));
    this.slash.hidden = !chat.commands.length;
    if (!this.field.clientHeight || this.field.style.height === "0px") this.grow();
    const rows = sleeps || listed.kind !== "bot" ? [] : (chat.keyboard?.keyboard ?? []);
    const key = JSON.stringify(rows);
    if (this.shownKeys !== key) {
      this.shownKeys = key;
      this.keys.replaceChildren(...rows.map((row) => el("div", { class: "row" }, row.map((one) => this.replyKey(one)))));
    }
  }

  // Another chat was opened.
  clear() {
    this.field.value = "";
    this.replyTo(null);
    this.hideAll();
    this.grow();
  }

  hideAll() {
    this.above.hidden = true;
    this.menu.hidden = true;
    this.asked = "";
  }

  toggle(part) {
    const show = part.hidden;
    this.hideAll();
    part.hidden = !show;
    if (show) {
      part.replaceChildren(
        this.choice("photo", "photos", () => this.photos.click()),
        this.choice("file", "file", () => this.file.click()),
        this.choice("pin", "location", () => this.app.act({ act: "location" })),
        this.choice("person", "contact", () => this.app.act({ act: "contact" })),
      );
    }
  }

  choice(sign, words, act) {
    const chosen = () => {
      this.hideAll();
      act();
    };
    return el("button", { type: "button", onclick: chosen }, icon(sign), say(words));
  }

  replyKey(key) {
    const act = () => {
      if (key.request_contact) this.app.act({ act: "contact" });
      else if (key.request_location) this.app.act({ act: "location" });
      else this.app.act({ act: "say", text: key.text ?? key });
    };
    return el("button", { type: "button", onclick: act }, key.text ?? key);
  }

  showCommands() {
    const show = this.above.hidden;
    this.hideAll();
    if (!show) return;
    this.above.hidden = false;
    const isGroup = this.app.listed.kind === "group";
    const commands = this.app.chat.commands;
    this.above.replaceChildren(
      ...commands.map((one) =>
        el(
          "button",
          { type: "button", class: "command", onclick: () => this.command(isGroup ? `/${one.command}@${one.bot}` : `/${one.command}`) },
          el("b", {}, `/${one.command}`),
          el("span", {}, one.description),
        ),
      ),
    );
  }

  command(text) {
    this.hideAll();
    this.app.act({ act: "say", text });
  }

  replyTo(body) {
    this.about(body, "reply");
    this.reply = body;
  }

  // Change one's own words: they come back into the field.
  change(body) {
    this.about(body, "pen");
    this.changed = body;
    this.write(body.text);
  }

  about(body, sign) {
    this.reply = null;
    this.changed = null;
    this.quote.hidden = !body;
    if (!body) return;
    this.quote.replaceChildren(
      icon(sign),
      el("span", {}, el("b", {}, body.from.first_name), " ", (body.text ?? body.caption ?? "").slice(0, 100)),
      el("button", { type: "button", "aria-label": say("cancel"), onclick: () => this.clear() }, icon("cross")),
    );
    this.field.focus();
  }

  begin() {
    this.app.act(this.app.listed.blocked ? { act: "block", blocked: false } : { act: "start" });
  }

  write(text) {
    this.field.value = text;
    this.field.focus();
    this.typed();
  }

  typed() {
    this.grow();
    const inline = this.inline();
    clearTimeout(this.timer);
    if (!inline) {
      if (this.asked) this.hideAll();
      return;
    }
    this.timer = setTimeout(() => this.ask(inline), 350);
  }

  grow() {
    this.field.style.setProperty("height", "auto");
    this.field.style.setProperty("height", `${Math.min(this.field.scrollHeight, 160)}px`);
    this.send.classList.toggle("ready", this.field.value.trim() !== "");
  }

  // "@bot query" is inline mode, where that is one of our bots.
  inline() {
    const match = /^@(\w+) ([^]*)$/.exec(this.field.value);
    return match && this.app.state.bots[match[1]] ? { bot: match[1], query: match[2].trim() } : null;
  }

  async ask(inline) {
    const asked = JSON.stringify(inline);
    this.asked = asked;
    this.above.hidden = false;
    this.above.replaceChildren(el("div", { class: "waiting" }, "…"));
    const answer = await this.app.act({ act: "ask", ...inline }, { quiet: true });
    if (this.asked !== asked) return;
    const results = answer.results ?? [];
    const shown = results.map((result, at) => this.result(result, at));
    this.above.replaceChildren(...(shown.length ? shown : [el("div", { class: "waiting" }, answer.error ? say("late") : say("no_results"))]));
  }

  result(result, at) {
    const pick = async () => {
      this.clear();
      await this.app.act({ act: "share", pick: at });
    };
    const picture = result.thumbnail_url ?? result.photo_url;
    const isPicture = picture && /^https?:\/\//.test(picture);
    return el(
      "button",
      { type: "button", class: "result", onclick: pick },
      isPicture ? el("img", { src: picture, alt: "", onerror: (event) => event.currentTarget.replaceWith(mark(result)) }) : mark(result),
      el("span", {}, el("b", {}, result.title ?? ""), el("small", {}, result.description ?? "")),
    );
  }

  keyed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.sendText();
  }

  async sendText() {
    const text = this.field.value.trim();
    if (!text || this.inline()) return;
    const { reply, changed } = this;
    this.clear();
    this.field.focus();
    if (changed) await this.app.act({ act: "edit", text, message: changed.message_id });
    else await this.app.act({ act: "say", text, reply_to: reply?.message_id });
  }

  sendPhotos() {
    return this.sendFiles(this.photos, async (files) => ({ act: "photos", photos: await Promise.all(files.map(jpeg)) }));
  }

  sendFile() {
    return this.sendFiles(this.file, async ([file]) => ({ act: "file", name: file.name, file: await base64(file) }));
  }

  // What was typed is the caption.
  async sendFiles(input, read) {
    const files = [...input.files];
    input.value = "";
    if (!files.length) return;
    const caption = this.field.value.trim();
    try {
      const facts = await read(files);
      this.clear();
      await this.app.act({ ...facts, caption });
    } catch {
      this.app.toast(files.map((file) => file.name).join(", "));
    }
  }
}

function mark(result) {
  return el("span", { class: "mark", "aria-hidden": "true" }, [...(result.title ?? "•")][0] ?? "•");
}

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.onerror = failed;
    reader.readAsDataURL(file);
  });
}

// The photo as an app sends it: JPEG, at most so many pixels wide; base64.
async function jpeg(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST / Math.max(image.width, image.height));
  const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
}
