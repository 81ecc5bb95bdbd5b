import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from peewee import Database, OperationalError, PostgresqlDatabase, SqliteDatabase
from playhouse.schema_diff import diff_models

from appliance.errors import DiskFull, RecordsUnavailable
from appliance.records import database as records
from appliance.records import patients, schema, tables
from appliance.records.database import open_database, transaction
from appliance.vocabulary import Actor

ADD_COLUMN = """
from peewee import TextField

def up(migrator, db):
    migrator.migrate(migrator.add_column("patient", "nickname", TextField(default="")))
"""
BREAKS_HALFWAY = ADD_COLUMN + "    raise ValueError('not today')\n"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A folder that holds our migrations, for a test to add its own."""
    folder = tmp_path / "migrations"
    shutil.copytree(records.MIGRATIONS, folder)
    return folder


def structure(database: Database) -> dict[str, object]:
    """All that SQLite knows of the tables, whatever order it was made in."""
    return {
        table._meta.table_name: (
            {(c.name, c.data_type, c.null, c.primary_key) for c in database.get_columns(name)},
            {(tuple(i.columns), i.unique) for i in database.get_indexes(name)},
            {(f.column, f.dest_table, f.dest_column) for f in database.get_foreign_keys(name)},
            {row[2:] for row in database.execute_sql(f'PRAGMA foreign_key_list("{name}")')},
        )
        for table in schema.ALL
        for name in [table._meta.table_name]
    }


def names_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return [name for (name,) in file.execute("SELECT family_name FROM patient")]


def test_migrations_build_the_declared_tables(database: Database):
    assert not diff_models(database, schema.ALL)


def test_migrations_build_the_declared_columns_and_references(database: Database):
    declared = SqliteDatabase(":memory:")
    with declared.bind_ctx(schema.ALL, bind_refs=False, bind_backrefs=False):
        declared.create_tables(schema.ALL)
        assert structure(database) == structure(declared)
    declared.close()


def test_the_tables_can_be_written_in_the_words_of_postgresql():
    central = PostgresqlDatabase(None)
    with central.bind_ctx(schema.ALL, bind_refs=False, bind_backrefs=False):
        written = " ".join(table._schema._create_table().query()[0] for table in schema.ALL)
    assert '"id" UUID NOT NULL PRIMARY KEY' in written
    assert '"sequence" SERIAL NOT NULL PRIMARY KEY' in written


def test_each_thread_writes_durably_and_holds_to_references(database: Database):
    found = {}

    def look() -> None:
        found.update({name: database.pragma(name) for name in expected})
        records.close()

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert found == expected


def test_the_file_is_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "data" / "records.sqlite3"
    open_database(path)
    patients.find()
    modes = {file.name: oct(file.stat().st_mode & 0o077) for file in path.parent.glob("*sqlite3*")}
    records.close()
    assert modes.pop("records.sqlite3.lock", None) is not None
    assert set(modes.values()) == {"0o0"}


def test_a_file_of_a_newer_version_is_refused_and_left_alone(database_path: Path):
    with closing(sqlite3.connect(database_path)) as file, file:
        file.execute("INSERT INTO schema_migration (name, applied) VALUES ('0999_later', '')")
    before = database_path.read_bytes()
    with pytest.raises(RecordsUnavailable, match=r"newer version.*0999_later"):
        open_database(database_path)
    assert database_path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough" * 50, b"\x00" * 4096]
)
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "records.sqlite3"
    path.write_bytes(content)
    with pytest.raises(RecordsUnavailable):
        open_database(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(RecordsUnavailable, match="cannot be opened"):
        open_database(tmp_path / "data" / "records.sqlite3")


def test_a_copy_is_made_before_records_are_migrated(
    database_path: Path, migrations: Path, tmp_path: Path
):
    open_database(database_path)
    patients.register(
        {"medical_record_number": "1", "family_name": "Okafor", "sex": "female"},
        Actor(None, "test"),
    )
    records.close()
    (migrations / "0002_nickname.py").write_text(ADD_COLUMN)
    open_database(database_path, migrations=migrations).close()
    copy = tmp_path / "records.before-0002_nickname.sqlite3"
    assert names_of(copy) == names_of(database_path) == ["Okafor"]
    with closing(sqlite3.connect(copy)) as file, pytest.raises(sqlite3.OperationalError):
        file.execute("SELECT nickname FROM patient")


def test_a_new_file_is_not_copied(tmp_path: Path):
    open_database(tmp_path / "records.sqlite3").close()
    assert list(tmp_path.glob("*before*")) == []


def test_a_migration_that_breaks_changes_nothing(database_path: Path, migrations: Path):
    (migrations / "0002_nickname.py").write_text(BREAKS_HALFWAY)
    with pytest.raises(ValueError, match="not today"):
        open_database(database_path, migrations=migrations)
    open_database(database_path)
    assert not diff_models(records.proxy.obj, schema.ALL)
    records.close()


def test_processes_that_start_together_take_turns_to_migrate(tmp_path: Path):
    start = (
        "import sys; from pathlib import Path; from appliance.records.database import open_database"
        "; open_database(Path(sys.argv[1])).close()"
    )
    path = str(tmp_path / "records.sqlite3")
    started = [subprocess.Popen([sys.executable, "-c", start, path]) for _ in range(4)]
    assert [process.wait(30) for process in started] == [0, 0, 0, 0]


def test_an_inner_transaction_takes_back_only_its_own(database: Database, by: Actor):
    def register(number: str) -> None:
        values = {"medical_record_number": number, "family_name": "Sato", "sex": "other"}
        patients.register(values, by)

    def register_and_break_off() -> None:
        with transaction():
            register("taken back")
            raise KeyError

    with transaction():
        register("kept")
        with pytest.raises(KeyError):
            register_and_break_off()
    assert [row.medical_record_number for row in patients.find()] == ["kept"]


def test_a_full_disk_is_said_in_words_and_nothing_half_done_stays(database: Database, by: Actor):
    database.execute_sql(f"PRAGMA max_page_count = {database.pragma('page_count')}")
    long = {"medical_record_number": "1", "family_name": "x" * 200, "sex": "other"}

    def register_many() -> None:
        with transaction():
            for number in range(1000):
                patients.register(long | {"medical_record_number": str(number)}, by)

    with pytest.raises(DiskFull):
        register_many()
    database.execute_sql("PRAGMA max_page_count = 1000000")
    assert patients.find().total == 0
    patients.register(long, by)


def test_a_commit_that_breaks_is_said_with_its_own_reason(
    database: Database, database_path: Path, by: Actor
):
    log = database_path.with_name(database_path.name + "-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log + 1, hard))  # no file may grow beyond
    try:
        with pytest.raises(RecordsUnavailable, match="disk I/O error"):
            patients.register(
                {"medical_record_number": "1", "family_name": "Sato", "sex": "other"}, by
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert patients.find().total == 0


def test_a_disk_that_is_full_at_the_commit_is_said_so(
    database: Database, by: Actor, monkeypatch: pytest.MonkeyPatch
):
    def commit() -> None:  # as SQLite does on a file system without room, which no test can make
        database.execute_sql("ROLLBACK")
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(database, "commit", commit)
    with pytest.raises(DiskFull):
        patients.register({"medical_record_number": "1", "family_name": "Sato", "sex": "other"}, by)


def test_who_swallows_the_error_of_a_full_disk_cannot_go_on_with_half(
    database: Database, by: Actor
):
    database.execute_sql(f"PRAGMA max_page_count = {database.pragma('page_count')}")
    values = {"medical_record_number": "1", "family_name": "Sato", "sex": "other"}

    def register_and_swallow() -> None:
        with transaction():
            try:
                for number in range(1000):
                    patients.register(values | {"medical_record_number": str(number)}, by)
            except DiskFull:
                database.execute_sql("PRAGMA max_page_count = 1000000")
            patients.register(values | {"medical_record_number": "the last"}, by)

    with pytest.raises(RecordsUnavailable):
        register_and_swallow()
    assert patients.find().total == 0


def test_a_write_lock_held_too_long_is_said(database: Database, database_path: Path):
    database.pragma("busy_timeout", 10)
    with closing(sqlite3.connect(database_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordsUnavailable, match="locked"), transaction():
            pass


def test_reading_goes_on_while_another_process_writes(database: Database, database_path: Path):
    with closing(sqlite3.connect(database_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert patients.find().total == 0


def test_ping_is_quiet_while_the_records_answer(database: Database):
    records.ping()


def test_ping_says_when_a_table_is_gone(database: Database):
    database.execute_sql("DROP TABLE patient")
    with pytest.raises(RecordsUnavailable):
        records.ping()


def test_connections_open_by_themselves_and_close_as_often_as_asked(database: Database):
    records.close()
    records.ping()
    assert not database.is_closed()
    records.close()
    records.close()
    assert database.is_closed()


def test_an_intact_file_has_no_fault(database: Database):
    assert records.integrity_fault() == ""


def test_a_damaged_page_is_found(database_path: Path, migrated_file: Path):
    content = bytearray(database_path.read_bytes())
    content[4096 * 3 : 4096 * 3 + 100] = b"\xff" * 100
    database_path.write_bytes(content)
    records.proxy.initialize(SqliteDatabase(str(database_path)))
    assert "damaged" in records.integrity_fault()
    records.close()


def test_a_reference_to_nothing_is_found(database: Database):
    database.pragma("foreign_keys", 0)
    tables.Cell.create(
        field="0" * 32, number=1, x=0, y=0, width=1, height=1, nucleus=[], nucleus_area_px=1,
        counted=True, suggestion="blast", blast_probability=1,
    )  # fmt: skip
    assert "refers to nothing in field_image" in records.integrity_fault()


def test_optimising_folds_the_log_into_the_file(database: Database, patient: tables.Patient):
    records.optimise()
    log, folded = database.execute_sql("PRAGMA wal_checkpoint").fetchone()[1:]
    assert log == folded
