"""Tries twins of the released network on what they never saw, beside one that sees only slides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.figures import auc_figure, with_interval
from models.figures import calibration_error as error_of
from models.training.calibrate import Scaling, balance, scaling
from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.figures import rate_figure
from models.training.folds import Trial, origin_block, trials
from models.training.head import fit_head

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one twin said of cells of a source or series it had not seen."""

    without: str
    tested: str
    margin: NDArray[np.float64]
    """(n,) blast score less normal score."""
    blast: NDArray[np.bool_]
    block: NDArray[np.str_]


def outcomes(cells: Cells, features: Features) -> list[Outcome]:
    """Fit and try every twin.

    Args:
        cells: n cells.
        features: (views, n, d); twins learn from all views and are tried on the first.
    """
    found = []
    for trial in trials(cells):
        if _has_both_classes(cells, trial):
            head = fit_head(features[:, trial.learns], cells.where(trial.learns))
            found += [
                _outcome(trial, cells, head.scores(features[0]), *test) for test in trial.tests
            ]
    return found


def _has_both_classes(cells: Cells, trial: Trial) -> bool:
    """A quick trial on a few pictures may have lost a class."""
    return {BLAST, NORMAL} <= set(cells.label[trial.learns].tolist())


def _outcome(
    trial: Trial,
    cells: Cells,
    scores: NDArray[np.float64],
    tested: str,
    chosen: NDArray[np.bool_],
) -> Outcome:
    return Outcome(
        without=trial.name,
        tested=tested,
        margin=(scores[:, BLAST] - scores[:, NORMAL])[chosen],
        blast=cells.label[chosen] == BLAST,
        block=_pictures(cells)[chosen],
    )


def _pictures(cells: Cells) -> NDArray[np.str_]:
    """Blocks to draw from for an interval: taleqani's runs of frames, else single pictures.

    The series of ALL-IDB1 are four, too few to draw from, so its intervals are over fields and
    too narrow by what one sitting has in common.
    """
    loose = cells.source != "taleqani"
    return np.where(loose, cells.picture, origin_block(cells))


def calibrated(outcomes: Sequence[Outcome]) -> Scaling:
    """Fit temperature and offset to what twins said, every source and each class alike."""
    margin, blast, weight = together(outcomes)
    return scaling(margin, blast, weight)


def together(
    outcomes: Sequence[Outcome],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Give margins and truths of several outcomes, and weights under which they count alike."""
    margin = np.concatenate([o.margin for o in outcomes])
    blast = np.concatenate([o.blast for o in outcomes])
    source = np.concatenate([np.full(len(o.margin), o.tested) for o in outcomes])
    return margin, blast, balance(source, blast)


def elsewhere(outcome: Outcome, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Pick what was said of the other unseen source: all that may calibrate this outcome."""
    other = "allidb1" if outcome.tested == "taleqani" else "taleqani"
    found = [o for o in outcomes if o.tested == other]
    return found or list(outcomes)  # a quick trial may have lost it


def report(
    outcome: Outcome, background: Outcome | None, others: Sequence[Outcome]
) -> dict[str, Any]:
    """Give the figures of a twin as a card has them.

    Args:
        outcome: of the twin.
        background: of the twin that saw the slide alone.
        others: what calibrates it; nothing of the source that is tried.
    """
    probability = calibrated(others).probability(outcome.margin)
    called = probability >= 0.5
    blast, block = outcome.blast, outcome.block
    entry = {
        "trained_without": outcome.without,
        "tested_on": outcome.tested,
        "auc": auc_figure(blast, outcome.margin, block).as_json(),
        "sensitivity": _rate(called, blast, block),
        "specificity": _rate(~called, ~blast, block),
        "calibration_error": with_interval(
            lambda rows: error_of(blast[rows], probability[rows]), block
        ).as_json(),
    }
    if background is not None:
        alone = auc_figure(background.blast, background.margin, background.block)
        entry["background_only_auc"] = alone.as_json()
    return entry


def _rate(
    hit: NDArray[np.bool_], among: NDArray[np.bool_], block: NDArray[np.str_]
) -> dict[str, Any]:
    return rate_figure(hit[among], block[among]).as_json() if among.any() else {}


def usable_in(cells: Cells, part: NDArray[np.str_], name: str) -> NDArray[np.bool_]:
    """Pick the usable cells of one part of the split."""
    return (part == name) & (cells.label < UNUSABLE) & (cells.label >= 0)
