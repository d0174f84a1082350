"""What must hold for buying together, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "groups.members_within_the_seats": """
        SELECT g.id AS "group", a.capacity, m.living FROM buying_group g
        JOIN allotment a ON a.id = g.seats_id
        JOIN LATERAL (
            SELECT count(*) AS living FROM group_member
            WHERE group_id = g.id AND state IN ('held', 'paid', 'succeeded')) m ON true
        WHERE m.living > a.capacity""",
    "groups.used_seats_are_paid_ones": """
        SELECT g.id AS "group", g.state, a.used, m.paid FROM buying_group g
        JOIN allotment a ON a.id = g.seats_id
        JOIN LATERAL (
            SELECT count(*) AS paid FROM group_member
            WHERE group_id = g.id AND state IN ('paid', 'succeeded')) m ON true
        WHERE a.used > m.paid OR a.used < m.paid AND g.state IN ('opening', 'open')""",
    "groups.complete_ones_were_paid": """
        SELECT g.id AS "group", g.state, g.size, g.reached FROM buying_group g
        JOIN group_campaign c ON c.id = g.campaign_id
        WHERE g.state IN ('succeeded', 'settled') AND (g.reached IS NULL OR g.reached < 1 OR g.reached > g.capacity
              OR g.reached < g.size AND c.below_size <> 'keep')""",
    "groups.full_ones_are_complete": """
        SELECT g.id AS "group", g.state, a.used, g.size FROM buying_group g JOIN allotment a ON a.id = g.seats_id
        WHERE g.state IN ('opening', 'open') AND a.used >= g.size""",
    "groups.ended_ones_take_nobody": """
        SELECT g.id AS "group", g.state FROM buying_group g JOIN allotment a ON a.id = g.seats_id
        WHERE a.is_open AND (g.state IN ('opening', 'settled', 'failed', 'cancelled')
              OR g.state = 'succeeded' AND g.capacity = g.size)""",
    "groups.open_one_has_its_leader": """
        SELECT g.id AS "group", g.state, g.leader_id FROM buying_group g
        WHERE g.state IN ('opening', 'open') AND (
            SELECT count(*) FROM group_member m WHERE m.group_id = g.id AND m.is_leader
              AND m.customer_id = g.leader_id AND m.state IN ('held', 'paid')) <> 1""",
    "groups.done_one_has_nobody_waiting": """
        SELECT DISTINCT g.id AS "group", g.state FROM buying_group g JOIN group_member m ON m.group_id = g.id
        WHERE g.done_at IS NOT NULL AND m.state = 'paid'""",
    "groups.member_is_as_their_order": """
        SELECT m.id AS member, m.state, o.number, o.status, o.hold_reason FROM group_member m
        LEFT JOIN orders o ON o.id = m.order_id
        WHERE o.id IS NULL OR NOT CASE m.state
            WHEN 'held' THEN o.status = 'pending'
            WHEN 'paid' THEN o.status = 'placed' AND o.hold_reason = 'group_open'
            WHEN 'succeeded' THEN o.status IN ('placed', 'completed') AND o.hold_reason IS DISTINCT FROM 'group_open'
            WHEN 'expired' THEN o.status IN ('expired', 'cancelled')
            ELSE o.status = 'cancelled' END""",
    "groups.waiting_order_has_a_seat": """
        SELECT o.number, o.status FROM orders o
        WHERE o.hold_reason = 'group_open' AND o.status IN ('pending', 'placed') AND NOT EXISTS (
            SELECT FROM group_member m WHERE m.order_id = o.id AND m.state IN ('held', 'paid'))""",
    "groups.refunded_in_full": """
        SELECT m.id AS member, o.number, s.kept FROM group_member m JOIN orders o ON o.id = m.order_id
        JOIN LATERAL (
            SELECT coalesce(sum(captured - refunded - refund_pending), 0) AS kept FROM payment WHERE order_id = o.id
        ) s ON true
        WHERE m.state IN ('refunded', 'left', 'expired') AND s.kept <> 0""",
    "groups.limit_of_a_customer": """
        SELECT m.campaign_id AS campaign, m.customer_id, count(*) AS living FROM group_member m
        JOIN group_campaign c ON c.id = m.campaign_id WHERE m.state IN ('held', 'paid', 'succeeded')
        GROUP BY 1, 2 HAVING count(*) > max(m.most)""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
