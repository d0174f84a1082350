"""What must hold for stock and promises of it, as queries that find where it does not."""

INVARIANTS: dict[str, str] = {
    "stock.not_oversold": """
        SELECT id AS stock_level, variant_id, location_id, on_hand, reserved, backorder FROM stock_level
        WHERE reserved < 0 OR backorder < 0 OR reserved > on_hand + backorder""",
    "stock.is_what_the_movements_say": """
        SELECT l.id AS stock_level, l.variant_id, l.on_hand, m.moved FROM stock_level l
        JOIN LATERAL (
            SELECT coalesce(sum(delta), 0) AS moved FROM stock_movement WHERE stock_level_id = l.id) m ON true
        WHERE l.on_hand <> m.moved""",
    "stock.reserved_is_what_holds_keep": """
        WITH kept AS (
            SELECT id, sum(pieces) AS pieces FROM (
                SELECT part.key::bigint AS id, part.value::bigint AS pieces
                FROM hold h, jsonb_each_text(h.levels) AS part WHERE h.state IN ('held', 'committed')
                UNION ALL
                SELECT stock_level_id, capacity - held - used FROM allotment
                WHERE is_open AND stock_level_id IS NOT NULL) AS promised GROUP BY id)
        SELECT coalesce(l.id, kept.id) AS stock_level, l.variant_id, l.reserved, coalesce(kept.pieces, 0) AS kept
        FROM stock_level l FULL JOIN kept ON kept.id = l.id
        WHERE coalesce(l.reserved, 0) <> coalesce(kept.pieces, 0)""",
    "stock.hold_is_the_same_pieces_by_level": """
        SELECT h.id AS hold, h.key, h.state, h.lines, h.levels FROM hold h
        WHERE h.state IN ('held', 'committed') AND h.lines IS DISTINCT FROM (
            SELECT jsonb_object_agg(variant_id, pieces) FROM (
                SELECT l.variant_id, sum(part.value::bigint) AS pieces
                FROM jsonb_each_text(h.levels) AS part JOIN stock_level l ON l.id = part.key::bigint
                GROUP BY l.variant_id) AS by_variant)""",
    "stock.hold_keeps_something": """
        SELECT h.id AS hold, h.key, h.state, part.key AS variant_id, part.value AS pieces
        FROM hold h, jsonb_each_text(h.lines) AS part WHERE part.value::bigint < 1""",
    "stock.closed_location_is_empty": """
        SELECT l.id AS stock_level, p.code, l.variant_id, l.on_hand, l.reserved, l.backorder
        FROM stock_level l JOIN location p ON p.id = l.location_id
        WHERE NOT p.active AND (l.on_hand <> 0 OR l.reserved <> 0 OR l.backorder <> 0)""",
    "stock.sold_belongs_to_an_order": """
        SELECT id AS hold, key, state FROM hold WHERE state IN ('committed', 'shipped') AND order_id IS NULL""",
    "allotment.not_over_full": """
        SELECT id AS allotment, capacity, held, used FROM allotment
        WHERE held < 0 OR used < 0 OR held + used > capacity""",
    "allotment.places_are_what_holds_keep": """
        WITH kept AS (
            SELECT part.key::bigint AS id,
                   coalesce(sum(part.value::bigint) FILTER (WHERE h.state = 'held'), 0) AS held,
                   coalesce(sum(part.value::bigint) FILTER (WHERE h.state <> 'held'), 0) AS used
            FROM hold h, jsonb_each_text(h.allotments) AS part
            WHERE h.state IN ('held', 'committed', 'shipped') GROUP BY 1)
        SELECT coalesce(a.id, kept.id) AS allotment, a.held, a.used, kept.held AS kept, kept.used AS sold
        FROM allotment a FULL JOIN kept ON kept.id = a.id
        WHERE (a.held, a.used) IS DISTINCT FROM (coalesce(kept.held, 0), coalesce(kept.used, 0))""",
    "allotment.own_pieces_are_its_places": """
        SELECT h.id AS hold, h.key, a.id AS allotment, part.value AS places, h.levels
        FROM hold h, jsonb_each_text(h.allotments) AS part JOIN allotment a ON a.id = part.key::bigint
        WHERE h.state IN ('held', 'committed') AND a.stock_level_id IS NOT NULL
          AND part.value IS DISTINCT FROM h.levels ->> a.stock_level_id::text""",
    "stock.one_main_location": """
        SELECT code, active FROM location WHERE code = 'main' AND NOT active""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
