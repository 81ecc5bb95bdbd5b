"""The scorecard itself: what suggestions are worth against the readers of this laboratory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.records.scored_cells import BlindPair
from appliance.services.statistics.agreement import agreement
from appliance.services.statistics.blocks import Blocks, Truths
from appliance.services.statistics.cells import CALLS, LABELS, ReadCells
from appliance.services.statistics.lines import Line, lacks, line
from appliance.services.statistics.minimum import Missing, missing, missing_of_either
from appliance.services.statistics.proportions import predictive_values, share
from appliance.services.statistics.ranking import Point, Roc, points, roc
from appliance.services.statistics.reliability import Reliability, reliability
from appliance.vocabulary import Suggestion
from models.figures import Figure

CASES = 20
"""Examinations of either kind before a figure of examinations is shown: they are rarer than cells,
and each rests on a hundred of them."""
CELLS_OF_A_CASE = 20
"""Decided cells without which an examination's blast fraction says nothing."""

_THRESHOLDS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
Table = NDArray[np.int64]
Needs = Sequence[tuple[str, Missing]]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was looked at, and what of it could not be compared."""

    examinations: int
    patients: int
    verified: int
    """Counted cells that readers called anything."""
    unsure: int
    """Readers could not tell."""
    other: int
    not_a_cell: int
    added: int
    """Blasts and normal cells that a person had to add: the model never saw them."""
    compared: int
    """Blasts and normal cells with a suggestion."""


@dataclass(frozen=True, slots=True)
class Group:
    """The same figures for each model, microscope, operator, stain batch or month."""

    title: str
    rows: Sequence[tuple[str, int, Sequence[Line]]]
    """Name, compared cells, and the lines of `_GROUPED`."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Model against readers, readers among themselves, and both by examination."""

    counts: Counts
    agreed: Line
    cells: Sequence[Line]
    table: Table
    """(2, 3): by what readers called, blast or normal, and the model suggested."""
    roc: Roc | None
    roc_missing: str
    roc_rows: Sequence[Point]
    """The curve at `_THRESHOLDS`."""
    points: Sequence[tuple[float, float, str]]
    """Where the suggestions stand beside the curve: false alarms, sensitivity, in words."""
    reliability: Reliability | None
    reliability_missing: str
    readers: Sequence[Line]
    readers_table: Table | None
    """(5, 5): first reader by second, in the order of LABELS."""
    cases: Sequence[Line]
    cases_table: Table
    """(2, 2): limit reached by verified cells, yes or no, by suggestions."""
    groups: Sequence[Group]


def accuracy(cells: ReadCells, pairs: Sequence[BlindPair], *, decision_limit: float) -> Accuracy:
    """Make the scorecard.

    Args:
        cells: of submitted examinations.
        pairs: cells that were read a second time, blind.
        decision_limit: blast fraction at which an examination counts as positive.
    """
    judged = cells.where(cells.judged)
    enough = _either(judged.blast, judged.patient)
    curve_missing = lacks(enough)
    readers, readers_table = _readers(pairs)
    cases, cases_table = _cases(cells, decision_limit)
    exact = judged.probability
    return Accuracy(
        counts=_counts(cells),
        agreed=_agreed(judged),
        cells=_lines(judged),
        table=_table(judged),
        roc=None if curve_missing else roc(judged.blast, exact, judged.patient),
        roc_missing=curve_missing,
        roc_rows=[] if curve_missing else points(judged.blast, exact, judged.patient, _THRESHOLDS),
        points=_points(judged),
        reliability=None if curve_missing else reliability(judged.blast, exact, judged.patient),
        reliability_missing=curve_missing,
        readers=readers,
        readers_table=readers_table,
        cases=cases,
        cases_table=cases_table,
        groups=[_group(judged, number) for number in range(len(judged.columns))],
    )


