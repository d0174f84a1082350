"""Buy together: allotments, group-buys, flash sales."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE coupon DROP CONSTRAINT ck_coupon_seq_within_limits")
    op.execute("ALTER TABLE orders DROP CONSTRAINT ck_orders_paymentmethod")
    op.create_table(
        "flash_sale",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "scheduled",
                "running",
                "ended",
                name="salestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_flash_sale_window_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_sale")),
    )
    op.create_index(
        "ix_flash_sale_planned",
        "flash_sale",
        ["starts_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('scheduled', 'running')"),
    )
    op.create_table(
        "flash_reminder",
        sa.Column("sale_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_flash_reminder_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"], ["flash_sale.id"], name=op.f("fk_flash_reminder_sale_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sale_id", "customer_id", name=op.f("pk_flash_reminder")),
    )
    op.create_index(op.f("ix_flash_reminder_customer_id"), "flash_reminder", ["customer_id"], unique=False)
    op.create_table(
        "allotment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stock_level_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("held + used <= capacity", name=op.f("ck_allotment_not_over_full")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_allotment_held_not_negative")),
        sa.CheckConstraint("used >= 0", name=op.f("ck_allotment_used_not_negative")),
        sa.ForeignKeyConstraint(["stock_level_id"], ["stock_level.id"], name=op.f("fk_allotment_stock_level_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allotment")),
    )
    op.create_index(op.f("ix_allotment_stock_level_id"), "allotment", ["stock_level_id"], unique=False)
    op.create_table(
        "flash_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sale_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("max_per_customer", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("quota_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_flash_item_amount_positive")),
        sa.CheckConstraint("max_per_customer BETWEEN 1 AND 99", name=op.f("ck_flash_item_per_customer_within_limits")),
        sa.CheckConstraint("pieces > 0", name=op.f("ck_flash_item_pieces_positive")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_flash_item_location_id")),
        sa.ForeignKeyConstraint(["quota_id"], ["allotment.id"], name=op.f("fk_flash_item_quota_id")),
        sa.ForeignKeyConstraint(["sale_id"], ["flash_sale.id"], name=op.f("fk_flash_item_sale_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_flash_item_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_item")),
        sa.UniqueConstraint("quota_id", name=op.f("uq_flash_item_quota_id")),
        sa.UniqueConstraint("sale_id", "variant_id", name=op.f("uq_flash_item_sale_id_variant_id")),
    )
    op.create_index(op.f("ix_flash_item_variant_id"), "flash_item", ["variant_id"], unique=False)
    op.create_table(
        "group_campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "description", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft", "running", "ended", name="campaignstate", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_minutes", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("max_per_customer", sa.BigInteger(), nullable=False),
        sa.Column("max_pieces", sa.BigInteger(), nullable=False),
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
        sa.Column("strangers", sa.Boolean(), nullable=False),
        sa.Column("quota_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "below_size",
            sa.Enum("refund", "keep", name="belowsize", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("hold_minutes", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_group_campaign_time_not_empty")),
        sa.CheckConstraint(
            "hold_minutes > 0 AND window_minutes > hold_minutes", name=op.f("ck_group_campaign_window_longer_than_hold")
        ),
        sa.CheckConstraint("max_per_customer > 0 AND max_pieces > 0", name=op.f("ck_group_campaign_limits_positive")),
        sa.CheckConstraint("size >= 2", name=op.f("ck_group_campaign_size_of_a_group")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_group_campaign_product_id")),
        sa.ForeignKeyConstraint(["quota_id"], ["allotment.id"], name=op.f("fk_group_campaign_quota_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_campaign")),
        sa.UniqueConstraint("quota_id", name=op.f("uq_group_campaign_quota_id")),
    )
    op.create_index(op.f("ix_group_campaign_product_id"), "group_campaign", ["product_id"], unique=False)
    op.create_table(
        "buying_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("leader_id", sa.BigInteger(), nullable=False),
        sa.Column("seats_id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "opening",
                "open",
                "succeeded",
                "settled",
                "failed",
                "cancelled",
                name="groupstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state = 'opening' OR state = 'cancelled' OR deadline IS NOT NULL",
            name=op.f("ck_buying_group_open_has_a_deadline"),
        ),
        sa.CheckConstraint("size >= 2 AND capacity >= size", name=op.f("ck_buying_group_capacity_holds_the_size")),
        sa.ForeignKeyConstraint(["campaign_id"], ["group_campaign.id"], name=op.f("fk_buying_group_campaign_id")),
        sa.ForeignKeyConstraint(["leader_id"], ["customer.id"], name=op.f("fk_buying_group_leader_id")),
        sa.ForeignKeyConstraint(["seats_id"], ["allotment.id"], name=op.f("fk_buying_group_seats_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buying_group")),
        sa.UniqueConstraint("public_id", name=op.f("uq_buying_group_public_id")),
        sa.UniqueConstraint("seats_id", name=op.f("uq_buying_group_seats_id")),
    )
    op.create_index(op.f("ix_buying_group_campaign_id"), "buying_group", ["campaign_id"], unique=False)
    op.create_index(
        "ix_buying_group_decided",
        "buying_group",
        ["id"],
        unique=False,
        postgresql_where=sa.text(
            "(buying_group.done_at IS NULL AND (buying_group.state IN ('settled', 'failed', 'cancelled') OR buying_group.state = 'succeeded' AND buying_group.capacity = buying_group.size))"
        ),
    )
    op.create_index(
        "ix_buying_group_ends",
        "buying_group",
        ["deadline"],
        unique=False,
        postgresql_where=sa.text(
            "(buying_group.state = 'open' OR buying_group.state = 'succeeded' AND buying_group.capacity > buying_group.size)"
        ),
    )
    op.create_index(op.f("ix_buying_group_leader_id"), "buying_group", ["leader_id"], unique=False)
    op.create_index(
        "ix_buying_group_open",
        "buying_group",
        ["campaign_id", "deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "flash_claim",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("seq BETWEEN 1 AND most", name=op.f("ck_flash_claim_seq_within_most")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_flash_claim_customer_id")),
        sa.ForeignKeyConstraint(["item_id"], ["flash_item.id"], name=op.f("fk_flash_claim_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flash_claim")),
        sa.UniqueConstraint("item_id", "customer_id", "seq", name=op.f("uq_flash_claim_item_id_customer_id_seq")),
    )
    op.create_index(op.f("ix_flash_claim_customer_id"), "flash_claim", ["customer_id"], unique=False)
    op.create_index(op.f("ix_flash_claim_order_id"), "flash_claim", ["order_id"], unique=False)
    op.create_table(
        "group_offer",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("leader_amount", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_group_offer_amount_positive")),
        sa.CheckConstraint("leader_amount BETWEEN 1 AND amount", name=op.f("ck_group_offer_leader_pays_no_more")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["group_campaign.id"], name=op.f("fk_group_offer_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_group_offer_variant_id")),
        sa.PrimaryKeyConstraint("campaign_id", "variant_id", name=op.f("pk_group_offer")),
    )
    op.create_index(op.f("ix_group_offer_variant_id"), "group_offer", ["variant_id"], unique=False)
    op.create_table(
        "group_tier",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_group_tier_amount_positive")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["group_campaign.id"], name=op.f("fk_group_tier_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_group_tier_variant_id")),
        sa.PrimaryKeyConstraint("campaign_id", "variant_id", "size", name=op.f("pk_group_tier")),
    )
    op.create_table(
        "group_member",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("is_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "held",
                "paid",
                "succeeded",
                "refunded",
                "expired",
                "left",
                name="memberstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0 AND amount > 0", name=op.f("ck_group_member_pieces_and_price")),
        sa.CheckConstraint("seq BETWEEN 1 AND most", name=op.f("ck_group_member_seq_within_most")),
        sa.ForeignKeyConstraint(["campaign_id"], ["group_campaign.id"], name=op.f("fk_group_member_campaign_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_group_member_customer_id")),
        sa.ForeignKeyConstraint(["group_id"], ["buying_group.id"], name=op.f("fk_group_member_group_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_group_member_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
        sa.UniqueConstraint("order_id", name=op.f("uq_group_member_order_id")),
    )
    op.create_index(op.f("ix_group_member_customer_id"), "group_member", ["customer_id"], unique=False)
    op.create_index("ix_group_member_group", "group_member", ["group_id", "id"], unique=False)
    op.create_index(
        "uq_group_member_once",
        "group_member",
        ["group_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('held', 'paid', 'succeeded') AND NOT is_twin"),
    )
    op.create_index(
        "uq_group_member_seq",
        "group_member",
        ["campaign_id", "customer_id", "seq"],
        unique=True,
        postgresql_where=sa.text("state IN ('held', 'paid', 'succeeded')"),
    )
    op.create_table(
        "group_nudge",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["buying_group.id"], name=op.f("fk_group_nudge_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "moment", name=op.f("pk_group_nudge")),
    )
    op.add_column("cart", sa.Column("deal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True))
    op.create_index(
        "uq_cart_open_deal",
        "cart",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open' AND deal IS NOT NULL"),
    )
    op.add_column(
        "hold",
        sa.Column(
            "allotments", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_index(
        "ix_message_live", "message", ["id"], unique=False, postgresql_where=sa.text("body ->> 'live' LIKE 'group:%'")
    )
    op.add_column("shipment", sa.Column("written_off", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.drop_index("uq_cart_open_customer", table_name="cart")
    op.execute(
        """CREATE UNIQUE INDEX uq_cart_open_customer ON cart USING btree (customer_id) WHERE (((status)::text = 'open'::text) AND (deal IS NULL))"""
    )
    op.execute("""ALTER TABLE coupon ADD CONSTRAINT ck_coupon_seq_positive CHECK ((seq >= 1))""")
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_paymentmethod CHECK (((payment_method)::text = ANY ((ARRAY['cod'::character varying, 'simulator'::character varying, 'stripe'::character varying, 'wechat'::character varying, 'alipay'::character varying, 'transfer'::character varying, 'credit'::character varying])::text[])))"""
    )
    op.execute(
        """ALTER TABLE shipment ADD CONSTRAINT ck_shipment_written_off_when_given_up CHECK (((written_off = 0) OR ((written_off > 0) AND ((resolution)::text = 'refunded'::text))))"""
    )


