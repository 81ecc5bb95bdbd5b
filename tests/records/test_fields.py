from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest

from appliance.errors import Conflict, InvalidInput, NotFound
from appliance.records import audit, examinations, fields, readings, revisions, states
from appliance.records.database import transaction
from appliance.records.revisions import versions
from appliance.records.tables import Cell, Examination, FieldImage, ModelRelease
from appliance.vocabulary import (
    Actor,
    ExaminationStatus,
    FieldState,
    Quality,
    QualityCheck,
)


@pytest.fixture
def refused(examination: Examination, image, blurred: Quality, by: Actor) -> FieldImage:
    return fields.add(examination.id, image(9), "blurred.png", 77, blurred, by)


def fail_once(row: FieldImage) -> FieldImage:
    claimed = fields.claim_oldest("w")
    assert claimed == row
    fields.fail(claimed, "The file is damaged.")
    return fields.get(row.id)


def test_an_image_that_passed_is_accepted(field: FieldImage, by: Actor):
    row = fields.get(field.id)
    assert (row.state, row.number, row.reason) == (FieldState.ACCEPTED, 1, "")
    assert (row.width, row.height, row.media_type) == (64, 48, "image/png")
    assert (row.original_name, row.byte_size) == ("field-1.png", 1234)
    assert row.quality[0]["name"] == "focus"
    assert row.uploaded_by_id == by.user_id


def test_an_image_that_failed_the_gate_is_refused_with_its_sentences(refused: FieldImage):
    assert (refused.state, refused.quality_passed) == (FieldState.REFUSED, False)
    assert refused.reason == "The image is blurred: focus again."
    assert fields.claim_oldest("w") is None


def test_the_first_image_makes_the_examination_partial(field: FieldImage, examination):
    begun = examinations.get(examination.id)
    assert (begun.status, begun.revision) == (ExaminationStatus.PARTIAL, 2)
    assert begun.imaged_at is not None


def test_further_images_leave_the_examination_as_it_is(field, examination, image, sharp, by):
    fields.add(examination.id, image(2), "b.png", 1, sharp, by)
    assert examinations.get(examination.id).revision == 2


def test_a_time_of_imaging_that_was_entered_is_kept(examination, image, sharp, by: Actor):
    taken = datetime(2026, 2, 3, 4, 5, tzinfo=UTC)
    examinations.change(examination.id, {"imaged_at": taken}, 1, by)
    fields.add(examination.id, image(), "a.png", 1, sharp, by)
    assert examinations.get(examination.id).imaged_at == taken


def test_the_same_image_twice_is_recognised(field: FieldImage, examination, image, sharp, by):
    before = audit.head()
    with pytest.raises(fields.DuplicateImage, match="as image 1") as duplicate:
        fields.add(examination.id, image(), "again.png", 1234, sharp, by)
    assert duplicate.value.field == field
    assert audit.head() == before


def test_other_pages_of_the_file_and_other_examinations_take_the_image(
    field: FieldImage, examination, patient, image, sharp, by: Actor
):
    fields.add(examination.id, image(page=1, pages=2), "a.tiff", 1, sharp, by)
    other = examinations.create(patient.id, {"specimen": "bone-marrow", "stain": "wright"}, by)
    assert fields.add(other.id, image(), "a.png", 1, sharp, by).number == 1
    assert [row.number for row in fields.of_examination(examination.id)] == [1, 2]


def test_a_closed_examination_takes_no_images(field, examination, image, sharp, by: Actor):
    closed = {"status": ExaminationStatus.CANCELLED}
    revisions.update(examinations.get(examination.id), closed, "test:close", by=by)
    with pytest.raises(Conflict, match="cancelled"):
        fields.add(examination.id, image(5), "late.png", 1, sharp, by)


def test_an_unknown_examination_takes_no_images(database, image, sharp, by: Actor):
    with pytest.raises(NotFound):
        fields.add(uuid4(), image(), "a.png", 1, sharp, by)


def test_the_scale_comes_from_the_file_or_else_the_examination(examination, image, sharp, by):
    examinations.change(examination.id, {"um_per_px": 0.13}, 1, by)
    plain = fields.add(examination.id, image(1), "a.png", 1, sharp, by)
    scaled = fields.add(examination.id, image(2, um_per_px=0.25), "b.dcm", 1, sharp, by)
    assert (plain.um_per_px, scaled.um_per_px) == (0.13, 0.25)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\x00b\ud800.png", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}.png"),
        ("x" * 300 + ".tif", "x" * 251 + ".tif"),
        ("", "unnamed"),
        ("血液 塗抹.png", "血液 塗抹.png"),
    ],
)
def test_any_file_name_can_be_kept(examination, image, sharp, by, given: str, kept: str):
    assert fields.add(examination.id, image(), given, 1, sharp, by).original_name == kept


def test_numbers_of_numpy_can_be_kept(examination, image, by: Actor):
    check = QualityCheck("focus", np.float32(81), None, None, "", np.bool_(True), "Sharp.")
    row = fields.add(examination.id, image(), "a.png", 1, Quality((check,)), by)
    assert fields.get(row.id).quality[0]["value"] == 81.0


