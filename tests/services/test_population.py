"""Invented labs are like real ones in all that the rules of the records ask for."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import Database, IntegrityError

from appliance.clock import now
from appliance.exchange.template import load_template
from appliance.permissions import Role
from appliance.records import (
    audit,
    clinical,
    examinations,
    guards,
    patients,
    report_versions,
    revisions,
    users,
)
from appliance.records import database as records
from appliance.records.database import integrity_fault, open_database
from appliance.records.examinations import Needs, Query
from appliance.records.review_tables import Conclusion, Reading, ReportVersion
from appliance.records.tables import (
    Cell,
    ClinicalDetails,
    Examination,
    FieldImage,
    ModelRelease,
    Patient,
    Revision,
    User,
)
from appliance.review_vocabulary import SignatureMeaning
from appliance.services import signed_record
from appliance.services.population import Pattern, Staff, populate
from appliance.vocabulary import ExaminationStatus, FieldState

COUNT = 150


def pattern(release: ModelRelease) -> Pattern:
    field = FieldImage(
        sha256="a" * 64, original_name="drawn.jpg", media_type="image/jpeg", byte_size=9,
        width=64, height=48, state=FieldState.ANALYSED, quality=[], quality_passed=True,
        model=release.id, stamp={"id": "m"}, timings_ms={"detect": 1.0}, analysed_at=now(),
        revision=2,
    )  # fmt: skip
    cells = [
        Cell(
            field=field.id, number=number, x=1, y=1, width=9, height=9, nucleus=[[1, 1]],
            nucleus_area_px=20.0, counted=number < 4, suggestion=suggestion, blast_probability=0.5,
        )
        for number, suggestion in enumerate(("blast", "normal", "unsure", "blast"), start=1)
    ]  # fmt: skip
    return Pattern(field, cells)


def fill(olga: User, hana: User, count: int) -> None:
    release = ModelRelease.create(name="m", sha256="c" * 64, card={})
    populate(count, [pattern(release)], Staff(users.actor_of(olga), users.actor_of(hana)))


@pytest.fixture(scope="module")
def invented(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of an invented lab, made once; copied, never opened."""
    path = tmp_path_factory.mktemp("invented") / "records.sqlite3"
    shutil.copy(migrated_file, path)
    open_database(path)
    olga = users.add("olga", "Olga Tamm", Role.TECHNICIAN, "hash", None)
    hana = users.add("hana", "Hana Sato", Role.CLINICIAN, "hash", None)
    fill(olga, hana, COUNT)
    records.close()
    return path


@pytest.fixture
def lab(invented: Path, tmp_path: Path) -> Iterator[Database]:
    """An invented lab of 150 examinations."""
    path = tmp_path / "records.sqlite3"
    shutil.copy(invented, path)
    opened = open_database(path)
    opened.execute_sql("PRAGMA synchronous = off")
    yield opened
    records.close()


def named(username: str) -> User:
    row = users.by_username(username)
    assert row is not None
    return row


def test_an_invented_lab_is_whole_and_guarded(lab: Database):
    assert audit.first_break() is None
    assert integrity_fault() == ""
    assert Examination.select().count() == COUNT
    with pytest.raises(IntegrityError, match="never removed"):
        lab.execute_sql("DELETE FROM examination")


def test_every_row_is_what_its_last_revision_says(lab: Database):
    checked = 0
    for table in (Patient, ClinicalDetails, Examination, FieldImage, Reading, Conclusion):
        for row in table.select():
            kept = revisions.history(table._meta.table_name, row.id)
            assert [r.number for r in kept] == list(range(1, row.revision + 1))
            assert kept[-1].content == revisions.snapshot(row)
            checked += len(kept)
    assert (
        checked
        == Revision.select().where(Revision.subject_type.not_in(["user", "amendment"])).count()
    )


def test_no_signed_report_has_a_cell_that_nobody_saw_or_called(lab: Database):
    unverified = lab.execute_sql(
        "SELECT count(*) FROM cell c JOIN field_image f ON f.id = c.field_id "
        "JOIN examination e ON e.id = f.examination_id "
        "WHERE c.counted AND e.status IN ('preliminary', 'final', 'amended', 'corrected') AND NOT "
        "(EXISTS (SELECT 1 FROM cell_decision d WHERE d.cell_id = c.id AND NOT d.blind) AND "
        "EXISTS (SELECT 1 FROM cell_display s WHERE s.cell_id = c.id))"
    ).fetchone()
    assert unverified == (0,)


def test_signed_versions_are_whole_and_of_the_form_of_real_ones(lab: Database):
    rows, template = list(ReportVersion.select()), load_template()
    assert len(rows) > COUNT / 2
    for row in rows:
        assert report_versions.is_whole(row)
        coming = report_versions.NextVersion(1, row.status, SignatureMeaning.APPROVED, None)
        real = signed_record.content_of(
            row.examination_id, coming, decision_limit=0.2, template=template
        )
        assert set(row.content) == set(real)
        assert row.content["counts"] == real["counts"]
        assert row.content["format"] == real["format"]
        assert set(row.content["printed"]) == set(real["printed"])
        called = {cell["id"]: cell["label"] for cell in row.content["images"][0]["cells"]}
        cells = real["images"][0]["cells"]
        assert called == {cell["id"]: cell["label"] for cell in cells if cell["counted"]}


def test_a_lab_has_examinations_in_all_states(lab: Database):
    counts = examinations.counts()
    assert counts[ExaminationStatus.FINAL] > COUNT / 2
    assert counts[ExaminationStatus.PRELIMINARY] > 0
    assert (
        examinations.find(Query(needs=Needs.IMAGES)).total == counts[ExaminationStatus.REGISTERED]
    )
    assert examinations.find(Query(has_blasts=True, status=ExaminationStatus.FINAL)).total > 0


def test_what_is_invented_would_be_taken_from_a_person(lab: Database):
    """Every entry goes through the rules once more: a table that changes shows here."""
    by = users.actor_of(named("olga"))
    for row in Patient.select().limit(40):
        values = {name: row.__data__[name] for name in patients.ENTRIES}
        assert patients.change(row.id, values, row.revision, by).revision == row.revision
        assert patients.find(f"{row.given_name} {row.family_name}").total > 0
    for row in ClinicalDetails.select().limit(40):
        values = {name: row.__data__[name] for name in clinical.ENTRIES}
        assert clinical.change(row.id, values, row.revision, by).revision == row.revision
    for row in Examination.select().where(Examination.status.in_(examinations.OPEN)):
        values = {name: row.__data__[name] for name in examinations.ENTRIES}
        assert examinations.change(row.id, values, row.revision, by).revision == row.revision


def test_the_last_examinations_are_the_same_in_a_lab_of_any_size(lab: Database, tmp_path: Path):
    def last() -> list[tuple[str, str, str]]:
        return [
            (e.examination.accession_number, e.patient.family_name, e.examination.status)
            for e in examinations.find(limit=20)
        ]

    expected = last()
    olga, hana = named("olga"), named("hana")
    records.close()
    other = open_database(tmp_path / "other" / "records.sqlite3")
    for user in (olga, hana):
        user.save(force_insert=True)
    fill(olga, hana, 40)
    assert last() == expected
    records.close()
    other.close()


def test_guards_stand_again_where_inventing_broke_off(database: Database, olga: User):
    with pytest.raises(AttributeError):
        populate(5, [None], Staff(users.actor_of(olga), users.actor_of(olga)))
    standing = guards._standing(database)
    guards.install(database)
    assert guards._standing(database) == standing != {}
    assert Patient.select().where(Patient.created_at > now() + timedelta(1)).count() == 0
