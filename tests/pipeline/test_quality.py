"""The gate lets fields through that can be read, and names what is wrong with the others."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.pipeline.optics import look
from appliance.pipeline.quality import DEFAULTS, QualityLimits, assess
from appliance.vocabulary import Pixels, Quality
from firmware_hooks.slides import Light, draw_field

CHECKS = ("focus", "exposure", "clipping", "evenness", "stain", "cells", "thickness")
LIGHT = Light(level=(0.80, 0.78, 0.73), vignetting=0.06, noise=0.005)


def drawn(**how: object) -> Pixels:
    given = {"width": 960, "height": 720, "cells": 5, "blasts": 2, "light": LIGHT, **how}
    return draw_field(11, **given).pixels


@pytest.fixture(scope="module")
def field() -> Pixels:
    return drawn()


def value(quality: Quality, name: str) -> float:
    return next(check.value for check in quality.checks if check.name == name)


def sentence(quality: Quality, name: str) -> str:
    return next(check.sentence for check in quality.checks if check.name == name)


def scaled(pixels: Pixels, factor: float) -> Pixels:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=how)


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    return cv2.GaussianBlur(pixels, (0, 0), sigma)


def dyed(pixels: Pixels, hue: tuple[float, float, float]) -> Pixels:
    """Give the whole stain one colour, as deep as it was."""
    white = np.percentile(pixels.reshape(-1, 3), 95, axis=0)
    depth = np.log10(white / np.maximum(pixels, 1)).clip(0).max(axis=-1, keepdims=True)
    return (white * 10 ** (-depth * np.array(hue))).clip(0, 255).astype(np.uint8)


def test_a_good_field_passes_all_checks_in_order(field):
    quality = assess(field)
    assert tuple(check.name for check in quality.checks) == CHECKS
    assert quality.failures == ()


def test_a_check_passes_exactly_within_its_limits(field):
    for pixels in (field, blurred(field, 8), field // 3, np.zeros_like(field)):
        for check in assess(pixels).checks:
            low = -np.inf if check.low is None else check.low
            high = np.inf if check.high is None else check.high
            assert check.passed == (low <= check.value <= high), check
            assert check.sentence.endswith(".")
            assert check.unit


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_focus_does_not_depend_on_the_size_of_the_image(field, factor):
    there, here = assess(scaled(field, factor)), assess(field)
    assert value(there, "focus") == pytest.approx(value(here, "focus"), rel=0.15)
    assert there.passed == here.passed


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_blurred_field_stays_blurred_at_every_size(field, factor):
    assert "focus" in assess(scaled(blurred(field, 7), factor)).failures


def test_focus_does_not_depend_on_how_much_of_the_field_is_cell():
    sparse, dense = drawn(cells=1, blasts=0, red_cover=0.12), drawn(cells=14, red_cover=0.6)
    assert value(assess(sparse), "focus") == pytest.approx(value(assess(dense), "focus"), rel=0.25)


def test_focus_does_not_depend_on_brightness(field):
    assert value(assess(field // 2), "focus") == pytest.approx(
        value(assess(field), "focus"), rel=0.1
    )


def test_focus_falls_with_blur_and_crosses_the_limit(field):
    values = [value(assess(blurred(field, sigma)), "focus") for sigma in (0.5, 1, 2, 3, 4, 6, 8)]
    assert values == sorted(values, reverse=True)
    assert values[0] > DEFAULTS.focus_low > values[-2]


def test_a_smear_out_of_focus_is_told_to_be_refocused():
    quality = assess(drawn(defocus_um=2.5))
    assert "focus" in quality.failures
    assert "fine focus" in sentence(quality, "focus")


SPOILT: dict[str, tuple[str, Callable[[Pixels], Pixels]]] = {
    "dark": ("exposure", lambda p: (p * 0.3).astype(np.uint8)),
    "overexposed": ("clipping", lambda p: np.minimum(p * 1.75, 255).astype(np.uint8)),
    "half covered": ("evenness", lambda p: np.hstack([p[:, :480], p[:, 480:] // 2])),
    "vignetted": ("evenness", lambda p: _vignetted(p)),
    "all magenta": ("stain", lambda p: dyed(p, (0.25, 1.0, 0.35))),
    "green": ("stain", lambda p: dyed(p, (1.0, 0.3, 0.8))),
    "brown": ("stain", lambda p: dyed(p, (0.4, 0.7, 1.0))),
    "yellow": ("stain", lambda p: dyed(p, (0.1, 0.35, 1.0))),
    "grey": ("stain", lambda p: np.dstack([cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)] * 3)),
    "pale": ("stain", lambda p: (200 - (200.0 - p) * 0.06).clip(0, 255).astype(np.uint8)),
    "blank": ("cells", lambda p: _noise(p, 200, 3)),
    "noise": ("thickness", lambda p: _noise(p, 128, 80)),
    "screenshot": ("stain", lambda p: _text(p)),
}


def _vignetted(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (pixels * (1 - 0.75 * (x * x + y * y) / 2)[..., None]).astype(np.uint8)


def _noise(pixels: Pixels, level: float, spread: float) -> Pixels:
    rng = np.random.default_rng(1)
    return rng.normal(level, spread, pixels.shape).clip(0, 255).astype(np.uint8)


def _text(pixels: Pixels) -> Pixels:
    page = np.full_like(pixels, 255)
    for line in range(20, page.shape[0], 30):
        cv2.putText(page, "Ward round at nine", (10, line), 0, 0.8, (30, 30, 30), 2)
    return page


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_field_fails_for_what_is_wrong_with_it(field, how):
    check, spoil = SPOILT[how]
    assert check in assess(spoil(field)).failures


def test_a_smear_too_thick_to_spread_is_told_so():
    quality = assess(drawn(red_cover=2.5))
    assert "thickness" in quality.failures
    assert "thin end" in sentence(quality, "thickness")


def test_a_field_without_white_cells_fails_on_cells_alone():
    assert "cells" in assess(drawn(cells=0, blasts=0)).failures


def test_the_count_of_nuclei_is_near_the_truth():
    field = draw_field(12, cells=9, blasts=4, light=LIGHT)
    assert value(assess(field.pixels), "cells") == pytest.approx(9, abs=3)


def test_greyscale_fails_the_stain_and_says_that_suggestions_rest_on_colour(field):
    grey = np.dstack([cv2.cvtColor(field, cv2.COLOR_RGB2GRAY)] * 3)
    quality = assess(grey, greyscale=True)
    assert "stain" in quality.failures
    assert "rest on colour" in sentence(quality, "stain")
    assert value(quality, "focus") > DEFAULTS.focus_low
    assert value(quality, "cells") >= 1


def test_limits_are_the_caller_s_to_set(field):
    strict = QualityLimits(focus_low=40.0, cells_low=200)
    assert assess(field, limits=strict).failures == ("focus", "cells")


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (7, 9), (33, 2000)])
def test_no_shape_of_image_breaks_the_gate(shape):
    rng = np.random.default_rng(5)
    for pixels in (np.zeros((*shape, 3), np.uint8), rng.integers(0, 256, (*shape, 3), np.uint8)):
        assert len(assess(pixels).checks) == len(CHECKS)


def test_the_gate_changes_nothing_it_was_given(field):
    before = field.copy()
    assess(field)
    np.testing.assert_array_equal(field, before)


def test_the_background_is_found_beneath_uneven_light(field):
    vignetted = drawn(light=Light(LIGHT.level, vignetting=0.4, noise=LIGHT.noise))
    assert look(vignetted).stained.mean() == pytest.approx(look(field).stained.mean(), abs=0.05)


def _pictures(folder: Path, every: int) -> list[Pixels]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in {".jpg", ".png", ".tif"})
    return [cv2.cvtColor(cv2.imread(str(f)), cv2.COLOR_BGR2RGB) for f in files[::every]]


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "every"),
    [
        ("allidb1/fields", 6),
        ("bccd/images", 12),
        ("taleqani", 50),
        ("allidb2/blast", 6),
        ("allidb2/normal", 8),
        ("pbc/lymphocyte", 25),
        ("pbc/neutrophil", 25),
    ],
)
def test_real_fields_pass(data_dir, folder, every):
    pictures = _pictures(data_dir / folder, every)
    passed = sum(assess(pixels).passed for pixels in pictures)
    assert passed >= len(pictures) - max(1, len(pictures) // 20)


@pytest.mark.data
def test_a_real_field_has_one_focus_at_every_size(data_dir):
    for pixels in _pictures(data_dir / "allidb1/fields", 20):
        half = scaled(pixels, 0.5)
        values = [value(assess(p), "focus") for p in (half, pixels, scaled(half, 2))]
        assert max(values) < 1.2 * min(values)
        assert "focus" in assess(blurred(half, 5.5)).failures


def cut_out(pixels: Pixels, *, radius: int = 60, at: tuple[int, int] = (150, 150)) -> Pixels:
    """Lay a drawn lymphocyte on black."""
    picture = pixels.copy()
    cv2.circle(picture, at, radius, (176, 160, 228), -1)
    cv2.circle(picture, (at[0] - 6, at[1]), int(0.8 * radius), (100, 50, 140), -1)
    return picture


BLACK = np.zeros((300, 300, 3), np.uint8)


def test_a_cell_cut_out_on_black_passes_with_a_remark_and_no_fault_of_a_field():
    quality = assess(cut_out(BLACK))
    assert quality.passed
    assert [check.name for check in quality.checks] == ["cut-out", "resolution"]
    said = sentence(quality, "cut-out")
    assert said.startswith("One cell, cut out of the slide and laid on black.")
    assert "cannot be judged" in said
    assert "add the whole field" in said
    assert value(quality, "resolution") == pytest.approx(121, abs=2)


def test_cells_cut_out_side_by_side_are_counted():
    pair = cut_out(cut_out(BLACK, at=(80, 150)), at=(220, 150), radius=50)
    assert sentence(assess(pair), "cut-out").startswith("2 cells")
    assert value(assess(pair), "resolution") == pytest.approx(101, abs=2)


def test_a_cut_out_cell_of_too_few_pixels_is_refused_for_its_size_alone():
    quality = assess(scaled(cut_out(BLACK), 0.15))
    assert quality.failures == ("resolution",)
    assert "full size" in sentence(quality, "resolution")


@pytest.mark.parametrize("colour", [(180, 180, 180), (60, 160, 70), (200, 60, 50)])
def test_another_thing_on_black_is_not_taken_for_a_cell(colour):
    picture = BLACK.copy()
    cv2.circle(picture, (150, 150), 60, colour, -1)
    quality = assess(picture)
    assert not quality.passed
    assert "cut-out" not in [check.name for check in quality.checks]


def test_a_field_on_black_is_judged_as_a_field(field):
    hole = np.zeros((*field.shape[:2], 1), np.uint8)
    cv2.circle(hole, (480, 360), 300, 1, -1)
    assert tuple(check.name for check in assess(field * hole).checks) == CHECKS


def test_without_colour_a_shape_on_black_is_not_called_a_cell():
    grey = np.dstack([cv2.cvtColor(cut_out(BLACK), cv2.COLOR_RGB2GRAY)] * 3)
    quality = assess(grey, greyscale=True)
    assert "stain" in quality.failures


@pytest.mark.data
@pytest.mark.parametrize("kind", ["blast", "normal"])
def test_real_cells_cut_out_along_the_masks_of_experts_pass(data_dir, kind):
    files = sorted((data_dir / "allidb2" / kind).iterdir())[::8]
    passed = 0
    for file in files:
        mask = cv2.imread(str(data_dir / "allidb2" / "masks" / file.name))
        pixels = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        # Cytoplasm blue, nucleus cyan, the rest white.
        inside = ((mask[..., 0] > 128) & (mask[..., 2] < 128)).astype(np.uint8)
        _, labels, areas, _ = cv2.connectedComponentsWithStats(inside)
        cell = labels == 1 + areas[1:, cv2.CC_STAT_AREA].argmax()
        laid = cv2.copyMakeBorder(pixels * cell[..., None], 60, 60, 60, 60, cv2.BORDER_CONSTANT)
        quality = assess(np.ascontiguousarray(laid, np.uint8))
        passed += quality.passed and quality.checks[0].name == "cut-out"
    assert passed >= len(files) - 1
