"""Makes the table of training cells from the data folder, once, and keeps it.

python -m models.training.data DATA [--side 128]
"""

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from tqdm import tqdm

import appliance.pipeline
from models.training import foreign_slides, sources, strangers, unusable
from models.training.cells_table import Cells, joined, load, save, table

STAGES = Path(appliance.pipeline.__path__[0])
FINDING = (
    "absorbance",
    "bodies",
    "cells",
    "crops",
    "halves",
    "lobes",
    "nuclei",
    "outlines",
    "ruler",
    "silhouettes",
    "surround",
)
"""Modules that say what is a cell and how it is cut: with another of them, another table."""
MAKERS = (unusable, strangers, foreign_slides)
CACHE = Path("build") / "training"
SMOKE_EVERY, SMOKE_LEAST = 40, 4  # one picture in so many makes a table for a quick trial


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
    mark = _fingerprint(data, side_px, smoke=smoke, around=around)
    real = _kept(cache / f"cells-{mark}.npz", lambda: _real(data, side_px, smoke, around))
    if around:
        return real
    mark = _hash(mark.encode(), *(_source_of(module) for module in MAKERS))
    return joined(real, _kept(cache / f"made-{mark}.npz", lambda: _made(real, side_px, smoke)))


def _kept(path: Path, make: Callable[[], Cells]) -> Cells:
    """Give a table from its file, or make it and keep it."""
    if not path.exists():
        save(make(), path)
    return load(path)


def _real(data: Path, side_px: int, smoke: bool, around: bool) -> Cells:
    entries = sources.pictures(data)
    if around:
        entries = [entry for entry in entries if entry["source"] in sources.BOTH_CLASSES]
    if smoke:
        entries = _few(entries)
    cut = sources.Cut(side_px, around=around)
    rows = []
    for entry in tqdm(entries, desc="finding cells", unit="picture"):
        rows += sources.READERS[entry["source"]](data, entry, cut)
    return table(rows)


def _few(entries: list[sources.Listing]) -> list[sources.Listing]:
    """Take one picture in SMOKE_EVERY of each source and label, but at least a few of each."""
    kinds: dict[tuple[str, str], list[sources.Listing]] = defaultdict(list)
    for entry in entries:
        kinds[entry["source"], entry["label"]].append(entry)
    return [
        entry
        for members in kinds.values()
        for entry in members[:: max(min(SMOKE_EVERY, len(members) // SMOKE_LEAST), 1)]
    ]


def _made(real: Cells, side_px: int, smoke: bool) -> Cells:
    each = 2 if smoke else unusable.PICTURES
    spoilt = unusable.spoil(real, np.random.default_rng(20))
    pictures = tqdm(unusable.drawn(each), desc="drawing what is no smear", unit="picture")
    found = [row for drawn in pictures for row in unusable.found_in(*drawn, side_px=side_px)]
    return joined(spoilt, table(found))


def _fingerprint(data: Path, side_px: int, *, smoke: bool, around: bool) -> str:
    """Hash what the table depends on: the list of pictures and the code that cuts cells."""
    return _hash(
        f"{side_px} {smoke and (SMOKE_EVERY, SMOKE_LEAST)} {around}".encode(),
        (data / "labels.csv").read_bytes(),
        _source_of(sources),
        *((STAGES / f"{name}.py").read_bytes() for name in FINDING),
    )


def _source_of(module: ModuleType) -> bytes:
    return Path(str(module.__file__)).read_bytes()


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
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
