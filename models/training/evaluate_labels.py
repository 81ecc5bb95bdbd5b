"""Scores a bundle on a list of verified cells, and refuses what the bundle was trained on.

    python -m models.training.evaluate_labels LABELS.csv [--bundle FOLDER] [--out FILE.json]

LABELS.csv has the columns file,label,source,block and, where a picture shows several cells, x,y.
A picture whose bytes were learned from, or of whose block something was, is refused with exit
status 2, and nothing is scored: a figure over the rest would be one of what was left.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from appliance.errors import ApplianceError, LabelsUnusable
from appliance.pipeline.intake import Limits
from appliance.services.labels import Labels, read_labels, some
from appliance.services.matching import Matched, match
from models.classifier import Classifier
from models.figures import auc_figure, calibration_figure
from models.litert import open_classifier
from models.trained_on import TrainedOn, read_trained_on
from models.training.figures import rate_figure
from models.training.page import shown
from models.training.trying import BUNDLE

REFUSED = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a picture comes from, as the list says."""

    file: Path
    source: str
    block: str


def origins(path: Path) -> dict[int, Origin]:
    """Read source and block of every line of a list.

    Raises:
        LabelsUnusable: it cannot be read, or a line does not say them.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsUnusable(f"{path} cannot be read as UTF-8 text") from error
    found = {
        number: Origin(
            path.parent / (row.get("file") or ""),
            (row.get("source") or "").strip(),
            (row.get("block") or "").strip(),
        )
        for number, row in enumerate(rows, start=2)
    }
    loose = [f"line {number}" for number, each in found.items() if not (each.source and each.block)]
    if loose:
        raise LabelsUnusable(
            f"{path.name} does not say source and block of {some(loose)}",
            advice="A block is a patient, a slide or a sitting: what must not be torn apart.",
        )
    return found


def leaks(listed: Mapping[int, Origin], known: TrainedOn) -> list[str]:
    """Say which lines must not be scored, and why; empty where all may be."""
    learned = {
        file: known.has(hashlib.sha256(file.read_bytes()).hexdigest())
        for file in {each.file for each in listed.values()}
        if file.is_file()
    }
    found = []
    for line, each in listed.items():
        if learned.get(each.file):
            found.append(f"line {line}: the network learned from {each.file.name} itself")
        elif (each.source, each.block) in known.blocks:
            found.append(
                f"line {line}: the network learned from block {each.block} of {each.source}"
            )
    return found


def refuse_leaks(listed: Mapping[int, Origin], known: TrainedOn) -> None:
    """Stop where something was trained on.

    Raises:
        LabelsUnusable: with the lines.
    """
    found = leaks(listed, known)
    if found:
        raise LabelsUnusable(
            f"{len(found)} of {len(listed)} lines are of what the network was trained on: "
            f"{some(found)}",
            advice="Score it on other pictures, from blocks it never saw.",
        )


def score(
    labels: Labels, listed: Mapping[int, Origin], classifier: Classifier
) -> dict[str, dict[str, Any]]:
    """Give the figures of each source, as a card has them."""
    found = {}
    for source in sorted({each.source for each in listed.values()}):
        rows = tuple(row for row in labels.rows if listed[row.line].source == source)
        part = replace(labels, rows=rows)
        files = len({row.file for row in rows})
        with tqdm(total=files, desc=source, unit="picture") as bar:
            seen = match(part, classifier, limits=Limits(), advance=bar.update)
        found[source] = _figures(seen, classifier)
    return found


def _figures(seen: Matched, classifier: Classifier) -> dict[str, Any]:
    cells, (low, high) = seen.cells, classifier.card.thresholds
    blast, block, probability = cells.blast, cells.group, cells.probability.astype(np.float64)
    found = {
        "AUC": auc_figure(blast, probability, block),
        "calibration error": calibration_figure(blast, probability, block),
    }
    for name, hit, among in (
        ("blasts suggested as blasts", probability >= high, blast),
        ("blasts suggested as normal", probability < low, blast),
        ("normal cells suggested as normal", probability < low, ~blast),
        ("normal cells suggested as blasts", probability >= high, ~blast),
    ):
        if among.any():
            found[name] = rate_figure(hit[among], block[among])
    return {name: figure.as_json() for name, figure in found.items()} | {
        "cells not found": len(seen.unmatched),
        "cells outside the training range": seen.outside,
    }


def as_lines(found: Mapping[str, Mapping[str, Any]], classifier: Classifier) -> list[str]:
    """Write the figures for a person."""
    lines = [f"{classifier.card.id}, {classifier.runtime}; in brackets 95 %, over blocks"]
    for source, figures in found.items():
        cells, blocks = figures["AUC"]["cells"], figures["AUC"]["blocks"]
        lines += ["", f"{source}: {cells} cells of {blocks} blocks and classes"]
        lines += [
            f"  {name}: {value if isinstance(value, int) else shown(value)}"
            for name, value in figures.items()
        ]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, refuse or score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--out", type=Path, help="figures as JSON")
    given = parser.parse_args(arguments)
    try:
        classifier = open_classifier(given.bundle, threads=1)
        listed = origins(given.labels)
        refuse_leaks(listed, read_trained_on(given.bundle, classifier.card))
        found = score(read_labels(given.labels), listed, classifier)
    except ApplianceError as error:
        print(f"{error.sentence}\n{error.advice}", file=sys.stderr)
        return REFUSED
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print("\n".join(as_lines(found, classifier)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
