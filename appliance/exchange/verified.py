"""The verified count: what readers call the cells, with interval, limit and what is missing."""

from appliance.exchange.case import CaseEntry, VerifiedCounts
from appliance.exchange.marks import LABEL_SIGNS, Sign
from appliance.exchange.results import write_bar, write_tiles
from appliance.exchange.sections import write_box
from appliance.exchange.sheet import BODY, LEFT, MUTED, STRONG, WIDTH, Sheet, Type
from appliance.exchange.wording import limit_sentence, more_cells_sentence, verified_sentence
from appliance.review_vocabulary import CellLabel


def write_verified(sheet: Sheet, case: CaseEntry, *, limit: float) -> None:
    """Write counts, fraction and interval of the verified cells; nothing where there are none."""
    counts = case.counts
    if counts is None:
        return
    sheet.heading(case.template.wording["counts"], keep=36)
    top = sheet.cursor
    write_tiles(sheet, _tiles(counts), top)
    sheet.cursor = top + 15.0
    lines = sheet.lines(verified_sentence(counts.tally), WIDTH, STRONG)
    sheet.cursor = sheet.write_lines(LEFT, sheet.cursor, lines, STRONG)
    if counts.tally.interval95 is not None:
        said = f"{limit_sentence(counts.tally, limit)} {more_cells_sentence(counts.tally, limit)}"
        lines = sheet.lines(said.rstrip(), WIDTH, BODY)
        sheet.cursor = sheet.write_lines(LEFT, sheet.cursor, lines, BODY) + 1.0
        write_bar(sheet, counts.tally, limit, sheet.cursor)
        sheet.cursor += 13.0
    sheet.paragraph(_how(counts), Type(8, colour=MUTED), gap=0.5)
    if counts.unverified:
        cells = "cell is" if counts.unverified == 1 else "cells are"
        sentence = f"{counts.unverified} counted {cells} not verified by anybody yet."
        write_box(sheet, "Not complete", [sentence], alarm=True)


def _tiles(counts: VerifiedCounts) -> list[tuple[Sign | None, str, int]]:
    signs = LABEL_SIGNS
    return [
        (None, "leukocytes", counts.tally.cells),
        (signs[CellLabel.BLAST], "blast", counts.tally.blast),
        (signs[CellLabel.NORMAL], "normal", counts.tally.normal),
        (signs[CellLabel.UNSURE], "unsure", counts.tally.unsure),
        (signs[CellLabel.OTHER], "other", counts.other),
        (signs[CellLabel.NOT_A_CELL], "no cell", counts.not_a_cell),
    ]


def _how(counts: VerifiedCounts) -> str:
    said = []
    if counts.readers:
        said.append(f"Called by {', '.join(counts.readers)}.")
    if counts.changed:
        cells = "suggestion was" if counts.changed == 1 else "suggestions were"
        said.append(f"{counts.changed} {cells} changed.")
    if counts.added:
        cells = "cell was" if counts.added == 1 else "cells were"
        said.append(f"{counts.added} {cells} added, merged or split by hand.")
    said.append("Unsure, other and no cell are not part of the fraction.")
    return " ".join(said)
