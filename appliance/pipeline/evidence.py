"""What all cells of a field say together: a score to sort fields by, not a count.

A field is a bag of cells (multiple instances: Dietterich et al. 1997, Artif Intell 89:31). Of
eight ways to put cells together the mean of their log-odds told fields with blasts best, better
than the share of blasts among them; `models.training.case_score` measures it. From which score on
there are blasts differs by microscope, so no limit comes with it.
"""

from collections.abc import Iterable

import numpy as np

from appliance.vocabulary import Verdict

_CERTAIN = 1e-6
"""Nearest to 0 and 1 that one cell's probability is taken for, so that none outweighs all."""


def field_score(verdicts: Iterable[Verdict]) -> float | None:
    """Give the mean evidence for blasts as a probability: that whose log-odds are the cells' mean.

    Args:
        verdicts: of counted cells; those outside the training range say nothing.

    Returns:
        0 to 1; None where no cell says anything.
    """
    given = [v.blast_probability for v in verdicts if not v.outside_training_range]
    if not given:
        return None
    bounded = np.clip(np.array(given, np.float64), _CERTAIN, 1 - _CERTAIN)
    odds = np.exp(np.log(bounded / (1 - bounded)).mean())
    return float(odds / (1 + odds))
