"""The small part that is fitted: scores, embedding and attention over the trunk's features."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.network import Network

Floats = NDArray[np.float64]

# How much each source and class weighs in the fit. Sources with both classes weigh alike for
# each; sources with normal cells only weigh little, since there "normal" is also "that camera".
# What is unusable is weighed among itself: it is fitted after, and against, all usable cells.
WEIGHTS = {
    ("allidb1", BLAST): 4.0,
    ("allidb1", NORMAL): 4.0,
    ("taleqani", BLAST): 4.0,
    ("taleqani", NORMAL): 4.0,
    ("pbc", NORMAL): 1.0,
    ("wbcseg1", NORMAL): 0.3,
    ("bccd", NORMAL): 0.3,
    ("pbc", UNUSABLE): 0.2,
    ("bccd", UNUSABLE): 0.5,
    ("made", UNUSABLE): 1.0,
    ("drawn", UNUSABLE): 2.0,
}
RIDGE = 0.01
"""Penalty on squared weights of standardised features, chosen on unseen sources."""
UNUSABLE_RIDGE = 0.002
"""The same for telling what is no usable cell, chosen on test blocks."""
MOST_STEPS = 300
_NEVER = -20.0
_LEAST_SPREAD = 1e-3
"""Of an axis, over that of the first; the 304th has a ninetieth."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear map from features to scores."""

    weight: Floats
    """(classes, features), of features as they come from the trunk."""
    bias: Floats

    def scores(self, features: NDArray[np.float32]) -> Floats:
        """Give (n, classes)."""
        return np.asarray(features @ self.weight.T + self.bias, np.float64)

    def leaning(self, offset: float) -> "Head":
        """Give the head with an offset added to the gap between blast and normal."""
        return replace(self, bias=self.bias + np.array([offset / 2, -offset / 2, 0.0]))


def cell_weights(cells: Cells) -> Floats:
    """Give each cell's weight, so that every source and class counts as WEIGHTS says."""
    weights = np.zeros(len(cells))
    for (source, label), weight in WEIGHTS.items():
        members = (cells.source == source) & (cells.label == label)
        if members.any():
            weights[members] = weight / members.sum()
    return np.asarray(weights / weights.sum(), np.float64)


def fit_head(features: NDArray[np.float32], cells: Cells) -> Head:
    """Fit weighted logistic regression over all views: blast against normal, then the unusable.

    In two steps, since made-up crops must not bend the line between blasts and normal cells.

    Args:
        features: (views, n, d).
        cells: n cells to learn from, blasts and normal ones among them.
    """
    usable = cells.label < UNUSABLE
    called = cells.where(usable)
    some = features[:, usable]
    line, shift = _fit(some, called.label == BLAST, cell_weights(called), ridge=RIDGE)
    # Of the scores of blast and normal, one is the other's negative: only their gap says anything.
    weight = np.stack([line / 2, -line / 2, np.zeros_like(line)])
    bias = np.array([shift / 2, -shift / 2, _NEVER])
    if not usable.all():
        weights = cell_weights(cells)
        for group in (usable, ~usable):
            weights[group] /= 2 * weights[group].sum()
        margin = features.reshape(-1, features.shape[-1]) @ line + shift
        either = np.logaddexp(margin / 2, -margin / 2)
        weight[UNUSABLE], bias[UNUSABLE] = _fit(
            features, ~usable, weights, ridge=UNUSABLE_RIDGE, against=either
        )
    return Head(weight, bias)


def _fit(
    features: NDArray[np.float32],
    truth: NDArray[np.bool_],
    weights: Floats,
    *,
    ridge: float,
    against: Floats | float = 0.0,
) -> tuple[Floats, float]:
    """Fit one row: weights and bias of the log-odds of `truth`, less what is held against it."""
    views, _, depth = features.shape
    weights = np.tile(weights, views) / views
    sign = np.where(np.tile(truth, views), 1.0, -1.0)
    flat = features.reshape(-1, depth)
    mean = weights @ flat
    spread = np.sqrt(weights @ np.square(flat - mean.astype(np.float32))) + 1e-6
    # Single precision: half the memory to go through, and that is what the time goes to.
    x = ((flat - mean) / spread).astype(np.float32)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        row, lift = parameters[:-1], parameters[-1]
        margin = sign * (x @ row.astype(np.float32) + lift - against)
        value = (weights * np.logaddexp(0, -margin)).sum() + 0.5 * ridge * (row**2).sum()
        error = -sign * weights * expit(-margin)
        pull = error.astype(np.float32) @ x + ridge * row
        return float(value), np.append(pull, error.sum()).astype(np.float64)

    limits = {"maxiter": MOST_STEPS, "ftol": 1e-7}
    found = minimize(loss, np.zeros(depth + 1), jac=True, method="L-BFGS-B", options=limits).x
    row = found[:-1] / spread
    return row, float(found[-1] - row @ mean)


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
    # A quick trial may have fewer cells than axes: the others have no spread, and are kept small.
    _, values, components = np.linalg.svd(centred, full_matrices=len(centred) < depth)
    values = np.pad(values, (0, max(depth - len(values), 0)))
    values = np.maximum(values, _LEAST_SPREAD * values[0])
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
