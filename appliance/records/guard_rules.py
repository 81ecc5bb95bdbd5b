"""What the database itself refuses of reading, concluding and signing: one rule a line.

A rule names the table and event it watches, when it breaks, and the sentence it breaks with. The
modules of the records ask the same before, in sentences for people; these hold for whoever writes
SQL past them, and for a fault in those modules.
"""

# ruff: noqa: S608 - every word of these conditions stands here, nothing comes from outside

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from appliance.review_vocabulary import CellLabel


class Rule(NamedTuple):
    """One thing that is refused."""

    table: str
    name: str
    """Of the trigger, after the table's."""
    event: str
    """INSERT or UPDATE."""
    when: str
    """The SQL condition under which it is refused."""
    sentence: str


_SIGNED = "('final', 'amended', 'corrected')"
_STEPS: Mapping[str, tuple[str, ...]] = {
    "registered": ("partial", "cancelled"),
    "partial": ("preliminary", "cancelled"),
    "preliminary": ("partial", "final", "cancelled"),
    "final": ("amended", "corrected", "entered-in-error"),
    "amended": ("corrected", "entered-in-error"),
    "corrected": ("amended", "entered-in-error"),
}
_READING_STEPS: Mapping[str, tuple[str, ...]] = {
    "wanted": ("open", "waived"),
    "open": ("submitted", "waived"),
}

# The examination that a row belongs to.
_OF_CELL = (
    "(SELECT f.examination_id FROM cell c JOIN field_image f ON f.id = c.field_id"
    " WHERE c.id = NEW.cell_id)"
)
_OF_FIELD = "(SELECT f.examination_id FROM field_image f WHERE f.id = NEW.field_id)"
_OF_REPORT = "(SELECT v.examination_id FROM report_version v WHERE v.id = NEW.report_id)"

_MOVES = "NEW.status <> OLD.status"
_LABEL = (
    "COALESCE((SELECT d.label FROM cell_decision d WHERE d.cell_id = c.id AND d.blind = 0"
    " ORDER BY d.number DESC LIMIT 1), '')"
)


def every() -> tuple[Rule, ...]:
    """Return all rules."""
    return (
        *_examination(),
        *_images_and_cells(),
        *_readings(),
        *_decisions(),
        *_conclusions(),
        *_reports(),
        *_signatures(),
        *_amendments(),
    )


def _examination() -> Iterable[Rule]:
    table = "examination"
    step = f"{_MOVES} AND NOT ({_any_of(_STEPS, 'status')})"
    yield Rule(
        table,
        "begins",
        "INSERT",
        "NEW.status NOT IN ('registered', 'partial')",
        "an examination begins unread",
    )
    yield Rule(table, "steps", "UPDATE", step, "an examination takes no such step")
    rests = f"{_MOVES} AND NEW.status IN ('preliminary', 'final', 'amended', 'corrected')"
    for name, condition, sentence in _incomplete("NEW.id"):
        yield Rule(table, name, "UPDATE", f"{rests} AND {condition}", sentence)
    signs = f"{_MOVES} AND NEW.status IN {_SIGNED}"
    for name, condition, sentence in _unsignable("NEW.id"):
        yield Rule(table, name, "UPDATE", f"{signs} AND {condition}", sentence)
    signed = (
        "EXISTS (SELECT 1 FROM report_version v JOIN signature s ON s.report_id = v.id"
        " WHERE v.examination_id = NEW.id AND v.status = NEW.status"
        " AND s.record_sha256 = v.sha256 AND v.number ="
        " (SELECT MAX(w.number) FROM report_version w WHERE w.examination_id = NEW.id))"
    )
    yield Rule(table, "signed", "UPDATE", f"{signs} AND NOT {signed}", "this report is not signed")
    yield Rule(
        table,
        "voided",
        "UPDATE",
        f"{_MOVES} AND NEW.status = 'entered-in-error' AND {_amended('NEW.id')}",
        "a report that is being amended is not made void",
    )


def _images_and_cells() -> Iterable[Rule]:
    closed = "a closed examination takes no images"
    yield Rule("field_image", "closed", "INSERT", _closed("NEW.examination_id"), closed)
    again = (
        "OLD.state IN ('refused', 'failed') AND NEW.state = 'accepted'"
        f" AND {_closed('NEW.examination_id')}"
    )
    yield Rule(
        "field_image", "again", "UPDATE", again, "a closed examination analyses no image again"
    )
    # A cancelled one may still get the cells of an image whose analysis was under way.
    kept = f"{_closed(_OF_FIELD)} AND NOT {_is(_OF_FIELD, 'cancelled')}"
    yield Rule("cell", "closed", "INSERT", kept, "a signed examination takes no cells")
    made = "NEW.origin <> 'found' AND (NEW.suggestion IS NOT NULL OR NEW.made_by_id IS NULL)"
    yield Rule("cell", "made", "INSERT", made, "a cell that a person made carries no suggestion")


