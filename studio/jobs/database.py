"""The SQLite file of the job list: schema, durability, and errors of a disk or a file that fails."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from studio.callbacks import no_op
from studio.errors import StorageError, storage_error_of

log = logging.getLogger(__name__)

# Each entry brings the schema from its own index to the next version. Entries are only ever added.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE jobs(
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        lane TEXT NOT NULL,
        state TEXT NOT NULL,
        progress REAL NOT NULL DEFAULT 0,
        note TEXT NOT NULL DEFAULT '',
        eta REAL,
        created REAL NOT NULL,
        started REAL,
        ended REAL,
        error TEXT,
        outputs TEXT NOT NULL DEFAULT '[]',
        version INTEGER NOT NULL,
        position REAL NOT NULL,               -- the order in the queue; a real number, so a job can be moved between two
        attempts INTEGER NOT NULL DEFAULT 0,  -- how often it was started; fences off writes of an attempt that is over
        crashes REAL NOT NULL DEFAULT 0,      -- server deaths in a row during this job in which it got no further, weighted
        best REAL NOT NULL DEFAULT 0,         -- the furthest progress of all attempts
        cancel_requested INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX jobs_queue ON jobs(lane, state, position);
    CREATE INDEX jobs_created ON jobs(created);
    CREATE INDEX jobs_state ON jobs(state, created);
    -- Apart from the rows, because a script of an hour is large, never changes, and a row changes five times a second.
    CREATE TABLE specs(job_id TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE, spec TEXT NOT NULL);
    CREATE TABLE events(
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT REFERENCES jobs(id) ON DELETE CASCADE,  -- NULL for the store's own events
        at REAL NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL
    );
    CREATE INDEX events_job ON events(job_id, seq);
    CREATE TABLE clock(value INTEGER NOT NULL);
    INSERT INTO clock VALUES(0);
    """,
    """
    ALTER TABLE jobs ADD COLUMN peak_gib REAL NOT NULL DEFAULT 0;      -- the most that any one engine of it held
    ALTER TABLE jobs ADD COLUMN work_seconds REAL NOT NULL DEFAULT 0;  -- loading and running, over all attempts
    """,
)

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NOT_WRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


