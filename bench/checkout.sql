-- One order as six statements, stock first, as the shortest road to the same promise: the guard in the UPDATE decides.
-- pgbench -M prepared -D items=1000 -f checkout.sql; the tables are those of bench/checkout.py.
\set item random(1, :items)
\set customer random(1, 1000000)
BEGIN;
UPDATE plain_stock SET reserved = reserved + 1 WHERE id = :item AND reserved + 1 <= on_hand;
INSERT INTO plain_order (customer_id, status, total, created_at) VALUES (:customer, 'placed', 6800, now());
INSERT INTO plain_line (order_id, item_id, quantity, unit) VALUES (lastval(), :item, 1, 6800);
INSERT INTO plain_payment (customer_id, amount, state, created_at) VALUES (:customer, 6800, 'created', now());
END;