def _counts(cells: ReadCells) -> Counts:
    called = np.bincount(cells.label[cells.label >= 0], minlength=len(LABELS))
    told = (cells.label == 0) | (cells.label == 1)
    return Counts(
        examinations=len(np.unique(cells.case)),
        patients=len(np.unique(cells.patient)),
        verified=int(called.sum()),
        unsure=int(called[2]),
        other=int(called[3]),
        not_a_cell=int(called[4]),
        added=int((told & ~cells.judged).sum()),
        compared=int(cells.judged.sum()),
    )


def _table(judged: ReadCells) -> Table:
    places = judged.label * len(CALLS) + judged.call
    return np.bincount(places, minlength=2 * len(CALLS)).reshape(2, len(CALLS))


def _agreed(judged: ReadCells) -> Line:
    decided = judged.where(judged.decided)
    return line(
        "Agreement",
        "Of the cells the model was not unsure of, the share that readers called the same.",
        [("cells", missing(decided.patient))],
        lambda: share(decided.label == decided.call, decided.patient),
    )


def _lines(judged: ReadCells) -> list[Line]:
    decided = judged.where(judged.decided)
    both = _either(decided.blast, decided.patient)
    called = decided.call == 0
    prevalence = float(judged.blast.mean()) if len(judged) else 0.0
    at = f", where {prevalence * 100:.0f} % of cells are blasts"

    def predictive(positive: bool) -> Callable[[], Figure]:
        def measure() -> Figure:
            blast, patient = decided.blast, decided.patient
            values = predictive_values(called, blast, patient, prevalence=prevalence)
            return values.positive if positive else values.negative

        return measure

    return [
        *_rates(decided, "", "Of the {} the model was not unsure of"),
        *_rates(judged, ", unsure counted as wrong", "Of all {}"),
        line(
            "Prevalence",
            "Of the cells readers called blast or normal, the share of blasts.",
            [("cells", missing(judged.patient))],
            lambda: share(judged.blast, judged.patient),
        ),
        line(
            "Positive predictive value",
            f"Of cells suggested to be blasts, the share that are{at}.",
            both,
            predictive(True),
        ),
        line(
            "Negative predictive value",
            f"Of cells suggested to be normal, the share that are{at}.",
            both,
            predictive(False),
        ),
        line(
            "Left unsure",
            "Of the cells readers called blast or normal, the share the model was unsure of.",
            [("cells", missing(judged.patient))],
            lambda: share(judged.call == CALLS.index(Suggestion.UNSURE), judged.patient),
        ),
        line(
            "Kappa, model and readers",
            "Agreement beyond chance on the cells the model was not unsure of: 1 is full, 0 none.",
            [("cells", missing(decided.patient))],
            lambda: agreement(decided.label, decided.call, decided.patient, kinds=2).kappa,
            share=False,
        ),
    ]


def _rates(cells: ReadCells, suffix: str, which: str) -> list[Line]:
    """Give sensitivity and specificity of these cells; `which` says of what, {} being the kind."""
    lines = []
    for name, kind, number in (("Sensitivity", "blasts", 0), ("Specificity", "normal cells", 1)):
        of = cells.where(cells.label == number)
        lines.append(
            line(
                f"{name}{suffix}",
                f"{which.format(kind)}, the share suggested to be {CALLS[number]}.",
                [(kind, missing(of.patient))],
                lambda of=of, number=number: share(of.call == number, of.patient),  # type: ignore[misc]
            )
        )
    return lines


def _points(judged: ReadCells) -> list[tuple[float, float, str]]:
    """Give where calling blast, and not calling normal, stand beside the curve."""
    blast = judged.blast
    if blast.all() or not blast.any():
        return []
    return [
        (float(says[~blast].mean()), float(says[blast].mean()), name)
        for says, name in (
            (judged.call == 0, "suggested blast"),
            (judged.call != 1, "blast or unsure"),
        )
    ]


