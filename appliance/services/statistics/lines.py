"""One line of a table of statistics: a figure in words, or what is missing before it is shown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from appliance.services.statistics.minimum import Missing
from appliance.vocabulary import how_many
from models.figures import Figure


@dataclass(frozen=True, slots=True)
class Line:
    """A figure with its name and what it means."""

    name: str
    meaning: str
    figure: Figure | None
    """None where it is withheld."""
    missing: str = ""
    """Why it is withheld: how much is missing, in words."""
    share: bool = True
    """Written as a percentage; else as a number."""


def line(
    name: str,
    meaning: str,
    needs: Iterable[tuple[str, Missing]],
    measure: Callable[[], Figure],
    *,
    share: bool = True,
) -> Line:
    """Measure a figure, unless something of what it needs is missing.

    Args:
        name: of the figure.
        meaning: a sentence.
        needs: what there must be of what, for instance ("blasts", Missing(38, 1)).
        measure: called only where nothing is missing.
        share: see `Line.share`.
    """
    lacking = lacks(needs)
    if lacking:
        return Line(name, meaning, None, lacking, share)
    figure = measure()
    if np.isnan(figure.value):
        return Line(name, meaning, None, "one of the two called everything the same kind", share)
    return Line(name, meaning, figure, "", share)


def lacks(needs: Iterable[tuple[str, Missing]]) -> str:
    """Say how much more of what is needed, or nothing."""
    return ", ".join(words(missing, what) for what, missing in needs if not missing.nothing)


def words(missing: Missing, what: str) -> str:
    """Say it of one kind: "38 more blasts, from 1 more patient"."""
    of = f"from {how_many(missing.blocks, 'more patient')}"
    if not missing.cells:
        return f"{what} {of}"
    more = f"{missing.cells:,} more {_singular(what) if missing.cells == 1 else what}"
    return f"{more}, {of}" if missing.blocks else more


def _singular(what: str) -> str:
    first, *rest = what.split(" ", 1)
    words_ = {"cells": "cell", "blasts": "blast", "examinations": "examination"}
    if first in words_:
        return " ".join([words_[first], *rest])
    return what.removesuffix("s")
