"""Leave one source out: what a twin without it makes of it, and of held-out blocks of the rest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.figures import auc_figure
from models.training.calibrate import Scaling
from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.figures import rate_figure
from models.training.folds import ALLIDB, origin, origin_block, parts
from models.training.head import fit_head

SOURCES = ("allidb", "taleqani", "pbc", "bccd", "wbcseg1")
NOTHING = "nothing"


def leave_one_out(
    cells: Cells, features: NDArray[np.float32], *, scale: Scaling, high: float
) -> list[dict[str, Any]]:
    """Fit one twin without each source, and one with all, and try each on every source.

    On a source that was left out all its cells are tried, on another only those of its test
    blocks. ALL-IDB has none: its few series are all learned from unless it is left out.

    Args:
        cells: n cells.
        features: (views, n, d).
        scale: of the probabilities.
        high: from which a cell is suggested as a blast.

    Returns:
        One entry for each pair: left_out, tried_on, and auc, or blasts_of_normal where the source
        has normal cells only.
    """
    source = np.where(np.isin(origin(cells), ALLIDB), "allidb", origin(cells))
    part = parts(cells)
    found = []
    for away in (NOTHING, *SOURCES):
        learns = (part == "train") & (source != away)
        if {BLAST, NORMAL} <= set(cells.label[learns].tolist()):
            head = fit_head(features[:, learns], cells.where(learns))
            scores = head.scores(features[0])
            margin = scores[:, BLAST] - scores[:, NORMAL]
            for name in SOURCES:
                tried = (source == name) & (cells.label < UNUSABLE)
                tried &= (part == "test") if name != away else (cells.source != "allidb2")
                if tried.any():
                    figure = _figure(cells.where(tried), scale.probability(margin[tried]), high)
                    found.append({"left_out": away, "tried_on": name, **figure})
    return found


def _figure(cells: Cells, probability: NDArray[np.float64], high: float) -> dict[str, Any]:
    block = np.where(cells.source == "taleqani", origin_block(cells), cells.picture)
    blast = cells.label == BLAST
    if blast.any() and not blast.all():
        return {"auc": auc_figure(blast, probability, block).as_json()}
    called = probability >= high
    return {"blasts_of_normal": rate_figure(called, block).as_json()}
