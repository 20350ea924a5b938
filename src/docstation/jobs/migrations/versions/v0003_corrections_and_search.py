"""Corrections of what was read, and the index of its words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.String(32)

_SQLITE = (
    "CREATE VIRTUAL TABLE searched_stems USING fts5("
    "stems, content='searched_pages', content_rowid='id', tokenize=\"unicode61 remove_diacritics 0\")",
    "CREATE TRIGGER searched_stems_added AFTER INSERT ON searched_pages BEGIN "
    "INSERT INTO searched_stems(rowid, stems) VALUES (new.id, new.stems); END",
    "CREATE TRIGGER searched_stems_removed AFTER DELETE ON searched_pages BEGIN "
    "INSERT INTO searched_stems(searched_stems, rowid, stems) VALUES ('delete', old.id, old.stems); END",
)
_POSTGRESQL = ("CREATE INDEX searched_stems ON searched_pages USING gin (to_tsvector('simple', stems))",)


def upgrade() -> None:
    """Make the tables."""
    op.add_column("documents", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    _corrections()
    _search()


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("document", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("document", "number", name="pk_corrections"),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name="fk_corrections_document", ondelete="CASCADE"),
    )
    op.create_index("ix_corrections_document_corrections_page", "corrections", ["document", "page"])


def _search() -> None:
    op.create_table(
        "searched_documents",
        sa.Column("document", _ID, nullable=False),
        sa.Column("ended", sa.Double, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("document", name="pk_searched_documents"),
        sa.ForeignKeyConstraint(
            ["document"], ["documents.id"], name="fk_searched_documents_document", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "searched_pages",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("document", _ID, nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("blocks", sa.Text, nullable=False),
        sa.Column("stems", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_searched_pages"),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name="fk_searched_pages_document", ondelete="CASCADE"),
    )
    op.create_index("ix_searched_pages_document_searched_pages_page", "searched_pages", ["document", "page"])
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
