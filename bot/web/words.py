"""The sentences of our pages, both languages side by side: a type checker sees that neither lacks one.

What the bot says is in gettext catalogues; these few belong to the pages around it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """All sentences of the pages in one language. Blanks are filled by `str.format`."""

    tag: str
    other_language: str
    other_code: str
    tagline: str
    about: str
    points: tuple[tuple[str, str], ...]
    theme: str
    hours: str
    no_script: str
    back_to_chat: str
    shelves: str
    telegram: str
    missing_title: str
    missing_text: str
    failed_title: str
    failed_text: str
    refused_title: str
    refused_text: str
    pay_paid_title: str
    pay_paid_text: str
    pay_pending_title: str
    pay_pending_text: str
    pay_failed_title: str
    pay_failed_text: str
    pay_again: str
    pay_cancelled_title: str
    pay_cancelled_text: str
    pay_expired_title: str
    pay_expired_text: str
    pay_unknown_title: str
    pay_unknown_text: str
    data_title: str
    data_text: str
    data_get: str
    data_gone: str
    pay_busy_title: str
    pay_busy_text: str
    pickup_title: str
    pickup_text: str
    pickup_qr: str
    pickup_order: str
    pickup_place: str
    pickup_gone: str
    pickup_gone_text: str
    transfer_title: str
    transfer_code: str
    transfer_account: str
    transfer_until: str
    transfer_qr: str
    transfer_text: str
    transfer_done: str
    scan_title: str
    scan_code: str
    scan_text: str
    scan_until: str
    scan_practise: str
    wallet_go: str
    wallet_go_text: str
    order: str
    amount: str
    sim_name: str
    sim_wechat: str
    sim_alipay: str
    sim_reference: str
    sim_note: str
    sim_to: str
    sim_pay: str
    sim_decline: str
    sim_paid_title: str
    sim_paid_text: str
    sim_declined_title: str
    sim_declined_text: str
    sim_closed_title: str
    sim_closed_text: str
    sim_slow_title: str
    sim_slow_text: str
    sim_scanned_text: str
    sim_return: str
    demo_title: str
    demo_text: str


_ENGLISH = Words(
    tag="en",
    other_language="中文",
    other_code="zh",
    tagline="Good tea and good things, found by talking.",
    about="Tell the attendant what you are looking for. It searches the shelves, keeps your cart, takes your order "
    "and calls a person when you want one.",
    points=(
        ("Say it your way", "“A green tea under 80”, “the second one, in red”."),
        ("See what you pay", "Every price is shown before you say yes."),
        ("A person when you want one", "Just ask. Nobody keeps you with the bot."),
    ),
    theme="Light or dark",
    hours="Open day and night",
    no_script="The chat needs JavaScript. Please switch it on for this page.",
    shelves="All goods",
    telegram="Continue in Telegram",
    back_to_chat="Back to the chat",
    missing_title="There is nothing here",
    missing_text="The address is mistyped, or the page has moved. The shop itself is open.",
    failed_title="Something went wrong on our side",
    failed_text="Nothing was changed and nothing was charged by this page. Please try again in a moment.",
    refused_title="That did not work",
    refused_text="Please go back to the chat and try once more.",
    pay_paid_title="Paid. Thank you!",
    pay_paid_text="Your payment has arrived and your order is being prepared. You find everything in the chat.",
    pay_pending_title="Waiting for your payment",
    pay_pending_text="The bank has not told us yet. This page looks again by itself. You may also close it: the chat "
    "will tell you.",
    pay_failed_title="The payment did not go through",
    pay_failed_text="Nothing was charged. Your things stay reserved for a little while; you can try again.",
    pay_again="Try again",
    pay_cancelled_title="This order was cancelled",
    pay_cancelled_text="There is nothing to pay. If you have paid already, the money goes back to you.",
    pay_expired_title="The time to pay has run out",
    pay_expired_text="The reserved things went back to the shelf. Nothing was charged; ask in the chat to order again.",
    pay_unknown_title="This payment link is not valid",
    pay_unknown_text="It may have been cut off when it was copied. Open it once more from the chat.",
    data_title="Your data",
    data_text="Everything we have of you, as one file. Only this browser, where you talk to us, can open it.",
    data_get="Save the file",
    data_gone="There is nothing to get here: the link is over, or it is another browser's. Ask in the chat again.",
    pay_busy_title="The payment page does not open just now",
    pay_busy_text="The bank does not answer. Nothing was charged. Please try again in a minute.",
    order="Order",
    amount="Amount",
    pickup_title="Your pick-up code",
    pickup_text="Say it at the counter, or have it scanned.",
    pickup_qr="The pick-up code as a QR code",
    pickup_order="Order",
    pickup_place="Where",
    pickup_gone="Nothing to pick up here",
    pickup_gone_text="The goods were fetched already, or the code has changed. Ask for it in the chat.",
    transfer_title="Pay by bank transfer",
    transfer_code="Write as purpose",
    transfer_account="Account",
    transfer_until="Pay by",
    transfer_qr="QR code of our account",
    transfer_text="Please send exactly this amount and write {code} as the purpose: that is how we know it is yours. "
    "When it is done, tell us in the chat.",
    transfer_done="Tell us in the chat",
    scan_title="Pay with WeChat",
    scan_code="QR code to pay with WeChat",
    scan_text="Scan the code with WeChat.\nThis page notices by itself when you have paid.",
    scan_until="Pay before",
    scan_practise="Open the practice WeChat",
    wallet_go="Open WeChat",
    wallet_go_text="You are being taken to WeChat.\nThis page notices by itself when you have paid.",
    sim_name="Practice bank",
    sim_wechat="WeChat Pay (practice)",
    sim_alipay="Alipay (practice)",
    sim_reference="Reference",
    sim_note="This is a simulated bank for trying the shop. No real money moves.",
    sim_to="You pay to",
    sim_pay="Pay {amount}",
    sim_decline="Decline",
    sim_paid_title="Payment done",
    sim_paid_text="You are being taken back to the shop.",
    sim_declined_title="Payment declined",
    sim_declined_text="Nothing was charged. You are being taken back to the shop.",
    sim_closed_title="This payment is closed",
    sim_closed_text="The shop closed it. Nothing was charged.",
    sim_slow_title="Your bank is still at it",
    sim_slow_text="The payment was begun and is not through yet. You are being taken back to the shop.",
    sim_scanned_text="The shop's page notices by itself. You may close this one.",
    sim_return="Back to the shop",
    demo_title="Another site, our chat",
    demo_text="This page stands for a site of somebody else. Two lines put the shop's attendant in its corner:",
)

_CHINESE = Words(
    tag="zh-CN",
    other_language="English",
    other_code="en",
    tagline="好茶好物，\n聊着聊着就找到了。",
    about="想找什么，直接跟店小二说。找货、加购、下单、查单都在这里，想找真人客服，说一声就到。",
    points=(
        ("怎么说都行", "“80 块以内的绿茶”“第二个，要红色的”。"),
        ("价钱摆在明面上", "先看清多少钱，您点头了才下单。"),
        ("想找真人就找真人", "说一声就转，绝不兜圈子。"),
    ),
    theme="切换深浅色",
    hours="全天营业",
    no_script="聊天需要启用 JavaScript，请在浏览器中打开后再试。",
    shelves="全部商品",
    telegram="到 Telegram 接着聊",
    back_to_chat="回到聊天",
    missing_title="这里什么都没有",
    missing_text="网址可能写错了，或者页面已经搬走。小店照常营业。",
    failed_title="我们这边出了点问题",
    failed_text="本页没有改动任何内容，也没有扣款。请稍后再试。",
    refused_title="没有成功",
    refused_text="请回到聊天里再试一次。",
    pay_paid_title="支付成功，谢谢惠顾！",
    pay_paid_text="款项已收到，正在为您备货。详情都在聊天里。",
    pay_pending_title="正在等待支付结果",
    pay_pending_text="银行还没有通知我们。本页会自动刷新，您也可以先关掉，结果会发到聊天里。",
    pay_failed_title="支付没有成功",
    pay_failed_text="没有扣款。商品还会为您保留一会儿，可以再试一次。",
    pay_again="重新支付",
    pay_cancelled_title="订单已取消",
    pay_cancelled_text="不需要再付款。如果您已经付过，钱会原路退回。",
    pay_expired_title="支付时间已过",
    pay_expired_text="预留的商品已释放，没有扣款。想要的话，在聊天里再下一单就好。",
    pay_unknown_title="支付链接无效",
    pay_unknown_text="链接可能没有复制完整，请从聊天里重新打开。",
    data_title="您的数据",
    data_text="我们保存的关于您的全部数据，打包成一个文件。只有您聊天用的这个浏览器能打开。",
    data_get="保存文件",
    data_gone="没有可下载的内容：链接已过期，或者不是在这个浏览器里申请的。请回聊天里重新申请。",
    pay_busy_title="支付页面暂时打不开",
    pay_busy_text="银行那边没有回应，没有扣款。请过一分钟再试。",
    order="订单",
    amount="金额",
    pickup_title="取货码",
    pickup_text="到店报给店员，或者出示二维码扫一扫。",
    pickup_qr="取货码的二维码",
    pickup_order="订单",
    pickup_place="取货地点",
    pickup_gone="这里没有待取的货",
    pickup_gone_text="可能已经取走了，也可能换了取货码。去聊天里问问店小二吧。",
    transfer_title="银行转账付款",
    transfer_code="转账附言",
    transfer_account="收款账户",
    transfer_until="付款截止",
    transfer_qr="收款码",
    transfer_text="请按上面的金额转账，并在附言里填写 {code}，方便我们核对到您的订单。"
    "转好后，在聊天里说一声“我已经转账了”就行。",
    transfer_done="转好了，去聊天里说一声",
    scan_title="微信支付",
    scan_code="微信支付二维码",
    scan_text="请打开微信扫一扫。\n付款后本页会自动更新。",
    scan_until="支付截止",
    scan_practise="打开模拟微信付款",
    wallet_go="打开微信付款",
    wallet_go_text="正在打开微信。\n付款后本页会自动更新。",
    sim_name="模拟银行",
    sim_wechat="微信支付（模拟）",
    sim_alipay="支付宝（模拟）",
    sim_reference="流水号",
    sim_note="仅供体验小店，不会动用真实资金。",
    sim_to="收款方",
    sim_pay="支付 {amount}",
    sim_decline="取消支付",
    sim_paid_title="支付完成",
    sim_paid_text="正在返回小店……",
    sim_declined_title="支付已取消",
    sim_declined_text="没有扣款，正在返回小店……",
    sim_closed_title="这笔支付已关闭",
    sim_closed_text="商家已关闭这笔支付，没有扣款。",
    sim_slow_title="银行处理中",
    sim_slow_text="付款已提交，银行还在处理。正在返回小店……",
    sim_scanned_text="商家页面会自动更新，可以关闭本页了。",
    sim_return="返回小店",
    demo_title="别人的网站，我们的店小二",
    demo_text="这一页代表别人家的网站。加上两行代码，店小二就站在角落里：",
)

WORDS = {"zh": _CHINESE, "en": _ENGLISH}
