"""Count how often the edit of a shared card went wrong in a column of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shared_card", sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE shared_card SET failures = -version, version = 0 WHERE version < 0")
    op.alter_column("shared_card", "failures", server_default=None)


def downgrade() -> None:
    op.execute("UPDATE shared_card SET version = -failures WHERE failures > 0")
    op.drop_column("shared_card", "failures")
