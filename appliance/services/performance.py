"""What probabilities are worth on a laboratory's verified cells: figures, and the unsure band."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.tally import clopper_pearson
from models.figures import Figure, auc_figure, calibration_figure

ERROR_RATE = 0.05
"""Share of blasts called normal, and of normal cells called blasts, that the band aims at."""
Probabilities = NDArray[np.float32]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of cells with its exact 95 % interval (Clopper and Pearson 1934)."""

    hits: int
    cells: int

    @property
    def value(self) -> float:
        """The share."""
        return self.hits / self.cells

    @property
    def interval(self) -> tuple[float, float]:
        """Where it may lie, if cells were drawn one by one; within a slide they are alike."""
        return clopper_pearson(self.hits, self.cells)

    def as_json(self) -> dict[str, float | int]:
        """Give it as a card has figures."""
        low, high = (round(end, 4) for end in self.interval)
        return {"value": round(self.value, 4), "low": low, "high": high, "cells": self.cells}


@dataclass(frozen=True, slots=True)
class Band:
    """Between its ends a cell is left unsure; how often the sides are wrong is stated."""

    low: float
    high: float
    middle: float
    """Where a cell must be called one or the other; within the band."""
    blast_error: float
    """At most this share of blasts like the labelled ones is called normal."""
    normal_error: float
    """At most this share of normal cells like the labelled ones is called blast."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What probabilities are worth on verified cells."""

    auc: Figure
    calibration_error: Figure
    sensitivity: Rate
    specificity: Rate
    threshold: float
    """From which a cell was called a blast for the last two."""
    unsure: Rate
    """Cells within the unsure band."""

    def as_json(self) -> dict[str, Any]:
        """Give it as a card has figures."""
        return {
            "auc": self.auc.as_json(),
            "sensitivity": self.sensitivity.as_json(),
            "specificity": self.specificity.as_json(),
            "threshold": round(self.threshold, 4),
            "calibration_error": self.calibration_error.as_json(),
            "unsure": self.unsure.as_json(),
        }


def band_of(probability: Probabilities, blast: Truths, *, rate: float = ERROR_RATE) -> Band:
    """Set the unsure band so that each class is on the wrong side of it at a stated rate.

    Split conformal prediction for each class (Vovk 2012), on cross-validated probabilities: a new
    blast falls below the k-th lowest of n with probability k / (n + 1). Below 19 cells of a class
    k is 1 and the rate that this gives is stated instead.

    Args:
        probability: (n,), of cells not fitted to.
        blast: (n,), both classes.
        rate: aimed at, for each class.
    """
    lowest, highest = np.sort(probability[blast]), np.sort(probability[~blast])[::-1]
    steps = [max(int(rate * (len(ends) + 1)), 1) for ends in (lowest, highest)]
    middle = float(blast.mean())
    above = np.nextafter(highest[steps[1] - 1], np.float32(1))
    return Band(
        # Rounded away from the middle, so that what is printed is what is used.
        low=math.floor(min(float(lowest[steps[0] - 1]), middle) * 1e4) / 1e4,
        high=math.ceil(max(float(above), middle) * 1e4) / 1e4,
        middle=middle,
        blast_error=steps[0] / (len(lowest) + 1),
        normal_error=steps[1] / (len(highest) + 1),
    )


def performance(
    probability: Probabilities,
    blast: Truths,
    block: NDArray[np.str_],
    thresholds: tuple[float, float, float],
) -> Performance:
    """Measure probabilities against verified cells.

    Args:
        probability: (n,), of cells that nothing was fitted to.
        blast: (n,), both classes.
        block: (n,), what intervals of AUC and calibration error are drawn over.
        thresholds: lower end of the unsure band, where a cell is called, upper end.
    """
    low, middle, high = thresholds
    called = probability >= middle
    exact = probability.astype(np.float64)
    unsure = (probability >= low) & (probability < high)
    return Performance(
        auc=auc_figure(blast, exact, block),
        calibration_error=calibration_figure(blast, exact, block),
        sensitivity=Rate(int(called[blast].sum()), int(blast.sum())),
        specificity=Rate(int((~called[~blast]).sum()), int((~blast).sum())),
        threshold=middle,
        unsure=Rate(int(unsure.sum()), len(blast)),
    )
