"""The words and numbers of a report: every sentence stands here once."""

from datetime import date, datetime, tzinfo
from math import pi, sqrt

from appliance.exchange.report import CellEntry, FieldEntry
from appliance.pipeline.tally import cells_to_decide
from appliance.vocabulary import FieldState, QualityCheck, Suggestion, Tally

SIMULATED = "SIMULATED"
SIMULATED_LONG = "SIMULATED   drawn images and invented persons, for demonstration only"
NOT_RECORDED = "not recorded"
MOST_CELLS = 2000
"""More cells than anybody would count to settle a question."""
NOT_VERIFIED_HERE = (
    "The classifier is not yet verified at this microscope. Until it is, its suggestions only "
    "sort the cells; they are no finding."
)
VERIFIED_HERE = "The classifier was verified at this microscope by the laboratory."

SUGGESTION_WORDS = {
    Suggestion.BLAST: "blast",
    Suggestion.NORMAL: "normal",
    Suggestion.UNSURE: "unsure",
}
SPECIMEN_WORDS = {"peripheral-blood": "Peripheral blood", "bone-marrow": "Bone marrow"}
STAIN_WORDS = {
    "may-grunwald-giemsa": "May-Grünwald-Giemsa",
    "wright": "Wright",
    "wright-giemsa": "Wright-Giemsa",
    "giemsa": "Giemsa",
    "leishman": "Leishman",
    "other": "Other stain",
}


def moment(at: datetime | None, zone: tzinfo | None) -> str:
    """Write a moment in local time with its zone, or that it was not recorded."""
    if at is None:
        return NOT_RECORDED
    local = at.astimezone(zone)
    name = local.tzname() or ""
    # Many zones have no name but their offset ("+03"); then UTC says what it is an offset from.
    return f"{local:%Y-%m-%d %H:%M} {name if name.isalpha() else _offset(local)}"


def _offset(local: datetime) -> str:
    sign_and_digits = f"{local:%z}"
    return f"UTC{sign_and_digits[:3]}:{sign_and_digits[3:5]}"


def age(born: date | None, on: date) -> str:
    """Write an age as it is spoken of: in years, months below two years, days below a month."""
    if born is None or born > on:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if months >= 24:
        return f"{months // 12} years"
    if months >= 1:
        return f"{months} month{'s' if months > 1 else ''}"
    days = (on - born).days
    return f"{days} day{'' if days == 1 else 's'}"


def percent(fraction: float) -> str:
    """Write a fraction as percent with one decimal."""
    return f"{100 * fraction:.1f} %"


def interval(bounds: tuple[float, float]) -> str:
    """Write an interval of a fraction."""
    low, high = bounds
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def probability(value: float | None) -> str:
    """Write a probability in whole percent; never 0 or 100, which no network can know.

    A dash where the network was not asked.
    """
    if value is None:
        return "-"
    if value < 0.01:
        return "<1 %"
    return ">99 %" if value > 0.99 else f"{100 * value:.0f} %"


def number(value: float) -> str:
    """Write a measured number with about three digits, without trailing noughts."""
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(value: float, unit: str) -> str:
    """Write a number with its unit; a power of ten in the unit is led by a times sign."""
    times = "\N{MULTIPLICATION SIGN} " if unit.startswith("10") else ""
    return f"{number(value)} {times}{unit}".strip()


def limits(check: QualityCheck) -> str:
    """Write the limits of a check with its unit."""
    unit = f" {check.unit}" if check.unit else ""
    if check.low is not None and check.high is not None:
        return f"{number(check.low)} to {number(check.high)}{unit}"
    if check.low is not None:
        return f"at least {number(check.low)}{unit}"
    return "" if check.high is None else f"at most {number(check.high)}{unit}"


def size(cell: CellEntry, um_per_px: float | None) -> str:
    """Write the diameter of the circle of the cell's area; of its nucleus where that is all."""
    area = cell.cell_area_px or cell.nucleus_area_px
    if not area:
        return "-"
    mark = "" if cell.cell_area_px else " n"
    diameter = 2 * sqrt(area / pi)
    return f"{diameter * um_per_px:.1f} µm{mark}" if um_per_px else f"{diameter:.0f} px{mark}"


def flags(cell: CellEntry) -> str:
    """Write what is special about a cell."""
    said = (("edge", not cell.counted), ("range", cell.outside_training_range))
    return ", ".join(word for word, holds in said if holds)


def fraction_sentence(tally: Tally) -> str:
    """Say the suggested blast fraction with its exact interval."""
    decided = tally.blast + tally.normal
    if tally.blast_fraction is None or tally.interval95 is None:
        return "No cell was decided, so no blast fraction can be given."
    cells = "cell" if decided == 1 else "cells"
    return (
        f"{tally.blast} of {decided} decided {cells} suggested as blast: "
        f"{percent(tally.blast_fraction)} "
        f"(exact 95 % interval {interval(tally.interval95)})."
    )


def verified_sentence(tally: Tally) -> str:
    """Say the blast fraction of the cells that a person called, with its exact interval."""
    if tally.blast_fraction is None or tally.interval95 is None:
        return "No cell is called blast or normal, so no blast fraction can be given."
    decided = tally.blast + tally.normal
    cells = "leukocyte" if decided == 1 else "leukocytes"
    verb = "is a blast" if tally.blast == 1 else "are blasts"
    return (
        f"Of {decided} verified {cells} {tally.blast} {verb}: {percent(tally.blast_fraction)} "
        f"(exact 95 % interval {interval(tally.interval95)})."
    )


def limit_sentence(tally: Tally, limit: float) -> str:
    """Say where the decision limit lies relative to the interval."""
    if tally.interval95 is None:
        return ""
    low, high = tally.interval95
    name = f"The decision limit of {100 * limit:g} %"
    if low <= limit <= high:
        return f"{name} lies inside the interval: these cells alone do not settle the question."
    side = "below" if limit < low else "above"
    return f"{name} lies {side} the interval, outside it."


def more_cells_sentence(tally: Tally, limit: float) -> str:
    """Say how many more cells would settle the question; empty where it is settled or not begun."""
    if tally.interval95 is None or not tally.interval95[0] <= limit <= tally.interval95[1]:
        return ""
    more = cells_to_decide(tally.blast, tally.blast + tally.normal, limit=limit, at_most=MOST_CELLS)
    if more is None:
        return f"Even {MOST_CELLS} more cells at this fraction would not settle it."
    if not more:
        return ""
    # Two digits are plenty for a guess; it is rounded up, as it is a need.
    step = 10 ** max(0, len(str(more)) - 2)
    about = -(-more // step) * step
    cells = "cell" if about == 1 else "cells"
    return f"About {about} more decided {cells} at this fraction would settle it."


def state_sentence(field: FieldEntry) -> str:
    """Say why there are no suggestions for an image; empty where there are."""
    reason = f" {field.reason}" if field.reason else ""
    match field.state:
        case FieldState.ANALYSED:
            return ""
        case FieldState.FAILED:
            return f"The analysis broke off; there are no suggestions for this image.{reason}"
        case FieldState.REFUSED:
            return f"This image was refused by the quality gate and was not analysed.{reason}"
    return "This image has not been analysed yet; there are no suggestions so far."


def gate_sentences(field: FieldEntry) -> list[str]:
    """Repeat the sentences of the checks that failed."""
    return [check.sentence for check in field.quality.checks if not check.passed]
