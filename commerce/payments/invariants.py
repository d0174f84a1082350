"""What must hold for money, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "payments.refunds_are_what_the_payment_says": """
        SELECT p.id AS payment, p.captured, p.refunded, p.refund_pending, r.settled, r.open FROM payment p
        JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0) AS settled,
                   coalesce(sum(amount) FILTER (WHERE state IN ('requested', 'submitted', 'failed')), 0) AS open
            FROM refund WHERE payment_id = p.id) r ON true
        WHERE p.refunded <> r.settled OR p.refund_pending <> r.open OR p.refunded + p.refund_pending > p.captured""",
    "payments.succeeded_intent_is_a_payment": """
        SELECT i.id AS intent, i.state, p.id AS payment FROM payment_intent i LEFT JOIN payment p ON p.intent_id = i.id
        WHERE (i.state = 'succeeded') <> (p.id IS NOT NULL)""",
    "payments.one_order_one_currency": """
        SELECT p.id AS payment, p.order_id, i.order_id AS intent_order, p.provider, p.currency FROM payment p
        JOIN payment_intent i ON i.id = p.intent_id JOIN orders o ON o.id = i.order_id
        WHERE p.order_id <> i.order_id OR p.provider <> i.provider OR p.currency <> o.currency""",
    "payments.refund_is_of_its_payment": """
        SELECT r.id AS refund, r.key, r.order_id, p.order_id AS payment_order FROM refund r
        JOIN payment p ON p.id = r.payment_id
        WHERE r.order_id <> p.order_id OR r.currency <> p.currency
        OR r.provider NOT IN (p.provider, 'credit', 'transfer')""",
    "payments.settled_refund_knows_when": """
        SELECT id AS refund, state, settled_at FROM refund WHERE (state = 'succeeded') <> (settled_at IS NOT NULL)""",
    "payments.nothing_waits_without_being_asked_about": """
        SELECT id AS intent, state, provider, next_check_at FROM payment_intent
        WHERE opened_at IS NOT NULL AND next_check_at IS NULL
        AND state IN ('requires_action', 'processing', 'closing')
        UNION ALL
        SELECT id, state, provider, next_check_at FROM refund
        WHERE next_check_at IS NULL AND state IN ('requested', 'submitted', 'failed')
        AND provider NOT IN ('cod', 'transfer', 'telegram')""",
    "payments.nobody_pays_for_an_order_that_is_over": """
        SELECT i.id AS intent, i.state, o.number, o.status FROM payment_intent i JOIN orders o ON o.id = i.order_id
        WHERE o.status IN ('cancelled', 'expired') AND i.state IN ('created', 'requires_action', 'processing')""",
    "payments.expired_order_keeps_no_money": """
        SELECT p.id AS payment, o.number, p.captured, p.refunded, p.refund_pending FROM payment p
        JOIN orders o ON o.id = p.order_id
        WHERE o.status = 'expired' AND p.refunded + p.refund_pending < p.captured""",
    "payments.credit_names_its_account": """
        SELECT i.id AS intent, i.instrument FROM payment_intent i
        LEFT JOIN credit_account a ON i.instrument = 'account:' || a.id
        WHERE i.provider = 'credit' AND (a.id IS NULL OR i.state <> 'succeeded')""",
    "payments.refund_to_credit_is_there": """
        SELECT r.id AS refund, r.key, r.amount, m.amount AS paid_in FROM refund r
        LEFT JOIN credit_movement m ON m.reference = r.key AND m.kind = 'paid_in'
        WHERE r.provider = 'credit' AND (r.state <> 'succeeded' OR m.amount IS DISTINCT FROM r.amount)""",
    "payments.matched_transfer_is_a_payment": """
        SELECT t.id AS transfer, t.bank_reference, t.amount, p.captured, p.provider FROM bank_transfer t
        JOIN payment p ON p.id = t.payment_id
        WHERE p.captured <> t.amount OR p.provider <> 'transfer' OR p.order_id <> t.order_id""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
