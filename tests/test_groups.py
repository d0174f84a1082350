"""Buying together: groups that open when their leader pays, fill, fail, are left, and what becomes of their orders."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from commerce.catalog.model import Variant
from commerce.credit.actions import pay_in, store_credit_of
from commerce.group_buy.campaigns import (
    Offer,
    Tier,
    add_campaign,
    edit_campaign,
    end_campaign,
    end_group,
    extend_group,
    start_campaign,
)
from commerce.group_buy.invitations import invitation_token, read_invitation
from commerce.group_buy.model import BelowSize, CampaignState
from commerce.group_buy.nudges import nudge_by_staff, nudge_groups
from commerce.group_buy.queries import campaign_numbers, campaign_view, masked_name, my_groups, open_groups
from commerce.orders.actions import cancel_order, place_order
from commerce.orders.model import PaymentMethod
from commerce.payments.ledger import refund_amount
from commerce.payments.port import SessionState
from commerce.persons.joining import join_customers
from commerce.promotions.rules import Audience
from foundation.database import Database
from foundation.encryption import Vault
from tests.crowd import broken
from tests.goods import Stock, stock_of
from tests.grouping import GROUP_PRICE, HOUR, LEADER_PRICE, MINUTE, PRICE, GroupShop, group_shop, refusal_of


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[GroupShop]:
    async with group_shop(database, now) as shop:
        yield shop


async def test_a_group_opens_with_its_leader_s_money_and_its_last_seat_frees_every_order(shop: GroupShop) -> None:
    leader = await shop.asks()
    group = await shop.group_of(leader)
    assert (leader.total_amount, leader.hold_reason, leader.status) == (LEADER_PRICE, "group_open", "pending")
    stranger = await shop.customer()
    assert await refusal_of(shop.view(group, stranger)) == "group.unknown"
    assert await refusal_of(shop.quoted(stranger, group)) == "group.unknown"
    await shop.pays(leader)
    view = await shop.view(group, leader.customer_id)
    assert (view.state, view.missing, view.left, view.deadline) == ("open", 2, 2, shop.now + 24 * HOUR)
    assert [(one.name, one.is_leader, one.is_me) for one in view.members] == [("张*", True, True)]
    assert await shop.told(leader) == ["group_opened", "payment_received"]
    second = await shop.joins(group, customer=stranger)
    assert second.total_amount == GROUP_PRICE
    assert (await shop.settles(), (await shop.order(second)).hold_reason) == (0, "group_open")
    third = await shop.joins(group)
    assert (await shop.view(group, None)).state == "succeeded"
    assert await shop.settles() == 3
    assert await shop.settles() == 0
    for order in (leader, second, third):
        mine = await shop.order(order)
        assert (mine.status, mine.hold_reason) == ("placed", None)
        assert (await shop.told(order))[-1] == "group_succeeded"
    assert await refusal_of(shop.quoted(await shop.customer(), group)) == "group.over"
    await shop.sweeps()
    assert (await shop.row(group)).done_at is not None
    assert await broken(shop.database) == []
    assert await stock_of(shop.database, shop.tea) == Stock(1000, 3)


async def test_below_its_size_at_the_deadline_everybody_gets_their_money_once_and_is_told_once(shop: GroupShop) -> None:
    group, leader = await shop.begun()
    second = await shop.joins(group)
    shop.later(24 * HOUR - MINUTE)
    assert await shop.sweeps() == 0
    assert await refusal_of(shop.quoted(await shop.customer(), group)) == "group.over"  # no time left to pay in
    shop.later(MINUTE)
    assert [await shop.sweeps(), await shop.sweeps()] == [1, 0]
    assert (await shop.view(group, None)).state == "failed"
    for order, amount in ((leader, LEADER_PRICE), (second, GROUP_PRICE)):
        ((key, back),) = await shop.refunds(order)
        assert (key.startswith(f"refund:group_failed:{(await shop.member(order)).id}"), back) == (True, amount)
        assert ((await shop.order(order)).status, (await shop.told(order)).count("group_failed")) == ("cancelled", 1)
    assert await stock_of(shop.database, shop.tea) == Stock(1000, 0)
    assert await broken(shop.database) == []


async def test_a_campaign_that_keeps_its_price_lets_a_small_group_succeed_and_says_how_small(shop: GroupShop) -> None:
    await shop.runs(below_size=BelowSize.KEEP)
    group, leader = await shop.begun()
    shop.later(24 * HOUR)
    await shop.sweeps()
    view = await shop.view(group, None)
    assert (view.state, view.reached, view.size) == ("succeeded", 1, 3)
    assert ((await shop.order(leader)).hold_reason, await shop.refunds(leader)) == (None, [])
    assert await broken(shop.database) == []


async def test_the_tier_that_was_reached_is_every_member_s_price_and_the_difference_goes_back(shop: GroupShop) -> None:
    tiers = (Tier(3, 4500), Tier(4, 4000))
    await shop.runs(size=2, max_pieces=2, offers=(Offer(shop.tea, GROUP_PRICE, 4200, tiers),))
    group, leader = await shop.begun()
    two = await shop.joins(group, pieces=2)
    assert ((await shop.view(group, None)).state, await shop.settles()) == ("succeeded", 0)
    assert (await shop.order(two)).hold_reason == "group_open"  # its price is not known before the end
    third = await shop.joins(group)
    shop.later(24 * HOUR)
    await shop.sweeps()
    view = await shop.view(group, None)
    assert (view.state, view.reached) == ("settled", 3)
    assert await shop.refunds(leader) == []  # paid less already, for having started it
    ((key, back),) = await shop.refunds(third)
    assert (key.startswith(f"refund:group_tier:{(await shop.member(third)).id}"), back) == (True, GROUP_PRICE - 4500)
    mine = await shop.order(two)
    assert (mine.total_amount, mine.discount_amount, mine.hold_reason) == (9000, 800, None)
    assert await broken(shop.database) == []
    full, _ = await shop.begun()
    for _ in range(3):
        await shop.joins(full)
    assert ((await shop.view(full, None)).state, await shop.settles()) == ("settled", 4)  # as large as it gets
    assert await broken(shop.database) == []


async def test_a_complete_group_stays_complete_and_what_the_staff_gave_back_is_not_given_twice(shop: GroupShop) -> None:
    await shop.runs(size=2, offers=(Offer(shop.tea, GROUP_PRICE, LEADER_PRICE, (Tier(4, 3500),)),))
    group, leader = await shop.begun()
    lost = await shop.joins(group)
    async with shop.database.begin() as session:
        await cancel_order(session, order_id=lost.id, by="staff", reason="asked", now=shop.now)
    full, _ = await shop.begun()
    spoilt, *_ = [await shop.joins(full) for _ in range(3)]
    async with shop.database.begin() as session:
        gift = {"amount": GROUP_PRICE - 1000, "reason": "goodwill", "key": "gift", "now": shop.now}
        await refund_amount(session, order_id=spoilt.id, **gift)  # type: ignore[arg-type]
    shop.later(24 * HOUR)
    await shop.sweeps()
    assert [((row := await shop.row(one)).state, row.reached) for one in (group, full)] == [
        ("settled", 2), ("settled", 4)
    ]  # fmt: skip
    assert ((await shop.order(leader)).hold_reason, await shop.refunds(leader)) == (None, [])
    assert ((await shop.order(spoilt)).total_amount, (await shop.refunds(spoilt))[-1][1]) == (3500, 1000)
    assert await broken(shop.database) == []


async def test_an_unpaid_seat_comes_free_and_an_unpaid_leader_s_group_is_no_more(shop: GroupShop) -> None:
    never = await shop.asks()
    group, _ = await shop.begun()
    late = await shop.asks(group)
    await shop.opens(late)
    assert (await shop.view(group, None)).left == 1
    shop.later(10 * MINUTE)
    await shop.sweeps()
    assert (await shop.view(await shop.group_of(never), None)).state == "cancelled"
    assert (await shop.view(group, None)).left == 1  # the bank has not closed it yet
    async with shop.database.begin() as session:
        await cancel_order(session, order_id=late.id, by="staff", reason="asked", now=shop.now)
    assert ((await shop.member(late)).state, (await shop.member(never)).state) == ("left", "expired")
    # who comes back with the money later gets it back, for the seat was given up; nobody is put anywhere else
    await shop.pays(late)
    assert [amount for _, amount in await shop.refunds(late)] == [GROUP_PRICE]
    assert await broken(shop.database) == []


async def test_a_late_payer_gets_their_seat_again_only_while_there_is_one(shop: GroupShop) -> None:
    group, _ = await shop.begun()
    early, late = await shop.asks(group), await shop.asks(group)
    shop.later(10 * MINUTE)
    await shop.sweeps()
    assert ((await shop.order(late)).status, (await shop.view(group, None)).left) == ("expired", 2)
    await shop.pays(early)
    assert ((await shop.order(early)).status, (await shop.member(early)).state) == ("placed", "paid")
    await shop.joins(group)
    await shop.pays(late)
    assert ((await shop.order(late)).status, (await shop.member(late)).state) == ("expired", "expired")
    assert (await shop.told(late))[-1] == "group_seat_lost"
    assert [amount for _, amount in await shop.refunds(late)] == [GROUP_PRICE]
    await shop.settles()
    assert await broken(shop.database) == []


async def test_a_seat_that_was_held_in_time_is_paid_before_the_group_ends_or_not_at_all(shop: GroupShop) -> None:
    group, _ = await shop.begun()
    shop.later(24 * HOUR - 11 * MINUTE)
    customers = [await shop.customer() for _ in range(2)]
    offers = [await shop.quoted(customer, group) for customer in customers]
    for offer in offers:
        await shop.hold(offer)
    shop.later(8 * MINUTE)
    order = await shop.place(customers[0], offers[0])
    assert order.hold_until == (await shop.row(group)).deadline == shop.now + 3 * MINUTE
    shop.later(3 * MINUTE)
    assert await refusal_of(shop.place(customers[1], offers[1])) == "group.over"


async def test_who_leaves_an_open_group_gets_their_money_and_the_first_who_paid_leads_it(shop: GroupShop) -> None:
    group, leader = await shop.begun()
    heir = await shop.joins(group)
    await shop.leaves(leader)
    assert [amount for _, amount in await shop.refunds(leader)] == [LEADER_PRICE]
    view = await shop.view(group, heir.customer_id)
    assert (view.state, view.left, view.members[0].is_leader) == ("open", 2, True)
    assert (await shop.told(heir))[-1] == "group_leader"
    assert await broken(shop.database) == []
    await shop.opens(doubts := await shop.asks(group, customer=leader.customer_id))
    await shop.leaves(doubts)  # and comes back before the bank has closed that
    again = await shop.joins(group, customer=leader.customer_id)
    assert (again.total_amount, (await shop.view(group)).left) == (GROUP_PRICE, 0)
    await shop.pays(doubts, SessionState.CLOSED)
    last = await shop.joins(group)
    assert await refusal_of(shop.leaves(last)) == "group.complete"
    await shop.settles()
    async with shop.database.begin() as session:  # from now on as any other order
        await cancel_order(session, order_id=last.id, by="shopper", reason="", now=shop.now)
    assert ((await shop.member(last)).state, (await shop.view(group, None)).state) == ("left", "succeeded")
    assert await broken(shop.database) == []
    alone, only = await shop.begun()
    await shop.leaves(only)
    assert (await shop.view(alone, None)).state == "cancelled"


async def test_nobody_is_in_a_group_twice_or_in_more_than_the_limit_or_takes_too_much(shop: GroupShop) -> None:
    await shop.runs(max_per_customer=2, quota=3, max_pieces=2)
    group, leader = await shop.begun()
    me = leader.customer_id
    assert await refusal_of(shop.quoted(me, group)) == "group.already_in"
    assert await refusal_of(shop.quoted(me, pieces=3)) == "group.pieces"
    await shop.asks(customer=me, pieces=2)
    assert await refusal_of(shop.quoted(me)) == "group.limit"
    assert await refusal_of(shop.asks(group)) == "allotment.full"  # the quota of the campaign
    async with shop.database.begin() as session:
        view = await campaign_view(session, campaign_id=shop.campaign, now=shop.now)
        numbers = await campaign_numbers(session, campaign_id=shop.campaign)
    assert (view.quota, view.left, view.open_groups) == (3, 0, 1)
    assert (numbers.members, numbers.waiting, numbers.pieces, numbers.sold) == (1, 1, 1, 0)
    assert (view.offers[0].alone, view.offers[0].offer.amount) == (PRICE, GROUP_PRICE)


async def test_an_offer_for_new_customers_is_theirs_only_while_they_are_new(shop: GroupShop) -> None:
    first = await shop.runs()
    await shop.runs(audience=Audience.NEW)
    new_ones = shop.campaign
    order = await shop.asks()
    shop.later(HOUR)
    await shop.sweeps()  # what came to nothing leaves them new
    order = await shop.asks(customer=order.customer_id)
    shop.campaign = first
    await shop.joins(customer=order.customer_id)  # and not when they pay
    await shop.pays(order)
    assert [(await shop.order(order)).status, await shop.refunds(order) != []] == ["expired", True]
    shop.campaign = new_ones
    assert await refusal_of(shop.quoted(order.customer_id)) == "group.not_for_you"
    assert await broken(shop.database) == []


async def test_a_deal_is_paid_at_once_and_only_its_own_price_counts(shop: GroupShop) -> None:
    customer = await shop.customer()
    offer = await shop.quoted(customer)
    assert [(step.rule, step.amount) for step in offer.priced.trace if step.applied] == [
        ("group_price", PRICE - LEADER_PRICE)
    ]
    await shop.hold(offer)
    async with shop.database.begin() as session:
        placed = place_order(
            session,
            customer_id=customer,
            cart_id=offer.cart_id,
            cart_version=offer.cart_version,
            priced=offer.priced,
            address_id=shop.addresses[customer],
            payment_method=PaymentMethod.COD,
            hold_key=offer.hold_key,
            language="zh",
            now=shop.now,
        )
        assert await refusal_of(placed) == "deal.pay_online"


async def test_the_merchant_extends_ends_and_changes_only_what_nobody_was_promised(shop: GroupShop) -> None:
    group, leader = await shop.begun()
    async with shop.database.begin() as session:
        longer = await extend_group(session, group_id=group, minutes=60, now=shop.now)
        assert longer.deadline == shop.now + 25 * HOUR
    other, _ = await shop.begun()
    async with shop.database.begin() as session:
        await end_group(session, group_id=other, now=shop.now)
    async with shop.database.begin() as session:
        written = await add_campaign(session, draft=shop.draft(), now=shop.now)
        (await session.get_one(Variant, shop.tea)).price_amount = GROUP_PRICE
        started = start_campaign(session, campaign_id=written.id, version=1, now=shop.now)
        assert await refusal_of(started) == "campaign.invalid"  # it has become as cheap by itself
        (await session.get_one(Variant, shop.tea)).price_amount = PRICE
    draft = shop.draft(size=4)
    async with shop.database.begin() as session:
        edit = {"campaign_id": shop.campaign, "version": 2, "now": shop.now}
        assert await refusal_of(edit_campaign(session, draft=draft, **edit)) == "campaign.running"  # type: ignore[arg-type]
        renamed = await edit_campaign(session, draft=shop.draft(name={"zh": "一起喝茶"}), **edit)  # type: ignore[arg-type]
        assert renamed.name == {"zh": "一起喝茶"}
        ended, groups = await end_campaign(session, campaign_id=shop.campaign, version=3, refund=True, now=shop.now)
        assert (ended.state, groups) == (CampaignState.ENDED, 1)
    assert await shop.settles() == 2
    assert (await shop.told(leader))[-1] == "group_cancelled"
    assert await refusal_of(shop.quoted(await shop.customer())) == "group.ended"
    assert await broken(shop.database) == []


async def test_members_are_nudged_at_each_moment_once_and_a_few_times_a_day(shop: GroupShop) -> None:
    group, leader = await shop.begun()
    await shop.joins(group)

    async def nudged() -> int:
        async with shop.database.begin() as session:
            return await nudge_groups(session, now=shop.now)

    assert [await nudged(), await nudged()] == [1, 0]  # one missing
    shop.later(12 * HOUR)
    assert [await nudged(), await nudged()] == [1, 0]
    shop.later(10 * HOUR)
    assert await nudged() == 1
    shop.later(timedelta(hours=1, minutes=45))
    assert await nudged() == 1  # 15 minutes before the end: they have heard three today
    assert (await shop.told(leader)).count("group_nudge") == 3
    async with shop.database.begin() as session:
        assert await nudge_by_staff(session, group_id=group, now=shop.now) == 0
        assert await refusal_of(nudge_by_staff(session, group_id=group, now=shop.now)) == "group.nudged"


async def test_strangers_see_the_groups_they_can_join_and_members_their_own(shop: GroupShop) -> None:
    far, _ = await shop.begun()
    near, leader = await shop.begun()
    await shop.joins(near)
    await shop.runs(strangers=False)
    hidden, _ = await shop.begun()
    async with shop.database.begin() as session:
        found = await open_groups(session, now=shop.now, customer_id=await shop.customer())
        assert [view.group_id for view in found] == [near, far]
        assert [one.group_id for one in await my_groups(session, now=shop.now, customer_id=leader.customer_id)] == [
            near
        ]
        assert hidden not in {view.group_id for view in found}


async def test_store_credit_pays_a_seat_at_once_and_gets_it_back(shop: GroupShop) -> None:
    customer = await shop.customer()
    async with shop.database.begin() as session:
        purse = await store_credit_of(session, customer, "CNY", now=shop.now)
        await pay_in(session, account_id=purse.id, amount=10000, reason="gift", reference="gift:1", now=shop.now)
    order = await shop.asks(customer=customer)
    group = await shop.group_of(order)
    assert ((await shop.order(order)).status, (await shop.view(group, None)).state) == ("placed", "open")
    shop.later(24 * HOUR)
    await shop.sweeps()
    async with shop.database.begin() as session:
        assert (await store_credit_of(session, customer, "CNY", now=shop.now)).balance == 10000
    assert await broken(shop.database) == []


async def test_a_person_who_was_in_a_group_with_two_accounts_keeps_both_seats_and_starts_no_more(
    shop: GroupShop,
) -> None:
    group, leader = await shop.begun()
    second = await shop.joins(group)
    one, other = leader.customer_id, second.customer_id
    async with shop.database.begin() as session:
        await join_customers(session, one_id=one, other_id=other, now=shop.now)
    assert await refusal_of(shop.quoted(one)) == "group.limit"
    assert await broken(shop.database) == []
    await shop.joins(group)
    assert await shop.settles() == 3
    assert await broken(shop.database) == []


def test_an_invitation_is_opaque_and_cannot_be_made_up() -> None:
    vault = Vault.fresh()
    token = invitation_token(vault, group_id=7, inviter_id=12)
    invitation = read_invitation(vault, token)
    assert (len(token), invitation and (invitation.group_id, invitation.inviter_id)) == (38, (7, 12))
    assert token[16:] != invitation_token(vault, group_id=7, inviter_id=13)[16:]
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    assert [read_invitation(vault, bad) for bad in (changed, token[:-2], "", "ä" * 38, "x" * 38)] == [None] * 5
    assert read_invitation(Vault.fresh(), token) is None
    assert [masked_name(name) for name in ("小明", "Lena", " ", "")] == ["小*", "L***", "", ""]
