"""Reading cells through its pages: who sees what, what is kept of it, and what is refused."""

import numpy as np

from appliance.permissions import Role
from appliance.records import (
    audit,
    decisions,
    examinations,
    fields,
    handling,
    readings,
    states,
    users,
)
from appliance.records.review_tables import CellDisplay
from appliance.review_vocabulary import CellLabel, DecisionWay, ReadingKind, ReadingState
from tests.webui.examples import add_field, analyse, examination_of
from tests.webui.reading_pages import JSON, NOTE, TILES, call, labels, page, reading, submit


class TestPage:
    def test_counted_cells_stand_in_their_groups_the_likeliest_first(
        self, olgas, examination, cells
    ):
        tiles = TILES.findall(page(olgas, examination))
        assert [group for _, group in tiles] == ["blast", "normal", "unsure"]
        assert str(cells[3].id) not in [cell for cell, _ in tiles]

    def test_looking_begins_nothing(self, olgas, as_user, examination, cells):
        looked_at = ("", "/cells", "/live", "/read")
        pages = [olgas.get(f"/examinations/{examination.id}{part}") for part in looked_at]
        assert pages[-1].location == f"/examinations/{examination.id}/cells"
        for shown in pages[:2]:
            assert f'action="/examinations/{examination.id}/read"' in shown.text
        as_user("hana").get(f"/examinations/{examination.id}/read")
        assert readings.of_examination(examination.id) == []
        assert handling.of_one(examination.id).progress.displayed == 0

    def test_whoever_only_looked_may_still_read_a_second_time(
        self, as_user, examination, cells, olga, password_hash
    ):
        users.add("ivo", "Ivo Brandt", Role.TECHNICIAN, password_hash, None)
        as_user("ivo").get(f"/examinations/{examination.id}/read")
        first, by = readings.take(examination.id, ReadingKind.FIRST, users.actor_of(olga)), olga
        ids = [cell.id for cell in cells[:3]]
        seen = dict.fromkeys(ids, 900)
        decisions.decide(first.id, ids, CellLabel.BLAST, users.actor_of(by), shown=seen)
        readings.submit(first.id, users.actor_of(by), second_because="Drawn at random.")
        answer = as_user("ivo").post(f"/examinations/{examination.id}/second-reading")
        assert answer.location.endswith("/read")

    def test_the_button_begins_the_reading_once_and_the_page_is_audited(
        self, olgas, examination, cells
    ):
        page(olgas, examination)
        page(olgas, examination)
        (row,) = readings.of_examination(examination.id)
        assert (row.kind, row.state) == (ReadingKind.FIRST, ReadingState.OPEN)
        assert audit.recent(action="examination:read", subject_id=examination.id).total == 2

    def test_a_chip_narrows_to_what_is_left(self, olgas, examination, cells):
        page(olgas, examination)
        call(olgas, examination, "blast", cells[0])
        shown = TILES.findall(page(olgas, examination, "?group=normal"))
        assert shown == [(str(cells[1].id), "normal")]

    def test_what_is_called_differently_moves_but_keeps_its_suggestion(
        self, olgas, examination, cells
    ):
        page(olgas, examination)
        call(olgas, examination, "other", cells[0])
        text = page(olgas, examination)
        assert (str(cells[0].id), "other") in TILES.findall(text)
        assert "Cell 1 of field 1: other by Olga Tamm, blast probability 95 %" in text
        assert fields.cells_of(cells[0].__data__["field"])[0].suggestion == "blast"

    def test_many_cells_come_in_pages_and_next_leads_to_the_one_with_what_is_left(
        self, olgas, appliance, examination, olga
    ):
        add_field(appliance, examination.id, olga, 1)
        row = analyse([1 - place / 400 for place in range(130)])
        assert len(TILES.findall(page(olgas, examination))) == 120
        assert len(TILES.findall(page(olgas, examination, "?page=2"))) == 10
        first = fields.cells_of(row.id)
        called = call(olgas, examination, "normal", *first[:119])
        assert called.json["state"]["todo"] == 130
        answer = olgas.get(f"/readings/{reading(examination).id}/next?after={first[125].id}")
        assert answer.location.endswith(f"#c-{first[126].id}")

    def test_a_strange_query_shows_cells_all_the_same(self, olgas, examination, cells):
        for query in ("?page=99", "?page=x", "?group=nonsense", "?group=todo"):
            assert TILES.findall(page(olgas, examination, query)), query

    def test_without_a_cell_it_says_what_to_do(self, olgas, examination):
        text = page(olgas, examination)
        assert "No cell to read yet" in text
        assert f"/examinations/{examination.id}/upload" in text

    def test_who_decides_nothing_looks_at_the_gallery(self, as_user, examination, cells):
        for method in (as_user("adam").get, as_user("adam").post):
            assert method(f"/examinations/{examination.id}/read").status_code == 403
        assert as_user("adam").get(f"/examinations/{examination.id}/cells").status_code == 200


