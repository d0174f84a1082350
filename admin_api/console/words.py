"""The console's words: English stands in the pages, Chinese here."""

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_datetime

from admin_api.console.customer_words import CUSTOMERS_EN, CUSTOMERS_REFUSALS_ZH, CUSTOMERS_ZH
from admin_api.console.deal_words import DEAL_REFUSALS_ZH, DEALS_EN, DEALS_ZH
from admin_api.console.goods_words import GOODS_EN, GOODS_REFUSALS_EN, GOODS_REFUSALS_ZH, GOODS_ZH
from admin_api.console.order_words import ORDER_EN, ORDER_REFUSALS_ZH, ORDER_ZH, ORDERS_HAPPENED_ZH
from admin_api.console.parcel_words import PARCEL_REFUSALS_ZH, PARCELS_EN, PARCELS_HAPPENED_ZH, PARCELS_ZH
from admin_api.console.payment_words import PAYMENT_EN, PAYMENT_REFUSALS_ZH, PAYMENT_ZH
from admin_api.console.promotion_words import PROMOTION_REFUSALS_ZH, PROMOTIONS_EN, PROMOTIONS_ZH
from admin_api.console.return_words import RETURN_REFUSALS_ZH, RETURNS_EN, RETURNS_ZH
from admin_api.console.stock_words import STOCK_EN, STOCK_REFUSALS_ZH, STOCK_ZH
from admin_api.console.store_words import STORE_EN, STORE_REFUSALS_ZH, STORE_ZH
from admin_api.console.telegram_words import TELEGRAM_EN, TELEGRAM_REFUSALS_ZH, TELEGRAM_ZH
from admin_api.console.tender_words import TENDER_EN, TENDER_REFUSALS_ZH, TENDER_ZH
from admin_api.console.wish_words import WISH_EN, WISH_ZH
from admin_api.errors import SENTENCES, listed
from foundation.errors import Json

LANGUAGES = {"zh": "中文", "en": "English"}

