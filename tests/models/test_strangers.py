"""Drawn pictures that are no smear, and cells that are made unusable."""

import numpy as np
import pytest

from models.training import foreign_slides, strangers, unusable
from models.training.cells_table import UNUSABLE, Cells

KINDS = {
    **strangers.LEARNT,
    **strangers.KEPT_AWAY,
    **foreign_slides.LEARNT,
    **foreign_slides.KEPT_AWAY,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_drawn_the_same_from_the_same_seed_and_otherwise_from_another(kind):
    one, again, other = (KINDS[kind](np.random.default_rng([seed])) for seed in (3, 3, 4))
    assert one.dtype == np.uint8
    assert one.ndim == 3
    assert one.shape[2] == 3
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_kinds_for_trying_are_not_learned_from():
    learned = {kind for kind, _, _ in unusable.drawn(1)}
    assert learned == {*strangers.LEARNT, *foreign_slides.LEARNT}
    assert not learned & {*strangers.KEPT_AWAY, *foreign_slides.KEPT_AWAY}


def test_the_finder_leaves_a_few_cells_of_a_drawn_picture_to_learn_from():
    page = strangers.page(np.random.default_rng([77, 0, 1]))
    rows = list(unusable.found_in("page", 1, page, side_px=32))
    assert len(rows) <= 2 * unusable.PER_PICTURE
    for row in rows:
        assert row.label == UNUSABLE
        assert (row.source, row.block) == ("drawn", "page:1")
        assert row.crop.shape == (32, 32, 3)


@pytest.mark.parametrize("kind", unusable.MAKERS)
def test_a_spoilt_cell_differs_from_the_cell_and_leaves_the_glass_alone(kind, drawn_crops):
    crop = drawn_crops[0]
    mask = np.where((crop != 240).any(axis=2), 255, 0).astype(np.uint8)
    made = unusable.MAKERS[kind](crop, mask, np.random.default_rng(1))
    assert made.dtype == np.uint8
    assert made.shape == crop.shape
    assert not np.array_equal(made, crop)
    assert np.all(made[:4] == 240)


def test_a_spoilt_cell_keeps_the_block_of_the_cell_it_was_made_from(drawn_crops):
    count = len(drawn_crops)
    name = np.full(count, "here")
    masks = np.full(drawn_crops.shape[:3], 255, np.uint8)
    label = np.zeros(count, np.int8)
    cells = Cells(drawn_crops, masks, label, name, np.full(count, "slide:3"), name, name)
    made = unusable.spoil(cells, np.random.default_rng(1))
    assert set(made.kind) == set(unusable.MAKERS)
    assert set(made.block) == {"here/slide:3"}
    assert set(made.label) == {UNUSABLE}
