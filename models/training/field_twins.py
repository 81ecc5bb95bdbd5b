"""Judges fields by twins of the network's whole recipe, not only of its head on the embedding.

    python -m models.training.field_twins ../shared/data [--out build/evaluation]

Needs the training libraries; `case_score` tells what is tried and how.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from models.litert import open_classifier
from models.training.case_score import SOURCES, Fields, Floats, Mask, look, trials, write
from models.training.cells_table import BLAST, NORMAL, Cells
from models.training.data import prepare
from models.training.features import features
from models.training.head import fit_head
from models.training.network import Network, Shape, pretrained, to_input
from models.training.sources import pictures, read_pixels
from models.training.trying import command_line


class RecipeTwins:
    """Heads over the trunk's features that did not learn from some cells."""

    def __init__(
        self, cells: Cells, seen: NDArray[np.float32], of_fields: NDArray[np.float32]
    ) -> None:
        """Take the labelled cells with their features, and those of the fields' cells.

        Args:
            cells: n cells.
            seen: (views, n, d).
            of_fields: (m, d), in the order of the fields' cells.
        """
        self._cells, self._seen, self._of_fields = cells, seen, of_fields

    def margins(self, learns: Mask) -> Floats:
        """Give the log-odds of all fields' cells, by a twin that learned from some cells only."""
        head = fit_head(self._seen[:, learns], self._cells.where(learns))
        scores = head.scores(self._of_fields)
        return np.asarray(scores[:, BLAST] - scores[:, NORMAL], np.float64)


def field_features(data: Path, network: Network, found: Fields) -> NDArray[np.float32]:
    """Look with the trunk at every cell of every field, in the order of `case_score.look`."""
    side = network.shape.side_px
    entries = [entry for entry in pictures(data) if entry["source"] in SOURCES]
    parts = []
    for entry in tqdm(entries, desc="reading fields", unit="field"):
        pixels = read_pixels(data / entry["file"])
        cells = [cell for cell in find_cells(pixels) if not cell.at_border]
        if cells:
            crops = torch.from_numpy(crop_cells(pixels, cells, side_px=side))
            with torch.no_grad():
                parts.append(network.features(to_input(crops)).numpy())
    seen = np.concatenate(parts)
    if len(seen) != len(found.place):
        raise ValueError(f"{len(seen)} cells were found where there had been {len(found.place)}")
    return seen


def main() -> None:
    """Read the command line, try, and write field_twins.json and .md."""
    given = command_line(__doc__, recipe=True).parse_args()
    cells = prepare(given.data, side_px=Shape.side_px, cache=given.cache)
    network = pretrained()
    seen = features(network, cells, views=given.views, seed=given.seed, cache=given.cache)
    classifier = open_classifier(given.bundle, threads=1)
    found = look(given.data, classifier, cache=given.cache)
    twins = RecipeTwins(cells, seen, field_features(given.data, network, found))
    write(given.out, "field_twins", classifier.card, trials(found, cells, twins))


if __name__ == "__main__":
    main()
