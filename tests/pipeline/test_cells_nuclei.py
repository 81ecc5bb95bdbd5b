import cv2
import numpy as np
import pytest

from appliance.pipeline.lobes import join_lobes, parts_of
from appliance.pipeline.nuclei import cut_apart, fill_holes, levels, nuclear_mask

UNIT = 30.0


def discs(*places: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros((200, 300), np.uint8)
    for x, y, radius in places:
        cv2.circle(mask, (x, y), radius, 1, -1)
    return mask


def joined(mask: np.ndarray, foreign: np.ndarray) -> list[int]:
    labels = cut_apart(mask, UNIT)
    groups = join_lobes(parts_of(labels, 10), labels, foreign, foreign, UNIT)
    return sorted(len(group) for group in groups)


def test_two_discs_that_touch_are_cut_at_the_neck() -> None:
    labels = cut_apart(discs((100, 100, 20), (136, 100, 20)), UNIT)
    assert labels.max() == 2
    assert labels[100, 100] != labels[100, 136]


def test_one_disc_stays_whole_and_its_hole_is_filled() -> None:
    mask = discs((100, 100, 22))
    mask[97:103, 97:103] = 0
    labels = cut_apart(mask, UNIT)
    assert labels.max() == 1
    assert labels[100, 100] == 1


def test_a_disc_cut_by_the_edge_stays_whole() -> None:
    assert cut_apart(discs((0, 100, 22)), UNIT).max() == 1


def test_specks_are_dropped() -> None:
    assert cut_apart(discs((100, 100, 2)), UNIT).max() == 0


def test_lobes_in_one_cytoplasm_make_one_nucleus() -> None:
    lobes = discs((100, 100, 8), (120, 100, 8), (110, 116, 8))
    cytoplasm = discs((110, 106, 30))
    assert joined(lobes, 1 - cytoplasm) == [3]


def test_the_same_parts_on_empty_slide_stay_apart() -> None:
    lobes = discs((100, 100, 8), (124, 100, 8), (112, 121, 8))
    assert joined(lobes, 1 - lobes) == [1, 1, 1]


def test_two_nuclei_of_full_size_stay_two() -> None:
    cells = discs((100, 100, 20), (136, 100, 20))
    assert joined(cells, 1 - cells) == [1, 1]


def test_holes_open_to_the_edge_and_large_ones_are_kept() -> None:
    mask = np.ones((40, 40), np.uint8)
    mask[0:5, 10:15] = 0
    mask[10:12, 10:12] = 0
    mask[20:35, 20:35] = 0
    filled = fill_holes(mask, 100)
    assert filled[11, 11] == 1
    assert filled[2, 12] == 0
    assert filled[25, 25] == 0


def test_levels_part_nuclei_from_red_cells() -> None:
    index = np.zeros((200, 300), np.float32)
    index[discs((60, 60, 15), (200, 120, 15)) > 0] = 0.05
    index[discs((120, 60, 20)) > 0] = 0.5
    dark = (index > 0).astype(np.float32)
    found = levels(dark, index, UNIT)
    assert found is not None
    assert found.nuclei == pytest.approx(0.5)
    assert found.rest == pytest.approx(0.05, abs=0.01)
    mask = nuclear_mask(index, found, UNIT)
    assert mask[60, 120] == 1
    assert mask[60, 60] == 0


def test_without_nuclei_there_are_no_levels() -> None:
    index = np.full((100, 100), 0.04, np.float32)
    assert levels(np.ones_like(index), index, UNIT) is None
