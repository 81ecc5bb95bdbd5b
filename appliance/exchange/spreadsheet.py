"""Writes tables as CSV that spreadsheets open without running anything in it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows under their columns, RFC 4180, with a mark by which UTF-8 is recognised.

    A text that a spreadsheet would take for a formula gets an apostrophe before it: names of
    microscopes and people are typed by people (CWE-1236).
    """
    return "".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Write the same line by line, for a table that is too long to be held."""
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + _line(columns)
    for row in rows:
        yield _line([_harmless(value) for value in row])


def _line(values: Sequence[Any]) -> str:
    written = StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue()


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
