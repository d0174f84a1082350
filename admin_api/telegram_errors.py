"""Refusals of linking accounts and groups in Telegram, and of what is written there, in English."""

TELEGRAM_SENTENCES = {
    "staff_code.wrong": "This code is not good (any more). Make a new one in the console.",
    "staff_code.tries": "Too many codes were tried. Try again in {minutes} minutes.",
    "staff_group.unknown": "There is no such group.",
    "staff_chat.unknown": "There is no such account.",
    "staff_desk.not_linked": "This account is linked to nobody who works here.",
    "staff_desk.kind": "Only words and pictures can be sent to the shopper.",
    "staff_desk.closed": "This conversation is closed; it opens again when the shopper writes.",
    "staff_desk.command": "There is no command {command}; /help says which there are. Nothing was sent.",
    "staff_desk.command_media": "A command takes words only, so nothing was done or sent. Send the picture without it.",
    "staff_desk.not_changed": "Nothing was changed: this is not a message of yours that the shopper got.",
    "staff_desk.refund_form": "Say how much, of which order and why: /refund 25 ORDER reason",
    "staff_desk.not_their_order": "This shopper has no order {number}. Say: /refund 25 ORDER reason",
    "staff_desk.no_order": "This shopper has no order.",
}
