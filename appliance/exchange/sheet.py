"""An A4 page to write on: text in any script at a place, lines, marks, and the cursor down it."""

from dataclasses import dataclass
from typing import NamedTuple

from fpdf import FPDF
from fpdf.enums import TextDirection
from fpdf.fonts import TTFFont
from fpdf.line_break import Fragment

from appliance.exchange.typefaces import Face, printable
from appliance.exchange.typesetting import Run, reads_right_to_left, runs, shorten, wrap

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
LEFT, RIGHT, TOP, BOTTOM = 16.0, 194.0, 29.0, 275.0
"""Edges of what a report fills; above and below stand the head and the foot of the page. In mm."""
WIDTH = RIGHT - LEFT
MM_PER_PT = 25.4 / 72


class Colour(NamedTuple):
    """Red, green, blue, 0 to 255."""

    red: int
    green: int
    blue: int


INK = Colour(27, 38, 49)
MUTED = Colour(91, 106, 118)
HAIRLINE = Colour(207, 216, 222)
PAPER = Colour(255, 255, 255)
SHADE = Colour(243, 246, 248)
ACCENT = Colour(17, 72, 92)
ALARM = Colour(155, 28, 28)
ALARM_SHADE = Colour(253, 241, 240)
NOTICE = Colour(124, 79, 8)
NOTICE_SHADE = Colour(254, 247, 231)
GOOD = Colour(14, 104, 98)


@dataclass(frozen=True, slots=True)
class Type:
    """How text looks."""

    size: float
    """In points."""
    bold: bool = False
    colour: Colour = INK
    leading: float = 1.36
    """Distance of lines, in sizes; scripts with marks above and below need that much."""

    @property
    def line(self) -> float:
        """Distance from line to line in mm."""
        return self.size * self.leading * MM_PER_PT


TITLE = Type(17, bold=True, colour=ACCENT)
HEADING = Type(10.5, bold=True, colour=ACCENT)
BODY = Type(9)
STRONG = Type(9, bold=True)
SMALL = Type(7.5)
LABEL = Type(7, colour=MUTED)
NOTE = Type(7.5, colour=MUTED)


