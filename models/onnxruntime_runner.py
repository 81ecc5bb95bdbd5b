"""Runs a bundle's float network on ONNX Runtime's CPU kernels: for laptops and comparison.

The only importer of ONNX Runtime for inference.
"""

import threading
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as library

from appliance.errors import ModelUnusable
from appliance.vocabulary import Crops
from models.batches import Outputs, in_batches
from models.card import Card, load_card
from models.classifier import Prediction
from models.onnx_file import GRAPH, INPUT, OUTPUTS, check_sizes, from_planes, read_graph, to_planes
from models.scores import check_crops, to_prediction

_ERRORS_ONLY = 3
_REFUSALS = (
    library.Fail,
    library.InvalidArgument,
    library.InvalidGraph,
    library.InvalidProtobuf,
    library.NotImplemented,
    library.RuntimeException,
    KeyError,
)
"""What the library raises at a graph it cannot run (they share no parent); KeyError: an output
that the card promises is missing."""


def open_classifier(bundle: Path, *, threads: int = 2, batch: int = 8) -> "OnnxClassifier":
    """Open a bundle, prove that it is what its card says, and run it once.

    Args:
        bundle: folder with card.json and model.onnx.
        threads: for the network; no more than the machine has cores.
        batch: cells computed together; the answer does not depend on it.

    Raises:
        ModelUnusable: a file is missing or differs from its card, or the graph cannot be run or
            does not have the card's inputs and outputs.
    """
    if threads < 1 or batch < 1:
        raise ValueError(f"threads {threads} and batch {batch} must be at least 1")
    card = load_card(bundle)
    classifier = OnnxClassifier(card, read_graph(bundle, card), threads=threads, batch=batch)
    classifier.predict(np.zeros((1, card.side_px, card.side_px, 3), np.uint8))
    return classifier


class OnnxClassifier:
    """A float network in memory. One call runs at a time; made by `open_classifier`."""

    runtime = f"onnxruntime {onnxruntime.__version__}"

    def __init__(self, card: Card, graph: bytes, *, threads: int, batch: int) -> None:
        self.card = card
        self.computed_sha256 = card.files[GRAPH]
        self._batch = batch
        self._lock = threading.Lock()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
            sizes = {each.name: each.shape[1] for each in self._session.get_outputs()}
            check_sizes(card, sizes[OUTPUTS[0]], sizes[OUTPUTS[1]])
        except _REFUSALS as error:
            raise ModelUnusable(f"{card.id} cannot be run by {self.runtime}: {error}") from error

    def predict(self, crops: Crops) -> Prediction:
        """Classify cells, as the contract says."""
        check_crops(crops, self.card.side_px)
        with self._lock:
            scores, embedding, attention = in_batches(
                crops, self._run, largest=self._batch, padded=lambda count: max(count, 1)
            )
        return to_prediction(scores, embedding, attention, self.card, crops)

    def _run(self, crops: Crops) -> Outputs:
        return from_planes(*self._session.run(list(OUTPUTS), {INPUT: to_planes(crops)}))
