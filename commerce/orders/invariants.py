"""What must hold for every order, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "order.lines_add_up": """
        SELECT o.number, o.goods_amount, o.discount_amount, o.tax_added, s.goods, s.discount, s.added
        FROM orders o JOIN LATERAL (
            SELECT coalesce(sum(unit_amount * (quantity - cancelled)), 0) AS goods,
                   coalesce(sum(discount_amount - discount_amount * cancelled / quantity), 0) AS discount,
                   coalesce(sum(tax_added - tax_added * cancelled / quantity), 0) AS added
            FROM order_line WHERE order_id = o.id) s ON true
        WHERE o.status <> 'draft'
          AND (o.goods_amount, o.discount_amount, o.tax_added) IS DISTINCT FROM (s.goods, s.discount, s.added)""",
    "order.shares_add_up": """
        SELECT o.number, l.position, l.discount_amount, s.shares FROM order_line l
        JOIN orders o ON o.id = l.order_id
        JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS shares FROM order_adjustment WHERE line_id = l.id) s ON true
        WHERE l.discount_amount <> s.shares""",
    "order.placed_is_paid": """
        SELECT o.number, o.total_amount, s.kept FROM orders o
        JOIN LATERAL (
            SELECT coalesce(sum(captured - refunded - refund_pending), 0) AS kept FROM payment WHERE order_id = o.id
        ) s ON true
        WHERE o.status IN ('placed', 'completed') AND o.payment_method <> 'cod' AND s.kept < o.total_amount
          AND NOT EXISTS (SELECT FROM refund r WHERE r.order_id = o.id AND r.state <> 'cancelled')""",
    "order.ended_keeps_no_money": """
        SELECT o.number, o.status, s.kept FROM orders o
        JOIN LATERAL (
            SELECT coalesce(sum(captured - refunded - refund_pending), 0) AS kept FROM payment WHERE order_id = o.id
        ) s ON true
        WHERE o.status IN ('cancelled', 'expired') AND s.kept > 0""",
    "order.ended_keeps_no_stock": """
        SELECT o.number, o.status, h.id AS hold FROM orders o JOIN hold h ON h.order_id = o.id
        WHERE o.status IN ('expired', 'completed') AND h.state IN ('held', 'committed')
           OR o.status = 'cancelled' AND h.state IN ('held', 'committed')
          AND NOT EXISTS (SELECT FROM payment_intent i WHERE i.order_id = o.id AND i.state = 'closing')""",
    "order.placed_has_its_goods": """
        SELECT o.number, w.variant_id, w.pieces, coalesce(k.pieces, 0) AS kept FROM orders o
        JOIN LATERAL (
            SELECT variant_id, sum(quantity - cancelled - shipped) AS pieces FROM order_line
            WHERE order_id = o.id GROUP BY variant_id) w ON true
        LEFT JOIN LATERAL (
            SELECT sum(line.value::bigint) AS pieces FROM hold h, jsonb_each_text(h.lines) AS line
            WHERE h.order_id = o.id AND h.state = 'committed' AND line.key::bigint = w.variant_id) k ON true
        WHERE o.status = 'placed' AND o.hold_reason IS DISTINCT FROM 'stock_shortfall'
          AND w.pieces > coalesce(k.pieces, 0)""",
    "order.pending_waits_for_somebody": """
        SELECT number, status FROM orders WHERE status = 'pending' AND hold_until IS NULL""",
    "order.one_cart_one_order": """
        SELECT cart_id, count(*) AS orders FROM orders GROUP BY cart_id HAVING count(*) > 1""",
}
