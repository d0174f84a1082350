// The place in line before a flash sale: asked for after the visitor has pressed, and again as often as the shop says.
(() => {
  const line = document.querySelector("[data-line]")
  if (!line) return
  const item = line.dataset.line, words = JSON.parse(line.dataset.words)
  const visitorKey = "xiaoer:" + location.origin + ":visitor", stayKey = "xiaoer:line:" + item
  const [say, more, press, leave, pay] = ["[data-say]", "[data-more]", "[data-press=join]", "[data-press=leave]", "[data-go-pay]"].map(each => line.querySelector(each))
  let visitor = "", timer = 0, until = 0, does = "join", stands = 0
  const keep = (store, key, value) => { try { value ? store.setItem(key, value) : store.removeItem(key) } catch { /* private window: this visit only */ } }
  const kept = (store, key) => { try { return store.getItem(key) } catch { return null } }

  // The same visitor as in the chat, so that the place is theirs there too.
  const introduce = async () => {
    try { visitor = JSON.parse(kept(localStorage, visitorKey)) || visitor } catch { /* what is there is none of ours */ }
    if (visitor) return
    const answer = await fetch("/chat/visitor", { method: "POST", signal: AbortSignal.timeout(15000) })
    if (!answer.ok) throw answer
    visitor = (await answer.json()).visitor
    keep(localStorage, visitorKey, JSON.stringify(visitor))
  }
  const ask = async what => {
    await introduce()
    const options = { method: "POST", headers: { "X-Visitor": visitor, "Content-Type": "application/json" }, body: what === "buy" ? "{}" : undefined, signal: AbortSignal.timeout(20000) }
    const answer = await fetch(`/chat/flash/${item}/${what}`, options)
    const told = await answer.json()
    if (told.code === "visitor.unknown") { visitor = ""; keep(localStorage, visitorKey, null) }
    return { ok: answer.ok, told }
  }
  const show = (name, facts = {}, button = "") => {
    const fill = text => Object.entries(facts).reduce((all, [key, value]) => all.replace(`{${key}}`, value), text)
    const texts = [fill(words[name]), fill(words[name + "_more"] || "")]
    for (const [place, element] of [say, more].entries()) {
      if (element.textContent !== texts[place]) element.textContent = texts[place]
      element.hidden = !texts[place]
    }
    does = button
    press.hidden = !button
    press.disabled = false
    press.textContent = words[button] || ""
  }
  const turn = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000))
    if (does === "buy" && until) show("inside", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` }, "buy")
  }
  const look = async () => {
    clearTimeout(timer)
    const mine = ++stands
    let pause = 3
    try {
      const { ok, told } = await ask("line")
      if (mine !== stands) return
      if (!ok) throw told
      pause = told.again
      until = told.state === "inside" ? Date.now() + told.inside_for * 1000 : 0
      if (until) { does = "buy"; turn() }
      else show(told.state, { ...told, waiting: Math.max(1, told.waiting) }, told.state === "no_line" ? "buy" : "")
      leave.hidden = !["early", "waiting", "inside"].includes(told.state)
      if (["sold_out", "over"].includes(told.state)) return keep(sessionStorage, stayKey, null)
    } catch {
      if (mine !== stands) return
      show("away")
    }
    timer = setTimeout(look, pause * 1000)
  }
  const join = () => { keep(sessionStorage, stayKey, "1"); press.disabled = true; look() }
  const rest = () => { clearTimeout(timer); stands++; until = 0; leave.hidden = true; keep(sessionStorage, stayKey, null) }
  const quit = async () => {
    rest()
    say.hidden = more.hidden = true
    does = "join"
    press.hidden = press.disabled = false
    press.textContent = words.join
    await ask("leave").catch(() => null)
  }
  const buy = async () => {
    clearTimeout(timer)
    stands++
    until = 0
    show("buying")
    const { ok, told } = await ask("buy").catch(() => ({ ok: false, told: {} }))
    if (ok) {
      rest()
      show("bought")
      if (!told.pay) return
      pay.href = told.pay
      pay.textContent = words.pay
      pay.hidden = false
      pay.focus()
      return
    }
    const why = { "address.none": "no_address", "flash.limit": "limit", "flash.over": "over", "allotment.full": "taken", "allotment.closed": "taken", "stock.short": "taken" }[told.code]
    if (["limit", "over"].includes(why)) { rest(); return show(why) }
    if (why) { show(why, {}, why === "taken" ? "buy" : ""); timer = setTimeout(look, 8000); return }
    look()
  }
  press.addEventListener("click", () => (does === "buy" ? buy() : join()))
  leave.addEventListener("click", quit)
  setInterval(turn, 500)
  if (kept(sessionStorage, stayKey)) join()
})()
