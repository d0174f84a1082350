// One message as Telegram draws it, from the object of the Bot API.
import { avatar, el, icon, rich } from "./dom.js";
import { clock, day, money, say } from "./words.js";

// The messages of a chat in order, albums put together; unchanged ones keep their elements.
export function draw(list, messages, app) {
  const kept = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const nodes = [];
  let before = null;
  for (const group of albums(messages)) {
    const { body } = group[0];
    const isNewDay = !before || day(before.date) !== day(body.date);
    if (isNewDay) nodes.push(reuse(kept, `day${body.date}`, "", () => el("div", { class: "event" }, el("span", {}, day(body.date)))));
    const follows = before && !isNewDay && before.from.id === body.from.id && !service(before) && body.date - before.date < 600;
    const stamp = group.map((one) => one.stamp).join() + (follows ? "f" : "");
    nodes.push(reuse(kept, `m${body.message_id}`, stamp, () => message(group, follows, app)));
    before = body;
  }
  if (nodes.length !== list.children.length || nodes.some((node, at) => node !== list.children[at])) list.replaceChildren(...nodes);
}

function reuse(kept, key, stamp, make) {
  const old = kept.get(key);
  if (old && old.dataset.stamp === stamp) return old;
  const made = make();
  made.dataset.key = key;
  made.dataset.stamp = stamp;
  if (!old) made.classList.add("fresh");
  return made;
}

