"""Who learns from what and is judged on what. Nothing here is random: blocks are numbered.

Every fifth block of a source (number 0, 5, …) is for testing and the one after it (1, 6, …) for
choosing thresholds; neither is ever trained on. `allidb1` has only four series, two of each
class, so the released network learns from all four and is judged by twins: networks of the same
recipe that did not see the series, or the source, they are tried on. `allidb2` is cut from
`allidb1` and is never trained on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models.training.cells_table import UNUSABLE, Cells
from models.training.unusable import SPOILT

Mask = NDArray[np.bool_]
ALLIDB = ("allidb1", "allidb2")
SERIES = (("series02", "series05"), ("series04", "series06"))
"""Of allidb1, with blasts and without; series02 holds all the Olympus fields."""
EVERY = 5


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A twin of the released network: what it learns from and what it is tried on."""

    name: str
    learns: Mask
    tests: tuple[tuple[str, Mask], ...]
    """(what is tested, its cells)."""


def origin(cells: Cells) -> NDArray[np.str_]:
    """Give the source each cell comes from; a made one comes from that of its model."""
    of_made = np.array([block.split("/")[0] for block in cells.block])
    return np.where(cells.source == SPOILT, of_made, cells.source)


def origin_block(cells: Cells) -> NDArray[np.str_]:
    """Give the block each cell comes from, without its source."""
    return np.array([block.split("/")[-1] for block in cells.block])


def parts(cells: Cells) -> NDArray[np.str_]:
    """Say for each cell whether the released network may learn from it.

    Returns:
        (n,) of train, validation, test; "twin" for allidb2.
    """
    pairs = zip(origin(cells).tolist(), origin_block(cells).tolist(), strict=True)
    return np.array([part_of(*pair) for pair in pairs], "U10")


def part_of(source: str, block: str) -> str:
    """Say what may be done with a block: train, validation, test, or twin."""
    if source in ALLIDB:
        return "twin" if source == "allidb2" else "train"
    return {0: "test", 1: "validation"}.get(_number(block) % EVERY, "train")


def _number(block: str) -> int:
    """Read the 7 of "early:7"."""
    last = block.rpartition(":")[2]
    return int(last) if last.isdigit() else -1


def trials(cells: Cells) -> Iterator[Trial]:
    """List the twins whose figures are published."""
    source, block = origin(cells), origin_block(cells)
    judged = cells.label < UNUSABLE
    one, two = (judged & (cells.source == name) for name in ALLIDB)
    elsewhere = ~np.isin(source, ALLIDB)
    yield Trial("no cell of ALL-IDB", elsewhere, (("allidb1", one), ("allidb2", two)))
    near, far = ~np.isin(source, ("taleqani", "allidb2")), judged & (cells.source == "taleqani")
    yield Trial("no cell of taleqani", near, (("taleqani", far),))
    for unknown in product(*SERIES):
        mine = (source == "allidb1") & ~np.isin(_series(block), unknown)
        tested = one & np.isin(_series(block), unknown)
        name = " and ".join(unknown)
        yield Trial(f"no cell of {name}", elsewhere | mine, ((f"allidb1 {name}", tested),))


def _series(block: NDArray[np.str_]) -> NDArray[np.str_]:
    """Read the series of "series05" and of "series05:Im048_1"."""
    return np.array([name.split(":")[0] for name in block])
