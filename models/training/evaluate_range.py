"""Tries the flag for what lies outside the training range, through the whole way of a picture.

    python -m models.training.evaluate_range ../shared/data [--bundle FOLDER] [--out FOLDER]

Quality gate, finder, crops and network as they run at the bench. Three questions: is a picture
that is no smear ever counted, is a spoilt picture of real cells noticed, and what does the flag
cost on good cells of blocks that nothing was learned from.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from appliance.pipeline import quality
from appliance.pipeline.cells import find_cells
from appliance.pipeline.tally import clopper_pearson
from appliance.services.analysis import analyse
from appliance.vocabulary import Pixels, SourceImage
from models.classifier import Classifier
from models.litert import open_classifier
from models.training import foreign_slides, strangers
from models.training.folds import part_of
from models.training.sources import pictures, read_pixels
from models.training.trying import command_line, keep

DRAWN_EACH = 30  # pictures of every kind, with seeds that training does not use
FIELDS = {"allidb2": 30, "bccd": 30, "pbc": 40, "taleqani": 30, "wbcseg1": 20}
"""Real pictures of each source; allidb2's fields were learned from, the other sources' not."""
Change = Callable[[Pixels, float], Pixels]


@dataclass(slots=True)
class Outcome:
    """What became of pictures of one kind, and of the cells found in them."""

    pictures: int = 0
    refused: int = 0
    """Pictures that the quality gate does not let through."""
    empty: int = 0
    """Pictures in which no cell is found."""
    flagged: int = 0
    """Pictures with cells, all of them flagged."""
    noticed: int = 0
    """Pictures that are any of these."""
    cells: int = 0
    cells_flagged: int = 0
    cells_silent: int = 0
    """Cells not flagged, in a picture that the gate lets through."""

    def add(self, pixels: Pixels, classifier: Classifier, *, cut: bool = True) -> None:
        """Run one picture.

        Args:
            pixels: the picture.
            classifier: the bundle.
            cut: look at cells cut by the edge, too, though they are never counted.
        """
        passed = quality.assess(pixels).passed
        seen = analyse(SourceImage(pixels, "", "image/png"), classifier)
        flags = [
            verdict.outside_training_range
            for cell, verdict in zip(seen.cells, seen.verdicts, strict=True)
            if cut or cell.counted
        ]
        self.pictures += 1
        self.refused += not passed
        self.empty += not flags
        self.flagged += bool(flags) and all(flags)
        self.noticed += not passed or all(flags)
        self.cells += len(flags)
        self.cells_flagged += sum(flags)
        self.cells_silent += (len(flags) - sum(flags)) * passed

    def __iadd__(self, other: "Outcome") -> "Outcome":
        """Count another's pictures too."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(
        cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8
    )


def _turned_hue(pixels: Pixels, by: int) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + by) % 180
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _blurred(share: float) -> Change:
    return lambda pixels, width: np.asarray(
        cv2.GaussianBlur(pixels, (0, 0), max(share * width, 0.01)), np.uint8
    )


def _resized(pixels: Pixels, factor: float) -> Pixels:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def _middle(pixels: Pixels, width: float) -> Pixels:
    """Cut a window narrower than a cell out of the middle, as far too strong a lens does."""
    half = max(int(0.35 * width), 8)
    y, x = pixels.shape[0] // 2, pixels.shape[1] // 2
    return _resized(pixels[max(y - half, 0) : y + half, max(x - half, 0) : x + half], 6)


CHANGES: dict[str, Change] = {
    "as it is": lambda pixels, _: pixels,
    "blurred by 1 % of a cell's width": _blurred(0.01),
    "blurred by 2 %": _blurred(0.02),
    "blurred by 4 %": _blurred(0.04),
    "blurred by 7 %": _blurred(0.07),
    "blurred by 10 %": _blurred(0.10),
    "hue turned by 90 degrees": lambda pixels, _: _turned_hue(pixels, 45),
    "hue turned by 180 degrees": lambda pixels, _: _turned_hue(pixels, 90),
    "hue turned by 270 degrees": lambda pixels, _: _turned_hue(pixels, 135),
    "colour taken away": lambda pixels, _: _grey(pixels),
    "negative": lambda pixels, _: np.asarray(255 - pixels, np.uint8),
    "made so small that a cell has 8 pixels": lambda pixels, width: _resized(
        pixels, min(8 / width, 1)
    ),
    "a window narrower than a cell": _middle,
}


