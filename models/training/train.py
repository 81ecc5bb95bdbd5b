"""Trains the classifier and writes a bundle, the same one from the same data and seed.

    python -m models.training.train ../shared/data --out models/bundles/all-lite0-1

What takes long, finding cells and looking at them, is kept in build/training: an interrupted run
goes on where it stopped. --smoke goes through every step on one picture in 40.
"""

import argparse
import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from appliance.pipeline.crops import GLASS
from models.card import TrainingRange, load_card
from models.figures import auc
from models.litert import open_classifier
from models.training import bundle as bundles
from models.training.calibrate import (
    FALSE_ALARMS,
    MISSED,
    balance,
    thresholds,
    training_range,
    with_limits,
)
from models.training.cells_table import BLAST, NORMAL, Cells
from models.training.convert import to_onnx, to_tflite
from models.training.data import CACHE, prepare
from models.training.failures import write_failures
from models.training.features import features, glass_features
from models.training.folds import parts
from models.training.head import RIDGE, WEIGHTS, fit_axes, fit_head, install
from models.training.held_out import as_json, held_out_figures
from models.training.judge import (
    Outcome,
    calibrated,
    elsewhere,
    outcomes,
    report,
    together,
    usable_in,
)
from models.training.matrix import leave_one_out
from models.training.network import Network, pretrained, to_input
from models.training.page import write_page
from models.training.twin_arrays import save_twins, twins_file
from models.training.twins import make_twins

