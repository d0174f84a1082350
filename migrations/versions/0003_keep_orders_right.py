"""Keep orders right: prices, promotions, tenders, locations, changes, transfers, parcels, returns, customers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE simulator_session DROP CONSTRAINT ck_simulator_session_state_known")
    op.execute("ALTER TABLE orders DROP CONSTRAINT ck_orders_paymentmethod")
    op.execute("ALTER TABLE order_line DROP CONSTRAINT ck_order_line_total_adds_up")
    op.create_table(
        "coupon_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "benefit",
            sa.Enum(
                "percent",
                "amount",
                "free_shipping",
                name="benefit",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("ppm", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("stackable", sa.Boolean(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "offered",
                "shared_code",
                "single_codes",
                "given",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("code_index", sa.LargeBinary(), nullable=True),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("days", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("per_customer", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "active",
                "paused",
                "ended",
                "revoked",
                name="batchstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(benefit = 'amount') = (amount > 0)", name=op.f("ck_coupon_batch_amount_has_amount")),
        sa.CheckConstraint("(benefit = 'percent') = (ppm > 0)", name=op.f("ck_coupon_batch_percent_has_ppm")),
        sa.CheckConstraint(
            "(way = 'shared_code') = (code_index IS NOT NULL)", name=op.f("ck_coupon_batch_shared_code_has_code")
        ),
        sa.CheckConstraint(
            "amount >= 0 AND threshold >= 0 AND (cap IS NULL OR cap > 0)",
            name=op.f("ck_coupon_batch_amounts_not_negative"),
        ),
        sa.CheckConstraint("days IS NULL OR days BETWEEN 1 AND 3660", name=op.f("ck_coupon_batch_days_within_limits")),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_coupon_batch_window_not_empty")),
        sa.CheckConstraint(
            "issued >= 0 AND (total IS NULL OR issued <= total)", name=op.f("ck_coupon_batch_issued_within_total")
        ),
        sa.CheckConstraint("per_customer BETWEEN 1 AND 100", name=op.f("ck_coupon_batch_per_customer_within_limits")),
        sa.CheckConstraint("ppm BETWEEN 0 AND 1000000", name=op.f("ck_coupon_batch_ppm_within_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_batch")),
        sa.UniqueConstraint("code_index", name=op.f("uq_coupon_batch_code_index")),
    )
    op.create_table(
        "division",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_division")),
    )
    op.create_table(
        "gift_card_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_gift_card_batch_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card_batch")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("region", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("parcel_cost", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_pickup", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("parcel_cost >= 0", name=op.f("ck_location_parcel_cost_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("code", name=op.f("uq_location_code")),
    )
    op.create_table(
        "order_policy",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_order_policy_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_policy")),
    )
    op.create_table(
        "points_policy",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_days", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_points_policy_only_one")),
        sa.CheckConstraint(
            "valid_days IS NULL OR valid_days BETWEEN 1 AND 36500",
            name=op.f("ck_points_policy_valid_days_within_limits"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_policy")),
    )
    op.create_table(
        "price_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("for_members", sa.Boolean(), nullable=False),
        sa.Column(
            "audience",
            sa.Enum(
                "everyone",
                "new",
                "returning",
                "named",
                name="audience",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name=op.f("ck_price_list_window_not_empty")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
    )
    op.create_table(
        "promotion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "stacking",
            sa.Enum(
                "exclusive",
                "best_of",
                "stackable",
                name="stacking",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "audience",
            sa.Enum(
                "everyone",
                "new",
                "returning",
                "named",
                name="audience",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("max_uses", sa.BigInteger(), nullable=True),
        sa.Column("max_per_customer", sa.BigInteger(), nullable=True),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name=op.f("ck_promotion_window_not_empty")
        ),
        sa.CheckConstraint(
            "max_per_customer IS NULL OR max_per_customer > 0", name=op.f("ck_promotion_per_customer_positive")
        ),
        sa.CheckConstraint(
            "used >= 0 AND (max_uses IS NULL OR used <= max_uses)", name=op.f("ck_promotion_used_within_max")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    op.create_index("ix_promotion_active", "promotion", ["id"], unique=False, postgresql_where=sa.text("active"))
    op.create_table(
        "return_policy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kinds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("category_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("product_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("excluded_category_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("excluded_product_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("window_days", sa.BigInteger(), nullable=False),
        sa.Column("send_within_days", sa.BigInteger(), nullable=False),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "freight",
            sa.Enum("shopper", "seller", name="freight", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("seller_pays_at_fault", sa.Boolean(), nullable=False),
        sa.Column("refund_shipping", sa.Boolean(), nullable=False),
        sa.Column("restocking_ppm", sa.BigInteger(), nullable=False),
        sa.Column("auto_limit", sa.BigInteger(), nullable=True),
        sa.Column("once_per_order", sa.Boolean(), nullable=False),
        sa.Column("same_product_only", sa.Boolean(), nullable=False),
        sa.Column(
            "refund_to",
            sa.Enum(
                "original",
                "credit",
                "original_or_gift_card",
                "any",
                "anywhere",
                name="allowed",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("photo_required", sa.Boolean(), nullable=False),
        sa.Column(
            "replace",
            sa.Enum("on_receipt", "at_once", name="replace", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("auto_limit >= 0", name=op.f("ck_return_policy_auto_limit_not_negative")),
        sa.CheckConstraint(
            "restocking_ppm BETWEEN 0 AND 1000000", name=op.f("ck_return_policy_restocking_within_price")
        ),
        sa.CheckConstraint("send_within_days BETWEEN 1 AND 365", name=op.f("ck_return_policy_send_within_sane")),
        sa.CheckConstraint("window_days BETWEEN 0 AND 3650", name=op.f("ck_return_policy_window_sane")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_policy")),
    )
    op.create_table(
        "self_check",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", sa.BigInteger(), nullable=False),
        sa.Column("breaches", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_self_check")),
    )
    op.create_table(
        "shipping_zone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("countries", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("provinces", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("cities", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_zone")),
    )
    op.create_table(
        "simulator_key",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_simulator_key")),
    )
    op.create_table(
        "simulator_thing",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulator_thing")),
    )
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ppm", sa.BigInteger(), nullable=False),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("province", sa.String(length=80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ppm BETWEEN 0 AND 1000000", name=op.f("ck_tax_rate_ppm_within_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "code_tries",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("wrong BETWEEN 0 AND 10", name=op.f("ck_code_tries_wrong_within_limit")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_code_tries_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_code_tries")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "marketing",
                "personalisation",
                "analytics",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consent_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_customer_id_purpose_id"), "consent", ["customer_id", "purpose", "id"], unique=False
    )
    op.create_table(
        "coupon",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("code_index", sa.LargeBinary(), nullable=True),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "issued",
                "reserved",
                "used",
                "returned",
                "expired",
                "revoked",
                name="couponstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(order_id IS NOT NULL) = (state IN ('reserved', 'used'))", name=op.f("ck_coupon_order_while_bound")
        ),
        sa.CheckConstraint(
            "customer_id IS NOT NULL OR state IN ('open', 'expired', 'revoked')",
            name=op.f("ck_coupon_owned_once_issued"),
        ),
        sa.CheckConstraint("(customer_id IS NULL) = (seq IS NULL)", name=op.f("ck_coupon_owned_has_seq")),
        sa.CheckConstraint("seq BETWEEN 1 AND 100", name=op.f("ck_coupon_seq_within_limits")),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batch.id"], name=op.f("fk_coupon_batch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_coupon_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("batch_id", "customer_id", "seq", name=op.f("uq_coupon_batch_id_customer_id_seq")),
        sa.UniqueConstraint("code_index", name=op.f("uq_coupon_code_index")),
    )
    op.create_index("ix_coupon_customer_id", "coupon", ["customer_id", "state"], unique=False)
    op.create_index(
        "ix_coupon_due",
        "coupon",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('open', 'issued', 'returned')"),
    )
    op.create_index(
        "ix_coupon_order_id", "coupon", ["order_id"], unique=False, postgresql_where=sa.text("order_id IS NOT NULL")
    )
    op.create_table(
        "credit_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "store_credit",
                "gift_card",
                "joined",
                name="accountkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_credit_account_balance_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_credit_account_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_account")),
    )
    op.create_index(op.f("ix_credit_account_customer_id_id"), "credit_account", ["customer_id", "id"], unique=False)
    op.create_index(
        "uq_credit_account_store_credit",
        "credit_account",
        ["customer_id", "currency"],
        unique=True,
        postgresql_where=sa.text("kind = 'store_credit'"),
    )
    op.create_table(
        "customer_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_event_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_event")),
    )
    op.create_index(op.f("ix_customer_event_customer_id_id"), "customer_event", ["customer_id", "id"], unique=False)
    op.create_table(
        "data_export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_data_export_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_export")),
    )
    op.create_index(op.f("ix_data_export_customer_id_id"), "data_export", ["customer_id", "id"], unique=False)
    op.create_table(
        "email_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("wrong", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("wrong BETWEEN 0 AND 5", name=op.f("ck_email_code_wrong_within_limit")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_email_code_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_code")),
    )
    op.create_index(op.f("ix_email_code_customer_id_id"), "email_code", ["customer_id", "id"], unique=False)
    op.create_index(
        op.f("ix_email_code_email_index_created_at"), "email_code", ["email_index", "created_at"], unique=False
    )
    op.create_table(
        "payment_instrument",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("token", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_payment_instrument_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_instrument")),
        sa.UniqueConstraint("provider", "token", name=op.f("uq_payment_instrument_provider_token")),
    )
    op.create_index(op.f("ix_payment_instrument_customer_id"), "payment_instrument", ["customer_id"], unique=False)
    op.create_table(
        "points_account",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("next_expiry", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("available >= 0", name=op.f("ck_points_account_available_not_negative")),
        sa.CheckConstraint("pending >= 0", name=op.f("ck_points_account_pending_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_points_account_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_points_account")),
    )
    op.create_index(
        "ix_points_account_due",
        "points_account",
        ["next_expiry"],
        unique=False,
        postgresql_where=sa.text("next_expiry IS NOT NULL"),
    )
    op.create_table(
        "price_list_customer",
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_price_list_customer_customer_id")),
        sa.ForeignKeyConstraint(
            ["price_list_id"], ["price_list.id"], name=op.f("fk_price_list_customer_price_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("price_list_id", "customer_id", name=op.f("pk_price_list_customer")),
    )
    op.create_index(op.f("ix_price_list_customer_customer_id"), "price_list_customer", ["customer_id"], unique=False)
    op.create_table(
        "promotion_customer",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used BETWEEN 0 AND most", name=op.f("ck_promotion_customer_used_within_most")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_promotion_customer_customer_id")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotion.id"], name=op.f("fk_promotion_customer_promotion_id")),
        sa.PrimaryKeyConstraint("promotion_id", "customer_id", name=op.f("pk_promotion_customer")),
    )
    op.create_table(
        "promotion_use",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_promotion_use_customer_id")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotion.id"], name=op.f("fk_promotion_use_promotion_id")),
        sa.PrimaryKeyConstraint("promotion_id", "order_id", name=op.f("pk_promotion_use")),
    )
    op.create_index(op.f("ix_promotion_use_customer_id"), "promotion_use", ["customer_id"], unique=False)
    op.create_index(op.f("ix_promotion_use_order_id"), "promotion_use", ["order_id"], unique=False)
    op.create_table(
        "shipping_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("first_grams", sa.BigInteger(), nullable=False),
        sa.Column("step_grams", sa.BigInteger(), nullable=False),
        sa.Column("step_amount", sa.BigInteger(), nullable=False),
        sa.Column("free_from", sa.BigInteger(), nullable=True),
        sa.Column("days_min", sa.BigInteger(), nullable=True),
        sa.Column("days_max", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind = 'flat' OR step_grams > 0", name=op.f("ck_shipping_rate_weight_has_steps")),
        sa.CheckConstraint("kind IN ('flat', 'weight')", name=op.f("ck_shipping_rate_kind_known")),
        sa.CheckConstraint(
            "amount >= 0 AND step_amount >= 0 AND free_from >= 0", name=op.f("ck_shipping_rate_amounts_not_negative")
        ),
        sa.CheckConstraint("days_min >= 0 AND days_max >= days_min", name=op.f("ck_shipping_rate_days_in_order")),
        sa.CheckConstraint("first_grams >= 0 AND step_grams >= 0", name=op.f("ck_shipping_rate_grams_not_negative")),
        sa.ForeignKeyConstraint(
            ["zone_id"], ["shipping_zone.id"], name=op.f("fk_shipping_rate_zone_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_rate")),
    )
    op.create_index(op.f("ix_shipping_rate_zone_id"), "shipping_rate", ["zone_id"], unique=False)
    op.create_table(
        "cart_choice",
        sa.Column("cart_id", sa.BigInteger(), nullable=False),
        sa.Column("coupon_ids", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("use_credit", sa.Boolean(), nullable=False),
        sa.CheckConstraint("points >= 0", name=op.f("ck_cart_choice_points_not_negative")),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_cart_choice_cart_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("cart_id", name=op.f("pk_cart_choice")),
    )
    op.create_table(
        "credit_movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("paid_in", "drawn", name="movementkind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'paid_in') = (amount > 0) AND amount <> 0", name=op.f("ck_credit_movement_direction")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["credit_account.id"], name=op.f("fk_credit_movement_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_movement")),
        sa.UniqueConstraint(
            "account_id", "kind", "reference", name=op.f("uq_credit_movement_account_id_kind_reference")
        ),
    )
    op.create_table(
        "gift_card",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "issued", "redeemed", "void", name="cardstate", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'redeemed') = (account_id IS NOT NULL)", name=op.f("ck_gift_card_redeemed_has_account")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["credit_account.id"], name=op.f("fk_gift_card_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["gift_card_batch.id"], name=op.f("fk_gift_card_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card")),
        sa.UniqueConstraint("account_id", name=op.f("uq_gift_card_account_id")),
        sa.UniqueConstraint("code_index", name=op.f("uq_gift_card_code_index")),
    )
    op.create_index(op.f("ix_gift_card_batch_id_state"), "gift_card", ["batch_id", "state"], unique=False)
    op.create_table(
        "points_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "earned",
                "released",
                "spent",
                "given_back",
                "reversed",
                "expired",
                "adjusted",
                name="entrykind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("available <> 0 OR pending <> 0", name=op.f("ck_points_entry_changes_something")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["points_account.customer_id"], name=op.f("fk_points_entry_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entry")),
        sa.UniqueConstraint("kind", "reference", name=op.f("uq_points_entry_kind_reference")),
    )
    op.create_index(op.f("ix_points_entry_customer_id_id"), "points_entry", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_points_entry_expires_at",
        "points_entry",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_points_entry_order_id",
        "points_entry",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "order_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "items",
                "cancel_items",
                "cancel",
                "address",
                "payment",
                name="changekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "awaiting_payment",
                "applied",
                "declined",
                "expired",
                name="changestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("proposed_by", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("preview", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_change_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change")),
    )
    op.create_index(
        "ix_order_change_due",
        "order_change",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('proposed', 'awaiting_payment')"),
    )
    op.create_index(op.f("ix_order_change_order_id"), "order_change", ["order_id"], unique=False)
    op.create_index(
        "uq_order_change_open",
        "order_change",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'awaiting_payment')"),
    )
    op.create_table(
        "order_return",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "return",
                "exchange",
                "repair",
                "claim",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "needs_info",
                "approved",
                "rejected",
                "awaiting_goods",
                "in_transit",
                "received",
                "inspected",
                "diagnosing",
                "quoted",
                "accepted",
                "declined",
                "repairing",
                "checked",
                "refund",
                "store_credit",
                "exchange",
                "sent_back",
                "closed",
                "cancelled",
                "expired",
                name="returnstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "why",
            sa.Enum(
                "changed_mind",
                "does_not_fit",
                "not_as_described",
                "damaged",
                "missing",
                "wrong_item",
                "defective",
                name="why",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("photos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.String(length=20), nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "refund_to",
            sa.Enum(
                "original",
                "credit",
                "account",
                "instrument",
                name="refundto",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("instrument_id", sa.BigInteger(), nullable=True),
        sa.Column("goods_amount", sa.BigInteger(), nullable=False),
        sa.Column("fee_amount", sa.BigInteger(), nullable=False),
        sa.Column("shipping_amount", sa.BigInteger(), nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("deducted", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("carried", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("replacement_order_id", sa.BigInteger(), nullable=True),
        sa.Column("carrier", sa.String(length=80), nullable=False),
        sa.Column("tracking_number", sa.String(length=80), nullable=False),
        sa.Column("sent_back_carrier", sa.String(length=80), nullable=False),
        sa.Column("sent_back_number", sa.String(length=80), nullable=False),
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("quote_amount", sa.BigInteger(), nullable=True),
        sa.Column("quote_note", sa.String(length=500), nullable=False),
        sa.Column("send_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(refund_to = 'account') = (account_id IS NOT NULL)", name=op.f("ck_order_return_account_named")
        ),
        sa.CheckConstraint(
            "(refund_to = 'instrument') = (instrument_id IS NOT NULL)", name=op.f("ck_order_return_instrument_named")
        ),
        sa.CheckConstraint("fee_amount <= goods_amount", name=op.f("ck_order_return_fee_within_goods")),
        sa.CheckConstraint(
            "goods_amount >= 0 AND fee_amount >= 0 AND shipping_amount >= 0 AND deducted >= 0 AND refunded >= 0",
            name=op.f("ck_order_return_amounts_not_negative"),
        ),
        sa.CheckConstraint("quote_amount >= 0", name=op.f("ck_order_return_quote_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_order_return_customer_id")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["payment_instrument.id"], name=op.f("fk_order_return_instrument_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_return_order_id")),
        sa.ForeignKeyConstraint(
            ["replacement_order_id"], ["orders.id"], name=op.f("fk_order_return_replacement_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_return")),
        sa.UniqueConstraint("number", name=op.f("uq_order_return_number")),
    )
    op.create_index(op.f("ix_order_return_customer_id_id"), "order_return", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_order_return_follow_up_at",
        "order_return",
        ["follow_up_at"],
        unique=False,
        postgresql_where=sa.text("followed_up_at IS NULL"),
    )
    op.create_index(op.f("ix_order_return_order_id_id"), "order_return", ["order_id", "id"], unique=False)
    op.create_index(
        op.f("ix_order_return_replacement_order_id"), "order_return", ["replacement_order_id"], unique=False
    )
    op.create_index(
        "ix_order_return_send_by",
        "order_return",
        ["send_by"],
        unique=False,
        postgresql_where=sa.text("state IN ('awaiting_goods', 'needs_info')"),
    )
    op.create_index(op.f("ix_order_return_state_id"), "order_return", ["state", "id"], unique=False)
    op.create_table(
        "price_list_price",
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("min_quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_price_list_price_amount_not_negative")),
        sa.CheckConstraint("min_quantity > 0", name=op.f("ck_price_list_price_min_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["price_list_id"], ["price_list.id"], name=op.f("fk_price_list_price_price_list_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_price_list_price_variant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("price_list_id", "variant_id", "min_quantity", name=op.f("pk_price_list_price")),
    )
    op.create_index(op.f("ix_price_list_price_variant_id"), "price_list_price", ["variant_id"], unique=False)
    op.create_table(
        "refund_ask",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("to_credit", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "given",
                "refused",
                name="refundaskstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_ask_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_ask_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_ask")),
        sa.UniqueConstraint("order_id", "key", name=op.f("uq_refund_ask_order_id_key")),
    )
    op.create_index(op.f("ix_refund_ask_order_id"), "refund_ask", ["order_id"], unique=False)
    op.create_index(
        "ix_refund_ask_waiting", "refund_ask", ["id"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "transfer_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("photos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_transfer_report_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_transfer_report_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_report")),
    )
    op.create_index(op.f("ix_transfer_report_customer_id"), "transfer_report", ["customer_id"], unique=False)
    op.create_index(op.f("ix_transfer_report_order_id"), "transfer_report", ["order_id"], unique=False)
    op.create_index(
        "uq_transfer_report_open",
        "transfer_report",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "delivery_proof",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("photo", "name", "code", name="proofkind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_delivery_proof_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_proof")),
    )
    op.create_index(op.f("ix_delivery_proof_shipment_id"), "delivery_proof", ["shipment_id"], unique=False)
    op.create_table(
        "return_approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "granted",
                "refused",
                name="approvalstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["return_id"], ["order_return.id"], name=op.f("fk_return_approval_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_approval")),
    )
    op.create_index(op.f("ix_return_approval_return_id"), "return_approval", ["return_id"], unique=False)
    op.create_index(
        "uq_return_approval_waiting",
        "return_approval",
        ["return_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "return_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["return_id"], ["order_return.id"], name=op.f("fk_return_event_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_event")),
    )
    op.create_index(op.f("ix_return_event_return_id"), "return_event", ["return_id"], unique=False)
    op.create_table(
        "tracking_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "picked",
                "packed",
                "shipped",
                "in_transit",
                "out_for_delivery",
                "delivered",
                "cancelled",
                "exception",
                "lost",
                "returned_to_sender",
                name="shipmentstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_tracking_event_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_event")),
        sa.UniqueConstraint("shipment_id", "key", name=op.f("uq_tracking_event_shipment_id_key")),
    )
    op.create_index(op.f("ix_tracking_event_shipment_id"), "tracking_event", ["shipment_id"], unique=False)
    op.create_table(
        "order_adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_order_adjustment_amount_not_negative")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_order_adjustment_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_adjustment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_adjustment")),
    )
    op.create_index(op.f("ix_order_adjustment_line_id"), "order_adjustment", ["line_id"], unique=False)
    op.create_index(op.f("ix_order_adjustment_order_id"), "order_adjustment", ["order_id"], unique=False)
    op.create_table(
        "return_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("replacement_id", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.Column("sellable", sa.BigInteger(), nullable=False),
        sa.Column(
            "disposition",
            sa.Enum(
                "restock",
                "scrap",
                "repair",
                "supplier",
                name="disposition",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("photos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("accepted BETWEEN 0 AND quantity", name=op.f("ck_return_line_accepted_within_quantity")),
        sa.CheckConstraint("quantity > 0 AND amount >= 0", name=op.f("ck_return_line_quantity_positive")),
        sa.CheckConstraint(
            "sellable >= 0 AND sellable <= coalesce(accepted, 0)", name=op.f("ck_return_line_sellable_within_accepted")
        ),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_return_line_order_line_id")),
        sa.ForeignKeyConstraint(["replacement_id"], ["variant.id"], name=op.f("fk_return_line_replacement_id")),
        sa.ForeignKeyConstraint(["return_id"], ["order_return.id"], name=op.f("fk_return_line_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_line")),
        sa.UniqueConstraint("return_id", "order_line_id", name=op.f("uq_return_line_return_id_order_line_id")),
    )
    op.create_index(op.f("ix_return_line_order_line_id"), "return_line", ["order_line_id"], unique=False)
    op.create_table(
        "shipment_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_line_quantity_positive")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_shipment_line_order_line_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_line_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_line")),
        sa.UniqueConstraint("shipment_id", "order_line_id", name=op.f("uq_shipment_line_shipment_id_order_line_id")),
    )
    op.create_index(op.f("ix_shipment_line_order_line_id"), "shipment_line", ["order_line_id"], unique=False)
    op.create_index(op.f("ix_shipment_line_shipment_id"), "shipment_line", ["shipment_id"], unique=False)
    op.create_table(
        "bank_transfer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bank_reference", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("payer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("memo_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "review",
                "matched",
                "returned",
                "aside",
                name="transferstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "finding",
            sa.Enum(
                "exact",
                "unmatched",
                "partial",
                "overpaid",
                "duplicate",
                "ended",
                "other_currency",
                name="finding",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(state = 'matched') = (payment_id IS NOT NULL)", name=op.f("ck_bank_transfer_matched_has_payment")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bank_transfer_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_bank_transfer_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_bank_transfer_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_transfer")),
        sa.UniqueConstraint(
            "bank_reference", "amount", "received_on", name=op.f("uq_bank_transfer_bank_reference_amount_received_on")
        ),
        sa.UniqueConstraint("payment_id", name=op.f("uq_bank_transfer_payment_id")),
    )
    op.create_index(op.f("ix_bank_transfer_order_id"), "bank_transfer", ["order_id"], unique=False)
    op.create_index(
        "ix_bank_transfer_review", "bank_transfer", ["id"], unique=False, postgresql_where=sa.text("state = 'review'")
    )
    op.add_column("address", sa.Column("street_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("address", sa.Column("province", sa.String(length=80), server_default=sa.text("''"), nullable=False))
    op.add_column("address", sa.Column("city", sa.String(length=80), server_default=sa.text("''"), nullable=False))
    op.add_column("address", sa.Column("district", sa.String(length=80), server_default=sa.text("''"), nullable=False))
    op.add_column("customer", sa.Column("email_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("customer", sa.Column("email_index", sa.LargeBinary(), nullable=True))
    op.add_column("customer", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.add_column("customer", sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customer", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_customer_merged_into"), "customer", ["merged_into"], unique=False)
    op.create_index(
        "uq_customer_email",
        "customer",
        ["email_index"],
        unique=True,
        postgresql_where=sa.text("email_index IS NOT NULL"),
    )
    op.create_foreign_key(op.f("fk_customer_merged_into"), "customer", "customer", ["merged_into"], ["id"])
    op.add_column(
        "hold",
        sa.Column("levels", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("order_line", sa.Column("tax_added", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("order_line", sa.Column("tax_ppm", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("order_line", sa.Column("is_gift", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("order_line", sa.Column("cancelled", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("order_line", sa.Column("shipped", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("order_line", sa.Column("returned", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("order_line", sa.Column("returning", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("order_line", sa.Column("change_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_order_line_change_id"), "order_line", ["change_id"], unique=False)
    op.create_foreign_key(op.f("fk_order_line_change_id"), "order_line", "order_change", ["change_id"], ["id"])
    op.add_column(
        "orders",
        sa.Column(
            "delivery_method",
            sa.Enum("parcel", "pickup", name="deliverymethod", native_enum=False, create_constraint=True, length=24),
            server_default=sa.text("'parcel'"),
            nullable=False,
        ),
    )
    op.add_column("orders", sa.Column("pickup_location_id", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("goods_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("discount_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("shipping_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("tax_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("tax_added", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "orders",
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("orders", sa.Column("points_spent", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("points_earned", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "orders",
        sa.Column(
            "shipping_label", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("orders", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment_intent", sa.Column("instrument", sa.String(length=120), nullable=True))
    op.add_column("payment_intent", sa.Column("change_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_payment_intent_change_id"), "payment_intent", ["change_id"], unique=False)
    op.create_foreign_key(op.f("fk_payment_intent_change_id"), "payment_intent", "order_change", ["change_id"], ["id"])
    op.add_column("product", sa.Column("tax_class", sa.String(length=40), server_default=sa.text("''"), nullable=False))
    op.add_column("refund", sa.Column("instrument_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_refund_instrument_id"), "refund", "payment_instrument", ["instrument_id"], ["id"])
    op.add_column("shipment", sa.Column("location_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "shipment",
        sa.Column(
            "method",
            sa.Enum("parcel", "pickup", name="deliverymethod", native_enum=False, create_constraint=True, length=24),
            server_default=sa.text("'parcel'"),
            nullable=False,
        ),
    )
    op.add_column(
        "shipment",
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "picked",
                "packed",
                "shipped",
                "in_transit",
                "out_for_delivery",
                "delivered",
                "cancelled",
                "exception",
                "lost",
                "returned_to_sender",
                name="shipmentstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            server_default=sa.text("'shipped'"),
            nullable=False,
        ),
    )
    op.add_column(
        "shipment", sa.Column("tracking_url", sa.String(length=500), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("shipment", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "shipment",
        sa.Column(
            "resolution",
            sa.Enum("reshipped", "refunded", name="resolution", native_enum=False, create_constraint=True, length=24),
            nullable=True,
        ),
    )
    op.add_column(
        "shipment",
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("shipment", sa.Column("pickup_code_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("shipment", sa.Column("pickup_code_index", sa.LargeBinary(), nullable=True))
    op.add_column("shipment", sa.Column("code_tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "shipment", sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.add_column(
        "shipment", sa.Column("state_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.add_column("shipment", sa.Column("tracked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shipment", sa.Column("next_event_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("shipment", "shipped_at", existing_type=postgresql.TIMESTAMP(timezone=True), nullable=True)
    op.drop_constraint(op.f("uq_shipment_order_id"), "shipment", type_="unique")
    op.create_index(
        "ix_shipment_due",
        "shipment",
        ["next_event_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('shipped', 'in_transit', 'out_for_delivery', 'exception')"),
    )
    op.create_index(op.f("ix_shipment_order_id"), "shipment", ["order_id"], unique=False)
    op.create_index(
        "ix_shipment_to_send",
        "shipment",
        ["location_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'picked', 'packed')"),
    )
    op.create_index(
        "ix_shipment_tracking_number",
        "shipment",
        ["tracking_number"],
        unique=False,
        postgresql_where=sa.text("tracking_number <> ''"),
    )
    op.create_index(
        "uq_shipment_replaces",
        "shipment",
        ["replaces_id"],
        unique=True,
        postgresql_where=sa.text("replaces_id IS NOT NULL AND state <> 'cancelled'"),
    )
    op.create_foreign_key(op.f("fk_shipment_replaces_id"), "shipment", "shipment", ["replaces_id"], ["id"])
    op.add_column(
        "simulator_event", sa.Column("protocol", sa.String(length=12), server_default=sa.text("'own'"), nullable=False)
    )
    op.add_column(
        "simulator_event", sa.Column("corrupt", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "simulator_refund",
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.alter_column(
        "simulator_refund",
        "session_id",
        existing_type=sa.VARCHAR(length=40),
        type_=sa.String(length=80),
        existing_nullable=False,
    )
    op.add_column(
        "simulator_session",
        sa.Column("protocol", sa.String(length=12), server_default=sa.text("'own'"), nullable=False),
    )
    op.add_column("simulator_session", sa.Column("payment_ref", sa.String(length=80), nullable=True))
    op.add_column(
        "simulator_session",
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("simulator_session", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column(
        "simulator_session",
        "id",
        existing_type=sa.VARCHAR(length=40),
        type_=sa.String(length=80),
        existing_nullable=False,
    )
    op.alter_column(
        "simulator_session",
        "reference",
        existing_type=sa.VARCHAR(length=120),
        type_=sa.String(length=200),
        existing_nullable=False,
    )
    op.drop_constraint(op.f("uq_simulator_session_reference"), "simulator_session", type_="unique")
    op.create_index(op.f("ix_simulator_session_reference"), "simulator_session", ["reference"], unique=False)
    op.create_index(
        "uq_simulator_session_own",
        "simulator_session",
        ["reference"],
        unique=True,
        postgresql_where=sa.text("protocol = 'own'"),
    )
    op.create_unique_constraint(op.f("uq_simulator_session_payment_ref"), "simulator_session", ["payment_ref"])
    op.add_column("stock_level", sa.Column("location_id", sa.BigInteger(), nullable=True))
    _locate_stock()
    op.drop_constraint(op.f("uq_stock_level_variant_id"), "stock_level", type_="unique")
    op.create_index(op.f("ix_stock_level_location_id"), "stock_level", ["location_id"], unique=False)
    op.create_unique_constraint(
        op.f("uq_stock_level_variant_id_location_id"), "stock_level", ["variant_id", "location_id"]
    )
    op.create_foreign_key(op.f("fk_stock_level_location_id"), "stock_level", "location", ["location_id"], ["id"])
    op.add_column("variant", sa.Column("weight_grams", sa.BigInteger(), nullable=True))
    op.add_column("variant", sa.Column("low_stock_mark", sa.BigInteger(), nullable=True))
    op.alter_column("order_line", "tax_added", server_default=None)
    op.alter_column("order_line", "tax_ppm", server_default=None)
    op.alter_column("order_line", "is_gift", server_default=None)
    op.alter_column("order_line", "cancelled", server_default=None)
    op.alter_column("order_line", "shipped", server_default=None)
    op.alter_column("order_line", "returned", server_default=None)
    op.alter_column("orders", "delivery_method", server_default=None)
    op.alter_column("orders", "goods_amount", server_default=None)
    op.alter_column("orders", "discount_amount", server_default=None)
    op.alter_column("orders", "shipping_amount", server_default=None)
    op.alter_column("orders", "tax_amount", server_default=None)
    op.alter_column("orders", "tax_added", server_default=None)
    op.alter_column("shipment", "method", server_default=None)
    op.alter_column("shipment", "state", server_default=None)
    op.alter_column("shipment", "tracking_url", server_default=None)
    op.alter_column("shipment", "code_tries", server_default=None)
    op.alter_column("shipment", "created_at", server_default=None)
    op.alter_column("shipment", "state_at", server_default=None)
    _fill_old_rows()
    op.execute("""ALTER TABLE customer ADD CONSTRAINT ck_customer_merged_into_another CHECK ((merged_into <> id))""")
    op.execute(
        """ALTER TABLE customer ADD CONSTRAINT ck_customer_email_whole CHECK (((email_sealed IS NULL) = (email_index IS NULL)))"""
    )
    op.execute(
        """ALTER TABLE customer ADD CONSTRAINT ck_customer_merge_whole CHECK (((merged_into IS NULL) = (merged_at IS NULL)))"""
    )
    op.execute(
        """ALTER TABLE simulator_session ADD CONSTRAINT ck_simulator_session_state_known CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'processing'::character varying, 'paid'::character varying, 'closed'::character varying])::text[])))"""
    )
    op.execute(
        """ALTER TABLE product ADD CONSTRAINT ck_product_dispatch_days_sane CHECK (((dispatch_days >= 0) AND (dispatch_days <= 365)))"""
    )
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_discount_within_goods CHECK (((discount_amount >= 0) AND (discount_amount <= goods_amount)))"""
    )
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_charges_not_negative CHECK (((shipping_amount >= 0) AND (tax_added >= 0)))"""
    )
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_total_adds_up CHECK ((total_amount = (((goods_amount - discount_amount) + shipping_amount) + tax_added)))"""
    )
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_paymentmethod CHECK (((payment_method)::text = ANY ((ARRAY['cod'::character varying, 'simulator'::character varying, 'stripe'::character varying, 'transfer'::character varying, 'credit'::character varying])::text[])))"""
    )
    op.execute("""ALTER TABLE variant ADD CONSTRAINT ck_variant_weight_not_negative CHECK ((weight_grams >= 0))""")
    op.execute(
        """ALTER TABLE variant ADD CONSTRAINT ck_variant_low_stock_mark_not_negative CHECK ((low_stock_mark >= 0))"""
    )
    op.execute(
        """ALTER TABLE shipment ADD CONSTRAINT ck_shipment_code_tries_limited CHECK (((code_tries >= 0) AND (code_tries <= 5)))"""
    )
    op.execute(
        """ALTER TABLE shipment ADD CONSTRAINT ck_shipment_parcel_has_number CHECK ((((method)::text = 'pickup'::text) OR ((state)::text <> ALL ((ARRAY['shipped'::character varying, 'in_transit'::character varying, 'out_for_delivery'::character varying])::text[])) OR ((tracking_number)::text <> ''::text)))"""
    )
    op.execute(
        """ALTER TABLE order_line ADD CONSTRAINT ck_order_line_total_adds_up CHECK ((total_amount = (((unit_amount * quantity) - discount_amount) + tax_added)))"""
    )
    op.execute(
        """ALTER TABLE order_line ADD CONSTRAINT ck_order_line_counters_not_negative CHECK (((cancelled >= 0) AND (shipped >= 0) AND (returned >= 0) AND ("returning" >= 0)))"""
    )
    op.execute(
        """ALTER TABLE order_line ADD CONSTRAINT ck_order_line_pieces_within_quantity CHECK (((cancelled + shipped) <= quantity))"""
    )
    op.execute(
        """ALTER TABLE order_line ADD CONSTRAINT ck_order_line_returned_within_shipped CHECK (((returned + "returning") <= shipped))"""
    )


def downgrade() -> None:
    op.execute("ALTER TABLE customer DROP CONSTRAINT IF EXISTS ck_customer_merged_into_another")
    op.execute("ALTER TABLE customer DROP CONSTRAINT IF EXISTS ck_customer_email_whole")
    op.execute("ALTER TABLE customer DROP CONSTRAINT IF EXISTS ck_customer_merge_whole")
    op.execute("ALTER TABLE simulator_session DROP CONSTRAINT IF EXISTS ck_simulator_session_state_known")
    op.execute("ALTER TABLE product DROP CONSTRAINT IF EXISTS ck_product_dispatch_days_sane")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_discount_within_goods")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_charges_not_negative")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_total_adds_up")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_paymentmethod")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_deliverymethod")
    op.execute("ALTER TABLE variant DROP CONSTRAINT IF EXISTS ck_variant_weight_not_negative")
    op.execute("ALTER TABLE variant DROP CONSTRAINT IF EXISTS ck_variant_low_stock_mark_not_negative")
    op.execute("ALTER TABLE shipment DROP CONSTRAINT IF EXISTS ck_shipment_code_tries_limited")
    op.execute("ALTER TABLE shipment DROP CONSTRAINT IF EXISTS ck_shipment_parcel_has_number")
    op.execute("ALTER TABLE shipment DROP CONSTRAINT IF EXISTS ck_shipment_deliverymethod")
    op.execute("ALTER TABLE shipment DROP CONSTRAINT IF EXISTS ck_shipment_shipmentstate")
    op.execute("ALTER TABLE shipment DROP CONSTRAINT IF EXISTS ck_shipment_resolution")
    op.execute("ALTER TABLE order_line DROP CONSTRAINT IF EXISTS ck_order_line_total_adds_up")
    op.execute("ALTER TABLE order_line DROP CONSTRAINT IF EXISTS ck_order_line_counters_not_negative")
    op.execute("ALTER TABLE order_line DROP CONSTRAINT IF EXISTS ck_order_line_pieces_within_quantity")
    op.execute("ALTER TABLE order_line DROP CONSTRAINT IF EXISTS ck_order_line_returned_within_shipped")
    op.drop_column("variant", "low_stock_mark")
    op.drop_column("variant", "weight_grams")
    op.drop_constraint(op.f("fk_stock_level_location_id"), "stock_level", type_="foreignkey")
    op.drop_constraint(op.f("uq_stock_level_variant_id_location_id"), "stock_level", type_="unique")
    op.drop_index(op.f("ix_stock_level_location_id"), table_name="stock_level")
    op.create_unique_constraint(
        op.f("uq_stock_level_variant_id"), "stock_level", ["variant_id"], postgresql_nulls_not_distinct=False
    )
    op.drop_column("stock_level", "location_id")
    op.drop_constraint(op.f("uq_simulator_session_payment_ref"), "simulator_session", type_="unique")
    op.drop_index(
        "uq_simulator_session_own", table_name="simulator_session", postgresql_where=sa.text("protocol = 'own'")
    )
    op.drop_index(op.f("ix_simulator_session_reference"), table_name="simulator_session")
    op.create_unique_constraint(
        op.f("uq_simulator_session_reference"), "simulator_session", ["reference"], postgresql_nulls_not_distinct=False
    )
    op.alter_column(
        "simulator_session",
        "reference",
        existing_type=sa.String(length=200),
        type_=sa.VARCHAR(length=120),
        existing_nullable=False,
    )
    op.alter_column(
        "simulator_session",
        "id",
        existing_type=sa.String(length=80),
        type_=sa.VARCHAR(length=40),
        existing_nullable=False,
    )
    op.drop_column("simulator_session", "expires_at")
    op.drop_column("simulator_session", "details")
    op.drop_column("simulator_session", "payment_ref")
    op.drop_column("simulator_session", "protocol")
    op.alter_column(
        "simulator_refund",
        "session_id",
        existing_type=sa.String(length=80),
        type_=sa.VARCHAR(length=40),
        existing_nullable=False,
    )
    op.drop_column("simulator_refund", "details")
    op.drop_column("simulator_event", "corrupt")
    op.drop_column("simulator_event", "protocol")
    op.drop_constraint(op.f("fk_shipment_replaces_id"), "shipment", type_="foreignkey")
    op.drop_index(
        "uq_shipment_replaces",
        table_name="shipment",
        postgresql_where=sa.text("replaces_id IS NOT NULL AND state <> 'cancelled'"),
    )
    op.drop_index(
        "ix_shipment_tracking_number", table_name="shipment", postgresql_where=sa.text("tracking_number <> ''")
    )
    op.drop_index(
        "ix_shipment_to_send",
        table_name="shipment",
        postgresql_where=sa.text("state IN ('pending', 'picked', 'packed')"),
    )
    op.drop_index(op.f("ix_shipment_order_id"), table_name="shipment")
    op.drop_index(
        "ix_shipment_due",
        table_name="shipment",
        postgresql_where=sa.text("state IN ('shipped', 'in_transit', 'out_for_delivery', 'exception')"),
    )
    op.create_unique_constraint(
        op.f("uq_shipment_order_id"), "shipment", ["order_id"], postgresql_nulls_not_distinct=False
    )
    op.alter_column("shipment", "shipped_at", existing_type=postgresql.TIMESTAMP(timezone=True), nullable=False)
    op.drop_column("shipment", "next_event_at")
    op.drop_column("shipment", "tracked_at")
    op.drop_column("shipment", "state_at")
    op.drop_column("shipment", "created_at")
    op.drop_column("shipment", "code_tries")
    op.drop_column("shipment", "pickup_code_index")
    op.drop_column("shipment", "pickup_code_sealed")
    op.drop_column("shipment", "told")
    op.drop_column("shipment", "resolution")
    op.drop_column("shipment", "replaces_id")
    op.drop_column("shipment", "tracking_url")
    op.drop_column("shipment", "state")
    op.drop_column("shipment", "method")
    op.drop_column("shipment", "location_id")
    op.drop_constraint(op.f("fk_refund_instrument_id"), "refund", type_="foreignkey")
    op.drop_column("refund", "instrument_id")
    op.drop_column("product", "tax_class")
    op.drop_constraint(op.f("fk_payment_intent_change_id"), "payment_intent", type_="foreignkey")
    op.drop_index(op.f("ix_payment_intent_change_id"), table_name="payment_intent")
    op.drop_column("payment_intent", "change_id")
    op.drop_column("payment_intent", "instrument")
    op.drop_column("orders", "delivered_at")
    op.drop_column("orders", "shipping_label")
    op.drop_column("orders", "points_earned")
    op.drop_column("orders", "points_spent")
    op.drop_column("orders", "trace")
    op.drop_column("orders", "tax_added")
    op.drop_column("orders", "tax_amount")
    op.drop_column("orders", "shipping_amount")
    op.drop_column("orders", "discount_amount")
    op.drop_column("orders", "goods_amount")
    op.drop_column("orders", "pickup_location_id")
    op.drop_column("orders", "delivery_method")
    op.drop_constraint(op.f("fk_order_line_change_id"), "order_line", type_="foreignkey")
    op.drop_index(op.f("ix_order_line_change_id"), table_name="order_line")
    op.drop_column("order_line", "change_id")
    op.drop_column("order_line", "returning")
    op.drop_column("order_line", "returned")
    op.drop_column("order_line", "shipped")
    op.drop_column("order_line", "cancelled")
    op.drop_column("order_line", "is_gift")
    op.drop_column("order_line", "tax_ppm")
    op.drop_column("order_line", "tax_added")
    op.drop_column("hold", "levels")
    op.drop_constraint(op.f("fk_customer_merged_into"), "customer", type_="foreignkey")
    op.drop_index("uq_customer_email", table_name="customer", postgresql_where=sa.text("email_index IS NOT NULL"))
    op.drop_index(op.f("ix_customer_merged_into"), table_name="customer")
    op.drop_column("customer", "erased_at")
    op.drop_column("customer", "merged_at")
    op.drop_column("customer", "merged_into")
    op.drop_column("customer", "email_index")
    op.drop_column("customer", "email_sealed")
    op.drop_column("address", "district")
    op.drop_column("address", "city")
    op.drop_column("address", "province")
    op.drop_column("address", "street_sealed")
    op.drop_index("ix_bank_transfer_review", table_name="bank_transfer", postgresql_where=sa.text("state = 'review'"))
    op.drop_index(op.f("ix_bank_transfer_order_id"), table_name="bank_transfer")
    op.drop_table("bank_transfer")
    op.drop_index(op.f("ix_shipment_line_shipment_id"), table_name="shipment_line")
    op.drop_index(op.f("ix_shipment_line_order_line_id"), table_name="shipment_line")
    op.drop_table("shipment_line")
    op.drop_index(op.f("ix_return_line_order_line_id"), table_name="return_line")
    op.drop_table("return_line")
    op.drop_index(op.f("ix_order_adjustment_order_id"), table_name="order_adjustment")
    op.drop_index(op.f("ix_order_adjustment_line_id"), table_name="order_adjustment")
    op.drop_table("order_adjustment")
    op.drop_index(op.f("ix_tracking_event_shipment_id"), table_name="tracking_event")
    op.drop_table("tracking_event")
    op.drop_index(op.f("ix_return_event_return_id"), table_name="return_event")
    op.drop_table("return_event")
    op.drop_index(
        "uq_return_approval_waiting", table_name="return_approval", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_index(op.f("ix_return_approval_return_id"), table_name="return_approval")
    op.drop_table("return_approval")
    op.drop_index(op.f("ix_delivery_proof_shipment_id"), table_name="delivery_proof")
    op.drop_table("delivery_proof")
    op.drop_index(
        "uq_transfer_report_open", table_name="transfer_report", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_index(op.f("ix_transfer_report_order_id"), table_name="transfer_report")
    op.drop_index(op.f("ix_transfer_report_customer_id"), table_name="transfer_report")
    op.drop_table("transfer_report")
    op.drop_index("ix_refund_ask_waiting", table_name="refund_ask", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index(op.f("ix_refund_ask_order_id"), table_name="refund_ask")
    op.drop_table("refund_ask")
    op.drop_index(op.f("ix_price_list_price_variant_id"), table_name="price_list_price")
    op.drop_table("price_list_price")
    op.drop_index(op.f("ix_order_return_state_id"), table_name="order_return")
    op.drop_index(
        "ix_order_return_send_by",
        table_name="order_return",
        postgresql_where=sa.text("state IN ('awaiting_goods', 'needs_info')"),
    )
    op.drop_index(op.f("ix_order_return_replacement_order_id"), table_name="order_return")
    op.drop_index(op.f("ix_order_return_order_id_id"), table_name="order_return")
    op.drop_index(
        "ix_order_return_follow_up_at", table_name="order_return", postgresql_where=sa.text("followed_up_at IS NULL")
    )
    op.drop_index(op.f("ix_order_return_customer_id_id"), table_name="order_return")
    op.drop_table("order_return")
    op.drop_index(
        "uq_order_change_open",
        table_name="order_change",
        postgresql_where=sa.text("state IN ('proposed', 'awaiting_payment')"),
    )
    op.drop_index(op.f("ix_order_change_order_id"), table_name="order_change")
    op.drop_index(
        "ix_order_change_due",
        table_name="order_change",
        postgresql_where=sa.text("state IN ('proposed', 'awaiting_payment')"),
    )
    op.drop_table("order_change")
    op.drop_index(
        "ix_points_entry_order_id", table_name="points_entry", postgresql_where=sa.text("order_id IS NOT NULL")
    )
    op.drop_index(
        "ix_points_entry_expires_at", table_name="points_entry", postgresql_where=sa.text("expires_at IS NOT NULL")
    )
    op.drop_index(op.f("ix_points_entry_customer_id_id"), table_name="points_entry")
    op.drop_table("points_entry")
    op.drop_index(op.f("ix_gift_card_batch_id_state"), table_name="gift_card")
    op.drop_table("gift_card")
    op.drop_table("credit_movement")
    op.drop_table("cart_choice")
    op.drop_index(op.f("ix_shipping_rate_zone_id"), table_name="shipping_rate")
    op.drop_table("shipping_rate")
    op.drop_index(op.f("ix_promotion_use_order_id"), table_name="promotion_use")
    op.drop_index(op.f("ix_promotion_use_customer_id"), table_name="promotion_use")
    op.drop_table("promotion_use")
    op.drop_table("promotion_customer")
    op.drop_index(op.f("ix_price_list_customer_customer_id"), table_name="price_list_customer")
    op.drop_table("price_list_customer")
    op.drop_index(
        "ix_points_account_due", table_name="points_account", postgresql_where=sa.text("next_expiry IS NOT NULL")
    )
    op.drop_table("points_account")
    op.drop_index(op.f("ix_payment_instrument_customer_id"), table_name="payment_instrument")
    op.drop_table("payment_instrument")
    op.drop_index(op.f("ix_email_code_email_index_created_at"), table_name="email_code")
    op.drop_index(op.f("ix_email_code_customer_id_id"), table_name="email_code")
    op.drop_table("email_code")
    op.drop_index(op.f("ix_data_export_customer_id_id"), table_name="data_export")
    op.drop_table("data_export")
    op.drop_index(op.f("ix_customer_event_customer_id_id"), table_name="customer_event")
    op.drop_table("customer_event")
    op.drop_index(
        "uq_credit_account_store_credit", table_name="credit_account", postgresql_where=sa.text("kind = 'store_credit'")
    )
    op.drop_index(op.f("ix_credit_account_customer_id_id"), table_name="credit_account")
    op.drop_table("credit_account")
    op.drop_index("ix_coupon_order_id", table_name="coupon", postgresql_where=sa.text("order_id IS NOT NULL"))
    op.drop_index(
        "ix_coupon_due", table_name="coupon", postgresql_where=sa.text("state IN ('open', 'issued', 'returned')")
    )
    op.drop_index("ix_coupon_customer_id", table_name="coupon")
    op.drop_table("coupon")
    op.drop_index(op.f("ix_consent_customer_id_purpose_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_table("code_tries")
    op.drop_table("tax_rate")
    op.drop_table("simulator_thing")
    op.drop_table("simulator_key")
    op.drop_table("shipping_zone")
    op.drop_table("self_check")
    op.drop_table("return_policy")
    op.drop_index("ix_promotion_active", table_name="promotion", postgresql_where=sa.text("active"))
    op.drop_table("promotion")
    op.drop_table("price_list")
    op.drop_table("points_policy")
    op.drop_table("order_policy")
    op.drop_table("location")
    op.drop_table("gift_card_batch")
    op.drop_table("division")
    op.drop_table("coupon_batch")
    op.execute(
        """ALTER TABLE simulator_session ADD CONSTRAINT ck_simulator_session_state_known CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'paid'::character varying, 'closed'::character varying])::text[]))) NOT VALID"""
    )
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_paymentmethod CHECK (((payment_method)::text = ANY ((ARRAY['cod'::character varying, 'simulator'::character varying])::text[]))) NOT VALID"""
    )
    op.execute(
        """ALTER TABLE order_line ADD CONSTRAINT ck_order_line_total_adds_up CHECK ((total_amount = ((unit_amount * quantity) - discount_amount))) NOT VALID"""
    )


