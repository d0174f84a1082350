"""Everybody at once on one person: joins from all sides, guesses, requests for codes; and twins without the lock."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import func, select, text

from bot.person_jobs import join_persons
from commerce.carts.model import Cart, CartLine
from commerce.customers.linking import MOST_CODES, ask_code, prove
from commerce.customers.model import ChannelIdentity, Customer, CustomerEvent, EmailCode
from commerce.points.actions import adjust_points, points_of
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import a_product
from tests.test_persons import a_talk, broken, newest_code, somebody

if TYPE_CHECKING:
    from bot.shop import Shop

PEOPLE, TRIES = 4, 24
PIECES, POINTS = 3, 10


@pytest.fixture
async def crowd(database: Database) -> AsyncIterator[Database]:
    """The same database for all of them at once."""
    crowd = Database(database.url, database.vault, pool_size=TRIES)
    yield crowd
    await crowd.close()


async def people_with_carts(database: Database, now: datetime) -> list[int]:
    """Customers who have the same thing in their carts, some points and a conversation each."""
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=0)
        people = [await somebody(session, f"chat-{n}", now) for n in range(PEOPLE)]
        for n, who in enumerate(people):
            cart = Cart(customer_id=who, version=1)
            session.add(cart)
            await session.flush()
            session.add(CartLine(cart_id=cart.id, variant_id=tea, quantity=PIECES))
            await adjust_points(session, customer_id=who, points=POINTS, reason="gift", reference=f"p{who}", now=now)
            await a_talk(session, who, f"chat-{n}", now)
    return people


async def test_joins_from_all_sides_at_once_make_one_person_and_count_everything_once(
    crowd: Database, now: datetime
) -> None:
    people = await people_with_carts(crowd, now)
    shop = cast("Shop", SimpleNamespace(database=crowd, now=lambda: now))
    pairs = [(one, other) for one in people for other in people if one != other]
    await asyncio.gather(*(join_persons(shop, *pairs[place % len(pairs)]) for place in range(TRIES)))
    async with crowd.begin() as session:
        merged = dict((await session.execute(select(Customer.id, Customer.merged_into))).all())
        assert merged == {people[0]: None, **dict.fromkeys(people[1:], people[0])}
        lines = (await session.execute(select(CartLine.quantity, Cart.customer_id).join(Cart))).all()
        assert lines == [(PEOPLE * PIECES, people[0])]
        assert (await points_of(session, people[0])).available == PEOPLE * POINTS
        owners = await session.scalars(select(ChannelIdentity.customer_id))
        talks = await session.scalars(text("SELECT customer_id FROM conversation"))
        assert set(owners) == set(talks) == {people[0]}
        joins = select(func.count()).where(CustomerEvent.kind == "joined")
        assert await session.scalar(joins) == PEOPLE - 1
        assert await broken(session) == {}


async def test_the_twin_that_joins_without_the_lock_counts_pieces_twice(crowd: Database, now: datetime) -> None:
    one, other, *_ = await people_with_carts(crowd, now)
    both_looked = asyncio.Barrier(2)

    async def join() -> None:
        async with crowd.begin() as session:
            merged = await session.scalar(select(Customer.merged_into).where(Customer.id == other))
            pieces = select(CartLine.quantity).join(Cart).where(Cart.customer_id == other)
            more = await session.scalar(pieces)
            await both_looked.wait()
            if merged is None:
                theirs = "cart_id IN (SELECT id FROM cart WHERE customer_id = :one)"
                await session.execute(
                    text(f"UPDATE cart_line SET quantity = quantity + :more WHERE {theirs}"), {"more": more, "one": one}
                )
                merge = text("UPDATE customer SET merged_into = :one, merged_at = :now WHERE id = :other")
                await session.execute(merge, {"one": one, "other": other, "now": now})

    await asyncio.gather(join(), join())
    async with crowd.begin() as session:
        pieces = await session.scalar(select(CartLine.quantity).join(Cart).where(Cart.customer_id == one))
    assert pieces == 3 * PIECES, "two joins counted the same pieces"


async def test_of_many_guesses_at_once_five_are_looked_at(crowd: Database, now: datetime) -> None:
    async with crowd.begin() as session:
        who = await somebody(session, "a", now)
        await ask_code(session, customer_id=who, email="ann@example.com", language="en", now=now)
        right = await newest_code(session, who, now)
    wrong = f"{(int(right) + 1) % 10**6:06}"

    async def guess() -> str:
        async with crowd.begin() as session:
            answer = await prove(session, customer_id=who, said=wrong, now=now)
        assert isinstance(answer, Refused)
        return answer.code

    answers = Counter(await asyncio.gather(*(guess() for _ in range(TRIES))))
    assert answers == {"link.code_wrong": 4, "link.code_over": TRIES - 4}
    async with crowd.begin() as session:
        assert await session.scalar(select(EmailCode.wrong)) == 5
        assert isinstance(await prove(session, customer_id=who, said=right, now=now), Refused)


async def test_of_many_requests_at_once_three_codes_are_made(crowd: Database, now: datetime) -> None:
    async with crowd.begin() as session:
        people = [await somebody(session, f"p{n}", now) for n in range(TRIES)]

    async def ask(who: int) -> bool:
        try:
            async with crowd.begin() as session:
                await ask_code(session, customer_id=who, email="ann@example.com", language="en", now=now)
        except Refused:
            return False
        return True

    assert sum(await asyncio.gather(*map(ask, people))) == MOST_CODES
