"""How many cells a site head needs: drawn fairly, the same every time."""

import numpy as np
import pytest

from models.head_fitting import SiteCells
from models.learning_curve import Point, curve
from models.training.learning_curve import as_page


def site(count=160, groups=16, depth=12):
    random = np.random.default_rng(3)
    group = np.arange(count) % groups
    blast = group % 2 == 0
    embedding = random.normal(np.where(blast, 0.6, -0.6)[:, None], 1, (count, depth))
    probability = random.random(count).astype(np.float32)
    return SiteCells(
        embedding.astype(np.float32), probability, blast, np.array([f"field {g}" for g in group])
    )


@pytest.fixture(scope="module")
def points():
    return curve(site(), sizes=(0, 10, 50, 500), draws=4)


def test_more_cells_help_and_sizes_beyond_the_source_are_left_out(points):
    assert [point.cells for point in points] == [0, 10, 50]
    assert points[0].auc < 0.65
    assert points[2].auc > points[1].auc > points[0].auc
    for point in points:
        assert point.draws == 4
        assert point.auc_low <= point.auc <= point.auc_high
        assert 0 <= point.calibration_error <= 1


def test_the_same_draws_come_again(points):
    assert curve(site(), sizes=(0, 10, 50), draws=4) == points


def test_support_and_test_never_share_a_field():
    """Where a field's cells are one and the same, knowing the field would give the class away."""
    cells = site()
    random = np.random.default_rng(9)
    tint = random.normal(0, 1, (16, 12)).astype(np.float32)
    tinted = SiteCells(
        tint[np.arange(160) % 16], np.full(160, 0.5, np.float32), cells.blast, cells.group
    )
    assert curve(tinted, sizes=(50,), draws=6)[0].auc < 0.9


def test_the_page_has_a_row_for_each_source(points):
    page = as_page({"here": points, "there": [Point(0, 4, 0.5, 0.4, 0.6, 0.2)]})
    assert "| here | " in page
    assert "| there | 0.500 (0.400 to 0.600) / 0.200 |" in page


def test_a_class_that_comes_from_few_cells_leaves_out_the_draws_without_it():
    cells = site()
    few = np.flatnonzero(~cells.blast)[:3]
    rare = cells.where(np.sort(np.concatenate([np.flatnonzero(cells.blast), few])))
    points = curve(rare, sizes=(0, 10), draws=12)
    assert all(np.isfinite(point.auc) and point.draws <= 12 for point in points)
    assert curve(cells.where(cells.blast), sizes=(0, 10), draws=4) == []


def test_fields_are_judged_by_the_mean_of_their_cells():
    """Half of the cells of each field say nothing; their field's mean still tells."""
    cells = site()
    mute = np.arange(len(cells)) // 16 % 2 == 0
    cells.probability[:] = np.where(mute, 0.5, np.where(cells.blast, 0.8, 0.3))
    single = curve(cells, sizes=(0,), draws=4)[0]
    whole = curve(cells, sizes=(0,), draws=4, judged=cells.group)[0]
    assert single.auc < 0.9
    assert whole.auc == 1
