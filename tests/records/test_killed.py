"""What was acknowledged survives `kill -9` in any moment, and nothing is done twice."""

import random
import subprocess
import sys
from pathlib import Path
from threading import Timer
from uuid import UUID

import pytest

from appliance.records import audit, database, fields, revisions
from appliance.records.tables import AuditEvent, Examination, FieldImage
from appliance.vocabulary import FieldState

SCRIPT = Path(__file__).with_name("to_be_killed.py")
ROOT = SCRIPT.parents[2]


def run(*arguments: object, kill_after_s: float | None = None) -> list[str]:
    """Start the process, kill it some time after it said ready, and return what it said after."""
    process = subprocess.Popen(
        [sys.executable, SCRIPT, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        if kill_after_s is not None:
            killer = Timer(kill_after_s, process.kill)
            killer.start()
        said = process.stdout.read()
    if kill_after_s is not None:
        killer.join()
    # The last line may have been cut off: it was not heard whole.
    return said.split("\n")[:-1]


@pytest.mark.slow
def test_every_image_is_analysed_exactly_once_by_workers_that_are_killed(
    examination: Examination, image, sharp, by, database_path: Path
):
    rows = [fields.add(examination.id, image(n), "a.png", 1, sharp, by) for n in range(60)]
    database.close()
    moments = random.Random(7)
    said = []
    for number in range(6):
        said += run(database_path, "work", f"run {number}", kill_after_s=moments.uniform(0, 0.1))
        said = [line for line in said if line != "done"]
    finished = run(database_path, "work", "last run")
    assert finished.pop() == "done"
    assert len(said) < len(rows)  # else nobody was killed in the middle
    assert len({*said, *finished}) == len(said) + len(finished)
    for row in fields.of_examination(examination.id):
        assert row.state == FieldState.ANALYSED
        assert len(fields.cells_of(row.id)) == 40
        assert [r.number for r in revisions.history("field_image", row.id)] == [1, 2]
    assert AuditEvent.select().where(AuditEvent.action == "field:analysed").count() == len(rows)
    assert audit.first_break() is None
    assert database.integrity_fault() == ""


@pytest.mark.slow
def test_every_acknowledged_image_is_there_after_a_kill(
    examination: Examination, database_path: Path
):
    database.close()
    moments = random.Random(11)
    acknowledged: list[str] = []
    for number in range(4):
        start = number * 10_000
        arguments = (database_path, "add", examination.id, start)
        acknowledged += run(*arguments, kill_after_s=moments.uniform(0.02, 0.2))
    assert acknowledged
    rows = {row.id: row for row in fields.of_examination(examination.id)}
    assert {UUID(line) for line in acknowledged} <= rows.keys()
    assert len(rows) - len(acknowledged) <= 4  # written, but killed before it could say so
    assert sorted(row.number for row in rows.values()) == list(range(1, len(rows) + 1))
    assert AuditEvent.select().where(AuditEvent.action == "field:add").count() == len(rows)
    assert FieldImage.select().count() == len(rows)
    assert audit.first_break() is None


def test_a_kill_during_a_transaction_leaves_nothing_of_it(
    examination: Examination, image, sharp, by, database_path: Path
):
    script = (
        "import sys; from pathlib import Path; from threading import Event\n"
        "from appliance.records import database, patients\n"
        "from appliance.vocabulary import APPLIANCE\n"
        "database.open_database(Path(sys.argv[1]))\n"
        "with database.transaction():\n"
        "    values = {'medical_record_number': 'K', 'family_name': 'K', 'sex': 'other'}\n"
        "    patients.register(values, APPLIANCE)\n"
        "    print('written', flush=True)\n"
        "    Event().wait()\n"
    )
    before = audit.head()
    with subprocess.Popen(
        [sys.executable, "-c", script, database_path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "written\n"
        process.kill()
    assert audit.head() == before
    fields.add(examination.id, image(), "a.png", 1, sharp, by)  # the lock went with it
