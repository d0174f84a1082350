// The shop's chat as one element, without a build step and without dependencies:
//   <script src="https://SHOP/widget.js" async></script>
//   <xiaoer-chat endpoint="https://SHOP" lang="zh"></xiaoer-chat>
// Attributes: endpoint, lang (zh, en), shop (name in the head), theme (light, dark; else the system's),
// mode="full" fills its parent instead of standing in the corner, open starts with the panel open.
// Whatever comes from the server or the shopper is shown as text, never as markup.
const LONGEST = 4000, PAGE = 40, QUIET = 40000

const storage = {
  get(key) { try { return localStorage.getItem(key) } catch { return null } },
  set(key, value) { try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value) } catch { /* private window: this visit only */ } },
}
// Waits before the next try; being online again ends it.
const pause = ms => new Promise(done => {
  const end = () => { clearTimeout(timer); removeEventListener("online", end); done() }
  const timer = setTimeout(end, ms)
  addEventListener("online", end)
})
const newId = () => crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), n => n.toString(16).padStart(2, "0")).join("")

class XiaoerChat extends Suggestions {
  static observedAttributes = ["lang"]

  connectedCallback() {
    if (this.shadowRoot) { this.connect(); return }
    this.base = (this.getAttribute("endpoint") || "").replace(/\/+$/, "")
    this.key = "xiaoer:" + (this.base || location.origin) + ":"
    this.items = new Map()        // seq -> { message, node }, what the server told
    this.outbox = this.load("outbox", [])
    this.waiting = new Map()      // client id -> node, what it has not told back yet
    this.cursor = 0
    this.broken = false
    this.state = { owner: "bot", typing: false }
    this.draw()
    for (const entry of this.outbox) this.showWaiting(entry)
    addEventListener("online", this.onOnline = () => { this.online(true); this.pump(); this.connect() })
    addEventListener("offline", this.onOffline = () => this.online(false))
    document.addEventListener("visibilitychange", this.onVisible = () => this.visible())
    this.start()
  }
  disconnectedCallback() {
    this.stream?.abort()
    removeEventListener("online", this.onOnline)
    removeEventListener("offline", this.onOffline)
    document.removeEventListener("visibilitychange", this.onVisible)
  }
  attributeChangedCallback() {
    if (!this.shadowRoot) return
    this.shadowRoot.replaceChildren()
    this.draw()
    this.redraw()
  }

  // --- what the page keeps -------------------------------------------------------------------------------------
  load(name, otherwise) { try { return JSON.parse(storage.get(this.key + name)) ?? otherwise } catch { return otherwise } }
  keep(name, value) { storage.set(this.key + name, value === null ? null : JSON.stringify(value)) }
  keepOutbox() { this.keep("outbox", this.outbox.filter(entry => !entry.photo)) }
  get token() { return this.chosen || (this.chosen = this.load("visitor", null)) }
  get full() { return this.getAttribute("mode") === "full" }
  get opened() { return this.full || !this.panel.hidden }

