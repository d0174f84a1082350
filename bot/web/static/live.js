// Pages that show what changes: their parts are asked for again while somebody looks, and their clocks run by the shop's.
(() => {
  const page = document.querySelector("[data-live]"), base = document.querySelector("[data-now]")
  let ahead = base ? Number(base.dataset.now) - Date.now() : 0, mark = "", failed = 0, timer = 0, due = false
  const parts = new Map([...document.querySelectorAll("[data-live] [id], [data-live] ~ [id]")].map(part => [part.id, part.outerHTML]))
  const two = number => String(number).padStart(2, "0")

  const tick = () => {
    for (const clock of document.querySelectorAll("time[data-until]")) {
      const left = Math.max(0, Math.ceil((Number(clock.dataset.until) - Date.now() - ahead) / 1000))
      const days = Math.floor(left / 86400), rest = left % 86400
      const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(":")
      const text = (days ? clock.dataset.days.replace("{days}", days) + " " : "") + time
      if (clock.textContent !== text) clock.textContent = text
      if (!left && page && !clock.dataset.over) { clock.dataset.over = "1"; soon(300) }
    }
  }
  const show = html => {
    const fresh = new DOMParser().parseFromString(html, "text/html")
    for (const part of fresh.body.children) {
      const old = document.getElementById(part.id), text = part.outerHTML
      if (!old || parts.get(part.id) === text) continue
      const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("class")
      parts.set(part.id, text)
      old.replaceWith(part)
      if (focused) part.querySelector("a." + focused.split(" ")[0])?.focus()
    }
    tick()
  }
  const look = async () => {
    clearTimeout(timer)
    if (document.hidden) { due = true; return }
    due = false
    try {
      const answer = await fetch(page.dataset.live, { headers: mark ? { "If-None-Match": mark } : {}, signal: AbortSignal.timeout(10000) })
      if (!answer.ok && answer.status !== 304) throw answer
      ahead = Number(answer.headers.get("X-Shop-Time")) - Date.now()
      if (answer.ok) {
        show(await answer.text())
        mark = answer.headers.get("ETag") || ""
      }
      failed = 0
    } catch { failed = Math.min(failed + 1, 5) }
    soon(Number(page.dataset.every) * 1000 * 2 ** failed * (0.9 + Math.random() / 5))
  }
  const soon = wait => { clearTimeout(timer); timer = setTimeout(look, wait) }

  const copy = async button => {
    const field = button.closest("section").querySelector("input")
    try { await navigator.clipboard.writeText(button.dataset.copy) } catch { field.select(); document.execCommand("copy") }
    const label = button.textContent
    if (label === button.dataset.copied) return
    button.textContent = button.dataset.copied
    setTimeout(() => { button.textContent = label }, 2000)
  }
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button))
  tick()
  setInterval(tick, 500)
  if (!page) return
  soon(Number(page.dataset.every) * 1000)
  document.addEventListener("visibilitychange", () => { if (!document.hidden && due) look() })
})()
