// Elements made one by one: text of messages is always a text node, never markup.

export function el(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

// Put these into an element in place of what was there.
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
}

function present(children) {
  return children.flat(9).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

const ICONS = {
  send: "M4 12 20 4l-4 16-5-6 6-7-8 6z",
  clip: "M8 12.5V7a4 4 0 0 1 8 0v9a2.6 2.6 0 0 1-5.2 0V8.5M6 12v4a5.6 5.6 0 0 0 11.2 0",
  back: "M15 5l-7 7 7 7",
  slash: "M14.5 5l-5 14",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
  stop: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M6.500 6.500l11 11",
  open: "M13 5h6v6M19 5l-9 9M9 6H5v13h13v-4",
  away: "M7 17 17 7M9 7h8v8",
  reply: "M9 7l-5 5 5 5M4 12h9a6 6 0 0 1 6 6",
  heart: "M12 19s-7-4.300-7-9.300A3.700 3.700 0 0 1 12 8a3.700 3.700 0 0 1 7 1.700c0 5-7 9.300-7 9.300z",
  pen: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  pin: "M12 21s6-6.200 6-11a6 6 0 1 0-12 0c0 4.800 6 11 6 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20a7 7 0 0 1 14 0",
  photo: "M4 6h16v12H4zM4 16l5-5 4 4 3-3 4 4",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 6.800-1.200",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  cross: "M6 6l12 12M18 6 6 18",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function avatar(name, id, extra = "") {
  const letters = [...name.replace(/[^\p{L}\p{N} ]/gu, "").trim()];
  const face = el("span", { class: `avatar tint${Math.abs(id) % 7} ${extra}`, "aria-hidden": "true" }, letters[0] ?? "•");
  return face;
}

// The text with its entities, nested as Telegram nests them; `links` says what each kind of link does.
export function rich(text, entities, links) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return between(text, 0, text.length, sorted, links);
}

function between(text, from, to, entities, links) {
  const made = document.createDocumentFragment();
  let at = from;
  while (entities.length) {
    const entity = entities.shift();
    if (entity.offset < at) continue;
    const end = Math.min(entity.offset + entity.length, to);
    const inner = [];
    while (entities.length && entities[0].offset < end) inner.push(entities.shift());
    made.append(text.slice(at, entity.offset));
    made.append(wrapped(entity, text.slice(entity.offset, end), between(text, entity.offset, end, inner, links), links));
    at = end;
  }
  made.append(text.slice(at, to));
  return made;
}

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote" };

function wrapped(entity, text, inner, links) {
  const { type } = entity;
  if (TAGS[type]) return el(TAGS[type], {}, inner);
  if (type === "expandable_blockquote") return el("blockquote", {}, inner);
  if (type === "spoiler") return el("span", { class: "spoiler", onclick: (event) => event.currentTarget.classList.add("seen") }, inner);
  if (type === "text_link" || type === "url") return anchor(entity.url ?? text, inner, links);
  if (type === "bot_command") return el("button", { class: "link", type: "button", onclick: () => links.command(text) }, inner);
  if (type === "mention") return el("button", { class: "link", type: "button", onclick: () => links.mention(text.slice(1)) }, inner);
  return inner;
}

function anchor(address, inner, links) {
  const url = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  const open = (event) => {
    if (links.open(url)) event.preventDefault();
  };
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", onclick: open }, inner);
}
