"""The pass of a job with the reserve model, and what served before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, make the table."""
    op.add_column("jobs", sa.Column("reserve", sa.String(64), nullable=False, server_default=""))
    op.add_column("pages", sa.Column("before", sa.String(16), nullable=False, server_default=""))
    op.create_table(
        "reserve_passes",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("names", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("begun", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reserve_passes"),
    )