def test_the_oldest_accepted_image_is_claimed_first(field, examination, image, sharp, by: Actor):
    second = fields.add(examination.id, image(2), "b.png", 1, sharp, by)
    claimed = [fields.claim_oldest("w") for _ in range(3)]
    assert claimed == [field, second, None]
    assert (claimed[0].state, claimed[0].claimed_by) == (FieldState.ANALYSING, "w")
    assert claimed[0].attempts == 1


def test_looking_into_an_empty_queue_takes_no_write_lock(database):
    statements = []
    database.connection().set_trace_callback(statements.append)
    assert fields.claim_oldest("w") is None
    assert not [statement for statement in statements if statement.startswith("BEGIN")]


def test_a_finished_field_has_cells_model_and_times(field: FieldImage, analysis):
    claimed = fields.claim_oldest("w")
    assert fields.finish(claimed, analysis(2, 1, 1, cut=1), card={"id": "all-lite0-1"}, by="w")
    row = fields.get(field.id)
    assert (row.state, row.claimed_by) == (FieldState.ANALYSED, None)
    assert row.analysed_at is not None
    assert row.timings_ms == {"classify": 180.0, "detect": 41.5}
    assert row.stamp == {
        "id": "all-lite0-1",
        "sha256": "c" * 64,
        "runtime": "litert 2.3.0",
        "pipeline": "0.1.0",
        "thresholds": [0.3, 0.7],
        "verified_here": False,
        "computed_sha256": "",
        "site_head": None,
    }
    assert row.model.card == {"id": "all-lite0-1"}
    cells = fields.cells_of(field.id)
    assert [cell.number for cell in cells] == [1, 2, 3, 4, 5]
    assert [cell.counted for cell in cells] == [False, True, True, True, True]
    assert cells[1].nucleus == [[1, 1], [21, 1], [21, 21]]
    assert (cells[0].width, cells[0].height, cells[0].outline) == (20, 21, None)


def test_a_model_is_kept_once_however_many_fields_it_read(examination, image, sharp, by, analysis):
    for number in range(3):
        fields.add(examination.id, image(number), "a.png", 1, sharp, by)
        fields.finish(fields.claim_oldest("w"), analysis(1), card={}, by="w")
    assert ModelRelease.select().count() == 1


def test_a_field_without_cells_is_analysed_all_the_same(field: FieldImage, analysis):
    assert fields.finish(fields.claim_oldest("w"), analysis(), card={}, by="w")
    assert fields.cells_of(field.id) == []


def test_a_field_with_very_many_cells_is_kept_whole(field: FieldImage, analysis):
    fields.finish(fields.claim_oldest("w"), analysis(1203), card={}, by="w")
    assert len(fields.cells_of(field.id)) == 1203


def test_who_lost_the_claim_writes_nothing(field: FieldImage, analysis):
    lost = fields.claim_oldest("first run")
    fields.release_all()
    fields.claim_oldest("second run")
    before = audit.head()
    assert not fields.finish(lost, analysis(3), card={}, by="first run")
    assert not fields.fail(lost, "too late")
    assert (fields.cells_of(field.id), audit.head()) == ([], before)
    assert fields.get(field.id).state == FieldState.ANALYSING


def test_a_field_is_finished_once(field: FieldImage, analysis):
    claimed = fields.claim_oldest("w")
    assert fields.finish(claimed, analysis(2), card={}, by="w")
    assert not fields.finish(claimed, analysis(2), card={}, by="w")
    assert Cell.select().count() == 2


def test_a_failure_keeps_its_sentence_and_the_line_goes_on(field, examination, image, sharp, by):
    second = fields.add(examination.id, image(2), "b.png", 1, sharp, by)
    failed = fail_once(field)
    assert (failed.state, failed.reason) == (FieldState.FAILED, "The file is damaged.")
    assert fields.claim_oldest("w") == second


def test_a_failed_field_is_tried_again_when_somebody_asks(field: FieldImage, by: Actor):
    fail_once(field)
    again = fields.retry(field.id, by)
    assert (again.state, again.reason, again.attempts) == (FieldState.ACCEPTED, "", 0)
    assert fields.claim_oldest("w") == field


def test_only_a_failed_field_is_tried_again(field: FieldImage, by: Actor):
    with pytest.raises(Conflict):
        fields.retry(field.id, by)


def test_what_a_killed_worker_left_is_given_back(field: FieldImage):
    fields.claim_oldest("first run")
    assert fields.release_all() == 1
    row = fields.get(field.id)
    assert (row.state, row.claimed_by, row.attempts) == (FieldState.ACCEPTED, None, 1)
    assert audit.recent(1).rows[0].action == "field:interrupted"
    assert fields.release_all() == 0


def test_a_picture_that_kills_the_worker_again_and_again_fails(field: FieldImage):
    given_back = []
    for run in range(fields.MAX_ATTEMPTS):
        fields.claim_oldest(f"run {run}")
        given_back.append(fields.release_all())
    row = fields.get(field.id)
    assert given_back == [1] * (fields.MAX_ATTEMPTS - 1) + [0]
    assert row.state == FieldState.FAILED
    assert row.reason == f"The analysis broke off {fields.MAX_ATTEMPTS} times on this image."
    assert fields.claim_oldest("one more run") is None


