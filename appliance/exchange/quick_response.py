"""A QR code (ISO/IEC 18004) drawn as squares, so that it stays sharp at any zoom."""

import segno

from appliance.exchange.sheet import INK, PAPER, Sheet

QUIET = 4
"""Light modules around it, as the standard asks for."""


def draw_code(sheet: Sheet, text: str, x: float, y: float, side: float) -> None:
    """Draw the code of a text within a square.

    Args:
        sheet: to draw on.
        text: printable ASCII; error correction M, the version that it needs.
        x: left edge of the square, the quiet zone included.
        y: its upper edge.
        side: its length in mm.
    """
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    module = side / (len(rows) + 2 * QUIET)
    sheet.set_fill_color(*PAPER)
    sheet.rect(x, y, side, side, style="F")
    sheet.set_fill_color(*INK)
    for j, row in enumerate(rows):
        for start, length in _runs(row):
            # Neighbours in a row are one rectangle: hairlines between them would spoil it in print.
            left = x + (QUIET + start) * module
            sheet.rect(left, y + (QUIET + j) * module, length * module, module, style="F")


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Return (first column, length) of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for column, dark in enumerate(row):
        if not dark:
            continue
        if runs and sum(runs[-1]) == column:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((column, 1))
    return runs
