"""The shopper's account: one over all channels, what is kept of them, what they allow, getting and erasing it."""

import base64
import re
from collections.abc import Sequence
from datetime import timedelta

from bot import replies
from bot.flow import Turn
from bot.language import N_, gap
from bot.questions import MakeButton, Question
from bot.refusals import sentence
from bot.replies import Button, Reply
from bot.words import Words, simple
from commerce.customers.actions import addresses_of
from commerce.customers.address import masked
from commerce.customers.consents import consents_of, set_consent
from commerce.customers.linking import MOST_WRONG, ask_code, masked_email, plain_email, prove
from commerce.customers.model import Consent, Customer, Purpose
from commerce.persons.erasure import ERASE_CUSTOMER, refuse_erasure
from commerce.persons.exports import ask_export
from commerce.persons.joining import JOIN_CUSTOMERS
from foundation.encryption import Vault
from foundation.errors import Json, Refused
from foundation.jobs import enqueue

PURPOSES = {
    Purpose.MARKETING: N_("Offers and news"),
    Purpose.PERSONALISATION: N_("Suggestions made for you"),
    Purpose.ANALYTICS: N_("Counting how the shop is used"),
}
LANGUAGES = {"zh": "中文", "en": "English"}
AGAIN = "again"
KEEP = "keep"
READ_FIRST = timedelta(seconds=5)
"""So long the shopper may read the last words before everything is erased, these too."""
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+\.[a-z]{2,24}", re.ASCII | re.IGNORECASE)
_SIX = re.compile(r"(?<!\d)(\d[ -]?){5}\d(?!\d)", re.ASCII)
_AGAIN = re.compile(
    r"再发|重发|重新发|没收到|收不到|\b(?:again|resend|new code|did ?n.?t (?:get|arrive|come))\b", re.IGNORECASE
)
_FORBIDS = re.compile(
    r"不要|别|不想|不再|不用|停止|退订|取消|关闭|关掉|拒绝|撤回|不同意|"
    r"\b(?:stop|no more|don.?t|do not|unsubscribe|opt out|off|withdraw|never|disable|revoke|disagree)\b",
    re.IGNORECASE,
)
_ALLOWS = re.compile(
    r"可以|同意|订阅|开启|打开|允许|愿意|想收|恢复|\b(?:subscribe|opt in|allow|agree|on|enable|yes|send me|want)\b",
    re.IGNORECASE,
)
_SENT = re.compile(r"[发收]|\bsend|\bsent\b", re.IGNORECASE)
_ABOUT = {
    Purpose.PERSONALISATION: re.compile(r"个性|推荐|猜你|personal|recommend|suggest|tailor", re.IGNORECASE),
    Purpose.ANALYTICS: re.compile(r"统计|分析|跟踪|追踪|analytic|track|statistic|cookie", re.IGNORECASE),
    Purpose.MARKETING: re.compile(
        r"优惠|广告|促销|营销|推销|活动|消息|信息|短信|推送|offer|market|promo|advert|\bads?\b|news|message|spam|mail",
        re.IGNORECASE,
    ),
}


class _Sealed(Question[str]):
    """What is stored of the answer is sealed: frames hold no personal data and no codes."""

    free_text = True

    def __init__(self, prompt: str, vault: Vault) -> None:
        super().__init__(prompt)
        self.vault = vault

    def value(self, stored: Json) -> str:
        return self.vault.open(base64.b64decode(stored))

    def _seal(self, text: str, words: Words) -> Json:
        words.take_everything()
        return base64.b64encode(self.vault.seal(text)).decode()