class TestDecide:
    def test_a_cell_sent_twice_is_called_once(self, olgas, examination, cells):
        page(olgas, examination)
        answer = call(olgas, examination, "blast", cells[0], cells[0])
        assert answer.json["said"] == "1 cell to Blast."

    def test_the_answer_says_how_far_the_reading_is(self, olgas, examination, cells):
        page(olgas, examination)
        answer = call(olgas, examination, "blast", cells[0], cells[2]).json
        assert answer["said"] == "2 cells to Blast."
        assert [(each["id"], each["group"], each["verified"]) for each in answer["cells"]] == [
            (str(cells[0].id), "blast", True),
            (str(cells[2].id), "blast", True),
        ]
        state = answer["state"]
        assert state["counts"]["blast"] == 2
        assert (state["total"], state["verified"]) == (3, 2)
        assert (state["fraction"], state["interval"]) == ("100.0 %", "16\N{EN DASH}100")
        assert state["undo"] == "2 cells to Blast"

    def test_who_and_how_is_kept(self, olgas, examination, cells, olga):
        page(olgas, examination)
        call(olgas, examination, "normal", cells[0])
        (called,) = decisions.history(cells[0].id)
        assert (called.label, called.how) == (CellLabel.NORMAL, DecisionWay.ONE)
        assert called.reader_name == olga.full_name

    def test_what_makes_no_call_is_refused_in_words(self, olgas, examination, cells):
        page(olgas, examination)
        for label in ("", "replaced", "lymphocyte"):
            answer = call(olgas, examination, label, cells[0])
            assert answer.status_code == 422
            assert "Choose what the cells are called" in answer.json["detail"]
        assert "Select the cells first" in call(olgas, examination, "blast").json["detail"]

    def test_a_cell_of_another_examination_is_not_called(self, olgas, appliance, examination, olga):
        other = examination_of(olga)
        add_field(appliance, other.id, olga, 9)
        row = analyse([0.5])
        page(olgas, examination)
        assert call(olgas, examination, "blast", *fields.cells_of(row.id)).status_code == 404

    def test_nobody_decides_in_the_reading_of_another(self, as_user, olgas, examination, cells):
        page(olgas, examination)
        answer = call(as_user("hana"), examination, "blast", cells[0])
        assert answer.status_code == 403
        assert labels(examination)[cells[0].id] == ""

    def test_undo_names_and_takes_back_the_last_one(self, olgas, examination, cells):
        page(olgas, examination)
        call(olgas, examination, "blast", cells[0])
        call(olgas, examination, "other", cells[0], cells[1])
        address = f"/readings/{reading(examination).id}/undo"
        answer = olgas.post(address, json={}, headers=JSON).json
        assert answer["state"]["undo"] == "1 cell to Blast"
        assert labels(examination)[cells[0].id] == CellLabel.BLAST
        assert olgas.post(address, json={}, headers=JSON).json["state"]["undo"] == ""
        again = olgas.post(address, json={}, headers=JSON)
        assert again.json["said"] == "Nothing is left to take back."


