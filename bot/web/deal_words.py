"""The sentences of the pages of groups, campaigns and flash sales, both languages side by side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DealWords:
    """All sentences of these pages in one language. Blanks are filled by `str.format`."""

    deals: str
    deals_about: str
    group_of: str
    alone: str
    missing_one: str
    missing: str
    missing_text: str
    full: str
    full_text: str
    closing: str
    closing_text: str
    grown: str
    grown_text: str
    succeeded: str
    succeeded_text: str
    kept_text: str
    failed: str
    failed_text: str
    cancelled: str
    cancelled_text: str
    ends_in: str
    begins_in: str
    days: str
    leader: str
    member: str
    paying: str
    free: str
    more: str
    join: str
    join_any: str
    start: str
    see: str
    look: str
    members: str
    how: str
    how_seat: str
    how_full: str
    how_refund: str
    how_keep: str
    how_tiers: str
    how_most: str
    tier: str
    offers: str
    others: str
    others_deals: str
    other_line: str
    invite: str
    invite_text: str
    copy: str
    copied: str
    save_card: str
    qr: str
    link: str
    card_open: str
    card_ends: str
    card_over: str
    card_scan: str
    card_scan_over: str
    gone_title: str
    gone_text: str
    join_label: str
    flash: str
    flash_one: str
    flash_left: str
    flash_held: str
    flash_gone: str
    flash_pieces: str
    flash_most: str
    flash_early: str
    flash_line: str
    campaigns: str
    group_tag: str
    flash_tag: str
    groups_open: str
    one_group_open: str
    pieces_left: str
    nothing: str
    nothing_text: str


DEAL_WORDS = {
    "en": DealWords(
        deals="Deals",
        deals_about="What is cheaper together, and flash sales with the time they have left.",
        group_of="Group of {size}",
        alone="alone {price}",
        missing_one="One more and it is on",
        missing="{missing} more to go",
        missing_text="{paid} of {size} have paid. This page updates by itself.",
        full="Every seat is taken for the moment",
        full_text="Somebody is still paying. If they do not, their seat comes free here by itself.",
        closing="It takes nobody in any more",
        closing_text="Paying takes time, so the last {minutes} minutes are for those who have a seat already.",
        grown="It is on, and more may join",
        grown_text="{paid} have paid. At {size} everybody gets the difference to {price} back.",
        succeeded="The group is complete",
        succeeded_text="{paid} bought together. Their orders are on their way to the packing table.",
        kept_text="It stayed below its size, and the shop keeps the price all the same: {paid} bought together.",
        failed="It was not enough this time",
        failed_text="The time is up. Everybody who paid gets all of it back, the way it was paid.",
        cancelled="This group was called off",
        cancelled_text="Everybody who paid gets all of it back, the way it was paid.",
        ends_in="Time left",
        begins_in="Begins in",
        days="{days} d",
        leader="started it",
        member="is in",
        paying="paying",
        free="free",
        more="{count} more",
        join="Join for {price}",
        join_any="Join this group",
        start="Start a group of your own",
        look="Look at this group",
        see="Ask about it in the chat",
        members="Who is in",
        how="How it goes",
        how_seat="Press the button and tell the attendant where to send it. "
        "Your seat is kept for {minutes} minutes while you pay.",
        how_full="It is complete when {size} have paid, and is sent out then.",
        how_refund="If it is not complete in time, everybody gets all of their money back without asking for it.",
        how_keep="If it is not complete in time, the shop keeps the price all the same and sends it.",
        how_tiers="The more, the cheaper: {tiers}. What you paid above it comes back when the time is up.",
        how_most="Up to {most} pieces each.",
        tier="{size} people {price}",
        offers="To choose from",
        others="Other groups that are nearly complete",
        others_deals="Nearly complete: join one",
        other_line="{missing} missing",
        invite="Bring somebody along",
        invite_text="Send this link, or let them scan the code.",
        copy="Copy the link",
        copied="Copied",
        save_card="Save the invitation card",
        qr="QR code of this group's page",
        link="Link to this group",
        card_open="Group of {size}: {missing} more to go",
        card_ends="Until {time}",
        card_over="Group of {size}: it is over",
        card_scan="Scan to join, pay, and it is yours at this price",
        card_scan_over="Scan to see what else is on",
        gone_title="There is no such group",
        gone_text="The link may have been cut off on its way, or whoever starts the group has not paid yet. "
        "Ask for it again, or see what is on.",
        join_label="Join the group: {title}",
        flash="Flash sales",
        flash_one="Flash sale",
        flash_left="{left} of {pieces} left",
        flash_held="None left, {held} in somebody's checkout",
        flash_gone="Sold out",
        flash_pieces="{pieces} pieces",
        flash_most="up to {most} each",
        flash_early="Ask to be reminded",
        flash_line="Get yours",
        campaigns="Cheaper together",
        group_tag="{price} for {size} people",
        flash_tag="{price} until {time}",
        groups_open="{count} groups to join",
        one_group_open="1 group to join",
        pieces_left="{left} left",
        nothing="Nothing is on at the moment",
        nothing_text="Have a look at everything we have.",
    ),
    "zh": DealWords(
        deals="拼团秒杀",
        deals_about="一起买更便宜的拼团，限时限量的抢购，还剩多久一目了然。",
        group_of="{size} 人团",
        alone="单买 {price}",
        missing_one="还差 1 人就成团",
        missing="还差 {missing} 人成团",
        missing_text="{size} 人团，已有 {paid} 人付款。有新进展，本页会自动更新。",
        full="名额暂时占满了",
        full_text="有人正在付款。要是没付成，名额会放出来，本页自动更新。",
        closing="快截止了，不再加人",
        closing_text="付款要留点时间，所以最后 {minutes} 分钟只等已占名额的人付款。",
        grown="已成团，还能再加人",
        grown_text="已有 {paid} 人付款。满 {size} 人时，每人都按 {price} 算，差价退回。",
        succeeded="拼成了！",
        succeeded_text="{paid} 人一起拼到了团购价，店里正在安排发货。",
        kept_text="人数没满，店家照样按拼团价给，{paid} 人一起拼到了。",
        failed="这次没拼成",
        failed_text="时间到了，人没凑齐。已付的钱全额原路退回，不用申请。",
        cancelled="这个团取消了",
        cancelled_text="已付的钱全额原路退回，不用申请。",
        ends_in="距结束还有",
        begins_in="距开始还有",
        days="{days} 天",
        leader="团长",
        member="已参团",
        paying="付款中",
        free="等你来",
        more="还有 {count} 人",
        join="{price} 去参团",
        join_any="去参团",
        start="自己开一个团",
        look="看看这个团",
        see="找店小二聊聊这款",
        members="参团的人",
        how="怎么拼",
        how_seat="点“去参团”，跟店小二说一下收货地址。名额给您留 {minutes} 分钟，付完款就算参团。",
        how_full="凑齐 {size} 人付款就成团，成团后发货。",
        how_refund="到时间没凑齐，已付的钱全额原路退回，不用申请。",
        how_keep="到时间没凑齐，店家也按拼团价发货。",
        how_tiers="人越多越便宜：{tiers}。团结束后，多付的差价原路退回。",
        how_most="每人最多买 {most} 件。",
        tier="{size} 人 {price}",
        offers="可选规格",
        others="这些团也快成了，可以直接参加",
        others_deals="快成的团，直接参加",
        other_line="还差 {missing} 人",
        invite="喊朋友一起拼",
        invite_text="把链接发给朋友，或者让他们扫码。",
        copy="复制链接",
        copied="已复制",
        save_card="保存邀请卡",
        qr="本团页面的二维码",
        link="本团链接",
        card_open="{size} 人团，还差 {missing} 人",
        card_ends="{time} 截止",
        card_over="{size} 人团，已结束",
        card_scan="扫码参团，一起拿这个价",
        card_scan_over="扫码看看还有什么活动",
        gone_title="没找到这个团",
        gone_text="可能链接没复制全，也可能开团的人还没付款。让朋友重新发一次，或者看看还有什么活动。",
        join_label="参团：{title}",
        flash="限时抢购",
        flash_one="限时抢购",
        flash_left="还剩 {left} 件，共 {pieces} 件",
        flash_held="已抢光，{held} 件待付款",
        flash_gone="已抢光",
        flash_pieces="限量 {pieces} 件",
        flash_most="每人限购 {most} 件",
        flash_early="让店小二提醒我",
        flash_line="去抢购",
        campaigns="拼团",
        group_tag="拼团价 {price}（{size} 人）",
        flash_tag="抢购价 {price}，{time} 结束",
        groups_open="{count} 个团可参加",
        one_group_open="1 个团可参加",
        pieces_left="还剩 {left} 件",
        nothing="眼下没有活动",
        nothing_text="先看看店里都有什么吧。",
    ),
}
