"""Counts verdicts and gives the exact interval of the blast fraction."""

from collections import Counter
from collections.abc import Iterable

from scipy.special import betaincinv

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


def tally(verdicts: Iterable[Verdict]) -> Tally:
    """Count the verdicts of counted cells; the interval is of blasts among the decided."""
    counts = Counter(verdict.suggestion for verdict in verdicts)
    blast, normal = counts[Suggestion.BLAST], counts[Suggestion.NORMAL]
    decided = blast + normal
    return Tally(
        blast=blast,
        normal=normal,
        unsure=counts[Suggestion.UNSURE],
        interval95=clopper_pearson(blast, decided) if decided else None,
    )
