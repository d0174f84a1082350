"""The SQL of a publication: staged rows become the shelf. Parameters: $1 source, $2 now (where a statement has them).

The staged tables are the connection's own: they are filled before the transaction, and gone when the connection is.
Only `staged_product` rows that say something new get as far as the shelf.
"""

STAGED = {
    "staged_category": "handle text PRIMARY KEY, name text, parent text, place bigint, fresh boolean",
    "staged_product": "key text PRIMARY KEY, handle text, category text, digest text, status text,"
    " free_shipping boolean, dispatch_days bigint, place bigint UNIQUE, product_id bigint, version bigint,"
    " stale boolean",
    "staged_text": "key text, lang text, title text, body text",
    "staged_option": "key text, place bigint, name text",
    "staged_value": "key text, option_place bigint, place bigint, name text",
    "staged_variant": "key text, sku text, price bigint, currency text, stock bigint, backorder bigint, active boolean,"
    " place bigint, variant_id bigint, PRIMARY KEY (key, place)",
    "staged_price": "key text, variant_place bigint, currency text, amount bigint",
    "staged_choice": "key text, variant_place bigint, option_place bigint, value_place bigint",
    "staged_attribute": "key text, place bigint, name text, value text",
    "staged_picture": "key text, place bigint, variant_place bigint, digest text, mime text, width int, height int",
    "staged_entry": "place bigint PRIMARY KEY, entry bytea",
    "staged_colours": "place bigint, variant_place bigint, colours text[], PRIMARY KEY (place, variant_place)",
}
"""Table and columns. `key` is the product's key within the source; `place` counts from 0."""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('commerce.imports'))"
PUBLISHING = "SELECT pg_advisory_xact_lock(hashtext('commerce.publication'))"
ONE_AT_A_TIME_ALL_ALONG = "SELECT pg_advisory_lock(hashtext('commerce.imports'))"

# Both come before the transaction; what they read is looked at again within.
DROP_UNCHANGED = """
DELETE FROM staged_product staged USING product p JOIN imported_product i ON i.product_id = p.id
WHERE p.source = $1 AND p.source_key = staged.key AND i.digest = staged.digest"""

KNOWN = """
UPDATE staged_product staged SET product_id = p.id, version = p.version FROM product p
WHERE p.source = $1 AND p.source_key = staged.key"""

# A shelf that is there belongs to the merchant, who may have renamed or moved it.
CATEGORIES = (
    "UPDATE staged_category s SET fresh = NOT EXISTS (SELECT 1 FROM category c WHERE c.handle = s.handle)",
    """
INSERT INTO category (handle, name, position)
SELECT handle, name::jsonb, place + (SELECT count(*) FROM category) FROM staged_category WHERE fresh ORDER BY place
ON CONFLICT (handle) DO NOTHING""",
    """
UPDATE category c SET parent_id = parent.id FROM staged_category s JOIN category parent ON parent.handle = s.parent
WHERE c.handle = s.handle AND s.fresh""",
)

# A handle is an address: an old product keeps its own, a new one steps aside for a product that has the name already.
STEP_ASIDE = """
UPDATE staged_product staged SET handle = left(handle, 100) || '-' || left(md5($1 || key), 8)
WHERE EXISTS (SELECT 1 FROM product p WHERE p.handle = staged.handle)"""

# The status is the merchant's from the day they change it: an archived product stays archived.
PRODUCTS = """
INSERT INTO product (handle, status, category_id, source, source_key, free_shipping, dispatch_days,
    created_at, updated_at, published_at)
SELECT staged.handle, staged.status, category.id, $1, staged.key, coalesce(staged.free_shipping, true),
    coalesce(staged.dispatch_days, 1), $2, $2,
    CASE WHEN staged.status = 'published' THEN $2::timestamptz END
FROM staged_product staged LEFT JOIN category ON category.handle = staged.category ORDER BY staged.place
ON CONFLICT (source, source_key) DO UPDATE SET
    category_id = coalesce(excluded.category_id, product.category_id), updated_at = excluded.updated_at,
    version = product.version + 1, published_at = coalesce(product.published_at, excluded.published_at),
    free_shipping = coalesce(
        (SELECT s.free_shipping FROM staged_product s WHERE s.key = excluded.source_key), product.free_shipping),
    dispatch_days = coalesce(
        (SELECT s.dispatch_days FROM staged_product s WHERE s.key = excluded.source_key), product.dispatch_days),
    status = CASE product.status
        WHEN (SELECT i.status FROM imported_product i WHERE i.product_id = product.id) THEN excluded.status
        ELSE product.status END"""

