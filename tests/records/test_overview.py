from datetime import date, timedelta
from uuid import uuid4

import pytest
from peewee import Database

from appliance.clock import now, to_iso
from appliance.records import examinations, fields, index, overview, patients
from appliance.records.database import transaction
from appliance.records.entries import today
from appliance.records.examinations import Needs, Query
from appliance.records.tables import Cell, Examination, FieldImage, Patient, Row
from appliance.vocabulary import Actor, ExaminationStatus, Specimen, Suggestion


@pytest.fixture
def lab(patient: Patient, by: Actor, image, sharp, blurred, analysis) -> dict[str, Examination]:
    """Five examinations of two patients: blasts, none, refused and waiting, failed, empty."""
    other = patients.register(
        {"medical_record_number": "X-2", "family_name": "Okafor", "sex": "male"}, by
    )

    def create(owner: Patient, specimen: str) -> Examination:
        return examinations.create(owner.id, {"specimen": specimen, "stain": "wright"}, by)

    def analysed(row: Examination, *results) -> None:
        for number, result in enumerate(results):
            fields.add(row.id, image(number), "a.png", 1, sharp, by)
            fields.finish(fields.claim_oldest("w"), result, card={}, by="w")

    blasts, clear = create(patient, "bone-marrow"), create(patient, "peripheral-blood")
    refused, failed, empty = (create(other, "bone-marrow") for _ in range(3))
    analysed(blasts, analysis(3, 2, 1, cut=4), analysis(1))
    analysed(clear, analysis(0, 5, 1), analysis())
    fields.add(failed.id, image(), "a.png", 1, sharp, by)
    fields.fail(fields.claim_oldest("w"), "broken")
    fields.add(refused.id, image(1), "a.png", 1, blurred, by)
    fields.add(refused.id, image(2), "b.png", 1, sharp, by)
    names = ("blasts", "clear", "refused", "failed", "empty")
    return dict(zip(names, (blasts, clear, refused, failed, empty), strict=True))


def found(lab: dict[str, Examination], **query: object) -> set[str]:
    names = {row.id: name for name, row in lab.items()}
    return {names[listed.examination.id] for listed in examinations.find(Query(**query))}


def test_examinations_are_listed_with_patient_and_counts(lab):
    listed = {row.examination.accession_number[-1]: row for row in examinations.find()}
    blasts, refused = listed["1"], listed["3"]
    assert blasts.patient.family_name == "Núñez"
    assert (blasts.fields, blasts.analysed, blasts.waiting) == (2, 2, 0)
    assert (blasts.cells, blasts.blasts, blasts.normal, blasts.unsure) == (7, 4, 2, 1)
    assert (refused.fields, refused.refused, refused.waiting, refused.cells) == (2, 1, 1, 0)
    assert listed["4"].failed == 1
    assert listed["5"].fields == 0


ALL = {"blasts", "clear", "refused", "failed", "empty"}
NARROWED: list[tuple[dict[str, object], set[str]]] = [
    ({}, ALL),
    ({"text": "nun luc"}, {"blasts", "clear"}),
    ({"text": "x-2"}, {"refused", "failed", "empty"}),
    ({"text": "0003"}, {"refused"}),
    ({"text": "-0004 okafor"}, {"failed"}),
    ({"text": "0004 nunez"}, set()),
    ({"text": "..."}, set()),
    ({"status": ExaminationStatus.REGISTERED}, {"empty"}),
    ({"status": ExaminationStatus.FINAL}, set()),
    ({"specimen": Specimen.BLOOD}, {"clear"}),
    ({"needs": Needs.ATTENTION}, {"refused", "failed"}),
    ({"needs": Needs.REFUSED}, {"refused"}),
    ({"needs": Needs.FAILED}, {"failed"}),
    ({"needs": Needs.WAITING}, {"refused"}),
    ({"needs": Needs.IMAGES}, {"empty"}),
    ({"has_blasts": True}, {"blasts"}),
    ({"has_blasts": False}, {"clear"}),
    ({"date_from": today(), "date_to": today()}, ALL),
    ({"date_from": today() + timedelta(days=1)}, set()),
    ({"date_to": today() - timedelta(days=1)}, set()),
    ({"date_from": date.min, "date_to": date.max}, ALL),
    ({"date_from": date.max}, set()),
    ({"date_to": date.min}, set()),
    ({"date_from": date(2020, 1, 1), "has_blasts": True, "text": "nunez"}, {"blasts"}),
]


def test_examinations_are_narrowed(lab):
    wrong = [
        (query, found(lab, **query)) for query, names in NARROWED if found(lab, **query) != names
    ]
    assert wrong == []


def test_what_is_hidden_is_found_by_everything_but_its_result(lab):
    hidden = frozenset([lab["blasts"].id, lab["empty"].id])
    assert found(lab, hidden=hidden) == ALL
    assert found(lab, hidden=hidden, specimen=Specimen.MARROW, text="nunez") == {"blasts"}
    assert found(lab, hidden=hidden, has_blasts=True) == set()
    assert found(lab, hidden=hidden, has_blasts=False) == {"clear"}
    assert overview.count(Query(hidden=hidden, has_blasts=True)) == 0
    assert overview.count(Query(hidden=hidden, needs=Needs.IMAGES)) == 1


