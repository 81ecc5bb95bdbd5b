"""Form and texture of every real cell of the table, measured once and kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from appliance.pipeline import morphology
from appliance.pipeline.morphology import NUMBERS, as_columns, measure
from appliance.vocabulary import FoundCell, Morphology, Pixels
from models.training.cells_table import Cells
from models.training.data import CACHE
from models.training.sources import READERS, Cut, pictures

Found = list[Morphology | None]


@dataclass(frozen=True, slots=True)
class Measuring(Cut):
    """Measures the cells that a source gives instead of cutting them out."""

    found: Found = field(default_factory=list)

    def __call__(
        self, pixels: Pixels, cells: Sequence[FoundCell]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Give empty crops and masks, one for each cell."""
        self.found.extend(measure(pixels, cells))
        return np.zeros((len(cells), 1, 1, 3), np.uint8), np.zeros((len(cells), 1, 1), np.uint8)


def measured(data: Path, cells: Cells, *, cache: Path = CACHE) -> NDArray[np.float32]:
    """Measure the real cells of the table, once; from the cache where they were before.

    Returns:
        (n, len(NUMBERS)) in the order of the table; NaN for what was made up, and where a number
        is not known.

    Raises:
        ValueError: the table was made with another finder.
    """
    rows = np.flatnonzero(np.isin(cells.source, list(READERS)))
    mark = hashlib.sha256("".join(cells.picture[rows]).encode())
    mark.update(cells.crops[rows[::7]].tobytes())
    mark.update(Path(str(morphology.__file__)).read_bytes())
    path = cache / f"numbers-{mark.hexdigest()[:12]}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part.npy")
        np.save(half, _measured(data, cells.picture[rows].tolist()))
        half.replace(path)
    numbers = np.full((len(cells), len(NUMBERS)), np.nan, np.float32)
    numbers[rows] = np.load(path)
    return numbers


def _measured(data: Path, expected: list[str]) -> NDArray[np.float32]:
    """Find the cells of all pictures again and measure them; the table's must come out."""
    few = set(expected)
    cut = Measuring(1)
    names: list[str] = []
    for entry in tqdm(pictures(data), desc="measuring cells", unit="picture"):
        if entry["file"] in few:
            names += [row.picture for row in READERS[entry["source"]](data, entry, cut)]
    if names != expected:
        raise ValueError("the cells found are not those of the table")
    return as_columns(cut.found)
