"""Usual ranges of the counts by age and sex, for orientation beside a number.

From textbook tables, each rounded:

* Cells: Dacie and Lewis, Practical Haematology; lymphocytes from 2 to 6 years the ranges of 2, 4
  and 6 years in Nathan and Oski, Hematology of Infancy and Childhood, together.
* Haemoglobin: the low bounds are below which the WHO speaks of anaemia (Guideline on haemoglobin
  cutoffs, 2024); the high ones after Dacie and Lewis, from 12 to 15 years after Dallman in Nathan
  and Oski, the same for girls and boys.
* Lactate dehydrogenase: by the IFCC's method at 37 °C, 247 U/L for women and 248 for men (Thomas,
  Clinical Laboratory Diagnostics). Of children it changes with age and is left out.
* Blasts: none in blood, up to 5 % in marrow, as a remission is defined.

Methods and populations differ (4 to 11 white cells, 115 to 165 g/L for women are common, too): the
laboratory's own ranges come first, and nothing here enters a result.
"""

from dataclasses import dataclass
from datetime import date

from appliance.vocabulary import Sex


@dataclass(frozen=True, slots=True)
class Range:
    """What is usual, in the unit of the column; both bounds belong to it."""

    low: float
    high: float

    @property
    def words(self) -> str:
        """Write it for people: 130 to 170, up to 5, or 0 where only that is usual."""
        if self.low == self.high:
            return f"{self.low:g}"
        return f"{self.low:g} to {self.high:g}" if self.low else f"up to {self.high:g}"

    def side(self, value: float) -> str:
        """Return "below", "above", or nothing where the value is usual."""
        return "below" if value < self.low else "above" if value > self.high else ""


_ADULT = 15.0
_FROM_TWO = {
    "haemoglobin_g_per_l": Range(110, 140),
    "white_cells_10e9_per_l": Range(5, 15),
    "neutrophils_10e9_per_l": Range(1.5, 8),
    "lymphocytes_10e9_per_l": Range(1.5, 9.5),
    "platelets_10e9_per_l": Range(200, 490),
}
_BY_AGE: tuple[tuple[float, dict[str, Range]], ...] = (
    (
        0.5,
        {
            "haemoglobin_g_per_l": Range(105, 141),
            "white_cells_10e9_per_l": Range(6, 16),
            "neutrophils_10e9_per_l": Range(1, 7),
            "lymphocytes_10e9_per_l": Range(3.5, 11),
            "platelets_10e9_per_l": Range(200, 550),
        },
    ),
    (2, _FROM_TWO),
    (5, {**_FROM_TWO, "haemoglobin_g_per_l": Range(115, 140)}),
    (
        6,
        {
            "haemoglobin_g_per_l": Range(115, 155),
            "white_cells_10e9_per_l": Range(5, 13),
            "neutrophils_10e9_per_l": Range(2, 8),
            "lymphocytes_10e9_per_l": Range(1, 5),
            "platelets_10e9_per_l": Range(170, 450),
        },
    ),
    (
        12,
        {
            "haemoglobin_g_per_l": Range(120, 160),
            "white_cells_10e9_per_l": Range(4, 10),
            "neutrophils_10e9_per_l": Range(2, 7),
            "lymphocytes_10e9_per_l": Range(1, 3),
            "platelets_10e9_per_l": Range(150, 410),
        },
    ),
)
"""From this age in years on; under half a year ranges change by the week and none is given."""

_HAEMOGLOBIN = {Sex.MALE: Range(130, 170), Sex.FEMALE: Range(120, 150)}
_AT_ANY_AGE = {
    "blood_blasts_percent": Range(0, 0),
    "marrow_blasts_percent": Range(0, 5),
}
_LACTATE_DEHYDROGENASE = Range(0, 250)  # U/L, of grown-ups


def usual(column: str, sex: str, born: date | None, on: date) -> Range | None:
    """Return what is usual of a measurement, for who is of this age on that day.

    Args:
        column: of `clinical.MEASUREMENTS`.
        sex: a `Sex`; where it matters and is not known, no range is given.
        born: birth date; where it is not known, only what holds at any age is given.
        on: day of the finding.
    """
    if column in _AT_ANY_AGE:
        return _AT_ANY_AGE[column]
    years = -1.0 if born is None else (on - born).days / 365.25
    if years >= _ADULT and column == "haemoglobin_g_per_l":
        return _HAEMOGLOBIN.get(Sex(sex))
    if column == "lactate_dehydrogenase_u_per_l":
        return _LACTATE_DEHYDROGENASE if years >= _ADULT else None
    for from_years, ranges in reversed(_BY_AGE):
        if years >= from_years:
            return ranges.get(column)
    return None
