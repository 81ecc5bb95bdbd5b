"""Makes the twins that later trials need, of the released recipe.

    python -m models.training.twins ../shared/data [--bundle FOLDER]

Training does this at its end; alone it is for a bundle that came from elsewhere.
"""

import numpy as np
from numpy.typing import NDArray

from models.card import load_card
from models.training.calibrate import Scaling, balance, scaling
from models.training.cells_table import BLAST, NORMAL, Cells
from models.training.data import prepare
from models.training.features import features
from models.training.folds import origin
from models.training.head import fit_axes, fit_head
from models.training.network import Shape, pretrained
from models.training.trying import command_line
from models.training.twin_arrays import AWAY, Twin, save_twins, twins_file

Floats = NDArray[np.float64]
TRIED = {"allidb": "allidb1", "taleqani": "taleqani"}
"""What each twin had not seen and the other's probabilities are scaled on."""


def make_twins(cells: Cells, seen: NDArray[np.float32], *, depth: int) -> dict[str, Twin]:
    """Fit a twin without each source that has both classes.

    Args:
        cells: n cells.
        seen: (views, n, features).
        depth: of the embedding.
    """
    margins, embeddings = {}, {}
    for name, away in AWAY.items():
        learns = ~np.isin(origin(cells), (*away, "allidb2"))
        head = fit_head(seen[:, learns], cells.where(learns)).scores(seen[0])
        margins[name] = head[:, BLAST] - head[:, NORMAL]
        axes = fit_axes(seen[0][learns], cells.where(learns), depth=depth)
        embeddings[name] = axes.embed(seen[0]).astype(np.float32)
    scales = {name: _scale(cells, margin, TRIED[name]) for name, margin in margins.items()}
    other = dict(zip(AWAY, reversed(AWAY), strict=True))
    return {
        name: Twin(
            scales[other[name]].probability(margins[name]).astype(np.float32), embeddings[name]
        )
        for name in AWAY
    }


def _scale(cells: Cells, margin: Floats, source: str) -> Scaling:
    mine = (cells.source == source) & np.isin(cells.label, (BLAST, NORMAL))
    blast = cells.label[mine] == BLAST
    return scaling(margin[mine], blast, balance(blast))


def main() -> None:
    """Read the command line, and keep the twins of a bundle."""
    given = command_line(__doc__, recipe=True).parse_args()
    cells = prepare(given.data, side_px=Shape.side_px, cache=given.cache)
    network = pretrained()
    seen = features(network, cells, views=given.views, seed=given.seed, cache=given.cache)
    twins = make_twins(cells, seen, depth=network.shape.embedding)
    save_twins(twins_file(given.cache, load_card(given.bundle).sha256), twins)


if __name__ == "__main__":
    main()