def _readings() -> Iterable[Rule]:
    table = "reading"
    closed = "a closed examination is not read"
    yield Rule(table, "closed", "INSERT", _closed("NEW.examination_id"), closed)
    back = (
        "OLD.kind = 'first' AND OLD.state = 'submitted' AND NEW.state = 'open'"
        f" AND {_is('NEW.examination_id', 'partial')}"
    )
    step = f"NEW.state <> OLD.state AND NOT ({_any_of(_READING_STEPS, 'state')} OR {back})"
    yield Rule(table, "steps", "UPDATE", step, "a reading takes no such step")
    fixed = (
        "NEW.kind <> OLD.kind OR NEW.examination_id <> OLD.examination_id"
        " OR (OLD.reader_id IS NOT NULL AND NEW.reader_id IS NOT OLD.reader_id)"
    )
    yield Rule(table, "fixed", "UPDATE", fixed, "a reading keeps its reader")
    nobody = "NEW.state IN ('open', 'submitted') AND NEW.reader_id IS NULL"
    both = (
        "EXISTS (SELECT 1 FROM reading r WHERE r.examination_id = NEW.examination_id"
        " AND r.id <> NEW.id AND r.reader_id = NEW.reader_id AND ("
        "(NEW.kind = 'first' AND r.kind IN ('second', 'adjudication'))"
        " OR (NEW.kind = 'second' AND r.kind IN ('first', 'adjudication'))"
        " OR (NEW.kind = 'adjudication' AND r.kind IN ('first', 'second'))))"
    )
    for event in ("INSERT", "UPDATE"):
        suffix = event.lower()
        yield Rule(table, f"reader_{suffix}", event, nobody, "a reading is read by somebody")
        yield Rule(
            table,
            f"independent_{suffix}",
            event,
            both,
            "first, second and third reader are three people",
        )


def _decisions() -> Iterable[Rule]:
    table = "cell_decision"
    contiguous = (
        "NEW.number <> 1 + COALESCE((SELECT MAX(d.number) FROM cell_decision d"
        " WHERE d.cell_id = NEW.cell_id), 0)"
    )
    labels = ", ".join(f"'{label}'" for label in CellLabel)
    own = (
        "SELECT 1 FROM reading r WHERE r.id = NEW.reading_id AND r.state = 'open'"
        f" AND r.reader_id = NEW.reader_id AND r.examination_id = {_OF_CELL}"
    )
    closed = "a closed examination takes no decisions"
    yield Rule(
        table, "numbers", "INSERT", contiguous, "the decisions of a cell are numbered without gap"
    )
    yield Rule(
        table, "labels", "INSERT", f"NEW.label NOT IN ('', {labels})", "cells are not called so"
    )
    yield Rule(
        table,
        "own",
        "INSERT",
        f"NOT EXISTS ({own} AND NEW.blind = (r.kind = 'second'))",
        "cells are called in the own open reading of their examination",
    )
    yield Rule(table, "closed", "INSERT", _closed(_OF_CELL), closed)
    yield Rule(
        "cell_display",
        "own",
        "INSERT",
        f"NOT EXISTS ({own})",
        "cells are shown in the own open reading of their examination",
    )
    yield Rule("cell_display", "closed", "INSERT", _closed(_OF_CELL), closed)


def _conclusions() -> Iterable[Rule]:
    closed = _closed("NEW.examination_id")
    sentence = "the conclusion of a closed examination stays"
    says = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in ("finding", "text", "critical"))
    yield Rule("conclusion", "closed", "INSERT", closed, sentence)
    yield Rule("conclusion", "stands", "UPDATE", f"({says}) AND {closed}", sentence)


def _reports() -> Iterable[Rule]:
    table = "report_version"
    contiguous = (
        "NEW.number <> 1 + COALESCE((SELECT MAX(v.number) FROM report_version v"
        " WHERE v.examination_id = NEW.examination_id), 0)"
    )
    first = (
        "NEW.status = 'final' AND NEW.amendment_id IS NULL"
        f" AND {_is('NEW.examination_id', 'preliminary')}"
    )
    amended = (
        "EXISTS (SELECT 1 FROM amendment a WHERE a.id = NEW.amendment_id AND a.state = 'open'"
        " AND a.status = NEW.status AND a.examination_id = NEW.examination_id)"
    )
    yield Rule(
        table, "numbers", "INSERT", contiguous, "the versions of a report are numbered without gap"
    )
    yield Rule(
        table,
        "due",
        "INSERT",
        f"NOT (({first}) OR {amended})",
        "a report is made of what is submitted or being amended",
    )


