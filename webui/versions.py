"""What changed between two signed versions of a report, read from the records that were signed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.records.review_tables import ReportVersion
from webui import display, labels
from webui.histories import Change, Shown

MOST_CELLS = 30
"""Cells that are named one by one; more are only counted."""

_RESULTS = (
    ("counted", "Counted cells"),
    ("blast", "Blasts"),
    ("normal", "Normal"),
    ("unsure", "Unsure"),
    ("other", "Other cells"),
    ("not-a-cell", "Not a cell"),
)


@dataclass(frozen=True)
class Compared:
    """One signed version, with what it changed against the one before."""

    row: ReportVersion
    changes: tuple[Change, ...]
    """Empty for the first."""
    before: int | None
    """Number of the version it is compared with."""


def compared(rows: Sequence[ReportVersion]) -> list[Compared]:
    """Compare each version with the one before; newest first, as they are given."""
    found = []
    for row, older in zip(rows, [*rows[1:], None], strict=True):
        changes = tuple(changed(older.content, row.content)) if older else ()
        found.append(Compared(row, changes, older.number if older else None))
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Say what differs between two signed records, the conclusion first."""
    yield from _columns(
        before.get("conclusion") or {}, after.get("conclusion") or {}, labels.CONCLUSION
    )
    yield from _results(before["counts"], after["counts"])
    yield from _cells(_called(before), _called(after))
    yield from _columns(before.get("clinical") or {}, after.get("clinical") or {}, labels.CLINICAL)
    yield from _columns(before["patient"], after["patient"], labels.PATIENT)
    yield from _columns(before["examination"], after["examination"], labels.EXAMINATION)
    yield from _printed(before.get("printed"), after.get("printed"))


def _columns(
    before: Mapping[str, Any], after: Mapping[str, Any], columns: Mapping[str, Shown]
) -> Iterator[Change]:
    for name, shown in columns.items():
        was, now = before.get(name), after.get(name)
        if (was or None) != (now or None):
            yield Change(shown.label, shown.words(was), shown.words(now))


def _results(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name, label in _RESULTS:
        if before[name] != after[name]:
            yield Change(label, str(before[name]), str(after[name]))
    was, now = _fraction(before), _fraction(after)
    if was != now:
        yield Change("Blast fraction", was, now)


def _printed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[Change]:
    """Compare limit and wording; the first records were signed without them."""
    if before is None or after is None:
        return
    if before["decision_limit"] != after["decision_limit"]:
        was, now = (f"{100 * one['decision_limit']:g} %" for one in (before, after))
        yield Change("Decision limit", was, now)
    for table, label in (("wording", "Wording"), ("findings", "Wording of a finding")):
        was_said, said = before[table], after[table]
        for name in sorted({*was_said, *said}):
            if was_said.get(name, "") != said.get(name, ""):
                yield Change(label, was_said.get(name, ""), said.get(name, ""))


def _fraction(counts: Mapping[str, Any]) -> str:
    if counts["interval95"] is None:
        return "no cell decided"
    low, high = (100 * bound for bound in counts["interval95"])
    return f"{display.percent(counts['blast_fraction'])} ({low:.1f} to {high:.1f} %)"


def _cells(before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> Any:
    differing = [key for key in after if before.get(key, ("", ""))[1] != after[key][1]]
    for key in differing[:MOST_CELLS]:
        place, label = after[key]
        was = labels.CALLS[before[key][1]] if key in before else "not there"
        yield Change(place, was, labels.CALLS[label])
    left = len(differing) - MOST_CELLS
    if left > 0:
        yield Change("Further cells", "", f"{left} more called differently")


def _called(content: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return place and label of every counted cell, by its id."""
    return {
        cell["id"]: (f"Image {image['number']}, cell {cell['number']}", cell["label"])
        for image in content["images"]
        for cell in image["cells"]
        if cell["counted"]
    }
