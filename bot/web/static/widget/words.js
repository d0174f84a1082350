// What the chat itself says; everything else comes from the shop in the shopper's language.
const WORDS = {
  zh: { shop: "店小二", chat: "跟店小二聊聊", ph: "想找点什么？", send: "发送", close: "收起", newest: "最新消息", retry: "重新发送", failed: "没有发出去",
    sending: "正在发送", offline: "网络断开了，正在重连…", typing: "店小二正在输入", waiting: "正在为您转接人工客服，请稍候", human: "人工客服正在为您服务",
    closed: "本次对话已结束，随时可以再聊", hello: "客官里边请！我是店小二，找货、下单、查订单，跟我说一声就好。", tries: ["有什么好茶？", "看看茶具", "我的订单", "找人工"],
    slow: "您说得太快啦，我先喘口气，稍后自动发出。", long: "太长了，最多 4000 字", files: "这里只收图片（JPEG、PNG、WebP、GIF），其他文件还收不了。", attach: "发图片", remove: "不发这张", mostPhotos: "一次最多发 9 张图片。", badPhoto: "这张图片打不开或者太大了，换一张试试。", refused: "这条消息没法发送。",
    telegram: "到 Telegram 接着聊", older: "更早的消息", yesterday: "昨天", pay: "去支付", newer: "条新消息", photo: "图片", theme: "切换深浅色", colon: "：", you: "您说", lang: "English",
    next: "下一张", previous: "上一张", pictures: "{n} 张图片", rest: "展开全文", less: "收起", differs: "（不同）", hints: "猜您想找", hinted: "有 {n} 条建议，用上下键选择", shelf: "分类" },
  en: { shop: "Xiaoer", chat: "Chat with the shop", ph: "What are you looking for?", send: "Send", close: "Close", newest: "Newest", retry: "Send again", failed: "Not sent",
    sending: "Sending", offline: "No connection. Trying again…", typing: "The attendant is typing", waiting: "Calling a person for you, one moment please", human: "A person is answering you",
    closed: "This conversation has ended. Write whenever you like.", hello: "Welcome in! I am Xiaoer, the attendant. Tell me what you are looking for, or ask about an order.", tries: ["What tea do you have?", "Show me teaware", "My orders", "Talk to a person"],
    slow: "That was fast! I will catch my breath and send the rest by myself in a moment.", long: "Too long: at most 4000 characters", files: "Only pictures can be sent here (JPEG, PNG, WebP, GIF), no other files yet.", attach: "Send a picture", remove: "Leave this one out", mostPhotos: "At most 9 pictures at a time.", badPhoto: "This picture cannot be read or is too large. Please try another.", refused: "This message cannot be sent.",
    telegram: "Continue in Telegram", older: "Earlier messages", yesterday: "Yesterday", pay: "Pay", newer: "new", photo: "Picture", theme: "Light or dark", colon: ": ", you: "You said", lang: "中文",
    next: "Next picture", previous: "Previous picture", pictures: "{n} pictures", rest: "Read more", less: "Read less", differs: " (differs)", hints: "Suggestions", hinted: "{n} suggestions, choose with the arrow keys", shelf: "Shelf" },
}