def downgrade() -> None:
    op.execute("ALTER TABLE coupon DROP CONSTRAINT IF EXISTS ck_coupon_seq_positive")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_paymentmethod")
    op.execute("ALTER TABLE shipment DROP CONSTRAINT IF EXISTS ck_shipment_written_off_when_given_up")
    op.drop_index("uq_cart_open_customer", table_name="cart")
    op.execute(
        """CREATE UNIQUE INDEX uq_cart_open_customer ON cart USING btree (customer_id) WHERE ((status)::text = 'open'::text)"""
    )
    op.drop_column("shipment", "written_off")
    op.drop_index("ix_message_live", table_name="message", postgresql_where=sa.text("body ->> 'live' LIKE 'group:%'"))
    op.drop_column("hold", "allotments")
    op.drop_index(
        "uq_cart_open_deal", table_name="cart", postgresql_where=sa.text("status = 'open' AND deal IS NOT NULL")
    )
    op.drop_column("cart", "deal")
    op.drop_table("group_nudge")
    op.drop_index(
        "uq_group_member_seq",
        table_name="group_member",
        postgresql_where=sa.text("state IN ('held', 'paid', 'succeeded')"),
    )
    op.drop_index(
        "uq_group_member_once",
        table_name="group_member",
        postgresql_where=sa.text("state IN ('held', 'paid', 'succeeded') AND NOT is_twin"),
    )
    op.drop_index("ix_group_member_group", table_name="group_member")
    op.drop_index(op.f("ix_group_member_customer_id"), table_name="group_member")
    op.drop_table("group_member")
    op.drop_table("group_tier")
    op.drop_index(op.f("ix_group_offer_variant_id"), table_name="group_offer")
    op.drop_table("group_offer")
    op.drop_index(op.f("ix_flash_claim_order_id"), table_name="flash_claim")
    op.drop_index(op.f("ix_flash_claim_customer_id"), table_name="flash_claim")
    op.drop_table("flash_claim")
    op.drop_index("ix_buying_group_open", table_name="buying_group", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_buying_group_leader_id"), table_name="buying_group")
    op.drop_index(
        "ix_buying_group_ends",
        table_name="buying_group",
        postgresql_where=sa.text(
            "(buying_group.state = 'open' OR buying_group.state = 'succeeded' AND buying_group.capacity > buying_group.size)"
        ),
    )
    op.drop_index(
        "ix_buying_group_decided",
        table_name="buying_group",
        postgresql_where=sa.text(
            "(buying_group.done_at IS NULL AND (buying_group.state IN ('settled', 'failed', 'cancelled') OR buying_group.state = 'succeeded' AND buying_group.capacity = buying_group.size))"
        ),
    )
    op.drop_index(op.f("ix_buying_group_campaign_id"), table_name="buying_group")
    op.drop_table("buying_group")
    op.drop_index(op.f("ix_group_campaign_product_id"), table_name="group_campaign")
    op.drop_table("group_campaign")
    op.drop_index(op.f("ix_flash_item_variant_id"), table_name="flash_item")
    op.drop_table("flash_item")
    op.drop_index(op.f("ix_allotment_stock_level_id"), table_name="allotment")
    op.drop_table("allotment")
    op.drop_index(op.f("ix_flash_reminder_customer_id"), table_name="flash_reminder")
    op.drop_table("flash_reminder")
    op.drop_index(
        "ix_flash_sale_planned", table_name="flash_sale", postgresql_where=sa.text("state IN ('scheduled', 'running')")
    )
    op.drop_table("flash_sale")
    op.execute(
        """ALTER TABLE coupon ADD CONSTRAINT ck_coupon_seq_within_limits CHECK (((seq >= 1) AND (seq <= 100))) NOT VALID"""
    )
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_paymentmethod CHECK (((payment_method)::text = ANY (ARRAY[('cod'::character varying)::text, ('simulator'::character varying)::text, ('stripe'::character varying)::text, ('transfer'::character varying)::text, ('credit'::character varying)::text]))) NOT VALID"""
    )
