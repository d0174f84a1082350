-- One join in full as plain statements: goods and places promised, the order of them, its payment; three transactions,
-- as the shop has, locks in our order. Whoever finds no place keeps no goods and orders nothing.
-- pgbench -M prepared -D allotments=2000 -D quota=0 -f group_orders.sql; the tables are those of bench/groups.py.
\set allotment random(1, :allotments)
\set joiner random(1, 1000000000)
BEGIN;
UPDATE plain_goods SET reserved = reserved + 1 WHERE id = 1 AND reserved + 1 <= on_hand;
WITH sat AS (
    UPDATE plain_places SET held = held + 1 WHERE id IN (:allotment, :quota) AND held + used + 1 <= capacity RETURNING 1)
SELECT (count(*) = 1 + (:quota > 0)::int)::int AS sat FROM sat \gset
\if :sat
INSERT INTO plain_promise (joiner, allotment_id, until) VALUES (:joiner, :allotment, now() + interval '10 minutes')
RETURNING id AS promise \gset
COMMIT;
BEGIN;
INSERT INTO plain_order (joiner, status, total) VALUES (:joiner, 'pending', 3400) RETURNING id AS ordered \gset
INSERT INTO plain_line (order_id, goods_id, quantity, unit) VALUES (:ordered, 1, 1, 3400);
INSERT INTO plain_intent (order_id, amount, state) VALUES (:ordered, 3400, 'created') RETURNING id AS intent \gset
INSERT INTO plain_member (order_id, group_id, state) VALUES (:ordered, :allotment, 'held');
UPDATE plain_promise SET order_id = :ordered WHERE id = :promise;
COMMIT;
BEGIN;
SELECT status FROM plain_order WHERE id = :ordered FOR NO KEY UPDATE;
UPDATE plain_intent SET state = 'succeeded' WHERE id = :intent;
INSERT INTO plain_payment (order_id, intent_id, amount) VALUES (:ordered, :intent, 3400);
UPDATE plain_promise SET paid = true WHERE id = :promise;
UPDATE plain_places SET held = held - 1, used = used + 1 WHERE id IN (:allotment, :quota);
UPDATE plain_order SET status = 'placed' WHERE id = :ordered;
UPDATE plain_member SET state = 'paid' WHERE order_id = :ordered;
UPDATE plain_group g SET version = version + 1, state = CASE WHEN p.used = p.capacity THEN 'succeeded' ELSE 'open' END
FROM plain_places p WHERE g.id = :allotment AND p.id = g.id;
COMMIT;
\else
ROLLBACK;
\endif
