"""Group-buys that people put into other chats: cards with a way in, which stay true wherever they stand."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons import Wish, read_token, wish_token
from bot.delivery import EDIT_AGAIN, NotSent, Undeliverable
from bot.group_terms import group_card, stands
from bot.telegram.errors import Gone, Rejected
from bot.telegram.links import deep_link, group_payload
from bot.telegram.people import person_of
from bot.telegram.results import Result
from bot.telegram.screens import Key, screens_of
from bot.telegram.shared_model import SharedCard
from bot.telegram.values import InlineChosen, Pressed
from bot.voice import Voice
from commerce.customers.model import Customer
from commerce.group_buy.queries import GroupView, group_view
from foundation.settings import Settings

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

AT_ONCE = 50
LEASE = timedelta(seconds=60)
"""After that another worker tries what one has begun to edit."""
LONGEST_PAUSE = timedelta(hours=1)
"""A card whose next try would have to wait longer is let go: by then it has gone wrong for about as long."""
LONGEST_TOAST = 200
_LONGEST_BAR = 10
_MARK = "g"
_SKILL = "open_group"
_CLAIM = text("""
UPDATE shared_card SET try_at = :until WHERE id IN (
    SELECT c.id FROM shared_card c JOIN buying_group g ON g.id = c.group_id
    WHERE c.done_at IS NULL AND c.try_at <= :now AND g.version > c.version
    ORDER BY c.try_at, c.id LIMIT :limit FOR UPDATE OF c SKIP LOCKED)