ZH = {
    "Xiaoer": "店小二",
    "Staff console": "员工工作台",
    "Sign in": "登录",
    "Sign out": "退出登录",
    "Name": "用户名",
    "Password": "密码",
    "Inbox": "会话",
    "Orders": "订单",
    "Light or dark": "浅色 / 深色",
    "Language": "语言",
    "Mine": "我的",
    "Unassigned": "待接入",
    "Bot": "机器人",
    "Others": "同事",
    "Closed": "已结束",
    "All": "全部",
    "Shopper {id}": "顾客 {id}",
    "Nothing here": "这里还没有会话",
    "New conversations appear here by themselves.": "有新会话时会自动出现。",
    "Choose a conversation": "选择一个会话",
    "The thread, the shopper's orders and their cart open beside the list.": "聊天记录、订单和购物车都在这里。",
    "live": "实时",
    "{seconds} s behind": "延迟 {seconds} 秒",
    "offline": "已断线",
    "yesterday": "昨天",
    "bot": "机器人",
    "waiting": "等待人工",
    "me": "我",
    "closed": "已结束",
    "web": "网页",
    "terminal": "终端",
    "telegram": "Telegram",
    "in a group": "群聊",
    "cannot be reached": "联系不上（已停用或屏蔽机器人）",
    "zh": "中文",
    "en": "英文",
    "The bot is handling this.": "机器人正在接待。",
    "The shopper is waiting for a person.": "顾客正在等待人工客服。",
    "{name} is handling this.": "{name} 正在接待。",
    "This conversation is closed. The shopper's next message opens it again.": "会话已结束，顾客再来消息会重新打开。",
    "This conversation is not yours to see any more.": "这个会话已由其他同事接待。",
    "Take over": "接入",
    "Give back": "转出",
    "Close": "结束会话",
    "To the bot": "交还机器人",
    "To the queue": "放回待接入",
    "Give the conversation back": "转出会话",
    "A note for the bot or the next person": "给机器人或下一位同事的备注",
    "What was promised, what is still to do": "例如：已答应包邮，等顾客确认颜色",
    "Close this conversation?": "结束这个会话？",
    "The shopper can write again at any time.": "顾客随时可以再发消息。",
    "Cancel": "取消",
    "Reply": "回复",
    "Note": "内部备注",
    "Send": "发送",
    "Save": "保存",
    "Write to the shopper": "输入回复",
    "Enter sends, Shift+Enter begins a new line": "Enter 发送，Shift+Enter 换行",
    "Only your colleagues see this.": "仅同事可见，顾客看不到",
    "Answering takes the conversation over.": "直接回复即可接入会话。",
    "Earlier messages": "更早的消息",
    "Draft of the bot, not sent": "机器人的草稿（未发送）",
    "Send this": "发送这条",
    "Shop": "店铺通知",
    "sending": "发送中",
    "sent": "已发送",
    "delivered": "已送达",
    "read": "已读",
    "failed": "发送失败",
    "may have arrived": "可能已送达",
    "pressed": "点击",
    "photo": "图片",
    "file": "文件",
    "sticker": "贴纸",
    "voice": "语音",
    "location": "位置",
    "contact": "联系人",
    "{name} took the conversation over": "{name} 接入了会话",
    "{name} gave the conversation back to the bot": "{name} 把会话交还给机器人",
    "{name} put the conversation back into the queue": "{name} 把会话放回待接入",
    "{name} closed the conversation": "{name} 结束了会话",
    "The shopper asked for a person": "顾客要求转人工",
    "The bot asked for a person": "机器人转人工",
    "The bot goes on": "机器人继续接待",
    "The shopper wrote again": "顾客再次发来消息",
    "The conversation is waiting again": "会话重新进入等待",
    "Why a person": "转人工原因",
    "Note for the bot": "给机器人的备注",
    "In the middle of": "正在办",
    "Last search": "最近搜索",
    "Pieces in the cart": "购物车件数",
    "Last order": "最近订单",
    "the shopper asked": "顾客要求",
    "the bot could not answer": "机器人无法完成",
    "the bot did not understand": "机器人没听懂",
    "Show orders and cart": "查看订单和购物车",
    "Back": "返回",
    "Cart": "购物车",
    "The cart is empty.": "购物车是空的。",
    "No orders yet.": "还没有订单。",
    "Total": "合计",
    "Cancel order": "取消订单",
    "Mark shipped": "发货",
    "Mark paid": "确认收款",
    "Show address": "查看地址",
    "Reading an address is written into the log.": "查看地址会记入日志。",
    "Why is the order cancelled?": "取消原因",
    "Goods become free again, what was paid goes back, and the shopper is told.": "释放库存、退还已付款并通知顾客。",
    "Keep the order": "保留订单",
    "Carrier": "快递公司",
    "Tracking number": "快递单号",
    "The shopper is told the tracking number.": "系统会把单号通知顾客。",
    "How do we know that the money is here?": "收款凭证",
    "For example the receipt number. The shopper is told.": "例如收据号。系统会通知顾客。",
    "Done": "已完成",
    "All orders": "全部订单",
    "Choose an order": "选择一个订单",
    "Its lines, money, parcel and history open here.": "这里会显示商品、款项、物流和记录。",
    "More": "加载更多",
    "draft": "草稿",
    "pending": "待付款",
    "placed": "已下单",
    "completed": "已完成",
    "cancelled": "已取消",
    "expired": "超时关闭",
    "unpaid": "未付款",
    "part_paid": "部分付款",
    "paid": "已付款",
    "overpaid": "多付了",
    "part_refunded": "部分退款",
    "refunded": "已退款",
    "none": "未发货",
    "shipped": "已发货",
    "delivered_parcel": "已签收",
    "cod": "货到付款",
    "simulator": "在线支付（模拟）",
    "group_open": "等待成团",
    "stock_shortfall": "缺货",
    "cod_confirm": "货到付款待确认",
    "review": "人工审核",
    "Address": "收货地址",
    "Payment": "付款",
    "Way to pay": "支付方式",
    "Parcel": "物流",
    "History": "记录",
    "by shopper": "顾客",
    "by staff": "员工",
    "by system": "系统",
    "Order number": "订单号",
    "Find an order by its number": "输入订单号查找",
    "Something went wrong. Nothing was changed.": "出错了，没有做任何更改。",
    **GOODS_ZH,
    **ORDER_ZH,
    **PAYMENT_ZH,
    **PARCELS_ZH,
    **RETURNS_ZH,
    **PROMOTIONS_ZH,
    **TENDER_ZH,
    **CUSTOMERS_ZH,
    **STOCK_ZH,
    **STORE_ZH,
    **DEALS_ZH,
    **TELEGRAM_ZH,
    **WISH_ZH,
}
"""Chinese by the English that stands in the pages."""

