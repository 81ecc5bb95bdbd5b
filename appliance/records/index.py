"""Keeps the index of lists and searches beside the records it is derived from.

`revisions.record` calls `keep` for every version of a record, in the same transaction, so that no
list can miss a change. `rebuild` makes all of it anew from the records.

Words are what people type: names, numbers, the accession number with and without its noughts.
Facts are what filters ask for: status, specimen, what it waits for, what came of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from peewee import fn

from appliance.records import fulltext
from appliance.records.database import transaction
from appliance.records.index_tables import ExaminationIndex, IndexRow, PatientIndex
from appliance.records.review_tables import (
    Amendment,
    CellDecision,
    Conclusion,
    Reading,
    ReportOpening,
    ReportVersion,
)
from appliance.records.search import fold
from appliance.records.tables import Cell, Examination, FieldImage, Patient, Row
from appliance.review_vocabulary import BEFORE_SUBMISSION, CellLabel, ReadingKind, ReadingState
from appliance.vocabulary import ExaminationStatus, FieldState, Suggestion

_SIGN = "\N{SECTION SIGN}"  # begins every fact; folded words have no signs

WAITING = (FieldState.ACCEPTED, FieldState.ANALYSING)
"""States of an image that the worker has yet to finish."""
NEED_YOU = (FieldState.REFUSED, FieldState.FAILED)
"""States of an image that a person has to decide about."""

_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fact(kind: str, value: object) -> str:
    """Return the term for one fact, for instance of "status" and "final"."""
    return f"{_SIGN}{kind}{str(value).replace('-', '')}"


def place_of(moment: datetime) -> int:
    """Return where in the index a record of this moment stands, if it is alone there."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def same_number(number: str) -> str:
    """Return the fact that spellings of one number share: MRN-0017, mrn 17, MRN.017."""
    return fact("number", "".join(_unpadded("".join(fold(number)))))


def keep(row: Row) -> None:
    """Bring the index up to date with a record that was just written; for `revisions.record`."""
    if isinstance(row, Patient):
        if _keep_patient(row):
            for examination in Examination.select().where(Examination.patient == row.id):
                _keep_examination(examination, row)
    elif isinstance(row, Examination):
        _keep_examination(row, row.patient)
    elif isinstance(row, FieldImage | Reading | Conclusion | Amendment):
        refresh(row.__data__["examination"])


def refresh(examination_id: UUID) -> None:
    """Bring one examination up to date, after what came of it has changed."""
    row = Examination.get_by_id(examination_id)
    with transaction():
        _keep_examination(row, row.patient)


def rebuild() -> int:
    """Make the whole index anew from the records; return how many records are in it.

    Takes some twenty seconds for 100,000 examinations, in one transaction.
    """
    with transaction():
        PatientIndex.delete().execute()
        ExaminationIndex.delete().execute()
        count = _fill(PatientIndex, "patient", _all_patients())
        count += _fill(ExaminationIndex, "examination", _all_examinations())
        fulltext.rebuild(PatientIndex)
        fulltext.rebuild(ExaminationIndex)
        fulltext.mark_current()
    return count


def ensure() -> None:
    """Make the index anew if it is of an older form, or of a time before there was one."""
    if not fulltext.is_current():
        with transaction():
            if not fulltext.is_current():
                rebuild()


def fault() -> str:
    """Compare the whole index with the records; return what is wrong with it, or nothing.

    Takes as long as `rebuild`: not for a request.
    """
    if not fulltext.is_current():
        return "the index of lists and searches is of an older form"
    for table, subject, entries in (
        (PatientIndex, "patient", _all_patients()),
        (ExaminationIndex, "examination", _all_examinations()),
    ):
        stored: Any = table.select(getattr(table, subject), table.terms)
        kept: dict[UUID, str] = dict(stored.tuples())
        wrong = sum(kept.pop(row.id, "") != terms for row, terms in entries) + len(kept)
        if wrong or not fulltext.is_whole(table):
            return (
                f"the index of lists and searches is wrong for {max(wrong, 1)} {subject}s or more"
            )
    return ""


def _keep_patient(row: Patient) -> bool:
    """Keep the entry of a patient; return whether it changed. Merged ones are not offered."""
    merged = row.__data__.get("merged_into") is not None
    return _keep(PatientIndex, PatientIndex.patient == row.id, row, "" if merged else _named(row))


def _keep_examination(row: Examination, patient: Patient) -> None:
    terms = _join(_words_of(row, patient), _facts_of(row, _came_to([row.id])))
    _keep(ExaminationIndex, ExaminationIndex.examination == row.id, row, terms)


