"""How many verified cells a site head needs at a microscope that the network never saw.

    python -m models.training.learning_curve ../shared/data [--bundle FOLDER] [--out FOLDER]

The network is a twin: the whole recipe without the source that is tried, probability and
embedding both, as training left it in build/training. Where there is none, a stand-in: a head
fitted on the bundle's embedding to every other source. So no label of the source is ever behind a
figure. As at a laboratory, the head is fitted to form and texture, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.morphology import NUMBERS
from models.head_fitting import SiteCells, fit, leaning
from models.learning_curve import SIZES, Point, curve
from models.litert import open_classifier
from models.site_head import Numbers
from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.data import prepare
from models.training.folds import origin, origin_block
from models.training.measuring import measured
from models.training.trying import command_line, keep
from models.training.twin_arrays import AWAY, Twin, load_twins, twins_file

STRONGEST = 64
"""Axes of the embedding that a head for other sources is fitted to: the rest is of the sources."""
MOST = {"taleqani": 1500, "allidb1": 1500, "pbc": 400, "bccd": 100, "wbcseg1": 100}
"""Cells of a source and class that the stand-in learns from; few of the sources without blasts."""


FIELDS = "taleqani, by block, fields judged by their cells"


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


def strangers(
    cells: Cells, embedding: NDArray[np.float32], twins: Mapping[str, Twin]
) -> dict[str, Twin]:
    """Give what a network that never saw each source says: its twin, or else a stand-in."""
    if twins:
        return dict(twins)
    strongest = embedding[:, :STRONGEST]
    return {name: Twin(stand_in(cells, strongest, away), embedding) for name, away in AWAY.items()}


def trials(
    cells: Cells, strange: Mapping[str, Twin], numbers: NDArray[np.float32]
) -> Iterator[tuple[str, SiteCells, NDArray[np.str_] | None]]:
    """Give every source that has both classes, as if it were a laboratory's own microscope.

    Args:
        cells: n cells.
        strange: as `strangers` gives them.
        numbers: (n, k) form and texture; NaN where not known.

    Yields:
        Its name, its cells, and the field of each where fields are judged and not cells.
    """
    series = np.array([block.split(":")[0] for block in origin_block(cells)])
    for name, away, source, group in (
        ("allidb1, by field", "allidb", "allidb1", cells.picture),
        # Cut from fields of allidb1: cells of one field stay together.
        ("allidb2, by field", "allidb", "allidb2", origin_block(cells)),
        ("allidb2, by series (one sitting of each class)", "allidb", "allidb2", series),
        ("taleqani, by block (labels of fields)", "taleqani", "taleqani", cells.block),
        (FIELDS, "taleqani", "taleqani", cells.block),
    ):
        mine = (cells.source == source) & np.isin(cells.label, (BLAST, NORMAL))
        known = Numbers.of(NUMBERS, numbers[mine])
        twin = strange[away]
        site = SiteCells(
            known.beside(twin.embedding[mine], numbers[mine]),
            twin.probability[mine],
            cells.label[mine] == BLAST,
            group[mine],
        )
        yield name, leaning(site, known), cells.picture[mine] if name == FIELDS else None


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
    given = command_line(__doc__).parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    cells = prepare(given.data, side_px=classifier.card.side_px, cache=given.cache)
    twins = load_twins(twins_file(given.cache, classifier.card.sha256))
    strange = strangers(cells, classifier.predict(cells.crops).embedding, twins)
    numbers = measured(given.data, cells, cache=given.cache)
    tried = trials(cells, strange, numbers)
    found = {name: curve(site, judged=fields) for name, site, fields in tried}
    listed = {name: [asdict(point) for point in points] for name, points in found.items()}
    kept = {"model": classifier.card.id, "sha256": classifier.card.sha256, "curves": listed}
    kept["network"] = "twin" if twins else "stand-in"
    keep(given.out, "learning_curve", kept, as_page(found))


if __name__ == "__main__":
    main()