function albums(messages) {
  const groups = [];
  for (const one of messages) {
    const last = groups.at(-1);
    const album = one.body.media_group_id;
    if (album && last && last[0].body.media_group_id === album) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

// What is no message but something that happened, in one line.
export function service(body) {
  if (body.new_chat_members) return say("joined", { who: body.from.first_name, whom: body.new_chat_members.map((one) => one.first_name).join(", ") });
  if (body.forum_topic_created) return say("topic_made", { name: body.forum_topic_created.name });
  if (body.forum_topic_edited) return say("topic_named", { name: body.forum_topic_edited.name ?? "" });
  if (body.forum_topic_closed) return say("topic_closed");
  if (body.forum_topic_reopened) return say("topic_opened");
  if (body.migrate_to_chat_id || body.migrate_from_chat_id) return say("moved");
  const paid = body.successful_payment;
  if (paid) return say("paid", { sum: money(paid.total_amount, paid.currency) });
  const back = body.refunded_payment;
  if (back) return say("refunded", { sum: money(back.total_amount, back.currency) });
  return "";
}

// One line for lists and quotes.
export function summary(body) {
  if (!body) return "";
  const kinds = { photo: "album", voice: "voice", document: "file", location: "map", contact: "card", invoice: "invoice" };
  const kind = Object.keys(kinds).find((name) => body[name]);
  const words = body.text ?? body.caption ?? service(body);
  return kind && !words ? say(kinds[kind]) : words.replace(/\s+/g, " ");
}

function message(group, follows, app) {
  const { body, reactions } = group[0];
  const event = service(body);
  if (event) return el("div", { class: "event" }, el("span", {}, event));
  const mine = body.from.id === app.me.id;
  const inGroup = app.listed.kind === "group";
  const shown = group.map((one) => one.body).find((one) => one.caption || one.text) ?? body;
  const photos = group.filter((one) => one.body.photo).map((one) => photo(one.body.photo));
  const text = shown.text ?? shown.caption;
  const isEdited = group.some((one) => one.body.edit_date);
  const bubble = el(
    "div",
    { class: `bubble ${isEdited ? "was-edited" : ""} ${photos.length ? "with-photo" : ""} ${photos.length && !text ? "bare" : ""}`, onclick: tapped },
    inGroup && !mine && !follows && el("span", { class: `author ink${Math.abs(body.from.id) % 7}` }, body.from.first_name),
    body.via_bot && el("span", { class: "via" }, `${say("via")} @${body.via_bot.username}`),
    body.reply_to_message && !body.reply_to_message.forum_topic_created && quote(body.reply_to_message),
    photos.length > 0 && el("div", { class: `photos n${Math.min(photos.length, 4)}` }, photos),
    body.link_preview_options?.show_above_text && preview(body.link_preview_options),
    ...parts(body),
    text && el("div", { class: "text" }, rich(text, shown.entities ?? shown.caption_entities, app.links)),
    body.link_preview_options && !body.link_preview_options.show_above_text && preview(body.link_preview_options),
    reactions.length > 0 && el("span", { class: "reactions" }, reactions.join(" ")),
    el("span", { class: "meta" }, isEdited && `${say("edited")} `, clock(body.date)),
  );
  const hover = el(
    "div",
    { class: "hover" },
    tool("reply", "reply", () => app.replyTo(body)),
    mine && body.text && !body.via_bot && tool("pen", "change", () => app.change(body)),
    tool("heart", "like", () => app.act({ act: "react", message: body.message_id })),
  );
  const face = inGroup && !mine && (follows ? el("span", { class: "avatar none" }) : avatar(body.from.first_name, body.from.id));
  return el(
    "div",
    { class: `message ${face ? "faced" : ""} ${mine ? "mine" : ""} ${follows ? "follows" : ""}` },
    el("div", { class: "line" }, face, bubble, hover),
    keyboard(group[0], app),
  );
}

function tool(sign, words, act) {
  return el("button", { type: "button", title: say(words), "aria-label": say(words), onclick: act }, icon(sign));
}

// Where nothing hovers, a tap on a message shows what can be done with it.
function tapped(event) {
  if (!event.target.closest("a, button, .spoiler")) event.currentTarget.closest(".message").classList.toggle("tapped");
}

function photo(sizes) {
  const largest = sizes.at(-1);
  const outside = largest.file_id.startsWith("url:") ? largest.file_id.slice(4) : "";
  const source = outside || `/files/${encodeURIComponent(largest.file_id)}`;
  return el("img", { src: source, alt: say("photo"), width: largest.width, height: largest.height, loading: "lazy" });
}

function preview(options) {
  if (!options.url || options.is_disabled || !/^https?:\/\//.test(options.url)) return null;
  return el("img", { class: "preview", src: options.url, alt: "", loading: "lazy", onerror: (event) => event.currentTarget.remove() });
}

function quote(body) {
  return el("div", { class: "quote" }, el("b", {}, body.from.first_name), el("span", {}, summary(body).slice(0, 120)));
}

// Everything that is neither words nor a photo.
function parts(body) {
  const made = [];
  if (body.voice) made.push(thing("file", say("voice"), `0:0${body.voice.duration}`));
  if (body.document) made.push(thing("file", body.document.file_name, `${Math.ceil(body.document.file_size / 1024)} KB`));
  if (body.contact) made.push(thing("person", body.contact.first_name, body.contact.phone_number));
  if (body.location) made.push(thing("pin", say("map"), `${body.location.latitude.toFixed(4)}, ${body.location.longitude.toFixed(4)}`));
  if (body.invoice) {
    const { title, description, total_amount: total, currency } = body.invoice;
    made.push(el("div", { class: "invoice" }, el("b", {}, title), el("p", {}, description), el("strong", {}, money(total, currency))));
  }
  return made;
}

function thing(kind, name, facts) {
  return el("div", { class: "thing" }, el("span", { class: "round" }, icon(kind)), el("span", {}, el("b", {}, name), el("small", {}, facts)));
}

function keyboard(one, app) {
  const { body } = one;
  let rows = body.reply_markup?.inline_keyboard ?? [];
  if (one.can_pay && !rows.length) rows = [[{ text: say("pay", { sum: money(body.invoice.total_amount, body.invoice.currency) }), pay: true }]];
  if (!rows.some((row) => row.length)) return null;
  return el("div", { class: "keys" }, rows.map((row, y) => el("div", { class: "row" }, row.map((key, x) => button(key, body, y, x, app)))));
}

function button(key, body, row, column, app) {
  const sign = key.url ? "away" : key.switch_inline_query !== undefined || key.switch_inline_query_chosen_chat ? "open" : "";
  const press = async (event) => {
    const pressed = event.currentTarget;
    pressed.classList.add("busy");
    await app.press(key, body, row, column);
    pressed.classList.remove("busy");
  };
  return el("button", { type: "button", class: key.pay ? "pay" : "", onclick: press }, el("span", {}, key.text), sign && icon(sign));
}
