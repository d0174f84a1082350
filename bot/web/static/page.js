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
  show()
  system.addEventListener("change", show)
  addEventListener("storage", show)
  addEventListener("xiaoer-theme", toggle)
  document.addEventListener("DOMContentLoaded", () => {
    show()
    for (const button of document.querySelectorAll("[data-theme-toggle]")) button.addEventListener("click", toggle)
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
