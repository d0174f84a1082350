"""Fill the shelf: favourites, searches, prices in other currencies, chats of the keepers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keeper_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keeper_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_keeper_code_digest")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_keeper_code_staff_id")),
    )
    op.create_table(
        "popular_start",
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=24, collation="C"), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("whole", "key", "text", name=op.f("pk_popular_start")),
    )
    op.create_table(
        "search_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("relaxed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
    )
    op.create_index(op.f("ix_search_entry_at"), "search_entry", ["at"], unique=False)
    op.create_table(
        "search_synonym",
        sa.Column("line", sa.String(length=200), nullable=False),
        sa.Column("other", sa.String(length=200), nullable=False),
        sa.Column("terms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("line", "other", name=op.f("pk_search_synonym")),
    )
    op.create_table(
        "keeper",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_keeper_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_keeper")),
    )
    op.create_index(op.f("ix_keeper_staff_id"), "keeper", ["staff_id"], unique=False)
    op.create_table(
        "shelf_start",
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=24, collation="C"), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_shelf_start_category_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("whole", "key", "category_id", name=op.f("pk_shelf_start")),
    )
    op.create_index(op.f("ix_shelf_start_category_id"), "shelf_start", ["category_id"], unique=False)
    op.create_table(
        "favourite",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_favourite_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_favourite_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "product_id", name=op.f("pk_favourite")),
    )
    op.create_index(op.f("ix_favourite_product_id"), "favourite", ["product_id"], unique=False)
    op.create_table(
        "search_meaning",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("gist", sa.String(), nullable=True),
        sa.Column("vector", postgresql.ARRAY(sa.REAL()), nullable=True),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_search_meaning_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_search_meaning")),
    )
    op.create_index(
        "ix_search_meaning_due", "search_meaning", ["product_id"], unique=False, postgresql_where=sa.text("due")
    )
    op.create_index(
        "ix_search_meaning_near",
        "search_meaning",
        [sa.literal_column("(vector::vector(512))").label("near")],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"near": "vector_cosine_ops"},
    )
    op.create_table(
        "title_start",
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=24, collation="C"), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_title_start_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("whole", "key", "product_id", name=op.f("pk_title_start")),
    )
    op.create_index(op.f("ix_title_start_product_id"), "title_start", ["product_id"], unique=False)
    op.create_table(
        "stock_watch",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_stock_watch_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_stock_watch_variant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "variant_id", name=op.f("pk_stock_watch")),
    )
    op.create_index(op.f("ix_stock_watch_variant_id"), "stock_watch", ["variant_id"], unique=False)
    op.create_table(
        "variant_price",
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_variant_price_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_variant_price_variant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("variant_id", "currency", name=op.f("pk_variant_price")),
    )
    op.drop_constraint(op.f("fk_audit_entry_staff_id"), "audit_entry", type_="foreignkey")
    op.add_column("imported_product", sa.Column("status", sa.String(length=20), nullable=True))
    op.add_column(
        "picture",
        sa.Column("alt", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("product", sa.Column("free_shipping", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("product", sa.Column("dispatch_days", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("product", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("search_product", sa.Column("more", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("search_product", sa.Column("scheme", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_index(
        "ix_search_product_more",
        "search_product",
        ["more"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(op.f("ix_search_product_scheme"), "search_product", ["scheme"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_search_product_scheme"), table_name="search_product")
    op.drop_index(
        "ix_search_product_more",
        table_name="search_product",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_column("search_product", "scheme")
    op.drop_column("search_product", "more")
    op.drop_column("product", "version")
    op.drop_column("product", "dispatch_days")
    op.drop_column("product", "free_shipping")
    op.drop_column("picture", "alt")
    op.drop_column("imported_product", "status")
    op.create_foreign_key(op.f("fk_audit_entry_staff_id"), "audit_entry", "staff", ["staff_id"], ["id"])
    op.drop_table("variant_price")
    op.drop_index(op.f("ix_stock_watch_variant_id"), table_name="stock_watch")
    op.drop_table("stock_watch")
    op.drop_index(op.f("ix_title_start_product_id"), table_name="title_start")
    op.drop_table("title_start")
    op.drop_index(
        "ix_search_meaning_near",
        table_name="search_meaning",
        postgresql_using="hnsw",
        postgresql_ops={"near": "vector_cosine_ops"},
    )
    op.drop_index("ix_search_meaning_due", table_name="search_meaning", postgresql_where=sa.text("due"))
    op.drop_table("search_meaning")
    op.drop_index(op.f("ix_favourite_product_id"), table_name="favourite")
    op.drop_table("favourite")
    op.drop_index(op.f("ix_shelf_start_category_id"), table_name="shelf_start")
    op.drop_table("shelf_start")
    op.drop_index(op.f("ix_keeper_staff_id"), table_name="keeper")
    op.drop_table("keeper")
    op.drop_table("search_synonym")
    op.drop_index(op.f("ix_search_entry_at"), table_name="search_entry")
    op.drop_table("search_entry")
    op.drop_table("popular_start")
    op.drop_table("keeper_code")
