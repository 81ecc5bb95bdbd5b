"""What a person sees as two cells becomes two boxes."""

import numpy as np
import pytest

from appliance.pipeline.splitting import split_boxes
from appliance.vocabulary import Outline


def _ring(x: float, y: float, radius: float) -> Outline:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return np.rint(np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], 1)).astype(
        np.int32
    )


def _dumbbell(gap: float) -> Outline:
    """Two discs side by side in one outline, as the finder gives nuclei that touch."""
    left, right = _ring(60, 50, 20), _ring(60 + gap, 50, 20)
    return np.concatenate([left, left[:1], right, right[:1], left[:1]])


def test_two_nuclei_that_touch_are_cut_at_their_neck():
    one, other = split_boxes(_dumbbell(38), None)
    assert one.x + one.width / 2 == pytest.approx(60, abs=3)
    assert other.x + other.width / 2 == pytest.approx(98, abs=3)
    assert one.x + one.width <= other.x + 1


def test_a_round_nucleus_is_cut_across_all_the_same():
    assert len(split_boxes(_ring(50, 50, 30), None)) == 2


def test_each_centre_that_is_pointed_at_becomes_a_cell_of_the_whole_outline():
    outline = np.array([[0, 0], [299, 0], [299, 99], [0, 99]], np.int32)
    boxes = split_boxes(_ring(50, 50, 10), outline, [(250, 50), (50, 50), (150, 50)])
    assert [box.x for box in boxes] == pytest.approx([0, 100, 200], abs=1)
    assert [box.width for box in boxes] == pytest.approx([100, 100, 100], abs=1)
    assert {box.height for box in boxes} == {100}


def test_centres_on_one_place_make_one_cell():
    assert len(split_boxes(_ring(50, 50, 20), None, [(50, 50), (50, 50)])) == 1
