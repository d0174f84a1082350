"""What must hold for customers, as queries that find where it does not."""

OWNED = (
    *("channel_identity", "address", "cart", "orders", "favourite", "stock_watch", "consent", "email_code", "keeper"),
    *("customer_event", "data_export", "code_tries", "announcement", "coupon", "points_account", "credit_account"),
    *(
        "order_return",
        "transfer_report",
        "payment_instrument",
        "promotion_use",
        "promotion_customer",
        "price_list_customer",
        "flash_claim",
        "group_member",
        "flash_reminder",
        "group_interest",
        "conversation",
    ),
)
"""Every table with rows of a customer."""
_ROWS = " UNION ALL ".join(f"SELECT customer_id, '{table}' AS held FROM \"{table}\"" for table in OWNED)
_PERSONAL = " UNION ALL ".join(
    (
        *(
            f"SELECT customer_id, '{table}' AS held FROM \"{table}\""
            for table in (
                *("channel_identity", "favourite", "stock_watch", "flash_reminder"),
                *("group_interest",),
                *("email_code", "data_export", "keeper"),
            )
        ),
        "SELECT customer_id, 'address' FROM address WHERE length(line_sealed) + length(name_sealed) > 0",
        "SELECT customer_id, 'cart' FROM cart WHERE status = 'open'",
        "SELECT c.customer_id, 'message' FROM message m JOIN conversation c ON c.id = m.conversation_id",
        "SELECT customer_id, 'transfer_report' FROM transfer_report WHERE note_sealed IS NOT NULL",
        "SELECT customer_id, 'order_return' FROM order_return WHERE note <> '' OR photos <> '[]'",
    )
)

INVARIANTS: dict[str, str] = {
    "customers.merged_keeps_nothing": f"""
        SELECT DISTINCT c.id AS customer, c.merged_into, o.held FROM customer c
        JOIN ({_ROWS}) o ON o.customer_id = c.id WHERE c.merged_into IS NOT NULL""",
    "customers.merged_into_a_living_one": """
        SELECT c.id AS customer, c.merged_into FROM customer c JOIN customer k ON k.id = c.merged_into
        WHERE k.merged_into IS NOT NULL OR k.id > c.id""",
    "customers.merged_has_no_name": """
        SELECT id AS customer FROM customer
        WHERE merged_into IS NOT NULL AND (name_sealed IS NOT NULL OR email_sealed IS NOT NULL)""",
    "customers.erased_keeps_no_personal_data": f"""
        SELECT DISTINCT c.id AS customer, p.held FROM customer c
        JOIN ({_PERSONAL}) p ON p.customer_id = c.id WHERE c.erased_at IS NOT NULL""",
    "customers.erased_has_no_name": """
        SELECT id AS customer FROM customer
        WHERE erased_at IS NOT NULL AND (name_sealed IS NOT NULL OR email_sealed IS NOT NULL)""",
}
"""{name of the rule: query that returns the rows that break it, the row's id first}."""
