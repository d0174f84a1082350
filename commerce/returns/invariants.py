"""What must hold for every return, as queries that find where it does not."""

from commerce.returns.model import OPEN

_OPEN = ", ".join(f"'{state.value}'" for state in OPEN)

INVARIANTS: dict[str, str] = {
    "return.open_pieces_are_counted": f"""
        SELECT l.id AS order_line, l.returning, coalesce(s.pieces, 0) AS asked FROM order_line l
        LEFT JOIN (
            SELECT rl.order_line_id, sum(rl.quantity) AS pieces FROM return_line rl
            JOIN order_return r ON r.id = rl.return_id WHERE r.state IN ({_OPEN}) GROUP BY 1
        ) s ON s.order_line_id = l.id
        WHERE l.returning <> coalesce(s.pieces, 0)""",
    "return.returned_pieces_were_accepted": """
        SELECT l.id AS order_line, l.returned, coalesce(s.pieces, 0) + coalesce(p.pieces, 0) AS accepted
        FROM order_line l
        LEFT JOIN (
            SELECT rl.order_line_id, sum(coalesce(rl.accepted, rl.quantity)) AS pieces FROM return_line rl
            JOIN order_return r ON r.id = rl.return_id
            WHERE r.settled_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM return_event e WHERE e.return_id = r.id AND e.kind = 'sent_back')
            GROUP BY 1
        ) s ON s.order_line_id = l.id
        LEFT JOIN (
            SELECT sl.order_line_id, sum(sl.quantity) AS pieces FROM shipment_line sl
            JOIN shipment h ON h.id = sl.shipment_id WHERE h.resolution = 'refunded' GROUP BY 1
        ) p ON p.order_line_id = l.id
        WHERE l.returned <> coalesce(s.pieces, 0) + coalesce(p.pieces, 0)""",
    "return.refunds_match": """
        SELECT r.number, r.refunded, coalesce(s.amount, 0) AS in_ledger FROM order_return r
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS amount FROM refund
            WHERE key LIKE 'refund:return:' || r.id || ':%' AND state <> 'cancelled'
        ) s ON true
        WHERE r.refunded <> coalesce(s.amount, 0)""",
    "return.refund_within_what_was_shown": """
        SELECT r.number, r.refunded, r.goods_amount, r.shipping_amount FROM order_return r
        WHERE r.refunded > r.goods_amount + r.shipping_amount + 100""",
    "return.one_customer": """
        SELECT r.number FROM order_return r JOIN orders o ON o.id = r.order_id WHERE o.customer_id <> r.customer_id""",
    "return.lines_are_of_its_order": """
        SELECT r.number, l.id AS order_line FROM order_return r JOIN return_line rl ON rl.return_id = r.id
        JOIN order_line l ON l.id = rl.order_line_id WHERE l.order_id <> r.order_id""",
    "return.restocked_once": """
        SELECT m.reference, count(*) AS times FROM stock_movement m
        WHERE m.reason = 'returned' AND m.reference LIKE 'return:%' GROUP BY 1 HAVING count(*) > 1""",
    "return.restocked_what_is_sellable": """
        SELECT r.number, rl.id AS line, rl.sellable, coalesce(m.delta, 0) AS restocked FROM return_line rl
        JOIN order_return r ON r.id = rl.return_id
        LEFT JOIN stock_movement m ON m.reference = 'return:' || r.number || ':' || rl.id AND m.reason = 'returned'
        WHERE r.settled_at IS NOT NULL AND rl.sellable <> coalesce(m.delta, 0)
          AND NOT EXISTS (SELECT FROM return_event e WHERE e.return_id = r.id AND e.kind = 'sent_back')""",
    "return.draft_belongs_to_an_open_exchange": f"""
        SELECT o.number, r.number AS return FROM order_return r JOIN orders o ON o.id = r.replacement_order_id
        WHERE o.status = 'draft' AND (r.kind <> 'exchange' OR r.state NOT IN ({_OPEN}))""",
    "return.waiting_approval_is_undecided": """
        SELECT r.number, r.state FROM return_approval a JOIN order_return r ON r.id = a.return_id
        WHERE a.state = 'waiting' AND r.state NOT IN ('requested', 'needs_info')""",
}
