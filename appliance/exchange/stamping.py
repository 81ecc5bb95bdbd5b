"""Marks a report that is printed already: the kept file of an old version stays what it is."""

import io
from contextlib import closing

from fpdf.enums import TextMode
from pypdf import PdfReader, PdfWriter

from appliance.exchange.sheet import ALARM, PAGE_HEIGHT, PAGE_WIDTH, PAPER, Sheet, Type

_BAND_HEIGHT = 6.4


def stamped(pdf: bytes, sentence: str) -> bytes:
    """Return a copy whose pages carry a red band with a sentence at their foot, and its first word.

    Args:
        pdf: as `pdf.examination_report` made it.
        sentence: for instance "Superseded by version 2 of 3 May 2026"; its first word is written
            across each page.
    """
    with closing(Sheet()) as sheet:
        sheet.open_page()
        _draw(sheet, sentence)
        mark = PdfReader(io.BytesIO(bytes(sheet.output()))).pages[0]
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    for page in writer.pages:
        page.merge_page(mark)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _draw(sheet: Sheet, sentence: str) -> None:
    sheet.set_fill_color(*ALARM)
    sheet.rect(0, PAGE_HEIGHT - _BAND_HEIGHT, PAGE_WIDTH, _BAND_HEIGHT, style="F")
    kind = Type(9, bold=True, colour=PAPER)
    sheet.put(PAGE_WIDTH / 2, PAGE_HEIGHT - 2.0, sentence, kind, align="C")
    word = sentence.split()[0].upper()
    with (
        sheet.rotation(52, PAGE_WIDTH / 2, PAGE_HEIGHT / 2),
        sheet.local_context(fill_opacity=0.12, text_mode=TextMode.FILL),
    ):
        sheet.current_font_is_set_on_page = False
        across = Type(84, bold=True, colour=ALARM)
        sheet.put(PAGE_WIDTH / 2, PAGE_HEIGHT / 2 + 12, word, across, align="C")
