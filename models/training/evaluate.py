"""Scores the released bundle on what it never learned from, as it runs at the bench.

    python -m models.training.evaluate ../shared/data [--bundle FOLDER] [--out build/evaluation]

Needs no training library. Twins cannot be made again here: their figures are the card's.
"""

import time
from typing import Any

import numpy as np

from models.classifier import Classifier
from models.litert import open_classifier
from models.training.data import prepare
from models.training.held_out import as_json, held_out_figures
from models.training.page import held_out_list, twins_table
from models.training.trying import command_line, keep

TIMED_CELLS = 200


def main() -> None:
    """Read the command line, score, and write classifier.json and classifier.md."""
    given = command_line(__doc__).parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    cells = prepare(given.data, side_px=classifier.card.side_px, cache=given.cache)
    found = {
        "model": classifier.card.id,
        "sha256": classifier.card.sha256,
        "runtime": classifier.runtime,
        "held_out": as_json(held_out_figures(classifier, cells)),
        "twins": classifier.card.figures["twins"],
        "ms_per_cell_one_thread": round(_time(classifier, cells.crops), 3),
    }
    keep(given.out, "classifier", found, as_page(found))


def _time(classifier: Classifier, crops: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    chosen = crops[:: max(len(crops) // TIMED_CELLS, 1)]
    classifier.predict(chosen)
    start = time.perf_counter()
    classifier.predict(chosen)
    return (time.perf_counter() - start) * 1000 / len(chosen)


def as_page(found: dict[str, Any]) -> str:
    """Write the figures as Markdown."""
    return f"""# Classifier {found["model"]}

{found["runtime"]}, {found["ms_per_cell_one_thread"]} ms a cell on one thread.
SHA-256 {found["sha256"]}

## The released network, on blocks it did not learn from

{held_out_list(found["held_out"])}

## Twins: the same recipe, tried on what they had not seen (from the card)

{twins_table(found["twins"])}

Intervals are 95 %, over blocks or fields drawn with replacement. None is of patients: the data
has no patient numbers.
"""


if __name__ == "__main__":
    main()