def try_strangers(classifier: Classifier, each: int = DRAWN_EACH) -> dict[str, Outcome]:
    """Draw pictures that are no smear, and run them."""
    found: dict[str, Outcome] = {}
    groups = {
        "never shown": {**strangers.KEPT_AWAY, **foreign_slides.KEPT_AWAY},
        "of a kind shown": {**strangers.LEARNT, **foreign_slides.LEARNT},
    }
    for group, kinds in groups.items():
        for place, (kind, draw) in enumerate(tqdm(kinds.items(), desc=group, unit="kind")):
            outcome = found[f"{kind}, {group}"] = Outcome()
            for number in range(each):
                picture = draw(np.random.default_rng([990, place, number]))
                outcome.add(np.ascontiguousarray(picture), classifier)
    return found


def real_pictures(data: Path) -> Iterator[tuple[str, Pixels, float]]:
    """Give held-out pictures: source, picture, median width of its cells in pixels."""
    entries = pictures(data)
    for source, count in FIELDS.items():
        held = [
            entry
            for entry in entries
            if entry["source"] == source
            and entry["label"] != "platelet"
            and part_of(source, entry["block"]) in {"test", "twin"}
        ]
        for entry in held[:: max(len(held) // count, 1)][:count]:
            pixels = read_pixels(data / entry["file"])
            widths = [cell.box.width for cell in find_cells(pixels)]
            if widths:
                yield source, pixels, float(np.median(widths))


def try_changes(data: Path, classifier: Classifier) -> dict[str, dict[str, Outcome]]:
    """Spoil real pictures in many ways, and run them; by change, then by source."""
    found: dict[str, dict[str, Outcome]] = {name: {} for name in CHANGES}
    for source, pixels, width in tqdm(list(real_pictures(data)), desc="spoilt", unit="picture"):
        for name, change in CHANGES.items():
            outcome = found[name].setdefault(source, Outcome())
            spoilt = np.ascontiguousarray(change(pixels, width))
            outcome.add(spoilt, classifier, cut=False)
    return found


def summed(outcomes: Mapping[str, Outcome]) -> Outcome:
    """Count all together."""
    total = Outcome()
    for outcome in outcomes.values():
        total += outcome
    return total


def as_page(drawn: Mapping[str, Outcome], spoilt: Mapping[str, Mapping[str, Outcome]]) -> str:
    """Write both tables as Markdown."""
    groups = {"all kinds": summed(drawn)} | {
        f"all {group}": summed({k: o for k, o in drawn.items() if k.endswith(group)})
        for group in ("never shown", "of a kind shown")
    }
    lines = [
        "# Outside the training range",
        "",
        "## Pictures that are no smear",
        "",
        "| kind | pictures | refused by the gate | no cell found | every cell flagged "
        "| any of these (95 %) | no cell or every cell flagged | cells flagged |",
        "|---" * 8 + "|",
        *(_drawn_row(name, outcome) for name, outcome in {**drawn, **groups}.items()),
        "",
        "## Real cells of held-out blocks, spoilt; without those cut by the edge",
        "",
        "| change | source | pictures | refused by the gate | cells found | flagged "
        "| neither flagged nor refused |",
        "|---" * 7 + "|",
    ]
    for change, by_source in spoilt.items():
        for source, outcome in {**by_source, "all": summed(by_source)}.items():
            if change == "as it is" or source == "all":
                lines.append(_real_row(change, source, outcome))
    return "\n".join(lines) + "\n"


def _drawn_row(name: str, o: Outcome) -> str:
    low, high = clopper_pearson(o.noticed, o.pictures)
    share = f"{o.noticed / o.pictures:.3f} ({low:.3f}-{high:.3f})"
    alone = f"{(o.empty + o.flagged) / o.pictures:.3f}"
    cells = f"{o.cells_flagged} of {o.cells}"
    counts = f"{o.pictures} | {o.refused} | {o.empty} | {o.flagged}"
    return f"| {name} | {counts} | {share} | {alone} | {cells} |"


def _real_row(change: str, source: str, o: Outcome) -> str:
    flagged = f"{o.cells_flagged / o.cells:.3f}" if o.cells else "-"
    return (
        f"| {change} | {source} | {o.pictures} | {o.refused} | {o.cells} | {flagged} "
        f"| {o.cells_silent} |"
    )


def main() -> None:
    """Read the command line, try, and write range.json and range.md."""
    parser = command_line(__doc__)
    parser.add_argument("--each", type=int, default=DRAWN_EACH, help="drawn pictures of a kind")
    given = parser.parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    drawn = try_strangers(classifier, given.each)
    spoilt = try_changes(given.data, classifier)
    kept: dict[str, Any] = {
        "model": classifier.card.id,
        "sha256": classifier.card.sha256,
        "drawn": {name: asdict(outcome) for name, outcome in drawn.items()},
        "spoilt": {n: {s: asdict(o) for s, o in found.items()} for n, found in spoilt.items()},
    }
    keep(given.out, "range", kept, as_page(drawn, spoilt))


if __name__ == "__main__":
    main()
