// The shop's chat as one element, without a build step and without dependencies:
//   <script src="https://SHOP/widget.js" async></script>
//   <xiaoer-chat endpoint="https://SHOP" lang="zh"></xiaoer-chat>
// Attributes: endpoint, lang (zh, en), shop (name in the head), theme (light, dark; else the system's),
// mode="full" fills its parent instead of standing in the corner, open starts with the panel open.
// Whatever comes from the server or the shopper is shown as text, never as markup.
(() => {
const WORDS = {
  zh: { shop: "店小二", chat: "跟店小二聊聊", ph: "想找点什么？", send: "发送", close: "收起", newest: "最新消息", retry: "重新发送", failed: "没有发出去",
    sending: "正在发送", offline: "网络断开了，正在重连…", typing: "店小二正在输入", waiting: "正在为您转接真人，请稍候", human: "真人客服正在为您服务",
    closed: "本次对话已结束，随时可以再聊", hello: "客官里边请！我是店小二，找货、下单、查订单，跟我说一声就好。", tries: ["有什么好茶？", "看看茶具", "我的订单", "找人工"],
    slow: "您说得太快啦，我先喘口气，稍后自动发出。", long: "太长了，最多 4000 字", files: "这里暂时还收不了图片和文件，您可以用文字描述，或者说“找人工”。", refused: "这条消息没法发送。",
    older: "更早的消息", yesterday: "昨天", pay: "去支付", newer: "条新消息", photo: "图片", theme: "切换深浅色", lang: "English" },
  en: { shop: "Xiaoer", chat: "Chat with the shop", ph: "What are you looking for?", send: "Send", close: "Close", newest: "Newest", retry: "Send again", failed: "Not sent",
    sending: "Sending", offline: "No connection. Trying again…", typing: "The attendant is typing", waiting: "Calling a person for you, one moment please", human: "A person is answering you",
    closed: "This conversation has ended. Write whenever you like.", hello: "Welcome in! I am Xiaoer, the attendant. Tell me what you are looking for, or ask about an order.", tries: ["What tea do you have?", "Show me teaware", "My orders", "Talk to a person"],
    slow: "That was fast! I will catch my breath and send the rest by myself in a moment.", long: "Too long: at most 4000 characters", files: "I cannot take pictures or files here yet. Describe it in words, or ask for a person.", refused: "This message cannot be sent.",
    older: "Earlier messages", yesterday: "Yesterday", pay: "Pay", newer: "new", photo: "Picture", theme: "Light or dark", lang: "中文" },
}
const LONGEST = 4000, PAGE = 40, QUIET = 40000
const ICONS = { chat: "M4 5.5h16v10.2H10.2L5.6 19.4v-3.7H4z", close: "M6 9l6 6 6-6", send: "M5 12h13M12.5 6l6 6-6 6", down: "M12 5v13M6.5 12.5 12 18l5.5-5.5", theme: "M12 3.5a8.5 8.5 0 1 0 8.5 8.5A6.5 6.5 0 0 1 12 3.5z" }

const CSS = `
:host{all:initial;color-scheme:light dark;--paper:light-dark(#f8f3e9,#1b1815);--card:light-dark(#fffdf8,#26221d);--ink:light-dark(#2d2721,#eee6da);
--soft:light-dark(#766a5c,#a89c8c);--line:light-dark(#e8dece,#3a342c);--leaf:light-dark(#2e6a50,#8cc5a6);--on:light-dark(#fff,#14221b);
--mine:light-dark(#2e6a50,#2f5f4a);--wash:light-dark(#e9f0e6,#25332b);--warn:light-dark(#a2471f,#f0a57e);
font:15px/1.55 system-ui,-apple-system,"Segoe UI","PingFang SC","Hiragino Sans GB","Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",sans-serif;color:var(--ink)}
:host([theme=light]){color-scheme:light}:host([theme=dark]){color-scheme:dark}
:host([hidden]){display:none}
*{box-sizing:border-box}
button,textarea{font:inherit;color:inherit;background:none;border:0;margin:0;padding:0}
button{cursor:pointer;touch-action:manipulation}
button:focus-visible,a:focus-visible,.row:focus-visible{outline:2px solid var(--leaf);outline-offset:2px}
svg{display:block;width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.launch{position:fixed;right:20px;bottom:calc(20px + env(safe-area-inset-bottom));width:58px;height:58px;border-radius:20px;background:light-dark(#2e6a50,#3b7a5e);color:#fff;display:grid;place-items:center;box-shadow:0 6px 24px #2d27213d;z-index:2147483000;transition:transform .18s}
.launch svg{width:28px;height:28px}
.count{position:absolute;top:-6px;right:-6px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#a2471f;color:#fff;font-size:12px;font-weight:600;line-height:22px;text-align:center}
[hidden]{display:none!important}
.panel{position:fixed;right:20px;bottom:calc(20px + env(safe-area-inset-bottom));width:390px;height:min(680px,calc(100dvh - 40px));display:flex;flex-direction:column;background:var(--paper);border:1px solid var(--line);border-radius:22px;overflow:hidden;box-shadow:0 18px 60px #2d272138;z-index:2147483000;animation:rise .22s ease-out}
@media (max-width:480px){.panel{inset:0;width:auto;height:100dvh;border:0;border-radius:0}}
:host([mode=full]){display:block;height:100%;min-height:0}
:host([mode=full]) .panel{position:relative;inset:auto;width:100%;height:100%;border:0;border-radius:inherit;box-shadow:none;animation:none}
header{display:flex;align-items:center;gap:10px;padding:11px 16px;border-bottom:1px solid var(--line);background:var(--card);flex:none}
.seal{flex:none;width:34px;height:34px;border-radius:10px;background:light-dark(#2e6a50,#3b7a5e);display:grid;place-items:center}
.seal svg{stroke:#fffaf0;stroke-width:2.2;width:26px;height:26px}
.name{flex:1;min-width:0;line-height:1.3}.name b{display:block;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.name span{display:block;font-size:12.5px;color:var(--soft);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.name i{display:inline-block;width:7px;height:7px;border-radius:50%;background:light-dark(#4a9a74,#7fcaa2);margin-right:6px}.off .name i{background:var(--warn)}
.tools{display:flex}.tool{min-width:38px;height:38px;padding:0 8px;border-radius:12px;color:var(--soft);display:grid;place-items:center;font-size:13px;text-decoration:none}
.log{flex:1;min-height:0;overflow:hidden auto;overscroll-behavior:contain;padding:16px max(14px,calc(50% - 430px)) 10px;display:flex;flex-direction:column;scrollbar-width:thin;scrollbar-color:var(--line) transparent}
.log::before{content:"";margin-top:auto}
.m{display:flex;flex-direction:column;align-items:flex-start;margin-top:4px;min-width:0;max-width:100%}
.m.in{animation:rise .2s ease-out}
.m.turn{margin-top:14px}.m.me{align-items:flex-end}
.time{align-self:center;margin:10px 0 8px;font-size:12px;color:var(--soft)}
.who{font-size:12px;color:var(--soft);margin:0 0 3px 4px}
.b{max-width:min(84%,560px);padding:9px 14px;border-radius:18px 18px 18px 6px;background:var(--card);border:1px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere}
.me .b{background:var(--mine);border-color:transparent;color:#fff;border-radius:18px 18px 6px 18px}
.m:not(.turn):not(.me) .b{border-top-left-radius:6px}.me:not(.turn) .b{border-top-right-radius:6px}
.person .b{border-color:var(--leaf)}
.b a,.link{color:var(--leaf);text-underline-offset:3px}
.state{font-size:12px;color:var(--soft);margin:3px 4px 0}.bad .state{color:var(--warn)}.wait .b{opacity:.62}
.state button{color:var(--leaf);text-decoration:underline;text-underline-offset:3px;padding:4px}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px;max-width:100%}
.chip,.act{min-height:38px;padding:7px 15px;border-radius:19px;border:1px solid var(--leaf);color:var(--leaf);background:var(--card);text-align:center;overflow-wrap:anywhere;transition:background .15s}
.chip:disabled,.act:disabled{opacity:.5;cursor:default}
.m.old .answer{display:none}
.row{mask:linear-gradient(90deg,#0000,#000 14px calc(100% - 28px),#0000);display:flex;gap:12px;align-self:stretch;max-width:none;margin:6px -14px 0;padding:2px 14px 10px;overflow-x:auto;scroll-snap-type:x proximity;scroll-padding:0 14px;scrollbar-width:thin;scrollbar-color:var(--line) transparent}
.card{flex:none;width:206px;display:flex;flex-direction:column;background:var(--card);border:1px solid var(--line);border-radius:18px;overflow:hidden;scroll-snap-align:start}
.m>.card{width:min(100%,300px);margin-top:6px}
.pic{width:100%;aspect-ratio:1;object-fit:cover;background:var(--wash);display:block}.m>.card .pic{aspect-ratio:4/3}
.in-card{padding:11px 14px 13px;display:flex;flex-direction:column;gap:3px;flex:1;min-width:0}
.in-card b{font-weight:600;line-height:1.4;overflow-wrap:anywhere}
.body{font-size:13.5px;color:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere}.card.one .body{font-size:14px}
.row .body{display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden}
.price{font-size:16px;font-weight:600;color:var(--leaf);font-variant-numeric:tabular-nums;margin-top:2px}
.row .price{margin-top:auto;padding-top:4px}.acts{display:flex;flex-direction:column;gap:7px;padding-top:9px}
.act{border-radius:12px;min-height:36px;padding:6px 10px;font-size:14px}
.slip{width:min(100%,380px);margin-top:6px;background:var(--card);border:1px solid var(--line);border-radius:18px;overflow:hidden}
.slip h4{margin:0;padding:12px 16px 10px;font-size:15px;font-weight:600;display:flex;justify-content:space-between;gap:10px;flex-wrap:wrap}
.tag{font-size:12px;font-weight:500;line-height:20px;padding:1px 9px;border-radius:11px;background:var(--wash);color:var(--leaf)}
.line{display:flex;gap:12px;align-items:center;padding:9px 16px;border-top:1px solid var(--line)}
.line img{width:46px;height:46px;border-radius:11px;object-fit:cover;background:var(--wash);flex:none}
.line div{flex:1;min-width:0;overflow-wrap:anywhere;line-height:1.4}.line small{display:block;font-size:12.5px;color:var(--soft)}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
.sum{display:flex;justify-content:space-between;gap:12px;padding:11px 16px;border-top:1px solid var(--line)}.sum b{color:var(--leaf);font-size:16.5px;font-weight:600}
.fact{display:flex;justify-content:space-between;gap:16px;padding:7px 16px;border-top:1px solid var(--line);font-size:14px}.fact+.fact{border:0;padding-top:0}.fact span:first-child{color:var(--soft);flex:none}.fact .num{white-space:pre-wrap;text-align:right;overflow-wrap:anywhere;min-width:0}
.slip .acts{padding:10px 16px 14px;border-top:1px solid var(--line);flex-flow:row wrap}.slip .act{flex:1 1 auto}.slip.main .act:first-child{background:light-dark(#2e6a50,#8cc5a6);color:var(--on);font-weight:600}
.pay{display:block;background:light-dark(#2e6a50,#8cc5a6);color:var(--on);font-weight:600;border-radius:14px;min-height:46px;padding:11px 20px;text-align:center;text-decoration:none;flex:1 1 100%}
.m>.pay{margin-top:8px;min-width:min(100%,240px)}
.shot{max-width:min(84%,340px);border-radius:18px;display:block;margin-top:4px}
.dots{display:inline-flex;gap:5px;padding:14px 16px}.dots i{width:7px;height:7px;border-radius:50%;background:var(--soft);animation:blink 1.2s infinite}.dots i:nth-child(2){animation-delay:.18s}.dots i:nth-child(3){animation-delay:.36s}
.note{align-self:center;text-align:center;font-size:13px;color:var(--soft);margin:12px 10px 2px;max-width:46ch}
.newest{position:absolute;left:50%;translate:-50% 0;bottom:84px;display:flex;align-items:center;gap:6px;height:36px;padding:0 14px 0 10px;border-radius:18px;background:var(--card);border:1px solid var(--line);box-shadow:0 4px 18px #2d272129;font-size:13px;z-index:1}.newest svg{width:16px;height:16px}
.bar{flex:none;font-size:13px;text-align:center;padding:6px 14px;background:var(--wash);color:var(--leaf)}.bar.warn{color:var(--warn)}
form{flex:none;display:flex;align-items:flex-end;gap:8px;padding:10px max(12px,calc(50% - 430px)) calc(12px + env(safe-area-inset-bottom));border-top:1px solid var(--line);background:var(--card)}
.field{flex:1;min-width:0;border:1px solid var(--line);border-radius:22px;background:var(--paper);padding:9px 16px}.field:focus-within{border-color:var(--leaf)}
textarea{display:block;width:100%;height:24px;max-height:120px;resize:none;outline:0;font-size:16px;line-height:24px;overflow-wrap:anywhere}textarea::placeholder{color:var(--soft);opacity:1}
.left{font-size:12px;color:var(--warn)}
.send{flex:none;width:44px;height:44px;border-radius:50%;background:light-dark(#2e6a50,#8cc5a6);color:var(--on);display:grid;place-items:center;transition:opacity .15s}.send:disabled{opacity:.35;cursor:default}
@media (hover:hover){.launch:hover{transform:translateY(-2px)}.tool:hover{background:var(--wash);color:var(--ink)}.chip:hover,.act:hover{background:var(--wash)}.pay:hover,.main .act:first-child:hover{filter:brightness(1.07);background:light-dark(#2e6a50,#8cc5a6)}}
@keyframes rise{from{opacity:0;translate:0 8px}}@keyframes blink{0%,60%,100%{opacity:.25}30%{opacity:.9}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
`

// An element with its attributes and children; text children become text nodes. Functions are listeners.
const h = (tag, attrs, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attrs || {})) {
    if (typeof value === "function") node.addEventListener(name, value)
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== ""))
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

