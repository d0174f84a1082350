// Goods: a card in a row of cards, the page of one product with its pictures and facts, and several side by side.
const LONG_BODY = 150

class Goods extends Photos {
  card(card) {
    return h("article", { class: "card" }, this.picture(card.picture, card.title, "pic", 480),
      h("div", { class: "in-card" }, h("b", {}, card.title), card.body && h("div", { class: "body" }, card.body), card.price && h("div", { class: "price" }, card.price), this.acts(card.buttons, "", card.title)))
  }
  cards(body, list) {
    return [this.bubble(body.title), h("div", { class: "row", tabindex: "0", role: "group", "aria-label": body.title || this.t.newest }, ...body.cards.map(card => this.card(card))), this.chips(body.buttons, "", null, list)]
  }
  // One product by itself: everything about it, in one piece that stays readable on a phone.
  page(card) {
    const pictures = [...new Set([card.picture, ...(card.pictures || [])].filter(id => id !== null && id !== undefined))]
    const row = row => h("div", { class: "fact" }, h("span", {}, row.label), h("span", { class: "num" }, row.value))
    return h("article", { class: "card one" + (card.rows?.length ? " page" : "") }, pictures.length > 1 ? this.gallery(pictures, card.title) : this.picture(pictures[0], card.title, "pic", 480),
      h("div", { class: "in-card" }, h("b", {}, card.title), card.price && h("div", { class: "price" }, card.price), card.body && this.clipped(card.body),
        card.rows?.length ? h("div", { class: "facts" }, ...card.rows.map(row)) : null, this.acts(card.buttons, "", card.title)))
  }
  // A long text begins with its first lines; the rest is one tap away.
  clipped(text) {
    const body = h("div", { class: "body" }, text)
    if (text.length < LONG_BODY && text.split("\n").length < 7) return body
    body.classList.add("clip")
    const more = h("button", { class: "link unclip", type: "button", "aria-expanded": "false", click: () => {
      const open = !body.classList.toggle("clip")
      more.setAttribute("aria-expanded", String(open))
      more.textContent = open ? this.t.less : this.t.rest
    } }, this.t.rest)
    return h("div", {}, body, more)
  }
  // Pictures to swipe, with a dot for each; on wide screens with arrows.
  gallery(pictures, title) {
    const dots = pictures.map(() => h("i"))
    const frames = pictures.map((id, place) => h("div", { class: "frame" }, this.picture(id, `${title} ${place + 1}/${pictures.length}`, "pic", 480)))
    const show = by => strip.scrollTo({ left: (at() + by) * strip.clientWidth, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" })
    const at = () => Math.round(strip.scrollLeft / (strip.clientWidth || 1))
    const arrow = (name, by) => h("button", { class: "arrow " + name, type: "button", tabindex: "-1", "aria-label": by > 0 ? this.t.next : this.t.previous, click: () => show(by) }, icon(name))
    const mark = () => {
      dots.forEach((dot, place) => dot.classList.toggle("on", place === at()))
      arrows[0].hidden = at() === 0
      arrows[1].hidden = at() === pictures.length - 1
    }
    const strip = h("div", { class: "strip", tabindex: "0", role: "group", "aria-label": this.t.pictures.replace("{n}", pictures.length), scroll: () => mark() }, ...frames)
    const arrows = [arrow("left", -1), arrow("right", 1)]
    mark()
    return h("div", { class: "gallery" }, strip, ...arrows, h("div", { class: "spots", "aria-hidden": "true" }, ...dots))
  }
  // A table whose labels stay while its columns scroll; what differs is marked for eyes and for screen readers.
  comparison(body) {
    const priced = row => row.values.every((value, place) => value === body.columns[place].price)
    const head = card => h("th", { scope: "col" }, this.picture(card.picture, card.title, "pic", 480), h("b", {}, card.title), card.price && h("div", { class: "price" }, card.price))
    const row = row => h("tr", { class: row.differs ? "differs" : "" }, h("th", { scope: "row" }, row.label, row.differs && h("span", { class: "sr" }, this.t.differs)), ...row.values.map(value => h("td", {}, value)))
    const feet = body.columns.some(card => card.buttons?.length) && h("tr", { class: "feet" }, h("td"), ...body.columns.map(card => h("td", {}, this.acts(card.buttons, "", card.title))))
    return h("div", { class: "compared", tabindex: "0", role: "group", "aria-label": body.title }, h("table", { class: "n" + body.columns.length },
      h("thead", {}, h("tr", {}, h("td"), ...body.columns.map(head))), h("tbody", {}, ...body.rows.filter(each => !priced(each)).map(row)), feet && h("tfoot", {}, feet)))
  }
}
