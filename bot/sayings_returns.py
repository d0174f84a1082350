"""What happens to a return, told to who asked for it."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import N_
from bot.replies import Button, Choice, Reply
from bot.return_terms import PURSES, freight_text, kind_name, next_steps, return_reply
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.catalog.model import in_language
from commerce.inventory.locations import main_location
from commerce.inventory.model import Location
from commerce.returns.model import ReturnState
from commerce.returns.queries import ReturnView, return_view
from foundation.money import Money

_PLAIN: Final[Mapping[str, str]] = {
    "return_requested": N_(
        "I have passed your {kind} {number} to a colleague, who looks at it first. You hear from me here."
    ),
    "return_cancelled": N_("Your {kind} {number} is cancelled. You keep the goods."),
    "return_expired": N_(
        "Your {kind} {number} has ended, as nothing was sent in time. If that was a mistake, just ask."
    ),
    "return_in_transit": N_(
        "Thank you! Your parcel {tracking} for {number} is on its way to us; I tell you when it is here."
    ),
    "return_received": N_("Your parcel for {number} has reached us. We look at it now."),
    "return_inspected": N_("We have looked at {number}: we take {accepted} of {of}. A colleague settles it now."),
    "return_diagnosing": N_("We are finding out what is broken ({number})."),
    "return_quote_accepted": N_("Good, we repair it ({number}). You pay the {amount} when you get it back."),
    "return_quote_declined": N_("All right, we send it back to you unrepaired ({number})."),
    "return_repairing": N_("It is being repaired now ({number})."),
    "return_checked": N_("It is repaired and works again ({number}). We are packing it for you."),
    "return_cannot_mend": N_("I am sorry, it cannot be repaired ({number}). A colleague finds another way with you."),
}
KINDS: Final = frozenset(
    {
        *_PLAIN,
        "return_approved",
        "return_rejected",
        "return_needs_info",
        "return_reminder",
        "return_quoted",
        "return_settled",
        "return_follow_up",
    }
)
"""Announcements that are told here."""


async def return_said(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """An announcement about a return in words, with what can be done now."""
    asked = await return_view(session, int(told.facts["return_id"]), language=voice.language)
    amount = voice.money(Money(int(told.facts.get("amount") or 0), asked.offered.currency))
    if (text := _PLAIN.get(told.kind)) is not None:
        said = voice.translate(text).format(
            kind=kind_name(voice, asked.kind),
            number=asked.number,
            tracking=told.facts.get("tracking_number", asked.tracking_number),
            accepted=told.facts.get("accepted", 0),
            of=told.facts.get("of", 0),
            amount=amount,
        )
        return [Choice(said, (_show(voice, asked),))]
    if told.kind == "return_approved":
        return _approved(voice, asked, await _where_to(voice, session))
    return _SAYINGS[told.kind](voice, asked, amount)


async def _where_to(voice: Voice, session: AsyncSession) -> str:
    """Where the goods are to be sent: the shop's main place, when it has an address."""
    place = await session.get(Location, await main_location(session))
    address = in_language(place.address, voice.language) if place is not None else ""
    if not address:
        return voice.translate("A colleague tells you the address in this chat.")
    return voice.translate("Send them to: {address}").format(address=address)


def _approved(voice: Voice, asked: ReturnView, where: str) -> list[Reply]:
    _ = voice.translate
    text = _("Your {kind} {number} is approved. Please send the goods by {time}; return shipping: {who}. {where}")
    said = text.format(
        kind=kind_name(voice, asked.kind),
        number=asked.number,
        time=voice.time(asked.send_by) if asked.send_by is not None else "",
        who=freight_text(voice, asked.freight),
        where=where,
    )
    return [Choice(said, ()), return_reply(voice, asked)]


def _rejected(voice: Voice, asked: ReturnView, _amount: str) -> list[Reply]:
    _ = voice.translate
    text = _("I am sorry, we cannot accept your {kind} {number}: {reason}")
    said = text.format(kind=kind_name(voice, asked.kind), number=asked.number, reason=asked.reason)
    return [Choice(said, (voice.wish(_("Ask a colleague"), "ask_human"),))]


def _needs_info(voice: Voice, asked: ReturnView, _amount: str) -> list[Reply]:
    _ = voice.translate
    text = _("About your {kind} {number} a colleague asks: {question}")
    said = text.format(kind=kind_name(voice, asked.kind), number=asked.number, question=asked.question)
    return [Choice(said, tuple(next_steps(voice, asked)))]


def _reminder(voice: Voice, asked: ReturnView, _amount: str) -> list[Reply]:
    _ = voice.translate
    text = _("Have you sent the goods for {number}? They should be on their way by {time}.")
    said = text.format(number=asked.number, time=voice.time(asked.send_by) if asked.send_by is not None else "")
    return [Choice(said, tuple(next_steps(voice, asked)))]


def _quoted(voice: Voice, asked: ReturnView, amount: str) -> list[Reply]:
    _ = voice.translate
    text = _("We know what is broken ({number}). The repair costs {money}. {note}")
    said = text.format(number=asked.number, money=amount, note=asked.quote_note).strip()
    return [Choice(said, tuple(next_steps(voice, asked)))]


def _settled(voice: Voice, asked: ReturnView, amount: str) -> list[Reply]:
    _ = voice.translate
    if asked.state is ReturnState.SENT_BACK:
        text = _("The goods of {number} are on their way back to you: {parcel}")
        said = text.format(number=asked.number, parcel=asked.sent_back or _("the parcel number follows"))
    elif asked.state is ReturnState.EXCHANGE:
        text = _("Your exchange {number} is done: the replacement is order {order}.")
        said = text.format(number=asked.number, order=asked.replacement_number or "")
    else:
        text = _("Your {kind} {number} is settled: we refund {money} ({purse}).")
        purse = _(PURSES[asked.refund_to])
        said = text.format(kind=kind_name(voice, asked.kind), number=asked.number, money=amount, purse=purse)
    return [Choice(said, (_show(voice, asked),))]


def _follow_up(voice: Voice, asked: ReturnView, _amount: str) -> list[Reply]:
    _ = voice.translate
    text = _("Your {kind} {number} was settled some days ago. Is all well now?")
    said = text.format(kind=kind_name(voice, asked.kind), number=asked.number)
    well = voice.wish(_("All is well"), "return_follow_up", returning=asked.return_id, well="yes")
    ill = voice.wish(_("No, there is still something"), "return_follow_up", returning=asked.return_id, well="no")
    return [Choice(said, (well, ill))]


def _show(voice: Voice, asked: ReturnView) -> Button:
    return voice.wish(voice.translate("Show it"), "return_status", returning=asked.return_id)


_SAYINGS: Final[Mapping[str, Callable[[Voice, ReturnView, str], list[Reply]]]] = {
    "return_rejected": _rejected,
    "return_needs_info": _needs_info,
    "return_reminder": _reminder,
    "return_quoted": _quoted,
    "return_settled": _settled,
    "return_follow_up": _follow_up,
}
