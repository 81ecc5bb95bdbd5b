"""A cell counts as seen once it was on the screen; then a whole screen may be taken over."""

from uuid import UUID

import pytest

from appliance.records import decisions
from appliance.records.review_tables import CellDisplay
from appliance.review_vocabulary import DecisionWay
from tests.webui.reading_pages import JSON, NOTE, call, labels, page, reading


class TestDisplays:
    def show(self, browser, examination, note, **shown):
        address = f"/readings/{reading(examination).id}/showed"
        measured = {str(UUID(key)): value for key, value in shown.items()}
        return browser.post(address, json={"opened": note, "shown": measured})

    def kept(self):
        return {row.__data__["cell"]: row.milliseconds for row in CellDisplay.select()}

    def test_no_cell_was_shown_for_longer_than_the_page_was_open(
        self, olgas, examination, cells, later
    ):
        note = NOTE.search(page(olgas, examination))[1]
        later.seconds = 5.0
        times = {cells[0].id.hex: 90_000, cells[1].id.hex: 1500, cells[2].id.hex: 999}
        assert self.show(olgas, examination, note, **times).status_code == 204
        kept = self.kept()
        assert kept[cells[0].id] == pytest.approx(5000, abs=900)
        assert kept[cells[1].id] == 1500
        assert cells[2].id not in kept

    def test_a_page_just_opened_has_shown_nothing(self, olgas, examination, cells):
        note = NOTE.search(page(olgas, examination))[1]
        self.show(olgas, examination, note, **{cells[0].id.hex: 90_000})
        assert self.kept() == {}

    def test_without_the_note_of_the_persons_own_page_nothing_counts(
        self, as_user, olgas, examination, cells, later
    ):
        page(olgas, examination)
        hanas = NOTE.search(page(as_user("hana"), examination))[1]
        later.seconds = 50.0
        for note in ("", "forged", "WyIwMCIsIjEiLDBd.x", hanas):
            self.show(olgas, examination, note, **{cells[0].id.hex: 5000})
            assert self.kept() == {}

    def test_what_the_page_tells_while_it_takes_back_or_merges_is_kept(
        self, olgas, examination, cells, later
    ):
        note = NOTE.search(page(olgas, examination))[1]
        call(olgas, examination, "blast", cells[0])
        later.seconds = 5.0
        address = f"/readings/{reading(examination).id}"
        told = {"opened": note, "shown": {str(cells[1].id): 1500}}
        assert olgas.post(f"{address}/undo", json=told, headers=JSON).json["said"] == "Taken back."
        assert self.kept() == {cells[1].id: 1500}
        two = [str(cell.id) for cell in cells[2:]]
        told = {"cell": two, "opened": note, "shown": {str(cells[0].id): 2000}}
        olgas.post(f"{address}/merge", json=told, headers=JSON)
        assert self.kept() == {cells[1].id: 1500, cells[0].id: 2000}

    def test_nonsense_is_no_error(self, olgas, examination, cells, later):
        note = NOTE.search(page(olgas, examination))[1]
        later.seconds = 5.0
        address = f"/readings/{reading(examination).id}/showed"
        for shown in (None, [], {"x": 5000}, "x", {cells[0].id.hex: None}):
            answer = olgas.post(address, json={"opened": note, "shown": shown})
            assert answer.status_code == 204


class TestScreen:
    def verify(self, browser, examination, note, cells, **shown):
        address = f"/readings/{reading(examination).id}/verify-screen"
        sent = {"cell": [str(cell.id) for cell in cells], "opened": note, "shown": shown}
        return browser.post(address, json=sent, headers=JSON)

    def test_what_was_looked_at_is_taken_over_and_recorded_as_such(
        self, olgas, examination, cells, later
    ):
        note = NOTE.search(page(olgas, examination))[1]
        later.seconds = 3.0
        shown = {str(cell.id): 2000 for cell in cells[:3]}
        answer = self.verify(olgas, examination, note, cells, **shown).json
        assert answer["said"] == "2 cells verified."
        assert answer["state"]["undo"] == "2 cells verified"
        standing = decisions.standing(examination.id)
        assert [standing[cell.id].label for cell in cells] == ["blast", "normal", "", ""]
        assert standing[cells[0].id].how == DecisionWay.SCREEN

    def test_what_was_not_on_the_screen_long_enough_is_refused_as_a_whole(
        self, olgas, examination, cells, later
    ):
        note = NOTE.search(page(olgas, examination))[1]
        later.seconds = 3.0
        answer = self.verify(olgas, examination, note, cells, **{str(cells[0].id): 2000})
        assert answer.status_code == 409
        assert "1 of these cells was not on the screen" in answer.json["detail"]
        assert set(labels(examination).values()) == {""}

    def test_what_the_model_is_unsure_of_is_for_a_person_to_call(
        self, olgas, examination, cells, later
    ):
        note = NOTE.search(page(olgas, examination))[1]
        later.seconds = 3.0
        answer = self.verify(olgas, examination, note, cells[2:], **{str(cells[2].id): 2000})
        assert answer.status_code == 422
