"""The tables of a report: cells, quality passport, fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.exchange.marks import (
    draw_cross,
    draw_mark,
    draw_tick,
    mark_width,
    sign_of,
    suggested,
    word_of,
)
from appliance.exchange.report import CellEntry, FieldEntry
from appliance.exchange.sheet import (
    ALARM,
    BOTTOM,
    GOOD,
    LABEL,
    LEFT,
    NOTE,
    RIGHT,
    SHADE,
    SMALL,
    WIDTH,
    Sheet,
    Type,
)
from appliance.exchange.wording import flags, limits, number, percent, probability, size
from appliance.vocabulary import QualityCheck

ROW = 4.3
_GUTTER = 6.0
_HALF = (WIDTH - _GUTTER) / 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column: where it begins or, aligned right, ends."""

    title: str
    at: float
    """mm from the left edge of the table."""
    width: float
    align: str = "L"


_CELL_COLUMNS = (
    Column("No.", 9.0, 9.0, "R"),
    Column("Suggestion", 11.0, 18.0),
    Column("Blast prob.", 40.0, 14.0, "R"),
    Column("Diameter", 53.5, 14.0, "R"),
    Column("x, y (px)", 68.0, 15.5, "R"),
    Column("Flags", 69.5, 16.5),
)
_CALLED_COLUMNS = (
    Column("No.", 9.0, 9.0, "R"),
    Column("Called", 11.0, 18.0),
    Column("Suggested", 31.0, 24.0),
    Column("Diameter", 67.0, 14.0, "R"),
    Column("Flags", 69.5, 16.5),
)
_FIELD_COLUMNS = (
    Column("No.", 7.0, 7.0, "R"),
    Column("File", 10.0, 52.0),
    Column("Quality", 65.0, 33.0),
    Column("State", 100.0, 18.0),
    Column("Cells", 126.0, 9.0, "R"),
    Column("Blast", 137.0, 10.0, "R"),
    Column("Normal", 149.0, 11.0, "R"),
    Column("Unsure", 161.0, 11.0, "R"),
    Column("Fraction", 178.0, 15.0, "R"),
)

_ORIGINAL_COLUMNS = (
    Column("No.", 7.0, 7.0, "R"),
    Column("File", 10.0, 42.0),
    Column("Pixels", 70.0, 19.0, "R"),
    Column("µm per pixel", 87.0, 16.0, "R"),
    Column("SHA-256 of the original file", 90.0, 88.0),
)


def write_head(sheet: Sheet, columns: Sequence[Column], left: float, width: float) -> None:
    """Write the titles of a table at the cursor, without moving it."""
    for column in columns:
        sheet.put(left + column.at, sheet.cursor + 3.0, column.title, LABEL, align=column.align)
    sheet.rule(left, sheet.cursor + ROW, left + width)


def write_row(
    sheet: Sheet, columns: Sequence[Column], texts: Sequence[str], left: float, y: float
) -> None:
    """Write one row of short texts."""
    for column, text in zip(columns, texts, strict=True):
        sheet.put_within(left + column.at, y + 3.0, text, column.width, SMALL, align=column.align)


