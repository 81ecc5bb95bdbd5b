"""How many verified cells a site head needs at a microscope that the network never saw.

    python -m models.training.learning_curve ../shared/data [--bundle FOLDER] [--out FOLDER]

The network's own probability is that of a stand-in: a head fitted on the bundle's embedding to
every source but the one that is tried. So no label of that source is ever behind a figure. The
axes of the embedding are the bundle's; where its trunk or axes learned from the source, use the
arrays of a twin instead: `models.learning_curve.curve` takes any.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.settings import Settings
from models.head_fitting import SiteCells, fit
from models.learning_curve import SIZES, Point, curve
from models.litert import open_classifier
from models.training.cells_table import BLAST, UNUSABLE, Cells
from models.training.data import CACHE, prepare
from models.training.folds import ALLIDB, origin, origin_block

BUNDLES = Path(__file__).parents[1] / "bundles"
MOST = {"taleqani": 1500, "allidb1": 1500, "pbc": 400, "bccd": 100, "wbcseg1": 100}
"""Cells of a source and class that the stand-in learns from; few of the sources without blasts."""


def stand_in(
    cells: Cells, embedding: NDArray[np.float32], away: Sequence[str]
) -> NDArray[np.float32]:
    """Give each cell's probability by a head that saw no cell of some sources, (n,)."""
    random = np.random.default_rng(1)
    source = origin(cells)
    chosen = []
    for name, most in MOST.items():
        for label in range(UNUSABLE):
            rows = np.flatnonzero((source == name) & (cells.label == label))
            if name not in away:
                chosen.append(random.permutation(rows)[:most])
    rows = np.sort(np.concatenate(chosen))
    nothing = np.full(len(cells), 0.5, np.float32)
    everything = SiteCells(embedding, nothing, cells.label == BLAST, cells.block)
    return fit(everything.where(rows)).linear.probability(embedding, nothing)


def trials(cells: Cells, embedding: NDArray[np.float32]) -> Iterator[tuple[str, SiteCells]]:
    """Give every source that has both classes, as if it were a laboratory's own microscope."""
    source, judged = origin(cells), (cells.label < UNUSABLE) & (cells.label >= 0)
    blast = cells.label == BLAST
    without = stand_in(cells, embedding, ALLIDB)
    for name in ALLIDB:
        site = SiteCells(embedding, without, blast, cells.picture).where(judged & (source == name))
        if name == "allidb2":  # cut from fields of allidb1: cells of one field stay together
            site = replace(site, group=origin_block(cells)[judged & (source == name)])
        yield f"{name}, by field", site
    yield from _by_series(cells, embedding, without)
    far = judged & (source == "taleqani")
    without = stand_in(cells, embedding, ("taleqani",))
    blocks = SiteCells(embedding, without, blast, cells.block)
    yield "taleqani, by block (labels of fields)", blocks.where(far)


def _by_series(
    cells: Cells, embedding: NDArray[np.float32], without: NDArray[np.float32]
) -> Iterator[tuple[str, SiteCells]]:
    mine = (cells.source == "allidb2") & (cells.label < UNUSABLE)
    series = np.array([block.split(":")[0] for block in origin_block(cells)])
    site = SiteCells(embedding, without, cells.label == BLAST, series)
    yield "allidb2, by series (one sitting of each class)", site.where(mine)


def as_page(found: dict[str, list[Point]]) -> str:
    """Write the curves as Markdown."""
    lines = [
        "# Learning curve of the site head",
        "",
        "Mean AUC of the draws (95 % of them) / calibration error of all their test cells.",
        "",
        "| source, never trained on | " + " | ".join(f"{size} cells" for size in SIZES) + " |",
        "|---" * (len(SIZES) + 1) + "|",
    ]
    for name, points in found.items():
        known = {point.cells: point for point in points}
        cells = [_cell(known[size]) if size in known else "" for size in SIZES]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(point: Point) -> str:
    return (
        f"{point.auc:.3f} ({point.auc_low:.3f} to {point.auc_high:.3f}) / "
        f"{point.calibration_error:.3f}"
    )


def main() -> None:
    """Read the command line, try every source, and write learning_curve.json and .md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with labels.csv")
    parser.add_argument("--bundle", type=Path, default=BUNDLES / Settings(data=Path()).model)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=Path("build") / "evaluation")
    given = parser.parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    cells = prepare(given.data, side_px=classifier.card.side_px, cache=given.cache)
    embedding = classifier.predict(cells.crops).embedding
    found = {name: curve(site) for name, site in trials(cells, embedding)}
    given.out.mkdir(parents=True, exist_ok=True)
    listed = {name: [asdict(point) for point in points] for name, points in found.items()}
    kept = {"model": classifier.card.id, "sha256": classifier.card.sha256, "curves": listed}
    text = json.dumps(kept, indent=1) + "\n"
    (given.out / "learning_curve.json").write_text(text, "utf-8")
    page = as_page(found)
    (given.out / "learning_curve.md").write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main()
