"""The small part that is fitted: scores, embedding and attention over the trunk's features."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.network import Network

Floats = NDArray[np.float64]

# How much each source and class weighs in the fit. Sources with both classes weigh alike for
# each; sources with normal cells only weigh little, since there "normal" is also "that camera".
WEIGHTS = {
    ("allidb1", BLAST): 4.0,
    ("allidb1", NORMAL): 4.0,
    ("taleqani", BLAST): 4.0,
    ("taleqani", NORMAL): 4.0,
    ("pbc", NORMAL): 1.0,
    ("wbcseg1", NORMAL): 0.3,
    ("bccd", NORMAL): 0.3,
    ("pbc", UNUSABLE): 0.5,
    ("bccd", UNUSABLE): 1.0,
    ("made", UNUSABLE): 2.0,
}
RIDGE = 0.02
"""Penalty on squared weights of standardised features, chosen on unseen sources."""
MOST_STEPS = 300


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear map from features to scores."""

    weight: Floats
    """(classes, features), of features as they come from the trunk."""
    bias: Floats

    def scores(self, features: NDArray[np.float32]) -> Floats:
        """Give (n, classes)."""
        return np.asarray(features @ self.weight.T + self.bias, np.float64)


def cell_weights(cells: Cells) -> Floats:
    """Give each cell's weight, so that every source and class counts as WEIGHTS says."""
    weights = np.zeros(len(cells))
    for (source, label), weight in WEIGHTS.items():
        members = (cells.source == source) & (cells.label == label)
        if members.any():
            weights[members] = weight / members.sum()
    return np.asarray(weights / weights.sum(), np.float64)


def fit_head(features: NDArray[np.float32], cells: Cells, *, ridge: float = RIDGE) -> Head:
    """Fit weighted multinomial logistic regression over all views.

    Args:
        features: (views, n, d).
        cells: n cells to learn from.
        ridge: see RIDGE.
    """
    views, _, depth = features.shape
    weights = np.tile(cell_weights(cells), views) / views
    truth = np.eye(3)[np.tile(cells.label, views)]
    flat = features.reshape(-1, depth)
    mean = weights @ flat
    spread = np.sqrt(weights @ np.square(flat - mean.astype(np.float32))) + 1e-6
    # Single precision: half the memory to go through, and that is what the time goes to.
    x = ((flat - mean) / spread).astype(np.float32)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        matrix = parameters.reshape(3, depth + 1)
        scores = x @ matrix[:, :-1].T.astype(np.float32) + matrix[:, -1]
        value = -(weights[:, None] * truth * log_softmax(scores, axis=1)).sum()
        value += 0.5 * ridge * (matrix[:, :-1] ** 2).sum()
        error = weights[:, None] * (softmax(scores, axis=1) - truth)
        pull = error.T.astype(np.float32) @ x + ridge * matrix[:, :-1]
        return value, np.column_stack([pull, error.sum(axis=0)]).ravel().astype(np.float64)

    start = np.zeros(3 * (depth + 1))
    limits = {"maxiter": MOST_STEPS, "ftol": 1e-7}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=limits)
    matrix = found.x.reshape(3, depth + 1)
    weight = matrix[:, :-1] / spread
    return Head(weight, matrix[:, -1] - weight @ mean)


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The embedding: principal components of the features, the strong ones damped."""

    weight: Floats
    """(d, features)."""
    bias: Floats

    def embed(self, features: NDArray[np.float32]) -> Floats:
        """Give (n, d)."""
        return np.asarray(features @ self.weight.T + self.bias, np.float64)


def fit_axes(features: NDArray[np.float32], cells: Cells, *, depth: int) -> Axes:
    """Find the embedding's axes from usable cells as they are, every source counting alike.

    Each axis is divided by the square root of its spread: dividing by the spread itself would
    raise noise to the level of signal, and leaving it would waste int8 steps on the first axis.
    """
    usable = cells.label != UNUSABLE
    x = features[usable].astype(np.float64)
    sources, place = np.unique(cells.source[usable], return_inverse=True)
    weights = (1 / np.bincount(place))[place] / len(sources)
    mean = weights @ x
    centred = (x - mean) * np.sqrt(weights)[:, None]
    _, values, components = np.linalg.svd(centred, full_matrices=False)
    weight = components[:depth] / np.sqrt(values[:depth, None])
    return Axes(weight, -weight @ mean)


def install(network: Network, head: Head, axes: Axes, glass: NDArray[np.float32]) -> None:
    """Write the fitted numbers into the network's last layers.

    Attention is each place's part in blast less normal, zero on empty glass (class activation
    mapping, Zhou et al. 2016).

    Args:
        network: changed.
        head: scores.
        axes: embedding.
        glass: features of empty glass.
    """
    toward_blast = (head.weight[BLAST] - head.weight[NORMAL])[None]
    ends = np.cumsum(network.shape.depths)[:-1]
    for layers, weight, bias in (
        (network.score, head.weight, head.bias),
        (network.embed, axes.weight, axes.bias),
        (network.attend, toward_blast, -toward_blast @ glass),
    ):
        with torch.no_grad():
            for layer, part in zip(layers, np.split(weight, ends, axis=1), strict=True):
                layer.weight.copy_(torch.from_numpy(part)[:, :, None, None])
            layers[0].bias.copy_(torch.from_numpy(bias))
