"""Builds an engine for this machine's accelerator, and keeps it only where it agrees.

An engine that loads may still compute something else (half floats overflow, a scale is off), so
it is tried on cells before it takes the place of an older one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance.errors import ApplianceError, LabelsUnusable, ModelUnusable
from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from appliance.pipeline.intake import Limits, read_images
from appliance.services.batch import read_file
from appliance.vocabulary import Crops
from firmware_hooks.slides import draw_field
from models.card import load_card
from models.classifier import Classifier
from models.runners import engine_builder, open_runner

LEAST_CELLS, MOST_CELLS = 50, 500
"""For calibration: fewer do not span what a smear shows, more change nothing but the time."""
_ALLOWED = {"fp16": (0.01, 0.05), "int8": (0.06, 0.35)}
"""Mean and largest difference in probability from the float network (models/README.md)."""


@dataclass(frozen=True, slots=True)
class BuiltEngine:
    """Where an engine lies and how near the float network it computes."""

    path: Path
    runtime: str
    cells: int
    mean_gap: float
    """Of the blast probability, over these cells."""
    largest_gap: float


def build(bundle: Path, engines: Path, *, precision: str, calibration: Crops | None) -> BuiltEngine:
    """Build, try and keep an engine.

    Args:
        bundle: folder with card.json and model.onnx.
        engines: folder of the engines.
        precision: "fp16" or "int8".
        calibration: as `calibration_crops` gives them; needed for int8.

    Raises:
        ModelUnusable: TensorRT or a GPU is missing, the build fails, or the engine computes
            something else than the network; an older engine then stays.
        CannotWrite: no room.
    """
    make = engine_builder()
    trial = engines / "trial"
    path = make(bundle, trial, precision=precision, calibration=calibration)
    crops = _drawn_crops(load_card(bundle).side_px) if calibration is None else calibration
    made = open_runner("tensorrt", bundle, threads=1, engines=trial)
    exact = open_runner("onnx", bundle, threads=2, engines=trial)
    mean, largest = _gaps(made, exact, crops)
    allowed = _ALLOWED[precision]
    if not (mean <= allowed[0] and largest <= allowed[1]):
        path.unlink()
        raise ModelUnusable(
            f"the {precision} engine differs from the network by {mean:.3f} in probability, at "
            f"most {largest:.3f} (allowed {allowed[0]}, {allowed[1]}), and was not kept",
            advice="Try the other precision, or calibrate with other pictures.",
        )
    return BuiltEngine(path.replace(engines / path.name), made.runtime, len(crops), mean, largest)


def calibration_crops(
    paths: Iterable[Path], *, side_px: int, limits: Limits, advance: Callable[[], None]
) -> Crops:
    """Cut out the cells of pictures, at most MOST_CELLS, evenly over all.

    Args:
        paths: files; one that is no picture is passed over.
        side_px: as the card says.
        limits: of intake.
        advance: called after each file.

    Raises:
        LabelsUnusable: there are fewer than LEAST_CELLS.
    """
    found = [np.zeros((0, side_px, side_px, 3), np.uint8)]
    for path in paths:
        try:
            for image in read_images(read_file(path, limits), name=path.name, limits=limits):
                cells = find_cells(image.pixels, um_per_px=image.um_per_px)
                found.append(crop_cells(image.pixels, cells, side_px=side_px))
        except ApplianceError:
            pass  # a list or a note beside the pictures
        advance()
    crops = np.concatenate(found)
    if len(crops) < LEAST_CELLS:
        raise LabelsUnusable(
            f"{len(crops)} cells were found, calibration needs {LEAST_CELLS}",
            advice="Name a folder with more fields of stained smears, as many stains as you have.",
        )
    chosen = np.linspace(0, len(crops) - 1, min(len(crops), MOST_CELLS)).round().astype(int)
    return np.asarray(crops[chosen], np.uint8)


def _drawn_crops(side_px: int) -> Crops:
    field = draw_field(1, width=1600, height=1200, cells=24, blasts=12)
    cells = find_cells(field.pixels)
    return crop_cells(field.pixels, cells, side_px=side_px)


def _gaps(made: Classifier, exact: Classifier, crops: Crops) -> tuple[float, float]:
    gap = np.abs(made.predict(crops).blast_probability - exact.predict(crops).blast_probability)
    return float(gap.mean()), float(gap.max())
