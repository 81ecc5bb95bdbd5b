"""A conclusion is versioned, and of a critical one somebody must be told."""

import pytest

from appliance.errors import Conflict, InvalidInput
from appliance.records import amendments, conclusions, examinations, states
from appliance.review_vocabulary import Finding

CRITICAL = {"finding": Finding.BLASTS_AT_LIMIT, "text": "ALL likely.", "critical": True}
CALM = {"finding": Finding.NO_BLASTS, "text": "", "critical": False}


def test_each_version_of_a_conclusion_stays(submitted, clinician):
    assert conclusions.of(submitted.id) is None
    row = conclusions.write(submitted.id, CRITICAL, 0, clinician)
    conclusions.write(submitted.id, {**CRITICAL, "text": "ALL."}, row.revision, clinician)
    newest, oldest = conclusions.history(row.id)
    assert [(change.field, change.after) for change in newest.changes] == [("text", "ALL.")]
    assert oldest.author == clinician.name
    assert conclusions.of(submitted.id).text == "ALL."


def test_two_who_conclude_at_once_do_not_overwrite_each_other(submitted, clinician):
    conclusions.write(submitted.id, CALM, 0, clinician)
    for seen in (0, 2):
        with pytest.raises(Conflict):
            conclusions.write(submitted.id, CRITICAL, seen, clinician)


@pytest.mark.parametrize(
    ("change", "name"),
    [({"finding": "healthy"}, "finding"), ({"critical": "yes"}, "critical"), ({"a": 1}, "a")],
)
def test_what_cannot_be_concluded_is_named(submitted, clinician, change, name: str):
    with pytest.raises(InvalidInput) as caught:
        conclusions.write(submitted.id, CALM | change, 0, clinician)
    assert name in caught.value.fields


def test_nothing_is_concluded_without_an_image_or_of_a_closed_examination(examination, clinician):
    with pytest.raises(Conflict, match="no image yet"):
        conclusions.write(examination.id, CALM, 0, clinician)
    states.cancel(examination.id, examination.revision, "Registered twice.", clinician)
    with pytest.raises(Conflict, match="cancelled"):
        conclusions.write(examination.id, CALM, 0, clinician)


def test_a_critical_result_rings_until_somebody_was_told(submitted, clinician):
    row = conclusions.write(submitted.id, CRITICAL, 0, clinician)
    assert examinations.needing(examinations.Needs.TELLING) == 1
    with pytest.raises(InvalidInput):
        conclusions.acknowledge(row.id, " ", clinician)
    told = conclusions.acknowledge(row.id, "Dr Ruiz, ward 4", clinician)
    assert (told.told_to, told.acknowledged_by_id) == ("Dr Ruiz, ward 4", clinician.user_id)
    assert examinations.needing(examinations.Needs.TELLING) == 0
    with pytest.raises(Conflict, match="told of it already"):
        conclusions.acknowledge(row.id, "Dr Ruiz, ward 4", clinician)


def test_a_changed_critical_result_is_told_anew_but_not_another_wording(submitted, clinician):
    row = conclusions.write(submitted.id, CRITICAL, 0, clinician)
    conclusions.acknowledge(row.id, "Dr Ruiz", clinician)
    row = conclusions.write(submitted.id, {**CRITICAL, "text": "ALL."}, 2, clinician)
    assert row.acknowledged_at is not None
    other = {**CRITICAL, "finding": Finding.NOT_CONCLUSIVE}
    row = conclusions.write(submitted.id, other, 3, clinician)
    assert (row.told_to, row.acknowledged_at) == ("", None)
    assert examinations.needing(examinations.Needs.TELLING) == 1


def test_what_is_not_critical_does_not_ring(submitted, clinician):
    row = conclusions.write(submitted.id, CALM, 0, clinician)
    assert examinations.needing(examinations.Needs.TELLING) == 0
    with pytest.raises(Conflict, match="not critical"):
        conclusions.acknowledge(row.id, "Dr Ruiz", clinician)


def test_a_signed_conclusion_changes_with_an_amendment_only(signed, clinician):
    seen = conclusions.of(signed.id).revision
    with pytest.raises(Conflict, match="takes no more changes"):
        conclusions.write(signed.id, CRITICAL, seen, clinician)
    amendments.begin_amendment(signed.id, "corrected", "The count was wrong.", clinician)
    assert conclusions.write(signed.id, CRITICAL, seen, clinician).critical
