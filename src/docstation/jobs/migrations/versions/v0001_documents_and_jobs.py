"""Documents, their jobs, pages, page attempts and events; keys of clients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(32)
_STATE = sa.String(16)
_CODE = sa.String(64)


def upgrade() -> None:
    """Make the first tables."""
    _documents()
    _jobs()
    _pages()
    _attempts()
    _events()
    _keys()


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(128), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("kept", sa.BigInteger, nullable=False),
        sa.Column("page_count", sa.Integer, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )


def _jobs() -> None:
    counts = ("total", "waiting", "reading", "ok", "repaired", "fallback", "failed", "news")
    op.create_table(
        "jobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("turn", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("error", sa.Text),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["id"], ["documents.id"], name="fk_jobs_id", ondelete="CASCADE"),
        sa.UniqueConstraint("idempotency_key", name="uq_jobs_idempotency_key"),
    )
    op.create_index("ix_jobs_state_jobs_priority_jobs_turn", "jobs", ["state", "priority", "turn"])


def _pages() -> None:
    op.create_table(
        "pages",
        sa.Column("job", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("after", _CODE, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("job", "number", name="pk_pages"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_pages_job", ondelete="CASCADE"),
    )
    op.create_index("ix_pages_job_pages_state_pages_number", "pages", ["job", "state", "number"])


def _attempts() -> None:
    op.create_table(
        "page_attempts",
        sa.Column("job", _ID, nullable=False),
        sa.Column("page", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("attempt", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("begun", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("result", _STATE, nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.PrimaryKeyConstraint("job", "page", "attempt", name="pk_page_attempts"),
        sa.ForeignKeyConstraint(
            ["job", "page"], ["pages.job", "pages.number"], name="fk_page_attempts_job_page", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_page_attempts_job_page_attempts_ended", "page_attempts", ["job", "ended"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("job", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("kind", _STATE, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("page_state", _STATE),
        sa.Column("seconds", sa.Double),
        sa.Column("code", _CODE, nullable=False),
        sa.PrimaryKeyConstraint("job", "number", name="pk_events"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_events_job", ondelete="CASCADE"),
    )


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("used", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