def _keep(table: type[IndexRow], is_it: Any, row: Row, terms: str) -> bool:
    known = table.get_or_none(is_it)
    if (known.terms if known else "") == terms:
        return False
    if known:
        fulltext.drop(table, known.place, known.terms)
        table.delete().where(table.place == known.place).execute()
    if terms:
        place = known.place if known else _free(table, place_of(row.created_at))
        subject = "patient" if table is PatientIndex else "examination"
        table.insert({"place": place, "terms": terms, subject: row.id}).execute()
        fulltext.put(table, place, terms)
    return True


def _free(table: type[IndexRow], place: int) -> int:
    """Find the next place that is not taken: two records may be of the same microsecond."""
    while table.select().where(table.place == place).exists():
        place += 1
    return place


def _named(row: Patient) -> str:
    number = row.medical_record_number
    return _join([*row.search_text.split(), "".join(fold(number))], [same_number(number)])


def _words_of(row: Examination, patient: Patient) -> list[str]:
    number = fold(row.accession_number)
    short = [word.lstrip("0") for word in number]
    return [*patient.search_text.split(), *number, *short, "".join(number)]


def _unpadded(number: str) -> Iterable[str]:
    for is_digits, characters in groupby(number, str.isdigit):
        run = "".join(characters)
        yield (run.lstrip("0") or "0") if is_digits else run


def _join(words: Iterable[str], facts: Iterable[str]) -> str:
    return f" {' '.join(dict.fromkeys(word for word in (*words, *facts) if word))} "


@dataclass(frozen=True, slots=True)
class _CameTo:
    """What came of some examinations, by their ids."""

    states: Mapping[UUID, set[str]]
    """Of their images."""
    with_blasts: set[UUID]
    findings: Mapping[UUID, str]
    untold: set[UUID]
    """With a critical result of which nobody was told."""
    pending: Mapping[UUID, set[str]]
    """Kinds of readings that are asked for and not done."""
    amended: set[UUID]
    """Signed, and being changed."""
    signed: Mapping[UUID, date]
    """On which day the last report was signed, as the clock on the wall counts."""
    to_tell: Mapping[UUID, set[str]]
    """Ids of who opened a report that has a newer version, which they have not opened."""


def _facts_of(row: Examination, came_to: _CameTo) -> list[str]:
    of_images = came_to.states.get(row.id, set())
    facts = [
        fact("status", row.status),
        fact("specimen", row.specimen),
        fact("patient", row.__data__["patient"]),
    ]
    facts += [fact("needs", need) for need in _needs_of_images(of_images, row.status)]
    facts += [fact("needs", need) for need in _needs_of_people(row, of_images, came_to)]
    if row.id in came_to.with_blasts:
        facts.append(fact("blasts", "yes"))
    elif FieldState.ANALYSED in of_images:
        facts.append(fact("blasts", "no"))
    if row.id in came_to.findings:
        facts.append(fact("finding", came_to.findings[row.id]))
    if row.id in came_to.signed:
        facts.append(fact("signed", came_to.signed[row.id]))
    facts += [fact("newer", user_id) for user_id in sorted(came_to.to_tell.get(row.id, ()))]
    return facts


def _needs_of_images(states: set[str], status: str) -> Iterable[str]:
    if not states:
        yield "images"
    if states & set(WAITING):
        yield "waiting"
    if status in BEFORE_SUBMISSION and states & set(NEED_YOU):
        yield "attention"
    yield from states & set(NEED_YOU)


def _needs_of_people(row: Examination, states: set[str], came_to: _CameTo) -> Iterable[str]:
    closed = row.status in (ExaminationStatus.CANCELLED, ExaminationStatus.ENTERED_IN_ERROR)
    at_the_bench = row.status in (ExaminationStatus.REGISTERED, ExaminationStatus.PARTIAL)
    if at_the_bench and (not states or states & {*WAITING, *NEED_YOU}):
        yield "capture"
    if row.status == ExaminationStatus.PARTIAL and not states & set(WAITING):
        yield "reading"
    if row.status == ExaminationStatus.PRELIMINARY or row.id in came_to.amended:
        yield "signing"
        pending = came_to.pending.get(row.id, set())
        if pending:
            yield "second"
        if ReadingKind.ADJUDICATION in pending:
            yield "adjudication"
    if row.id in came_to.untold and not closed:
        yield "telling"


