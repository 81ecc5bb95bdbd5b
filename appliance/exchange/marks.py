"""The sign of each suggestion: colour, frame and mark, told apart in grey print too."""

from dataclasses import dataclass
from enum import Enum

from appliance.exchange.drawing import Area
from appliance.exchange.report import CellEntry
from appliance.exchange.sheet import MM_PER_PT, PAPER, Colour, Sheet, Type
from appliance.exchange.wording import SUGGESTION_WORDS
from appliance.review_vocabulary import CellLabel
from appliance.vocabulary import Suggestion


class Mark(Enum):
    """What stands beside the number."""

    DOT = "filled dot"
    RING = "ring"
    QUESTION = "?"
    BAR = "bar"
    SQUARE = "square"


@dataclass(frozen=True, slots=True)
class Sign:
    """How one kind of cell is drawn."""

    word: str
    colour: Colour
    mark: Mark
    line: float
    """Width of the frame in mm."""
    dash: tuple[float, float] | None = None
    """Length of dash and gap in mm; None for a solid frame."""


SIGNS = {
    Suggestion.BLAST: Sign("blast", Colour(184, 76, 6), Mark.DOT, 0.6),
    Suggestion.NORMAL: Sign("normal", Colour(13, 118, 110), Mark.RING, 0.25),
    Suggestion.UNSURE: Sign("unsure", Colour(109, 62, 180), Mark.QUESTION, 0.4, (1.3, 0.8)),
}
NOT_COUNTED = Sign("not counted", Colour(98, 106, 114), Mark.BAR, 0.25, (0.3, 0.7))
LABEL_SIGNS = {
    CellLabel.BLAST: SIGNS[Suggestion.BLAST],
    CellLabel.NORMAL: SIGNS[Suggestion.NORMAL],
    CellLabel.UNSURE: SIGNS[Suggestion.UNSURE],
    CellLabel.OTHER: Sign("other", Colour(44, 82, 130), Mark.SQUARE, 0.3, (2.0, 0.5)),
    CellLabel.NOT_A_CELL: Sign("no cell", NOT_COUNTED.colour, Mark.BAR, 0.25, (0.3, 0.7)),
    CellLabel.REPLACED: Sign("replaced", NOT_COUNTED.colour, Mark.BAR, 0.25, (0.3, 0.7)),
}


def sign_of(cell: CellEntry) -> Sign:
    """Return the sign of a cell: what it is called, else what is suggested.

    One that is not counted is grey, whatever is said of it.
    """
    if not cell.counted:
        return NOT_COUNTED
    if cell.called is not None:
        return LABEL_SIGNS[cell.called]
    return SIGNS[cell.suggestion or Suggestion.UNSURE]


def word_of(cell: CellEntry) -> str:
    """Return what the cell is called, or else the suggestion, in words."""
    word = suggested(cell) if cell.called is None else LABEL_SIGNS[cell.called].word
    return word if cell.counted else f"({word})"


def suggested(cell: CellEntry) -> str:
    """Return the suggestion in words; "added" for a cell that the network was not asked about."""
    return "added" if cell.suggestion is None else SUGGESTION_WORDS[cell.suggestion]


def draw_casing(sheet: Sheet, sign: Sign, area: Area, *, weight: float = 1.0) -> None:
    """Draw the white edge that lifts a frame off a dark or grey picture."""
    with sheet.local_context(stroke_opacity=0.65):
        sheet.set_draw_color(*PAPER)
        sheet.set_line_width((sign.line + 0.35) * weight)
        sheet.rect(area.x, area.y, area.width, area.height)


def draw_frame(sheet: Sheet, sign: Sign, area: Area, *, weight: float = 1.0) -> None:
    """Draw the frame of a cell; `weight` thins it where the picture is small."""
    sheet.set_draw_color(*sign.colour)
    sheet.set_line_width(sign.line * weight)
    if sign.dash is not None:
        sheet.set_dash_pattern(dash=sign.dash[0] * weight, gap=sign.dash[1] * weight)
    sheet.rect(area.x, area.y, area.width, area.height)
    if sign.dash is not None:
        sheet.set_dash_pattern()


def draw_mark(sheet: Sheet, sign: Sign, x: float, baseline: float, size: float) -> None:
    """Draw the mark as wide as it is high, standing on the baseline.

    Args:
        sheet: to draw on.
        sign: whose mark.
        x: left edge.
        baseline: of the text beside it.
        size: in points, of the text beside it.
    """
    height = 0.62 * size * MM_PER_PT
    sheet.set_fill_color(*sign.colour)
    sheet.set_draw_color(*sign.colour)
    match sign.mark:
        case Mark.DOT:
            sheet.ellipse(x, baseline - height, height, height, style="F")
        case Mark.RING:
            sheet.set_line_width(0.17 * height)
            inset = 0.09 * height
            side = height - 2 * inset
            sheet.ellipse(x + inset, baseline - height + inset, side, side)
        case Mark.QUESTION:
            kind = Type(size, bold=True, colour=sign.colour)
            sheet.put(x + height / 2, baseline, "?", kind, align="C")
        case Mark.SQUARE:
            side = 0.8 * height
            sheet.rect(x + 0.1 * height, baseline - side, side, side, style="F")
        case Mark.BAR:
            sheet.rect(x, baseline - 0.6 * height, height, 0.22 * height, style="F")


def mark_width(size: float) -> float:
    """Return the room a mark takes beside text of this size, in mm, with its distance."""
    return (0.62 + 0.28) * size * MM_PER_PT


def draw_legend(sheet: Sheet, x: float, baseline: float, counts: dict[str, int]) -> None:
    """Draw the key to the frames: a small frame with its mark, the word, how many."""
    kind = Type(7.5)
    for sign in (*SIGNS.values(), NOT_COUNTED):
        draw_frame(sheet, sign, Area(x, baseline - 2.6, 4.6, 3.2))
        draw_mark(sheet, sign, x + 1.4, baseline - 0.15, 7.5)
        x += 6.0
        x += sheet.put(x, baseline, f"{sign.word} {counts[sign.word]}", kind) + 5.5


def draw_tick(sheet: Sheet, x: float, baseline: float, size: float, colour: Colour) -> None:
    """Draw a tick: passed."""
    sheet.set_draw_color(*colour)
    sheet.set_line_width(0.13 * size)
    points = [(0.0, -0.35), (0.35, 0.0), (1.0, -0.8)]
    sheet.polyline([(x + size * a, baseline + size * b) for a, b in points])


def draw_cross(sheet: Sheet, x: float, baseline: float, size: float, colour: Colour) -> None:
    """Draw a cross: failed."""
    sheet.set_draw_color(*colour)
    sheet.set_line_width(0.15 * size)
    sheet.line(x, baseline - 0.8 * size, x + 0.8 * size, baseline)
    sheet.line(x, baseline, x + 0.8 * size, baseline - 0.8 * size)
