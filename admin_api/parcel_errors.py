"""What refusals about parcels say, in English: code -> sentence."""

PARCEL_SENTENCES = {
    "shipment.unknown": "There is no such parcel.",
    "shipment.move_refused": "As the parcel stands, this cannot be done.",
    "shipment.nothing_to_send": "Nothing of this order is left to pack.",
    "shipment.no_such_line": "The order has no such line.",
    "shipment.too_many": "Only {left} more of it can be packed.",
    "shipment.is_pickup": "This order is picked up: enter its code.",
    "shipment.not_sent": "The parcel has not left yet.",
    "shipment.cancelled_meanwhile": "{title} was cancelled meanwhile. Unpack this parcel and put it together again.",
    "shipment.not_to_mend": "The parcel neither is lost nor came back, or that has been dealt with.",
    "shipment.not_back": "The parcel did not come back, or its goods are on the shelf already.",
    "shipment.returned_already": "These goods are in a return already.",
    "order.being_packed": "These goods are being packed. Unpack their parcel first.",
    "parcel.shelf_unknown": "There is no such list of parcels: to_send, on_the_way, trouble, done.",
    "parcel.no_practice_carrier": "The practice carrier is switched off.",
    "parcel.number_empty": "A parcel needs a tracking number.",
    "pickup.not_ready": "This is not ready to be picked up.",
    "pickup.locked": "Too many wrong codes. Send the shopper a new one.",
    "pickup.wrong_code": "The code is wrong; {left} tries are left.",
    "proof.unknown": "There is no such proof.",
    "stock.not_committed": "These goods are not kept for this order. Look at its stock.",
}
