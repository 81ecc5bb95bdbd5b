"""How many verified cells a site head needs: support drawn from some groups, tried on others.

The same on a laboratory's own cells and, in `models.training.learning_curve`, on sources that the
network never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.figures import auc, calibration_error
from models.head_fitting import SiteCells, fit
from models.site_head import log_odds

SIZES = (0, 10, 20, 50, 100)
DRAWS = 20
TESTED = 1 / 3
"""Share of each class, in whole blocks, that is kept for testing."""


@dataclass(frozen=True, slots=True)
class Point:
    """One size of support, over all draws."""

    cells: int
    draws: int
    auc: float
    """Mean over the draws."""
    auc_low: float
    """2.5 % and 97.5 % of the draws."""
    auc_high: float
    calibration_error: float
    """Of the test cells of all draws together, since those of one are too few to bin."""


def curve(
    cells: SiteCells,
    *,
    sizes: Sequence[int] = SIZES,
    draws: int = DRAWS,
    seed: int = 0,
    judged: NDArray[np.str_] | None = None,
) -> list[Point]:
    """Draw support from some blocks, fit a head, and test it on the cells of the others.

    Args:
        cells: of one source, with a network's probability and embedding that never saw it.
        sizes: cells of support; 0 is the network alone. Sizes that the smallest support cannot
            fill are left out, and draws that leave a class out of support or test.
        draws: for each size; the same blocks are kept for testing at every size.
        seed: of the draws.
        judged: (n,) what each cell's label was given to, where that was not the cell: a field. It
            is judged as a whole then, by the mean log-odds of its cells.
    """
    every = [_tested(cells, np.random.default_rng([seed, draw])) for draw in range(draws)]
    splits = [tested for tested in every if _is_fair(cells.blast, tested)]
    room = min((int((~tested).sum()) for tested in splits), default=-1)
    whole = np.arange(len(cells)) if judged is None else np.unique(judged, return_inverse=True)[1]
    return [_point(cells, whole, splits, size, seed) for size in sizes if size <= room]


def _is_fair(blast: NDArray[np.bool_], tested: NDArray[np.bool_]) -> bool:
    """Tell whether there are two cells of either class to draw, and one to test."""
    free = [int((kind & ~tested).sum()) for kind in (blast, ~blast)]
    held = [int((kind & tested).sum()) for kind in (blast, ~blast)]
    return min(free) >= 2 and min(held) >= 1


def _point(
    cells: SiteCells,
    whole: NDArray[np.intp],
    splits: list[NDArray[np.bool_]],
    size: int,
    seed: int,
) -> Point:
    found, truths, said = [], [], []
    for draw, tested in enumerate(splits):
        held = cells.where(tested)
        probability = held.probability
        if size:
            chosen = _drawn(cells.blast, ~tested, size, np.random.default_rng([seed, draw, size]))
            head = fit(cells.where(chosen)).linear
            probability = head.probability(held.embedding, held.probability)
        truth, exact = _as_whole(held.blast, log_odds(probability), whole[tested])
        found.append(auc(truth, exact))
        truths.append(truth)
        said.append(exact)
    low, high = np.quantile(found, [0.025, 0.975])
    error = calibration_error(np.concatenate(truths), np.concatenate(said))
    return Point(size, len(splits), float(np.mean(found)), float(low), float(high), error)


def _as_whole(
    blast: NDArray[np.bool_], margin: NDArray[np.float64], whole: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Give truth and probability of what cells belong to, by the mean of their log-odds."""
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    mean = np.bincount(place, margin) / np.bincount(place)
    return blast[first], np.asarray(expit(mean), np.float64)


def _tested(cells: SiteCells, random: np.random.Generator) -> NDArray[np.bool_]:
    """Keep whole blocks of each class for testing, until TESTED of its cells are reached."""
    tested = np.zeros(len(cells), np.bool_)
    for blast in (False, True):
        mine = cells.blast == blast
        names = np.unique(cells.group[mine])
        random.shuffle(names)
        for name in names[:-1]:  # one block of each class is always left to draw from
            if (tested & mine).sum() >= TESTED * mine.sum():
                break
            tested |= cells.group == name
    return tested


def _drawn(
    blast: NDArray[np.bool_], free: NDArray[np.bool_], size: int, random: np.random.Generator
) -> NDArray[np.intp]:
    """Draw cells as mixed as they are, but at least two of either class."""
    blasts, normals = np.flatnonzero(blast & free), np.flatnonzero(~blast & free)
    wanted = round(size * len(blasts) / (len(blasts) + len(normals)))
    count = min(max(wanted, 2, size - len(normals)), size - 2, len(blasts))
    parts = random.choice(blasts, count, False), random.choice(normals, size - count, False)
    return np.sort(np.concatenate(parts))
