"""Adding images: each file has its own end, in words; nothing half-done stays."""

from dataclasses import replace
from io import BytesIO
from uuid import uuid4

import cv2
import numpy as np
import pytest

from appliance.errors import Conflict
from appliance.records import audit, examinations, fields, readings, revisions, users
from appliance.records.pictures import PictureStore
from appliance.settings import Settings
from appliance.vocabulary import APPLIANCE, ExaminationStatus, FieldState
from tests import cases
from tests.mutations import mutants
from tests.samples import samples
from tests.webui.examples import add_field, analyse, examination_of, picture

BROKEN = {
    "zero.png": b"",
    "cut.png": picture(900)[:200],
    "drawing.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    "page.tif": b"<!doctype html><title>Smear</title>",
    "program.png": b"MZ" + bytes(300),
}


@pytest.fixture
def examination(olga):
    return examination_of(olga)


def _files(named):
    return [(BytesIO(data), name) for name, data in named.items()]


def test_every_format_is_taken_and_the_broken_are_named(as_user, examination):
    page = as_user("olga").post(
        f"/examinations/{examination.id}/upload",
        data={"files": _files({**samples(), **BROKEN})},
    )
    assert page.status_code == 200
    for name in BROKEN:
        assert f"<strong>{name}</strong>" in page.text
    kept = {row.original_name for row in fields.of_examination(examination.id)}
    assert kept == set(samples())


def test_a_form_of_broken_files_only_leaves_nothing(as_user, examination, appliance):
    page = as_user("olga").post(
        f"/examinations/{examination.id}/upload", data={"files": _files(BROKEN)}
    )
    assert page.status_code == 422
    assert fields.of_examination(examination.id) == []
    assert _kept(appliance) == set()


def test_an_examination_that_takes_no_images_gets_words_and_no_file(
    as_user, examination, appliance, olga
):
    add_field(appliance, examination.id, olga, 1)
    kept = _kept(appliance)
    row = examinations.get(examination.id)
    revisions.update(row, {"status": ExaminationStatus.CANCELLED}, "test:cancel", by=APPLIANCE)
    page = as_user("olga").post(
        f"/examinations/{examination.id}/upload", data={"files": _files({"a.png": picture(2)})}
    )
    assert page.status_code == 422
    assert "is cancelled and takes no more changes" in page.text
    answer = as_user("olga").post(
        f"/api/v1/examinations/{uuid4()}/fields", data={"file": (BytesIO(picture(3)), "a.png")}
    )
    assert answer.status_code == 404
    assert _kept(appliance) == kept


def _kept(appliance):
    return {path for path in appliance.pictures.root.rglob("*") if path.is_file()}


def test_a_form_without_a_file_says_so(as_user, examination):
    page = as_user("olga").post(f"/examinations/{examination.id}/upload", data={})
    assert page.status_code == 422
    assert "Choose one file at least." in page.text


class TestWithAFewFilesAtATime:
    @pytest.fixture
    def settings(self, tmp_path):
        return Settings(data=tmp_path, min_free_mb=0, max_files=2)

    def test_files_beyond_the_limit_are_left_out_in_words(self, as_user, examination):
        page = as_user("olga").post(
            f"/examinations/{examination.id}/upload",
            data={"files": _files({f"{n}.png": picture(n) for n in range(3)})},
        )
        assert "At most 2 files are taken in one upload." in page.text
        assert len(fields.of_examination(examination.id)) == 2


def test_an_image_already_there_is_recognised(as_user, examination):
    browser = as_user("olga")
    for _ in range(2):
        page = browser.post(
            f"/examinations/{examination.id}/upload", data={"files": _files({"a.png": picture(1)})}
        )
    assert page.status_code == 200
    assert "is already in this examination, as image 1" in page.text
    assert len(fields.of_examination(examination.id)) == 1


def test_a_name_cannot_leave_its_place(as_user, examination):
    name = "<script>alert(1)</script>\u202e.png"
    page = as_user("olga").post(
        f"/examinations/{examination.id}/upload", data={"files": _files({name: picture(1)})}
    )
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.no_cover
@pytest.mark.slow
def test_damaged_files_never_break_the_appliance(as_user, examination):
    browser = as_user("olga")
    codes = set()
    batch = list(mutants(seed=11, count=200))
    for start in range(0, len(batch), 20):
        named = dict(batch[start : start + 20])
        page = browser.post(f"/examinations/{examination.id}/upload", data={"files": _files(named)})
        codes.add(page.status_code)
    assert codes <= {200, 422}


def test_progress_counts_what_is_read_and_what_needs_a_person(
    as_user, examination, appliance, olga
):
    add_field(appliance, examination.id, olga, 1)
    add_field(appliance, examination.id, olga, 2)
    add_field(appliance, examination.id, olga, 3, passed=False)
    analyse([0.9, 0.1])
    progress = as_user("hana").get(f"/examinations/{examination.id}/progress").json
    assert progress["words"] == "1 of 3 read; 1 needs you"
    assert (progress["read"], progress["waiting"], progress["need_you"]) == (1, 1, 1)
    assert [(f["number"], f["state"], f["cells"]) for f in progress["fields"]] == [
        (1, "analysed", 2),
        (2, "accepted", 0),
        (3, "refused", 0),
    ]


def test_asking_for_progress_does_not_fill_the_audit_log(as_user, examination):
    browser = as_user("olga")
    browser.get(f"/examinations/{examination.id}/upload")
    before = audit.head().sequence
    for _ in range(5):
        browser.get(f"/examinations/{examination.id}/progress", headers={"X-Poll": "1"})
    assert audit.head().sequence == before


