// Our pages: the theme the visitor chose (else the system's), and pages that wait for a payment.
(() => {
  const root = document.documentElement
  const kept = () => { try { return localStorage.getItem("xiaoer.theme") } catch { return null } }
  const system = matchMedia("(prefers-color-scheme: dark)")
  const current = () => kept() || (system.matches ? "dark" : "light")
  const show = () => {
    root.dataset.theme = current()
    for (const chat of document.querySelectorAll("xiaoer-chat")) chat.setAttribute("theme", current())
  }
  const toggle = () => {
    try { localStorage.setItem("xiaoer.theme", current() === "dark" ? "light" : "dark") } catch { return }
    show()
  }
  // What belongs to this visitor alone: the request carries their token, which the chat keeps.
  const download = async button => {
    button.disabled = true
    let visitor = ""
    try { visitor = JSON.parse(localStorage.getItem("xiaoer:" + location.origin + ":visitor")) || "" } catch { visitor = "" }
    const answer = await fetch(button.dataset.download, { cache: "no-store", headers: { "X-Visitor": visitor } }).catch(() => null)
    button.disabled = false
    if (!answer || !answer.ok) {
      const text = document.querySelector("[data-gone]")
      text.textContent = text.dataset.gone
      return
    }
    const link = document.createElement("a")
    link.href = URL.createObjectURL(await answer.blob())
    link.download = button.dataset.name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60000)
  }
  show()
  system.addEventListener("change", show)
  addEventListener("storage", show)
  addEventListener("xiaoer-theme", toggle)
  document.addEventListener("DOMContentLoaded", () => {
    show()
    for (const button of document.querySelectorAll("[data-theme-toggle]")) button.addEventListener("click", toggle)
    for (const button of document.querySelectorAll("[data-download]")) button.addEventListener("click", () => download(button))
    const [visit] = performance.getEntriesByType("navigation")
    if (visit && visit.type !== "back_forward") document.querySelector("[data-go]")?.click()
    const seconds = Number(document.body.dataset.refresh)
    if (!seconds) return
    const look = async () => {
      const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null)
      const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html")
      if (page && page.body.dataset.mark !== document.body.dataset.mark) location.reload()
      else setTimeout(look, seconds * 1000)
    }
    setTimeout(look, seconds * 1000)
  })
})()
