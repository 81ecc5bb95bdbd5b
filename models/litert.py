"""Runs a bundle's int8 network on LiteRT, or on tflite-runtime where that is what is installed.

The only importer of either library.
"""

import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelUnusable
from appliance.vocabulary import Crops
from models.batches import Outputs, in_batches
from models.card import NETWORK, Card, load_card, read_verified
from models.classifier import Prediction
from models.scores import check_crops, to_prediction

try:
    from ai_edge_litert.interpreter import Interpreter

    RUNTIME = f"litert {version('ai-edge-litert')}"
except ImportError:
    try:
        from tflite_runtime.interpreter import Interpreter

        RUNTIME = f"tflite-runtime {version('tflite-runtime')}"
    except ImportError:
        Interpreter = None
        RUNTIME = ""


def open_classifier(bundle: Path, *, threads: int = 2, batch: int = 4) -> "LiteRtClassifier":
    """Open a bundle, prove that it is what its card says, and run it once.

    Args:
        bundle: folder with card.json and model.tflite.
        threads: for the network; no more than the board has cores.
        batch: cells computed together; the answer does not depend on it.

    Raises:
        ModelUnusable: a file is missing or differs from its card, the network does not have the
            card's inputs and outputs, or no library can run it.
    """
    if threads < 1 or batch < 1:
        raise ValueError(f"threads {threads} and batch {batch} must be at least 1")
    card = load_card(bundle)
    network = read_verified(bundle / NETWORK, card.sha256)
    if Interpreter is None:
        raise ModelUnusable(
            "neither LiteRT nor tflite-runtime is installed", advice="Install ai-edge-litert."
        )
    classifier = LiteRtClassifier(card, network, threads=threads, batch=batch)
    # Importing a broken library succeeds (tflite-runtime with NumPy 2); only a run proves it.
    classifier.predict(np.zeros((1, card.side_px, card.side_px, 3), np.uint8))
    return classifier


class LiteRtClassifier:
    """An int8 network in memory. One call runs at a time; made by `open_classifier`."""

    runtime = RUNTIME

    def __init__(self, card: Card, network: bytes, *, threads: int, batch: int) -> None:
        self.card = card
        self.computed_sha256 = card.sha256
        self._network = network
        self._threads = threads
        self._batch = batch
        self._lock = threading.Lock()
        self._runs: dict[int, _Run] = {}

    def predict(self, crops: Crops) -> Prediction:
        """Classify cells, as the contract says."""
        scores, embedding, attention = self.outputs(crops)
        return to_prediction(scores, embedding, attention, self.card, crops)

    def outputs(self, crops: Crops) -> Outputs:
        """Give the network's own numbers: scores (n, 3), embedding (n, d), attention (n, h, w)."""
        check_crops(crops, self.card.side_px)
        with self._lock:
            return in_batches(crops, self._compute, largest=self._batch, padded=self._padded)

    def _padded(self, count: int) -> int:
        """Run a smaller rest at its own size, padded to a power of two."""
        return min(self._batch, 1 << max(count - 1, 0).bit_length())

    def _compute(self, crops: Crops) -> Outputs:
        size = len(crops)
        if size not in self._runs:
            self._runs[size] = _Run(self._network, self.card, threads=self._threads, batch=size)
        scores, embedding, attention = self._runs[size](crops)
        return scores, embedding, attention[..., 0]


class _Run:
    """The network laid out in memory for one batch size."""

    def __init__(self, network: bytes, card: Card, *, threads: int, batch: int) -> None:
        try:
            self._interpreter = Interpreter(model_content=network, num_threads=threads)
            self._input = self._interpreter.get_input_details()[0]
            shape = (batch, card.side_px, card.side_px, 3)
            self._interpreter.resize_tensor_input(self._input["index"], shape, strict=True)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, AttributeError, ImportError) as error:
            raise ModelUnusable(f"{card.id} cannot be run by {RUNTIME}: {error}") from error
        self._outputs = self._find_outputs(card)

    def _find_outputs(self, card: Card) -> tuple[Any, ...]:
        """Tell the outputs apart by their last axis, as their order differs between converters."""
        by_depth = {int(o["shape"][-1]): o for o in self._interpreter.get_output_details()}
        depths = (len(card.classes), card.embedding, 1)
        if self._input["dtype"] != np.uint8 or set(by_depth) != set(depths):
            raise ModelUnusable(f"{card.id} does not have the inputs and outputs of its card")
        return tuple(by_depth[depth] for depth in depths)

    def __call__(self, crops: Crops) -> tuple[NDArray[np.float32], ...]:
        """Compute scores (n, 3), embedding (n, d) and attention (n, h, w, 1)."""
        self._interpreter.set_tensor(self._input["index"], crops)
        self._interpreter.invoke()
        scores, embedding, attention = (
            self._interpreter.get_tensor(output["index"]) for output in self._outputs
        )
        count = len(crops)
        return scores.reshape(count, -1), embedding.reshape(count, -1), attention
