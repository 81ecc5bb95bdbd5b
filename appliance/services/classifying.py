"""Asks a classifier about cells, and gives it what it wants to know of them beside their crops."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from appliance.errors import ModelUnusable
from appliance.pipeline.morphology import NUMBERS, as_columns, measure
from appliance.vocabulary import Crops, FoundCell, SourceImage
from models.classifier import Classifier, Prediction
from models.site_head import SiteHeadClassifier

LEAST_WHOLE = 4
"""Cells not cut by the edge below which a picture as a whole says nothing."""
MOST_STRANGE = 0.8
"""Share of them outside the training range from which the picture is outside. At a microscope that
the network never saw up to half of good cells were flagged, so it is well above that."""


def classify(
    image: SourceImage, cells: Sequence[FoundCell], crops: Crops, classifier: Classifier
) -> Prediction:
    """Classify cells; a site head that was fitted to form and texture has them measured.

    Where MOST_STRANGE of a picture's whole cells are flagged, of at least LEAST_WHOLE, all are.

    Args:
        image: where the cells were found.
        cells: as found.
        crops: theirs, in the same order.
        classifier: the network, with or without a site head.

    Raises:
        ModelUnusable: the head was fitted to other numbers than are measured today.
    """
    return _seen_as_a_whole(_predict(image, cells, crops, classifier), cells)


def _predict(
    image: SourceImage, cells: Sequence[FoundCell], crops: Crops, classifier: Classifier
) -> Prediction:
    if not isinstance(classifier, SiteHeadClassifier) or classifier.numbers is None:
        return classifier.predict(crops)
    if classifier.numbers.names != NUMBERS:
        raise ModelUnusable(
            "this site head was fitted to numbers that this version measures differently",
            advice="Fit it again: scopeside model calibrate",
        )
    measured = measure(image.pixels, cells, um_per_px=image.um_per_px)
    return classifier.predict_measured(crops, as_columns(measured))


def _seen_as_a_whole(seen: Prediction, cells: Sequence[FoundCell]) -> Prediction:
    """Flag every cell of a picture most of whose cells are flagged: it is no picture of this kind.

    A section of tissue has hundreds of nuclei, and a few of them look like cells of blood.
    """
    whole = np.array([not cell.at_border for cell in cells], np.bool_)
    if whole.sum() < LEAST_WHOLE or seen.outside[whole].mean() < MOST_STRANGE:
        return seen
    return replace(seen, outside=np.ones(len(cells), np.bool_))
