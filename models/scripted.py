"""A classifier that answers what it was told to: for tests and for trying pages."""

from collections.abc import Sequence

import numpy as np

from appliance.vocabulary import Crops
from models.card import Card
from models.classifier import Prediction
from models.scores import check_crops

EMBEDDING_SIZE = 8


class ScriptedClassifier:
    """Gives the listed probabilities to cells in the order they come, over and over.

    Obeys the contract of `models.classifier.Classifier`, also in what it refuses.
    """

    runtime = "scripted"

    def __init__(
        self, card: Card, probabilities: Sequence[float], outside: Sequence[bool] = ()
    ) -> None:
        """Take the script.

        Args:
            card: the card to show; its side_px is enforced.
            probabilities: for the first, second, … cell of each call; repeated when they run out.
            outside: the same for the flag; none is outside where it is empty.

        Raises:
            ValueError: there is no probability, or one is not between 0 and 1.
        """
        if not probabilities or not all(0 <= value <= 1 for value in probabilities):
            raise ValueError("a script needs probabilities between 0 and 1")
        self.card = card
        self.computed_sha256 = card.sha256
        self.calls: list[int] = []
        """Number of cells of each call so far."""
        self._probabilities = np.asarray(probabilities, np.float32)
        self._outside = np.asarray(outside or [False], np.bool_)
        self._next_error: Exception | None = None

    def fail_next(self, error: Exception) -> None:
        """Raise this at the next call, once."""
        self._next_error = error

    def predict(self, crops: Crops) -> Prediction:
        """Answer from the script; the embedding holds the mean colours of the crop."""
        check_crops(crops, self.card.side_px)
        if self._next_error is not None:
            error, self._next_error = self._next_error, None
            raise error
        count = len(crops)
        self.calls.append(count)
        embedding = np.zeros((count, EMBEDDING_SIZE), np.float32)
        if count:
            embedding[:, :3] = crops.mean(axis=(1, 2), dtype=np.float32) / 255
        return Prediction(
            blast_probability=np.resize(self._probabilities, count),
            embedding=embedding,
            outside=np.resize(self._outside, count),
        )
