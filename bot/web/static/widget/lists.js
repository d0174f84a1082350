// Lists turn in their place. Messages with the same key ("list:...") are pages of one list: the newest stands where the
// first one stood. What was pressed on it is no bubble of its own once the list has turned; while it has not, it is busy.
const TURNS_WITHIN = 8000

const keyOf = message => (message.kind !== "shopper" && message.body?.replaces) || ""
const listOf = message => keyOf(message).startsWith("list:") ? keyOf(message) : ""

class Lists extends Goods {
  // A button of a list. Whether it turns the list or says something else is for the shop to know.
  turn(button, key) {
    if (this.turning?.key === key) return
    this.settle(true)
    const press = { kind: "press", token: button.token, label: button.label }
    if (this.state.owner !== "bot") return this.say(press)  // a person reads it, no list turns
    const entry = this.entry({ ...press, quiet: true })
    const node = [...this.log.children].find(each => each.dataset.list === key)
    node?.setAttribute("aria-busy", "true")
    this.turning = { id: entry.id, key, node, timer: setTimeout(() => this.settle(true), TURNS_WITHIN) }
    this.send(entry)
  }
  // The list is no longer waited for: what was pressed is shown like anything else that was said.
  settle(arrange) {
    if (!this.turning) return
    clearTimeout(this.turning.timer)
    this.turning.node?.removeAttribute("aria-busy")
    this.turning = null
    this.showState()
    if (arrange) this.arrange()
  }
  turns(message) {
    const key = listOf(message)
    return !!key && [...this.items.values()].some(item => item.message.seq < message.seq && listOf(item.message) === key)
  }
  // What stands in the log, top down: { message, node, place (the message whose place it has), past (a newer one holds) }.
  standing() {
    const order = [...this.items.keys()].sort((a, b) => a - b).map(seq => this.items.get(seq))
    const first = new Map(), newest = new Map()
    for (const { message } of order) if (keyOf(message)) { if (!first.has(keyOf(message))) first.set(keyOf(message), message.seq); newest.set(keyOf(message), message.seq) }
    const lines = []
    order.forEach(({ message, node }, n) => {
      const key = listOf(message)
      if (key ? message.seq !== first.get(key) : this.isTurned(order, n, first)) return
      const now = key ? this.items.get(newest.get(key)) : { message, node }
      lines.push({ ...now, place: message, past: keyOf(message) !== key && newest.get(keyOf(message)) > message.seq })
    })
    const kept = new Set(lines.map(line => line.node))
    for (const { node } of order) if (!kept.has(node)) node.remove()
    return lines
  }
  // Pressed on a list, and answered by that list, or about to be.
  isTurned(order, n, first) {
    const { message } = order[n]
    if (message.kind !== "shopper" || !message.body?.quiet) return false
    if (this.turning && this.turning.id === message.client_id) return true
    let next = n + 1
    while (order[next]?.message.kind === "shopper") next++
    for (; next < order.length && order[next].message.kind !== "shopper"; next++) if (first.get(listOf(order[next].message)) < message.seq) return true
    return false
  }
  // Puts a page of a list where the one before was. What the shopper looks at stays where it is, and so does the focus.
  swap(message, change) {
    const key = listOf(message), near = this.nearBottom(), top = this.log.getBoundingClientRect().top
    const before = [...this.log.children].find(node => node.dataset.list === key), focused = before?.contains(this.shadowRoot.activeElement)
    const asked = this.turning?.key === key, label = this.shadowRoot.activeElement?.textContent
    const seen = [...this.log.children].map(node => ({ node, list: node.dataset.list, box: node.getBoundingClientRect() })).filter(each => each.box.bottom > top)
    change()
    const node = this.items.get(message.seq).node
    for (const each of seen) {
      const now = each.node.isConnected ? each.node : each.list === key ? node : null
      if (!now) continue
      this.log.scrollTop += now.getBoundingClientRect().top - each.box.top
      break
    }
    if (near) this.bottom()
    if (asked) this.reveal(node)
    if (focused) ([...node.querySelectorAll("button")].find(button => button.textContent === label) || node.querySelector(".row, button"))?.focus({ preventScroll: true })
    this.tell(message.body.title || message.body.prompt)
  }
  // At the end of what was said; of a last message longer than the window the beginning.
  rest() {
    const last = this.typing.previousElementSibling
    this.bottom()
    if (last?.matches(".m:not(.me)")) this.reveal(last)
  }
  // Whether the last message begins within the window, so that nobody has to be led to it.
  seesLast() {
    const last = this.typing.previousElementSibling
    return !!last && last.getBoundingClientRect().top < this.log.getBoundingClientRect().bottom - 60
  }
  // The whole of it where it fits, else its beginning.
  reveal(node) {
    const { log } = this, top = node.offsetTop - log.offsetTop - 8, bottom = top + node.offsetHeight + 18  // as it will stand once it has risen
    log.scrollTop = Math.min(Math.max(log.scrollTop, bottom - log.clientHeight), top)
  }
  // Said by screen readers when they have finished what they are reading.
  tell(text) { this.said.textContent = text || "" }
}
