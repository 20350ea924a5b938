"""What happened to the station, kept longer than its journal keeps it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "station_events",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("journal", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("transaction_id", sa.String(32), nullable=False),
        sa.Column("mode_before", sa.String(16), nullable=False),
        sa.Column("mode_after", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_station_events"),
    )
    op.create_index("ix_station_events_at", "station_events", ["at"])
