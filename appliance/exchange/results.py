"""The counts: tiles, the blast fraction with its interval as a bar, and the decision limit."""

from collections.abc import Sequence

from appliance.exchange.marks import NOT_COUNTED, SIGNS, Sign, draw_mark
from appliance.exchange.sheet import (
    ACCENT,
    BODY,
    HAIRLINE,
    INK,
    LABEL,
    LEFT,
    MUTED,
    RIGHT,
    SHADE,
    STRONG,
    WIDTH,
    Colour,
    Sheet,
    Type,
)
from appliance.exchange.wording import (
    fraction_sentence,
    limit_sentence,
    more_cells_sentence,
    percent,
)
from appliance.vocabulary import Suggestion, Tally

_BAND = Colour(150, 187, 203)


def write_result(
    sheet: Sheet, tally: Tally, *, not_counted: int, limit: float, over: str, verified: bool
) -> None:
    """Write counts, fraction and interval.

    Args:
        sheet: at whose cursor.
        tally: the counts.
        not_counted: cells cut by the edge.
        limit: the blast fraction that decides.
        over: what was counted, for instance "this image".
        verified: whether the classifier was verified here; if not the heading says so.
    """
    state = "suggested" if verified else "suggested, classifier not yet verified here"
    sheet.heading(f"Count of {over} ({state})", keep=36)
    top = sheet.cursor
    write_tiles(
        sheet,
        [
            (None, "cells counted", tally.cells),
            (SIGNS[Suggestion.BLAST], "blast", tally.blast),
            (SIGNS[Suggestion.NORMAL], "normal", tally.normal),
            (SIGNS[Suggestion.UNSURE], "unsure", tally.unsure),
            (NOT_COUNTED, "at the edge, not counted", not_counted),
        ],
        top,
    )
    sheet.cursor = top + 15.0
    lines = sheet.lines(fraction_sentence(tally), WIDTH, STRONG)
    sheet.cursor = sheet.write_lines(LEFT, sheet.cursor, lines, STRONG)
    if tally.interval95 is not None:
        said = f"{limit_sentence(tally, limit)} {more_cells_sentence(tally, limit)}".rstrip()
        lines = sheet.lines(said, WIDTH, BODY)
        sheet.cursor = sheet.write_lines(LEFT, sheet.cursor, lines, BODY) + 1.0
        write_bar(sheet, tally, limit, sheet.cursor)
        sheet.cursor += 13.0
    if tally.unsure:
        cells = "cell is" if tally.unsure == 1 else "cells are"
        sheet.paragraph(
            f"{tally.unsure} unsure {cells} not part of the fraction.",
            Type(8, colour=MUTED),
            gap=0.5,
        )


def write_tiles(sheet: Sheet, tiles: Sequence[tuple[Sign | None, str, int]], top: float) -> None:
    """Write numbers side by side, each with its sign (None for a plain number) and its word."""
    gap = 3.0
    width = (WIDTH - gap * (len(tiles) - 1)) / len(tiles)
    for i, (sign, word, count) in enumerate(tiles):
        x = LEFT + i * (width + gap)
        sheet.panel(x, top, width, 13.0, SHADE, sign.colour if sign else ACCENT)
        figure = Type(15, bold=True, colour=sign.colour if sign else INK)
        right = x + 3.2 + sheet.put(x + 3.2, top + 6.8, str(count), figure)
        if sign is not None:
            draw_mark(sheet, sign, right + 1.6, top + 6.8, 11)
        sheet.put_within(x + 3.2, top + 11.0, word, width - 4.0, LABEL)


def write_bar(sheet: Sheet, tally: Tally, limit: float, top: float) -> None:
    """Draw 0 to 100 %: the interval a band, the fraction a stroke, the limit a dashed line."""
    left, right, height = LEFT + 2.0, RIGHT - 2.0, 3.4
    across = right - left
    y = top + 4.0
    sheet.set_fill_color(*SHADE)
    sheet.rect(left, y, across, height, style="F")
    if tally.interval95 is None or tally.blast_fraction is None:
        return
    low, high = tally.interval95
    sheet.set_fill_color(*_BAND)
    sheet.rect(left + low * across, y, (high - low) * across, height, style="F")
    sheet.set_draw_color(*ACCENT)
    sheet.set_line_width(0.9)
    at = left + tally.blast_fraction * across
    sheet.line(at, y - 0.4, at, y + height + 0.4)
    _limit_flag(sheet, left + limit * across, y, height, f"limit {100 * limit:g} %")
    sheet.put(_held(at), y - 1.2, percent(tally.blast_fraction), Type(7, bold=True), align="C")
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + tick * across
        sheet.set_draw_color(*HAIRLINE)
        sheet.set_line_width(0.2)
        sheet.line(x, y + height, x, y + height + 1.0)
        if abs(tick - limit) * across > 11.0:
            sheet.put(x, y + height + 3.6, f"{100 * tick:.0f} %", LABEL, align="C")


def _held(x: float) -> float:
    return min(max(x, LEFT + 6.0), RIGHT - 6.0)


def _limit_flag(sheet: Sheet, x: float, y: float, height: float, word: str) -> None:
    sheet.set_draw_color(*INK)
    sheet.set_line_width(0.4)
    sheet.set_dash_pattern(dash=0.8, gap=0.6)
    sheet.line(x, y - 0.6, x, y + height + 1.4)
    sheet.set_dash_pattern()
    sheet.put(x, y + height + 4.2, word, Type(7, bold=True), align="C")