class Email(_Sealed):
    """An e-mail address."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:  # noqa: ARG002 - no options are shown
        return self.spot(words) if words.pressed is None else None

    def spot(self, words: Words) -> Json | None:
        found = _EMAIL.search(words.rest)
        return self._seal(plain_email(found.group()), words) if found else None

    def free(self, words: Words) -> Json | None:
        if "@" in words.rest:
            plain_email(words.rest)  # says what is wrong with it
        return None


class SixDigits(_Sealed):
    """The code of a mail; or a wish for another one."""

    def __init__(self, prompt: str, vault: Vault, again: str) -> None:
        super().__init__(prompt, vault)
        self.again = again

    def keys(self) -> list[str]:
        return [AGAIN]

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:  # noqa: ARG002
        if words.pressed is not None:
            return self._seal(AGAIN, words) if words.pressed == AGAIN else None
        found = _SIX.search(words.rest)
        if found:
            return self._seal(found.group(), words)
        return self._seal(AGAIN, words) if _AGAIN.search(words.rest) or words.whole == simple(self.again) else None

    def free(self, words: Words) -> Json | None:
        is_code = words.rest.isascii() and any(letter.isdigit() for letter in words.rest)
        return self._seal(words.rest[:20], words) if is_code else None

    def reply(self, button: MakeButton) -> Reply:
        return replies.Choice(self.prompt, (button(self.again, AGAIN),))


class TypedWord(Question[bool]):
    """Exactly this word, typed: nothing else is a yes. True for the word, False for what keeps everything."""

    free_text = True

    def __init__(self, prompt: str, *, word: str, keep: str) -> None:
        super().__init__(prompt)
        self.word, self.keep = word, keep

    def keys(self) -> list[str]:
        return [KEEP]

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:  # noqa: ARG002
        if words.pressed == KEEP or (words.whole and words.whole == simple(self.keep)) or words.heard.intent == "deny":
            words.take_everything()
            return KEEP
        if words.pressed is None and words.whole == simple(self.word):
            words.take_everything()
            return "word"
        return None

    def value(self, stored: Json) -> bool:
        return bool(stored == "word")

    def reply(self, button: MakeButton) -> Reply:
        return replies.Choice(self.prompt, (button(self.keep, KEEP),))


async def link_account(turn: Turn) -> None:
    """Prove an e-mail address by a code; with it the shopper is the same one on every channel."""
    _ = turn._
    prompt = _("Which e-mail address do you use with us? I send a code there, and with it your accounts become one.")
    email = await turn.ask("email", Email(prompt, turn.vault))
    shown = masked_email(email)
    await turn.once("sent", lambda: _send(turn, email))
    question = _("I have sent a code of six digits to {email}. What is it? It is good for 15 minutes.")
    for n in range(1, 3 * MOST_WRONG):
        said = await turn.ask(f"code:{n}", SixDigits(question.format(email=shown), turn.vault, _("Send another code")))
        if said == AGAIN:
            await turn.once(f"sent:{n}", lambda: _send(turn, email))
            continue
        told = await turn.once(f"proved:{n}", lambda said=said: _prove(turn, said))  # type: ignore[misc]
        if told["code"] is None:
            _say_proved(turn, shown, is_joined=told["joins"] is not None)
            return
        words = sentence(Refused(told["code"], left=told["left"]), turn.translate)
        if told["code"] == "link.code_over":
            turn.say(replies.Choice(words, (turn.wish(_("Link account"), "link_account"),)))
            return
        turn.say(words)
    raise Refused("link.code_over")


async def _send(turn: Turn, email: str) -> Json:
    code = await ask_code(turn.session, customer_id=turn.customer_id, email=email, language=turn.language, now=turn.now)
    return code.id


async def _prove(turn: Turn, said: str) -> Json:
    """What came of a code. The join is a job: it reaches into conversations that other turns may hold."""
    proved = await prove(turn.session, customer_id=turn.customer_id, said=said, now=turn.now)
    if isinstance(proved, Refused):
        return {"code": proved.code, "left": proved.facts.get("left"), "joins": None}
    if proved.joins is not None:
        one, other = sorted((turn.customer_id, proved.joins))
        payload = {"one": one, "other": other}
        await enqueue(turn.session, JOIN_CUSTOMERS, payload, key=f"{JOIN_CUSTOMERS}:{one}:{other}")
    return {"code": None, "left": None, "joins": proved.joins}


def _say_proved(turn: Turn, email: str, *, is_joined: bool) -> None:
    _ = turn._
    if is_joined:
        turn.say(
            _("That is right. You have been here before with {email}; I bring it all together.").format(email=email)
        )
        return
    text = _("That is right: {email} is yours. Link it on another channel too, and you find everything there.")
    turn.say(replies.Choice(text.format(email=email), (turn.wish(_("My account"), "show_account"),)))


async def show_account(turn: Turn) -> None:
    """What the shop keeps of the shopper, masked, with what can be done about it."""
    _ = turn._
    customer = await turn.session.get_one(Customer, turn.customer_id)
    name = turn.vault.open(customer.name_sealed)[:1] + "*" if customer.name_sealed else _("none yet")
    email = masked_email(turn.vault.open(customer.email_sealed)) if customer.email_sealed else _("none yet")
    lines = [
        _("Name: {name}").format(name=name),
        _("E-mail: {email}").format(email=email),
        _("Language: {language}").format(language=LANGUAGES.get(turn.language, turn.language)),
    ]
    addresses = await addresses_of(turn.session, customer_id=turn.customer_id, limit=3)
    shown = [masked(address.text) for address in addresses]
    lines += [_("Address: {address}").format(address=one) for one in dict.fromkeys(shown)]
    consents = await consents_of(turn.session, customer_id=turn.customer_id)
    lines += [_consent_line(turn, purpose, consents.get(purpose)) for purpose in Purpose]
    link = _("Link account") if customer.email_sealed is None else _("Change my e-mail")
    buttons = (
        turn.wish(link, "link_account"),
        *(_switch(turn, purpose, consents.get(purpose)) for purpose in Purpose),
        turn.wish(_("Get my data"), "export_data"),
        turn.wish(_("Erase my data"), "erase_data"),
    )
    turn.say(replies.Choice("\n".join([_("This is what I keep of you:"), *lines]), buttons))


def _consent_line(turn: Turn, purpose: Purpose, consent: Consent | None) -> str:
    _ = turn._
    if consent is None:
        return _("{purpose}: no (you have never allowed it)").format(purpose=_(PURPOSES[purpose]))
    text = _("{purpose}: yes, since {time}") if consent.granted else _("{purpose}: no, since {time}")
    return text.format(purpose=_(PURPOSES[purpose]), time=turn.time(consent.at))


def _switch(turn: Turn, purpose: Purpose, consent: Consent | None) -> Button:
    _ = turn._
    is_on = consent is not None and consent.granted
    label = _("{purpose}: off") if is_on else _("{purpose}: on")
    to = "no" if is_on else "yes"
    return turn.wish(label.format(purpose=_(PURPOSES[purpose])), "change_consent", about=purpose.value[0], to=to)


async def change_consent(turn: Turn) -> None:
    """Allow or forbid what an order does not need: by a button, or "stop sending me offers"."""
    _ = turn._
    words = turn.words.heard.text if turn.words is not None else ""
    by_button = {purpose.value[0]: purpose for purpose in Purpose}
    about = by_button.get(turn.args["about"]) if "about" in turn.args else _about(words)
    to = turn.args.get("to") or ("no" if _FORBIDS.search(words) else "yes" if _ALLOWS.search(words) else "")
    if about is None or not to:
        consents = await consents_of(turn.session, customer_id=turn.customer_id)
        lines = [_consent_line(turn, purpose, consents.get(purpose)) for purpose in Purpose]
        switches = tuple(_switch(turn, purpose, consents.get(purpose)) for purpose in Purpose)
        turn.say(replies.Choice("\n".join([_("You decide what I may do beside your orders:"), *lines]), switches))
        return
    await set_consent(
        turn.session, customer_id=turn.customer_id, purpose=about, granted=to == "yes", source="chat", now=turn.now
    )
    consent = (await consents_of(turn.session, customer_id=turn.customer_id))[about]
    text = _("All right. {consent}. Messages about your orders come all the same.")
    line = _consent_line(turn, about, consent)
    turn.say(replies.Choice(text.format(consent=line), (_switch(turn, about, consent),)))


async def ask_about_offers(turn: Turn) -> None:
    """Ask, once, whoever has neither allowed offers nor forbidden them: nobody gets any who has not said yes."""
    _ = turn._
    consents = await consents_of(turn.session, customer_id=turn.customer_id)
    if Purpose.MARKETING in consents or "asked_about_offers" in turn.focus:
        return
    turn.focus["asked_about_offers"] = True
    text = _("Shall I write to you when a group for something you like lacks only one more, or with another offer?")
    text += gap(text) + _("At most once a day, and you can stop it at any time.")
    yes = turn.wish(_("Yes, send me such offers"), "change_consent", about=Purpose.MARKETING.value[0], to="yes")
    turn.say(replies.Choice(text, (yes,)))


def _about(words: str) -> Purpose | None:
    """What is sent is an offer, also when it is called a recommendation, or just "these"."""
    found = next((purpose for purpose, says in _ABOUT.items() if says.search(words)), None)
    return Purpose.MARKETING if found is not Purpose.ANALYTICS and _SENT.search(words) else found


async def export_data(turn: Turn) -> None:
    """Everything of the shopper as one file, by a link that comes in this chat."""
    await ask_export(turn.session, customer_id=turn.customer_id, now=turn.now)
    turn.say(turn._("I put together everything we have of you. The link comes here in a moment."))


async def erase_data(turn: Turn) -> None:
    """Erase the shopper's data, after a typed word and a plain yes; not while an order or money is open."""
    _ = turn._
    await refuse_erasure(turn.session, customer_id=turn.customer_id)
    word = _("ERASE")
    prompt = _(
        "I can erase what we keep of you: this conversation and its photos, name, e-mail, addresses, favourites, cart "
        "and settings. Points, coupons and balance are lost with it.\n"
        "The law has us keep orders and invoices, with the name, phone and address they went to, sealed, until their "
        "time is over.\n"
        "It cannot be undone. If you are sure, type the word {word}."
    )
    keep = _("Keep everything")
    if not await turn.ask("word", TypedWord(prompt.format(word=word), word=word, keep=keep)):
        turn.say(_("Good, nothing was erased."))
        return
    last = _("Shall I erase everything now, for good?")
    if not await turn.confirm("ok", last, facts={}, yes=_("Erase everything"), no=keep):
        turn.say(_("Good, nothing was erased."))
        return
    payload = {"customer_id": turn.customer_id}
    key = f"{ERASE_CUSTOMER}:{turn.customer_id}"
    await enqueue(turn.session, ERASE_CUSTOMER, payload, key=key, after=READ_FIRST)
    turn.say(_("Everything is being erased now, this conversation too. Take care, and come back whenever you like."))
