"""Puts what `make evaluate` measured into a bundle's card, and writes its page anew.

    python -m models.training.card_figures [--bundle FOLDER] [--measured build/evaluation]

Training knows only its own machine and libraries; latency, the site head's learning curve and the
trials of the training range are measured on the runtime of the bench, after it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from models.card import CARD, NETWORK
from models.training.page import write_page
from models.training.trying import BUNDLE, MEASURED

TEMPLATE = Path(__file__).parent / "MODEL_CARD.template.md"
TAKEN = {
    "classifier.json": {"held_out": "held_out"},
    "learning_curve.json": {"curves": "learning_curve"},
    "field_twins.json": {"trials": "fields"},
    "cut_out.json": {"cut_out": "cut_out"},
    "attention.json": {"attention": "attention_on_masks"},
    "left_out_range.json": {"left_out": "flagged_where_left_out"},
    "range.json": {"drawn": "drawn_pictures", "spoilt": "spoilt_pictures"},
}
"""By file: name there, name among the card's figures."""
BENCH = "bench.json"
TIMES = ("litert_cell_ms", "onnxruntime_cell_ms", "openvino_cell_ms", "litert_over_best_peer")
"""Written by `make bench`, which times the bundle that is run by default."""


def add_measured(bundle: Path, measured: Path) -> list[str]:
    """Copy figures into the card, of those files that are of this very network.

    Returns:
        Names of the files that were taken.
    """
    card = json.loads((bundle / CARD).read_text("utf-8"))
    taken = []
    for name, entries in TAKEN.items():
        found = _read(measured / name)
        if found.get("sha256") == card["files"][NETWORK]:
            card["figures"] |= {to: found[key] for key, to in entries.items() if key in found}
            taken.append(name)
    timed = _read(measured.parent / BENCH)
    if timed:
        card["figures"]["latency"] = {
            name: round(timed[name], 3) for name in TIMES if name in timed
        }
        taken.append(BENCH)
    (bundle / CARD).write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    write_page(bundle, TEMPLATE)
    return taken


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def main() -> None:
    """Read the command line and complete the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--measured", type=Path, default=MEASURED)
    given = parser.parse_args()
    print("taken:", ", ".join(add_measured(given.bundle, given.measured)) or "nothing")


if __name__ == "__main__":
    main()