  // --- frame ---------------------------------------------------------------------------------------------------
  draw() {
    const root = this.shadowRoot || this.attachShadow({ mode: "open" })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
    root.adoptedStyleSheets = [sheet]
    this.lang2 = (this.getAttribute("lang") || navigator.language || "zh").toLowerCase().startsWith("en") ? "en" : "zh"
    const t = this.t = WORDS[this.lang2]
    const shop = this.getAttribute("shop") || t.shop, other = this.getAttribute("other")
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": t.chat, tabindex: "0", scroll: () => this.scrolled(),
      wheel: () => { this.awaits = false }, touchmove: () => { this.awaits = false } })
    this.status = h("span", {})
    this.bar = h("div", { class: "bar", role: "status", hidden: true })
    this.newest = h("button", { class: "newest", type: "button", hidden: true, click: () => this.bottom(true) }, icon("down"), h("span", {}, t.newest))
    this.input = h("textarea", { rows: "1", placeholder: t.ph, "aria-label": t.ph, enterkeyhint: "send", autocomplete: "off",
      "aria-autocomplete": "list", "aria-controls": "hints", input: event => { this.typed(); this.hint(event) }, compositionend: event => this.hint(event), blur: () => this.noHints(),
      keydown: event => this.pressed(event), paste: event => this.pasted(event) })
    this.left = h("div", { class: "left", role: "status", hidden: true })
    this.button = h("button", { class: "send", "aria-label": t.send, title: t.send, disabled: true }, icon("send"))
    const form = h("form", { submit: event => { event.preventDefault(); this.submit() } }, this.hintBox(), this.strip(), h("div", { class: "field" }, this.tray, this.input, this.left), this.button)
    const tools = h("div", { part: "tools", class: "tools" },
      other && h("a", { class: "tool", href: "?lang=" + encodeURIComponent(other), lang: other }, t.lang),
      other && h("button", { class: "tool", type: "button", "aria-label": t.theme, title: t.theme, click: () => dispatchEvent(new Event("xiaoer-theme")) }, icon("theme")))
    const telegram = this.getAttribute("telegram")
    const plane = telegram && h("a", { class: "tool", href: telegram, rel: "noopener", "aria-label": t.telegram, title: t.telegram, click: event => this.toTelegram(event) }, icon("plane"))
    const close = this.full ? null : h("button", { class: "tool", type: "button", "aria-label": t.close, title: t.close, click: () => this.toggle(false) }, icon("close"))
    const head = h("header", { part: "head" }, h("div", { class: "seal" }, icon("M6.5 8.5h11M4 16.5h16")), h("div", { class: "name" }, h("b", {}, shop), this.status), plane, tools, close)
    const wasOpen = this.panel ? !this.panel.hidden : this.hasAttribute("open")
    this.panel = h("section", { class: "panel", lang: this.lang2 === "zh" ? "zh-CN" : "en", role: this.full ? "region" : "dialog", "aria-label": t.chat, hidden: !this.full && !wasOpen,
      keydown: event => { if (event.key === "Escape" && !event.isComposing && !this.full) this.toggle(false) },
      dragover: event => event.preventDefault(), drop: event => { event.preventDefault(); this.choose(event.dataTransfer.files) } },
      head, this.bar, this.log, this.newest, form, this.said = h("div", { class: "sr", role: "status" }))
    root.append(this.panel)
    if (!this.full) {
      this.count = h("span", { class: "count", hidden: true })
      this.launch = h("button", { class: "launch", type: "button", "aria-label": t.chat, title: t.chat, "aria-expanded": String(wasOpen), hidden: wasOpen, click: () => this.toggle(true) }, icon("chat"), this.count)
      root.append(this.launch)
    }
    this.typing = h("div", { class: "m turn", hidden: true }, h("div", { class: "b dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", { class: "sr" }, t.typing))
    this.welcome = h("div", { class: "m turn" }, h("div", { class: "b" }, t.hello),
      h("div", { class: "chips" }, ...t.tries.map(text => h("button", { class: "chip", type: "button", click: () => this.say({ kind: "text", text }) }, text))))
    this.log.append(this.typing)
    new ResizeObserver(() => { if (this.sticky) this.bottom() }).observe(this.log)  // a keyboard or a turned phone hides nothing
    this.showState()
  }
  redraw() {
    const messages = [...this.items.values()].map(item => item.message)
    this.items.clear()
    messages.forEach(message => this.show(message))
    for (const entry of this.outbox) this.showWaiting(entry)
    this.arrange()
    this.bottom()
  }
  toggle(open) {
    this.panel.hidden = !open
    this.launch.hidden = open
    this.launch.setAttribute("aria-expanded", String(open))
    if (open) { this.bottom(); this.input.focus(); this.seen() } else this.launch.focus()
  }

  // --- the way up: one message after the other, kept until the shop has it --------------------------------------
  typed() {
    this.input.style.height = "auto"
    this.input.style.height = Math.min(this.input.scrollHeight, 120) + "px"
    const length = [...this.input.value].length
    this.left.hidden = length <= LONGEST
    this.left.textContent = length > LONGEST ? `${this.t.long} (${length})` : ""
    this.button.disabled = !(this.input.value.trim() || this.chosenPhotos.length) || length > LONGEST
  }
  pressed(event) {
    // While an input method is composing, Enter chooses a word; Safari tells it by the key code only.
    if (event.isComposing || event.keyCode === 229 || this.hintKey(event) || event.key !== "Enter" || event.shiftKey) return
    event.preventDefault()
    this.submit()
  }
  pasted(event) {
    if (event.clipboardData?.files.length) { event.preventDefault(); this.choose(event.clipboardData.files) }
  }
  submit() {
    this.noHints()
    if (this.button.disabled) return
    const words = this.input.value.trim()
    if (this.chosenPhotos.length) this.sendPhotos(words)
    else this.say({ kind: "text", text: words })
    this.input.value = ""
    this.typed()
    this.input.focus()
  }
  // A button of a card is said with the name of the card, so that people can read later what was meant.
  press(button, event, about) {
    const around = event.currentTarget.parentNode
    for (const one of around.querySelectorAll("button")) one.disabled = true
    setTimeout(() => { for (const one of around.querySelectorAll("button")) one.disabled = false }, 1500)
    this.say({ kind: "press", token: button.token, label: about ? `${button.label}${this.t.colon}${about}`.slice(0, 300) : button.label })
  }
  say(body, photo) {
    this.send(this.entry(body, photo))
    this.awaits = true  // its answer is followed, even while the window still glides to its end
    this.bottom(true)
  }
  entry(body, photo) { return { id: newId(), body, at: Date.now(), photo } }
  send(entry) {
    this.outbox.push(entry)
    this.keepOutbox()
    this.showWaiting(entry)
    this.pump()
  }
  async pump() {
    if (this.pumping) return
    this.pumping = true
    let tries = 0
    while (this.outbox.length && this.isConnected) {
      const entry = this.outbox[0]
      const answer = await this.post(entry)
      if (answer.ok) { tries = 0; this.online(true); this.posted(entry); continue }
      if (this.turning?.id === entry.id) this.settle(true)
      if (answer.status === 429) { this.slowDown(); await pause(answer.after * 1000); continue }
      if (answer.status === 401) { this.forget(); if (++tries < 3) continue }
      else if (answer.status >= 400 && answer.status < 500) { this.drop(entry, entry.photo ? this.t.badPhoto : this.t.refused); continue }
      if (tries) this.online(false)
      if (++tries > 5) { for (const each of this.outbox) this.mark(each.id, "bad"); break }
      await pause(Math.min(8000, 400 * 2 ** tries))
    }
    this.pumping = false
  }
  async post(entry) {
    try {
      if (!this.token && !await this.introduce()) return { status: 0 }
      const answer = entry.photo ? await this.postPhoto(entry) : await this.ask("/chat/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ client_id: entry.id, body: entry.body, language: this.lang2 }), signal: AbortSignal.timeout(20000) })
      return { ok: answer.ok, status: answer.status, after: Math.min(60, Number(answer.headers.get("Retry-After")) || 10) }
    } catch { return { status: 0 } }
  }
  posted(entry) {
    this.outbox = this.outbox.filter(other => other !== entry)
    this.keepOutbox()
    this.mark(entry.id, "sent")
    this.connect()
  }
  drop(entry, why) {
    this.outbox = this.outbox.filter(other => other !== entry)
    this.keepOutbox()
    this.mark(entry.id, "bad", why)
  }
  slowDown() {
    if (Date.now() - (this.slowed || 0) < 60000) return
    this.slowed = Date.now()
    this.note(this.t.slow)
  }
  introduce() { return this.introducing ||= this.meet().finally(() => { this.introducing = null }) }
  async meet() {
    this.chosen = this.load("visitor", null)
    if (this.chosen) return true
    const answer = await fetch(this.base + "/chat/visitor", { method: "POST", signal: AbortSignal.timeout(15000) })
    if (!answer.ok) return false
    this.chosen = (await answer.json()).visitor
    this.keep("visitor", this.chosen)
    return true
  }
  forget() { this.chosen = null; this.keep("visitor", null); this.cursor = 0; this.clear() }
  ask(path, options = {}) {
    return fetch(this.base + path, { cache: "no-store", ...options, headers: { ...options.headers, "X-Visitor": this.token || "" } })
  }

  // What was said here goes along: the address is good once, for this visitor.
  async toTelegram(event) {
    event.preventDefault()
    const { href } = event.currentTarget, answer = await this.ask("/chat/telegram", { method: "POST" }).catch(() => null)
    location.assign(answer && answer.ok ? (await answer.json()).url : href)
  }

  // --- the way down --------------------------------------------------------------------------------------------
  start() {
    this.arrange()
    this.connect()
    if (this.outbox.length) this.pump()
    this.openOn("product", "p")
    this.openOn("group", "g")
    this.openOn("deal", "d")
  }
  // Who comes from the page of a product, a group or a deal wants to see it here; once, not again with each reload.
  openOn(what, parameter) {
    const its = this.getAttribute(what), title = this.getAttribute(what + "-title")
    if (!its || !title) return
    this.say({ kind: "open", [what]: its, label: title })
    const url = new URL(location.href)
    url.searchParams.delete(parameter)
    history.replaceState(null, "", url)
  }
  async connect() {
    if (this.stream || !this.token || !this.isConnected) return
    const mine = this.stream = new AbortController()
    let wait = 500
    while (this.isConnected && this.token && this.stream === mine) {
      try {
        if (!this.cursor) await this.readHistory()
        await this.follow(mine, () => { wait = 500; this.online(true); this.pump() })
      } catch (error) {
        if (error?.status === 401) this.forget()
        if (mine.signal.aborted) break
      }
      if (mine.signal.aborted) break
      if (wait > 900) this.online(false)
      await pause(wait / 2 + Math.random() * wait / 2)
      wait = Math.min(wait * 2, 15000)
    }
    if (this.stream === mine) this.stream = null
  }
  async readHistory(before) {
    const answer = await this.ask("/chat/history?limit=" + PAGE + (before ? "&before=" + before : ""), { signal: AbortSignal.timeout(15000) })
    if (!answer.ok) throw { status: answer.status }
    const page = await answer.json()
    this.log.setAttribute("aria-busy", "true")
    this.more = page.more
    for (const message of page.messages) this.show(message, before)
    if (!before) { this.cursor = page.cursor; this.setState(page.state) }
    this.arrange()
    this.log.removeAttribute("aria-busy")
    if (!before) { this.bottom(); this.seen() }
    this.ready = true
    if (!before) this.fill()
  }
  async follow(mine, alive) {
    let watch, broken = new AbortController()
    const listen = () => { clearTimeout(watch); watch = setTimeout(() => broken.abort(), QUIET) }
    mine.signal.addEventListener("abort", () => broken.abort())
    listen()
    try {
      const answer = await this.ask("/chat/stream?cursor=" + this.cursor, { signal: broken.signal })
      if (!answer.ok) throw { status: answer.status }
      alive()
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      let rest = ""
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        listen()
        const parts = (rest + value).split("\n\n")
        rest = parts.pop()
        for (const part of parts) this.event(part)
      }
    } finally { clearTimeout(watch); broken.abort() }
  }
  event(text) {
    const field = {}
    for (const line of text.split("\n")) { const at = line.indexOf(": "); if (at > 0) field[line.slice(0, at)] = line.slice(at + 2) }
    if (!field.data) return
    const data = JSON.parse(field.data)
    if (field.event === "state") this.setState(data)
    if (field.event !== "message") return
    const near = this.nearBottom() || this.awaits, fresh = !this.items.has(data.seq), turned = fresh && this.turns(data)
    const draw = () => { if (this.show(data)) this.arrange() }
    turned ? this.swap(data, draw) : draw()
    if (field.id) this.cursor = Math.max(this.cursor, Number(field.id))
    if (data.kind !== "shopper") this.awaits = false
    if (turned) { /* it stands where it was looked at */ }
    else if (near && !this.turning) this.rest()
    else if (fresh && data.kind !== "shopper") { this.unseen = (this.unseen || 0) + 1; this.scrolled() }
    this.seen()
  }
  visible() {
    clearTimeout(this.hiding)
    if (document.hidden) { this.hiding = setTimeout(() => { this.stream?.abort(); this.stream = null }, 180000); return }
    this.connect()
    this.pump()
    this.seen()
  }
  online(yes) { if (this.broken === yes) { this.broken = !yes; this.showState() } }
  setState(state) {
    this.state = state
    this.showState()
    if (state.owner !== "bot") { this.settle(true); this.noHints() }
    if (this.nearBottom() && !this.turning) this.bottom()
  }
  showState() {
    const { t, state } = this
    this.panel.classList.toggle("off", !!this.broken)
    this.status.replaceChildren(h("i"), this.broken ? t.offline : state.owner === "human" ? (state.name || t.human) : t.chat)
    const line = this.broken ? t.offline : state.owner === "waiting" ? t.waiting : state.owner === "human" ? t.human : state.owner === "closed" ? t.closed : ""
    this.bar.hidden = !line
    this.bar.textContent = line
    this.bar.classList.toggle("warn", !!this.broken)
    this.typing.hidden = !state.typing || !!this.turning  // a list that turns shows it itself
  }

  // --- the list: a message keeps its place (seq), a later revision takes the place of the earlier ---------------
  show(message, isOlder) {
    const known = this.items.get(message.seq)
    if (known && known.message.rev >= message.rev) return false
    if (!known && !isOlder && this.ready && this.more && this.oldest() > message.seq) return false
    const fresh = this.ready && !known && message.seq > this.last() && !this.turns(message)
    const mine = message.kind === "shopper"
    if (!mine && !known && this.ready && !isOlder) this.settle()
    message.list = listOf(message)
    if (mine && message.client_id) {
      this.waiting.get(message.client_id)?.remove()
      this.waiting.delete(message.client_id)
      if (this.outbox.some(entry => entry.id === message.client_id)) { this.outbox = this.outbox.filter(entry => entry.id !== message.client_id); this.keepOutbox() }
    }
    const node = h("div", { class: "m" + (mine ? " me" : message.kind === "person" ? " person" : "") + (fresh && !mine ? " in" : ""), "data-seq": message.seq, "data-list": message.list || null, "aria-live": this.turns(message) ? "off" : null }, h("span", { class: "sr" }, mine ? this.t.you : message.name || this.t.shop), ...this.render(message, mine))
    known?.node.replaceWith(node)
    this.items.set(message.seq, { message, node })
    return true
  }
  last() { return Math.max(0, ...this.items.keys()) }
  oldest() { return Math.min(Infinity, ...this.items.keys()) }
  arrange() {
    const lines = this.standing(), waiting = [...this.waiting].filter(([id]) => id !== this.turning?.id)
    const answered = Math.max(0, ...lines.filter(line => line.message.kind === "shopper").map(line => line.message.seq))
    let before = null, at = this.log.firstChild
    if (this.more) {
      this.older ||= h("button", { class: "note link", type: "button", click: () => this.loadOlder() }, this.t.older)
      if (at !== this.older) this.log.prepend(this.older)
      at = this.older.nextSibling
    } else if (this.older?.isConnected) { if (at === this.older) at = at.nextSibling; this.older.remove() }
    if (lines.length + waiting.length === 0) { this.log.prepend(this.welcome) } else if (this.welcome.isConnected) { if (at === this.welcome) at = at.nextSibling; this.welcome.remove() }
    for (const { message, node, place, past } of lines) {
      if (at === node) at = at.nextSibling
      else this.log.insertBefore(node, at)
      this.separate(node, place, before)
      node.classList.toggle("old", past || message.seq < answered || waiting.length > 0)
      node.classList.toggle("past", past)
      before = place
    }
    for (const [, node] of waiting) this.log.append(node)
    this.log.append(this.typing)
  }
  separate(node, message, before) {
    const time = new Date(message.at), gap = !before || time - new Date(before.at) > 600000
    const side = one => one && (one.kind === "shopper" ? "me" : one.kind === "person" ? one.name || "person" : "shop")
    node.classList.toggle("turn", gap || side(message) !== side(before))
    const has = node.querySelector(":scope>.time")
    if (gap && !has) node.prepend(h("time", { class: "time", datetime: message.at }, this.when(time)))
    if (!gap) has?.remove()
    node.querySelector(":scope>.who")?.remove()
    if (message.kind !== "person" || !message.name || side(message) === side(before)) return
    const who = h("div", { class: "who" }, message.name), above = node.querySelector(":scope>.time")
    above ? above.after(who) : node.prepend(who)
  }
  when(time) {
    const locale = this.lang2 === "zh" ? "zh-CN" : "en-GB", clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false }).format(time)
    const midnight = day => new Date(day.getFullYear(), day.getMonth(), day.getDate())
    const days = Math.round((midnight(new Date()) - midnight(time)) / 86400000)
    if (days === 0) return clock
    if (days === 1) return `${this.t.yesterday} ${clock}`
    return `${new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" }).format(time)} ${clock}`
  }
  showWaiting(entry) {
    this.waiting.get(entry.id)?.remove()
    const text = entry.body.label || entry.body.text
    const shown = [entry.photo && h("img", { class: "shot", src: entry.photo.url, alt: this.t.photo }), text && h("div", { class: "b" }, text)].filter(Boolean)
    this.waiting.set(entry.id, h("div", { class: "m me turn wait", "data-client": entry.id }, ...shown, h("span", { class: "sr" }, this.t.sending)))
    this.arrange()
  }
  mark(id, how, why) {
    const node = this.waiting.get(id)
    if (!node) return
    if (how === "bad" && this.turning?.id === id) this.settle(true)
    node.classList.remove("wait", "bad")
    node.querySelector(".state")?.remove()
    node.querySelector(".sr")?.remove()
    if (how !== "bad") return
    node.classList.add("bad")
    const again = why ? null : h("button", { type: "button", click: () => { for (const each of this.outbox) this.showWaiting(each); this.pump() } }, this.t.retry)
    node.append(h("div", { class: "state", role: "alert" }, why || this.t.failed, " ", again))
  }
  note(text) {
    this.log.insertBefore(h("div", { class: "note", role: "status" }, text), this.typing)
    this.bottom(true)
  }
  clear() {
    this.settle()
    for (const { node } of this.items.values()) node.remove()
    this.items.clear()
    this.more = this.ready = false
    this.state = { owner: "bot", typing: false }
    this.arrange()
    this.showState()
  }
  // Pictures arrive later than their message: who was at the bottom stays there.
  nearBottom() { const { scrollHeight, scrollTop, clientHeight } = this.log; return scrollHeight - scrollTop - clientHeight < 120 }
  bottom(smooth) {
    this.unseen = 0
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: smooth && !calm ? "smooth" : "auto" })
    this.newest.hidden = this.sticky = true
  }
  scrolled() {
    const near = this.sticky = this.nearBottom()
    if (near) this.unseen = 0
    this.newest.hidden = near || this.seesLast()
    this.newest.lastChild.textContent = this.unseen ? `${this.unseen} ${this.t.newer}` : this.t.newest
    if (this.log.scrollTop < 60 && this.more && this.ready) this.loadOlder()
    if (near) this.seen()
  }
  async loadOlder() {
    if (this.loading) return
    this.loading = true
    const height = this.log.scrollHeight
    let read = false
    try { await this.readHistory(this.oldest()); this.log.scrollTop += this.log.scrollHeight - height; read = true } catch { /* the next scroll tries again */ }
    this.loading = false
    if (read) this.fill()
  }
  // Turned lists take no room: a window that has too little to scroll is filled from what was before.
  fill() {
    if (this.more && this.log.clientHeight && this.log.scrollHeight <= this.log.clientHeight) this.loadOlder()
  }
  seen() {
    if (this.full) return
    if (this.opened && !document.hidden) this.keep("read", this.last())
    const read = this.load("read", 0)
    const unread = [...this.items].filter(([seq, item]) => seq > read && item.message.kind !== "shopper").length
    this.count.hidden = !unread
    this.count.textContent = unread > 99 ? "99+" : unread
    this.launch.setAttribute("aria-label", unread ? `${this.t.chat} (${unread} ${this.t.newer})` : this.t.chat)
  }
}
if (!customElements.get("xiaoer-chat")) customElements.define("xiaoer-chat", XiaoerChat)
