"""`scopeside model`: fits the classifier to one laboratory's microscope, at a terminal."""

from pathlib import Path

import numpy as np

from appliance.console import progress
from appliance.errors import ApplianceError, ModelUnusable
from appliance.services import batch
from appliance.services.calibration import Calibration, calibrate, learned_from
from appliance.services.embedding import Embedded, embed, write_table
from appliance.services.performance import Band, Performance, Rate
from appliance.settings import Settings
from appliance.streams import printable
from appliance.wiring import BUNDLES, limits_of, open_model
from models.card import Card
from models.figures import Figure
from models.site_head import SITE_HEAD
from models.trained_on import read_trained_on


def run_embed(settings: Settings, paths: list[Path], out: Path) -> tuple[int, str]:
    """Write boxes, embeddings and probabilities of all cells; name what cannot be read.

    Returns:
        Exit status and what to print.
    """
    classifier, limits = open_model(settings), limits_of(settings)
    files = batch.files_under(paths)
    images: list[Embedded] = []
    failed = 0
    with progress(len(files)) as bar:
        for path in files:
            try:
                images += embed(path, classifier, limits=limits)
            except ApplianceError as error:
                failed += 1
                bar.complain(f"{printable(str(path))}: {error.sentence}")
            bar.advance()
    cells = write_table(out, images, classifier)
    said = f"{out}: {cells} cells of {len(files) - failed} files, by {classifier.card.id}"
    return (1 if failed else 0), said


def run_calibrate(settings: Settings, labels: Path, out: Path) -> str:
    """Fit a site head, keep it, and say what it is worth beside the head in use."""
    classifier = open_model(settings)
    with progress() as bar:
        made = calibrate(labels, classifier, out, limits=limits_of(settings), advance=bar.advance)
    return "\n".join([*describe(made, out), *_learned_from(settings, made, classifier.card)])


def _learned_from(settings: Settings, made: Calibration, card: Card) -> list[str]:
    """Warn where the network is measured on what it was trained on."""
    try:
        known = read_trained_on(BUNDLES / settings.model, card)
    except ModelUnusable as error:
        return [f"Whether it was trained on these pictures is not known: {error.sentence}."]
    files = learned_from(made.labels, known)
    if not files:
        return []
    return [
        f"WARNING: the network was trained on {len(files)} of these pictures, for instance "
        f"{printable(files[0].name)}: no figure above can be believed. Use pictures of your own."
    ]


def describe(made: Calibration, out: Path) -> list[str]:
    """Say what a calibration gave, for a person."""
    cells, matched = made.matched.cells, made.matched
    blasts = int(cells.blast.sum())
    lines = [
        f"{len(cells)} verified cells: {blasts} blasts, {len(cells) - blasts} normal; "
        f"from {len(np.unique(cells.group))} {made.labels.grouped_by}s",
        f"Figures are of cells held out, {made.judged_by} by {made.judged_by}; in brackets 95 %.",
        "",
        f"{'':20}{'this site head':26}head in use ({made.head.model_id})",
        *_table(made.site, made.network),
        "",
        *_band(made.band, made.site),
        _gain(made.gain),
        *_warnings(made),
        f"Written to {out / SITE_HEAD}; use it with: scopeside analyse --site-head {out}",
    ]
    lines[1:1] = [f"Not found: {words}" for words in matched.unmatched]
    return lines


def _table(site: Performance, network: Performance) -> list[str]:
    rows = [
        ("AUC", _figure(site.auc), _figure(network.auc)),
        ("sensitivity", _rate(site.sensitivity), _rate(network.sensitivity)),
        ("specificity", _rate(site.specificity), _rate(network.specificity)),
        ("  at threshold", f"{site.threshold:.3f}", f"{network.threshold:.3f}"),
        ("calibration error", _figure(site.calibration_error), _figure(network.calibration_error)),
        ("left unsure", _rate(site.unsure), _rate(network.unsure)),
    ]
    return [f"{name:20}{one:26}{other}" for name, one, other in rows]


def _figure(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _rate(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.value:.3f} ({low:.3f} to {high:.3f})"


def _band(band: Band, site: Performance) -> list[str]:
    return [
        f"Normal below {band.low:.3f}, blast from {band.high:.3f}, unsure between: of cells like "
        "these at most",
        f"{band.blast_error:.1%} of blasts are called normal and {band.normal_error:.1%} of "
        f"normal cells blast; {site.unsure.value:.1%} stay unsure.",
    ]


def _gain(gain: Figure) -> str:
    change = f"AUC changes by {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
    if gain.low > 0:
        return f"{change}: this head is better here than the one in use."
    if gain.value < 0 and gain.high < 0.0005:  # as printed
        return f"{change}: this head is WORSE here than the one in use; do not use it."
    return f"{change}: no clear difference; verify more cells, from more slides."


def _warnings(made: Calibration) -> list[str]:
    found = []
    if made.judged_by == "cell":
        found.append(
            f"All cells of a class come from one {made.labels.grouped_by}, so the figures may "
            "only tell slides apart: add cells of another."
        )
    elif made.labels.grouped_by == "file":
        found.append(
            "No column says which slide or patient a file is of, so files of one slide may stand "
            "on both sides: the figures flatter."
        )
    if made.matched.outside:
        found.append(
            f"{made.matched.outside} of the cells lie outside the network's training range; "
            "such cells stay unsure under any head."
        )
    if made.matched.cut_off:
        found.append(
            f"{made.matched.cut_off} of the cells are cut by the edge of their picture; such cells "
            "are never counted, so nothing was fitted to them."
        )
    if made.matched.repeated:
        found.append(f"Rows that name a cell once more, not counted: {made.matched.repeated}.")
    return found