EN = {
    "part_paid": "partly paid",
    "part_refunded": "partly refunded",
    "none": "not shipped",
    "delivered_parcel": "delivered",
    "cod": "cash on delivery",
    "simulator": "online (simulator)",
    "group_open": "group still open",
    "stock_shortfall": "out of stock",
    "cod_confirm": "to be confirmed",
    "zh": "Chinese",
    "en": "English",
    "by shopper": "shopper",
    "by staff": "staff",
    "by system": "system",
    **GOODS_EN,
    **ORDER_EN,
    **PAYMENT_EN,
    **PARCELS_EN,
    **RETURNS_EN,
    **PROMOTIONS_EN,
    **TENDER_EN,
    **CUSTOMERS_EN,
    **STOCK_EN,
    **STORE_EN,
    **DEALS_EN,
    **TELEGRAM_EN,
    **WISH_EN,
}
"""English for the few words that stand in the pages as codes."""

HAPPENED_ZH = {
    "placed": "下单",
    "paid": "付款",
    "late_payment_accepted": "超时到账，订单照常",
    "late_payment_refunded": "超时到账，已退款",
    "refunded_by_hand": "人工退款",
    "cancelled": "取消",
    "shipped": "发货",
    "expired": "超时关闭",
    "refunded": "退款",
    **PARCELS_HAPPENED_ZH,
    **ORDERS_HAPPENED_ZH,
}

