"""The tables of the database, typed; statements over them are written where they belong.

Rows are never held as objects: statements name columns, so that two processes on one database see each other's work.
The migrations in `docstation.jobs.migrations` make exactly these tables, which a test compares. Times are seconds of
the epoch.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that later migrations can name them on every database."""

_ID = String(32)
_STATE = String(16)


class Base(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(naming_convention=NAMING)


class Documents(Base):
    """Files that were given to be read; their bytes lie in the folder of that id.

    `bytes` is the size of the file, `kept` that of all files of the document; `revision` is raised by each
    change of its corrections.
    """

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(128))
    bytes: Mapped[int] = mapped_column(BigInteger)
    kept: Mapped[int] = mapped_column(BigInteger)
    page_count: Mapped[int] = mapped_column(default=0)
    created: Mapped[float] = mapped_column(Double)
    revision: Mapped[int] = mapped_column(default=0)


class Jobs(Base):
    """The reading of each document: what is wanted, where it stands, how many pages are in which state.

    `turn` is when it was served last: who waits longest is next. `news` is the number of its newest event; whoever
    changes a job raises it first, and holds the row until the change is committed. `reserve` is what was told last of
    its pass with the reserve model, empty before it: a job has one.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "priority", "turn"),)

    id: Mapped[str] = mapped_column(_ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(_STATE)
    options: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(default=0)
    turn: Mapped[float] = mapped_column(Double)
    created: Mapped[float] = mapped_column(Double)
    started: Mapped[float | None] = mapped_column(Double)
    ended: Mapped[float | None] = mapped_column(Double)
    error: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    reading: Mapped[int] = mapped_column(default=0)
    ok: Mapped[int] = mapped_column(default=0)
    repaired: Mapped[int] = mapped_column(default=0)
    fallback: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    news: Mapped[int] = mapped_column(default=0)
    reserve: Mapped[str] = mapped_column(String(64), default="")


class Pages(Base):
    """Every page that is asked for. `after` is why its worker was lost at the first try, empty otherwise; `before` is
    the state that a page comes back to where the reserve model does not read it better, empty for all others.
    """

    __tablename__ = "pages"
    __table_args__ = (Index(None, "job", "state", "number"),)

    job: Mapped[str] = mapped_column(_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(_STATE)
    attempts: Mapped[int] = mapped_column(default=0)
    after: Mapped[str] = mapped_column(String(64), default="")
    seconds: Mapped[float] = mapped_column(Double, default=0.0)
    code: Mapped[str] = mapped_column(String(64), default="")
    changed: Mapped[float] = mapped_column(Double)
    before: Mapped[str] = mapped_column(_STATE, default="")


class ReservePasses(Base):
    """The pass with the reserve model that is under way; there is one row at most. `names` and `before` are JSON lists:
    the reserve's names, its catalogue entry first, and what served before and is switched back to.
    """

    __tablename__ = "reserve_passes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model: Mapped[str] = mapped_column(Text)
    names: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(Text)
    phase: Mapped[str] = mapped_column(_STATE)
    begun: Mapped[float] = mapped_column(Double)


class Attempts(Base):
    """Every try at reading a page. `result` is the page's state after it, ``reading`` meanwhile, or ``interrupted``."""

    __tablename__ = "page_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["job", "page"], ["pages.job", "pages.number"], ondelete="CASCADE"),
        Index(None, "job", "ended"),
    )

    job: Mapped[str] = mapped_column(_ID, primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    begun: Mapped[float] = mapped_column(Double)
    ended: Mapped[float | None] = mapped_column(Double)
    seconds: Mapped[float] = mapped_column(Double, default=0.0)
    result: Mapped[str] = mapped_column(_STATE)
    code: Mapped[str] = mapped_column(String(64), default="")


class Events(Base):
    """What happened to each job, numbered from 1 without gaps."""

    __tablename__ = "events"

    job: Mapped[str] = mapped_column(_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[float] = mapped_column(Double)
    kind: Mapped[str] = mapped_column(_STATE)
    state: Mapped[str] = mapped_column(_STATE)
    done: Mapped[int]
    total: Mapped[int]
    page: Mapped[int | None]
    page_state: Mapped[str | None] = mapped_column(_STATE)
    seconds: Mapped[float | None] = mapped_column(Double)
    code: Mapped[str] = mapped_column(String(64), default="")


class ApiKeys(Base):
    """Keys of clients: only their digests are kept. `scopes` are words with a space between."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(128), unique=True)
    scopes: Mapped[str] = mapped_column(Text)
    created: Mapped[float] = mapped_column(Double)
    used: Mapped[float | None] = mapped_column(Double)


class StationEvents(Base):
    """Records of the station's journal. `number` goes on ascending even if a journal is begun anew; `journal` is the
    number that the record has there. `body` is a JSON object.
    """

    __tablename__ = "station_events"
    __table_args__ = (Index(None, "at"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    journal: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[float] = mapped_column(Double)
    kind: Mapped[str] = mapped_column(_STATE)
    transaction_id: Mapped[str] = mapped_column(_ID)
    mode_before: Mapped[str] = mapped_column(_STATE)
    mode_after: Mapped[str] = mapped_column(_STATE)
    seconds: Mapped[float] = mapped_column(Double)
    body: Mapped[str] = mapped_column(Text)


class Corrections(Base):
    """What people corrected of a document, and what they added; `body` is the JSON of `docstation.jobs.corrections`."""

    __tablename__ = "corrections"
    __table_args__ = (Index(None, "document", "page"),)

    document: Mapped[str] = mapped_column(_ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    page: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    changed: Mapped[float] = mapped_column(Double)


class SearchedDocuments(Base):
    """Documents whose words are in the index, and of which reading and which revision these are."""

    __tablename__ = "searched_documents"

    document: Mapped[str] = mapped_column(_ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    ended: Mapped[float] = mapped_column(Double)
    revision: Mapped[int]


class SearchedPages(Base):
    """The words of each page: `blocks` is a JSON list of ids and texts, `stems` what is searched in."""

    __tablename__ = "searched_pages"
    __table_args__ = (Index(None, "document", "page"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(_ID, ForeignKey("documents.id", ondelete="CASCADE"))
    page: Mapped[int]
    blocks: Mapped[str] = mapped_column(Text)
    stems: Mapped[str] = mapped_column(Text)


class Conversations(Base):
    """Conversations about pages; `news` is the number of the newest message."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "changed"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    created: Mapped[float] = mapped_column(Double)
    changed: Mapped[float] = mapped_column(Double)
    news: Mapped[int] = mapped_column(default=0)


class ChatMessages(Base):
    """Messages of conversations, numbered from 1. `folded` is the text to search in; `attachments` and `citations` are
    JSON lists of `docstation.jobs.conversations`. An answer points at no document: those may be deleted meanwhile.
    """

    __tablename__ = "chat_messages"

    conversation: Mapped[str] = mapped_column(_ID, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(_STATE)
    state: Mapped[str] = mapped_column(_STATE)
    text: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    attachments: Mapped[str] = mapped_column(Text)
    citations: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    problem: Mapped[str] = mapped_column(Text)
    created: Mapped[float] = mapped_column(Double)


class ChatImages(Base):
    """Images that were attached to questions, made small enough for a model: `body` is a PNG or JPEG file."""

    __tablename__ = "chat_images"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    conversation: Mapped[str] = mapped_column(_ID, ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(128))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Extractions(Base):
    """Values extracted from documents: `wanted` is the schema, `found` what was found, `corrections` what people say
    instead by path, `body` both together; all JSON of `docstation.jobs.extractions`.
    """

    __tablename__ = "extractions"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    document: Mapped[str] = mapped_column(_ID, ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    created: Mapped[float] = mapped_column(Double)
    changed: Mapped[float] = mapped_column(Double)
    state: Mapped[str] = mapped_column(_STATE)
    model: Mapped[str] = mapped_column(Text)
    wanted: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Text)
    found: Mapped[str] = mapped_column(Text)
    corrections: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