class TestForms:
    """The same without a script."""

    def test_a_ticked_cell_is_called_and_one_comes_back(self, olgas, examination, cells):
        page(olgas, examination)
        answer = olgas.post(
            f"/readings/{reading(examination).id}/decide",
            data={"cell": str(cells[0].id), "label": "blast", "back": "/somewhere"},
        )
        assert answer.location == "/somewhere"
        assert labels(examination)[cells[0].id] == CellLabel.BLAST

    def test_cells_count_as_displayed_once_the_page_was_open_long_enough(
        self, olgas, examination, cells, later
    ):
        note = NOTE.search(page(olgas, examination))[1]
        row = reading(examination)
        on_page = [str(cell.id) for cell in cells[:3]]
        sent = {"cell": on_page[0], "label": "blast", "opened": note, "on_page": on_page}
        olgas.post(f"/readings/{row.id}/decide", data=sent)
        assert CellDisplay.select().count() == 0
        later.seconds = 2.0
        olgas.post(f"/readings/{row.id}/decide", data=sent)
        assert decisions.progress(examination.id).displayed == 3

    def test_undo_says_what_it_did(self, olgas, examination, cells):
        page(olgas, examination)
        call(olgas, examination, "blast", cells[0])
        answer = olgas.post(f"/readings/{reading(examination).id}/undo", follow_redirects=True)
        assert "Taken back." in answer.text


class TestSubmit:
    def read_all(self, browser, examination, cells, later):
        note = NOTE.search(page(browser, examination))[1]
        later.seconds = 3.0
        shown = {str(cell.id): 2000 for cell in cells[:3]}
        return call(browser, examination, "blast", *cells[:3], opened=note, shown=shown)

    def test_the_main_button_submits_once_nothing_is_left(self, olgas, examination, cells, later):
        state = self.read_all(olgas, examination, cells, later).json["state"]
        assert (state["todo"], state["submit"]) == (0, "Submit 3 cells")
        row = reading(examination)
        answer = submit(olgas, row)
        assert answer.status_code == 303
        assert readings.get(row.id).state == ReadingState.SUBMITTED

    def test_a_verified_cell_that_was_never_seen_is_still_left(self, olgas, examination, cells):
        page(olgas, examination)
        state = call(olgas, examination, "blast", *cells[:3]).json["state"]
        assert (state["verified"], state["todo"]) == (3, 3)
        assert submit(olgas, reading(examination)).status_code == 409

    def test_after_it_the_clinician_reviews_and_the_technician_looks(
        self, as_user, olgas, examination, cells, later
    ):
        self.read_all(olgas, examination, cells, later)
        submit(olgas, reading(examination))
        for method in (olgas.get, olgas.post):
            assert method(f"/examinations/{examination.id}/read").location.endswith("/cells")
        hanas = as_user("hana")
        assert "Review cells" in page(hanas, examination)
        call(hanas, examination, "normal", cells[0], kind=ReadingKind.REVIEW)
        assert labels(examination)[cells[0].id] == CellLabel.NORMAL
        history = [(each.reader_name, each.label) for each in decisions.history(cells[0].id)]
        assert history == [("Olga Tamm", "blast"), ("Hana Sato", "normal")]

    def test_a_closed_examination_is_only_looked_at(self, olgas, examination, cells, olga):
        revision = examinations.get(examination.id).revision
        states.cancel(examination.id, revision, "Registered twice", users.actor_of(olga))
        assert olgas.get(f"/examinations/{examination.id}/read").location.endswith("/cells")


class TestOneCell:
    def test_it_is_shown_with_its_numbers_history_and_place(self, olgas, examination, cells):
        page(olgas, examination)
        call(olgas, examination, "unsure", cells[0])
        text = olgas.get(f"/readings/{reading(examination).id}/cells/{cells[0].id}").text
        assert "The model suggested blast" in text
        assert "4.0 × 4.0 µm" in text  # noqa: RUF001
        assert "Olga Tamm, first reading" in text
        assert "Its place in the field" in text
        assert "Where the network looked was not kept for this image." in text

    def test_where_the_network_looked_is_shown_where_it_was_kept(
        self, olgas, appliance, examination, cells
    ):
        row = fields.get(cells[0].__data__["field"])
        assert olgas.get(f"/fields/{row.id}/cells/1/attention.png").status_code == 404
        appliance.views.prepare(
            row, appliance.views.pixels(row), [], np.ones((4, 8, 8), np.float32)
        )
        answer = olgas.get(f"/fields/{row.id}/cells/1/attention.png")
        assert answer.mimetype == "image/png"
        page(olgas, examination)
        text = olgas.get(f"/readings/{reading(examination).id}/cells/{cells[0].id}").text
        assert f"/fields/{row.id}/cells/1/attention.png" in text

    def test_a_cell_that_is_not_there_is_said(self, olgas, examination, cells):
        page(olgas, examination)
        address = f"/readings/{reading(examination).id}/cells/{reading(examination).id}"
        assert olgas.get(address).status_code == 404
