"""What stands on every page: whose report, of what, the page number, and what it is not."""

import io
from dataclasses import dataclass

from fpdf.enums import TextMode
from PIL import Image

from appliance.exchange.report import Heading, PatientDetails
from appliance.exchange.sheet import (
    ACCENT,
    BOTTOM,
    LABEL,
    LEFT,
    NOTE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    PAPER,
    RIGHT,
    SMALL,
    WIDTH,
    Colour,
    Sheet,
    Type,
)
from appliance.exchange.wording import SIMULATED, SIMULATED_LONG, moment

SEPARATOR = "  \N{MIDDLE DOT}  "
_BAND = Colour(122, 74, 0)
_BAND_HEIGHT = 6.4
_LOGO_WIDTH, _LOGO_HEIGHT = 26.0, 10.0
_WATERMARK = Type(96, bold=True, colour=Colour(122, 74, 0))


@dataclass(frozen=True, slots=True)
class Furniture:
    """The head and foot of one report."""

    heading: Heading
    patient: PatientDetails | None
    title: str

    def arrange(self, sheet: Sheet, pages: range) -> None:
        """Draw head and foot on these pages, once it is known how many there are in all."""
        for number in pages:
            sheet.page = number
            # The page ended in a state of its own; what is drawn now sets its own.
            sheet.current_font_is_set_on_page = False
            sheet.set_fill_color(*PAPER)
            if self.heading.simulated:
                self._simulated(sheet)
            self._head(sheet)
            self._foot(sheet, number)

    def _simulated(self, sheet: Sheet) -> None:
        sheet.set_fill_color(*_BAND)
        sheet.rect(0, 0, PAGE_WIDTH, _BAND_HEIGHT, style="F")
        kind = Type(9, bold=True, colour=PAPER)
        sheet.put(PAGE_WIDTH / 2, 4.4, SIMULATED_LONG, kind, align="C")
        with (
            sheet.rotation(52, PAGE_WIDTH / 2, PAGE_HEIGHT / 2),
            sheet.local_context(fill_opacity=0.09, text_mode=TextMode.FILL),
        ):
            sheet.current_font_is_set_on_page = False
            sheet.put(PAGE_WIDTH / 2, PAGE_HEIGHT / 2 + 12, SIMULATED, _WATERMARK, align="C")
        sheet.current_font_is_set_on_page = False

    def _head(self, sheet: Sheet) -> None:
        heading = self.heading
        room = self._logo(sheet)
        left, right = WIDTH * 0.6 - 3 - room, WIDTH * 0.4 - 3
        strong = Type(10, bold=True, colour=ACCENT)
        sheet.put_within(LEFT + room, 15.2, heading.laboratory, left, strong)
        under = [part for part in (heading.place, self.title) if part]
        sheet.put_within(LEFT + room, 19.6, SEPARATOR.join(under), left, NOTE)
        accession = f"Accession {heading.accession_number}" if heading.accession_number else ""
        if self.patient is None:
            sheet.put_within(RIGHT, 15.2, accession or heading.record_id, right, SMALL, align="R")
        else:
            # Loose pages must find back to their patient.
            number = self.patient.medical_record_number
            known = SEPARATOR.join(part for part in (number, accession) if part)
            sheet.put_within(RIGHT, 15.2, self.patient.name, right, Type(9, bold=True), align="R")
            sheet.put_within(RIGHT, 19.6, known, right, NOTE, align="R")
        sheet.rule(LEFT, 22.4, RIGHT, ACCENT)

    def _logo(self, sheet: Sheet) -> float:
        """Draw the laboratory's logo and return the room it takes with its distance."""
        if self.heading.logo is None:
            return 0.0
        with Image.open(io.BytesIO(self.heading.logo)) as logo:
            across, down = logo.size
        width = min(_LOGO_WIDTH, _LOGO_HEIGHT * across / down)
        height = width * down / across
        top = 20.6 - height
        sheet.image(io.BytesIO(self.heading.logo), LEFT, top, width, height)
        return width + 3.0

    def _foot(self, sheet: Sheet, number: int) -> None:
        heading = self.heading
        top = BOTTOM + 3.5
        sheet.rule(LEFT, top, RIGHT)
        sheet.put_within(LEFT, top + 4.0, heading.research_use, WIDTH * 0.84, Type(7.8, bold=True))
        pages = f"Page {number} of {sheet.pages_count}"
        sheet.put(RIGHT, top + 4.0, pages, SMALL, align="R")
        known = [
            f"Accession {heading.accession_number}" if heading.accession_number else "",
            f"Record {heading.record_id}" if heading.record_id else "",
            heading.foot,
        ]
        sheet.put_within(
            LEFT, top + 7.8, SEPARATOR.join(part for part in known if part), WIDTH * 0.6, LABEL
        )
        by = f" by {heading.printed_by}" if heading.printed_by else ""
        printed = f"Printed {moment(heading.printed_at, heading.zone)}{by}"
        sheet.put_within(RIGHT, top + 7.8, printed, WIDTH * 0.4, LABEL, align="R")
