"""The sentences of the page of a flash sale, both languages side by side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlashWords:
    """All sentences of this page in one language. Blanks are filled by `str.format`, those of `line` by its script."""

    coming: str
    on: str
    over: str
    pieces_left: str
    how: str
    steps: tuple[str, ...]
    remind: str
    in_chat: str
    also: str
    buy_label: str
    remind_label: str
    group_label: str
    line: dict[str, str]


FLASH_WORDS = {
    "en": FlashWords(
        coming="Begins on {time}",
        on="It is on",
        over="This sale is over",
        pieces_left="{left} of {pieces} left",
        how="How it goes",
        steps=(
            "When few come, everybody buys at once. When many come, there is a line.",
            "Whoever is here before it begins has the same chance: their order is drawn then. "
            "Whoever comes later stands behind them, in the order of arrival.",
            "A place never grows. Keep this page open: after a while unseen, the place goes to the next one.",
            "Once it is your turn you have some minutes to order, and then {minutes} minutes to pay.",
        ),
        remind="Remind me before it begins",
        in_chat="Buy in the chat",
        also="Also in this sale",
        buy_label="Flash sale: {title}",
        remind_label="Remind me of the flash sale: {title}",
        group_label="Start a group: {title}",
        line={
            "join": "Get in line",
            "leave": "Leave the line",
            "buy": "Buy now",
            "early": "You are in: {waiting} here so far",
            "early_more": "When it begins, the order is drawn among all who are here. Keep this page open.",
            "waiting": "You are number {place} of {waiting}",
            "waiting_more": "Your place only gets better, and this page follows it. Keep it open.",
            "inside": "It is your turn",
            "inside_more": "Your turn lasts {time}. A press orders one piece to your last address, paid online.",
            "no_line": "Nobody is ahead of you",
            "no_line_more": "A press orders one piece to your last address, paid online.",
            "buying": "One moment …",
            "bought": "It is kept for you",
            "bought_more": "Pay now, or it goes to the next one.",
            "pay": "Pay now",
            "sold_out": "Sold out",
            "sold_out_more": "The last piece is paid. Have a look at what else is on.",
            "over": "This sale is over",
            "over_more": "Have a look at what else is on.",
            "no_address": "Where shall it go?",
            "no_address_more": "Tell the attendant your address in the chat; your place is kept.",
            "limit": "You have yours already",
            "limit_more": "Each customer may have only so many of it. Your order is in the chat.",
            "taken": "Somebody was faster",
            "taken_more": "Everything is taken at the moment. What is not paid in time comes back.",
            "away": "The shop does not answer",
            "away_more": "This page tries again by itself.",
        },
    ),
    "zh": FlashWords(
        coming="{time} 开抢",
        on="正在抢购",
        over="这一场已经结束",
        pieces_left="还剩 {left} 件，共 {pieces} 件",
        how="怎么抢",
        steps=(
            "人少的时候直接买，人多了就排队。",
            "开抢前就在等的人机会均等，开抢那一刻抽签定先后；开抢后来的，按先来后到接着排。",
            "名次只会往前，不会往后。排队时请别关掉本页，太久没动静，名次就让给后面的人了。",
            "轮到您之后有几分钟下单，下单后 {minutes} 分钟内付款。",
        ),
        remind="开抢前提醒我",
        in_chat="去聊天里买",
        also="这一场还有",
        buy_label="抢购：{title}",
        remind_label="开抢前提醒我：{title}",
        group_label="开团：{title}",
        line={
            "join": "排队抢购",
            "leave": "不排了",
            "buy": "立即抢购",
            "early": "已经在等了，眼下共 {waiting} 人",
            "early_more": "开抢时，在场的人一起抽签定先后。请别关掉本页。",
            "waiting": "您排在第 {place} 位，共 {waiting} 人",
            "waiting_more": "名次只会往前，本页会自动更新。请别关掉本页。",
            "inside": "轮到您了",
            "inside_more": "请在 {time} 内下单。点一下就按上次的地址下单 1 件，在线付款。",
            "no_line": "不用排队",
            "no_line_more": "点一下就按上次的地址下单 1 件，在线付款。",
            "buying": "正在下单…",
            "bought": "抢到了，已为您留货",
            "bought_more": "请尽快付款，超时就让给下一位了。",
            "pay": "去付款",
            "sold_out": "已抢光",
            "sold_out_more": "最后一件也付完款了，看看别的活动吧。",
            "over": "这一场已经结束",
            "over_more": "看看别的活动吧。",
            "no_address": "寄到哪里？",
            "no_address_more": "还没有您的收货地址，去聊天里跟店小二说一声，名次给您留着。",
            "limit": "您已经抢到了",
            "limit_more": "每位顾客限购，您的订单在聊天里。",
            "taken": "慢了一步",
            "taken_more": "眼下都被拍下了，没按时付款的会放出来。",
            "away": "店里暂时没有回应",
            "away_more": "本页会自动再试。",
        },
    ),
}
