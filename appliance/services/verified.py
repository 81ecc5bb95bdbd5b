"""Counts of what readers called the cells, as a tally with its exact interval."""

from collections.abc import Mapping

from appliance.pipeline.tally import of_counts
from appliance.records.standing import Progress
from appliance.review_vocabulary import CellLabel, Finding
from appliance.vocabulary import Tally


def verified_tally(progress: Progress) -> Tally:
    """Return the verified leukocytes of an examination with the interval of their blast fraction.

    Cells called other or not a cell are no leukocytes and stand apart.
    """
    return labelled_tally(progress.by_label)


def labelled_tally(by_label: Mapping[CellLabel, int]) -> Tally:
    """Return the leukocytes among cells counted by label."""
    leukocytes = (CellLabel.BLAST, CellLabel.NORMAL, CellLabel.UNSURE)
    return of_counts(*(by_label.get(label, 0) for label in leukocytes))


def suggested_finding(tally: Tally, limit: float) -> Finding:
    """Return the finding that verified counts speak for; a person chooses it, or another.

    Args:
        tally: of verified cells.
        limit: blast fraction that decides; inside the interval these cells settle nothing.
    """
    if tally.interval95 is None:
        return Finding.NOT_ASSESSABLE
    if not tally.blast:
        return Finding.NO_BLASTS
    low, high = tally.interval95
    if low <= limit <= high:
        return Finding.NOT_CONCLUSIVE
    return Finding.BLASTS_BELOW_LIMIT if high < limit else Finding.BLASTS_AT_LIMIT
