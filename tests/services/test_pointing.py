"""Pointing at a cell finds it, or marks its place; what is there already is not found twice."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from appliance.errors import Conflict, InvalidInput
from appliance.pipeline.cells import find_cell_at, find_cells
from appliance.records.tables import Cell
from appliance.services.pointing import Pointing, parts_of, touching
from firmware_hooks.slides import draw_field


@pytest.fixture(scope="module")
def slide():
    return draw_field(5, width=960, height=720, cells=6, blasts=3)


@pytest.fixture
def field(slide) -> Any:
    return SimpleNamespace(width=960, height=720, um_per_px=None, pixels=slide.pixels)


@pytest.fixture
def pointing() -> Pointing:
    return Pointing(SimpleNamespace(pixels=lambda row: row.pixels))  # type: ignore[arg-type]


def _cell(number: int, x: int, y: int, width: int, height: int) -> Cell:
    nucleus = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return Cell(number=number, x=x, y=y, width=width, height=height, nucleus=nucleus)


def test_each_cell_of_a_field_is_found_where_one_points(slide):
    for found in find_cells(slide.pixels):
        box = found.box
        again = find_cell_at(slide.pixels, box.x + box.width / 2, box.y + box.height / 2)
        assert again is not None
        assert again.box == box


def test_where_nothing_looks_like_a_cell_its_place_is_marked_in_the_usual_size(pointing, field):
    field.pixels = np.full((720, 960, 3), 225, np.uint8)
    others = [_cell(1, 10, 10, 40, 50), _cell(2, 100, 10, 60, 30)]
    found = pointing.cell_at(field, 400, 300, others)
    assert (found.box.width, found.box.height) == pytest.approx((55, 55), abs=2)
    assert found.box.x + found.box.width / 2 == pytest.approx(400, abs=1)


def test_a_cell_that_is_there_already_is_named(pointing, field, slide):
    box = find_cells(slide.pixels)[0].box
    known = _cell(3, box.x + 2, box.y, box.width, box.height)
    with pytest.raises(Conflict, match="cell 3 already"):
        pointing.cell_at(field, box.x + box.width / 2, box.y + box.height / 2, [known])


@pytest.mark.parametrize("at", [(-1, 5), (960, 5), (5, 720)])
def test_a_point_beside_the_image_is_refused(pointing, field, at):
    with pytest.raises(InvalidInput):
        pointing.cell_at(field, *at, [])


def test_a_cell_at_the_edge_is_not_added_as_it_would_not_count(pointing, field):
    field.pixels = np.full((720, 960, 3), 225, np.uint8)
    with pytest.raises(Conflict, match="edge"):
        pointing.cell_at(field, 3, 300, [])


def test_one_centre_alone_splits_nothing():
    cell = _cell(1, 0, 0, 50, 50)
    with pytest.raises(InvalidInput):
        parts_of(cell, [(10, 10)])
    assert len(parts_of(cell, [(10, 10), (40, 40)])) == 2


def test_cells_are_touching_when_they_hang_together():
    row = [_cell(number, number * 50, 0, 50, 50) for number in range(3)]
    assert touching(row)
    assert touching([row[0], row[2], row[1]])
    assert not touching([row[0], row[2]])