def write_cells(
    sheet: Sheet, cells: Sequence[CellEntry], um_per_px: dict[int, float | None], *, total: int
) -> None:
    """Write the table of cells in two columns a page.

    Args:
        sheet: at whose cursor.
        cells: in the order they are listed.
        um_per_px: scale by field number, for the diameters.
        total: how many cells there are; said where not all are listed.
    """
    sheet.heading("Table of cells", keep=6 * ROW)
    if total > len(cells):
        sheet.paragraph(f"The first {len(cells)} of {total} cells; all are in the record.", NOTE)
    left = list(cells)
    while left:
        sheet.need(3 * ROW)
        room = int((BOTTOM - sheet.cursor) / ROW) - 1
        rows = min(room, -(-len(left) // 2))
        _cell_block(sheet, left[: 2 * rows], rows, um_per_px)
        left = left[2 * rows :]
    sheet.cursor += 1.0
    sheet.paragraph(_cell_key(cells), NOTE)


def _cell_key(cells: Sequence[CellEntry]) -> str:
    parts = ["Diameter: of the circle with the cell's area; n: of the nucleus alone."]
    if not _any_called(cells):
        parts.append("x, y: upper left corner of the box.")
    if any(not cell.counted for cell in cells):
        parts.append("edge: cut by the edge of the image, not counted; its suggestion in brackets.")
    if any(cell.outside_training_range for cell in cells):
        parts.append("range: outside the range the classifier was trained on.")
    return " ".join(parts)


def _any_called(cells: Sequence[CellEntry]) -> bool:
    return any(cell.called is not None for cell in cells)


def _cell_block(
    sheet: Sheet, cells: Sequence[CellEntry], rows: int, um_per_px: dict[int, float | None]
) -> None:
    top = sheet.cursor
    write = _called_row if _any_called(cells) else _cell_row
    columns = _CALLED_COLUMNS if _any_called(cells) else _CELL_COLUMNS
    for side in (0, 1):
        left = LEFT + side * (_HALF + _GUTTER)
        part = cells[side * rows : (side + 1) * rows]
        if not part:
            break
        write_head(sheet, columns, left, _HALF)
        for i, cell in enumerate(part):
            y = top + ROW * (i + 1)
            if i % 2:
                sheet.set_fill_color(*SHADE)
                sheet.rect(left, y, _HALF, ROW, style="F")
            write(sheet, cell, um_per_px.get(cell.field_number), left, y)
            _word(sheet, cell, left + columns[1].at, y)
    sheet.cursor = top + ROW * (rows + 1)


def _cell_row(
    sheet: Sheet, cell: CellEntry, um_per_px: float | None, left: float, y: float
) -> None:
    position = f"{cell.box.x}, {cell.box.y}"
    texts = (
        cell.label,
        "",
        probability(cell.blast_probability),
        size(cell, um_per_px),
        position,
        flags(cell),
    )
    write_row(sheet, _CELL_COLUMNS, texts, left, y)


def _called_row(
    sheet: Sheet, cell: CellEntry, um_per_px: float | None, left: float, y: float
) -> None:
    said = suggested(cell)
    if cell.blast_probability is not None:
        said = f"{said}, {probability(cell.blast_probability)}"
    texts = (cell.label, "", said, size(cell, um_per_px), flags(cell))
    write_row(sheet, _CALLED_COLUMNS, texts, left, y)


def _word(sheet: Sheet, cell: CellEntry, at: float, y: float) -> None:
    sign = sign_of(cell)
    draw_mark(sheet, sign, at, y + 3.0, 7.0)
    kind = Type(7.5, bold=cell.called is not None, colour=sign.colour)
    sheet.put(at + mark_width(7.0), y + 3.0, word_of(cell), kind)


def write_passport(sheet: Sheet, checks: Sequence[QualityCheck]) -> None:
    """Write the quality passport of one image: each number with its limits and its sentence."""
    sheet.heading("Quality passport", keep=18)
    if not checks:
        sheet.paragraph("No quality checks are recorded for this image.", NOTE)
    for i, check in enumerate(checks):
        lines = sheet.clipped(check.sentence, 84.0, 5, SMALL)
        height = max(1, len(lines)) * SMALL.line + 1.8
        sheet.need(height)
        top = sheet.cursor
        if i % 2:
            sheet.set_fill_color(*SHADE)
            sheet.rect(LEFT, top, WIDTH, height, style="F")
        _passport_row(sheet, check, top)
        sheet.write_lines(RIGHT - 85.0, top + 0.9, lines, SMALL)
        sheet.cursor = top + height
    sheet.cursor += 2.0


def _passport_row(sheet: Sheet, check: QualityCheck, top: float) -> None:
    baseline = top + 0.9 + SMALL.line * 0.76
    verdict = Type(7.5, bold=True, colour=GOOD if check.passed else ALARM)
    (draw_tick if check.passed else draw_cross)(sheet, LEFT + 1.0, baseline, 2.0, verdict.colour)
    sheet.put(LEFT + 4.6, baseline, "pass" if check.passed else "FAIL", verdict)
    sheet.put_within(LEFT + 14.0, baseline, check.name.capitalize(), 22.0, Type(7.5, bold=True))
    unit = f" {check.unit}" if check.unit else ""
    sheet.put_within(LEFT + 58.0, baseline, f"{number(check.value)}{unit}", 21.0, SMALL, align="R")
    sheet.put_within(LEFT + 61.0, baseline, limits(check), 30.0, Type(7, colour=LABEL.colour))


def write_field_list(sheet: Sheet, fields: Sequence[FieldEntry]) -> None:
    """Write the list of fields with quality, state and counts."""
    sheet.heading("List of fields", keep=4 * ROW)
    _write_rows(sheet, fields, _FIELD_COLUMNS, _field_row)


def write_originals(sheet: Sheet, fields: Sequence[FieldEntry]) -> None:
    """Write which file each field came from, with its hash."""
    if fields:
        sheet.heading("Original files", keep=4 * ROW)
        _write_rows(sheet, fields, _ORIGINAL_COLUMNS, _original_row)


def _write_rows(
    sheet: Sheet,
    fields: Sequence[FieldEntry],
    columns: Sequence[Column],
    write: Callable[[Sheet, FieldEntry, float], None],
) -> None:
    """Write a row a field over as many pages as it takes, each with the titles."""
    write_head(sheet, columns, LEFT, WIDTH)
    sheet.cursor += ROW
    for i, field in enumerate(fields):
        if sheet.cursor + ROW > BOTTOM:
            sheet.open_page()
            write_head(sheet, columns, LEFT, WIDTH)
            sheet.cursor += ROW
        if i % 2:
            sheet.set_fill_color(*SHADE)
            sheet.rect(LEFT, sheet.cursor, WIDTH, ROW, style="F")
        write(sheet, field, sheet.cursor)
        sheet.cursor += ROW
    sheet.cursor += 2.0


def _original_row(sheet: Sheet, field: FieldEntry, y: float) -> None:
    page = f" ({field.page + 1}/{field.pages})" if field.pages > 1 else ""
    scale = f"{field.um_per_px:.4g}" if field.um_per_px else "-"
    texts = (str(field.number), f"{field.name}{page}", f"{field.width} x {field.height}", scale)
    write_row(sheet, _ORIGINAL_COLUMNS[:4], texts, LEFT, y)
    sheet.put(LEFT + _ORIGINAL_COLUMNS[4].at, y + 3.0, field.sha256, Type(6.4))


def _field_row(sheet: Sheet, field: FieldEntry, y: float) -> None:
    passed = field.quality.passed
    said = "pass" if passed else f"FAIL {', '.join(field.quality.failures)}"
    gone_on = "" if passed or field.override is None else ", overridden"
    counts = _counts(field)
    texts = (str(field.number), field.name, "", field.state.value, *counts)
    write_row(sheet, _FIELD_COLUMNS, texts, LEFT, y)
    at = LEFT + _FIELD_COLUMNS[2].at
    (draw_tick if passed else draw_cross)(sheet, at, y + 3.0, 1.8, GOOD if passed else ALARM)
    kind = Type(7.5, bold=not passed, colour=GOOD if passed else ALARM)
    sheet.put_within(at + 3.2, y + 3.0, f"{said}{gone_on}", 30.0, kind)


def _counts(field: FieldEntry) -> tuple[str, str, str, str, str]:
    tally = field.tally
    if tally is None:
        return ("-",) * 5
    fraction = "-" if tally.blast_fraction is None else percent(tally.blast_fraction)
    return str(tally.cells), str(tally.blast), str(tally.normal), str(tally.unsure), fraction


def write_passports(sheet: Sheet, fields: Sequence[FieldEntry]) -> None:
    """Write the passports of many images as one table: a row a field, a column a check."""
    checks = {check.name: check for field in fields for check in field.quality.checks}
    if not checks:
        return
    sheet.heading("Quality passports", keep=6 * ROW)
    step = (WIDTH - 14.0) / len(checks)
    _passport_head(sheet, checks, step)
    for i, field in enumerate(fields):
        if sheet.cursor + ROW > BOTTOM:
            sheet.open_page()
            _passport_head(sheet, checks, step)
        if i % 2:
            sheet.set_fill_color(*SHADE)
            sheet.rect(LEFT, sheet.cursor, WIDTH, ROW, style="F")
        sheet.put(LEFT + 7.0, sheet.cursor + 3.0, str(field.number), SMALL, align="R")
        for check in field.quality.checks:
            place = list(checks).index(check.name)
            _passport_cell(sheet, check, LEFT + 14.0 + step * (place + 1), sheet.cursor)
        sheet.cursor += ROW
    sheet.cursor += 2.0


def _passport_head(sheet: Sheet, checks: dict[str, QualityCheck], step: float) -> None:
    sheet.put(LEFT + 7.0, sheet.cursor + 3.0, "No.", LABEL, align="R")
    for i, check in enumerate(checks.values()):
        right = LEFT + 14.0 + step * (i + 1)
        sheet.put_within(right, sheet.cursor + 3.0, check.name, step - 1, LABEL, align="R")
        small = Type(5.6, colour=LABEL.colour)
        sheet.put_within(right, sheet.cursor + 6.0, limits(check), step - 1, small, align="R")
    sheet.rule(LEFT, sheet.cursor + 7.4, RIGHT)
    sheet.cursor += 7.4


def _passport_cell(sheet: Sheet, check: QualityCheck, right: float, y: float) -> None:
    kind = SMALL if check.passed else Type(7.5, bold=True, colour=ALARM)
    text = number(check.value) if check.passed else f"FAIL {number(check.value)}"
    sheet.put(right, y + 3.0, text, kind, align="R")
