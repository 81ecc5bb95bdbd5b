"""Does morphology help a site head at a microscope that the network never saw?

    python -m models.training.morphology_trial ../shared/data [--bundle FOLDER] [--out FOLDER]

First without any cell of the source, then with some: support and test cells are drawn as
`learning_curve` does, and the same head is fitted to the embedding, to the embedding with the
numbers of `pipeline.morphology` beside it, and to these numbers alone.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.morphology import NUMBERS
from models.figures import auc
from models.head_fitting import SiteCells, leaning
from models.learning_curve import Point, curve
from models.litert import open_classifier
from models.site_head import Numbers
from models.training.cells_table import BLAST, UNUSABLE, Cells
from models.training.data import prepare
from models.training.folds import ALLIDB
from models.training.learning_curve import STRONGEST, stand_in
from models.training.measuring import measured
from models.training.trying import command_line, keep

SIZES = (10, 20, 50, 100)
FORM = (
    "nucleus_to_red_cell",
    "cell_to_red_cell",
    "nucleus_share",
    "nucleus_to_cytoplasm",
    "circularity",
    "solidity",
    "axis_ratio",
    "lobes",
)
"""What does not depend on stain, focus and resolution."""
EVERYWHERE = tuple(name for name in NUMBERS if not name.endswith("_px"))
"""What means the same at every microscope."""
SITES = {
    "allidb1": (ALLIDB, "picture"),
    "allidb2": (ALLIDB, "block"),
    "taleqani": (("taleqani",), "block"),
}
"""Sources the stand-in must not know, and what is never torn apart."""


def filled(numbers: NDArray[np.float32], names: Sequence[str] = NUMBERS) -> NDArray[np.float32]:
    """Take some of the numbers, the usual where one is not known, as deviations from the usual."""
    chosen = numbers[:, [NUMBERS.index(name) for name in names]]
    known = Numbers.of(names, chosen).beside(chosen[:, :0], chosen)
    spread = np.maximum(known.std(axis=0), 1e-6)
    return np.asarray((known - known.mean(axis=0)) / spread, np.float32)


def with_numbers(site: SiteCells, numbers: NDArray[np.float32], *, alone: bool) -> SiteCells:
    """Put the numbers beside the embedding, or in its place and the network's."""
    scaled = filled(numbers)
    if alone:
        nothing = np.full(len(site), 0.5, np.float32)
        return replace(site, embedding=scaled, probability=nothing)
    return replace(site, embedding=np.column_stack([site.embedding, scaled]).astype(np.float32))


def unseen(
    cells: Cells, embedding: NDArray[np.float32], numbers: NDArray[np.float32]
) -> dict[str, dict[str, float]]:
    """Give the AUC on cells of sources whose labels nothing learned from, without site cells."""
    beside = {"embedding": embedding[:, :0], "embedding and form": filled(numbers, FORM)}
    beside["embedding and all numbers"] = filled(numbers, EVERYWHERE)
    found: dict[str, dict[str, float]] = {}
    for what, more in beside.items():
        wide = np.column_stack([embedding, more]).astype(np.float32)
        found[what] = {name: _unseen(cells, wide, name) for name in SITES}
    found["form alone"] = {name: _unseen(cells, filled(numbers, FORM), name) for name in SITES}
    share = numbers[:, NUMBERS.index("nucleus_share")].astype(np.float64)
    found["nucleus' share of the cell, nothing fitted"] = {
        name: auc(cells.label[rows] == BLAST, share[rows])
        for name in SITES
        for rows in [_judged(cells, name) & ~np.isnan(share)]
    }
    return found


def _judged(cells: Cells, source: str) -> NDArray[np.bool_]:
    return (cells.source == source) & (cells.label < UNUSABLE) & (cells.label >= 0)


def _unseen(cells: Cells, columns: NDArray[np.float32], name: str) -> float:
    rows = _judged(cells, name)
    said = stand_in(cells, columns, SITES[name][0])[rows]
    return auc(cells.label[rows] == BLAST, said.astype(np.float64))


def tried(
    cells: Cells, embedding: NDArray[np.float32], numbers: NDArray[np.float32]
) -> dict[str, dict[str, list[Point]]]:
    """Draw the three curves at every source."""
    found = {}
    for name, (away, group) in SITES.items():
        rows = _judged(cells, name)
        groups = getattr(cells, group)
        said = stand_in(cells, embedding, away)
        site = SiteCells(embedding, said, cells.label == BLAST, groups).where(rows)
        both = with_numbers(site, numbers[rows], alone=False)
        known = Numbers.of(NUMBERS, both.embedding[:, -len(NUMBERS) :])
        alone = with_numbers(site, numbers[rows], alone=True)
        found[name] = {
            "embedding": curve(site, sizes=SIZES),
            "embedding and morphology": curve(both, sizes=SIZES),
            "and the nucleus' share leant on": curve(leaning(both, known), sizes=SIZES),
            "morphology alone": curve(alone, sizes=SIZES),
        }
    return found


def as_page(found: dict[str, dict[str, list[Point]]], without: dict[str, dict[str, float]]) -> str:
    """Write the figures as Markdown."""
    lines = ["# Morphology", "", "AUC on cells of a source without any cell of it:", ""]
    lines += [f"| head on | {' | '.join(SITES)} |", "|---" * (len(SITES) + 1) + "|"]
    for what, areas in without.items():
        lines.append(f"| {what} | " + " | ".join(f"{areas[name]:.3f}" for name in SITES) + " |")
    lines += ["", "With a site head: mean AUC of 20 draws / calibration error:", ""]
    lines.append("| source | head on | " + " | ".join(f"{size} cells" for size in SIZES) + " |")
    lines.append("|---" * (len(SIZES) + 2) + "|")
    for source, curves in found.items():
        for what, points in curves.items():
            known = {point.cells: _shown(point) for point in points}
            cells = [known.get(size, "") for size in SIZES]
            lines.append(f"| {source} | {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _shown(point: Point) -> str:
    return f"{point.auc:.3f} / {point.calibration_error:.3f}"


def main() -> None:
    """Read the command line, try, and write morphology.json and .md."""
    given = command_line(__doc__).parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    cells = prepare(given.data, side_px=classifier.card.side_px, cache=given.cache)
    numbers = measured(given.data, cells, cache=given.cache)
    embedding = classifier.predict(cells.crops).embedding[:, :STRONGEST]
    without = unseen(cells, embedding, numbers)
    found = tried(cells, embedding, numbers)
    curves = {
        source: {what: [asdict(point) for point in points] for what, points in each.items()}
        for source, each in found.items()
    }
    kept = {"sha256": classifier.card.sha256, "without_site_cells": without, "curves": curves}
    keep(given.out, "morphology", kept, as_page(found, without))


if __name__ == "__main__":
    main()
