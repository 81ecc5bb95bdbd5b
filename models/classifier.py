"""What every classifier promises: crops in, calibrated probabilities and embeddings out."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Crops
from models.card import Card


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network says of n cells, in the order of the crops."""

    blast_probability: NDArray[np.float32]
    """(n,), 0 to 1, calibrated: of cells given 0.8, about 80 % are blasts where it was tuned."""
    embedding: NDArray[np.float32]
    """(n, d): where the cell lies among others; a site head is fitted on this."""
    outside: NDArray[np.bool_]
    """(n,): unlike anything the network was trained on, or not a usable cell."""
    attention: NDArray[np.float32] | None = None
    """(n, height, width), 0 to 1, coarse: which parts of the crop spoke for the suggestion."""

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.blast_probability)


class Classifier(Protocol):
    """A network ready to run. Safe to call from several threads; one call runs at a time."""

    @property
    def card(self) -> Card:
        """What the bundle says of itself."""

    @property
    def runtime(self) -> str:
        """Library and version that computes, for instance "litert 2.3.0"."""

    @property
    def computed_sha256(self) -> str:
        """SHA-256 of the file that computes: model.tflite, model.onnx, or an engine."""

    def predict(self, crops: Crops) -> Prediction:
        """Classify cells; the same bytes give the same answer, however they are batched.

        Args:
            crops: (n, side, side, 3) uint8 as `pipeline.crops.crop_cells` makes them with the
                card's side_px; n may be 0.

        Raises:
            ValueError: shape or type is not what the card says.
        """
