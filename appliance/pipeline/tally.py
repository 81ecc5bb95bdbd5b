"""Counts verdicts, gives the blast fraction's exact interval, and says what would settle it."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from scipy.special import betainc, betaincinv

from appliance.vocabulary import Suggestion, Tally, Verdict


def clopper_pearson(k: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Give the exact two-sided interval of a proportion (Clopper and Pearson 1934).

    Args:
        k: cells with the property.
        n: all cells, at least 1.
        confidence: 0 to 1, exclusive; what the interval covers at least.

    Raises:
        ValueError: not 0 <= k <= n, n is 0, or confidence is not between 0 and 1.
    """
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a proportion")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def cells_to_decide(
    blast: int, decided: int, *, limit: float, confidence: float = 0.95, at_most: int = 2000
) -> int | None:
    """Say how many more decided cells would settle a question, if the fraction stays as it is.

    Settled is what lies outside the exact interval of `clopper_pearson`. A count of cells is whole:
    the blasts among more cells are rounded towards the limit, so that the answer errs upwards.

    Args:
        blast: cells suggested as blast so far.
        decided: cells suggested as blast or normal so far.
        limit: blast fraction that decides, 0 to 1, exclusive.
        confidence: of the interval.
        at_most: more cells than anybody would count.

    Returns:
        The fewest from which on the limit stays outside the interval; 0 where it is outside now;
        None where that takes more than at_most, or there is no fraction yet.

    Raises:
        ValueError: blast and decided are no proportion, or limit or confidence cannot be.
    """
    if not 0 <= blast <= decided or at_most < 0:
        raise ValueError(f"{blast} of {decided}, and {at_most} more, cannot be")
    if not (0 < limit < 1 and 0 < confidence < 1):
        raise ValueError(f"limit {limit} or confidence {confidence} is not between 0 and 1")
    if decided == 0:
        return None
    more = np.arange(at_most + 1)
    cells = decided + more
    tail = (1 - confidence) / 2
    if blast > limit * decided:
        blasts = blast + blast * more // decided
        # The lower end is above the limit where so many blasts are rarer than the tail there.
        settled = betainc(blasts, cells - blasts + 1, limit) < tail
    else:
        blasts = blast - (-blast * more // decided)
        beyond = np.where(blasts < cells, blasts + 1, cells)
        settled = (blasts < cells) & (betainc(beyond, cells - beyond + 1, limit) > 1 - tail)
    open_still = np.flatnonzero(~settled)
    if len(open_still) == 0:
        return 0
    last = int(open_still[-1])
    return last + 1 if last < at_most else None


def tally(verdicts: Iterable[Verdict]) -> Tally:
    """Count the verdicts of counted cells; the interval is of blasts among the decided."""
    found = Counter(verdict.suggestion for verdict in verdicts)
    return of_counts(*(found[kind] for kind in Suggestion))


def of_counts(blast: int, normal: int, unsure: int) -> Tally:
    """Add the interval to counts, whoever called the cells; None without a decided one."""
    decided = blast + normal
    return Tally(blast, normal, unsure, clopper_pearson(blast, decided) if decided else None)
