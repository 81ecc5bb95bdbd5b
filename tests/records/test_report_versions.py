"""A signature binds to what was shown; an amended report leaves the old one as it was."""

import pytest

from appliance.errors import Conflict, Forbidden, InvalidInput
from appliance.records import (
    audit,
    conclusions,
    decisions,
    examinations,
    fields,
    readings,
    report_versions,
    revisions,
)
from appliance.records.report_versions import digest
from appliance.records.revisions import versions
from appliance.records.tables import OutboxEntry
from appliance.review_vocabulary import CellLabel, ReadingKind, SignatureMeaning
from tests.records.conftest import conclude, sign

APPROVED, CORRECTED = SignatureMeaning.APPROVED, SignatureMeaning.CORRECTED


def test_signing_makes_the_report_final_with_its_signature(submitted, clinician):
    conclude(submitted, clinician)
    version = sign(submitted, clinician, {"blast": 2})
    assert examinations.get(submitted.id).status == "final"
    (signature,) = version.signatures
    assert (version.number, version.status, version.content) == (1, "final", {"blast": 2})
    assert (signature.signer_name, signature.signer_role) == (clinician.name, "clinician")
    assert (signature.meaning, signature.record_sha256) == (APPROVED, digest({"blast": 2}))
    assert report_versions.is_whole(version)
    assert report_versions.by_sha256(version.sha256.upper()) == version
    assert report_versions.latest(submitted.id) == report_versions.get(version.id) == version


def test_signature_and_version_wait_for_the_central_server_and_are_audited(signed):
    told = {(each.subject_type, each.subject_revision) for each in OutboxEntry.select()}
    assert {("report_version", 1), ("signature", 1), ("reading", 1)} <= told
    (event,) = audit.recent(action="report:sign")
    assert event.details["status"] == "final"
    assert event.details["examination"] == str(signed.id)


def test_the_reviewers_reading_ends_with_the_signature(submitted, clinician):
    review = readings.take(submitted.id, ReadingKind.REVIEW, clinician)
    conclude(submitted, clinician)
    sign(submitted, clinician)
    assert readings.get(review.id).state == "submitted"


def test_nobody_signs_their_own_submission_unless_it_is_allowed(submitted, by):
    conclude(submitted, by)
    with pytest.raises(Forbidden, match="somebody else must sign"):
        sign(submitted, by)
    (signature,) = sign(submitted, by, own_submission_allowed=True).signatures
    assert signature.own_submission_allowed


def test_nothing_is_signed_before_its_time(examination, field, submitted, clinician):
    with pytest.raises(Conflict, match="no conclusion yet"):
        sign(submitted, clinician)
    conclude(submitted, clinician)
    readings.ask(submitted.id, ReadingKind.SECOND, "drawn at random", clinician)
    with pytest.raises(Conflict, match="second reading"):
        sign(submitted, clinician)


def test_a_registered_examination_has_nothing_to_sign(examination, clinician):
    with pytest.raises(Conflict, match="nothing to sign"):
        sign(examination, clinician)


def test_a_cell_that_the_reviewer_took_back_keeps_it_from_being_signed(
    submitted, clinician, image, sharp, analysis, by
):
    conclude(submitted, clinician)
    fields.add(submitted.id, image(1), "b.png", 1, sharp, by)
    with pytest.raises(Conflict, match="still being analysed"):
        sign(submitted, clinician)
    fields.finish(fields.claim_oldest("w"), analysis(blast=1), card={}, by="w")
    with pytest.raises(Conflict, match="1 cell is not verified yet"):
        sign(submitted, clinician)


def test_what_was_not_on_the_screen_is_not_signed(submitted, clinician):
    conclude(submitted, clinician)
    with pytest.raises(Conflict, match="not the one that was shown"):
        sign(submitted, clinician, {"blast": 2}, sha256=digest({"blast": 1}))
    with pytest.raises(Conflict):
        sign(submitted, clinician, revision=submitted.revision - 1)
    with pytest.raises(InvalidInput, match="final"):
        sign(submitted, clinician, meaning=CORRECTED)
    assert report_versions.versions_of(submitted.id) == []


def test_an_amended_report_keeps_the_old_version(signed, clinician):
    old = report_versions.latest(signed.id)
    report_versions.begin_amendment(signed.id, "corrected", "Miscounted.", clinician)
    review = readings.take(signed.id, ReadingKind.REVIEW, clinician)
    cell = fields.cells_of_examination(signed.id)[0]
    decisions.decide(review.id, [cell.id], CellLabel.NORMAL, clinician)
    assert examinations.get(signed.id).status == "final"
    sign(signed, clinician, {"blast": 1}, meaning=CORRECTED)
    newest, oldest = report_versions.versions_of(signed.id)
    assert (newest.number, newest.status, newest.reason) == (2, "corrected", "Miscounted.")
    assert (oldest, oldest.content) == (old, old.content)
    assert report_versions.open_amendment(signed.id) is None
    assert examinations.get(signed.id).status == "corrected"


def test_a_report_is_amended_again_and_again(signed, clinician):
    for number in (2, 3):
        report_versions.begin_amendment(signed.id, "amended", f"Reason {number}.", clinician)
        with pytest.raises(Conflict, match="is being amended"):
            report_versions.begin_amendment(signed.id, "amended", "Twice.", clinician)
        before = examinations.get(signed.id).revision
        sign(signed, clinician, {"version": number}, meaning=SignatureMeaning.AMENDED)
        assert examinations.get(signed.id).revision == before + 1
    assert [row.number for row in report_versions.versions_of(signed.id)] == [3, 2, 1]
    assert examinations.get(signed.id).status == "amended"


def test_whoever_opened_the_old_version_is_told_until_they_open_the_new(
    signed, clinician, olga, by
):
    old = report_versions.latest(signed.id)
    report_versions.opened(old.id, by)
    report_versions.opened(old.id, by)
    assert report_versions.superseded_for(olga.id) == []
    for number in (2, 3):
        report_versions.begin_amendment(signed.id, "amended", f"Reason {number}.", clinician)
        sign(signed, clinician, {"version": number}, meaning=SignatureMeaning.AMENDED)
    (told,) = report_versions.superseded_for(olga.id)
    assert (told.opened.number, told.newest.number) == (1, 3)
    assert report_versions.superseded_for(clinician.user_id) == []
    report_versions.opened(told.newest.id, by)
    assert report_versions.superseded_for(olga.id) == []
    assert len(audit.recent(action="report:open")) == 3


def test_the_signed_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "ж": [1.5]}) == digest({"ж": [1.5], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_conclusion_and_reading_have_their_histories(signed):
    conclusion = conclusions.of(signed.id)
    assert [row.number for row in revisions.versions("conclusion", conclusion.id)] == [1]
    first = readings.of_examination(signed.id)[0]
    assert versions("reading", first.id)[0].changes[0].field == "state"
