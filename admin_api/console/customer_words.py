"""The words of the page of customers: Chinese by the English that stands in it."""

CUSTOMERS_ZH = {
    "Customers": "顾客",
    "Phone, its last 4, e-mail, order number": "手机号、尾号 4 位、邮箱、订单号",
    "Search customers": "搜索顾客",
    "Nobody found. Names are sealed and cannot be searched.": "没有找到。姓名已加密，不能搜索。",
    "Choose a customer": "选择一位顾客",
    "Their channels, orders, points and what they allow open here.": "渠道、订单、积分和授权情况会显示在这里。",
    "Customer {number}": "顾客 {number}",
    "no channel": "无渠道",
    "{count} orders": "{count} 个订单",
    "erased": "已删除",
    "channel web": "网页",
    "channel terminal": "终端",
    "channel telegram": "Telegram",
    "was customer {number} too": "由顾客 {number} 合并而来",
    "E-mail": "邮箱",
    "Customer since": "首次到店",
    "{count} to come": "{count} 待到账",
    "Balance": "余额",
    "Conversation": "会话",
    "Export their data": "导出数据",
    "Erase their data": "删除数据",
    "keeps erase.orders_open": "还有未完结的订单，暂不能删除。",
    "keeps erase.returns_open": "还有未完结的售后，暂不能删除。",
    "keeps erase.money_due": "还有退款在途，暂不能删除。",
    "What they allow": "授权情况",
    "purpose marketing": "优惠和活动消息",
    "purpose personalisation": "个性化推荐",
    "purpose analytics": "使用情况统计",
    "allowed": "已授权",
    "not allowed": "未授权",
    "never asked": "从未授权",
    "Nothing yet": "暂无记录",
    "customer did email_proved": "验证了邮箱",
    "customer did code_failed": "验证码多次输错",
    "customer did joined": "合并了账号",
    "customer did export_asked": "申请导出数据",
    "customer did export_fetched": "下载了导出的数据",
    "customer did export_by_staff": "客服导出了数据",
    "customer did erased": "数据已删除",
    "The file holds everything about this person in the open. Hand it to them alone; it is written down.": (
        "文件包含此人的全部明文数据，只能交给本人。本次操作会记入审计日志。"
    ),
    "Save the file": "保存文件",
    (
        "Conversations, photos, name, e-mail, addresses, favourites and channels are erased for good. Orders stay "
        "with their sealed address, as the law demands. Only for a person who asked for it."
    ): "聊天记录、照片、姓名、邮箱、地址、收藏和渠道绑定将永久删除；订单及其加密地址依法保留。仅限本人要求时操作。",
    "Type ERASE": "请输入 ERASE",
    "Erase for good": "永久删除",
}

CUSTOMERS_EN = {
    "channel web": "web chat",
    "channel terminal": "terminal",
    "channel telegram": "Telegram",
    "keeps erase.orders_open": "An order is still open, so nothing can be erased yet.",
    "keeps erase.returns_open": "A return is still open, so nothing can be erased yet.",
    "keeps erase.money_due": "A refund is still on its way, so nothing can be erased yet.",
    "purpose marketing": "Offers and news",
    "purpose personalisation": "Suggestions made for them",
    "purpose analytics": "Counting how the shop is used",
    "customer did email_proved": "proved an e-mail",
    "customer did code_failed": "said too many wrong codes",
    "customer did joined": "joined two accounts",
    "customer did export_asked": "asked for their data",
    "customer did export_fetched": "fetched their data",
    "customer did export_by_staff": "data exported by the staff",
    "customer did erased": "data erased",
}

CUSTOMERS_REFUSALS_ZH = {
    "erase.word_invalid": "请输入 {word} 以确认删除。",
    "erase.orders_open": "这位顾客还有未完结的订单：{orders}，完结后才能删除。",
    "erase.returns_open": "这位顾客还有未完结的售后：{returns}，完结后才能删除。",
    "erase.money_due": "这位顾客还有退款在途：{orders}，到账后才能删除。",
}
