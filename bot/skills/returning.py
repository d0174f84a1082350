"""What follows a return once it is opened: where it stands, the parcel back, answers; and what the policy says."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from bot.flow import Fact, Turn
from bot.questions import Option, Pick, Text
from bot.replies import Choice as Steps
from bot.return_terms import PURSES, kind_name, return_reply, state_name, terms_of
from bot.skills.variants import PickVariant, variant_options
from bot.words import Words as Heard
from commerce.catalog.model import Variant
from commerce.catalog.queries import product_details
from commerce.credit.actions import accounts_of
from commerce.credit.model import AccountKind
from commerce.returns.actions import add_info, answer_quote, cancel_return, give_tracking
from commerce.returns.model import AT_FAULT, OPEN, RefundTo, ReturnState, Why
from commerce.returns.offers import active_policies, items_of
from commerce.returns.queries import ReturnableLine, ReturnableOrder, ReturnView, return_view, returns_of
from foundation.errors import Json, Refused

LATEST = 5
TRACKING = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]*\d)[A-Za-z0-9-]{8,30}(?![A-Za-z0-9])")
"""What can be the number of a parcel."""
LONGEST_CARRIER = 20
_CANCELS = re.compile(
    r"(取消|撤销|撤回).{0,4}(退货|换货|维修|售后|申请)|\b(cancel|withdraw) .{0,12}(return|exchange|repair|claim)", re.I
)
Purse = tuple[RefundTo, int | None]


async def return_status(turn: Turn) -> None:
    """Where returns stand: the one on the button, else those still open, else the latest.

    "I sent it back, SF1029384756" is the number of the parcel that one of them waits for.
    """
    if "returning" not in turn.args and await awaits_parcel(turn):
        turn.pass_on("send_return")
        return
    if "returning" in turn.args:
        turn.say(return_reply(turn, await _mine(turn)))
        return
    theirs = await returns_of(turn.session, customer_id=turn.customer_id, language=turn.language, limit=LATEST)
    if not theirs:
        raise Refused("returns.none_yet")
    open_ones = [one for one in theirs if one.state in OPEN]
    for one in open_ones or theirs[:1]:
        turn.say(return_reply(turn, one))


async def send_return(turn: Turn) -> None:
    """The shopper has sent the goods: the number of the parcel."""
    _ = turn._
    asked = await _which(turn, (ReturnState.AWAITING_GOODS, ReturnState.IN_TRANSIT), none="returns.nothing_to_send")
    question = _("What is the number of the parcel? You can write the carrier with it.")
    said = await turn.ask("tracking", Tracking(question, longest=100))
    number = TRACKING.search(said)
    if number is None:
        raise Refused("returns.tracking")
    carrier = re.sub(r"[\s,，:：。.]+", " ", said.replace(number[0], " ")).strip()
    await give_tracking(
        turn.session,
        return_id=asked.return_id,
        customer_id=turn.customer_id,
        tracking_number=number[0],
        carrier=carrier if len(carrier) <= LONGEST_CARRIER else "",
        now=turn.now,
    )


class Tracking(Text):
    """The number of a parcel, though it may sound like a question for one."""

    def exact(self, words: Heard, shown: Sequence[str]) -> Json | None:  # noqa: ARG002
        return words.take_everything() if TRACKING.search(words.rest) else None

    def spot(self, words: Heard) -> Json | None:
        found = TRACKING.search(words.rest)
        return found[0] if found else None


async def cancel_a_return(turn: Turn) -> None:
    """Keep the goods after all, after a plain yes; "leave it, too dear" is the answer to the price of a repair."""
    _ = turn._
    can_end = (ReturnState.REQUESTED, ReturnState.NEEDS_INFO, ReturnState.AWAITING_GOODS)
    try:
        asked = await _which(turn, can_end, none="returns.nothing_to_cancel")
    except Refused as refused:
        mine, quoted = turn.customer_id, (ReturnState.QUOTED,)
        if refused.code != "returns.nothing_to_cancel" or not await returns_of(
            turn.session, customer_id=mine, language=turn.language, states=quoted
        ):
            raise
        turn.go_on_with("answer_quote")
        return
    question = _("Shall I cancel your {kind} {number}? You keep the goods.")
    said = question.format(kind=kind_name(turn, asked.kind), number=asked.number)
    facts = {"return": Fact([asked.number, asked.state.value], state_name(turn, asked))}
    if await turn.confirm("ok", said, facts=facts, yes=_("Cancel it"), no=_("Keep it open")):
        await cancel_return(
            turn.session, return_id=asked.return_id, customer_id=turn.customer_id, by="shopper", now=turn.now
        )
    else:
        turn.say(_("Good, everything stays as it is."))


async def answer_return(turn: Turn) -> None:
    """Tell a colleague what they wanted to know, with pictures if there are any."""
    asked = await _which(turn, (ReturnState.NEEDS_INFO,), none="returns.nothing_to_answer")
    turn.say(asked.question)
    said = await turn.ask("answer", Answer(turn._("Please answer here; you can send pictures too."), len(turn.photos)))
    await add_info(
        turn.session,
        return_id=asked.return_id,
        customer_id=turn.customer_id,
        text=said,
        photos=[dict(photo) for photo in turn.photos],
        now=turn.now,
    )


class Said(Text):
    """All that is said, though it may sound like a wish."""

    def exact(self, words: Heard, shown: Sequence[str]) -> Json | None:  # noqa: ARG002
        return words.take_everything()[: self.longest] or None


class Answer(Text):
    """Words, or a picture."""

    takes_photos = True

    def __init__(self, prompt: str, have: int) -> None:
        super().__init__(prompt)
        self.have = have

    def exact(self, words: Heard, shown: Sequence[str]) -> Json | None:  # noqa: ARG002
        said = words.take_everything()
        return said or ("📷" if self.have else None)


async def decide_quote(turn: Turn) -> None:
    """Yes or no to the price of a repair."""
    _ = turn._
    asked = await _which(turn, (ReturnState.QUOTED,), none="returns.nothing_to_answer")
    assert asked.quote is not None
    money = turn.money(asked.quote)
    question = _("Shall we repair it for {money}? {note}").format(money=money, note=asked.quote_note).strip()
    facts = {"quote": Fact([asked.number, asked.quote.amount], _("the repair costs {money}").format(money=money))}
    yes = await turn.confirm("ok", question, facts=facts, yes=_("Repair it"), no=_("Send it back unrepaired"))
    await answer_quote(turn.session, return_id=asked.return_id, customer_id=turn.customer_id, accepts=yes, now=turn.now)


async def return_follow_up(turn: Turn) -> None:
    """The answer to whether all is well: a no gets a person."""
    asked = await _mine(turn)
    if turn.args.get("well") == "yes":
        turn.say(turn._("I am glad. Thank you for telling me!"))
        return
    turn.hand_over("return_not_well", {"return": asked.number, "order": asked.order_number})
    turn.say(
        turn._("I am sorry to hear that. I am getting a colleague, who sees all about {number}.").format(
            number=asked.number
        )
    )


async def ask_return_policy(turn: Turn) -> None:
    """What may come back, how long, on whose cost; for the product looked at whether it may at all."""
    _ = turn._
    if turn.words is not None and turn.words.is_statement and _CANCELS.search(turn.words.heard.text):
        turn.pass_on("cancel_return")
        return
    policies = await active_policies(turn.session)
    lines = [_("This is how it works here:"), *(terms_of(turn, policy) for policy in policies)]
    product_id = turn.focus.get("product")
    variant_id = await _a_variant(turn, int(product_id)) if isinstance(product_id, int) else None
    if variant_id is not None:
        details = await product_details(turn.session, int(turn.focus["product"]), language=turn.language)
        title = details.title if details is not None else ""
        (item,) = await items_of(turn.session, [variant_id], titles=[title])
        if title and any(policy.excludes(item) for policy in policies if policy.fits(item)):
            lines.append(_("{title} is an exception: it cannot come back.").format(title=title))
        elif item.is_digital:
            lines.append(_("{title} is digital: you send nothing back, a colleague decides.").format(title=title))
    buttons = (turn.wish(_("Return something"), "return_items"), turn.wish(_("Ask a colleague"), "ask_human"))
    turn.say(Steps("\n".join(lines), buttons))


async def chosen_variants(
    turn: Turn, order: ReturnableOrder, picked: Sequence[tuple[ReturnableLine, int]], why: Why
) -> dict[int, int]:
    """{order line id: variant wanted instead}. Where ours was at fault, the same thing again if there is any."""
    _ = turn._
    chosen: dict[int, int] = {}
    for line, count in picked:
        product_id = (await turn.session.get_one(Variant, line.variant_id)).product_id
        details = await product_details(turn.session, product_id, language=turn.language)
        there = [v for v in details.variants if v.available >= count] if details is not None else []
        same = next((v for v in there if v.variant_id == line.variant_id), None)
        others = [v for v in there if v.variant_id != line.variant_id]
        if why in AT_FAULT and same is not None:
            chosen[line.line_id] = same.variant_id
            continue
        if not others:
            raise Refused("returns.nothing_instead", title=line.title, order=order.number)
        question = _("Which one would you like instead of {title}?").format(title=line.label or line.title)
        named = _("You get {option} instead.")
        pick = PickVariant(question, variant_options(turn, others), none="returns.nothing_instead", named=named)
        if details is not None:
            pick.sold_out = [v for v in details.variants if v.available < count and v.variant_id != line.variant_id]
        chosen[line.line_id] = (await turn.ask(f"instead-{line.line_id}", pick)).variant_id
    return chosen


async def purse_options(turn: Turn) -> list[Option[Purse]]:
    """Where money can go, or come from: as it was paid, store credit, each gift card."""
    _ = turn._
    options: list[Option[Purse]] = [
        Option("original", _(PURSES[RefundTo.ORIGINAL]), (RefundTo.ORIGINAL, None), also=("original", "原路", "原来")),
        Option("credit", _(PURSES[RefundTo.CREDIT]), (RefundTo.CREDIT, None), also=("credit", "余额", "储值")),
    ]
    for account in await accounts_of(turn.session, turn.customer_id):
        if account.kind is AccountKind.GIFT_CARD:
            label = _("Gift card with {money}").format(money=turn.money(account.money))
            options.append(Option(f"account-{account.account_id}", label, (RefundTo.ACCOUNT, account.account_id)))
    return options


async def awaits_parcel(turn: Turn) -> bool:
    """Whether the message gives the number of a parcel while a return of this shopper waits for one."""
    text = turn.words.heard.text if turn.words is not None else ""
    is_order = turn.words is not None and any(one.kind == "order_number" for one in turn.words.heard.entities)
    if is_order or not TRACKING.search(text):
        return False
    waits = (ReturnState.AWAITING_GOODS,)
    return bool(await returns_of(turn.session, customer_id=turn.customer_id, language="zh", states=waits, limit=1))


async def _a_variant(turn: Turn, product_id: int) -> int | None:
    return await turn.session.scalar(select(Variant.id).where(Variant.product_id == product_id).limit(1))


async def _mine(turn: Turn) -> ReturnView:
    number = turn.args["returning"]
    return await return_view(
        turn.session, int(number) if number.isdecimal() else 0, language=turn.language, customer_id=turn.customer_id
    )


async def _which(turn: Turn, states: Sequence[ReturnState], *, none: str) -> ReturnView:
    """The return on the button, else the one in such a state, which is asked for when there are several."""
    if "returning" in turn.args:
        asked = await _mine(turn)
        if asked.state not in states:
            raise Refused("returns.stands_elsewhere", number=asked.number, state=state_name(turn, asked))
        return asked
    theirs = await returns_of(turn.session, customer_id=turn.customer_id, language=turn.language, states=states)
    options = [
        Option(str(one.return_id), f"{one.number}  {kind_name(turn, one.kind)}  {state_name(turn, one)}", one)
        for one in theirs[:LATEST]
    ]
    return await turn.ask("return", Pick(turn._("Which one is it about?"), options, none=none, named=""))
