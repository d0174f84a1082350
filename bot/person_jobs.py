"""Work on a person's account that is too slow for a turn, or reaches into conversations that other turns may hold."""

from typing import TYPE_CHECKING

from bot.language import N_, translator
from commerce.announcements import announce
from commerce.customers.linking import CODE_LASTS, SEND_CODE, letter_of
from commerce.customers.model import DataExport
from commerce.persons.erasure import ERASE_CUSTOMER, FORGET_PHOTOS, erase_customer, forget_photos, forget_photos_soon
from commerce.persons.exports import MAKE_EXPORT, keep_export, person_of
from commerce.persons.joining import JOIN_CUSTOMERS, join_customers, living
from conversations.erase import erase_talks, lock_talks, move_talks, talks_of
from conversations.photos import shown_photos
from foundation.database import JsonMap
from foundation.errors import Refused
from foundation.jobs import Handler
from foundation.mail import Mail

if TYPE_CHECKING:
    from bot.shop import Shop

SUBJECT = N_("Your code for {shop}: {code}")
LETTER = N_(
    "Your code is {code}. Type it in the chat within {minutes} minutes.\n\n"
    "If you did not ask for it, somebody may have mistyped their address; you need not do anything."
)


def person_jobs(shop: "Shop") -> dict[str, Handler]:
    """What to do about each kind of job."""

    async def send(payload: JsonMap) -> None:
        await send_code(shop, int(payload["code_id"]))

    async def join(payload: JsonMap) -> None:
        await join_persons(shop, int(payload["one"]), int(payload["other"]))

    async def export(payload: JsonMap) -> None:
        await make_export(shop, int(payload["export_id"]))

    async def erase(payload: JsonMap) -> None:
        await erase_person(shop, int(payload["customer_id"]))

    async def forget(payload: JsonMap) -> None:
        async with shop.database.begin() as session:
            digests = set(payload["digests"])
            digests -= await shown_photos(session, digests)
            await forget_photos(session, digests, data_dir=shop.settings.data_dir)

    return {SEND_CODE: send, JOIN_CUSTOMERS: join, MAKE_EXPORT: export, ERASE_CUSTOMER: erase, FORGET_PHOTOS: forget}


async def send_code(shop: "Shop", code_id: int) -> None:
    """Mail a code, unless it is worth nothing any more."""
    async with shop.database.begin() as session:
        letter = await letter_of(session, code_id=code_id, now=shop.now())
        if letter is None:
            return
        _ = translator(letter.language)
        minutes = int(CODE_LASTS.total_seconds()) // 60
        name = shop.settings.shop_name(letter.language)
        subject = _(SUBJECT).format(shop=name, code=letter.code)
        mail = Mail(letter.email, subject, _(LETTER).format(code=letter.code, minutes=minutes))
        await shop.post.send(session, mail, key=f"email_code:{code_id}", now=shop.now())


async def join_persons(shop: "Shop", one: int, other: int) -> None:
    """Two customers become one, with what was said by both. Conversations first, as a turn locks them."""
    async with shop.database.begin() as session:
        one, other = await living(session, one), await living(session, other)
        if one == other:
            return
        await lock_talks(session, customer_ids=[one, other])
        gone = await join_customers(session, one_id=one, other_id=other, now=shop.now())
        if gone is not None:
            await move_talks(session, from_id=gone, to_id=min(one, other))
            return
        is_moved = (await living(session, one), await living(session, other)) != (one, other)
    if is_moved:  # another join came first; what is left to do is found from where they are now
        await join_persons(shop, one, other)


async def make_export(shop: "Shop", export_id: int) -> None:
    """Gather everything of a person, as it is at one moment."""
    async with shop.database.session() as reading:
        await reading.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        export = await reading.get(DataExport, export_id)
        if export is None or export.made_at is not None:
            return
        talks = await talks_of(reading, customer_id=export.customer_id)
        content = await person_of(reading, customer_id=export.customer_id, talks=talks)
    async with shop.database.begin() as session:
        await keep_export(session, export_id=export_id, content=content, now=shop.now())


async def erase_person(shop: "Shop", customer_id: int) -> None:
    """Erase a person as they asked, in one transaction; when something came up meanwhile that forbids it, they are
    told."""
    try:
        async with shop.database.begin() as session:
            await lock_talks(session, customer_ids=[customer_id])
            if await erase_customer(session, customer_id=customer_id, by="shopper", now=shop.now()):
                await forget_photos_soon(session, await erase_talks(session, customer_id=customer_id))
    except Refused as refused:
        async with shop.database.begin() as session:
            facts = {"code": refused.code, "facts": refused.facts}
            announce(session, "erasure_refused", customer_id=customer_id, now=shop.now(), **facts)