def test_examinations_are_narrowed_to_a_patient(lab, patient: Patient):
    assert found(lab, patient_id=patient.id) == {"blasts", "clear"}
    assert found(lab, patient_id=uuid4()) == set()


def test_the_last_registered_comes_first_page_by_page(lab):
    first, last = examinations.find(limit=2), examinations.find(limit=2, offset=4)
    assert [r.examination.accession_number[-1] for r in [*first, *last]] == ["5", "4", "1"]
    assert (first.total, first.pages) == (5, 3)


def test_the_history_of_a_patient_has_all_examinations_newest_first(lab, patient: Patient):
    history = examinations.of_patient(patient.id)
    assert [(row.examination.accession_number[-1], row.blasts) for row in history] == [
        ("2", 0),
        ("1", 4),
    ]


def test_one_examination_is_summed_up_as_in_the_list(lab):
    assert examinations.summary(lab["blasts"].id).blasts == 4
    assert examinations.summary(uuid4()) is None


def test_examinations_that_need_a_person_are_counted(lab):
    assert overview.needing_attention() == 2


def test_every_status_is_counted(lab):
    counts = examinations.counts()
    assert set(counts) == set(ExaminationStatus)
    assert counts[ExaminationStatus.PARTIAL] == 4
    assert counts[ExaminationStatus.REGISTERED] == 1


def test_counted_cells_are_tallied_by_suggestion(lab):
    blasts = lab["blasts"]
    first, second = fields.of_examination(blasts.id)
    tally = {Suggestion.BLAST: 3, Suggestion.NORMAL: 2, Suggestion.UNSURE: 1}
    assert examinations.tally_of_field(first.id) == tally
    assert examinations.tally_of(blasts.id) == tally | {Suggestion.BLAST: 4}
    assert examinations.tallies_of_fields(blasts.id) == {
        first.id: tally,
        second.id: {Suggestion.BLAST: 1, Suggestion.NORMAL: 0, Suggestion.UNSURE: 0},
    }


def test_a_field_without_cells_is_tallied_only_once_it_is_analysed(lab):
    clear, refused = lab["clear"], lab["refused"]
    assert [sum(tally.values()) for tally in examinations.tallies_of_fields(clear.id).values()] == [
        6,
        0,
    ]
    assert examinations.tallies_of_fields(refused.id) == {}
    assert sum(examinations.tally_of(refused.id).values()) == 0


NUMBERS = "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < {last})"


def fill(database: Database, table: type[Row], source: str, last: int, **columns: str) -> None:
    """Write many rows past the rules: each column an SQL expression over `source` and n.i."""
    given = {"id": "lower(hex(randomblob(16)))", "created_at": f"'{to_iso(now())}'"} | columns
    names, expressions = ", ".join(given), ", ".join(given.values())
    database.execute_sql(
        f'INSERT INTO "{table._meta.table_name}" ({names}) {NUMBERS.format(last=last)} '
        f"SELECT {expressions} FROM {source}"
    )


@pytest.fixture
def thousand(database: Database, patient: Patient) -> None:
    """1,000 examinations with 3 fields of 20 cells, with outlines as long as real ones."""
    with transaction():
        fill(
            database, Examination, "n", 999, accession_number="'T-' || i", specimen="'blood'",
            microscope="''", stain_batch="''",
            patient_id=f"'{patient.id.hex}'", stain="'wright'", status="'partial'", objective="''",
            indication="''", notes="''", simulated="0", revision="1",
        )  # fmt: skip
        fill(
            database, FieldImage, "examination, n", 2, examination_id="examination.id", number="i",
            sha256="i", page="0", pages="1", original_name="''", media_type="''", byte_size="1",
            width="1", height="1", greyscale="0", intake_notes="'[]'", state="'analysed'",
            reason="''", quality=f"'{'x' * 1500}'", quality_passed="1", override_reason="''",
            attempts="1", revision="2",
        )  # fmt: skip
        fill(
            database, Cell, "field_image, n", 19, field_id="field_image.id", number="i", x="1",
            y="1", width="9", height="9", nucleus=f"'{'x' * 600}'", nucleus_area_px="1",
            origin="'found'", replaces="'[]'", counted="1",
            suggestion="'blast'", blast_probability="0.5", outside_training_range="0",
        )  # fmt: skip
    index.rebuild()


@pytest.mark.slow
def test_the_first_page_of_a_thousand_examinations_takes_five_queries(thousand, database: Database):
    statements = []
    database.connection().set_trace_callback(statements.append)
    page = examinations.find(limit=25)
    database.connection().set_trace_callback(None)
    assert (page.total, page.rows[0].blasts, page.rows[0].fields) == (1000, 60, 3)
    assert len(statements) == 5
