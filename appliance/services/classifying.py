"""Asks a classifier about cells, and gives it what it wants to know of them beside their crops."""

from collections.abc import Sequence

from appliance.errors import ModelUnusable
from appliance.pipeline.morphology import NUMBERS, as_columns, measure
from appliance.vocabulary import Crops, FoundCell, SourceImage
from models.classifier import Classifier, Prediction
from models.site_head import SiteHeadClassifier


def classify(
    image: SourceImage, cells: Sequence[FoundCell], crops: Crops, classifier: Classifier
) -> Prediction:
    """Classify cells; a site head that was fitted to form and texture has them measured.

    Args:
        image: where the cells were found.
        cells: as found.
        crops: theirs, in the same order.
        classifier: the network, with or without a site head.

    Raises:
        ModelUnusable: the head was fitted to other numbers than are measured today.
    """
    if not isinstance(classifier, SiteHeadClassifier) or classifier.numbers is None:
        return classifier.predict(crops)
    if classifier.numbers.names != NUMBERS:
        raise ModelUnusable(
            "this site head was fitted to numbers that this version measures differently",
            advice="Fit it again: scopeside model calibrate",
        )
    measured = measure(image.pixels, cells, um_per_px=image.um_per_px)
    return classifier.predict_measured(crops, as_columns(measured))
