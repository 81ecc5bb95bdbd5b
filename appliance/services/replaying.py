"""Computes a past result again from the stored original and the stored model, and compares."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import __version__
from appliance.errors import (
    ApplianceError,
    DiskFull,
    ModelUnusable,
    NotFound,
    PictureDamaged,
    RecordsUnavailable,
)
from appliance.pipeline.intake import Limits
from appliance.records import cells, fields, replays
from appliance.records.pictures import PictureStore
from appliance.records.tables import Cell, FieldImage
from appliance.review_vocabulary import CellOrigin
from appliance.services.analysis import analyse
from appliance.services.gathering import SAME, tolerance_of
from appliance.services.heads import headed
from appliance.services.stored import stored_image
from appliance.vocabulary import FieldAnalysis, FoundCell, Verdict, how_many
from models.classifier import Classifier
from models.site_head import SITE_HEAD

MOST_LISTED = 40
"""Differences that are kept one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not what it was."""

    cell: int
    """Number of the cell; 0 for the image as a whole."""
    what: str
    """box, suggestion, probability, outside, missing, new, or thresholds."""
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of computing a result again."""

    matched: bool | None
    """None where it could not be computed."""
    sentence: str
    compared: int = 0
    """Cells."""
    differences: tuple[Difference, ...] = ()
    tolerance: float = SAME
    """Probabilities may lie so far apart."""
    then: dict[str, Any] | None = None
    """Runtime and pipeline of the result."""
    now: dict[str, Any] | None = None
    """The same of this computation."""

    def as_json(self) -> dict[str, Any]:
        """Give it as the records keep it."""
        listed = self.differences[:MOST_LISTED]
        return {
            "sentence": self.sentence,
            "compared": self.compared,
            "differences": [
                {"cell": each.cell, "what": each.what, "then": each.then, "now": each.now}
                for each in listed
            ],
            "more": len(self.differences) - len(listed),
            "tolerance": self.tolerance,
            "then": self.then,
            "now": self.now,
        }


@dataclass(frozen=True)
class Replaying:
    """Computes results again."""

    pictures: PictureStore
    limits: Limits
    network: Classifier
    """In use, without a site head."""
    heads: Path
    """Folder of the laboratory's heads."""
    open_network: Callable[[str], Classifier]
    """Opens another bundle by its id."""

    def run_next(self) -> bool:
        """Compute what was asked for; return whether anything was.

        Raises:
            RecordsUnavailable, DiskFull: the outcome cannot be written; it is tried again.
        """
        row = replays.wanted()
        if row is None or not replays.begin(row.id):
            return row is not None
        outcome = self.compute(fields.get(row.__data__["field"]))
        replays.finish(row.id, outcome.matched, outcome.as_json())
        return True

    def compute(self, row: FieldImage) -> Outcome:
        """Compute the result of one analysed field again; nothing is written.

        Raises:
            RecordsUnavailable, DiskFull: the records do not answer.
        """
        try:
            classifier = self._as_stamped(row.stamp)
            image = stored_image(row, self.pictures, self.limits)
            analysis = analyse(image, classifier)
        except (RecordsUnavailable, DiskFull):
            raise
        except (NotFound, PictureDamaged) as error:
            return Outcome(None, f"The stored original cannot be used: {error.sentence}")
        except ApplianceError as error:
            return Outcome(None, f"It could not be computed: {error.sentence}.")
        stored = [cell for cell in cells.cells_of(row.id) if cell.origin == CellOrigin.FOUND]
        return compare(row.stamp, stored, analysis, tolerance_of(row.stamp, classifier))

    def _as_stamped(self, stamp: dict[str, Any]) -> Classifier:
        """Open the very network and head that a result names.

        Raises:
            ModelUnusable: names the file that is missing.
        """
        network, sha256 = self.network, str(stamp["sha256"])
        if network.card.sha256 != sha256:
            network = self._other_network(str(stamp["id"]), sha256)
        head = stamp.get("site_head")
        if head and not (self.heads / head["sha256"] / SITE_HEAD).is_file():
            raise ModelUnusable(
                f"the file {self.heads.name}/{head['sha256']}/{SITE_HEAD} is missing"
            )
        return headed(network, head["sha256"] if head else "", self.heads)

    def _other_network(self, name: str, sha256: str) -> Classifier:
        missing = f"the classifier {name} with SHA-256 {sha256[:12]} is not installed here"
        try:
            network = self.open_network(name)
        except ModelUnusable as error:
            raise ModelUnusable(missing) from error
        if network.card.sha256 != sha256:
            raise ModelUnusable(missing)
        return network


