"""Form, stain and texture of drawn cells, whose truth is known."""

import math
from dataclasses import astuple, fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from appliance.pipeline.morphology import measure
from appliance.vocabulary import Box, FoundCell, Morphology
from tests.pipeline.drawn_smears import Smear

GLASS, CYTOPLASM, NUCLEUS, NUCLEOLUS = (
    (215, 210, 205),
    (165, 150, 195),
    (85, 45, 130),
    (130, 85, 170),
)


def outlined(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return contours[0][:, 0].astype(np.int32)


def drawn(
    width: int = 100,
    *,
    nucleus: float = 0.7,
    squeezed: float = 1.0,
    cleft: float = 0.0,
    nucleoli: int = 0,
    noise: float = 0.0,
    cytoplasm: tuple[int, int, int] = CYTOPLASM,
    stain: float = 1.0,
) -> tuple[NDArray[np.uint8], FoundCell]:
    """Draw one cell; widths are shares of the cell's."""
    side, middle = 2 * width, (width, width)
    whole, core = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    cv2.circle(whole, middle, width // 2, 1, -1)
    half = nucleus * width / 2
    cv2.ellipse(core, middle, (round(half), round(half * squeezed)), 0, 0, 360, 1, -1)
    if cleft:
        cv2.circle(core, (width, round(width - half)), round(cleft * width), 0, -1)
    pixels = np.full((side, side, 3), GLASS, np.float64)
    pixels[whole > 0] = cytoplasm
    pixels[core > 0] = NUCLEUS
    for place in range(nucleoli):
        at = round(width + half * (0.9 * place - 0.45)), width
        spot = np.zeros((side, side), np.uint8)
        cv2.circle(spot, at, round(0.07 * width), 1, -1)
        pixels[spot > 0] = NUCLEOLUS
    if noise:
        coarse = np.random.default_rng(1).normal(0, noise, (16, 16))
        pixels[core > 0] += cv2.resize(coarse, (side, side))[core > 0][:, None]
    pixels = np.asarray(GLASS) * (np.clip(pixels, 5, 255) / GLASS) ** stain
    cell = FoundCell(
        box=Box(width - width // 2, width - width // 2, width + 1, width + 1),
        nucleus=outlined(core),
        outline=outlined(whole),
        nucleus_area_px=float(core.sum()),
        cell_area_px=float(whole.sum()),
        at_border=False,
    )
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8), cell


def measured(width: int = 100, *, um_per_px: float | None = None, **how) -> Morphology:
    pixels, cell = drawn(width, **how)
    (found,) = measure(pixels, [cell], um_per_px=um_per_px, red_cell_px=0.6 * width)
    assert found is not None
    return found


@pytest.mark.parametrize("width", [40, 100, 250])
def test_a_round_nucleus_is_round_at_any_resolution(width):
    found = measured(width)
    assert found.circularity > 0.95
    assert found.solidity > 0.96
    assert found.axis_ratio == pytest.approx(1.0, abs=0.03)
    assert found.lobes == 1


def test_areas_are_told_in_red_cells_and_as_a_share_of_the_cell():
    found = measured(nucleus=0.7)
    assert found.nucleus_to_red_cell == pytest.approx((0.7 / 0.6) ** 2, rel=0.05)
    assert found.cell_to_red_cell == pytest.approx((1 / 0.6) ** 2, rel=0.05)
    assert found.nucleus_share == pytest.approx(0.49, abs=0.03)
    assert found.nucleus_to_cytoplasm == pytest.approx(0.49 / 0.51, rel=0.1)


def test_micrometres_need_a_scale():
    assert measured().nucleus_diameter_um is None
    found = measured(100, um_per_px=0.1)
    assert found.nucleus_diameter_um == pytest.approx(7.0, rel=0.03)
    assert found.cell_diameter_um == pytest.approx(10.0, rel=0.03)


def test_an_oval_nucleus_has_its_axis_ratio():
    assert measured(squeezed=0.6).axis_ratio == pytest.approx(0.6, abs=0.03)


def test_a_cleft_lowers_solidity_and_circularity():
    whole, cleft = measured(), measured(cleft=0.16)
    assert cleft.solidity < whole.solidity - 0.05
    assert cleft.circularity < whole.circularity - 0.1


def test_lobes_are_counted_apart_though_one_line_joins_them():
    pixels = Smear(width=400, height=300).neutrophil(200, 150).red_cells().finished()
    (cell,) = (c for c in find_cells(pixels) if abs(c.box.x + c.box.width / 2 - 200) < 20)
    (found,) = measure(pixels, [cell])
    assert found is not None
    assert found.lobes == 4
    assert found.circularity < 0.6


def test_clumped_chromatin_varies_more_than_even_chromatin():
    even, clumped = measured(), measured(noise=25)
    for name in ("chromatin_variation", "chromatin_contrast", "chromatin_entropy"):
        assert getattr(clumped, name) > 5 * getattr(even, name), name


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nucleoli_are_counted(count):
    places = {0: 0, 1: 1, 2: 2}[count]
    found = measured(nucleoli=places)
    assert found.nucleoli == count
    assert (found.nucleoli_share > 0) == (count > 0)


@pytest.mark.parametrize("stain", [0.8, 1.2])
def test_a_stronger_stain_changes_density_but_not_form_or_nucleoli(stain):
    usual, other = measured(nucleoli=2, noise=15), measured(nucleoli=2, noise=15, stain=stain)
    assert other.nucleus_density == pytest.approx(stain * usual.nucleus_density, rel=0.1)
    assert other.chromatin_variation == pytest.approx(usual.chromatin_variation, rel=0.1)
    assert other.nucleoli == usual.nucleoli
    assert other.circularity == usual.circularity


def test_blue_cytoplasm_is_more_basophilic_than_pink():
    blue, pink = measured(cytoplasm=(120, 140, 205)), measured(cytoplasm=(215, 160, 170))
    assert blue.basophilia > 0.1 > -0.1 > pink.basophilia


def test_without_cytoplasm_nothing_is_said_of_it():
    found = measured(nucleus=1.0)
    assert found.basophilia is None
    assert found.nucleus_to_cytoplasm is None


def test_nothing_is_said_of_the_texture_of_a_nucleus_of_few_pixels():
    found = measured(28)
    assert found.chromatin_variation is found.chromatin_entropy is found.nucleoli is None
    assert found.circularity > 0.9


@pytest.mark.parametrize("width", [60, 200])
def test_texture_hardly_depends_on_the_camera(width):
    usual, other = measured(100, noise=20), measured(width, noise=20)
    assert other.chromatin_variation == pytest.approx(usual.chromatin_variation, rel=0.2)
    assert other.chromatin_entropy == pytest.approx(usual.chromatin_entropy, abs=0.1)


def test_a_single_cell_picture_has_no_ruler():
    pixels, cell = drawn()
    (found,) = measure(pixels, [cell])
    assert found is not None
    assert found.nucleus_to_red_cell is None
    assert found.nucleus_px == pytest.approx(2 * math.sqrt(cell.nucleus_area_px / math.pi))
    assert found.cell_px > found.nucleus_px


def test_the_fields_own_red_cells_are_the_ruler():
    smear = Smear(unit=40).lymphocyte(320, 240, nucleus=1.35)
    pixels = smear.red_cells().finished()
    (cell,) = find_cells(pixels)
    (found,) = measure(pixels, [cell])
    assert found is not None
    assert found.nucleus_to_red_cell == pytest.approx(1.35**2, rel=0.25)
    assert found.nucleus_px is found.cell_px is None


def test_a_cell_without_a_nucleus_is_left_out_and_order_is_kept():
    pixels, cell = drawn()
    bare = FoundCell(cell.box, np.empty((0, 2), np.int32), None, 0.0, None, at_border=False)
    first, second = measure(pixels, [bare, cell])
    assert first is None
    assert second is not None


def test_no_cells_no_numbers():
    assert measure(np.zeros((10, 10, 3), np.uint8), []) == []


def test_measuring_again_gives_the_same():
    pixels, cell = drawn(noise=20)
    assert measure(pixels, [cell]) == measure(pixels, [cell])


@pytest.mark.data
def test_numbers_of_real_cells_are_within_their_ranges(data_dir: Path) -> None:
    path = sorted((data_dir / "allidb1" / "fields").glob("*_1.jpg"))[20]
    pixels = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    cells = find_cells(pixels)
    found = measure(pixels, cells)
    assert len(found) == len(cells)
    for each in found:
        assert each is not None
        assert all(value is None or np.isfinite(value) for value in astuple(each))
        for name in ("circularity", "solidity", "axis_ratio", "nucleus_share"):
            assert 0 < getattr(each, name) <= 1, name
    assert len(fields(Morphology)) == 19
