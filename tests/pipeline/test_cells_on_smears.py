"""The figures that matter, on a few real images that thresholds were not chosen on."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from models.training.cell_scores import dice, filled, inside, matched
from models.training.evaluate_cells import (
    allidb2_masks,
    central,
    centroids,
    marked_boxes,
    read,
    wbcseg_masks,
)

pytestmark = pytest.mark.data


@pytest.mark.slow
def test_each_blast_centroid_of_six_fields_lies_in_a_cell(data_dir: Path) -> None:
    for path in sorted((data_dir / "allidb1/fields").glob("*_1.jpg"))[1::10] + sorted(
        (data_dir / "allidb1/fields").glob("Im05[0246]_1.jpg")
    ):
        cells = find_cells(read(path))
        for x, y in centroids(data_dir / "allidb1/centroids" / f"{path.stem}.xyc"):
            assert any(inside(cell, x, y) for cell in cells), path.name


def test_healthy_fields_have_their_few_cells(data_dir: Path) -> None:
    for path in sorted((data_dir / "allidb1/fields").glob("*_0.jpg"))[::6]:
        assert 1 <= len(find_cells(read(path))) <= 4, path.name


def test_marked_white_cells_are_found_with_their_boxes(data_dir: Path) -> None:
    hits, marked, found = 0, 0, 0
    for path in sorted((data_dir / "bccd/images").glob("*.jpg"))[151::7][:20]:
        boxes = [cell.box for cell in find_cells(read(path))]
        truth = marked_boxes(data_dir / "bccd/boxes" / f"{path.stem}.xml", "WBC")
        hits += len(matched(boxes, truth))
        marked += len(truth)
        found += len(boxes)
    assert hits / marked >= 0.95
    assert hits / found >= 0.90


@pytest.mark.parametrize(
    "kind", ["basophil", "eosinophil", "ig", "lymphocyte", "monocyte", "neutrophil"]
)
def test_the_cell_of_a_single_cell_picture_is_found_once(data_dir: Path, kind: str) -> None:
    paths = sorted((data_dir / "pbc" / kind).glob("*.jpg"))[155::15]
    assert sum(len(central(read(path))) == 1 for path in paths) >= len(paths) - 1


def test_most_platelets_are_left_out(data_dir: Path) -> None:
    paths = sorted((data_dir / "pbc/platelet").glob("*.jpg"))[151::6]
    assert sum(bool(central(read(path))) for path in paths) <= 0.35 * len(paths)


@pytest.mark.parametrize("source", ["wbcseg", "allidb2"])
def test_outlines_agree_with_masks(data_dir: Path, source: str) -> None:
    if source == "wbcseg":
        paths, masks = sorted((data_dir / "wbcseg/images").glob("*.png"))[1::12], wbcseg_masks
    else:
        paths, masks = sorted((data_dir / "allidb2").glob("[bn]*/*.png"))[1::8], allidb2_masks
    values = []
    for path in paths:
        nucleus, cell = masks(path)
        shape = nucleus.shape[0], nucleus.shape[1]
        found = central(read(path))
        values.append(
            max(
                (
                    (dice(filled(each.nucleus, shape), nucleus), _whole(each.outline, cell))
                    for each in found
                ),
                default=(0.0, 0.0),
            )
        )
    nuclei, cells = np.array(values).T
    assert nuclei.mean() >= 0.90
    assert cells.mean() >= 0.88


def _whole(outline: NDArray[np.int32] | None, cell: NDArray[np.bool_]) -> float:
    return 0.0 if outline is None else dice(filled(outline, (cell.shape[0], cell.shape[1])), cell)


@pytest.mark.parametrize("factor", [0.25, 0.5])
def test_a_smaller_copy_of_a_field_has_the_same_cells(data_dir: Path, factor: float) -> None:
    pixels = read(data_dir / "allidb1/fields/Im058_1.jpg")
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    before, after = len(find_cells(pixels)), len(find_cells(np.asarray(small, np.uint8)))
    assert abs(before - after) <= 0.1 * before


def test_turning_a_field_keeps_its_cells(data_dir: Path) -> None:
    pixels = read(data_dir / "allidb1/fields/Im060_1.jpg")
    turned = np.ascontiguousarray(np.rot90(pixels))
    assert abs(len(find_cells(pixels)) - len(find_cells(turned))) <= 1