PRODUCT_IDS = """
UPDATE staged_product staged SET product_id = p.id FROM product p WHERE p.source = $1 AND p.source_key = staged.key"""

# A SKU is one variant of the whole shop. One that another product has gets the product's mark behind it.
SKUS_TAKEN = """
UPDATE staged_variant staged SET sku = left(staged.sku, 110) || '-' || left(md5($1 || staged.key), 6)
FROM variant other JOIN product p ON p.id = other.product_id
WHERE other.sku = staged.sku AND (p.source, p.source_key) IS DISTINCT FROM ($1, staged.key)
RETURNING staged.key, old.sku AS said, new.sku AS sku"""

SHELF = (
    """
INSERT INTO product_text (product_id, lang, title, body)
SELECT product_id, lang, title, body FROM staged_text JOIN staged_product USING (key)
ON CONFLICT (product_id, lang) DO UPDATE SET title = excluded.title, body = excluded.body""",
    """
DELETE FROM product_option o USING staged_product p WHERE o.product_id = p.product_id
AND NOT EXISTS (SELECT 1 FROM staged_option s WHERE s.key = p.key AND s.place = o.position)""",
    """
MERGE INTO product_option o
USING (SELECT p.product_id, o.place, o.name::jsonb AS name FROM staged_option o JOIN staged_product p USING (key)) s
ON o.product_id = s.product_id AND o.position = s.place
WHEN MATCHED AND o.name <> s.name THEN UPDATE SET name = s.name
WHEN NOT MATCHED THEN INSERT (product_id, name, position) VALUES (s.product_id, s.name, s.place)""",
    """
DELETE FROM option_value v USING product_option o, staged_product p
WHERE v.option_id = o.id AND o.product_id = p.product_id
AND NOT EXISTS (
    SELECT 1 FROM staged_value s WHERE s.key = p.key AND s.option_place = o.position AND s.place = v.position)""",
    """
MERGE INTO option_value v
USING (SELECT o.id AS option_id, s.place, s.name::jsonb AS name FROM staged_value s JOIN staged_product p USING (key)
       JOIN product_option o ON o.product_id = p.product_id AND o.position = s.option_place) s
ON v.option_id = s.option_id AND v.position = s.place
WHEN MATCHED AND v.name <> s.name THEN UPDATE SET name = s.name
WHEN NOT MATCHED THEN INSERT (option_id, name, position) VALUES (s.option_id, s.name, s.place)""",
    """
UPDATE variant v SET active = false FROM staged_product p
WHERE v.product_id = p.product_id
AND NOT EXISTS (SELECT 1 FROM staged_variant s WHERE s.key = p.key AND s.sku = v.sku)""",
    """
INSERT INTO variant (product_id, sku, price_amount, currency, position, active)
SELECT p.product_id, s.sku, s.price, s.currency, s.place, s.active
FROM staged_variant s JOIN staged_product p USING (key) ORDER BY p.place, s.place
ON CONFLICT (sku) DO UPDATE SET price_amount = excluded.price_amount, currency = excluded.currency,
    position = excluded.position, active = excluded.active WHERE variant.product_id = excluded.product_id""",
    """
UPDATE staged_variant s SET variant_id = v.id FROM variant v, staged_product p
WHERE p.key = s.key AND v.product_id = p.product_id AND v.sku = s.sku""",
    """
DELETE FROM variant_price c USING staged_variant s JOIN staged_product USING (key) WHERE c.variant_id = s.variant_id""",
    """
INSERT INTO variant_price (variant_id, currency, amount)
SELECT s.variant_id, c.currency, c.amount FROM staged_price c JOIN staged_product p USING (key)
JOIN staged_variant s ON s.key = c.key AND s.place = c.variant_place""",
    """
DELETE FROM variant_value c USING staged_variant s JOIN staged_product USING (key) WHERE c.variant_id = s.variant_id""",
    """
INSERT INTO variant_value (variant_id, value_id)
SELECT s.variant_id, v.id FROM staged_choice c JOIN staged_product p USING (key)
JOIN staged_variant s ON s.key = c.key AND s.place = c.variant_place
JOIN product_option o ON o.product_id = p.product_id AND o.position = c.option_place
JOIN option_value v ON v.option_id = o.id AND v.position = c.value_place""",
    """
DELETE FROM product_attribute a USING staged_product p WHERE a.product_id = p.product_id""",
    """
INSERT INTO product_attribute (product_id, position, name, value)
SELECT product_id, s.place, s.name::jsonb, s.value::jsonb FROM staged_attribute s JOIN staged_product USING (key)""",
    """
INSERT INTO media (digest, mime, width, height) SELECT DISTINCT digest, mime, width, height FROM staged_picture
ON CONFLICT (digest) DO NOTHING""",
    """
DELETE FROM picture i USING staged_product p WHERE i.product_id = p.product_id""",
    """
INSERT INTO picture (product_id, variant_id, media_id, position)
SELECT p.product_id, v.variant_id, media.id, s.place FROM staged_picture s JOIN staged_product p USING (key)
JOIN media ON media.digest = s.digest LEFT JOIN staged_variant v ON v.key = s.key AND v.place = s.variant_place
ORDER BY p.place, s.place""",
)