class Sheet(FPDF):
    """fpdf2 with our way of setting text; `cursor` is where the next block begins, in mm."""

    def __init__(self) -> None:
        super().__init__(format="A4", unit="mm")
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        # A name that contains {nb} stays what it is; the number of pages is written at the end.
        self.str_alias_nb_pages = ""
        self.cursor = TOP
        self._widths: dict[tuple[str, float, bool], float] = {}

    def close(self) -> None:
        """Let go of the typefaces' files, which `output` does too; may be called twice."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def open_page(self) -> None:
        """Begin a page."""
        self.add_page()
        self.cursor = TOP

    def need(self, height: float) -> None:
        """Go on to the next page where fewer than `height` mm are left on this one."""
        if self.cursor + height > BOTTOM and self.cursor > TOP:
            self.open_page()

    def measure(self, text: str, kind: Type) -> float:
        """Return the width of one line of printable text in mm."""
        key = (text, kind.size, kind.bold)
        if key not in self._widths:
            self._widths[key] = sum(self._width(run, kind) for run in runs(text))
        return self._widths[key]

    def put(
        self,
        x: float,
        baseline: float,
        text: str,
        kind: Type = BODY,
        *,
        align: str = "L",
        right_to_left: bool | None = None,
    ) -> float:
        """Write one line with its left edge, centre or right edge (align L, C, R) at x.

        Returns:
            The width in mm. A line longer than `typesetting.LONGEST_LINE` is the caller's fault:
            use `put_within`.
        """
        pieces = runs(printable(text), right_to_left=right_to_left)
        widths = [self._width(run, kind) for run in pieces]
        total = sum(widths)
        left = x - {"L": 0.0, "C": 0.5, "R": 1.0}[align] * total
        self.set_text_color(*kind.colour)
        for run, width in zip(pieces, widths, strict=True):
            self._draw(run, left, baseline, kind)
            left += width
        return total

    def put_within(
        self,
        x: float,
        baseline: float,
        text: str,
        width: float,
        kind: Type = BODY,
        *,
        align: str = "L",
    ) -> float:
        """Write one line, cut with an ellipsis where it is wider than `width`."""
        line = shorten(printable(text), width, lambda part: self.measure(part, kind))
        return self.put(x, baseline, line, kind, align=align)

    def lines(self, text: str, width: float, kind: Type = BODY) -> list[str]:
        """Break any text into lines no wider than `width` mm."""
        return wrap(printable(text), width, lambda part: self.measure(part, kind))

    def clipped(self, text: str, width: float, most: int, kind: Type = BODY) -> list[str]:
        """Break text into at most `most` lines; where it goes on, the last ends in an ellipsis."""
        lines = self.lines(text, width, kind)
        if len(lines) <= most:
            return lines
        ellipsis = "\N{HORIZONTAL ELLIPSIS}"
        room = width - self.measure(ellipsis, kind)
        last = shorten(lines[most - 1], room, lambda part: self.measure(part, kind))
        return [*lines[: most - 1], last.removesuffix(ellipsis) + ellipsis]

    def write_lines(
        self,
        x: float,
        top: float,
        lines: list[str],
        kind: Type = BODY,
        *,
        width: float | None = None,
    ) -> float:
        """Write lines one below the other and return where the next would begin.

        Args:
            x: left edge.
            top: upper edge of the first line.
            lines: as `lines` made them.
            kind: how they look.
            width: of the column; lines of a right-to-left text then stand at its right edge.
        """
        backwards = reads_right_to_left("\n".join(lines))
        for line in lines:
            baseline = top + kind.line * 0.76
            if backwards and width is not None:
                self.put(x + width, baseline, line, kind, align="R", right_to_left=True)
            else:
                self.put(x, baseline, line, kind, right_to_left=backwards)
            top += kind.line
        return top

    def paragraph(self, text: str, kind: Type = BODY, *, gap: float = 1.5) -> None:
        """Write a text of the page's width at the cursor, over as many pages as it takes."""
        lines = self.lines(text, WIDTH, kind)
        while lines:
            self.need(kind.line)
            fit = max(1, int((BOTTOM - self.cursor) / kind.line))
            self.cursor = self.write_lines(LEFT, self.cursor, lines[:fit], kind, width=WIDTH)
            lines = lines[fit:]
        self.cursor += gap

    def heading(self, text: str, *, keep: float = 20.0) -> None:
        """Write the heading of a section, on the next page where `keep` mm do not fit below it."""
        self.need(9.5 + keep)
        self.cursor += 2.0
        self.put(LEFT, self.cursor + 3.6, text, HEADING)
        self.rule(LEFT, self.cursor + 5.4, RIGHT)
        self.cursor += 7.6

    def rule(self, left: float, y: float, right: float, colour: Colour = HAIRLINE) -> None:
        """Draw a hairline."""
        self.set_draw_color(*colour)
        self.set_line_width(0.2)
        self.line(left, y, right, y)

    def panel(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: Colour,
        edge: Colour | None = None,
    ) -> None:
        """Draw a tinted area with slightly rounded corners; `edge` is a bar along its left side."""
        self.set_fill_color(*fill)
        self.rect(x, y, width, height, style="F", round_corners=True, corner_radius=1.2)
        if edge is not None:
            self.set_fill_color(*edge)
            self.rect(x, y, 1.1, height, style="F")

    def use(self, face: Face, *, size: float, bold: bool) -> None:
        """Select a face; its file is read when it is first needed."""
        style = "B" if bold and face.bold else ""
        if face.family + style not in self.fonts:
            self.add_font(face.family, style, face.path(bold=bool(style)))
        self.set_font(face.family, style, size)

    def _width(self, run: Run, kind: Type) -> float:
        self._prepare(run, kind)
        return self.get_string_width(run.text)

    def _draw(self, run: Run, x: float, baseline: float, kind: Type) -> None:
        self._prepare(run, kind)
        if not run.shaped:
            self.text(x, baseline, run.text)
            return
        height = kind.size * MM_PER_PT
        self.set_xy(x, baseline - 0.8 * height)
        self.cell(h=height, text=run.text)

    def _prepare(self, run: Run, kind: Type) -> None:
        self.use(run.face, size=kind.size, bold=kind.bold)
        if run.shaped:
            self.set_text_shaping(True, direction="rtl" if run.right_to_left else "ltr")
        else:
            self.set_text_shaping(False)

    def _preload_bidirectional_text(
        self,
        text: str,
        markdown: bool,  # noqa: ARG002 - fpdf2 passes it; we use no markup
    ) -> tuple[Fragment, ...]:
        """Hand a run to the shaper whole.

        fpdf2 would cut it at every mark that several scripts share (Arabic vowel signs among
        them), and letters do not join over a cut. Our runs are cut already.
        """
        if self.text_shaping:
            direction = self.text_shaping["direction"] or TextDirection.LTR
            self.text_shaping |= {
                "paragraph_direction": direction,
                "fragment_direction": direction,
            }
        return (Fragment(text, self._get_current_graphics_state(), self.k),)