def test_progress_without_the_page_is_a_reading_and_audited(as_user, examination, hana):
    browser = as_user("hana")
    browser.get(f"/examinations/{examination.id}/progress")
    (entry,) = audit.recent(action="examination:read", subject_id=examination.id)
    assert entry.actor_id == hana.id


def test_a_refused_image_shows_number_limit_and_sentence_at_once(
    as_user, examination, appliance, olga
):
    add_field(appliance, examination.id, olga, 1, passed=False)
    page = as_user("olga").get(f"/examinations/{examination.id}/upload").text
    assert "Focus 2.5 edges" in page
    assert "limit: at least 5.5 edges" in page
    assert "The picture is blurred: focus again." in page
    assert "Go on anyway" in page


def test_who_may_not_go_on_is_not_offered_it(as_user, examination, appliance, olga):
    field = add_field(appliance, examination.id, olga, 1, passed=False)
    row = as_user("adam").get(f"/fields/{field.id}/row").text
    assert "blurred" in row
    assert "Go on anyway" not in row


def test_a_closed_examination_offers_no_drop_zone(as_user, examination):
    examination.status, examination.revision = "cancelled", examination.revision + 1
    examination.save()
    browser = as_user("olga")
    page = browser.get(f"/examinations/{examination.id}/upload").text
    assert "it takes no more images" in page
    assert 'id="dropzone"' not in page


def test_a_submitted_examination_takes_images_after_it_was_sent_back(as_user, appliance, olga):
    examination, browser = cases.submitted(appliance, olga), as_user("olga")
    address = f"/examinations/{examination.id}/upload"
    assert "have it sent back to the bench" in browser.get(address).text
    files = {"files": _files({"late.png": picture(900)})}
    page = browser.post(address, data=files).text
    assert "is submitted and takes no more images" in page
    assert len(fields.of_examination(examination.id)) == 1


def test_images_of_a_submitted_examination_go_on_after_it_was_sent_back(as_user, appliance, olga):
    examination = cases.imaged(appliance, olga, [0.9, 0.1])
    refused = add_field(appliance, examination.id, olga, 901, passed=False)
    broken = add_field(appliance, examination.id, olga, 902)
    fields.fail(fields.claim_oldest("test"), "The analysis broke off.")
    browser, pages = as_user("olga"), [f"/examinations/{examination.id}/upload"]
    for row in (refused, broken):
        pages += [f"/fields/{row.id}", f"/fields/{row.id}/row"]
    offered = ("Go on anyway", "Analyse again")
    assert all(any(words in browser.get(page).text for words in offered) for page in pages)
    readings.submit(cases.read(examination.id, olga).id, users.actor_of(olga))
    for page in pages:
        text = browser.get(page).text
        assert not any(words in text for words in offered), page
        assert "have the examination sent back to the bench" in text, page
        assert "Needs you" not in text, page
    whole = f"/examinations/{examination.id}"
    assert "1 of 3 read; 2 left out" in browser.get(pages[0]).text
    assert browser.get(f"{whole}/progress").json["need_you"] == 0
    for page in (whole, "/?tab=all"):
        assert "need you" not in browser.get(page).text
    reason = {"reason": "No better field on this slide"}
    answers = (
        browser.post(f"/fields/{refused.id}/override", data=reason),
        browser.post(f"/fields/{broken.id}/retry"),
    )
    for answer in answers:
        assert answer.status_code == 409
        assert "is submitted and takes no more images" in answer.text


class SubmittedMeanwhile(PictureStore):
    """Somebody submits the examination while the file is being kept."""

    def keep(self, data):
        self.submit()
        return super().keep(data)


def test_no_image_slips_in_while_the_examination_is_submitted(appliance, olga):
    examination = cases.imaged(appliance, olga, [0.9, 0.1])
    reading, by = cases.read(examination.id, olga), users.actor_of(olga)
    pictures = SubmittedMeanwhile(appliance.pictures.root)
    pictures.submit = lambda: readings.submit(reading.id, by)
    capture = replace(appliance.capture, pictures=pictures)
    with pytest.raises(Conflict, match="is submitted and takes no more images"):
        capture.add_file(examination.id, "late.png", picture(903), by=by)
    assert len(fields.of_examination(examination.id)) == 1


def test_only_who_adds_images_gets_the_page(as_user, examination):
    address = f"/examinations/{examination.id}/upload"
    assert as_user("olga").get(address).status_code == 200
    assert as_user("hana").get(address).status_code == 403
    assert as_user("adam").post(address, data={}).status_code == 403


def test_uploaded_images_wait_for_the_worker_or_for_a_person(as_user, examination):
    as_user("olga").post(
        f"/examinations/{examination.id}/upload", data={"files": _files({"a.png": picture(1)})}
    )
    (row,) = fields.of_examination(examination.id)
    assert row.state in {FieldState.ACCEPTED, FieldState.REFUSED}
    assert row.uploaded_by.username == "olga"


def test_a_cell_cut_out_on_black_is_taken_and_its_row_says_what_it_is(as_user, examination):
    cell = np.zeros((300, 300, 3), np.uint8)
    cv2.circle(cell, (150, 150), 60, (228, 160, 176), -1)
    cv2.circle(cell, (144, 150), 48, (140, 50, 100), -1)
    page = as_user("olga").post(
        f"/examinations/{examination.id}/upload",
        data={"files": _files({"cell.png": cv2.imencode(".png", cell)[1].tobytes()})},
        follow_redirects=True,
    )
    (row,) = fields.of_examination(examination.id)
    assert row.state == FieldState.ACCEPTED
    assert "300 px · One cell, cut out of the slide and laid on black" in page.text
    page = as_user("olga").get(f"/fields/{row.id}")
    assert "stain cannot be judged, as nothing of the slide is left around" in page.text
    assert "Too dark" not in page.text
