"""What must hold for promotions and coupons, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "coupons.issued_is_how_many_customers_got": """
        SELECT b.id AS batch, b.issued, c.coupons, b.total FROM coupon_batch b
        JOIN LATERAL (
            SELECT count(*) AS coupons FROM coupon WHERE batch_id = b.id AND customer_id IS NOT NULL) c ON true
        WHERE b.issued <> c.coupons OR b.issued > b.total""",
    "coupons.nobody_has_more_than_their_share": """
        SELECT c.batch_id AS batch, c.customer_id, count(*) AS coupons, b.per_customer FROM coupon c
        JOIN coupon_batch b ON b.id = c.batch_id WHERE c.customer_id IS NOT NULL AND c.state IN ('issued', 'returned')
        GROUP BY c.batch_id, c.customer_id, b.per_customer HAVING count(*) > b.per_customer""",
    "coupons.used_belongs_to_its_customers_order": """
        SELECT c.id AS coupon, c.state, c.customer_id, o.customer_id AS order_customer FROM coupon c
        LEFT JOIN orders o ON o.id = c.order_id
        WHERE c.state IN ('reserved', 'used') AND o.customer_id IS DISTINCT FROM c.customer_id""",
    "coupons.ended_order_holds_none": """
        SELECT c.id AS coupon, c.state, o.number, o.status FROM coupon c JOIN orders o ON o.id = c.order_id
        WHERE c.state = 'reserved' AND o.status IN ('cancelled', 'expired')""",
    "promotions.used_is_how_often_it_was_used": """
        SELECT p.id AS promotion, p.used, u.uses FROM promotion p
        JOIN LATERAL (SELECT count(*) AS uses FROM promotion_use WHERE promotion_id = p.id) u ON true
        WHERE p.max_uses IS NOT NULL AND p.used <> u.uses""",
    "promotions.customer_used_it_as_often_as_counted": """
        SELECT c.promotion_id AS promotion, c.customer_id, c.used, u.uses FROM promotion_customer c
        JOIN promotion p ON p.id = c.promotion_id
        JOIN LATERAL (
            SELECT count(*) AS uses FROM promotion_use
            WHERE promotion_id = c.promotion_id AND customer_id = c.customer_id) u ON true
        WHERE p.max_per_customer IS NOT NULL AND c.used <> u.uses""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