class XiaoerChat extends HTMLElement {
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
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": t.chat, tabindex: "0", scroll: () => this.scrolled() })
    this.status = h("span", {})
    this.bar = h("div", { class: "bar", role: "status", hidden: true })
    this.newest = h("button", { class: "newest", type: "button", hidden: true, click: () => this.bottom(true) }, icon("down"), h("span", {}, t.newest))
    this.input = h("textarea", { rows: "1", placeholder: t.ph, "aria-label": t.ph, enterkeyhint: "send", autocomplete: "off",
      input: () => this.typed(), keydown: event => this.pressed(event), paste: event => this.pasted(event) })
    this.left = h("div", { class: "left", role: "status", hidden: true })
    this.button = h("button", { class: "send", "aria-label": t.send, title: t.send, disabled: true }, icon("send"))
    const form = h("form", { submit: event => { event.preventDefault(); this.submit() } }, h("div", { class: "field" }, this.input, this.left), this.button)
    const tools = h("div", { part: "tools", class: "tools" },
      other && h("a", { class: "tool", href: "?lang=" + encodeURIComponent(other), lang: other }, t.lang),
      other && h("button", { class: "tool", type: "button", "aria-label": t.theme, title: t.theme, click: () => dispatchEvent(new Event("xiaoer-theme")) }, icon("theme")))
    const close = this.full ? null : h("button", { class: "tool", type: "button", "aria-label": t.close, title: t.close, click: () => this.toggle(false) }, icon("close"))
    const head = h("header", { part: "head" }, h("div", { class: "seal" }, icon("M6.5 8.5h11M4 16.5h16")), h("div", { class: "name" }, h("b", {}, shop), this.status), tools, close)
    const wasOpen = this.panel ? !this.panel.hidden : this.hasAttribute("open")
    this.panel = h("section", { class: "panel", lang: this.lang2 === "zh" ? "zh-CN" : "en", role: this.full ? "region" : "dialog", "aria-label": t.chat, hidden: !this.full && !wasOpen,
      keydown: event => { if (event.key === "Escape" && !event.isComposing && !this.full) this.toggle(false) },
      dragover: event => event.preventDefault(), drop: event => { event.preventDefault(); if (event.dataTransfer.files.length) this.note(t.files) } },
      head, this.bar, this.log, this.newest, form)
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
    this.button.disabled = !this.input.value.trim() || length > LONGEST
  }
  pressed(event) {
    // While an input method is composing, Enter chooses a word; Safari tells it by the key code only.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    this.submit()
  }
  pasted(event) {
    if (event.clipboardData?.files.length) { event.preventDefault(); this.note(this.t.files) }
  }
  submit() {
    if (this.button.disabled) return
    this.say({ kind: "text", text: this.input.value.trim() })
    this.input.value = ""
    this.typed()
    this.input.focus()
  }
  press(button, event) {
    const around = event.currentTarget.parentNode
    for (const one of around.querySelectorAll("button")) one.disabled = true
    setTimeout(() => { for (const one of around.querySelectorAll("button")) one.disabled = false }, 1500)
    this.say({ kind: "press", token: button.token, label: button.label })
  }
  say(body) {
    const entry = { id: newId(), body, at: Date.now() }
    this.outbox.push(entry)
    this.keep("outbox", this.outbox)
    this.showWaiting(entry)
    this.bottom(true)
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
      if (answer.status === 429) { this.slowDown(); await pause(answer.after * 1000); continue }
      if (answer.status === 401) { this.forget(); if (++tries < 3) continue }
      else if (answer.status >= 400 && answer.status < 500) { this.drop(entry, this.t.refused); continue }
      if (tries) this.online(false)
      if (++tries > 5) { for (const each of this.outbox) this.mark(each.id, "bad"); break }
      await pause(Math.min(8000, 400 * 2 ** tries))
    }
    this.pumping = false
  }
  async post(entry) {
    try {
      if (!this.token && !await this.introduce()) return { status: 0 }
      const answer = await this.ask("/chat/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ client_id: entry.id, body: entry.body, language: this.lang2 }), signal: AbortSignal.timeout(20000) })
      return { ok: answer.ok, status: answer.status, after: Math.min(60, Number(answer.headers.get("Retry-After")) || 10) }
    } catch { return { status: 0 } }
  }
  posted(entry) {
    this.outbox = this.outbox.filter(other => other !== entry)
    this.keep("outbox", this.outbox)
    this.mark(entry.id, "sent")
    this.connect()
  }
  drop(entry, why) {
    this.outbox = this.outbox.filter(other => other !== entry)
    this.keep("outbox", this.outbox)
    this.mark(entry.id, "bad", why)
  }
  slowDown() {
    if (Date.now() - (this.slowed || 0) < 60000) return
    this.slowed = Date.now()
    this.note(this.t.slow)
  }
  async introduce() {
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

  // --- the way down --------------------------------------------------------------------------------------------
  start() {
    this.arrange()
    this.connect()
    if (this.outbox.length) this.pump()
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
    const near = this.nearBottom(), fresh = !this.items.has(data.seq)
    if (this.show(data)) this.arrange()
    if (field.id) this.cursor = Math.max(this.cursor, Number(field.id))
    if (near) this.bottom()
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
  setState(state) { this.state = state; this.showState(); if (this.nearBottom()) this.bottom() }
  showState() {
    const { t, state } = this
    this.panel.classList.toggle("off", !!this.broken)
    this.status.replaceChildren(h("i"), this.broken ? t.offline : state.owner === "human" ? (state.name || t.human) : t.chat)
    const line = this.broken ? t.offline : state.owner === "waiting" ? t.waiting : state.owner === "human" ? t.human : state.owner === "closed" ? t.closed : ""
    this.bar.hidden = !line
    this.bar.textContent = line
    this.bar.classList.toggle("warn", !!this.broken)
    this.typing.hidden = !state.typing
  }

  // --- the list: a message keeps its place (seq), a later revision takes the place of the earlier ---------------
  show(message, isOlder) {
    const known = this.items.get(message.seq)
    if (known && known.message.rev >= message.rev) return false
    if (!known && !isOlder && this.ready && this.more && this.oldest() > message.seq) return false
    const fresh = this.ready && !known && message.seq > this.last()
    const mine = message.kind === "shopper"
    if (mine && message.client_id) {
      this.waiting.get(message.client_id)?.remove()
      this.waiting.delete(message.client_id)
      if (this.outbox.some(entry => entry.id === message.client_id)) { this.outbox = this.outbox.filter(entry => entry.id !== message.client_id); this.keep("outbox", this.outbox) }
    }
    const node = h("div", { class: "m" + (mine ? " me" : message.kind === "person" ? " person" : "") + (fresh && !mine ? " in" : ""), "data-seq": message.seq }, ...this.render(message, mine))
    known?.node.replaceWith(node)
    this.items.set(message.seq, { message, node })
    return true
  }
  last() { return Math.max(0, ...this.items.keys()) }
  oldest() { return Math.min(Infinity, ...this.items.keys()) }
  arrange() {
    const order = [...this.items.keys()].sort((a, b) => a - b)
    const answered = Math.max(0, ...order.filter(seq => this.items.get(seq).message.kind === "shopper"))
    let before = null, at = this.log.firstChild
    if (this.more) {
      this.older ||= h("button", { class: "note link", type: "button", click: () => this.loadOlder() }, this.t.older)
      if (at !== this.older) this.log.prepend(this.older)
      at = this.older.nextSibling
    } else if (this.older?.isConnected) { if (at === this.older) at = at.nextSibling; this.older.remove() }
    if (order.length + this.waiting.size === 0) { this.log.prepend(this.welcome) } else if (this.welcome.isConnected) { if (at === this.welcome) at = at.nextSibling; this.welcome.remove() }
    for (const seq of order) {
      const { message, node } = this.items.get(seq)
      if (at === node) at = at.nextSibling
      else this.log.insertBefore(node, at)
      this.separate(node, message, before)
      node.classList.toggle("old", seq < answered || this.waiting.size > 0)
      before = message
    }
    for (const node of this.waiting.values()) this.log.append(node)
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
    const text = entry.body.kind === "press" ? entry.body.label : entry.body.text
    this.waiting.set(entry.id, h("div", { class: "m me turn wait", "data-client": entry.id }, h("div", { class: "b" }, text), h("span", { class: "sr" }, this.t.sending)))
    this.arrange()
  }
  mark(id, how, why) {
    const node = this.waiting.get(id)
    if (!node) return
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
    this.newest.hidden = near
    this.newest.lastChild.textContent = this.unseen ? `${this.unseen} ${this.t.newer}` : this.t.newest
    if (this.log.scrollTop < 60 && this.more && this.ready) this.loadOlder()
    if (near) this.seen()
  }
  async loadOlder() {
    if (this.loading) return
    this.loading = true
    const height = this.log.scrollHeight
    try { await this.readHistory(this.oldest()); this.log.scrollTop += this.log.scrollHeight - height } catch { /* the next scroll tries again */ }
    this.loading = false
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
  // --- replies as values: a kind this version does not know is shown by its plain text ---------------------------
  render(message, mine) {
    const body = message.body || {}
    if (mine) return [h("div", { class: "b" }, body.label || body.text || message.text || "…")]
    const draw = { text: () => [this.bubble(body.text)], card: () => [this.card(body, true)], cards: () => this.cards(body), choice: () => [this.bubble(body.prompt), this.chips(body.options, "answer")],
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
      load: () => { if (this.sticky) this.bottom() }, error: event => event.target.remove() })
  }
  buttons(list, kind) {
    return (list || []).map(button => h("button", { class: kind, type: "button", click: event => this.press(button, event) }, button.label))
  }
  chips(list, kind) { return list?.length ? h("div", { class: "chips " + (kind || "") }, ...this.buttons(list, "chip")) : null }
  acts(list, kind = "") { return list?.length ? h("div", { class: "acts " + kind }, ...this.buttons(list, "act")) : null }
  card(card, one) {
    return h("article", { class: one ? "card one" : "card" }, this.picture(card.picture, card.title, "pic", 480),
      h("div", { class: "in-card" }, h("b", {}, card.title), card.body && h("div", { class: "body" }, card.body), card.price && h("div", { class: "price" }, card.price), this.acts(card.buttons)))
  }
  cards(body) {
    return [this.bubble(body.title), h("div", { class: "row", tabindex: "0", role: "group", "aria-label": body.title || this.t.newest }, ...body.cards.map(card => this.card(card))), this.chips(body.buttons)]
  }
  slip(body, kind = "slip", acts = "") {
    const line = line => h("div", { class: "line" }, this.picture(line.picture, "", "", 160),
      h("div", {}, line.title, h("small", {}, [line.label, line.quantity > 1 || line.unit !== line.total ? `${line.unit} × ${line.quantity}` : ""].filter(Boolean).join(" · "))), h("span", { class: "num" }, line.total))
    const row = (row, kind) => h("div", { class: kind }, h("span", {}, row.label), h(kind === "sum" ? "b" : "span", { class: "num" }, row.value))
    return h("article", { class: kind }, h("h4", {}, h("span", {}, body.title), body.tag && h("span", { class: "tag" }, body.tag)), ...(body.lines || []).map(line),
      ...(body.rows || []).map(each => row(each, "fact")), body.total && row(body.total, "sum"), this.acts(body.buttons, acts))
  }
  payButton(body) { return this.link(body.url, { class: "pay" }, [body.label || this.t.pay, body.amount].filter(Boolean).join("\u2002")) }
}
if (!customElements.get("xiaoer-chat")) customElements.define("xiaoer-chat", XiaoerChat)
})()