def _came_to(ids: list[UUID]) -> _CameTo:
    images: Any = (
        FieldImage.select(FieldImage.examination, FieldImage.state)
        .where(FieldImage.examination.in_(ids))
        .distinct()
    )
    waiting: Any = Reading.select(Reading.examination, Reading.kind).where(
        Reading.examination.in_(ids),
        Reading.kind.in_([ReadingKind.SECOND, ReadingKind.ADJUDICATION]),
        Reading.state.in_([ReadingState.WANTED, ReadingState.OPEN]),
    )
    amended: Any = Amendment.select(Amendment.examination).where(
        Amendment.examination.in_(ids), Amendment.state == ReadingState.OPEN
    )
    reports: Any = (
        ReportVersion.select(ReportVersion.examination, ReportVersion.created_at)
        .where(ReportVersion.examination.in_(ids))
        .order_by(ReportVersion.number)
    )
    concluded = list(Conclusion.select().where(Conclusion.examination.in_(ids)))
    return _CameTo(
        states=_gathered(images.tuples()),
        with_blasts=_with_blasts(ids),
        findings={row.__data__["examination"]: row.finding for row in concluded},
        untold={
            row.__data__["examination"]
            for row in concluded
            if row.critical and row.acknowledged_at is None
        },
        pending=_gathered(waiting.tuples()),
        amended={examination_id for (examination_id,) in amended.tuples()},
        signed={key: at.astimezone().date() for key, at in reports.tuples()},
        to_tell=_to_tell(ids),
    )


def _to_tell(ids: list[UUID]) -> dict[UUID, set[str]]:
    """Find for whom there is news: the last version they opened is not the last there is."""
    of_these = ReportVersion.examination.in_(ids)
    versions: Any = ReportVersion.select(ReportVersion.examination, fn.MAX(ReportVersion.number))
    newest = dict(versions.where(of_these).group_by(ReportVersion.examination).tuples())
    if not newest:
        return {}
    opened: Any = (
        ReportOpening.select(
            ReportVersion.examination, ReportOpening.user, fn.MAX(ReportVersion.number)
        )
        .join(ReportVersion)
        .where(of_these)
        .group_by(ReportVersion.examination, ReportOpening.user)
    )
    return _gathered(
        (examination_id, str(user_id))
        for examination_id, user_id, number in opened.tuples()
        if number < newest[examination_id]
    )


def _gathered(pairs: Iterable[tuple[UUID, str]]) -> dict[UUID, set[str]]:
    gathered: dict[UUID, set[str]] = {}
    for key, value in pairs:
        gathered.setdefault(key, set()).add(value)
    return gathered


def _with_blasts(ids: list[UUID]) -> set[UUID]:
    """Find those in which a counted cell is called a blast: by a person, or else by the network."""
    called: Any = (
        CellDecision.select(CellDecision.label)
        .where(CellDecision.cell == Cell.id, CellDecision.blind == False)  # noqa: E712
        .order_by(CellDecision.number.desc())
        .limit(1)
    )
    label = fn.COALESCE(fn.NULLIF(called, ""), Cell.suggestion)
    found: Any = (
        FieldImage.select(FieldImage.examination)
        .join(Cell)
        .where(
            FieldImage.examination.in_(ids),
            Cell.counted == True,  # noqa: E712
            label.in_([Suggestion.BLAST, CellLabel.BLAST]),
        )
        .distinct()
    )
    return {examination_id for (examination_id,) in found.tuples()}


def _all_patients() -> Iterable[tuple[Patient, str]]:
    rows: Any = Patient.select().where(Patient.merged_into.is_null()).order_by(Patient.created_at)
    for row in rows.iterator():
        yield row, _named(row)


def _all_examinations() -> Iterable[tuple[Examination, str]]:
    rows: Any = Examination.select(Examination, Patient).join(Patient)
    for some in _some_at_a_time(rows.order_by(Examination.created_at).iterator()):
        came_to = _came_to([row.id for row in some])
        for row in some:
            yield row, _join(_words_of(row, row.patient), _facts_of(row, came_to))


def _fill(table: type[IndexRow], subject: str, entries: Iterable[tuple[Row, str]]) -> int:
    place = count = 0
    for some in _some_at_a_time(entries):
        rows = []
        for row, terms in some:
            place = max(place + 1, place_of(row.created_at))
            rows.append({"place": place, "terms": terms, subject: row.id})
        table.insert_many(rows).execute()
        count += len(rows)
    return count


def _some_at_a_time(items: Iterable[Any]) -> Iterable[list[Any]]:
    some: list[Any] = []
    for item in items:
        some.append(item)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
