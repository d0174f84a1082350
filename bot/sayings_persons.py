"""What happened to a person's account, as they are told."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.refusals import sentence
from bot.replies import Choice, PayLink, Reply, Text
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.persons.exports import export_token
from foundation.errors import Refused


async def _accounts_joined(voice: Voice, _session: AsyncSession, _told: Announcement) -> list[Reply]:
    _ = voice.translate
    text = _(
        "Your accounts are one now: orders, addresses, cart, coupons, points, balance and favourites are all here, "
        "whichever way you write to us."
    )
    return [Choice(text, (voice.wish(_("My orders"), "order_status"), voice.wish(_("My account"), "show_account")))]


async def _data_export_ready(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    prompt = _("Everything we have of you is in one file. The link is yours alone and good for 24 hours.")
    base = voice.shop.settings.base_url.rstrip("/")
    url = f"{base}/my-data/{export_token(voice.vault, int(told.facts['export_id']))}"
    return [PayLink(prompt=prompt, label=_("Get my data"), url=url, amount="")]


async def _erasure_refused(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    return [Text(sentence(Refused(told.facts["code"], **told.facts["facts"]), voice.translate))]


SAYINGS: Final[Mapping[str, Callable[[Voice, AsyncSession, Announcement], Awaitable[list[Reply]]]]] = {
    "accounts_joined": _accounts_joined,
    "data_export_ready": _data_export_ready,
    "erasure_refused": _erasure_refused,
}
