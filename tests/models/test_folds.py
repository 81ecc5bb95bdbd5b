"""Who learns from what: nothing is tried on what it saw."""

import numpy as np
import pytest

from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.folds import origin, origin_block, parts, trials


def row(source, block, label, kind="field"):
    return source, block, label, f"{source}/{block}/{label}.jpg", kind


@pytest.fixture
def cells():
    rows = [
        row("allidb1", f"series{n:02d}", BLAST if n in (2, 5) else NORMAL) for n in (2, 4, 5, 6)
    ]
    rows += [row("allidb2", "series02:Im021_1", BLAST), row("allidb2", "series06:Im067_0", NORMAL)]
    rows += [row("taleqani", f"benign:{n}", NORMAL) for n in range(10)]
    rows += [row("taleqani", f"early:{n}", BLAST) for n in range(10)]
    rows += [row("pbc", f"lymphocyte:{n}", NORMAL) for n in range(10)]
    made = [f"{s}/{b}" for s, b, *_ in rows]
    rows += [row("made", block, UNUSABLE, "noise") for block in made]
    source, block, label, picture, kind = (np.array(column) for column in zip(*rows, strict=True))
    empty = np.zeros((len(rows), 1, 1, 3), np.uint8)
    return Cells(empty, empty[..., 0], label.astype(np.int8), source, block, picture, kind)


def test_no_block_is_in_two_parts(cells):
    whole = np.char.add(np.char.add(origin(cells), "/"), origin_block(cells))
    for block in np.unique(whole):
        assert len(set(parts(cells)[whole == block])) == 1


def test_a_fifth_of_blocks_tests_and_a_fifth_validates(cells):
    of_taleqani = parts(cells)[cells.source == "taleqani"]
    assert (of_taleqani == "test").sum() == (of_taleqani == "validation").sum() == 4


def test_allidb2_which_is_cut_from_allidb1_is_never_trained_on(cells):
    twin = origin(cells) == "allidb2"
    assert set(parts(cells)[twin]) == {"twin"}
    for trial in trials(cells):
        assert not np.any(trial.learns & twin)


def test_no_twin_is_tried_on_a_cell_it_learned_from(cells):
    for trial in trials(cells):
        for _, tested in trial.tests:
            assert tested.any()
            assert not np.any(trial.learns & tested)


def test_a_twin_tried_on_one_half_of_allidb_saw_nothing_of_the_other_either(cells):
    for trial in trials(cells):
        tested = {name for name, _ in trial.tests}
        if tested & {"allidb1", "allidb2"}:
            assert not np.any(trial.learns & np.isin(origin(cells), ["allidb1", "allidb2"]))


def test_a_twin_tried_on_a_series_saw_no_cell_and_no_made_crop_of_it(cells):
    series = np.array([block.split(":")[0] for block in origin_block(cells)])
    for trial in trials(cells):
        for name, tested in trial.tests:
            if name.startswith("allidb1 series"):
                seen = set(series[trial.learns & (origin(cells) == "allidb1")])
                assert not seen & set(series[tested])