CALIBRATION_CROPS, SETTLING_CROPS = 300, 1000
SMOKE_CROPS = 40  # instead of either, in a quick trial
TEMPLATE = Path(__file__).parent / "MODEL_CARD.template.md"


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked to do."""

    data: Path
    out: Path
    cache: Path
    seed: int
    views: int
    smoke: bool


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """What the twins said, and what twins said that saw only the slide."""

    cells: list[Outcome]
    slides: list[Outcome]

    @property
    def unseen(self) -> list[Outcome]:
        """What was said of the two unseen sources that have both classes."""
        return [o for o in self.cells if o.tested in {"allidb1", "taleqani"}]

    def report(self) -> list[dict[str, Any]]:
        """Give every twin's figures, the slide's beside them."""
        by_name = {(o.without, o.tested): o for o in self.slides}
        return [
            report(o, by_name.get((o.without, o.tested)), elsewhere(o, self.unseen))
            for o in self.cells
        ]


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with labels.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new bundle")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--views", type=int, default=3, help="1 plain, the others shaken")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a few pictures, a few minutes")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    train(Options(given.data, given.out, given.cache, given.seed, given.views, given.smoke))


def train(options: Options) -> None:
    """Make the bundle."""
    network = pretrained()
    side = network.shape.side_px
    cells = prepare(options.data, side_px=side, cache=options.cache, smoke=options.smoke)
    seen = _look(network, cells, options, views=options.views)
    trials = Trials(outcomes(cells, seen), _slides(network, options))
    scale = calibrated(trials.unseen)
    learn = parts(cells) == "train"
    head = fit_head(seen[:, learn], cells.where(learn)).leaning(scale.offset)
    axes = fit_axes(seen[0][learn], cells.where(learn), depth=network.shape.embedding)
    install(network, head, axes, glass_features(network, GLASS))
    _write(network, cells, trials, options)
    _judge(network, cells, seen, trials, options)
    twins = make_twins(cells, seen, depth=network.shape.embedding)
    save_twins(twins_file(options.cache, load_card(options.out).sha256), twins)


def _look(network: Network, cells: Cells, options: Options, *, views: int) -> NDArray[np.float32]:
    return features(network, cells, views=views, seed=options.seed, cache=options.cache)


def _slides(network: Network, options: Options) -> list[Outcome]:
    """Try twins that saw the slide around each cell and not the cell."""
    side = network.shape.side_px
    around = prepare(
        options.data, side_px=side, cache=options.cache, smoke=options.smoke, around=True
    )
    return outcomes(around, _look(network, around, options, views=1))


def _write(network: Network, cells: Cells, trials: Trials, options: Options) -> None:
    """Convert, measure what conversion changed, and write card and page."""
    options.out.mkdir(parents=True, exist_ok=True)
    part = parts(cells)
    few = SMOKE_CROPS if options.smoke else CALIBRATION_CROPS
    crops = _calibration_crops(cells.where(part == "train"), few, options.seed)
    (options.out / "model.tflite").write_bytes(to_tflite(network, crops))
    to_onnx(network, options.out / "model.onnx")
    bundles.write_trained_on(options.out, options.data, cells, part)
    scale, (low, high) = calibrated(trials.unseen), _band(trials)
    facts: dict[str, Any] = {
        "calibration": {
            "temperature": round(scale.temperature, 4),
            "offset": round(scale.offset, 4),
            "offset_note": "already within the network's scores; nothing is to be added",
            "fitted_on": "cells of sources that the twin that scored them had not seen",
            "thresholds_note": f"set where {MISSED:.0%} of blasts are called normal and "
            f"{FALSE_ALARMS:.0%} of normal cells blast, over ALL-IDB1 and taleqani alike, "
            "each scored by a twin that had seen no cell of it",
        },
        "thresholds": [low, high],
        "range": _as_json(_anywhere(network.shape.embedding)),
        "training": {"seed": options.seed, "views": options.views, "ridge": RIDGE}
        | {"weights": {f"{s} {label}": w for (s, label), w in WEIGHTS.items()}},
        "splits": bundles.split_lists(cells, part),
        "figures": {},
    }
    bundles.write_card(options.out, network.shape, facts)
    many = SMOKE_CROPS if options.smoke else SETTLING_CROPS
    learned = cells.where(usable_in(cells, part, "train"))
    _settle(network, options.out, _balanced(learned, many, np.random.default_rng(3)), crops)
    bundles.write_card(options.out, network.shape, facts)
    facts["range"] = _as_json(_range(options.out, cells, part, options.seed))
    bundles.write_card(options.out, network.shape, facts)


def _settle(network: Network, folder: Path, cells: Cells, crops: NDArray[np.uint8]) -> None:
    """Convert again with the mean error of int8 taken out of the scores (Nagel et al. 2019).

    Args:
        network: as it is; unchanged afterwards.
        folder: of the bundle, converted once.
        cells: learned from; every source and class counts alike.
        crops: for the ranges of int8.
    """
    rounded, _, _ = open_classifier(folder).outputs(cells.crops)
    error = (rounded - _float_scores(network, cells.crops)).mean(axis=0)
    settled = copy.deepcopy(network)
    with torch.no_grad():
        settled.score[0].bias -= torch.from_numpy(error)
    (folder / "model.tflite").write_bytes(to_tflite(settled, crops))


def _float_scores(network: Network, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.no_grad():
        parts = [
            network(to_input(part))[0][:, :, 0, 0] for part in torch.from_numpy(crops).split(64)
        ]
    return np.asarray(torch.cat(parts).numpy(), np.float32)


def _judge(
    network: Network,
    cells: Cells,
    seen: NDArray[np.float32],
    trials: Trials,
    options: Options,
) -> None:
    """Add all figures to the card, and write the page."""
    runs = open_classifier(options.out)
    scale, high = calibrated(trials.unseen), runs.card.thresholds[1]
    facts = dict(runs.card.raw)
    facts["figures"] = {
        "twins": trials.report(),
        "leave_one_source_out": leave_one_out(cells, seen, scale=scale, high=high),
        "held_out": as_json(held_out_figures(runs, cells)),
        "int8": _conversion(network, options.out, cells.where(parts(cells) == "test")),
    }
    facts["failures"] = write_failures(options.out, runs)
    bundles.write_card(options.out, network.shape, facts)
    write_page(options.out, TEMPLATE)
    print(json.dumps(facts["figures"], indent=1))


def _balanced(cells: Cells, count: int, random: np.random.Generator) -> Cells:
    """Draw cells with replacement, every source and class alike."""
    weight = balance(cells.source, cells.label.astype(str))
    return cells.where(random.choice(len(cells), count, p=weight / weight.sum()))


def _calibration_crops(cells: Cells, most: int, seed: int) -> NDArray[np.uint8]:
    """Pick real crops, every source and class alike, for the ranges of int8."""
    weight = balance(cells.source, cells.label.astype(str))
    random = np.random.default_rng(seed)
    count = min(most, len(cells))
    return cells.crops[random.choice(len(cells), count, replace=False, p=weight / weight.sum())]


def _band(trials: Trials) -> tuple[float, float]:
    """Set the unsure band over the two unseen sources, each and each class alike."""
    margin, blast, weight = together(trials.unseen)
    return thresholds(calibrated(trials.unseen).probability(margin), blast, weight)


def _anywhere(depth: int) -> TrainingRange:
    """Give a range that nothing lies outside of, for as long as the real one is not known."""
    centres, spreads = np.zeros((1, depth), np.float32), np.ones(depth, np.float32)
    return TrainingRange(centres, spreads, distance_limit=1e9, unusable_limit=1.0)


def _range(folder: Path, cells: Cells, part: NDArray[np.str_], seed: int) -> TrainingRange:
    """Find where the int8 network puts cells it learned from, and where held-out ones end."""
    runs = open_classifier(folder)
    _, embedding, _ = runs.outputs(cells.crops[usable_in(cells, part, "train")])
    scores, beside, _ = runs.outputs(cells.crops[usable_in(cells, part, "validation")])
    return with_limits(training_range(embedding, seed=seed), scores, beside)


def _as_json(known: TrainingRange) -> dict[str, Any]:
    return {
        "centres": [[round(float(v), 3) for v in row] for row in known.centres],
        "spreads": [round(float(v), 4) for v in known.spreads],
        "distance_limit": known.distance_limit,
        "unusable_limit": known.unusable_limit,
    }


def _conversion(network: Network, folder: Path, tested: Cells) -> dict[str, Any]:
    """Measure what int8 changed: AUC and probabilities, float beside int8."""
    usable = (tested.label == BLAST) | (tested.label == NORMAL)
    chosen = tested.where(usable & (tested.source == "taleqani"))
    runs = open_classifier(folder)
    scores = _float_scores(network, chosen.crops)
    margin = (scores[:, BLAST] - scores[:, NORMAL]).astype(np.float64)
    exact = 1 / (1 + np.exp(-margin / runs.card.temperature))
    rounded = runs.predict(chosen.crops).blast_probability.astype(np.float64)
    blast = chosen.label == BLAST
    loss = auc(blast, exact) - auc(blast, rounded)
    gap = np.abs(exact - rounded)
    return {
        "auc_loss": round(loss, 5),
        "probability_gap_mean": round(float(gap.mean()), 5),
        "probability_gap_p99": round(float(np.quantile(gap, 0.99)), 5),
        "cells": len(chosen),
        "sentence": f"int8 instead of float changes the AUC by {-loss:+.4f} and probabilities by "
        f"{gap.mean():.3f} on average ({np.quantile(gap, 0.99):.3f} in one of a hundred cells), "
        f"on {len(chosen)} cells of taleqani blocks not trained on.",
    }


if __name__ == "__main__":
    main()