def _readers(pairs: Sequence[BlindPair]) -> tuple[list[Line], Table | None]:
    patient = _numbered(pair.patient for pair in pairs)
    first, second = (
        np.array([LABELS.index(label) for label in labels], np.intp)
        for labels in ([p.first for p in pairs], [p.second for p in pairs])
    )
    calls = {str(call): number for number, call in enumerate(CALLS[:2])}
    model = np.array([calls.get(pair.suggestion, -1) for pair in pairs], np.intp)
    known = (model >= 0) & (second <= 1)
    needs = [("cells read twice", missing(patient))]
    lines = [
        line(
            "Agreement, two readers",
            "Of the cells read a second time, blind, the share called the same.",
            needs,
            lambda: share(first == second, patient),
        ),
        line(
            "Kappa, two readers",
            "Their agreement beyond chance, over all five kinds.",
            needs,
            lambda: agreement(first, second, patient, kinds=len(LABELS)).kappa,
            share=False,
        ),
        line(
            "Kappa, model and blind reader",
            "Second readers do not see suggestions; the first does, and may lean on them.",
            [("cells read twice", missing(patient[known]))],
            lambda: agreement(second[known], model[known], patient[known], kinds=2).kappa,
            share=False,
        ),
    ]
    if lacks(needs):
        return lines, None
    return lines, agreement(first, second, patient, kinds=len(LABELS)).table


def _cases(cells: ReadCells, limit: float) -> tuple[list[Line], Table]:
    """Compare signed examinations: is the limit reached by verified cells, and by suggestions?"""
    count = len(cells.signed)
    patient = np.zeros(count, np.intp)
    patient[cells.case] = cells.patient
    by_readers, of_readers = _fractions(cells.label, cells.case, count)
    by_model, of_model = _fractions(cells.call, cells.case, count)
    fit = cells.signed & (np.minimum(of_readers, of_model) >= CELLS_OF_A_CASE)
    truth, called, block = by_readers[fit] >= limit, by_model[fit] >= limit, patient[fit]
    places = ~truth * 2 + ~called
    table = np.bincount(places, minlength=4).reshape(2, 2)
    at = f"{limit * 100:g} %"
    lines = [
        line(
            f"{name} at {at}",
            f"Of the signed examinations {side} {at} blasts by verified cells, the share that "
            "suggestions alone put there.",
            [(f"examinations {side} {at}", missing(block[kind], cells=CASES))],
            lambda kind=kind: share((called == truth)[kind], block[kind]),  # type: ignore[misc]
        )
        for name, side, kind in (
            ("Sensitivity", "at or above", truth),
            ("Specificity", "below", ~truth),
        )
    ]
    lines.append(
        line(
            f"Kappa at {at}",
            "Agreement of verified cells and suggestions on the limit, beyond chance.",
            [("signed examinations", missing(block, cells=CASES))],
            lambda: agreement(~truth * 1, ~called * 1, block, kinds=2).kappa,
            share=False,
        )
    )
    return lines, table


def _fractions(
    kinds: NDArray[np.intp], case: Blocks, count: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Give each examination's share of blasts among blasts and normal cells, and how many."""
    blasts = np.bincount(case[kinds == 0], minlength=count)
    decided = blasts + np.bincount(case[kinds == 1], minlength=count)
    return blasts / np.maximum(decided, 1), decided


def _group(judged: ReadCells, number: int) -> Group:
    column = judged.columns[number]
    rows = []
    for code in sorted(set(column.of.tolist()), key=lambda code: column.names[code]):
        cells = judged.where(column.of == code)
        rows.append(
            (
                column.names[code],
                len(cells),
                [
                    _agreed(cells),
                    *_rates(cells.where(cells.decided), "", "Of the {} not left unsure"),
                ],
            )
        )
    return Group(column.title, rows)


def _either(blast: Truths, patient: Blocks) -> Needs:
    blasts, normal = missing_of_either(blast, patient)
    return [("blasts", blasts), ("normal cells", normal)]


def _numbered(values: Iterable[object]) -> Blocks:
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], np.intp)
