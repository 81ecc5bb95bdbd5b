"""Reads a laboratory's list of verified cells: LABELS.csv with file,label[,x,y][,group]."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import LabelsUnusable

GROUP_COLUMNS = ("patient", "slide", "group", "block")
"""What may say which cells belong together; the widest that is there is taken."""
BLAST = frozenset({"blast", "1", "all"})
NORMAL = frozenset({"normal", "0", "hem"})
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Label:
    """One verified cell."""

    line: int
    file: Path
    blast: bool
    point: tuple[float, float] | None
    """Middle of the cell in pixels; None where the file shows a single cell."""
    group: str


@dataclass(frozen=True, slots=True)
class Labels:
    """A list of verified cells."""

    rows: tuple[Label, ...]
    sha256: str
    """Of the list itself."""
    grouped_by: str
    """Name of the column that says what belongs together, or "file"."""


def read_labels(path: Path) -> Labels:
    """Read the list; every fault in it is found before anything is said.

    Args:
        path: CSV, comma or semicolon, UTF-8; files are looked for beside it.

    Raises:
        LabelsUnusable: it cannot be read, a column is missing, a label is unknown, a place is no
            pair of numbers, a file is missing, or two rows contradict each other.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise LabelsUnusable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelsUnusable(f"{path.name} is not UTF-8 text") from error
    lines = text.splitlines()
    header = lines[0] if lines else ""
    comma = ";" if ";" in header and "," not in header else ","
    reader = csv.DictReader(lines, delimiter=comma, skipinitialspace=True)
    names = [(name or "").strip().lower() for name in reader.fieldnames or []]
    reader.fieldnames = names
    _check_columns(path.name, names)
    group = next((name for name in GROUP_COLUMNS if name in names), None)
    rows, faults = [], []
    for number, row in enumerate(reader, start=2):
        try:
            rows.append(_label(row, number, path.parent, group))
        except ValueError as fault:
            faults.append(f"line {number}: {fault}")
    faults += _contradictions(rows)
    if faults:
        raise LabelsUnusable(f"{path.name}: {some(faults)}")
    return Labels(tuple(rows), hashlib.sha256(data).hexdigest(), group or "file")


def some(sentences: list[str]) -> str:
    """Name the first few, and say how many more there are."""
    more = len(sentences) - _NAMED
    return "; ".join(sentences[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _check_columns(name: str, columns: list[str]) -> None:
    missing = [column for column in ("file", "label") if column not in columns]
    if missing:
        raise LabelsUnusable(
            f"{name} has no column {' and no column '.join(missing)}",
            advice="Its first line must be: file,label or file,label,x,y, then slide or patient.",
        )
    if ("x" in columns) != ("y" in columns):
        raise LabelsUnusable(f"{name} has only one of the columns x and y")


def _label(row: Mapping[str, str | None], line: int, folder: Path, group: str | None) -> Label:
    """Read one row.

    Raises:
        ValueError: in a few words.
    """
    values = {name: (row.get(name) or "").strip() for name in ("file", "label", "x", "y")}
    if not values["file"]:
        raise ValueError("no file is named")
    file = folder / values["file"]
    if not file.is_file():
        raise ValueError(f"there is no file {values['file']}")
    word = values["label"].lower()
    if word not in BLAST | NORMAL:
        raise ValueError(f"unknown label {values['label']!r}, expected blast or normal")
    belongs = (row.get(group) or "").strip() if group else ""
    return Label(
        line=line,
        file=file,
        blast=word in BLAST,
        point=_point(values["x"], values["y"]),
        group=f"{group} {belongs}" if belongs else f"file {file}",
    )


def _point(x: str, y: str) -> tuple[float, float] | None:
    if not x and not y:
        return None
    try:
        point = float(x), float(y)
    except ValueError:
        raise ValueError(f"x {x!r} and y {y!r} are not two numbers") from None
    if not all(0 <= value < 1e6 for value in point):
        raise ValueError(f"x {x} and y {y} are not a place in a picture")
    return point


def _contradictions(rows: list[Label]) -> Iterator[str]:
    """Find rows of one place with different labels."""
    known: dict[tuple[Path, tuple[float, float] | None], Label] = {}
    for row in rows:
        before = known.setdefault((row.file, row.point), row)
        if before.blast != row.blast:
            yield f"line {row.line} contradicts line {before.line}"