def test_a_picture_that_killed_the_worker_goes_to_the_end_of_the_line(
    field: FieldImage, examination, image, sharp, by: Actor
):
    second = fields.add(examination.id, image(2), "b.png", 1, sharp, by)
    fields.claim_oldest("first run")
    fields.release_all()
    assert [fields.claim_oldest("second run") for _ in range(2)] == [second, field]


def test_a_refused_image_goes_on_with_a_reason(refused: FieldImage, hana, actor_of):
    row = fields.override(refused.id, " the only slide ", actor_of(hana))
    assert (row.state, row.quality_passed) == (FieldState.ACCEPTED, False)
    assert (row.override_by_id, row.override_reason) == (hana.id, "the only slide")
    assert row.override_at is not None
    assert versions("field_image", row.id)[0].reason == "the only slide"
    assert fields.claim_oldest("w") == refused


def test_a_refused_image_does_not_go_on_without_a_reason(refused: FieldImage, by: Actor):
    with pytest.raises(InvalidInput) as wrong:
        fields.override(refused.id, " ", by)
    assert set(wrong.value.fields) == {"reason"}


def test_only_a_refused_image_is_overridden(field: FieldImage, by: Actor):
    with pytest.raises(Conflict):
        fields.override(field.id, "because", by)


@pytest.fixture
def left_over(examination, image, sharp, blurred, submitted, clinician, by):
    """Sent back and submitted again with an image that was refused, and one whose analysis failed.

    Whoever submitted went on without them.
    """
    states.send_back(submitted.id, examinations.get(submitted.id).revision, "More fields.", by)
    refused = fields.add(submitted.id, image(8), "blurred.png", 1, blurred, by)
    failed = fail_once(fields.add(submitted.id, image(9), "broken.png", 1, sharp, by))
    (first,) = readings.of_examination(submitted.id)
    readings.submit(first.id, by)
    return refused, failed


def test_no_image_goes_on_past_a_submission(left_over, submitted, by: Actor):
    refused, failed = left_over
    for go_on in (
        lambda: fields.override(refused.id, "the only slide", by),
        lambda: fields.retry(failed.id, by),
    ):
        with pytest.raises(Conflict, match="is submitted and takes no more images") as why:
            go_on()
        assert "sent back" in why.value.advice
    assert [fields.get(row.id).state for row in left_over] == ["refused", "failed"]


def test_sent_back_an_examination_lets_its_images_go_on(left_over, submitted, by: Actor):
    refused, failed = left_over
    states.send_back(submitted.id, examinations.get(submitted.id).revision, "Go on.", by)
    fields.override(refused.id, "the only slide", by)
    fields.retry(failed.id, by)
    assert [fields.get(row.id).state for row in left_over] == ["accepted", "accepted"]


def test_reading_a_field_is_noted_with_its_examination(field: FieldImage, examination, by: Actor):
    fields.open_for(field.id, by)
    event = audit.recent(1).rows[0]
    assert (event.action, event.subject_id) == ("field:read", str(field.id))
    assert event.details == {"examination": str(examination.id)}


def test_progress_counts_every_state(field, refused, examination, analysis):
    fields.finish(fields.claim_oldest("w"), analysis(1), card={}, by="w")
    assert fields.progress(examination.id) == {
        FieldState.ACCEPTED: 0,
        FieldState.ANALYSING: 0,
        FieldState.ANALYSED: 1,
        FieldState.REFUSED: 1,
        FieldState.FAILED: 0,
    }


def test_cells_of_an_examination_come_field_by_field(
    field, examination, image, sharp, by, analysis
):
    fields.add(examination.id, image(2), "b.png", 1, sharp, by)
    for _ in range(2):
        fields.finish(fields.claim_oldest("w"), analysis(2), card={}, by="w")
    cells = fields.cells_of_examination(examination.id)
    assert [(cell.field.number, cell.number) for cell in cells] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert cells[0].field.sha256 == field.sha256


def test_images_added_in_one_transaction_stand_or_fall_together(examination, image, sharp, by):
    def add_two_and_break_off() -> None:
        with transaction():
            fields.add(examination.id, image(1), "a.png", 1, sharp, by)
            fields.add(examination.id, image(2), "b.png", 1, sharp, by)
            raise KeyError

    with pytest.raises(KeyError):
        add_two_and_break_off()
    assert fields.of_examination(examination.id) == []
    assert examinations.get(examination.id).status == ExaminationStatus.REGISTERED


def test_fields_of_one_moment_are_claimed_in_the_order_they_came(examination, image, sharp, by):
    rows = [fields.add(examination.id, image(n), "a.png", 1, sharp, by) for n in range(5)]
    assert [fields.claim_oldest("w") for _ in rows] == rows
    assert rows[0].created_at <= rows[-1].created_at < rows[0].created_at + timedelta(minutes=1)
