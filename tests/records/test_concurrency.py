"""Threads of the pages and the worker's process write into one file at the same time."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from appliance.errors import Conflict
from appliance.records import audit, database, examinations, fields, patients
from appliance.records.tables import AuditEvent, Examination, FieldImage, Revision
from appliance.vocabulary import FieldState

SCRIPT = Path(__file__).with_name("to_be_killed.py")


def in_threads(count: int, task: Callable[[int], None]) -> None:
    """Run a task so many times at once, each with its own connection."""
    broken: list[BaseException] = []

    def run(number: int) -> None:
        try:
            task(number)
        except BaseException as error:  # noqa: BLE001 - handed on below
            broken.append(error)
        finally:
            database.close()

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]


def test_numbers_are_given_once_and_without_gaps_to_many_at_once(examination, patient, by):
    smear = {"specimen": "bone-marrow", "stain": "wright"}

    def register(_: int) -> None:
        for _ in range(6):
            examinations.create(patient.id, smear, by)

    in_threads(8, register)
    numbers = sorted(int(row.accession_number[3:]) for row in Examination.select())
    assert numbers == list(range(1, 50))
    assert audit.first_break() is None
    assert AuditEvent.select().where(AuditEvent.action == "examination:create").count() == 49


def test_one_image_sent_by_many_at_once_is_kept_once(examination, image, sharp, by):
    known = []

    def add(_: int) -> None:
        try:
            fields.add(examination.id, image(), "a.png", 1, sharp, by)
        except fields.DuplicateImage as duplicate:
            known.append(duplicate.field.id)

    in_threads(8, add)
    (row,) = fields.of_examination(examination.id)
    assert known == [row.id] * 7


def test_one_image_is_claimed_by_one_of_many(field: FieldImage):
    claimed = []
    in_threads(8, lambda number: claimed.append(fields.claim_oldest(f"w{number}")))
    assert [row for row in claimed if row] == [field]


def test_of_two_who_change_the_same_version_one_is_refused(patient, by):
    outcomes: list[str] = []

    def change(number: int) -> None:
        try:
            patients.change(patient.id, {"given_name": f"Name {number}"}, 1, by)
            outcomes.append("changed")
        except Conflict:
            outcomes.append("refused")

    in_threads(8, change)
    assert sorted(outcomes) == ["changed"] + ["refused"] * 7
    assert Revision.select().where(Revision.subject_id == patient.id).count() == 2


@pytest.mark.slow
def test_pages_add_while_the_worker_analyses(
    examination: Examination, image, sharp, by, database_path: Path
):
    def upload(number: int) -> None:
        for index in range(12):
            fields.add(examination.id, image(number * 100 + index), "a.png", 1, sharp, by)
            fields.progress(examination.id)

    in_threads(1, upload)
    command = [sys.executable, SCRIPT, database_path, "work", "w"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        in_threads(4, lambda number: upload(number + 1))
        worker.communicate()
    assert worker.returncode == 0
    subprocess.run([*command[:-1], "last"], check=True, stdout=subprocess.DEVNULL)
    rows = fields.of_examination(examination.id)
    assert [row.number for row in rows] == list(range(1, 61))
    assert {row.state for row in rows} == {FieldState.ANALYSED}
    assert {len(fields.cells_of(row.id)) for row in rows} == {40}
    assert audit.first_break() is None