def _locate_stock() -> None:
    """All that lay anywhere lies in the main stock."""
    op.execute("""
        INSERT INTO location (code, name, position, active, is_pickup, address)
        VALUES ('main', '{"zh": "总仓", "en": "Main stock"}', 0, true, false, '{}')
    """)
    op.execute("UPDATE stock_level SET location_id = (SELECT id FROM location WHERE code = 'main')")
    op.alter_column("stock_level", "location_id", nullable=False)


def _fill_old_rows() -> None:
    """What orders, holds and parcels of before would have said in the new columns."""
    op.execute("UPDATE orders SET goods_amount = total_amount")
    op.execute("""
        UPDATE hold SET levels = coalesce((
            SELECT jsonb_object_agg(l.id, line.value::bigint)
            FROM jsonb_each_text(hold.lines) AS line JOIN stock_level l ON l.variant_id = line.key::bigint), '{}')
    """)
    op.execute("""
        UPDATE shipment SET location_id = (SELECT id FROM location WHERE code = 'main'), created_at = shipped_at,
            state = CASE WHEN delivered_at IS NULL THEN 'shipped' ELSE 'delivered' END,
            state_at = coalesce(delivered_at, shipped_at)
    """)
    op.execute("""
        INSERT INTO shipment_line (shipment_id, order_line_id, quantity)
        SELECT s.id, l.id, l.quantity FROM shipment s JOIN order_line l ON l.order_id = s.order_id
    """)
    op.execute("UPDATE order_line SET shipped = quantity WHERE order_id IN (SELECT order_id FROM shipment)")
    op.execute("""
        UPDATE orders SET delivered_at = s.delivered_at FROM shipment s
        WHERE s.order_id = orders.id AND s.delivered_at IS NOT NULL
    """)
