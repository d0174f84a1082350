// Elements, and replies drawn as elements. Text stays text: nothing here ever reads markup.
const ICONS = { chat: "M4 5.5h16v10.2H10.2L5.6 19.4v-3.7H4z", close: "M6 9l6 6 6-6", send: "M5 12h13M12.5 6l6 6-6 6", left: "M14.5 6l-6 6 6 6", right: "M9.5 6l6 6-6 6", bag: "M5 8.5h14l-1 11H6zM9 8.5V7a3 3 0 0 1 6 0v1.5", shelf: "M4 6h16M4 12h16M4 18h10", find: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15 15l4.5 4.5", down: "M12 5v13M6.5 12.5 12 18l5.5-5.5", photo: "M4 6.5h4l1.5-2h5l1.5 2h4v12H4zM12 9.2a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6", cross: "M7 7l10 10M17 7 7 17", plane: "M20.5 4.5 3.5 11.2l5.2 2 2 5.8 2.7-3.6 4.4 3.2zM8.7 13.2l8.3-6-6.3 8.2", theme: "M12 3.5a8.5 8.5 0 1 0 8.5 8.5A6.5 6.5 0 0 1 12 3.5z" }

// An element with its attributes and children; text children become text nodes. Functions are listeners.
const h = (tag, attrs, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attrs || {})) {
    if (typeof value === "function") node.addEventListener(name, value)
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== false && child !== ""))
  return node
}
const icon = name => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  path.setAttribute("d", ICONS[name] || name)
  svg.append(path)
  return svg
}

class Drawing extends HTMLElement {
  // Replies are values: a kind this version does not know is shown by its plain text.
  render(message, mine) {
    const body = message.body || {}
    if (body.kind === "photo") return [this.photo(message), this.bubble(body.text)].filter(Boolean)
    if (mine) return [h("div", { class: "b" }, body.label || body.text || message.text || "…")]
    const draw = { text: () => [this.bubble(body.text)], card: () => [this.page(body)], cards: () => this.cards(body, message.list), comparison: () => [this.bubble(body.title), this.comparison(body), this.chips(body.buttons)],
      choice: () => [this.bubble(body.prompt), this.chips(body.options, message.list ? "shelves" : "answer", null, message.list)],
      cart: () => [this.slip(body, "slip main")], receipt: () => [this.slip(body, message.asks ? "slip main" : "slip", message.asks ? "answer" : "")], order_status: () => [this.slip({ ...body, title: body.number, tag: body.status })],
      pay_link: () => [this.bubble(body.prompt), this.payButton(body), this.chips(body.buttons)], media: () => [this.picture(body.picture, body.caption, "shot", 640), body.caption && this.bubble(body.caption)] }[body.kind]
    try { if (draw) return draw().filter(Boolean) } catch { /* not as expected: its words still are */ }
    return [this.bubble(body.plain || message.text)]
  }
  bubble(text) { return text ? h("div", { class: "b" }, ...this.linked(String(text))) : null }
  linked(text) {
    return text.split(/(https?:\/\/[^\s<>"'，。！？；：、（）【】《》「」]+)/g).map((part, n) => n % 2 ? this.link(part, { class: "link" }, part) : part)
  }
  link(url, attrs, ...children) {
    let safe = null
    try { safe = new URL(url, this.base || location.origin) } catch { /* no address */ }
    return safe && /^https?:$/.test(safe.protocol) ? h("a", { ...attrs, href: safe.href, target: "_blank", rel: "noopener noreferrer" }, ...children) : h("span", attrs, ...children)
  }
  picture(id, title, kind, size) {
    if (id === null || id === undefined) return null
    return h("img", { class: kind, src: `${this.base}/media/${encodeURIComponent(id)}?size=${size}`, alt: title || this.t.photo, loading: "lazy", decoding: "async",
      load: () => { if (this.sticky) this.rest() }, error: event => event.target.remove() })
  }
  buttons(list, kind, about, turns) {
    return (list || []).map(button => h("button", { class: kind, type: "button", click: event => turns ? this.turn(button, turns) : this.press(button, event, about) }, button.label))
  }
  chips(list, kind, about, turns) { return list?.length ? h("div", { class: "chips " + (kind || "") }, ...this.buttons(list, "chip", about, turns)) : null }
  acts(list, kind = "", about) { return list?.length ? h("div", { class: "acts " + kind }, ...this.buttons(list, "act", about)) : null }
  slip(body, kind = "slip", acts = "") {
    const line = line => h("div", { class: "line" }, this.picture(line.picture, "", "", 160),
      h("div", {}, line.title, h("small", {}, [line.label, line.quantity > 1 || line.unit !== line.total ? `${line.unit} × ${line.quantity}` : ""].filter(Boolean).join(" · "))), h("span", { class: "num" }, line.total))
    const row = (row, kind) => h("div", { class: kind }, h("span", {}, row.label), h(kind === "sum" ? "b" : "span", { class: "num" }, row.value))
    return h("article", { class: kind }, h("h4", {}, h("span", {}, body.title), body.tag && h("span", { class: "tag" }, body.tag)), ...(body.lines || []).map(line),
      ...(body.rows || []).map(each => row(each, "fact")), body.total && row(body.total, "sum"), this.acts(body.buttons, acts))
  }
  payButton(body) { return this.link(body.url, { class: "pay" }, [body.label || this.t.pay, body.amount].filter(Boolean).join("\u2002")) }
}