RETURNING id
""")


@dataclass(frozen=True, slots=True)
class SharedGroup:
    """A group as it is shown outside; `lasts`: what it shows can still change."""

    result: Result
    lasts: bool


async def shared_group(voice: Voice, session: AsyncSession, group: GroupView, *, inviter_id: int) -> SharedGroup:
    """A group, seen by nobody in particular, as a card for any chat. Its first button opens the chat with us."""
    _ = voice.translate
    shop = voice.shop
    assert shop.telegram is not None
    card = await group_card(voice, session, group)
    body = f"{_bar(group)}\n{card.body}"
    screen = screens_of(replace(card, body=body, picture=None, buttons=(), share=""), language=voice.language)[0]
    payload = group_payload(shop.vault, group_id=group.group_id, inviter_id=inviter_id)
    label = _("Join for {price}").format(price=card.price) if group.is_joinable else _("See it in the shop")
    look = wish_token(shop.vault, customer_id=inviter_id, skill=_SKILL, args={"group": group.group_id})
    rows = [(Key(label, url=deep_link(shop.telegram.username, payload)),)]
    if card.live:
        rows.append((Key(_("How it stands now"), token=look),))
    result = Result(
        id=f"{_MARK}{group.group_id}v{group.version}",
        title=card.title,
        description=stands(voice, group),
        screen=replace(screen, rows=tuple(rows)),
        picture=picture_address(shop.settings, card.picture),
    )
    return SharedGroup(result, lasts=bool(card.live))


def picture_address(settings: Settings, media_id: int | None) -> str:
    """Where Telegram can fetch a picture, if the shop stands on the open net."""
    is_public = media_id is not None and settings.base_url.startswith("https://")
    return f"{settings.base_url}/media/{media_id}" if is_public else ""


async def keep_chosen(shop: "Shop", chosen: InlineChosen) -> None:
    """A card was put into a chat: that of a group is kept current from now on."""
    group, mark, version = chosen.result_id.removeprefix(_MARK).partition("v")
    if not (chosen.inline_message_id and mark and group.isdecimal() and version.isdecimal()):
        return
    async with shop.database.begin() as session:
        person = await person_of(session, chosen.user, default=shop.settings.default_language)
        await _keep(
            session,
            shop,
            inline_message_id=chosen.inline_message_id,
            group_id=int(group),
            version=int(version),
            inviter_id=person.customer_id,
            language=person.language,
        )


async def press_shared(shop: "Shop", pressed: Pressed) -> None:
    """Somebody asks a shared card how the group stands: they are told at once, and the card is kept current.

    So a card stays true also where Telegram does not tell us that it was put into a chat.
    """
    assert shop.telegram is not None
    wish = read_token(shop.vault, pressed.data)
    told = ""
    if isinstance(wish, Wish) and wish.skill == _SKILL:
        async with shop.database.begin() as session:
            group = await group_view(session, group_id=int(wish.args["group"]), now=shop.now(), customer_id=None)
            person = await person_of(session, pressed.user, default=shop.settings.default_language)
            told = stands(_voice(shop, person.customer_id, person.language), group)
            inviter = await session.get(Customer, wish.customer_id)
            await _keep(
                session,
                shop,
                inline_message_id=pressed.inline_message_id,
                group_id=group.group_id,
                version=0,
                inviter_id=wish.customer_id,
                language=inviter.language if inviter else person.language,
            )
    await shop.telegram.answer_press(pressed.query_id, told[:LONGEST_TOAST])


async def edit_shared_cards(shop: "Shop") -> int:
    """Edit the shared cards whose group has changed, each once to how it stands now; returns how many there were.

    Any number of workers may run beside each other.
    """
    if shop.telegram is None:
        return 0
    now = shop.now()
    async with shop.database.begin() as session:
        claimed = await session.scalars(_CLAIM, {"now": now, "until": now + LEASE, "limit": AT_ONCE})
        ids = sorted(claimed)
    for card_id in ids:
        try:
            await _edit(shop, card_id)
        except Exception:
            log.exception("a shared card cannot be edited", card=card_id)
            await _failed(shop, card_id, EDIT_AGAIN)
    return len(ids)


async def _edit(shop: "Shop", card_id: int) -> None:
    assert shop.telegram is not None
    now = shop.now()
    async with shop.database.begin() as session:
        card = await session.get_one(SharedCard, card_id)
        group = await group_view(session, group_id=card.group_id, now=now, customer_id=None)
        voice = _voice(shop, card.inviter_id, card.language)
        shown = await shared_group(voice, session, group, inviter_id=card.inviter_id)
    is_done = not shown.lasts
    try:
        await shop.telegram.edit_shared(card.inline_message_id, shown.result.screen, shown.result.picture)
    except NotSent as error:
        await (_failed if error.is_try else _later)(shop, card_id, error.after)
        return
    except (Gone, Undeliverable):
        is_done = True
    except Rejected as error:
        log.error("Telegram does not take a shared card", card=card_id, said=str(error))
        is_done = True
    async with shop.database.begin() as session:
        card = await session.get_one(SharedCard, card_id)
        card.version, card.failures, card.try_at, card.done_at = group.version, 0, now, now if is_done else None


async def _later(shop: "Shop", card_id: int, pause: timedelta) -> None:
    """It was not its turn to be edited."""
    async with shop.database.begin() as session:
        (await session.get_one(SharedCard, card_id)).try_at = shop.now() + pause


async def _failed(shop: "Shop", card_id: int, pause: timedelta) -> None:
    """An edit went wrong: it is tried again after `pause`, then each time after twice as long, and let go at last."""
    now = shop.now()
    async with shop.database.begin() as session:
        card = await session.get_one(SharedCard, card_id)
        pause *= 2**card.failures
        if pause > LONGEST_PAUSE:
            log.error("a shared card is let go", card=card_id)
            card.done_at = now
        else:
            card.failures, card.try_at = card.failures + 1, now + pause


async def _keep(session: AsyncSession, shop: "Shop", **columns: str | int) -> None:
    """Remember a card, once however often it is told; the version it showed first stays."""
    now = shop.now()
    card = insert(SharedCard).values(**columns, try_at=now, created_at=now)
    await session.execute(card.on_conflict_do_nothing(index_elements=["inline_message_id"]))


def _voice(shop: "Shop", customer_id: int, language: str) -> Voice:
    return Voice(shop, shop.vault, customer_id=customer_id, language=language)


def _bar(group: GroupView) -> str:
    """●●○"""
    paid = min(group.paid, group.size)
    if group.size > _LONGEST_BAR:
        paid = paid * _LONGEST_BAR // group.size
    return "●" * paid + "○" * (min(group.size, _LONGEST_BAR) - paid)
