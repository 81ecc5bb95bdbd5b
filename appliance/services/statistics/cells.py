"""Read cells as columns: what readers called each, what the model suggested, whose cell it is."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from appliance.records.scorecard import SIGNED, Picture
from appliance.records.scored_cells import SeenCell
from appliance.review_vocabulary import CellLabel
from appliance.services.statistics.blocks import Blocks, Floats, Truths
from appliance.vocabulary import Suggestion

CALLS = (Suggestion.BLAST, Suggestion.NORMAL, Suggestion.UNSURE)
LABELS = (
    CellLabel.BLAST,
    CellLabel.NORMAL,
    CellLabel.UNSURE,
    CellLabel.OTHER,
    CellLabel.NOT_A_CELL,
)
NONE = -1
NOBODY = UUID(int=0)
_CALL = {str(call): number for number, call in enumerate(CALLS)}
_LABEL = {str(label): number for number, label in enumerate(LABELS)}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What examinations or images are told apart by, as numbers of names."""

    title: str
    names: Sequence[str]
    of: NDArray[np.intp]
    """(n,) number of each cell's name."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadCells:
    """n counted cells."""

    label: NDArray[np.intp]
    """(n,) number in LABELS; NONE where no reader called it."""
    call: NDArray[np.intp]
    """(n,) number in CALLS; NONE for a cell that a person added."""
    probability: Floats
    """(n,) of a blast; NaN without a suggestion."""
    patient: Blocks
    """(n,)."""
    case: Blocks
    """(n,) number of the examination, 0 and up."""
    signed: Truths
    """(cases,) whether it is."""
    columns: Sequence[Column]
    """Model, microscope, operator, stain batch, month."""

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.label)

    @property
    def blast(self) -> Truths:
        """Which readers called blast."""
        return np.asarray(self.label == 0, np.bool_)

    @property
    def judged(self) -> Truths:
        """Which readers called blast or normal, and the model made a suggestion for."""
        told = (self.label >= 0) & (self.label <= 1) & (self.call != NONE)
        return np.asarray(told, np.bool_)

    @property
    def decided(self) -> Truths:
        """Of these, which the model was not unsure of."""
        return np.asarray(self.judged & (self.call <= 1), np.bool_)

    def where(self, choice: Truths) -> "ReadCells":
        """Take some cells; the numbers of patients and cases stay."""
        return ReadCells(
            self.label[choice],
            self.call[choice],
            self.probability[choice],
            self.patient[choice],
            self.case[choice],
            self.signed,
            [Column(each.title, each.names, each.of[choice]) for each in self.columns],
        )


def gather(cells: Iterable[SeenCell], people: Mapping[UUID, str]) -> ReadCells:
    """Turn cells into columns.

    Args:
        cells: counted ones.
        people: full names by id.
    """
    # One after the other: there are tens of thousands, and pages share their memory with this.
    pictures: dict[str, tuple[int, Picture]] = {}
    label, call, place, probability = array("b"), array("b"), array("l"), array("d")
    for cell in cells:
        key = cell.picture.key
        place.append(pictures.setdefault(key, (len(pictures), cell.picture))[0])
        label.append(_LABEL.get(cell.label, NONE))
        call.append(_CALL.get(cell.suggestion, NONE))
        probability.append(cell.probability)
    of = np.array(place, np.intp)

    def numbered(values: Iterable[Any]) -> tuple[list[Any], NDArray[np.intp]]:
        known: dict[Any, int] = {}
        codes = [known.setdefault(value, len(known)) for value in values]
        return list(known), np.array(codes, np.intp)[of]

    images = [picture for _, picture in pictures.values()]
    cases, case = numbered(picture.case.id for picture in images)
    status = {picture.case.id: picture.case.status for picture in images}
    told = {
        "Model": (picture.model for picture in images),
        "Microscope": (picture.case.microscope for picture in images),
        "Operator": (people.get(picture.operator or NOBODY, "") for picture in images),
        "Stain batch": (picture.case.stain_batch for picture in images),
        "Month": (f"{picture.case.registered_at.astimezone():%Y-%m}" for picture in images),
    }
    return ReadCells(
        label=np.array(label, np.intp),
        call=np.array(call, np.intp),
        probability=np.array(probability, np.float64),
        patient=numbered(picture.case.patient for picture in images)[1],
        case=case,
        signed=np.array([status[case] in SIGNED for case in cases], np.bool_),
        columns=[
            Column(title, [name or "not stated" for name in names], codes)
            for title, (names, codes) in ((t, numbered(values)) for t, values in told.items())
        ],
    )
