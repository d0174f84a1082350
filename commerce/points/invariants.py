"""What must hold for points, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "points.account_is_what_its_entries_say": """
        SELECT a.customer_id AS customer, a.available, e.available AS entered, a.pending, e.pending AS entered_pending
        FROM points_account a JOIN LATERAL (
            SELECT coalesce(sum(available), 0) AS available, coalesce(sum(pending), 0) AS pending
            FROM points_entry WHERE customer_id = a.customer_id) e ON true
        WHERE (a.available, a.pending) IS DISTINCT FROM (e.available, e.pending)""",
    "points.order_gives_back_what_was_spent_at_most": """
        SELECT order_id AS "order", sum(available) AS available FROM points_entry
        WHERE kind IN ('spent', 'given_back') AND order_id IS NOT NULL GROUP BY order_id HAVING sum(available) > 0""",
    "points.order_takes_back_what_it_earned_at_most": """
        SELECT order_id AS "order", sum(available + pending) AS points FROM points_entry
        WHERE kind IN ('earned', 'reversed') AND order_id IS NOT NULL
        GROUP BY order_id HAVING sum(available + pending) < 0""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
