"""Opens the database with what durability needs, and hands out transactions.

The same tables run on SQLite (the appliance) and on PostgreSQL (the centre). Every thread has its
own connection: it opens by itself at the first query, and `close` gives it back.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from peewee import (
    Database,
    DatabaseError,
    DatabaseProxy,
    OperationalError,
    PeeweeException,
    SqliteDatabase,
)
from playhouse.migrations import Runner  # type: ignore[import-untyped]

from appliance.errors import ApplianceError, DiskFull, RecordsUnavailable
from appliance.records import guards

proxy = DatabaseProxy()
"""What the tables are bound to; `open_database` fills it."""

MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: a commit that returned survives a power cut; NORMAL may lose the last ones in WAL mode.
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "recursive_triggers": 1,  # so that INSERT OR REPLACE cannot pass the guards against deletion
    "busy_timeout": 10_000,
    "cache_size": -8_000,
}


def open_database(path: Path, *, migrations: Path = MIGRATIONS) -> Database:
    """Open the SQLite file, bring its tables up to date, and bind the tables to it.

    A file that holds records is copied beside itself before it is migrated; two processes that
    start together take turns.

    Args:
        path: made if absent, readable by its owner only.
        migrations: folder of numbered scripts; another one only in tests.

    Raises:
        RecordsUnavailable: the file cannot be read or written, is not ours, or was written by a
            newer version of the software.
    """
    database = SqliteDatabase(str(path), pragmas=_PRAGMAS, timeout=10)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with _one_at_a_time(path):
            _migrate(database, path, migrations)
    except (OSError, PeeweeException, sqlite3.Error) as error:
        database.close()
        raise RecordsUnavailable(f"The records at {path} cannot be opened: {error}") from error
    except RecordsUnavailable:
        database.close()
        raise
    proxy.initialize(database)
    return database


@contextmanager
def transaction() -> Iterator[None]:
    """Write everything inside together or, after any exception, nothing.

    Takes the write lock at once (BEGIN IMMEDIATE), since a transaction that reads first and
    writes later may find that another process wrote in between. Nests: an inner one that breaks
    takes back only its own writes.

    Raises:
        DiskFull: there is no room for the write.
        RecordsUnavailable: the file cannot be written, or another process held the lock for ten
            seconds.
    """
    _require_whole()
    cause: BaseException | None = None
    try:
        with proxy.atomic("IMMEDIATE") if _is_sqlite() else proxy.atomic():
            try:
                yield
            except BaseException as error:
                cause = error
                raise
    except OperationalError as error:
        # After a full disk SQLite has rolled back already, so that peewee's own rollback breaks:
        # what came first is what went wrong.
        if isinstance(cause, ApplianceError):
            raise cause from error
        raise _unwritten(cause if isinstance(cause, OperationalError) else error) from error


def close() -> None:
    """Give this thread's connection back; the next query opens a new one."""
    if not proxy.is_closed():
        proxy.close()


def ping() -> None:
    """Read one row, to see that the records answer.

    Raises:
        RecordsUnavailable: they do not.
    """
    try:
        proxy.execute_sql("SELECT 1 FROM patient LIMIT 1").fetchall()
    except (PeeweeException, AttributeError) as error:
        raise RecordsUnavailable(f"The records do not answer: {error}") from error


def integrity_fault() -> str:
    """Read every page of the file and every reference; return the first fault, or nothing.

    Takes about a second for each 100 MB: not for a request.
    """
    try:
        (verdict,) = proxy.execute_sql("PRAGMA integrity_check(1)").fetchone()
        orphan = proxy.execute_sql("PRAGMA foreign_key_check").fetchone()
    except DatabaseError as error:
        return f"the file is damaged: {error}"
    if verdict != "ok":
        return f"the file is damaged: {verdict}"
    return f"a row of {orphan[0]} refers to nothing in {orphan[2]}" if orphan else ""


def optimise() -> None:
    """Refresh the planner's statistics and fold the write-ahead log into the file."""
    proxy.execute_sql("PRAGMA optimize")
    proxy.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")


def _is_sqlite() -> bool:
    return isinstance(proxy.obj, SqliteDatabase)


def _require_whole() -> None:
    """Refuse to go on in a transaction that SQLite has ended by itself.

    Whoever caught the error of the inner part would otherwise write the rest without the whole.
    """
    if _is_sqlite() and proxy.in_transaction() and not proxy.connection().in_transaction:
        raise RecordsUnavailable("The records could not be written: the write was broken off.")


def _unwritten(error: OperationalError) -> ApplianceError:
    # A commit that breaks is followed by a rollback that breaks, too, and hides the reason.
    first: BaseException = error
    while isinstance(first.__context__, OperationalError | sqlite3.OperationalError):
        first = first.__context__
    if "full" in str(first):
        return DiskFull("The records could not be written: the disk is full.")
    return RecordsUnavailable(f"The records could not be written: {first}")


def _migrate(database: SqliteDatabase, path: Path, migrations: Path) -> None:
    runner = Runner(database, str(migrations))
    known = {migration.name for migration in runner.migrations()}
    applied = runner.applied()
    newer = sorted(applied.keys() - known)
    if newer:
        raise RecordsUnavailable(
            f"The records were written by a newer version of the software ({newer[0]}).",
            advice="Install that version again, or restore the copy from before the update.",
        )
    pending = sorted(known - applied.keys())
    if pending and applied:
        _copy(path, path.with_name(f"{path.stem}.before-{pending[0]}{path.suffix}"))
    if pending:
        guards.remove(database)
        runner.up()
    guards.install(database)


def _copy(source: Path, target: Path) -> None:
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(unfinished)) as new:
        old.backup(new)
    _sync(unfinished)
    unfinished.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Hold off other processes that open the same file, until this one has migrated it."""
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
