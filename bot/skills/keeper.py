"""The merchant's own people in the shop's chat: a photo and a caption make a product, first for their eyes only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.flow import Turn
from bot.questions import Question, Text
from bot.replies import Card, Choice
from bot.words import Words
from commerce.catalog.media import Kept
from commerce.catalog.model import ProductStatus
from commerce.customers.keepers import keeper_of, link_chat
from commerce.merchandising.actions import move_product
from commerce.merchandising.captions import Caption, read_caption, read_price
from commerce.merchandising.drafts import DraftView, add_photo, describe_draft, draft_from_photo, draft_view
from foundation.audit import write_audit
from foundation.errors import Json, Refused
from foundation.money import Money

SAME_GOODS = timedelta(minutes=10)
"""So long a further photo without words is one more picture of the same thing."""


class Name(Text):
    """What something is called: all that is said, though it may sound like a wish for it."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:  # noqa: ARG002
        return self.free(words)


class Price(Question[Money]):
    """What something costs, in the shop's currency: "129", "¥129"."""

    def __init__(self, prompt: str, currency: str) -> None:
        super().__init__(prompt)
        self.currency = currency

    def free(self, words: Words) -> Json | None:
        price = read_price(words.heard.text, currency=self.currency) if words.whole else None
        if price is None or not price:
            return None
        words.take_everything()
        return price.amount

    def value(self, stored: Json) -> Money:
        return Money(int(stored), self.currency)


async def link(turn: Turn) -> None:
    """Make this chat that of a person of the staff, by the code that the console showed them."""
    code = turn.words.take_everything() if turn.words is not None else ""
    staff_id = await link_chat(turn.session, customer_id=turn.customer_id, code=code, now=turn.now)
    _note_down(turn, staff_id, "keeper.linked", f"customer:{turn.customer_id}")
    turn.say(
        turn._(
            "Done: this chat is yours now. Send me a photo with a name and a price under it, and I make a draft of it."
        )
    )


async def photo(turn: Turn) -> None:
    """A picture: of the merchant's people something to sell, of a shopper something for a colleague to see."""
    said = turn.words.heard if turn.words is not None else None
    keeper = await keeper_of(turn.session, customer_id=turn.customer_id)
    if keeper is not None:
        product_id = int(await turn.once("draft", lambda: _begin_draft(turn, keeper)))
        turn.go_on_with("describe_draft", product=product_id)
        return
    turn.focus["album"] = (said.photo or {}).get("album") if said is not None else None
    if said is not None and said.text.strip():
        turn.say(turn._("I cannot look at pictures myself, but a colleague can see yours here. I go by your words:"))
        turn.pass_on(said.intent)
    else:
        help_ = turn.wish(turn._("Ask a colleague"), "ask_human")
        words = turn._(
            "I cannot look at pictures myself, but a colleague can see yours here. What is it about, in a few words?"
        )
        turn.say(Choice(words, (help_,)))


async def _begin_draft(turn: Turn, keeper: int) -> Json:
    """Make a draft of the photo, or put it to the one begun a moment ago; its product id."""
    assert turn.words is not None
    said = turn.words.heard.photo or {}
    media = Kept(str(said["digest"]), str(said["mime"]), int(said["width"]), int(said["height"]))
    caption = read_caption(turn.words.take_everything(), currency=turn.shop.settings.currency)
    going_on = await _draft_at_hand(turn)
    if going_on is not None and (caption == Caption("", "", None, None, caption.language) or not going_on.title):
        await add_photo(turn.session, product_id=going_on.product_id, media=media, now=turn.now)
        await describe_draft(turn.session, product_id=going_on.product_id, caption=caption, now=turn.now)
        action, product_id = "product.edited", going_on.product_id
    else:
        draft = await draft_from_photo(
            turn.session, media=media, caption=caption, currency=turn.shop.settings.currency, now=turn.now
        )
        action, product_id = "product.created", draft.id
    _note_down(turn, keeper, action, f"product:{product_id}")
    turn.focus["draft"] = {"product": product_id, "at": turn.now.isoformat()}
    return product_id


async def _draft_at_hand(turn: Turn) -> DraftView | None:
    """The draft begun in this chat a few minutes ago, if it still is one."""
    begun = turn.focus.get("draft")
    if not begun or turn.now - datetime.fromisoformat(str(begun["at"])) > SAME_GOODS:
        return None
    try:
        return await draft_view(turn.session, product_id=int(begun["product"]))
    except Refused:
        return None


async def describe(turn: Turn) -> None:
    """Ask what a draft still lacks, and show it."""
    _, currency = turn._, turn.shop.settings.currency
    keeper = await _must_be_keeper(turn)
    draft = await draft_view(turn.session, product_id=int(turn.args["product"]))
    caption = None
    if not draft.title:
        said = await turn.ask("title", Name(_("Nice. What is it called, and what does it cost?"), longest=2000))
        caption = read_caption(said, currency=currency)
    price = draft.price or (caption and caption.price)
    if not price:
        price = await turn.ask("price", Price(_("And what does it cost? Just the price, such as 129."), currency))
        caption = caption or Caption("", "", None, None, turn.language)
        caption = Caption(caption.title, caption.body, price, caption.stock, caption.language)
    if caption is not None:
        await describe_draft(turn.session, product_id=draft.product_id, caption=caption, now=turn.now)
        _note_down(turn, keeper, "product.edited", f"product:{draft.product_id}")
        draft = await draft_view(turn.session, product_id=draft.product_id)
    turn.say(_draft_card(turn, draft))


def _draft_card(turn: Turn, draft: DraftView) -> Card:
    _ = turn._
    facts = [
        _("A draft that only you can see. Pictures: {pictures}, in stock: {stock}.").format(
            pictures=draft.pictures, stock=draft.stock
        )
    ]
    if not draft.stock:
        facts.append(_("Count the stock in the console, or nobody can buy it."))
    return Card(
        title=draft.title,
        body="\n".join(filter(None, [draft.body, *facts])),
        picture=draft.picture,
        price=turn.money(draft.price) if draft.price else "",
        buttons=(turn.wish(_("Put it on sale"), "publish_draft", product=draft.product_id),),
    )


async def publish(turn: Turn) -> None:
    """Put a draft on sale, by the button under it."""
    keeper = await _must_be_keeper(turn)
    product_id = int(turn.args["product"])
    draft = await draft_view(turn.session, product_id=product_id)
    await move_product(
        turn.session, product_id=product_id, version=draft.version, to=ProductStatus.PUBLISHED, now=turn.now
    )
    facts = {"before": {"status": "draft"}, "after": {"status": "published"}}
    _note_down(turn, keeper, "product.published", f"product:{product_id}", **facts)
    turn.focus.pop("draft", None)
    show = turn.wish(turn._("Look at it"), "show_product", product=product_id)
    turn.say(Choice(turn._("“{title}” is on sale now.").format(title=draft.title), (show,)))


async def _must_be_keeper(turn: Turn) -> int:
    keeper = await keeper_of(turn.session, customer_id=turn.customer_id)
    if keeper is None:
        raise Refused("keeper.none")
    return keeper


def _note_down(turn: Turn, staff_id: int, action: str, subject: str, **facts: Json) -> None:
    write_audit(turn.session, staff_id=staff_id, action=action, subject=subject, now=turn.now, via="chat", **facts)
