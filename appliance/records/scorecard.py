"""What statistics are counted from: examinations of a period, their images, cells and readings.

Reads only, and hands out plain values. However many examinations a period has, the images and
cells of at most so many are looked at: a sample drawn by the last, random digits of their ids, so
the same each time. Patients are told apart by their ids and never named.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from peewee import fn

from appliance.clock import from_iso
from appliance.records.database import proxy
from appliance.records.review_tables import ReportVersion, SiteVerification
from appliance.records.tables import Cell, Examination, FieldImage, ModelRelease, User
from appliance.review_vocabulary import VerificationState
from appliance.vocabulary import ExaminationStatus, FieldState

T = TypeVar("T")

SAMPLE = 1000
"""Examinations whose images and cells are looked at, at most."""
CELLS = 40_000
"""Cells that are looked at, at most: a person waits for them."""
SUBMITTED = (
    ExaminationStatus.PRELIMINARY,
    ExaminationStatus.FINAL,
    ExaminationStatus.AMENDED,
    ExaminationStatus.CORRECTED,
)
"""Every counted cell is verified. Of one half read, which cells are left is no accident."""
SIGNED = SUBMITTED[1:]
COUNTED = (ExaminationStatus.REGISTERED, ExaminationStatus.PARTIAL, *SUBMITTED)
"""All but what was cancelled or entered in error."""

_AT_ONCE = 500  # values in one IN (...)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which examinations are asked for; what is left empty does not narrow."""

    since: date
    """First day of registration, as the clock on the wall counts."""
    until: date
    """Last day, inclusive."""
    model: str = ""
    """A `Picture.model`."""
    microscope: str = ""
    operator: UUID | None = None
    """Who took or uploaded the images."""
    stain_batch: str = ""
    without: frozenset[UUID] = frozenset()
    """Examinations that are left out, since whoever asks is to read them blind."""

    @property
    def widened(self) -> "Asked":
        """The same days, not narrowed."""
        return Asked(since=self.since, until=self.until, without=self.without)


@dataclass(frozen=True, slots=True)
class Case:
    """One examination of the sample."""

    id: UUID
    patient: UUID
    registered_at: datetime
    status: ExaminationStatus
    microscope: str
    stain_batch: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The examinations that are looked at, and how many there are."""

    cases: Sequence[Case]
    total: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One image of a case."""

    case: Case
    key: str
    """Its id as the database writes it, for `cells_of`."""
    operator: UUID | None
    state: FieldState
    model: str
    """Name and hash of the network, and of the site head where there was one; empty before."""
    passed: bool
    """Whether the quality gate let it through."""
    overridden: bool
    checks: dict[str, tuple[float, bool]]
    """The quality passport: by check its number and whether it passed."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What of a period can be asked for, each list in order."""

    models: Sequence[str]
    microscopes: Sequence[str]
    operators: Sequence[tuple[UUID, str]]
    """Id and name."""
    stain_batches: Sequence[str]


def sample(asked: Asked, statuses: Iterable[ExaminationStatus], *, limit: int = SAMPLE) -> Sample:
    """Draw the examinations of a period in one of the states."""
    found = _narrowed(asked).where(Examination.status.in_(list(statuses)))
    rows = found.order_by(fn.SUBSTR(Examination.id, 21), Examination.id).limit(limit)
    cases = _cases(rows)
    return Sample(cases, len(cases) if len(cases) < limit else found.count())


def look(
    asked: Asked, statuses: Iterable[ExaminationStatus], *, cells: int = CELLS
) -> tuple[Sample, list[Picture]]:
    """Draw examinations with their images, no more than have so many cells."""
    found = sample(asked, statuses)
    pictures = pictures_of(found.cases, asked)
    counted = _cells_by_case(pictures)
    kept, seen = 0, 0
    for case in found.cases:
        seen += counted[case.id]
        if kept and seen > cells:
            break
        kept += 1
    few = Sample(found.cases[:kept], found.total)
    ids = {case.id for case in few.cases}
    return few, [picture for picture in pictures if picture.case.id in ids]


def before(moment: datetime | None, asked: Asked, *, limit: int) -> list[Case]:
    """Give submitted examinations, of any time, that stand for how it was.

    Args:
        moment: the last ones registered before it; None asks for the very first ones.
        asked: narrows as for `sample`, but for the period.
        limit: at most so many.
    """
    found = _of(Examination.select(*_CASE), asked).where(Examination.status.in_(SUBMITTED))
    if moment is None:
        return _cases(found.order_by(Examination.created_at).limit(limit))
    found = found.where(Examination.created_at <= moment)
    return _cases(found.order_by(Examination.created_at.desc()).limit(limit))


def pictures_of(cases: Sequence[Case], asked: Asked) -> list[Picture]:
    """Give the images of these examinations that the model and operator asked for made."""
    found = [
        _picture(row, case)
        for row, case in with_cases(
            cases,
            lambda ids: FieldImage.select(
                FieldImage.examination,
                FieldImage.id,
                FieldImage.uploaded_by,
                FieldImage.state,
                FieldImage.quality_passed,
                FieldImage.override_at,
                FieldImage.stamp,
                FieldImage.quality,
            ).where(FieldImage.examination.in_(ids)),
        )
    ]
    return [
        picture
        for picture in found
        if (not asked.model or picture.model == asked.model)
        and (asked.operator is None or picture.operator == asked.operator)
    ]


