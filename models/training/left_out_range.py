"""What the flag for what lies outside the training range costs at a source nobody trained on.

    python -m models.training.left_out_range ../shared/data [--out build/evaluation]

For each source a twin of the whole recipe without it, its range and limits included, is asked how
many of the source's good cells it flags; beside it the price on held-out blocks of the others.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.card import load_card
from models.scores import outside_range
from models.training.calibrate import training_range, with_limits
from models.training.cells_table import BLAST, NORMAL, Cells
from models.training.data import prepare
from models.training.features import features
from models.training.figures import rate_figure
from models.training.folds import ALLIDB, origin, origin_block, parts
from models.training.head import fit_axes, fit_head
from models.training.matrix import SOURCES
from models.training.network import Shape, pretrained
from models.training.page import shown
from models.training.trying import command_line, keep


def prices(cells: Cells, seen: NDArray[np.float32], *, seed: int) -> dict[str, dict[str, Any]]:
    """Give the share of good cells that are flagged, by the source that was left out.

    Args:
        cells: n cells.
        seen: (views, n, features).
        seed: of the groups of training cells.
    """
    source = np.where(np.isin(origin(cells), ALLIDB), "allidb", origin(cells))
    part, good = parts(cells), np.isin(cells.label, (BLAST, NORMAL))
    block = np.where(cells.source == "taleqani", origin_block(cells), cells.picture)
    found = {}
    for away in SOURCES:
        learns = (part == "train") & (source != away)
        scores = fit_head(seen[:, learns], cells.where(learns)).scores(seen[0]).astype(np.float32)
        axes = fit_axes(seen[0][learns], cells.where(learns), depth=Shape.embedding)
        embedding = axes.embed(seen[0]).astype(np.float32)
        held = good & (part == "validation") & (source != away)
        known = training_range(embedding[learns & good], seed=seed)
        known = with_limits(known, scores[held], embedding[held])
        outside = outside_range(scores, embedding, known)
        tried = good & (source == away) & (cells.source != "allidb2")
        others = good & (part == "test") & (source != away)
        found[away] = {
            "flagged": rate_figure(outside[tried], block[tried]).as_json(),
            "flagged_of_others": rate_figure(outside[others], block[others]).as_json(),
        }
    return found


def as_page(found: dict[str, dict[str, Any]]) -> str:
    """Write the prices as Markdown."""
    lines = [
        "| left out | its good cells that are flagged | of the others' held-out blocks |",
        "|---|---|---|",
    ]
    for away, figures in found.items():
        both = (shown(figures["flagged"]), shown(figures["flagged_of_others"]))
        lines.append(f"| {away} | {' | '.join(both)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the command line, try, and write left_out_range.json and .md."""
    given = command_line(__doc__, recipe=True).parse_args()
    cells = prepare(given.data, side_px=Shape.side_px, cache=given.cache)
    network = pretrained()
    seen = features(network, cells, views=given.views, seed=given.seed, cache=given.cache)
    found = prices(cells, seen, seed=given.seed)
    kept = {"sha256": load_card(given.bundle).sha256, "left_out": found}
    keep(given.out, "left_out_range", kept, as_page(found))


if __name__ == "__main__":
    main()
