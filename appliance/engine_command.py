"""`scopeside model build-engine`: prepares the classifier for this machine's GPU, at a terminal."""

from pathlib import Path

from appliance.console import progress
from appliance.errors import LabelsUnusable
from appliance.services import batch, engines
from appliance.settings import Settings
from appliance.wiring import BUNDLES, limits_of
from models.card import load_card
from models.runners import engine_builder


def run_build_engine(settings: Settings, precision: str, pictures: Path | None) -> str:
    """Build an engine, try it on cells, and say how near the network it computes.

    Args:
        settings: name the bundle and the data folder that keeps the engine.
        precision: "fp16" or "int8".
        pictures: folder of smears to calibrate int8 with and to try the engine on; drawn ones
            are tried where None.

    Raises:
        ModelUnusable: TensorRT or a GPU is missing, or the engine is no good.
        LabelsUnusable: int8 without enough cells to calibrate with.
    """
    engine_builder()  # says what is missing before anybody waits for pictures
    bundle = BUNDLES / settings.model
    crops = None
    if pictures is not None:
        files = batch.files_under([pictures])
        with progress(len(files)) as bar:
            crops = engines.calibration_crops(
                files,
                side_px=load_card(bundle).side_px,
                limits=limits_of(settings),
                advance=bar.advance,
            )
    elif precision == "int8":
        raise LabelsUnusable(
            "int8 has to be calibrated on cells",
            advice="Name a folder of smears: --precision int8 --calibration FOLDER",
        )
    made = engines.build(bundle, settings.engines, precision=precision, calibration=crops)
    return (
        f"{made.path}: {made.runtime}\n"
        f"Blast probabilities differ from the float network's by {made.mean_gap:.4f} on average, "
        f"{made.largest_gap:.4f} at most, over {made.cells} cells.\n"
        'To use it, write runner = "tensorrt" into settings.toml.'
    )
