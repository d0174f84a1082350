"""Come to Telegram: its payments, shared cards, files, and the groups of the staff."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE orders DROP CONSTRAINT ck_orders_paymentmethod")
    op.create_table(
        "staff_chat",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_staff_chat")),
    )
    op.create_index(op.f("ix_staff_chat_staff_id"), "staff_chat", ["staff_id"], unique=False)
    op.create_table(
        "staff_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'group')", name=op.f("ck_staff_code_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_code_digest")),
        sa.UniqueConstraint("staff_id", "kind", name=op.f("uq_staff_code_staff_id_kind")),
    )
    op.create_table(
        "staff_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("linked_by", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_staff_group_language_known")),
        sa.CheckConstraint("subject IN ('shopping', 'after_sales')", name=op.f("ck_staff_group_subject_known")),
        sa.CheckConstraint("trouble IN ('left', 'no_topics', 'no_rights')", name=op.f("ck_staff_group_trouble_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_group")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_staff_group_chat_id")),
    )
    op.create_table(
        "telegram_file",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "name", name=op.f("pk_telegram_file")),
    )
    op.create_table(
        "staff_topic",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("told_seq", sa.BigInteger(), nullable=False),
        sa.Column("left_seq", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_staff_topic_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["staff_group.id"], name=op.f("fk_staff_topic_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_staff_topic")),
        sa.UniqueConstraint("group_id", "thread_id", name=op.f("uq_staff_topic_group_id_thread_id")),
    )
    op.create_index(
        "ix_staff_topic_open", "staff_topic", ["conversation_id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_table(
        "group_interest",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_group_interest_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["buying_group.id"], name=op.f("fk_group_interest_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "customer_id", name=op.f("pk_group_interest")),
    )
    op.create_index(op.f("ix_group_interest_customer_id"), "group_interest", ["customer_id"], unique=False)
    op.create_table(
        "shared_card",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inline_message_id", sa.String(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("inviter_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["buying_group.id"], name=op.f("fk_shared_card_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_card")),
        sa.UniqueConstraint("inline_message_id", name=op.f("uq_shared_card_inline_message_id")),
    )
    op.create_index(
        "ix_shared_card_live", "shared_card", ["group_id"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.add_column("conversation", sa.Column("in_group", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("conversation", sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_conversation_in_group", "conversation", ["chat"], unique=False, postgresql_where=sa.text("in_group")
    )
    op.add_column("message", sa.Column("edit_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_message_awaits_photo", "message", ["id"], unique=False, postgresql_where=sa.text("body ? 'file'")
    )
    op.create_index(
        "ix_message_edit_due",
        "message",
        ["edit_due_at"],
        unique=False,
        postgresql_where=sa.text("edit_due_at IS NOT NULL"),
    )
    op.add_column("product", sa.Column("is_digital", sa.Boolean(), server_default="false", nullable=False))
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_paymentmethod CHECK (((payment_method)::text = ANY ((ARRAY['cod'::character varying, 'simulator'::character varying, 'stripe'::character varying, 'wechat'::character varying, 'alipay'::character varying, 'telegram'::character varying, 'stars'::character varying, 'transfer'::character varying, 'credit'::character varying])::text[])))"""
    )


def downgrade() -> None:
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_paymentmethod")
    op.drop_column("product", "is_digital")
    op.drop_index("ix_message_edit_due", table_name="message", postgresql_where=sa.text("edit_due_at IS NOT NULL"))
    op.drop_index("ix_message_awaits_photo", table_name="message", postgresql_where=sa.text("body ? 'file'"))
    op.drop_column("message", "edit_due_at")
    op.drop_index("ix_conversation_in_group", table_name="conversation", postgresql_where=sa.text("in_group"))
    op.drop_column("conversation", "unreachable_at")
    op.drop_column("conversation", "in_group")
    op.drop_index("ix_shared_card_live", table_name="shared_card", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("shared_card")
    op.drop_index(op.f("ix_group_interest_customer_id"), table_name="group_interest")
    op.drop_table("group_interest")
    op.drop_index("ix_staff_topic_open", table_name="staff_topic", postgresql_where=sa.text("is_open"))
    op.drop_table("staff_topic")
    op.drop_table("telegram_file")
    op.drop_table("staff_group")
    op.drop_table("staff_code")
    op.drop_index(op.f("ix_staff_chat_staff_id"), table_name="staff_chat")
    op.drop_table("staff_chat")
    op.execute(
        """ALTER TABLE orders ADD CONSTRAINT ck_orders_paymentmethod CHECK (((payment_method)::text = ANY (ARRAY[('cod'::character varying)::text, ('simulator'::character varying)::text, ('stripe'::character varying)::text, ('wechat'::character varying)::text, ('alipay'::character varying)::text, ('transfer'::character varying)::text, ('credit'::character varying)::text]))) NOT VALID"""
    )
