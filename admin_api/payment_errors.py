"""What a refusal about money says to the staff."""

PAYMENT_SENTENCES = {
    "transfer.unknown": "There is no such transfer.",
    "transfer.report_unknown": "There is no such report.",
    "transfer.invalid": "This cannot be used: {field}.",
    "transfer.move_refused": "This transfer is {before} already.",
    "transfer.other_currency": "The transfer is in {currency}, the order in {order_currency}.",
    "transfer.proof_empty": "Say how you know: a number of the bank, who did it.",
    "statement.too_large": "A statement may have 2 MB and 5,000 lines at most. Send it in parts.",
    "statement.unreadable": "This file is no text in UTF-8 or GB 18030.",
    "statement.no_columns": "The first lines must name the columns: {missing} is missing.",
    "payment.instrument_unknown": "The customer has no such card or wallet.",
    "payment.unknown": "There is no such payment.",
    "payment.final": "Nothing is open there: it is {state}.",
    "refund.unknown": "There is no such refund.",
    "refund.final": "Nothing is open there: the refund is {state}.",
    "refund.by_hand": "No bank can be asked: this one is given back by hand.",
    "refund.not_by_hand": "A bank pays this one back.",
    "refund.too_much": "Only {left} of it are left.",
    "money.unreadable": "This is no amount of money such as 68.00.",
}
