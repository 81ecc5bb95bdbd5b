"""Writes figures for people: the bundle's MODEL_CARD.md and its tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.card import CARD


def write_page(folder: Path, template: Path) -> None:
    """Write MODEL_CARD.md: the template's words with the card's figures in their places."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    low, high = card["thresholds"]
    text = template.read_text("utf-8").format(
        id=card["id"],
        created=card["created"],
        sha256=card["files"]["model.tflite"],
        twins=twins_table(card["figures"]["twins"]),
        held_out=held_out_list(card["figures"]["held_out"]),
        low=f"{low:.2f}",
        high=f"{high:.2f}",
        threshold_note=card["calibration"]["thresholds_note"],
        int8=card["figures"]["int8"]["sentence"],
        sources="\n".join(f"- {s['name']}: {s['what']} ({s['licence']})" for s in card["sources"]),
    )
    (folder / "MODEL_CARD.md").write_text(text, "utf-8")


def shown(figure: Mapping[str, Any] | None) -> str:
    """Write a figure with its interval, or a dash."""
    if not figure or figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})"


def twins_table(twins: Sequence[Mapping[str, Any]]) -> str:
    """Write the twins' figures as a Markdown table."""
    keys = ("auc", "sensitivity", "specificity", "calibration_error", "background_only_auc")
    lines = [
        "| trained with | tried on | cells | AUC | sensitivity | specificity "
        "| calibration error | AUC of the slide alone |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for twin in twins:
        cells = [shown(twin.get(key)) for key in keys]
        head = [twin["trained_without"], twin["tested_on"], str(twin["auc"]["cells"])]
        lines.append(f"| {' | '.join(head + cells)} |")
    return "\n".join(lines)


def held_out_list(figures: Mapping[str, Any]) -> str:
    """Write the released network's own figures as a list."""
    return "\n".join(f"- {name}: {shown(figure)}" for name, figure in figures.items())
