"""How many verified cells a site head needs: support drawn from some groups, tried on others.

The same on a laboratory's own cells and, in `models.training.learning_curve`, on sources that the
network never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.figures import auc, calibration_error
from models.head_fitting import SiteCells, fit

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
    cells: SiteCells, *, sizes: Sequence[int] = SIZES, draws: int = DRAWS, seed: int = 0
) -> list[Point]:
    """Draw support from some blocks, fit a head, and test it on the cells of the others.

    Args:
        cells: of one source, with a network's probability and embedding that never saw it.
        sizes: cells of support; 0 is the network alone. Sizes that the smallest support cannot
            fill are left out, and draws that leave a class out of support or test.
        draws: for each size; the same blocks are kept for testing at every size.
        seed: of the draws.
    """
    every = [_tested(cells, np.random.default_rng([seed, draw])) for draw in range(draws)]
    splits = [tested for tested in every if _is_fair(cells.blast, tested)]
    room = min((int((~tested).sum()) for tested in splits), default=-1)
    return [_point(cells, splits, size, seed) for size in sizes if size <= room]


def _is_fair(blast: NDArray[np.bool_], tested: NDArray[np.bool_]) -> bool:
    """Tell whether there are two cells of either class to draw, and one to test."""
    free = [int((kind & ~tested).sum()) for kind in (blast, ~blast)]
    held = [int((kind & tested).sum()) for kind in (blast, ~blast)]
    return min(free) >= 2 and min(held) >= 1


def _point(cells: SiteCells, splits: list[NDArray[np.bool_]], size: int, seed: int) -> Point:
    found, truths, said = [], [], []
    for draw, tested in enumerate(splits):
        held = cells.where(tested)
        probability = held.probability
        if size:
            chosen = _drawn(cells.blast, ~tested, size, np.random.default_rng([seed, draw, size]))
            head = fit(cells.where(chosen)).linear
            probability = head.probability(held.embedding, held.probability)
        exact = probability.astype(np.float64)
        found.append(auc(held.blast, exact))
        truths.append(held.blast)
        said.append(exact)
    low, high = np.quantile(found, [0.025, 0.975])
    error = calibration_error(np.concatenate(truths), np.concatenate(said))
    return Point(size, len(splits), float(np.mean(found)), float(low), float(high), error)


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