REMEMBER = """
INSERT INTO imported_product (product_id, digest, status, imported_at)
SELECT product_id, digest, status, $1 FROM staged_product
ON CONFLICT (product_id) DO UPDATE
SET digest = excluded.digest, status = excluded.status, imported_at = excluded.imported_at"""

STOCK_LEVELS = """
INSERT INTO stock_level (variant_id, location_id, on_hand, reserved, backorder)
SELECT variant_id, $1, 0, 0, 0 FROM staged_variant JOIN staged_product USING (key) ORDER BY variant_id
ON CONFLICT (variant_id, location_id) DO NOTHING"""

STOCK_LOCKS = """
SELECT l.id FROM stock_level l JOIN staged_variant s USING (variant_id) JOIN staged_product USING (key)
ORDER BY l.id FOR UPDATE OF l"""

# A count is taken over when the source says another number than the last time: what was sold since stays sold.
# It never falls below what is promised. What the source counts is the whole shop: what lies at other locations is part
# of it, the main location ($3) has the rest.
STOCK = """
WITH said AS (
    SELECT variant_id, stock, backorder,
           $1 || ' ' || stock || CASE WHEN backorder > 0 THEN '+' || backorder ELSE '' END AS reference
    FROM staged_variant JOIN staged_product USING (key)),
counted AS (
    UPDATE stock_level l
    SET on_hand = greatest(s.stock - coalesce((
            SELECT sum(o.on_hand) FROM stock_level o WHERE o.variant_id = l.variant_id AND o.location_id <> $3), 0),
        l.reserved - s.backorder, least(s.stock, 0)), backorder = s.backorder
    FROM said s
    WHERE l.variant_id = s.variant_id AND l.location_id = $3 AND s.reference IS DISTINCT FROM (
        SELECT m.reference FROM stock_movement m WHERE m.stock_level_id = l.id AND m.reason = 'import'
        ORDER BY m.id DESC LIMIT 1)
    RETURNING l.id, new.on_hand - old.on_hand AS delta, s.reference)
INSERT INTO stock_movement (stock_level_id, delta, reason, reference, at)
SELECT id, delta, 'import', reference, $2 FROM counted ORDER BY id"""

STATISTICS = """
ANALYZE category, product, product_text, product_option, option_value, variant, variant_value, variant_price,
    product_attribute, picture, media, stock_level, stock_movement, search_product, search_offer, search_word,
    title_start"""

OLD_TEXTS = """
SELECT p.key, t.lang, t.title, t.body FROM product_text t JOIN staged_product p USING (product_id)
WHERE NOT EXISTS (SELECT 1 FROM staged_text s WHERE s.key = p.key AND s.lang = t.lang)"""

OLD_CATEGORIES = """
SELECT s.key, c.handle FROM staged_product s JOIN product p ON p.id = s.product_id
JOIN category c ON c.id = p.category_id WHERE s.category IS NULL"""

SHELVES = """
SELECT c.handle, c.name::text AS name, parent.handle AS parent
FROM category c LEFT JOIN category parent ON parent.id = c.parent_id ORDER BY c.id"""

# Nobody renames a shelf while products with its name in their search rows come in.
SHELVES_LOCKED = f"{SHELVES} FOR SHARE OF c"

# The version tells whether somebody saved the product since its search row was worked out.
STALE = """
UPDATE staged_product s SET stale = $1 OR s.key = ANY($2) OR p.version <> coalesce(s.version + 1, 1)
FROM product p WHERE p.id = s.product_id"""

ENTRIES = """
SELECT s.product_id, e.entry
FROM staged_product s JOIN staged_entry e USING (place) JOIN product p ON p.id = s.product_id
WHERE s.place = ANY($1) AND p.status = 'published'"""

OFFERS = """
SELECT v.variant_id, s.product_id, v.price, v.currency, c.colours
FROM staged_product s JOIN staged_colours c USING (place)
JOIN staged_variant v ON v.key = s.key AND v.place = c.variant_place JOIN product p ON p.id = s.product_id
WHERE s.place = ANY($1) AND p.status = 'published'"""
