from datetime import UTC, date, datetime

import pytest

from appliance.errors import Conflict
from appliance.records import clinical, examinations, patients
from appliance.records.revisions import Difference, Version
from webui import histories, labels
from webui.display import NOTHING

AT = datetime(2026, 3, 1, 8, 15, tzinfo=UTC)


def version(number, content, *changes, reason=""):
    differences = tuple(Difference(*change) for change in changes)
    return Version(number, AT, "Olga Tamm", reason, content, differences)


FIRST = version(
    1,
    {"sex": "female", "birth_date": "2020-05-01", "search_text": " x"},
    ("sex", None, "female"),
    ("birth_date", None, "2020-05-01"),
    ("search_text", None, " x"),
)
SECOND = version(
    2,
    {"sex": "male", "birth_date": None},
    ("sex", "female", "male"),
    ("birth_date", "2020-05-01", None),
    reason="As in the passport",
)


def test_changes_are_written_in_words_and_the_rest_left_out():
    newest, oldest = histories.steps([SECOND, FIRST], labels.PATIENT)
    assert newest.reason == "As in the passport"
    assert newest.changes == (
        histories.Change("Sex", "Female", "Male"),
        histories.Change("Birth date", "1 May 2020", NOTHING),
    )
    assert [change.label for change in oldest.changes] == ["Sex", "Birth date"]


def test_only_what_came_after_the_version_seen_is_told():
    assert [step.number for step in histories.since([SECOND, FIRST], labels.PATIENT, 1)] == [2]
    assert histories.since([SECOND, FIRST], labels.PATIENT, 2) == []


def test_what_a_change_replaced_comes_back_as_the_records_take_it():
    values = histories.before([SECOND, FIRST], 2, ("sex", "birth_date"))
    assert values == {"sex": "female", "birth_date": date(2020, 5, 1)}
    assert histories.before([SECOND, FIRST], 2, ("sex",)) == {"sex": "female"}


def test_moments_come_back_aware():
    first = version(1, {"collected_at": "2026-03-01T08:15:00.000000Z"})
    second = version(2, {}, ("collected_at", "2026-03-01T08:15:00.000000Z", None))
    assert histories.before([second, first], 2, ("collected_at",)) == {"collected_at": AT}


@pytest.mark.parametrize(("versions", "number"), [([SECOND, FIRST], 1), ([FIRST], 1), ([], 0)])
def test_only_the_last_change_can_be_taken_back(versions, number):
    with pytest.raises(Conflict, match="cannot be taken back"):
        histories.before(versions, number, ("sex",))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("haemoglobin_g_per_l", 71.5, "71.5 g/L"),
        ("platelets_10e9_per_l", 0.0, "0 \N{MULTIPLICATION SIGN} 10⁹/L"),
        ("haemoglobin_g_per_l", None, NOTHING),
        ("symptoms", ["fever", "bone-pain"], "Fever, Bone or joint pain"),
        ("symptoms", [], NOTHING),
        ("treatment_phase", "induction", "Induction"),
        ("treatment_phase", "", NOTHING),
        ("treatment_phase", "a-code-of-later", "a-code-of-later"),
    ],
)
def test_values_are_shown_with_unit_and_label(name, value, words):
    assert labels.CLINICAL[name].words(value) == words


def test_every_entry_of_the_records_has_a_label():
    assert set(clinical.ENTRIES) <= set(labels.CLINICAL)
    assert set(patients.ENTRIES) <= set(labels.PATIENT)
    assert set(examinations.ENTRIES) <= set(labels.EXAMINATION)
