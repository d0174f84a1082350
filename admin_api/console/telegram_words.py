"""The words of the staff's Telegram: Chinese by the English that stands in the pages and in the group."""

TELEGRAM_ZH = {
    "Telegram": "Telegram",
    "Return": "退货单",
    "Note of the colleague before": "上一位同事的备注",
    "a return did not go well": "退换货后仍有问题",
    "Understood": "机器人的理解",
    "an administrator": "管理员",
    "{amount} of order {number} goes back to the shopper.": "订单 {number} 已退款 {amount}，会原路退回给顾客。",
    "Your limit for one order is {limit}. The refund of {amount} on order {number} waits for: {names}.": (
        "您每单最多可退 {limit}。订单 {number} 的退款 {amount} 已提交，等待审批：{names}。"
    ),
    "Answer shoppers in Telegram": "在 Telegram 里接待顾客",
    "A conversation that needs a person becomes a topic in a group of the staff.": (
        "需要人工的会话会在员工群里变成一个话题，直接在话题里回复即可。"
    ),
    "Telegram is not set up": "还没有接入员工机器人",
    "Make a bot with @BotFather and put its token into XIAOER_TELEGRAM_STAFF_TOKEN.": (
        "请用 @BotFather 创建一个机器人，把令牌填入 XIAOER_TELEGRAM_STAFF_TOKEN。"
    ),
    "My account": "我的账号",
    "Link my account": "绑定我的账号",
    "Say this to the bot of the staff in a private chat": "私聊员工机器人，发送这条消息",
    "Say this in the group, once the bot is an administrator that may manage topics": (
        "先把机器人设为群管理员并允许管理话题，再在群里发送这条消息"
    ),
    "Good until {time}, once.": "{time} 前有效，只能用一次。",
    "Linked since {time}": "{time} 绑定",
    "Not linked yet": "尚未绑定",
    "Groups of the staff": "员工群",
    "Link a group": "绑定一个群",
    "No group is linked yet": "还没有绑定群",
    "People": "员工账号",
    "Nobody has linked an account yet": "还没有人绑定账号",
    "Unlink": "解绑",
    "Unlink this group?": "解绑这个群？",
    "Its topics stay where they are, but nothing is told or heard in them any more.": (
        "已有的话题会保留，但不再同步消息，在里面回复也不会发给顾客。"
    ),
    "Unlink this account?": "解绑这个账号？",
    "{name} can answer no shopper in Telegram until a new code is used.": (
        "{name} 需要用新的绑定码才能再次在 Telegram 里接待。"
    ),
    "Conversations in": "会话语言",
    "Conversations about": "会话类型",
    "any language": "不限语言",
    "anything": "不限类型",
    "shopping": "售前",
    "after_sales": "售后",
    "left": "机器人已不在群里",
    "no_topics": "群没有开启话题",
    "no_rights": "机器人不能管理话题",
    "works": "正常",
    "{count} open topics": "{count} 个进行中的话题",
    "works here no more": "已离职",
}
TELEGRAM_EN = {
    "after_sales": "after sales",
    "shopping": "before sales",
    "left": "the bot is not in the group",
    "no_topics": "topics are off",
    "no_rights": "the bot may not manage topics",
}
TELEGRAM_REFUSALS_ZH = {
    "staff_code.wrong": "绑定码无效或已过期，请在工作台重新生成。",
    "staff_code.tries": "尝试次数过多，请 {minutes} 分钟后再试。",
    "staff_group.unknown": "没有这个群。",
    "staff_chat.unknown": "没有这个账号。",
    "staff_desk.not_linked": "这个账号没有绑定在职员工。",
    "staff_desk.kind": "只能给顾客发文字和图片。",
    "staff_desk.closed": "会话已结束，顾客再来消息时会重新打开。",
    "staff_desk.command": "没有 {command} 这个命令，发送 /help 查看用法。这条没有发送给顾客。",
    "staff_desk.command_media": "命令不能带图片或文件，这条没有执行，也没有发送。请把图片单独发一条。",
    "staff_desk.not_changed": "没有修改：您这条消息没有发给过顾客。",
    "staff_desk.refund_form": "请写明金额、订单和原因，例如：/refund 25 订单号 原因",
    "staff_desk.not_their_order": "这位顾客没有订单 {number}。请这样写：/refund 25 订单号 原因",
    "staff_desk.no_order": "这位顾客还没有订单。",
}
