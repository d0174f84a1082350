// Suggestions while typing, over the input. Nothing is chosen beforehand: Enter sends what was typed.
const PAUSE = 150, LONGEST_HINTED = 40

class Suggestions extends Lists {
  hintBox() {
    this.chosenHint = -1
    return this.hints = h("ul", { class: "hints", id: "hints", role: "listbox", "aria-label": this.t.hints, hidden: true,
      pointerdown: event => event.preventDefault(), mousedown: event => event.preventDefault() })  // a tap leaves the focus, and the keyboard, where they are
  }
  // Called for every key; asks the shop once the keys rest, never while an input method is composing.
  hint(event) {
    clearTimeout(this.hinting)
    this.asking?.abort()
    const words = this.input.value.trim()
    if (event.isComposing || !this.mayHint(words)) return this.noHints()
    this.hinting = setTimeout(() => this.askHints(words), PAUSE)
  }
  // Not for what answers a question of the shop, or goes to a person.
  mayHint(words) {
    const length = [...words].length, last = this.items.get(this.last())?.message
    if (length > LONGEST_HINTED || words.includes("\n") || this.chosenPhotos.length || this.broken) return false
    return this.state.owner === "bot" && !last?.asks && (length > 1 || /\p{Script=Han}/u.test(words))
  }
  async askHints(words) {
    const mine = this.asking = new AbortController()
    try {
      if (!this.token && !await this.introduce()) return
      const answer = await this.ask(`/chat/suggestions?q=${encodeURIComponent(words)}&lang=${this.lang2}`, { cache: "default", signal: AbortSignal.any([mine.signal, AbortSignal.timeout(4000)]) })
      const found = answer.ok ? (await answer.json()).suggestions : []
      if (!mine.signal.aborted && this.input.value.trim() === words && this.shadowRoot.activeElement === this.input) this.showHints(found.filter(each => each.text !== words || each.product))
    } catch { if (!mine.signal.aborted) this.noHints() }
  }
  showHints(found) {
    const mark = each => each.picture ? this.picture(each.picture, "", "", 160) : icon(each.kind === "category" ? "shelf" : each.kind === "product" ? "bag" : "find")
    this.hints.replaceChildren(...found.map((each, n) => h("li", { id: "hint-" + n, role: "option", "aria-selected": "false", click: () => this.takeHint(each) },
      h("span", { class: "mark", "aria-hidden": "true" }, mark(each)), h("span", { class: "words" }, each.text), each.kind === "category" && h("small", {}, this.t.shelf))))
    this.hints.found = found
    this.hints.hidden = !found.length
    this.hints.scrollTop = 0
    this.chooseHint(-1)
    this.tell(found.length ? this.t.hinted.replace("{n}", found.length) : "")
  }
  noHints() {
    clearTimeout(this.hinting)
    this.asking?.abort()
    if (!this.hints.hidden) this.showHints([])
  }
  chooseHint(place) {
    this.chosenHint = place
    const lines = [...this.hints.children]
    lines.forEach((line, n) => line.setAttribute("aria-selected", String(n === place)))
    if (place < 0) return this.input.removeAttribute("aria-activedescendant")
    this.input.setAttribute("aria-activedescendant", "hint-" + place)
    lines[place].scrollIntoView({ block: "nearest" })
  }
  takeHint(hint) {
    this.input.value = ""
    this.typed()
    this.noHints()
    this.say(hint.product ? { kind: "open", product: hint.product, label: hint.text } : { kind: "text", text: hint.text })
  }
  // Whether a key was meant for the lines: arrows walk through them and past their ends back to what was typed.
  hintKey(event) {
    if (this.hints.hidden) return false
    const count = this.hints.children.length + 1
    if (event.key === "ArrowDown") this.chooseHint((this.chosenHint + 2) % count - 1)
    else if (event.key === "ArrowUp") this.chooseHint((this.chosenHint + count) % count - 1)
    else if (event.key === "Enter" && this.chosenHint >= 0 && !event.shiftKey) this.takeHint(this.hints.found[this.chosenHint])
    else if (event.key === "Escape") { this.noHints(); event.stopPropagation() }
    else return false
    event.preventDefault()
    return true
  }
}