REFUSALS_ZH = {
    "staff.sign_in": "用户名或密码不正确。",
    "staff.locked": "错误次数过多，请在 {minutes} 分钟后再试。",
    "staff.session": "登录已失效，请重新登录。",
    "staff.csrf": "请求来源不正确，请刷新页面后再试。",
    "staff.forbidden": "您的角色没有这项权限。",
    "conversation.held": "{holder} 已经在接待这个会话。",
    "conversation.unknown": "找不到这个会话，或已由其他同事接待。",
    "conversation.move": "会话当前的状态不允许这样操作。",
    "draft.unknown": "这条草稿已经不在了。",
    "message.empty": "请先输入内容。",
    "message.too_long": "内容太长了，最多 {limit} 个字符。",
    "order.unknown": "没有这个订单。",
    "order.not_ready": "订单现在还不能发货：待付款、被暂停或已结束。",
    "order.move_refused": "订单当前的状态不允许这样操作。",
    "shop.busy": "系统繁忙，请稍后再试。",
    "cursor.invalid": "找不到这一页，请从第一页重新开始。",
    "request.too_large": "内容太大了。",
    "product.unknown": "没有这件商品。",
    "product.changed": "这件商品刚被别人改过，请刷新后再改。",
    "product.move_refused": "商品当前的状态不允许这样操作。",
    "product.incomplete": "资料不全，还不能上架，缺：{missing}。",
    "product.handle_invalid": "链接名只能用小写字母、数字、汉字和连字符，最多 {longest} 个字符。",
    "product.handle_taken": "这个链接名已被其他商品使用。",
    "product.language_invalid": "语言代码不正确，应为 zh、en 之类。",
    "product.title_invalid": "标题需要 1 到 {longest} 个字。",
    "product.body_too_long": "描述最多 {longest} 个字。",
    "product.dispatch_days_invalid": "发货天数应在 0 到 {most} 之间。",
    "product.too_many_facts": "每件商品最多 {most} 条参数。",
    "name.invalid": "名称至少填一种语言，最多 {longest} 个字。",
    "option.unknown": "规格已被改动，请刷新后再试。",
    "option.too_many": "每件商品最多 {options} 种规格，每种最多 {values} 个选项。",
    "variant.unknown": "没有这个款式。",
    "variant.too_many": "每件商品最多 {most} 个款式。",
    "variant.values_invalid": "每个款式都要选齐各项规格。",
    "variant.alike": "有两个在售款式的规格完全相同。",
    "variant.sku_invalid": "货号需要 1 到 100 个字符。",
    "variant.sku_taken": "这个货号已被使用。",
    "variant.price_invalid": "价格不正确。",
    "variant.currency": "这件商品以 {currency} 计价。",
    "price.change_invalid": "请按百分比（降幅须小于 100%）或按金额调价，二选一。",
    "money.currency_unknown": "没有这种货币。",
    "media.unknown": "没有这张图片。",
    "photo.unknown": "这里没有照片。",
    "media.missing": "图片文件已丢失。",
    "media.empty": "没有收到图片。",
    "media.too_large": "单张图片不能超过 20 MB。",
    "media.too_many_pixels": "图片不能超过 4000 万像素。",
    "media.unreadable": "无法识别这张图片，请上传 JPEG、PNG、WebP 或 GIF。",
    "picture.unknown": "这件商品没有这张图片。",
    "picture.too_many": "每件商品最多 {most} 张图片。",
    "picture.too_many_at_once": "一次最多上传 {most} 张图片。",
    "picture.box": "裁剪框要在图片（{width} × {height}）以内，边长至少 {least} 像素。",
    "category.unknown": "没有这个分类。",
    "category.handle_invalid": "链接名只能用小写字母、数字、汉字和连字符。",
    "category.handle_taken": "这个链接名已被其他分类使用。",
    "category.too_many": "最多 {most} 个分类。",
    "category.too_deep": "分类最多 {most} 层。",
    "category.cycle": "不能把分类放进它自己里面。",
    "category.filled": "分类里还有内容，请先选择移到哪里。",
    "bulk.empty": "请选择商品和要修改的内容。",
    "bulk.too_many": "一次最多修改 {most} 件商品。",
    "bulk.refused": "有 {count} 件商品无法这样修改，所有商品均未改动。",
    "stock.quantity": "数量不正确。",
    "stock.short": "现有库存只有 {left} 件。",
    "stock.promised": "有 {reserved} 件已被订单占用，库存不能低于这个数。",
    "stock.changed": "库存刚刚变成了 {on_hand} 件，请核对后再改。",
    **GOODS_REFUSALS_ZH,
    **ORDER_REFUSALS_ZH,
    **PAYMENT_REFUSALS_ZH,
    **PARCEL_REFUSALS_ZH,
    **RETURN_REFUSALS_ZH,
    **PROMOTION_REFUSALS_ZH,
    **TENDER_REFUSALS_ZH,
    **CUSTOMERS_REFUSALS_ZH,
    **STOCK_REFUSALS_ZH,
    **STORE_REFUSALS_ZH,
    **DEAL_REFUSALS_ZH,
    **TELEGRAM_REFUSALS_ZH,
}
LACKING_ZH = {"title": "标题", "variant": "在售款式", "price": "价格"}
REFUSALS_EN = {
    "staff.locked": "Too many wrong attempts. Try again in {minutes} minutes.",
    "order.move_refused": "As the order stands, this cannot be done.",
    "message.too_long": "That is too long: at most {limit} characters.",
    "conversation.move": "As the conversation stands, this cannot be done.",
    **GOODS_REFUSALS_EN,
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language: call it with the English."""

    language: str

    def __call__(self, english: str, **facts: Json) -> str:
        table = ZH if self.language == "zh" else EN
        text = table.get(english, english)
        return text.format(**facts) if facts else text

    def refusal(self, code: str, facts: dict[str, Json]) -> str:
        """The sentence of a refusal."""
        known = REFUSALS_ZH if self.language == "zh" else SENTENCES | REFUSALS_EN
        seconds = facts.get("seconds")
        more = {"minutes": -(-seconds // 60)} if isinstance(seconds, int) else {}
        try:
            return known[code].format(**{name: self._told(name, fact) for name, fact in facts.items()}, **more)
        except (KeyError, IndexError):
            return self("Something went wrong. Nothing was changed.")

    def _told(self, name: str, fact: Json) -> Json:
        """A fact in words: several joined, a field by its name, a reason as one."""
        kind = {"at": "field", "why": "because"}.get(name)
        if kind is not None and f"{kind} {fact}" in ZH:
            return self(f"{kind} {fact}")
        if self.language == "zh" and isinstance(fact, list):
            return "、".join(LACKING_ZH.get(str(one), str(one)) for one in fact)
        return listed(fact)

    def happened(self, kind: str) -> str:
        """What happened to an order."""
        return HAPPENED_ZH.get(kind, kind) if self.language == "zh" else kind.replace("_", " ")

    def date(self, moment: date) -> str:
        """A day without its year."""
        return format_date(moment, "M月d日" if self.language == "zh" else "d MMM", locale=self.language)

    def moment(self, moment: datetime) -> str:
        """A day and a time."""
        pattern = "M月d日 HH:mm" if self.language == "zh" else "d MMM HH:mm"
        return format_datetime(moment, pattern, locale=self.language)
