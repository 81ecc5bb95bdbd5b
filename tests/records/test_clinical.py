from datetime import date, timedelta
from uuid import uuid4

import pytest

from appliance.errors import Conflict, InvalidInput, NotFound
from appliance.records import audit, clinical
from appliance.records.entries import today
from appliance.records.revisions import Difference
from appliance.records.tables import ClinicalDetails, Patient
from appliance.vocabulary import Actor

FINDINGS = {
    "observed_on": date(2026, 3, 2),
    "haemoglobin_g_per_l": 71,
    "white_cells_10e9_per_l": 48.2,
    "lymphocytes_10e9_per_l": 30,
    "blood_blasts_percent": 62,
    "symptoms": ["bone-pain", "fever"],
    "organ_enlargement": ["spleen"],
    "immunophenotype": "CD19+\nCD10+",
    "treatment_phase": "untreated",
}


@pytest.fixture
def findings(patient: Patient, by: Actor) -> ClinicalDetails:
    return clinical.add(patient.id, FINDINGS, by)


def test_findings_are_kept_as_entered(findings: ClinicalDetails, patient: Patient):
    (kept,) = clinical.of_patient(patient.id)
    assert (kept.observed_on, kept.haemoglobin_g_per_l) == (date(2026, 3, 2), 71.0)
    assert kept.symptoms == ["fever", "bone-pain"]  # in the order of the form
    assert kept.immunophenotype == "CD19+\nCD10+"
    assert kept.platelets_10e9_per_l is None


def test_only_the_date_is_needed(patient: Patient, by: Actor):
    row = clinical.add(patient.id, {"observed_on": today()}, by)
    assert (row.symptoms, row.organ_enlargement, row.notes) == ([], [], "")


@pytest.mark.parametrize("measurement", clinical.MEASUREMENTS, ids=lambda m: m.column)
def test_each_measurement_is_taken_within_its_limits_only(measurement, patient, by: Actor):
    for value in (measurement.low, measurement.high):
        clinical.add(patient.id, {"observed_on": today(), measurement.column: value}, by)
    for value in (measurement.low - 0.1, measurement.high + 1):
        with pytest.raises(InvalidInput) as refused:
            clinical.add(patient.id, {"observed_on": today(), measurement.column: value}, by)
        sentence = refused.value.fields[measurement.column]
        assert measurement.unit in sentence
        assert measurement.label in sentence


def test_haemoglobin_in_another_unit_is_refused(patient: Patient, by: Actor):
    with pytest.raises(InvalidInput, match=r"Haemoglobin must be between 10 and 300 g/L\."):
        clinical.add(patient.id, {"observed_on": today(), "haemoglobin_g_per_l": 7.1}, by)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"observed_on": None}, "observed_on"),
        ({"observed_on": today() + timedelta(days=1)}, "observed_on"),
        ({"observed_on": date(2020, 4, 30)}, "observed_on"),  # the day before she was born
        ({"symptoms": ["hiccups"]}, "symptoms"),
        ({"organ_enlargement": ["ear"]}, "organ_enlargement"),
        ({"treatment_phase": "someday"}, "treatment_phase"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"lymphocytes_10e9_per_l": 60}, "lymphocytes_10e9_per_l"),
        ({"neutrophils_10e9_per_l": 60}, "neutrophils_10e9_per_l"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_named(patient, by: Actor, change: dict, wrong: str):
    with pytest.raises(InvalidInput) as refused:
        clinical.add(patient.id, FINDINGS | change, by)
    assert set(refused.value.fields) == {wrong}


def test_parts_of_a_low_white_count_may_be_rounded(patient: Patient, by: Actor):
    low = {"white_cells_10e9_per_l": 0.1, "neutrophils_10e9_per_l": 0.14}
    clinical.add(patient.id, {"observed_on": today()} | low, by)


def test_findings_of_nobody_are_refused(database, by: Actor):
    with pytest.raises(NotFound):
        clinical.add(uuid4(), FINDINGS, by)


def test_the_latest_date_comes_first(findings, patient: Patient, by: Actor):
    for day in (date(2026, 5, 1), date(2025, 1, 1)):
        clinical.add(patient.id, {"observed_on": day}, by)
    dates = [row.observed_on for row in clinical.of_patient(patient.id)]
    assert dates == [date(2026, 5, 1), date(2026, 3, 2), date(2025, 1, 1)]


def test_the_history_says_what_was_changed_by_whom_and_why(
    findings: ClinicalDetails, hana, actor_of
):
    correction = {"haemoglobin_g_per_l": 77.0, "symptoms": ["fever"], "notes": "recounted"}
    clinical.change(findings.id, correction, 1, actor_of(hana), "wrong tube")
    newest = clinical.history(findings.id)[0]
    assert (newest.number, newest.author, newest.reason) == (2, "Hana Sato", "wrong tube")
    assert newest.changes == (
        Difference("haemoglobin_g_per_l", 71.0, 77.0),
        Difference("symptoms", ["fever", "bone-pain"], ["fever"]),
        Difference("notes", "", "recounted"),
    )


def test_an_entry_can_be_emptied(findings: ClinicalDetails, by: Actor):
    emptied = {"haemoglobin_g_per_l": None, "symptoms": [], "treatment_phase": ""}
    row = clinical.change(findings.id, emptied, 1, by)
    assert (row.haemoglobin_g_per_l, row.symptoms, row.treatment_phase) == (None, [], "")


def test_a_change_of_what_somebody_else_changed_is_refused(findings: ClinicalDetails, by: Actor):
    clinical.change(findings.id, {"notes": "one"}, 1, by)
    with pytest.raises(Conflict):
        clinical.change(findings.id, {"notes": "two"}, 1, by)


def test_a_change_is_checked_against_what_stays(findings: ClinicalDetails, by: Actor):
    with pytest.raises(InvalidInput) as refused:
        clinical.change(findings.id, {"white_cells_10e9_per_l": 3.0}, 1, by)
    assert set(refused.value.fields) == {"lymphocytes_10e9_per_l"}


def test_reading_findings_is_noted(findings: ClinicalDetails, by: Actor):
    clinical.open_for(findings.id, by)
    assert audit.recent(1).rows[0].action == "clinical:read"


def test_the_log_carries_no_findings(findings: ClinicalDetails, by: Actor):
    clinical.change(findings.id, {"notes": "confidential"}, 1, by)
    written = " ".join(str(event.details) for event in audit.recent())
    assert not any(word in written for word in ("confidential", "48.2", "bone-pain"))
