"""Examinations on their way to a signature, written straight into the records."""

from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

from appliance.records import conclusions, decisions, fields, readings, users
from appliance.records.review_tables import Reading, ReportVersion
from appliance.records.tables import Cell, Examination, User
from appliance.review_vocabulary import CellLabel, Finding, ReadingKind
from appliance.wiring import Appliance
from tests.webui.examples import add_field, analyse, examination_of

BLAST, NORMAL, UNSURE = CellLabel.BLAST, CellLabel.NORMAL, CellLabel.UNSURE
_LABELS = {"blast": BLAST, "normal": NORMAL, "unsure": UNSURE}
_pictures = count(100)


def cells_of(examination_id: UUID) -> list[Cell]:
    """The counted cells of an examination."""
    return [cell for cell in fields.cells_of_examination(examination_id) if cell.counted]


def imaged(
    appliance: Appliance, user: User, probabilities: Sequence[float], **values: Any
) -> Examination:
    """An examination with one image, read by the network."""
    examination = examination_of(user, **values)
    add_field(appliance, examination.id, user, next(_pictures))
    analyse([*probabilities])
    return examination


def call(reading: Reading, labels: Sequence[CellLabel], reader: User) -> None:
    """Show all cells of the examination to the reader, who calls them in order."""
    by = users.actor_of(reader)
    cells = cells_of(reading.__data__["examination"])
    decisions.showed(reading.id, {cell.id: 2000 for cell in cells}, by)
    for label in dict.fromkeys(labels):
        named = zip(cells, labels, strict=True)
        decisions.decide(reading.id, [cell.id for cell, one in named if one == label], label, by)


def read(examination_id: UUID, reader: User, labels: Sequence[CellLabel] = ()) -> Reading:
    """The first reading with every cell called, by default as suggested; not submitted."""
    reading = readings.take(examination_id, ReadingKind.FIRST, users.actor_of(reader))
    suggested = [_LABELS[str(cell.suggestion)] for cell in cells_of(examination_id)]
    call(reading, labels or suggested, reader)
    return reading


def submitted(
    appliance: Appliance,
    reader: User,
    probabilities: Sequence[float] = (0.9, 0.9, 0.1, 0.1, 0.1),
    *,
    second_because: str = "",
    **values: Any,
) -> Examination:
    """An examination that was read as suggested and submitted."""
    examination = imaged(appliance, reader, probabilities, **values)
    reading = read(examination.id, reader)
    return readings.submit(reading.id, users.actor_of(reader), second_because=second_because)


def conclude(
    examination_id: UUID, user: User, *, critical: bool = False, text: str = "Seen."
) -> None:
    """Write the conclusion, or write it anew."""
    known = conclusions.of(examination_id)
    values = {"finding": Finding.BLASTS_AT_LIMIT, "text": text, "critical": critical}
    conclusions.write(examination_id, values, known.revision if known else 0, users.actor_of(user))


def sign(appliance: Appliance, examination_id: UUID, user: User, password: str) -> ReportVersion:
    """Sign what stands."""
    draft = appliance.review.draft(examination_id)
    row = Examination.get_by_id(examination_id)
    return appliance.review.sign(
        examination_id, row.revision, draft.sha256, password, users.actor_of(user)
    )


def signed(
    appliance: Appliance, reader: User, signer: User, password: str, **values: Any
) -> Examination:
    """An examination with its first report."""
    examination = submitted(appliance, reader, **values)
    conclude(examination.id, signer)
    sign(appliance, examination.id, signer, password)
    return Examination.get_by_id(examination.id)