def turnaround(asked: Asked, *, limit: int = 5 * SAMPLE) -> list[tuple[datetime, timedelta]]:
    """Give when a report was first signed, and how long after the specimen came; newest last.

    Counted from receipt where it was recorded, else from registration.
    """
    signed = ReportVersion.select(ReportVersion.created_at).where(
        ReportVersion.examination == Examination.id, ReportVersion.number == 1
    )
    rows = proxy.execute(
        _narrowed(asked)
        .select(Examination.created_at, Examination.received_at, signed)
        .where(Examination.status.in_(SIGNED))
        .order_by(Examination.created_at.desc())
        .limit(limit)
    )
    found = [
        (from_iso(end), from_iso(end) - from_iso(received or registered))
        for registered, received, end in rows
        if end
    ]
    return [(end, max(took, timedelta(0))) for end, took in sorted(found)]


def volume(asked: Asked) -> dict[date, dict[ExaminationStatus, int]]:
    """Count the examinations of each day of registration (of UTC) by their present state."""
    day = fn.SUBSTR(Examination.created_at, 1, 10)
    rows = proxy.execute(
        _narrowed(asked)
        .select(day, Examination.status, fn.COUNT(Examination.id))
        .group_by(day, Examination.status)
    )
    counted: dict[date, dict[ExaminationStatus, int]] = {}
    for text, status, count in rows:
        counted.setdefault(date.fromisoformat(text), {})[ExaminationStatus(status)] = count
    return counted


def offered(pictures: Sequence[Picture]) -> Offered:
    """List what images, best those of a sample that is not narrowed, can be told apart by."""
    named: set[UUID] = {p.operator for p in pictures if p.operator}
    people = User.select(User.id, User.full_name).where(User.id.in_(list(named)))
    return Offered(
        models=sorted({picture.model for picture in pictures if picture.model}),
        microscopes=sorted({p.case.microscope for p in pictures if p.case.microscope}),
        operators=sorted(((row.id, row.full_name) for row in people), key=lambda pair: pair[1]),
        stain_batches=sorted({p.case.stain_batch for p in pictures if p.case.stain_batch}),
    )


def head_in_use() -> SiteVerification | None:
    """Return the site head that is switched on, with when it was fitted."""
    rows = SiteVerification.select().where(SiteVerification.state == VerificationState.ACTIVE)
    head: SiteVerification | None = rows.order_by(SiteVerification.created_at.desc()).first()
    return head


_CASE = (
    Examination.id,
    Examination.patient,
    Examination.created_at,
    Examination.status,
    Examination.microscope,
    Examination.stain_batch,
)


def _narrowed(asked: Asked) -> Any:
    since, until = _midnight(asked.since), _midnight(asked.until + timedelta(days=1))
    return _of(Examination.select(*_CASE), asked).where(
        Examination.created_at >= since, Examination.created_at < until
    )


def _of(found: Any, asked: Asked) -> Any:
    if asked.microscope:
        found = found.where(Examination.microscope == asked.microscope)
    if asked.without:
        found = found.where(Examination.id.not_in(list(asked.without)))
    if asked.stain_batch:
        found = found.where(Examination.stain_batch == asked.stain_batch)
    images = FieldImage.select(FieldImage.id).where(FieldImage.examination == Examination.id)
    if asked.operator:
        found = found.where(fn.EXISTS(images.where(FieldImage.uploaded_by == asked.operator)))
    if asked.model:
        network = ModelRelease.select(ModelRelease.id).where(
            ModelRelease.name == asked.model.split(" ")[0]
        )
        found = found.where(fn.EXISTS(images.where(FieldImage.model.in_(network))))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()


def _cases(rows: Any) -> list[Case]:
    return [
        Case(
            row.id,
            row.__data__["patient"],
            row.created_at,
            ExaminationStatus(row.status),
            row.microscope,
            row.stain_batch,
        )
        for row in rows
    ]


def with_cases(cases: Sequence[Case], query: Any) -> Iterator[tuple[tuple[Any, ...], Case]]:
    """Run a query whose first column is the examination, for some cases at once."""
    by_key = {case.id.hex: case for case in cases}
    for some in in_batches(cases):
        for row in proxy.execute(query([case.id for case in some])):
            yield row, by_key[row[0]]


def in_batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Hand out values as many at once as one IN (...) takes."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _cells_by_case(pictures: Sequence[Picture]) -> Counter[UUID]:
    case_of = {picture.key: picture.case.id for picture in pictures}
    counted: Counter[UUID] = Counter()
    for keys in in_batches(list(case_of)):
        rows = proxy.execute(
            Cell.select(Cell.field, fn.COUNT(Cell.id))
            .where(Cell.field.in_([UUID(key) for key in keys]))
            .group_by(Cell.field)
        )
        for key, count in rows:
            counted[case_of[key]] += count
    return counted


def _picture(row: tuple[Any, ...], case: Case) -> Picture:
    _, key, operator, state, passed, override_at, stamp, quality = row
    return Picture(
        case=case,
        key=key,
        operator=UUID(operator) if operator else None,
        state=FieldState(state),
        model=_model(json.loads(stamp)) if stamp else "",
        passed=bool(passed),
        overridden=override_at is not None,
        checks={c["name"]: (float(c["value"]), bool(c["passed"])) for c in json.loads(quality)},
    )


def _model(stamp: dict[str, Any]) -> str:
    head = stamp.get("site_head")
    of_head = f" head {head['sha256'][:8]}" if head else ""
    return f"{stamp['id']} {stamp['sha256'][:8]}{of_head}"
