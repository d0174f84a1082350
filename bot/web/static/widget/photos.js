// Photos on their way up: chosen, pasted or dropped, made smaller here, and sent with the words beside them.
const MOST_PHOTOS = 9, LONGEST_SIDE = 2000

class Photos extends Drawing {
  // The strip over the words: what is chosen and not sent yet.
  strip() {
    this.chosenPhotos = []
    this.tray = h("div", { class: "tray", hidden: true })
    this.picker = h("input", { type: "file", accept: "image/jpeg,image/png,image/webp,image/gif", multiple: true, hidden: true,
      change: () => { this.choose(this.picker.files); this.picker.value = "" } })
    return h("button", { class: "tool attach", type: "button", "aria-label": this.t.attach, title: this.t.attach, click: () => this.picker.click() }, icon("photo"), this.picker)
  }
  async choose(files) {
    for (const file of files) {
      if (this.chosenPhotos.length === MOST_PHOTOS) { this.note(this.t.mostPhotos); break }
      if (!/^image[/](jpeg|png|webp|gif)$/.test(file.type)) { this.note(this.t.files); continue }
      const photo = { blob: await shrunk(file) }
      photo.url = URL.createObjectURL(photo.blob)
      this.chosenPhotos.push(photo)
    }
    this.showTray()
    this.input.focus()
  }
  showTray() {
    this.tray.replaceChildren(...this.chosenPhotos.map(photo => h("span", { class: "pick" }, h("img", { src: photo.url, alt: this.t.photo }),
      h("button", { type: "button", "aria-label": this.t.remove, title: this.t.remove, click: () => { this.chosenPhotos = this.chosenPhotos.filter(one => one !== photo); URL.revokeObjectURL(photo.url); this.showTray() } }, icon("cross")))))
    this.tray.hidden = !this.chosenPhotos.length
    this.typed()
    if (this.sticky) this.bottom()
  }
  // The words go with the first photo; what is not sent yet lives as long as the page.
  sendPhotos(words) {
    const photos = this.chosenPhotos
    this.chosenPhotos = []
    this.showTray()
    photos.forEach((photo, place) => this.say({ kind: "photo", text: place ? "" : words }, photo))
  }
  async postPhoto(entry) {
    const form = new FormData()
    form.set("client_id", entry.id)
    form.set("caption", entry.body.text)
    form.set("language", this.lang2)
    form.set("photo", entry.photo.blob, "photo")
    return this.ask("/chat/photos", { method: "POST", body: form, signal: AbortSignal.timeout(120000) })
  }
  // A photo of the shopper or of a person is shown to its conversation only, so it is asked for with the visitor's token.
  photo(message) {
    const frame = h("img", { class: "shot", alt: message.body.text || this.t.photo, width: message.body.width, height: message.body.height })
    const known = this.shots?.get(message.seq)
    if (known) frame.src = known
    else this.fetchPhoto(message.seq, frame)
    return frame
  }
  async fetchPhoto(seq, frame) {
    try {
      const answer = await this.ask(`/chat/photos/${seq}?size=400`, { cache: "default" })
      if (!answer.ok) throw answer.status
      frame.src = URL.createObjectURL(await answer.blob())
      ;(this.shots ||= new Map()).set(seq, frame.src)
      frame.onload = () => { if (this.sticky) this.bottom() }
    } catch { frame.replaceWith(h("div", { class: "b" }, this.t.photo)) }
  }
}

// A phone's photo is made as small as the shop keeps it; what the browser cannot read goes up as it is.
async function shrunk(file) {
  if (file.type === "image/gif" || file.size < 300000) return file
  try {
    const image = await createImageBitmap(file)
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height))
    const canvas = h("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) })
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    const type = file.type === "image/jpeg" ? "image/jpeg" : "image/webp"
    const small = await new Promise(done => canvas.toBlob(done, type, 0.88))
    return small && small.size < file.size ? small : file
  } catch { return file }
}
