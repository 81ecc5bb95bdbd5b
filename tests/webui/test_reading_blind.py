"""A second reading shows nothing of the first, and an adjudication only what differs."""

import pytest

from appliance.permissions import Role
from appliance.records import readings, users
from appliance.review_vocabulary import CellLabel, ReadingKind
from tests.webui.reading_pages import JSON, NOTE, TILES, call, labels, page, reading, submit


class TestBlind:
    """A second reader sees neither what is suggested nor what the first reader called."""

    @pytest.fixture
    def second(self, as_user, olgas, examination, cells, later, password_hash):
        note = NOTE.search(page(olgas, examination))[1]
        later.seconds = 3.0
        shown = {str(cell.id): 2000 for cell in cells[:3]}
        call(olgas, examination, "blast", *cells[:3], opened=note, shown=shown)
        first = reading(examination)
        olga = users.by_username("olga")
        readings.submit(first.id, users.actor_of(olga), second_because="Drawn at random.")
        users.add("ivo", "Ivo Brandt", Role.TECHNICIAN, password_hash, None)
        by = users.actor_of(users.by_username("ivo"))
        return readings.take(examination.id, ReadingKind.SECOND, by)

    @pytest.fixture
    def ivos(self, as_user, second):
        return as_user("ivo")

    def test_nothing_on_the_page_tells(self, ivos, second, cells):
        text = ivos.get(f"/readings/{second.id}/read").text
        assert [group for _, group in TILES.findall(text)] == ["open"] * 3
        for telling in ("95 %", "probability", "Olga", "data-verifiable", "Verify", "suggest"):
            assert telling not in text.replace("neither the suggestions nor", "")

    def test_cells_stand_in_the_order_of_the_fields(self, ivos, second, cells):
        text = ivos.get(f"/readings/{second.id}/read").text
        assert [cell for cell, _ in TILES.findall(text)] == [str(cell.id) for cell in cells[:3]]

    def test_nothing_about_one_cell_tells(self, ivos, second, cells):
        text = ivos.get(f"/readings/{second.id}/cells/{cells[0].id}").text.split("<main")[1]
        for telling in ("probability", "Olga", "attention", "Who called", "suggest", "95 %"):
            assert telling not in text
        answer = ivos.get(f"/fields/{cells[0].__data__['field']}/cells/1/attention.png")
        assert answer.status_code == 403

    def test_gallery_and_viewer_are_closed_and_the_way_to_read_leads_here(
        self, ivos, second, examination, cells
    ):
        assert ivos.get(f"/examinations/{examination.id}/cells").status_code == 403
        assert ivos.get(f"/fields/{cells[0].__data__['field']}").status_code == 403
        for method in (ivos.get, ivos.post):
            answer = method(f"/examinations/{examination.id}/read")
            assert answer.location == f"/readings/{second.id}/read"

    def test_a_call_stands_apart_and_nothing_is_verified_by_screen(
        self, ivos, second, examination, cells
    ):
        sent = {"cell": [str(cells[0].id)], "label": "normal"}
        answer = ivos.post(f"/readings/{second.id}/decide", json=sent, headers=JSON).json
        assert answer["state"]["todo"] == 2
        assert answer["cells"][0]["spoken"] == "Cell 1 of field 1: called Normal"
        assert labels(examination)[cells[0].id] == CellLabel.BLAST
        sent = {"cell": [str(cells[1].id)]}
        answer = ivos.post(f"/readings/{second.id}/verify-screen", json=sent, headers=JSON)
        assert answer.status_code == 422

    def test_the_adjudicator_sees_both_calls_of_what_differs_and_only_that(
        self, as_user, ivos, second, examination, cells
    ):
        decide = f"/readings/{second.id}/decide"
        ivos.post(decide, json={"cell": [str(cells[0].id)], "label": "normal"}, headers=JSON)
        others = [str(cell.id) for cell in cells[1:3]]
        ivos.post(decide, json={"cell": others, "label": "blast"}, headers=JSON)
        submit(ivos, second)
        by = users.actor_of(users.by_username("hana"))
        third = readings.take(examination.id, ReadingKind.ADJUDICATION, by)
        hanas = as_user("hana")
        text = hanas.get(f"/readings/{third.id}/read").text
        assert TILES.findall(text) == [(str(cells[0].id), "open")]
        assert "1 blast<br>2 normal" in text
        sent = {"cell": [str(cells[0].id)], "label": "blast"}
        answer = hanas.post(f"/readings/{third.id}/decide", json=sent, headers=JSON).json
        assert (answer["state"]["todo"], answer["state"]["submit"]) == (0, "Submit 1 decision")
