"""What must hold for store credit and gift cards, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "credit.balance_is_what_the_movements_say": """
        SELECT a.id AS account, a.balance, m.moved FROM credit_account a
        JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS moved FROM credit_movement WHERE account_id = a.id) m ON true
        WHERE a.balance <> m.moved""",
    "credit.gift_card_is_paid_in_once": """
        SELECT g.id AS gift_card, g.state, b.amount, m.paid_in FROM gift_card g
        JOIN gift_card_batch b ON b.id = g.batch_id
        JOIN LATERAL (
            SELECT sum(amount) AS paid_in FROM credit_movement
            WHERE account_id = g.account_id AND kind = 'paid_in' AND reference = 'card:' || g.id) m ON true
        WHERE g.state = 'redeemed' AND m.paid_in IS DISTINCT FROM b.amount""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
