// What the page says itself, in the language of the person whose phone it shows.
const WORDS = {
  chats: ["Chats", "聊天"],
  people: ["Whose phone", "谁的手机"],
  start: ["Start", "开始"],
  unblock: ["Unblock", "解除屏蔽"],
  block: ["Block the bot", "屏蔽机器人"],
  blocked: ["blocked", "已屏蔽"],
  bot: ["bot", "机器人"],
  person: ["a friend", "好友"],
  members: ["{n} members", "{n} 位成员"],
  typing: ["typing", "正在输入"],
  write: ["Message", "输入消息"],
  send: ["Send", "发送"],
  attach: ["Attach", "附件"],
  photo: ["Photo", "照片"],
  photos: ["Photos", "照片"],
  location: ["Where I am", "我的位置"],
  contact: ["My phone number", "我的手机号"],
  commands: ["Commands", "指令"],
  back: ["Back", "返回"],
  theme: ["Light or dark", "浅色或深色"],
  edited: ["edited", "已编辑"],
  via: ["via", "来自"],
  reply: ["Reply", "回复"],
  like: ["Like", "赞"],
  change: ["Change", "修改"],
  pay: ["Pay {sum}", "付款 {sum}"],
  pay_now: ["Pay with the practice card", "用练习卡付款"],
  pay_hint: ["No money moves: this is a fake Telegram.", "不会真的扣款：这里是模拟的 Telegram。"],
  paid: ["Paid {sum}", "已付款 {sum}"],
  refunded: ["Refunded {sum}", "已退款 {sum}"],
  cancel: ["Cancel", "取消"],
  close: ["Close", "关闭"],
  share_to: ["Send to", "发送给"],
  link: ["Open a t.me link", "打开 t.me 链接"],
  joined: ["{who} added {whom}", "{who} 邀请了 {whom}"],
  topic_made: ["Topic “{name}” was created", "创建了话题「{name}」"],
  topic_named: ["Topic is now “{name}”", "话题改名为「{name}」"],
  topic_closed: ["Topic closed", "话题已关闭"],
  topic_opened: ["Topic reopened", "话题已重新开启"],
  topic_close: ["Close this topic", "关闭话题"],
  topic_reopen: ["Reopen this topic", "重新开启话题"],
  topic_delete: ["Delete this topic", "删除话题"],
  moved: ["The group became a supergroup", "群组已升级为超级群"],
  all: ["All", "全部"],
  general: ["General", "综合"],
  pick: ["A practice Telegram", "练习用的 Telegram"],
  here: ["It runs on this machine only: no account, no real money, nothing leaves it.", "只在这台电脑上运行：不用注册账号，不会真的扣款，数据也不会传出去。"],
  tip_shop: ["Open 店小二 Xiaoer and press Start: that is the shop.", "打开「店小二 Xiaoer」，点「开始」，就进店了。"],
  tip_share: ["Write “@xiaoer_bot tea” in any chat and send a card; friends can press it.", "在任何聊天里写「@xiaoer_bot 茶」，挑一张卡片发出去，朋友点它就能参加。"],
  tip_people: ["On the left you become somebody else; some speak Chinese, some English.", "点左边的头像换一个人：有人说中文，有人说英文。"],
  tip_staff: ["The staff answers in 客服台 Desk, once the group is linked (console: Shop → Telegram).", "店员在「客服台 Desk」群里接待顾客，先到工作台「店铺 → Telegram」绑定。"],
  nothing: ["Nothing here yet.", "还没有消息。"],
  no_results: ["Nothing found", "没有找到"],
  late: ["The bot did not answer.", "机器人没有回应。"],
  cut: ["No connection to the fake Telegram. Trying again …", "与模拟 Telegram 的连接断开，正在重试……"],
  what: ["What can this bot do?", "这个机器人能做什么？"],
  voice: ["Voice message", "语音消息"],
  file: ["File", "文件"],
  map: ["Location", "位置"],
  card: ["Contact", "名片"],
  invoice: ["Invoice", "账单"],
  album: ["Photo", "照片"],
};

let chinese = false;

export function speak(language) {
  chinese = language.startsWith("zh");
  document.documentElement.lang = chinese ? "zh-CN" : "en";
}

export function say(name, facts = {}) {
  const sentence = WORDS[name][chinese ? 1 : 0];
  return sentence.replace(/\{(\w+)\}/g, (_, key) => facts[key] ?? "");
}

export function money(amount, currency) {
  if (currency === "XTR") return `⭐ ${amount}`;
  const format = new Intl.NumberFormat(chinese ? "zh-CN" : "en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  return format.format(amount / 10 ** digits);
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(chinese ? "zh-CN" : "en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function day(seconds) {
  return new Date(seconds * 1000).toLocaleDateString(chinese ? "zh-CN" : "en-GB", { day: "numeric", month: "long" });
}
