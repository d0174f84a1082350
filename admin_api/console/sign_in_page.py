"""The sign-in page. The browser itself posts to /api/sign-in: the cookie is the API's own, out of scripts' reach."""

from nicegui import ui
from nicegui.events import GenericEventArguments

from admin_api.console.looks import box, words
from admin_api.console.words import LANGUAGES, Words
from admin_api.desk import Desk

_POST = """async (e) => {
  e.preventDefault();
  const form = e.target, button = form.querySelector('button');
  button.disabled = true;
  try {
    const answer = await fetch('/api/sign-in', {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify({name: form.elements.name.value, password: form.elements.password.value}),
    });
    if (answer.ok) { location.href = '/console/'; return; }
    emit(await answer.json());
  } catch (error) {
    emit({error: {code: 'shop.busy', facts: {}}});
  }
  button.disabled = false;
}"""


class SignInPage:
    """Name and password, and what was wrong with them."""

    def __init__(self, desk: Desk, language: str) -> None:
        self.t = Words(language)
        t = self.t
        with box("sign-in"):
            form = ui.element("form").classes("sign-in-card").props("method=post autocomplete=on")
            with form:
                with box("brand"):
                    words("二", "brand-mark")
                    with box():
                        words(desk.settings.shop_name(language), "brand-name")
                        words(t("Staff console"), "brand-sub")
                self._field("name", t("Name"), "text", "username")
                self._field("password", t("Password"), "password", "current-password")
                self.wrong = words("", "sign-in-wrong").props("role=alert")
                with ui.element("button").classes("btn primary wide").props("type=submit"):
                    words(t("Sign in"))
                with box("languages"):
                    for code, name in LANGUAGES.items():
                        link = ui.element("a").classes("btn link" + (" on" if code == language else ""))
                        link.props["href"] = f"?lang={code}"
                        with link:
                            words(name)
            form.on("submit", self._refused, js_handler=_POST)

    def _field(self, name: str, label: str, kind: str, complete: str) -> None:
        with ui.element("label").classes("field"):
            words(label, "field-label")
            ui.element("input").classes("plain-input").props(
                f"name={name} type={kind} autocomplete={complete} required maxlength=200"
            )

    def _refused(self, event: GenericEventArguments) -> None:
        error = event.args["error"]
        self.wrong.set_text(self.t.refusal(str(error["code"]), dict(error["facts"])))
