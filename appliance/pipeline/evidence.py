"""What all cells of a field say together: a score to sort fields by, not a count.

A field is a bag of cells (multiple instances: Dietterich et al. 1997, Artif Intell 89:31). Where
nearly all its cells are alike, as in marrow, their mean tells most; where a few blasts lie among
normal cells, as in blood, the highest does. The generalised mean lies between (Babenko et al.
2008, ECCV workshop on faces in real-life images); `models.training.case_score` measures it beside
others. From which score on there are blasts differs by microscope, so no limit comes with it.
"""

from collections.abc import Iterable

import numpy as np

from appliance.vocabulary import Verdict

EXPONENT = 3
"""1 would be the mean of the probabilities, infinity the highest of them."""


def field_score(verdicts: Iterable[Verdict]) -> float | None:
    """Give the generalised mean of the cells' probabilities of being blasts.

    Args:
        verdicts: of counted cells; those outside the training range say nothing.

    Returns:
        0 to 1; None where no cell says anything.
    """
    given = [v.blast_probability for v in verdicts if not v.outside_training_range]
    if not given:
        return None
    return float(np.mean(np.array(given, np.float64) ** EXPONENT) ** (1 / EXPONENT))
