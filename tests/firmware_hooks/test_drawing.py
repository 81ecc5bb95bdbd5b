"""Each kind of cell is drawn with the dyes and shapes that tell it apart."""

import cv2
import numpy as np
import pytest

from firmware_hooks.drawing import (
    AZURE,
    CHROMATIN,
    DYES,
    EOSIN,
    HAEMOGLOBIN,
    WHITE_CELLS,
    Kind,
    Pen,
    draw_platelet,
    draw_red_cell,
)

UM_PER_PX = 0.12


@pytest.mark.parametrize("kind", WHITE_CELLS)
def test_a_white_cell_has_a_nucleus_inside_it_and_room_around_it(kind):
    for seed in range(5):
        stamp = WHITE_CELLS[kind](np.random.default_rng(seed), UM_PER_PX)
        assert stamp.dyes.shape == (*stamp.cell.shape, DYES)
        assert stamp.dyes.min() >= 0
        assert stamp.nucleus is not None
        assert not (stamp.nucleus & ~stamp.cell).any()
        assert not stamp.cell[0].any()
        assert not stamp.cell[:, -1].any()


@pytest.mark.parametrize("kind", WHITE_CELLS)
def test_a_nucleus_is_one_piece_of_chromatin(kind):
    stamp = WHITE_CELLS[kind](np.random.default_rng(7), UM_PER_PX)
    _, _, stats, _ = cv2.connectedComponentsWithStats(stamp.nucleus)
    assert stats[1:, cv2.CC_STAT_AREA].max() > 0.85 * stamp.nucleus.sum()
    chromatin = stamp.dyes[..., CHROMATIN]
    outside = (stamp.cell > 0) & (stamp.nucleus == 0)
    assert chromatin[stamp.nucleus > 0].mean() > 4 * chromatin[outside].mean()


def test_cytoplasm_is_pink_in_neutrophils_and_blue_in_lymphoid_cells():
    for kind, more, less in (
        (Kind.NEUTROPHIL, EOSIN, AZURE),
        (Kind.LYMPHOCYTE, AZURE, EOSIN),
        (Kind.BLAST, AZURE, EOSIN),
    ):
        stamp = WHITE_CELLS[kind](np.random.default_rng(2), UM_PER_PX)
        outside = (stamp.cell > 0) & (stamp.nucleus == 0)
        assert stamp.dyes[outside, more].mean() > 2 * stamp.dyes[outside, less].mean()


def test_a_red_cell_is_pale_in_the_middle_by_as_much_as_said():
    flat, ring = (
        draw_red_cell(np.random.default_rng(3), UM_PER_PX, pallor=pallor).dyes[..., HAEMOGLOBIN]
        for pallor in (0.0, 0.8)
    )
    middle = flat.shape[0] // 2
    assert ring[middle, middle] == pytest.approx(0.2 * flat[middle, middle], abs=0.1)
    assert ring.max() == pytest.approx(flat.max(), rel=0.1)


def test_a_platelet_is_small_and_has_no_nucleus():
    stamp = draw_platelet(np.random.default_rng(3), UM_PER_PX)
    assert stamp.nucleus is None
    assert stamp.cell.sum() * UM_PER_PX**2 < 12


def test_a_pen_draws_the_same_sizes_at_every_scale():
    for um_per_px in (0.05, 0.1, 0.3):
        pen = Pen(np.random.default_rng(1), 12.0, um_per_px)
        area = pen.fill(pen.blob(4.0, wobble=0.0)).sum() * um_per_px**2
        assert area == pytest.approx(np.pi * 16, rel=0.03)


def test_no_granules_are_strewn_where_there_is_no_room():
    pen = Pen(np.random.default_rng(1), 6.0, 0.1)
    assert not pen.dots(20, 0.2, pen.blob(1.0) - 5).any()
    assert not pen.dots(0, 0.2, pen.blob(1.0)).any()
