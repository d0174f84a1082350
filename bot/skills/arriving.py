"""Coming by a link, and sending what is no words: an edit, a contact, a place on the map."""

from datetime import UTC, datetime, timedelta

from bot.flow import Turn
from bot.language import gap
from bot.replies import Choice
from bot.telegram.links import NOBODY, Lead, Payload, read_payload
from commerce.customers.arrivals import link_chat_of, note_referral
from commerce.persons.joining import JOIN_CUSTOMERS, living
from foundation.jobs import enqueue

LINK_LASTS = timedelta(minutes=10)
"""So long a link from the web chat is good."""


async def arrive(turn: Turn) -> None:
    """Go to what the link leads to; a newcomer is remembered as brought by whoever shared it."""
    lead = read_payload(turn.vault, turn.args["payload"])
    match lead:
        case Payload(Lead.CHAT):
            await _from_web_chat(turn, lead)
        case Payload(Lead.PRODUCT, product_id, sharer_id):
            await _note_who_brought(turn, sharer_id)
            turn.go_on_with("show_product", product=product_id)
        case Payload(Lead.GROUP, group_id, inviter_id):
            await _note_who_brought(turn, inviter_id)
            turn.go_on_with("open_group", group=group_id)
        case Payload(Lead.REFERRAL, customer_id):
            await _note_who_brought(turn, customer_id)
            turn.go_on_with("greet")
        case _:
            turn.go_on_with("greet")


async def _note_who_brought(turn: Turn, customer_id: int) -> None:
    if customer_id != NOBODY:
        by = await living(turn.session, customer_id)
        await note_referral(turn.session, customer_id=turn.customer_id, brought_by=by, now=turn.now)


async def _from_web_chat(turn: Turn, lead: Payload) -> None:
    """After a plain yes the customer of the web chat and this one become one: somebody may have been sent this link."""
    _ = turn._
    if turn.now - datetime.fromtimestamp(lead.second, UTC) > LINK_LASTS:
        turn.say(_("This link was good for ten minutes. Open the web chat again and take a new one."))
        return
    other = await living(turn.session, lead.first)
    if other == turn.customer_id:
        turn.say(Choice(_("Welcome back! Here you go on with everything."), (turn.wish(_("My cart"), "show_cart"),)))
        return
    question = _("Shall your web chat and this one become one? Cart, orders and coupons are the same in both then.")
    question += gap(question) + _("Say yes only if you have just opened this link yourself, in your own web chat.")
    if not await turn.confirm("ok", question, facts={}, yes=_("Yes, bring it together"), no=_("No")):
        turn.say(_("All right, they stay apart."))
        return
    made_at = datetime.fromtimestamp(lead.second, UTC)
    if not await link_chat_of(turn.session, customer_id=other, made_at=made_at, now=turn.now):
        turn.say(_("This link was used already. Open the web chat again and take a new one."))
        return
    one, two = sorted((turn.customer_id, other))
    key = f"{JOIN_CUSTOMERS}:{one}:{two}"
    await enqueue(turn.session, JOIN_CUSTOMERS, {"one": one, "other": two}, key=key)
    turn.say(_("Done: I bring it all together. Just go on here."))


async def hear_edit(turn: Turn) -> None:
    """What was said stands as it was read; a colleague sees the new words."""
    turn.say(turn._("I have read your message as it was. If something is different now, please tell me once more."))


async def hear_contact(turn: Turn) -> None:
    """A contact that nobody asked for, or that of somebody else, which is not taken for theirs."""
    _ = turn._
    if "whose" in turn.args:
        turn.say(_("That is somebody else's contact. If the parcel goes to them, write their name, phone and address."))
        return
    turn.say(_("Thank you! I only need your number when you order something; I will ask for it then."))


async def hear_place(turn: Turn) -> None:
    """A place on the map is too coarse for a parcel: what it is near is told, to be put into words.

    What is missing of an address that was asked for is said by that question, which comes back.
    """
    _ = turn._
    if turn.args["near"]:
        text = _("That is near {place}.").format(place=turn.args["near"])
        if len(turn.under_way) == 1:
            text += gap(text) + _("Please write the whole address: name, phone, and that with street and number.")
        turn.say(text)
    else:
        turn.say(_("A place on the map does not tell me the address. Please write it: name, phone, street and number."))
