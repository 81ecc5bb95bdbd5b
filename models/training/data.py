"""Makes the table of training cells from the data folder, once, and keeps it.

python -m models.training.data DATA [--side 128]
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from tqdm import tqdm

from appliance.pipeline import cells as cells_module
from appliance.pipeline import crops as crops_module
from models.training import sources, unusable
from models.training.cells_table import Cells, load, save, table

CACHE = Path("build") / "training"
SMOKE_EVERY = 40  # one picture in so many makes a table for a quick trial


def prepare(
    data: Path, *, side_px: int, cache: Path = CACHE, smoke: bool = False, around: bool = False
) -> Cells:
    """Give the table of all cells, from the cache where code and data are those it was made with.

    Args:
        data: folder with labels.csv.
        side_px: edge of the crops.
        cache: folder that keeps the table, some hundreds of megabytes.
        smoke: take only a few pictures of each block.
        around: show the slide around the cells instead, of the sources that have both classes.
    """
    path = cache / f"cells-{_fingerprint(data, side_px, smoke=smoke, around=around)}.npz"
    if path.exists():
        return load(path)
    entries = sources.pictures(data)
    if around:
        entries = [entry for entry in entries if entry["source"] in sources.BOTH_CLASSES]
    if smoke:
        entries = entries[::SMOKE_EVERY]
    cut = sources.Cut(side_px, around=around)
    rows = []
    for entry in tqdm(entries, desc="finding cells", unit="picture"):
        rows += sources.READERS[entry["source"]](data, entry, cut)
    cells = table(rows)
    if not around:
        cells = unusable.add(cells, np.random.default_rng(20))
    save(cells, path)
    return cells


def _fingerprint(data: Path, side_px: int, *, smoke: bool, around: bool) -> str:
    """Hash what the table depends on: the list of pictures and the code that cuts cells."""
    digest = hashlib.sha256(f"{side_px} {smoke} {around}".encode())
    digest.update((data / "labels.csv").read_bytes())
    for module in (cells_module, crops_module, sources, unusable):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    """Make the table and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    cells = prepare(given.data, side_px=given.side, smoke=given.smoke)
    for source in np.unique(cells.source):
        labels, counts = np.unique(cells.label[cells.source == source], return_counts=True)
        print(source, dict(zip(labels.tolist(), counts.tolist(), strict=True)))


if __name__ == "__main__":
    main()