def _signatures() -> Iterable[Rule]:
    table = "signature"
    other = (
        "NOT EXISTS (SELECT 1 FROM report_version v"
        " WHERE v.id = NEW.report_id AND v.sha256 = NEW.record_sha256)"
    )
    old = f"NOT ({_is(_OF_REPORT, 'preliminary')} OR {_amended(_OF_REPORT)})"
    gone = 'NOT EXISTS (SELECT 1 FROM "user" u WHERE u.id = NEW.signer_id AND u.disabled = 0)'
    own = (
        "NOT NEW.own_submission_allowed AND EXISTS (SELECT 1 FROM reading r"
        f" WHERE r.examination_id = {_OF_REPORT} AND r.kind = 'first' AND r.state = 'submitted'"
        " AND r.reader_id = NEW.signer_id)"
    )
    yield Rule(table, "record", "INSERT", other, "a signature binds to the record it is under")
    yield Rule(table, "due", "INSERT", old, "a report is signed once, when it is made")
    yield Rule(table, "signer", "INSERT", gone, "only somebody who works here signs")
    yield Rule(table, "own", "INSERT", own, "nobody signs their own submission")
    for name, condition, sentence in (*_incomplete(_OF_REPORT), *_unsignable(_OF_REPORT)):
        yield Rule(table, name, "INSERT", condition, sentence)


def _amendments() -> Iterable[Rule]:
    table = "amendment"
    due = (
        "NOT EXISTS (SELECT 1 FROM examination e WHERE e.id = NEW.examination_id"
        f" AND e.status IN {_SIGNED}) OR {_amended('NEW.examination_id')}"
    )
    yield Rule(table, "due", "INSERT", due, "only a signed report is amended, once at a time")
    ends = "OLD.state = 'open' AND NEW.state <> 'open'"
    unsigned = (
        "NOT EXISTS (SELECT 1 FROM report_version v JOIN signature s ON s.report_id = v.id"
        " WHERE v.amendment_id = NEW.id)"
    )
    yield Rule(
        table, "steps", "UPDATE", "OLD.state <> 'open'", "an amendment that has ended stays so"
    )
    yield Rule(
        table,
        "signed",
        "UPDATE",
        f"NEW.state = 'submitted' AND {unsigned}",
        "this amendment is not signed",
    )
    for name, condition, sentence in _incomplete("NEW.examination_id"):
        yield Rule(table, name, "UPDATE", f"{ends} AND {condition}", sentence)


def _incomplete(examination: str) -> Iterable[tuple[str, str, str]]:
    """What must be done of an examination before anybody rests on it."""
    waiting = (
        f"EXISTS (SELECT 1 FROM field_image f WHERE f.examination_id = {examination}"
        " AND f.state IN ('accepted', 'analysing'))"
    )
    counted = (
        "EXISTS (SELECT 1 FROM field_image f JOIN cell c ON c.field_id = f.id"
        f" WHERE f.examination_id = {examination} AND c.counted = 1 AND"
    )
    seen = (
        "EXISTS (SELECT 1 FROM cell_display s JOIN reading r ON r.id = s.reading_id"
        " WHERE s.cell_id = c.id AND r.kind <> 'second')"
    )
    yield "images", waiting, "an image is still being analysed"
    yield "unverified", f"{counted} {_LABEL} = '')", "a counted cell is not verified"
    unseen = f"{counted} {_LABEL} <> 'replaced' AND NOT {seen})"
    yield "unseen", unseen, "a counted cell was never on the screen"


def _unsignable(examination: str) -> Iterable[tuple[str, str, str]]:
    """What must be done of an examination before it is signed."""
    pending = (
        f"EXISTS (SELECT 1 FROM reading r WHERE r.examination_id = {examination}"
        " AND r.kind IN ('second', 'adjudication') AND r.state IN ('wanted', 'open'))"
    )
    concluded = f"EXISTS (SELECT 1 FROM conclusion k WHERE k.examination_id = {examination})"
    yield "pending", pending, "a second reading or an adjudication is not done"
    yield "concluded", f"NOT {concluded}", "there is no conclusion"


def _is(examination: str, status: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM examination e WHERE e.id = {examination} AND e.status = '{status}')"
    )


def _amended(examination: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM amendment a WHERE a.examination_id = {examination}"
        " AND a.state = 'open')"
    )


def _closed(examination: str) -> str:
    """Cancelled, void, or signed and not being amended."""
    return (
        f"EXISTS (SELECT 1 FROM examination e WHERE e.id = {examination} AND ("
        "e.status IN ('cancelled', 'entered-in-error')"
        f" OR (e.status IN {_SIGNED} AND NOT {_amended('e.id')})))"
    )


def _any_of(steps: Mapping[str, tuple[str, ...]], column: str) -> str:
    return " OR ".join(
        f"(OLD.{column} = '{before}' AND NEW.{column} IN ({', '.join(map(repr, after))}))"
        for before, after in steps.items()
    )
