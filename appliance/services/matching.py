"""Finds the cells that a list of labels means, in the pictures it names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from appliance.errors import ApplianceError, LabelsUnusable
from appliance.pipeline.intake import Limits
from appliance.pipeline.morphology import NUMBERS
from appliance.services.embedding import Embedded, embed
from appliance.services.labels import Label, Labels, some
from appliance.vocabulary import FoundCell
from models.classifier import Classifier
from models.head_fitting import SiteCells
from models.site_head import Numbers

MOST_UNMATCHED = 0.10
"""Share of rows without a cell from which labels and pictures do not belong together."""
_SUBJECT = 1 / 3
"""Least width of a cell, in picture widths, that others in the picture are only beside."""


@dataclass(frozen=True, eq=False)
class Matched:
    """The verified cells that were found, each once."""

    cells: SiteCells
    """With form and texture beside the embedding."""
    numbers: Numbers
    outside: int
    """How many of them lie outside the network's training range."""
    unmatched: tuple[str, ...]
    """A few words for each row whose cell was not found."""
    repeated: int
    """Rows that mean a cell another row has named."""
    cut_off: int
    """Rows whose cell is cut by the edge of its picture: such cells are never counted, so nothing
    is fitted to them."""


def match(
    labels: Labels, classifier: Classifier, *, limits: Limits, advance: Callable[[], None]
) -> Matched:
    """Find and embed the labelled cells; of a file with several pages, on the first.

    Args:
        labels: as read; at least one row.
        classifier: gives embeddings and its own probabilities.
        limits: of intake.
        advance: called after each file.

    Raises:
        LabelsUnusable: a file cannot be read, rows contradict each other, or too many cells are
            not found.
    """
    gathered = _Gathered()
    for file, rows in _by_file(labels.rows):
        try:
            image = embed(file, classifier, limits=limits)[0]
        except ApplianceError as error:
            gathered.faults.append(f"{file.name}: {error.sentence}")
            continue
        for row in rows:
            gathered.add(row, image)
        advance()
    return gathered.matched(len(labels.rows))


def find(row: Label, image: Embedded) -> int | str:
    """Give the number of the cell that a row means, or a few words on why there is none."""
    if not image.cells:
        return "no white cell is found in this picture"
    if row.point is None:
        return _single(image)
    gaps = [_gap(cell, row.point) for cell in image.cells]
    inside = [n for n, cell in enumerate(image.cells) if _holds(cell, row.point)]
    nearest = min(inside or range(len(gaps)), key=gaps.__getitem__)
    box = image.cells[nearest].box
    if not inside and gaps[nearest] > max(box.width, box.height):
        return "no white cell is found near this place"
    return nearest


def _single(image: Embedded) -> int | str:
    """Give the cell that a picture was cut around: a large one in its middle, or the only one."""
    middle, side = (image.width / 2, image.height / 2), min(image.width, image.height)
    nearest = min(range(len(image.cells)), key=lambda n: _gap(image.cells[n], middle))
    box = image.cells[nearest].box
    subject = max(box.width, box.height) >= _SUBJECT * side
    central = _gap(image.cells[nearest], middle) <= _SUBJECT * side
    if len(image.cells) == 1 or (subject and central):
        return nearest
    return "this is no picture of a single cell, so x and y are needed"


def _gap(cell: FoundCell, point: tuple[float, float]) -> float:
    box = cell.box
    return float(np.hypot(box.x + box.width / 2 - point[0], box.y + box.height / 2 - point[1]))


def _holds(cell: FoundCell, point: tuple[float, float]) -> bool:
    box = cell.box
    return 0 <= point[0] - box.x < box.width and 0 <= point[1] - box.y < box.height


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    row: Label
    image: Embedded
    place: int


@dataclass(slots=True, eq=False)
class _Gathered:
    """What has been found so far."""

    found: dict[tuple[str, int], _Found] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    repeated: int = 0
    cut_off: int = 0

    def add(self, row: Label, image: Embedded) -> None:
        """Find the cell of a row in its picture."""
        place = find(row, image)
        if isinstance(place, str):
            self.unmatched.append(f"line {row.line}: {place}")
        elif image.cells[place].at_border:
            self.cut_off += 1
        else:
            before = self.found.setdefault((image.sha256, place), _Found(row, image, place))
            self.repeated += before.row is not row
            if before.row.blast != row.blast:
                lines = f"lines {before.row.line} and {row.line}"
                self.faults.append(f"{lines} call one cell differently")

    def matched(self, rows: int) -> Matched:
        """Put together what was found of so many rows, or refuse it."""
        if self.faults:
            raise LabelsUnusable(some(self.faults))
        if len(self.unmatched) > MOST_UNMATCHED * rows:
            raise LabelsUnusable(
                f"{len(self.unmatched)} of {rows} labelled cells are not found in their "
                f"pictures, more than {MOST_UNMATCHED:.0%}: {some(self.unmatched)}",
                advice="x and y are the middle of the cell in pixels, from the upper left corner.",
            )
        if not self.found:
            raise LabelsUnusable(
                f"all of the labelled cells that were found, {self.cut_off}, are cut by the edge",
                advice="Such cells are never counted. Take pictures that show whole cells.",
            )
        cells, numbers, outside = _together(list(self.found.values()))
        unmatched = tuple(self.unmatched)
        return Matched(cells, numbers, outside, unmatched, self.repeated, self.cut_off)


def _by_file(rows: Iterable[Label]) -> list[tuple[Path, list[Label]]]:
    files: dict[Path, list[Label]] = {}
    for row in rows:
        files.setdefault(row.file, []).append(row)
    return list(files.items())


def _together(found: list[_Found]) -> tuple[SiteCells, Numbers, int]:
    pairs = [(each.image.prediction, each.place) for each in found]
    measured = np.stack([each.image.numbers[each.place] for each in found])
    numbers = Numbers.of(NUMBERS, measured)
    embedding = np.stack([seen.embedding[place] for seen, place in pairs])
    cells = SiteCells(
        embedding=numbers.beside(embedding, measured),
        probability=np.array([seen.blast_probability[place] for seen, place in pairs], np.float32),
        blast=np.array([each.row.blast for each in found], np.bool_),
        group=np.array([each.row.group for each in found], np.str_),
    )
    return cells, numbers, sum(bool(seen.outside[place]) for seen, place in pairs)
