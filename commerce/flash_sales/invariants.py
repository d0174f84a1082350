"""What must hold for flash sales, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "flash.quota_gives_pieces_while_the_sale_is_planned": """
        SELECT i.id AS item, s.id AS sale, s.state, i.quota_id, a.is_open, a.opens_at, a.closes_at
        FROM flash_item i JOIN flash_sale s ON s.id = i.sale_id LEFT JOIN allotment a ON a.id = i.quota_id
        WHERE CASE WHEN s.state = 'draft' THEN i.quota_id IS NOT NULL
                   WHEN s.state = 'ended' THEN a.is_open
                   ELSE (a.is_open, a.opens_at, a.closes_at) IS DISTINCT FROM (true, s.starts_at, s.ends_at)
                        OR a.stock_level_id IS NULL END""",
    "flash.claim_belongs_to_a_living_order": """
        SELECT c.id AS claim, c.item_id AS item, c.order_id AS "order", o.status FROM flash_claim c
        LEFT JOIN orders o ON o.id = c.order_id
        WHERE o.id IS NULL OR o.customer_id <> c.customer_id OR o.status IN ('expired', 'cancelled')""",
    "flash.no_more_claimed_than_there_were": """
        SELECT i.id AS item, a.capacity, count(*) AS claimed FROM flash_item i
        JOIN allotment a ON a.id = i.quota_id JOIN flash_claim c ON c.item_id = i.id
        GROUP BY i.id, a.capacity HAVING count(*) > a.capacity""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
