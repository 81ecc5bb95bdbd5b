"""What a bundle's model.onnx takes and gives: the float network, for runners other than LiteRT.

`models.training.convert` writes it; nothing here needs an ONNX library.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelUnusable
from appliance.vocabulary import Crops
from models.batches import Outputs
from models.card import Card, read_verified

GRAPH = "model.onnx"
INPUT = "crops"
OUTPUTS = ("scores", "embedding", "attention")
_MIDDLE, _SPREAD = np.float32(127), np.float32(128)  # grey levels, as the network was trained


def read_graph(bundle: Path, card: Card) -> bytes:
    """Read model.onnx, proved to be the file its card describes.

    Raises:
        ModelUnusable: it is missing, another, or the card does not know of it.
    """
    if GRAPH not in card.files:
        raise ModelUnusable(f"the card of {card.id} names no {GRAPH}")
    return read_verified(bundle / GRAPH, card.files[GRAPH])


def to_planes(crops: Crops) -> NDArray[np.float32]:
    """Turn crops into what the graph takes: (n, 3, side, side), (grey level - 127) / 128."""
    scaled = (crops.transpose(0, 3, 1, 2).astype(np.float32) - _MIDDLE) / _SPREAD
    return np.ascontiguousarray(scaled)


def from_planes(scores: object, embedding: object, attention: object) -> Outputs:
    """Bring what the graph gives, (n, c, 1, 1) and (n, 1, h, w), to the runners' shapes."""
    first, second, third = (
        np.asarray(output, np.float32) for output in (scores, embedding, attention)
    )
    return first[:, :, 0, 0], second[:, :, 0, 0], third[:, 0]


def check_sizes(card: Card, scores: int, embedding: int) -> None:
    """Refuse a graph whose outputs are not as long as the card says.

    Raises:
        ModelUnusable: it belongs to another card.
    """
    if (scores, embedding) != (len(card.classes), card.embedding):
        raise ModelUnusable(f"{card.id} does not have the inputs and outputs of its card")
