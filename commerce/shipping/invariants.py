"""What must hold of parcels, as SQL that returns the rows that break it (commerce.checks)."""

_LEFT = "('shipped', 'in_transit', 'out_for_delivery', 'exception', 'delivered', 'lost', 'returned_to_sender')"

INVARIANTS: dict[str, str] = {
    "shipping.counters_match_parcels": f"""
        SELECT l.id AS order_line, l.shipped, coalesce(sum(p.quantity) FILTER (WHERE s.id IS NOT NULL), 0) AS in_parcels
        FROM order_line l
        LEFT JOIN shipment_line p ON p.order_line_id = l.id
        LEFT JOIN shipment s ON s.id = p.shipment_id AND s.replaces_id IS NULL AND s.state IN {_LEFT}
        GROUP BY l.id
        HAVING l.shipped <> coalesce(sum(p.quantity) FILTER (WHERE s.id IS NOT NULL), 0)
    """,
    "shipping.pieces_within_ordered": """
        SELECT l.id AS order_line, l.quantity - l.cancelled AS wanted, sum(p.quantity) AS in_parcels
        FROM order_line l
        JOIN shipment_line p ON p.order_line_id = l.id
        JOIN shipment s ON s.id = p.shipment_id AND s.replaces_id IS NULL AND s.state <> 'cancelled'
        GROUP BY l.id HAVING sum(p.quantity) > l.quantity - l.cancelled
    """,
    "shipping.parcels_hold_their_own_lines": """
        SELECT s.id AS shipment, s.order_id FROM shipment s
        WHERE NOT EXISTS (SELECT 1 FROM shipment_line p WHERE p.shipment_id = s.id)
        UNION ALL
        SELECT s.id, s.order_id FROM shipment s
        JOIN shipment_line p ON p.shipment_id = s.id JOIN order_line l ON l.id = p.order_line_id
        WHERE l.order_id <> s.order_id
    """,
    "shipping.times_match_states": f"""
        SELECT id AS shipment, state FROM shipment
        WHERE (state IN {_LEFT} AND shipped_at IS NULL) OR (state = 'delivered') <> (delivered_at IS NOT NULL)
    """,
    "shipping.nothing_to_pack_of_ended_orders": """
        SELECT s.id AS shipment, o.status FROM shipment s JOIN orders o ON o.id = s.order_id
        WHERE s.state IN ('pending', 'picked', 'packed') AND o.status NOT IN ('placed', 'completed')
    """,
    "shipping.nothing_left_of_ended_orders": f"""
        SELECT s.id AS shipment, o.status FROM shipment s JOIN orders o ON o.id = s.order_id
        WHERE s.state IN {_LEFT} AND (o.status IN ('draft', 'pending', 'expired')
          OR o.status = 'cancelled' AND s.resolution IS NULL)
    """,
    "shipping.delivered_means_all_parcels": f"""
        SELECT o.id AS "order", s.id AS shipment, s.state FROM orders o JOIN shipment s ON s.order_id = o.id
        WHERE o.delivered_at IS NOT NULL AND s.resolution IS NULL
          AND s.state IN {_LEFT} AND s.state <> 'delivered'
    """,
    "shipping.state_is_the_last_saying": """
        SELECT s.id AS shipment, s.state, e.state AS said FROM shipment s
        JOIN LATERAL (SELECT state FROM tracking_event WHERE shipment_id = s.id AND applied
                      ORDER BY id DESC LIMIT 1) e ON true
        WHERE s.state <> e.state
    """,
    "shipping.codes_only_at_the_counter": """
        SELECT id AS shipment, state FROM shipment
        WHERE (pickup_code_index IS NULL) <> (pickup_code_sealed IS NULL)
           OR (pickup_code_index IS NOT NULL AND (method <> 'pickup' OR state <> 'packed'))
    """,
    "shipping.replacements_replace": """
        SELECT again.id AS shipment, s.id AS replaces, s.state FROM shipment again
        JOIN shipment s ON s.id = again.replaces_id
        WHERE again.state <> 'cancelled'
          AND (s.state NOT IN ('lost', 'returned_to_sender') OR s.resolution IS DISTINCT FROM 'reshipped')
    """,
}
