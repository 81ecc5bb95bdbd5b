"""The field with its boxes, the gallery, the pictures behind them, and going on after the gate."""

import re
from io import BytesIO

import pytest
from PIL import Image

from appliance.records import audit, fields
from appliance.vocabulary import FieldState
from tests.webui.examples import add_field, analyse, examination_of, picture

PLACES = re.compile(r'class="cell-tile" href="/fields/([0-9a-f-]+)\?cell=(\d+)"')


@pytest.fixture
def examination(olga):
    return examination_of(olga)


@pytest.fixture
def field(appliance, examination, olga):
    """With four cells: blast, normal, unsure, and one at the border."""
    add_field(appliance, examination.id, olga, 1, um_per_px=0.5)
    return analyse([0.95, 0.05, 0.5, 0.99], at_border=frozenset({4}))


def test_the_field_shows_a_box_of_its_kind_for_each_cell(as_user, field):
    page = as_user("hana").get(f"/fields/{field.id}").text
    kinds = re.findall(r'class="box box-(\w+)"', page)
    assert kinds == ["blast", "normal", "unsure", "uncounted"]
    assert 'data-box="4 4 8 8"' in page


def test_counts_leave_out_the_cells_at_the_border(as_user, field):
    page = as_user("hana").get(f"/fields/{field.id}").text
    assert "3 cells counted" in page
    # One of two decided cells: the exact interval is 1.3 to 98.7 %.
    assert "50.0 %" in page
    assert "(1–99)" in page  # noqa: RUF001


def test_the_chosen_cell_is_shown_with_sizes_in_micrometres(as_user, field):
    page = as_user("hana").get(f"/fields/{field.id}?cell=1").text
    assert 'data-shown="1"' in page
    assert "4.0 × 4.0 µm" in page  # noqa: RUF001
    assert "16.0 µm²" in page
    assert "95 %" in page


def test_without_a_scale_sizes_are_in_pixels(as_user, appliance, examination, olga):
    add_field(appliance, examination.id, olga, 2)
    row = analyse([0.5])
    page = as_user("hana").get(f"/fields/{row.id}?cell=1").text
    assert "8 × 8 px" in page  # noqa: RUF001
    assert 'id="scale-bar"' not in page


def test_a_cell_that_is_not_there_is_said(as_user, field):
    browser = as_user("hana")
    assert browser.get(f"/fields/{field.id}/cells/3").status_code == 200
    assert browser.get(f"/fields/{field.id}/cells/9").status_code == 404
    assert browser.get(f"/fields/{field.id}?cell=9").status_code == 200


def test_the_page_names_model_and_that_it_is_not_verified_here(as_user, field):
    page = as_user("hana").get(f"/fields/{field.id}").text
    assert "all-test" in page
    assert "f" * 64 in page
    assert "Not yet verified at this microscope" in page
    assert "Suggestions, not yet verified" in page


def test_reading_a_field_is_audited_and_its_pictures_belong_to_it(as_user, field, hana):
    browser = as_user("hana")
    browser.get(f"/fields/{field.id}")
    before = audit.head().sequence
    browser.get(f"/fields/{field.id}/display.jpg")
    browser.get(f"/fields/{field.id}/cells/1")
    assert audit.head().sequence == before
    (entry,) = audit.recent(action="field:read", subject_id=field.id)
    assert entry.actor_id == hana.id


def test_a_picture_asked_for_alone_is_audited(as_user, field):
    as_user("hana").get(f"/fields/{field.id}/display.jpg")
    assert audit.recent(action="field:read", subject_id=field.id).total == 1


