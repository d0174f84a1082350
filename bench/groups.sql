-- One joiner as plain statements, in the order of our locks: the goods, then the place, then the promise; whoever finds
-- no place keeps no goods. pgbench -M prepared -D allotments=2000 -f groups.sql; the tables are those of bench/groups.py.
\set allotment random(1, :allotments)
\set joiner random(1, 1000000000)
BEGIN;
UPDATE plain_goods SET reserved = reserved + 1 WHERE id = 1 AND reserved + 1 <= on_hand;
WITH sat AS (UPDATE plain_places SET held = held + 1 WHERE id = :allotment AND held + used + 1 <= capacity RETURNING 1)
SELECT count(*) AS sat FROM sat \gset
\if :sat
INSERT INTO plain_promise (joiner, allotment_id, until) VALUES (:joiner, :allotment, now() + interval '10 minutes');
COMMIT;
\else
ROLLBACK;
\endif