def storage_error(error: sqlite3.Error) -> StorageError:
    """Return the error for a failure of SQLite, without the path."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageError("storage.full", retryable=True)
    if code in _NOT_WRITABLE:
        return StorageError("storage.not-writable")
    if code in _DAMAGED:
        return StorageError("jobs.damaged")
    if code == sqlite3.SQLITE_BUSY:
        return StorageError("jobs.locked", retryable=True)
    return StorageError("jobs.failed", retryable=True)


class Database:
    """One file, opened by one server process (the studio's lock ensures that).

    Threads: any thread may call `read` and `write`. There is one writing and one reading connection, each behind a lock of
    its own; the reading lock is taken inside the writing one where a lost file is written anew, and nowhere else. One
    connection a thread would leak with the page's short-lived threads and gain nothing, since SQLite writes one at a time
    anyway; a second one for reading means that a page never waits for a write to reach the disk.

    Durability: write-ahead log. A committed transaction survives kill -9 always, because it is in the operating system's
    hands. `durable` ones (a job accepted, cancelled or ended) are also flushed to the disk before they return and survive a
    power cut. The others (progress, events) may lose their last seconds in a power cut, never more: the job is resumed and
    finds its finished pieces on disk.
    """

    def __init__(self, path: Path, on_restored: Callable[[], object] = no_op) -> None:
        """
        Args:
            on_restored: called after a file that was deleted or replaced has been written anew.

        Raises:
            StorageError: the folder cannot be written, or the file is of a newer version of the studio.
        """
        self.path = path
        self.set_aside: Path | None = None
        """Where a damaged file was moved when this one was opened; None when the file was sound."""
        self._on_restored = on_restored
        self._writing, self._reading = threading.Lock(), threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer, self._reader = self._open_or_begin_anew()
            self._file = _identity(path)
        except sqlite3.Error as error:
            log.error("The job database cannot be opened: %s", error)
            raise storage_error(error) from error
        except OSError as error:
            raise StorageError("storage.folder-unusable") from error

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Run one transaction: committed at the end of the block, rolled back if the block raises.

        Raises:
            StorageError: nothing was changed.
        """
        with self._writing:
            self._restore()
            try:
                self._writer.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):  # SQLite has rolled back by itself after a full disk
                        self._writer.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                log.error("Writing the job database failed: %s", error)
                raise storage_error(error) from error

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for SELECTs, which sees every write that has returned."""
        with self._reading:
            try:
                yield self._reader
            except sqlite3.Error as error:
                log.error("Reading the job database failed: %s", error)
                raise storage_error(error) from error

    def ensure_stored(self) -> None:
        """Write the database again if its file was deleted or replaced: the open connections still have all of it.

        Lock order: the writing lock first, the reading lock inside it.

        Raises:
            StorageError: the disk refuses it; the next write tries again.
        """
        with self._writing:
            self._restore()

    def _restore(self) -> None:
        if _identity(self.path) == self._file:
            return
        log.error("The file of the job database was deleted or replaced; it is written anew from what the server holds.")
        whole = _beside(self.path, ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole.unlink(missing_ok=True)
            with closing(sqlite3.connect(whole)) as target:
                self._writer.backup(target)
            for suffix in ("-wal", "-shm"):  # left by the deleted file: SQLite would take them for those of the new one
                _beside(self.path, suffix).unlink(missing_ok=True)
            if self.path.exists():  # another file in its place is kept, under a name that says what it is
                self.path.rename(self._free_name("replaced"))
            whole.replace(self.path)
            writer, reader = self._open()
        except sqlite3.Error as error:
            raise storage_error(error) from error
        except OSError as error:
            raise storage_error_of(error) or StorageError("jobs.not-written-anew") from error
        with self._reading:
            old, (self._writer, self._reader) = (self._writer, self._reader), (writer, reader)
        for connection in old:
            connection.close()
        self._file = _identity(self.path)
        self._on_restored()

    def close(self) -> None:
        """Merge the write-ahead log into the file and close. May be called twice."""
        with self._writing, suppress(sqlite3.Error, StorageError):
            self._restore()
        with self._writing, suppress(sqlite3.Error):
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with self._reading:
            self._reader.close()
        with self._writing:
            self._writer.close()

    def _open_or_begin_anew(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
            self.set_aside = self._move_away()
            log.warning("The job database was damaged (%s); it is kept as %s and a new one begins.", error, self.set_aside.name)
            return self._open()

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        ended_badly = _beside(self.path, "-wal").exists()  # SQLite removes it when the last connection is closed
        writer = self._connect()
        try:
            if ended_badly:
                verdict = writer.execute("PRAGMA quick_check(1)").fetchone()[0]
                if verdict != "ok":
                    raise _damaged(verdict)
            writer.execute("PRAGMA journal_mode=WAL")
            _migrate(writer)
            return writer, self._connect()
        except BaseException:
            writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _move_away(self) -> Path:
        target = self._free_name("damaged")
        for suffix in ("", "-wal", "-shm"):
            if (part := _beside(self.path, suffix)).exists():
                part.rename(_beside(target, suffix))
        return target

    def _free_name(self, word: str) -> Path:
        """Return an unused name beside the file, with `word` and the time in it."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        names = (
            f"{self.path.stem}.{word}-{stamp}{extra}{self.path.suffix}" for extra in ("", *(f"-{n}" for n in range(2, 1000)))
        )
        return next(path for name in names if not (path := self.path.with_name(name)).exists())


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the identity of the file at a path, which a replacement changes; None if there is no file."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _damaged(verdict: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StorageError("jobs.newer")
    for index in range(version, len(MIGRATIONS)):
        connection.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[index]} ; PRAGMA user_version={index + 1}; COMMIT;")
