"""Questions to the full-text index that each database keeps over `docstation.jobs.tables.SearchedPages`.

SQLite has a table of its own (FTS5) that triggers fill, PostgreSQL an index over the column; a migration makes them.
Words are stems already (`docstation.jobs.search_words`), so neither is told of any language.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from docstation.jobs.search_words import Phrase

FULLTEXT = "searched_stems"
"""SQLite's table, and what the tables within it begin with; PostgreSQL's index."""

_FIND_SQLITE = (
    f"SELECT p.id, p.document, p.page FROM {FULLTEXT} AS f JOIN searched_pages AS p ON p.id = f.rowid "
    f"WHERE {FULLTEXT} MATCH :asked AND (:document = '' OR p.document = :document) ORDER BY f.rank, p.id LIMIT :most"
)
_FIND_POSTGRESQL = (
    "SELECT p.id, p.document, p.page FROM searched_pages AS p, to_tsquery('simple', :asked) AS q "
    "WHERE to_tsvector('simple', p.stems) @@ q AND (:document = '' OR p.document = :document) "
    "ORDER BY ts_rank_cd(to_tsvector('simple', p.stems), q) DESC, p.id LIMIT :most"
)


def matching(connection: Connection, asked: Sequence[Phrase], document: str, most: int) -> list[tuple[int, str, int]]:
    """Row id, document and number of pages that hold all of `asked`, the best first.

    Args:
        connection: to read with.
        asked: at least one phrase.
        document: only its pages; empty for all.
        most: rows.
    """
    sqlite = connection.dialect.name == "sqlite"
    wanted = _for_sqlite(asked) if sqlite else _for_postgresql(asked)
    statement = text(_FIND_SQLITE if sqlite else _FIND_POSTGRESQL)
    rows = connection.execute(statement, {"asked": wanted, "document": document, "most": most})
    return [(row[0], row[1], row[2]) for row in rows]


def _for_sqlite(asked: Sequence[Phrase]) -> str:
    # Stems hold letters and digits only: nothing in them means anything to the index.
    def one(phrase: Phrase) -> str:
        exact = f'"{" ".join(phrase.stems)}"'
        if not phrase.begun:
            return exact
        return f'({exact} OR "{" ".join((*phrase.stems[:-1], phrase.begun))}"*)'

    return " AND ".join(map(one, asked))


def _for_postgresql(asked: Sequence[Phrase]) -> str:
    def one(phrase: Phrase) -> str:
        words = [f"'{stem}'" for stem in phrase.stems]
        if phrase.begun:
            words[-1] = f"({words[-1]} | '{phrase.begun}':*)"
        return f"({' <-> '.join(words)})"

    return " & ".join(map(one, asked))