def compare(
    stamp: dict[str, Any], stored: Sequence[Cell], analysis: FieldAnalysis, tolerance: float
) -> Outcome:
    """Compare what is on record with what was computed now.

    Args:
        stamp: of the result on record.
        stored: its cells as they were found, in the order of their numbers.
        analysis: computed now.
        tolerance: how far probabilities may lie apart.
    """
    found = tuple(_differences(stamp, stored, analysis, tolerance))
    return Outcome(
        matched=not found,
        sentence=_said(len(stored), len({each.cell for each in found}), found),
        compared=len(stored),
        differences=found,
        tolerance=tolerance,
        then={"runtime": stamp["runtime"], "pipeline": stamp["pipeline"]},
        now={"runtime": analysis.model.runtime, "pipeline": __version__},
    )


def _differences(
    stamp: dict[str, Any], stored: Sequence[Cell], analysis: FieldAnalysis, tolerance: float
) -> Iterator[Difference]:
    if tuple(stamp["thresholds"]) != tuple(analysis.model.thresholds):
        then, now = (" and ".join(map(str, t)) for t in (stamp["thresholds"], _limits(analysis)))
        yield Difference(0, "thresholds", then, now)
    pairs = zip(stored, analysis.cells, analysis.verdicts, strict=False)
    for cell, found, verdict in pairs:
        yield from _of_cell(cell, found, verdict, tolerance)
    for cell in stored[len(analysis.cells) :]:
        yield Difference(cell.number, "missing", _place(cell), "")
    last = stored[-1].number if stored else 0
    for number, found in enumerate(analysis.cells[len(stored) :], start=last + 1):
        yield Difference(number, "new", "", _box(found))


def _of_cell(
    cell: Cell, found: FoundCell, verdict: Verdict, tolerance: float
) -> Iterator[Difference]:
    number = int(cell.number)
    if _place(cell) != _box(found):
        yield Difference(number, "box", _place(cell), _box(found))
    if cell.suggestion != verdict.suggestion:
        yield Difference(number, "suggestion", str(cell.suggestion), str(verdict.suggestion))
    then, now = float(cell.blast_probability or 0), float(verdict.blast_probability)
    if abs(then - now) > tolerance:
        yield Difference(number, "probability", f"{then:.6f}", f"{now:.6f}")
    if bool(cell.outside_training_range) != bool(verdict.outside_training_range):
        was, is_now = cell.outside_training_range, verdict.outside_training_range
        yield Difference(number, "outside", _yes(was), _yes(is_now))


def _said(compared: int, differing: int, found: Sequence[Difference]) -> str:
    cells_ = how_many(compared, "cell")
    if not found:
        return f"The result is the same: {cells_} compared."
    return f"{differing} of {cells_} differ from the record."


def _limits(analysis: FieldAnalysis) -> tuple[float, float]:
    return analysis.model.thresholds


def _place(cell: Cell) -> str:
    return f"{cell.x}, {cell.y}, {cell.width} x {cell.height}"


def _box(found: FoundCell) -> str:
    box = found.box
    return f"{box.x}, {box.y}, {box.width} x {box.height}"


def _yes(value: object) -> str:
    return "yes" if value else "no"
