"""Cells added by pointing, merged and split: new ones count instead, and all is taken back."""

import re

import cv2
import numpy as np
import pytest

from appliance.records import decisions, fields, readings, users
from appliance.review_vocabulary import CellLabel, ReadingKind
from appliance.vocabulary import Box, FieldAnalysis, FoundCell, SourceImage, Tally, Verdict
from tests.webui.examples import STAMP, examination_of, quality, suggested

TILES = re.compile(r'data-cell="([0-9a-f-]+)" data-group="([a-z-]+)"')
JSON = {"Accept": "application/json"}
EMPTY = 228


def _disc(x, y, radius):
    turn = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    ring = np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], 1)
    return np.rint(ring).astype(np.int32)


def _found(x, y, width=40):
    nucleus = _disc(x, y, width // 2)
    box = Box(x - width // 2, y - width // 2, width, width)
    return FoundCell(box, nucleus, nucleus, 1200.0, 1300.0, at_border=False)


@pytest.fixture
def examination(olga):
    return examination_of(olga)


@pytest.fixture
def field(appliance, examination, olga):
    """An empty slide on which three cells were found: two that touch, and one far away."""
    pixels = np.full((300, 400, 3), EMPTY, np.uint8)
    data = cv2.imencode(".png", pixels)[1].tobytes()
    image = SourceImage(pixels, appliance.pictures.keep(data), "image/png")
    by = users.actor_of(olga)
    fields.add(examination.id, image, "slide.png", len(data), quality(passed=True), by)
    row = fields.claim_oldest("test")
    cells = [_found(60, 60), _found(95, 60), _found(300, 200)]
    verdicts = [Verdict(suggested(value), value, False) for value in (0.9, 0.8, 0.1)]
    analysis = FieldAnalysis(cells, verdicts, Tally(0, 0, 0, None), STAMP)
    assert fields.finish(row, analysis, card={"id": STAMP.id}, by="test")
    return fields.get(row.id)


@pytest.fixture
def first(examination, field, olga):
    return readings.take(examination.id, ReadingKind.FIRST, users.actor_of(olga))


@pytest.fixture
def olgas(as_user):
    return as_user("olga")


def groups(browser, examination):
    text = browser.get(f"/examinations/{examination.id}/read").text
    return sorted(group for _, group in TILES.findall(text))


class TestMissed:
    def add(self, browser, field, **sent):
        given = {"x": "200", "y": "150", "label": "unsure"} | sent
        return browser.post(f"/fields/{field.id}/missed", data=given)

    def test_a_cell_is_added_where_one_points_without_a_suggestion(
        self, olgas, examination, field, olga
    ):
        answer = self.add(olgas, field)
        assert answer.location == f"/fields/{field.id}?cell=4"
        cell = fields.cells_of(field.id)[3]
        assert (cell.origin, cell.suggestion, cell.blast_probability) == ("added", None, None)
        assert cell.made_by == olga
        assert cell.x + cell.width / 2 == pytest.approx(200, abs=1)
        assert cell.width == pytest.approx(40, abs=2)
        assert decisions.standing(examination.id)[cell.id].label == CellLabel.UNSURE
        text = olgas.get(answer.location).text
        assert "Added by hand" in text
        assert "Cell 4 is added as Unsure." in text

    def test_its_tile_is_in_the_atlas(self, olgas, examination, field):
        self.add(olgas, field)
        text = olgas.get(f"/examinations/{examination.id}/read").text
        (address,) = set(re.findall(r'href="(/fields/[^"]+/cells\.jpg\?[^"]+)"', text))
        assert "n=4" in address
        size = cv2.imdecode(
            np.frombuffer(olgas.get(address.replace("&amp;", "&")).data, np.uint8), cv2.IMREAD_COLOR
        ).shape
        assert size == (160, 640, 3)

    def test_a_picture_that_is_a_button_sends_the_point_too(self, olgas, field):
        sent = {"at.x": "200", "at.y": "150", "label": "blast"}
        olgas.post(f"/fields/{field.id}/missed", data=sent)
        assert len(fields.cells_of(field.id)) == 4
        assert 'type="image"' in olgas.get(f"/fields/{field.id}/missed").text

    def test_what_cannot_be_added_is_said_on_the_field(self, olgas, field):
        for sent, words in (
            ({"x": "61", "y": "58"}, "This is cell 1 already."),
            ({"x": "2"}, "The edge of the image cuts this cell"),
            ({"x": "5000"}, "inside the image"),
        ):
            answer = self.add(olgas, field, **sent)
            assert words in olgas.get(answer.location).text
        assert len(fields.cells_of(field.id)) == 3

    def test_undo_takes_it_out_again(self, olgas, examination, field):
        self.add(olgas, field)
        (row,) = readings.of_examination(examination.id)
        answer = olgas.post(f"/readings/{row.id}/undo", json={}, headers=JSON).json
        assert answer["reload"]
        assert groups(olgas, examination) == ["blast", "blast", "normal"]
        assert f'data-cell="{4}"' not in olgas.get(f"/fields/{field.id}").text

    def test_who_cannot_read_now_cannot_add(self, as_user, field, examination):
        assert self.add(as_user("adam"), field).status_code == 403
        assert "Add a missed cell" not in as_user("adam").get(f"/fields/{field.id}").text
        assert "Add a missed cell" in as_user("olga").get(f"/fields/{field.id}").text


class TestMerge:
    def merge(self, browser, reading, *cells):
        sent = {"cell": [str(cell.id) for cell in cells]}
        return browser.post(f"/readings/{reading.id}/merge", json=sent, headers=JSON)

    def test_cells_that_touch_become_one_to_be_called_anew(self, olgas, examination, field, first):
        one, other, _ = fields.cells_of(field.id)
        answer = self.merge(olgas, first, one, other).json
        made = fields.cells_of(field.id)[3]
        assert answer["cells"] == [{"id": str(made.id)}]
        assert (made.x, made.width) == (40, 75)
        assert groups(olgas, examination) == ["normal", "open"]
        assert [each.number for each in fields.cells_of(field.id)] == [1, 2, 3, 4]

    def test_what_both_were_called_stays(self, olgas, examination, field, first, olga):
        one, other, _ = fields.cells_of(field.id)
        decisions.decide(first.id, [one.id, other.id], CellLabel.BLAST, users.actor_of(olga))
        self.merge(olgas, first, one, other)
        assert groups(olgas, examination) == ["blast", "normal"]

    def test_cells_apart_are_not_merged(self, olgas, field, first):
        one, _, far = fields.cells_of(field.id)
        answer = self.merge(olgas, first, one, far)
        assert "touch each other" in answer.json["detail"]

    def test_undo_names_the_merge_and_brings_the_parts_back(self, olgas, examination, field, first):
        one, other, _ = fields.cells_of(field.id)
        self.merge(olgas, first, one, other)
        page = olgas.get(f"/examinations/{examination.id}/read").text
        assert "the merge of 2 cells" in page
        olgas.post(f"/readings/{first.id}/undo", json={}, headers=JSON)
        assert groups(olgas, examination) == ["blast", "blast", "normal"]


class TestSplit:
    def split(self, browser, reading, cell, **sent):
        return browser.post(f"/readings/{reading.id}/cells/{cell.id}/split", data=sent)

    def test_each_place_that_was_tapped_becomes_a_cell(self, olgas, examination, field, first):
        cell = fields.cells_of(field.id)[2]
        self.split(olgas, first, cell, centre=["290,200", "310,200"])
        made = fields.cells_of(field.id)[3:]
        assert [each.origin for each in made] == ["split", "split"]
        assert [each.x + each.width / 2 for each in made] == pytest.approx([290, 310], abs=2)
        assert groups(olgas, examination) == ["blast", "blast", "open", "open"]

    def test_by_its_nucleus_it_becomes_two(self, olgas, examination, field, first):
        answer = self.split(olgas, first, fields.cells_of(field.id)[2])
        assert answer.location.endswith("/next")
        assert len(fields.cells_of(field.id)) == 5

    def test_what_makes_no_two_cells_is_refused(self, olgas, field, first):
        cell = fields.cells_of(field.id)[2]
        for centre in (["290,200"], ["x,y", "1,2"], ["290"]):
            assert self.split(olgas, first, cell, centre=centre).status_code == 422
        assert len(fields.cells_of(field.id)) == 3

    def test_a_cell_that_was_merged_since_is_not_split(self, olgas, examination, field, first):
        one, other, _ = fields.cells_of(field.id)
        sent = {"cell": [str(one.id), str(other.id)]}
        olgas.post(f"/readings/{first.id}/merge", json=sent, headers=JSON)
        assert self.split(olgas, first, one).status_code == 409