@pytest.mark.parametrize("name", ["display", "thumbnail", "cells"])
def test_pictures_are_jpeg_and_kept_by_the_browser(as_user, field, name):
    browser = as_user("hana")
    answer = browser.get(f"/fields/{field.id}/{name}.jpg")
    assert Image.open(BytesIO(answer.data)).format == "JPEG"
    assert "private" in answer.headers["Cache-Control"]
    assert "immutable" in answer.headers["Cache-Control"]
    again = browser.get(
        f"/fields/{field.id}/{name}.jpg", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_nothing_is_kept_before_the_analysis(as_user, appliance, examination, olga):
    row = add_field(appliance, examination.id, olga, 2)
    browser = as_user("hana")
    answer = browser.get(f"/fields/{row.id}/display.jpg")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert browser.get(f"/fields/{row.id}/cells.jpg").status_code == 404


def test_the_original_comes_as_it_came_to_be_saved(as_user, field):
    answer = as_user("hana").get(f"/fields/{field.id}/original")
    assert answer.data == picture(1)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "field 1.png" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type == "application/octet-stream"
    assert audit.recent(action="field:download", subject_id=field.id).total == 1


@pytest.mark.parametrize(
    "name", ['a"\r\nX-Evil: 1.png', "../../etc/passwd", "Мазок 1.png", "C:\\x\\y.png"]
)
def test_a_strange_name_of_the_original_does_no_harm(as_user, appliance, examination, olga, name):
    row = add_field(appliance, examination.id, olga, 3, name=name)
    answer = as_user("hana").get(f"/fields/{row.id}/original")
    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers
    assert "/" not in answer.headers["Content-Disposition"].split("filename*")[0]


class TestGallery:
    def test_cells_of_all_fields_are_sorted_by_probability(
        self, as_user, appliance, examination, field, olga
    ):
        add_field(appliance, examination.id, olga, 2)
        other = analyse([0.97, 0.6])
        page = as_user("hana").get(f"/examinations/{examination.id}/cells").text
        assert [(PLACES_ID, int(n)) for PLACES_ID, n in PLACES.findall(page)] == [
            (str(other.id), 1),
            (str(field.id), 1),
            (str(other.id), 2),
            (str(field.id), 3),
            (str(field.id), 2),
            (str(field.id), 4),
        ]

    @pytest.mark.parametrize(
        ("group", "numbers"),
        [("blast", ["1"]), ("normal", ["2"]), ("unsure", ["3"]), ("uncounted", ["4"])],
    )
    def test_chips_narrow_to_a_group(self, as_user, examination, field, group, numbers):
        page = as_user("hana").get(f"/examinations/{examination.id}/cells?group={group}").text
        assert [number for _, number in PLACES.findall(page)] == numbers

    def test_one_field_has_a_gallery_of_its_own(self, as_user, field):
        page = as_user("hana").get(f"/fields/{field.id}/gallery").text
        assert len(PLACES.findall(page)) == 4

    def test_many_cells_come_in_pages(self, as_user, appliance, examination, olga):
        add_field(appliance, examination.id, olga, 1)
        analyse([place / 300 for place in range(250)])
        browser = as_user("hana")
        first = PLACES.findall(browser.get(f"/examinations/{examination.id}/cells").text)
        last = PLACES.findall(browser.get(f"/examinations/{examination.id}/cells?page=3").text)
        assert (len(first), len(last)) == (120, 10)
        assert (first[0][1], last[-1][1]) == ("250", "1")

    @pytest.mark.parametrize("query", ["?page=999", "?page=-1", "?page=x", "?group=nonsense"])
    def test_a_strange_query_shows_cells_all_the_same(self, as_user, examination, field, query):
        page = as_user("hana").get(f"/examinations/{examination.id}/cells{query}")
        assert page.status_code == 200
        assert PLACES.search(page.text)

    def test_it_says_what_to_do_where_there_is_no_cell(self, as_user, examination):
        page = as_user("olga").get(f"/examinations/{examination.id}/cells").text
        assert "No cell yet" in page
        assert f"/examinations/{examination.id}/upload" in page


class TestOverride:
    @pytest.fixture
    def refused(self, appliance, examination, olga):
        return add_field(appliance, examination.id, olga, 5, passed=False)

    def test_a_ready_made_reason_is_enough(self, as_user, refused):
        answer = as_user("olga").post(
            f"/fields/{refused.id}/override", data={"reason": "No better field on this slide"}
        )
        assert answer.status_code == 303
        row = fields.get(refused.id)
        assert (row.state, row.override_reason) == (
            FieldState.ACCEPTED,
            "No better field on this slide",
        )
        assert row.override_by.username == "olga"

    @pytest.mark.parametrize("typed", ["", "ok", "   short  "])
    def test_a_reason_that_tells_nothing_is_sent_back(self, as_user, refused, typed):
        answer = as_user("olga").post(f"/fields/{refused.id}/override", data={"reason_text": typed})
        assert answer.status_code == 422
        assert "at least 10 letters" in answer.text
        assert fields.get(refused.id).state == FieldState.REFUSED

    def test_a_script_gets_the_sentence_as_json(self, as_user, refused):
        answer = as_user("olga").post(
            f"/fields/{refused.id}/override", data={}, headers={"Accept": "application/json"}
        )
        assert "at least 10 letters" in answer.json["fields"]["reason"]

    def test_it_needs_the_permission(self, as_user, refused):
        answer = as_user("adam").post(
            f"/fields/{refused.id}/override", data={"reason": "No better field on this slide"}
        )
        assert answer.status_code == 403

    def test_it_leads_back_but_never_away(self, as_user, refused):
        answer = as_user("olga").post(
            f"/fields/{refused.id}/override",
            data={"reason_text": "Cells are sharp enough", "next": "//evil.example/"},
        )
        assert answer.location == "/"

    def test_an_image_that_passed_needs_none(self, as_user, field):
        answer = as_user("olga").post(
            f"/fields/{field.id}/override", data={"reason": "No better field on this slide"}
        )
        assert answer.status_code == 409


def test_a_failed_analysis_can_be_asked_for_again(as_user, appliance, examination, olga):
    add_field(appliance, examination.id, olga, 6)
    row = fields.claim_oldest("test")
    fields.fail(row, "The network broke off.")
    browser = as_user("olga")
    assert "The network broke off." in browser.get(f"/fields/{row.id}").text
    assert browser.post(f"/fields/{row.id}/retry").status_code == 303
    assert fields.get(row.id).state == FieldState.ACCEPTED


def test_the_row_of_a_field_changes_with_its_state(as_user, appliance, examination, olga):
    row = add_field(appliance, examination.id, olga, 7)
    browser = as_user("olga")
    assert 'data-state="accepted"' in browser.get(f"/fields/{row.id}/row").text
    analyse([0.9])
    after = browser.get(f"/fields/{row.id}/row").text
    assert 'data-state="analysed"' in after
    assert "1 cell<" in after


def test_a_field_of_nobody_is_not_found(as_user):
    assert as_user("olga").get("/fields/00000000-0000-7000-8000-000000000000").status_code == 404


class TestForm:
    def test_the_cell_shown_large_has_its_form_and_texture_in_numbers(self, as_user, field):
        page = as_user("hana").get(f"/fields/{field.id}/cells/1").text
        assert "Form and texture" in page
        assert re.search(r"<dt>Axes</dt><dd>[01]\.\d\d; 1 is a circle</dd>", page)
        assert "The network does not use these numbers" in page

    def test_numbers_are_measured_once_and_kept(self, appliance, field):
        first = appliance.views.morphology(field)
        kept = [p for p in appliance.pictures.root.rglob("*.form[0-9]-*") if p.is_file()]
        assert len(kept) == 1
        assert appliance.views.morphology(field) == first
        assert len(first) == 4

    def test_no_number_is_shown_that_is_not_known(self, as_user, field):
        page = as_user("hana").get(f"/fields/{field.id}/cells/1").text
        assert "None" not in page
        assert "Texture entropy" not in page  # the cell is eight pixels wide

    def test_the_page_of_a_field_without_a_chosen_cell_measures_none(
        self, as_user, appliance, field
    ):
        assert as_user("hana").get(f"/fields/{field.id}").status_code == 200
        assert not list(appliance.pictures.root.rglob("*.form[0-9]-*"))
