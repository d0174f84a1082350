"""Group-buys: the campaigns on the left, one of them live on the right."""

from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import group_buy_desk
from admin_api.console.deal_panes import DealPanes, span
from admin_api.console.goods_fields import goods_picture
from admin_api.console.group_cockpit import GroupCockpit, campaign_chip, shelf_of
from admin_api.console.group_dialog import CampaignDialog
from admin_api.console.looks import box, chip, words
from admin_api.console.price_terms import in_language
from admin_api.console.two_panes import Key
from admin_api.console.visit import Visit
from admin_api.group_buy_views import CampaignRow, Cockpit
from admin_api.order_views import Price
from admin_api.roles import StaffMember
from commerce.group_buy.model import CampaignState

SHELVES = {"running": "Running", "draft": "Drafts", "ended": "Over"}


class GroupBuysPage(DealPanes[CampaignRow, Cockpit]):
    """Those that run, drafts, and those that are over."""

    def __init__(self, visit: Visit) -> None:
        t = visit.t
        super().__init__(
            visit,
            "group-buy",
            "g",
            here="group-buys",
            new=t("New group-buy"),
            none=t("No group-buys here"),
            choose=("groups", t("Choose a group-buy"), t("Its groups, clocks and money open here and stay live.")),
            shelves={shelf: t(name) for shelf, name in SHELVES.items()},
        )

    async def read_all(self, session: AsyncSession, staff: StaffMember) -> list[CampaignRow]:
        found = await group_buy_desk.list_campaigns(self.visit.desk, session, staff)
        return [row for row in found.campaigns if shelf_of(row) == self.shelf]

    def key_of(self, row: CampaignRow) -> Key:
        return row.id

    def draw_row(self, row: CampaignRow) -> None:
        t = self.visit.t
        least = Price(amount=min(offer.amount for offer in row.offers), currency=row.currency)
        with box("deal-row"):
            goods_picture(row.picture, "product-pic", 96)
            with box("talk-middle"):
                with box("talk-top"):
                    words(in_language(self.visit, row.name), "talk-name")
                    words(least.shown(t.language), "money talk-time")
                words(row.title, "talk-preview")
                with box("talk-marks"):
                    campaign_chip(self.visit, row)
                    chip(t("groups of {size}", size=row.size), "quiet")
                    if row.state is not CampaignState.ENDED and any(offer.is_dear for offer in row.offers):
                        chip(t("no cheaper than usual"), "bad")
                    if row.open_groups:
                        chip(t("{count} open", count=row.open_groups), "accent")
                    words(span(self.visit, row.starts_at, row.ends_at, days_only=True), "goods-label deal-when")

    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> Cockpit:
        return await group_buy_desk.read_campaign(self.visit.desk, session, staff, campaign_id=int(key))

    def heading(self, found: Cockpit) -> tuple[Key, str]:
        return found.campaign.id, in_language(self.visit, found.campaign.name)

    def draw(self, found: Cockpit) -> None:
        GroupCockpit(self.visit, found, self._after)

    async def make(self) -> None:
        made = await CampaignDialog(self.visit, None).open()
        if made is not None:
            await self._after(made)

    async def _after(self, found: Cockpit) -> None:
        await self.show_shelf(shelf_of(found.campaign))
        self.put(found)
