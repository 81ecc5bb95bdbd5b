"""Fits a site head to verified cells, and tries it on groups of cells it was not fitted to.

Ridge logistic regression on the standardised embedding, with the network's own log-odds as one
more column that is penalised on its own: with few cells the network is listened to, with many
the cells speak. So it is with measured numbers that are known to tell blasts wherever they come
from. Heads of all strengths are averaged, the more of each the likelier it finds cells held out,
and what they say of these then sets the temperature. Measured in
`models.training.learning_curve`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit

from models.site_head import LinearHead, Numbers, log_odds

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
"""Strengths tried, on squared weights of an embedding of length one; the strongest first."""
NETWORK_PENALTY = 0.01
"""On the squared weight of the network's standardised log-odds."""
LEANT_ON = {"nucleus_share": 0.01, "nucleus_px": 0.1, "cell_px": 0.1}
"""Penalties of measured numbers that told blasts from normal cells at every source they were tried
on, with nothing fitted: the nucleus' share of the cell and, where no red cell shows it, the size,
less."""
FOLDS = 5
_USUAL = 0.01
"""Strength where there are too few cells to try any."""
_TEMPERATURE_SPREAD = 0.6
"""How far from 1 a temperature is expected, as a standard deviation of its logarithm."""
_UNHEARD = 0.01
"""A head with a smaller share than this in the average is left out of it."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteCells:
    """n cells that a laboratory verified."""

    embedding: NDArray[np.float32]
    """(n, d)."""
    probability: NDArray[np.float32]
    """(n,), of the network."""
    blast: Truths
    group: NDArray[np.str_]
    """(n,): slide, patient or file; what is of one group is never on both sides of a trial."""
    leant_on: Mapping[int, float] = field(default_factory=dict)
    """Columns of the embedding that are listened to from the first cells on, as the network is, and
    the penalty of each."""

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.blast)

    def where(self, choice: Truths | NDArray[np.intp]) -> "SiteCells":
        """Take some cells, by a mask or by row numbers."""
        return replace(
            self,
            embedding=self.embedding[choice],
            probability=self.probability[choice],
            blast=self.blast[choice],
            group=self.group[choice],
        )


def leaning(cells: SiteCells, numbers: Numbers) -> SiteCells:
    """Say which columns are leant on, of cells that have measured numbers beside their embedding.

    A number that is known of few of the cells is not: it would stand for what these have in common.

    Args:
        cells: the last columns of their embedding are the numbers.
        numbers: their names.
    """
    first = cells.embedding.shape[1] - len(numbers.names)
    columns, usual = cells.embedding[:, first:], numbers.usual.astype(np.float32)
    known = dict(zip(numbers.names, (columns != usual).mean(axis=0) > 0.5, strict=True))
    places = {name: first + place for place, name in enumerate(numbers.names) if known[name]}
    leant_on = {places[name]: penalty for name, penalty in LEANT_ON.items() if name in places}
    return replace(cells, leant_on=leant_on)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A head and how it came about."""

    linear: LinearHead
    shares: tuple[float, ...]
    """Of the head of each of PENALTIES in the average."""
    temperature: float


def fit(cells: SiteCells) -> Fitted:
    """Fit a head.

    Args:
        cells: of both classes.

    Raises:
        ValueError: a class is missing.
    """
    if cells.blast.all() or not cells.blast.any():
        raise ValueError("a head cannot be fitted to cells of one class")
    scale = _Scale.of(cells)
    columns, ridges = scale.columns(cells), [scale.ridge(each) for each in PENALTIES]
    folds = folds_of(cells.blast, cells.group)
    shares, temperature = np.array([float(each == _USUAL) for each in PENALTIES]), 1.0
    if folds.max():
        tried = np.stack([_held_out(columns, cells.blast, folds, each) for each in ridges])
        shares = _shares(tried, cells.blast)
        temperature = _temperature(shares @ tried, cells.blast)
    solved = sum(
        share * _solve(columns, cells.blast, ridge)
        for share, ridge in zip(shares, ridges, strict=True)
        if share
    )
    return Fitted(scale.linear(solved / temperature), tuple(shares.tolist()), temperature)


def _shares(tried: Floats, blast: Truths) -> Floats:
    """Weigh heads by how likely they find the truth of cells held out, (len(PENALTIES),)."""
    losses = np.array([_loss(margin, blast) for margin in tried])
    shares = np.exp(-len(blast) * (losses - losses.min()))
    shares /= shares.sum()
    shares[shares < _UNHEARD] = 0
    return np.asarray(shares / shares.sum(), np.float64)


def cross_validated(cells: SiteCells) -> NDArray[np.float32]:
    """Give each cell's probability by a head that saw no cell of its fold, (n,).

    The strength and the temperature are chosen within each fold anew, so nothing was chosen on
    the cells it is judged by.
    """
    folds = folds_of(cells.blast, cells.group)
    found = np.full(len(cells), 0.5, np.float32)
    for fold in range(int(folds.max()) + 1 if folds.max() else 0):
        learns, held = cells.where(folds != fold), cells.where(folds == fold)
        if learns.blast.any() and not learns.blast.all():
            found[folds == fold] = fit(learns).linear.probability(held.embedding, held.probability)
    return found


def groups_suffice(blast: Truths, group: NDArray[np.str_]) -> bool:
    """Tell whether whole groups can be held out: each class must come from two of them."""
    return min(len(np.unique(group[blast])), len(np.unique(group[~blast]))) >= 2


def folds_of(blast: Truths, group: NDArray[np.str_]) -> NDArray[np.intp]:
    """Deal groups into at most FOLDS folds, so that each has its share of both classes.

    Where a class comes from one group only, cells are dealt singly. Deterministic.

    Returns:
        (n,) number of each cell's fold; all 0 where a class has fewer than two cells.
    """
    if not groups_suffice(blast, group):
        group = np.array([f"{index}" for index in range(len(blast))])
    rarer = min(len(np.unique(group[blast])), len(np.unique(group[~blast])))
    folds = np.zeros(len(blast), np.intp)
    count = min(FOLDS, rarer)
    if count < 2:
        return folds
    names, place = np.unique(group, return_inverse=True)
    shares = np.zeros((len(names), 2))
    np.add.at(shares, (place, blast.astype(int)), 1)
    shares /= shares.sum(axis=0)
    load = np.zeros((count, 2))
    for name in np.argsort(-shares.sum(axis=1), kind="stable"):
        # Where it adds least to the squares of the loads, there is most room for both classes.
        fold = int(np.argmin((load * shares[name]).sum(axis=1)))
        load[fold] += shares[name]
        folds[place == name] = fold
    return folds


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """How the columns of the fit come from embedding and log-odds."""

    centre: Floats
    spread: Floats
    network_centre: float
    network_spread: float
    leant_on: Mapping[int, float]

    @classmethod
    def of(cls, cells: SiteCells) -> "_Scale":
        """Take the moments of the laboratory's own cells."""
        embedding, own = cells.embedding.astype(np.float64), log_odds(cells.probability)
        spread = embedding.std(axis=0)
        # An axis that is constant here says nothing here; it must not become noise elsewhere.
        floor = max(1e-3 * float(spread.max()), 1e-6)
        length = np.sqrt(embedding.shape[1])
        return cls(
            embedding.mean(axis=0),
            np.maximum(spread, floor) * length,
            float(np.median(own)),
            max(float(own.std()), 1e-3),
            cells.leant_on,
        )

    def columns(self, cells: SiteCells) -> Floats:
        """Give (n, d + k + 1): embedding, then what is leant on, the network's log-odds last."""
        own = (log_odds(cells.probability) - self.network_centre) / self.network_spread
        embedding = (cells.embedding - self.centre) / self.spread
        again = embedding[:, [*self.leant_on]] * np.sqrt(embedding.shape[1])  # to a spread of 1
        return np.column_stack([embedding, again, own])

    def ridge(self, penalty: float) -> Floats:
        """Give the penalty of each column, (d + k + 1,)."""
        every = np.full(len(self.centre), penalty)
        return np.concatenate([every, [*self.leant_on.values()], [NETWORK_PENALTY]])

    def linear(self, solved: Floats) -> LinearHead:
        """Turn d weights, k of what is leant on, the network's weight and the bias into a head."""
        depth = len(self.centre)
        weight = solved[:depth].copy()
        weight[[*self.leant_on]] += solved[depth:-2] * np.sqrt(depth)
        network = (self.network_centre, self.network_spread, float(solved[-2]))
        return LinearHead(self.centre, self.spread, weight, network, float(solved[-1]))


def _solve(columns: Floats, blast: Truths, ridge: Floats) -> Floats:
    """Find the weights and, last, the bias, which is free."""
    sign = np.where(blast, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weight = parameters[:-1]
        margin = sign * (columns @ weight + parameters[-1])
        value = np.logaddexp(0, -margin).mean() + 0.5 * (ridge * weight**2).sum()
        slope = -sign * expit(-margin) / len(sign)
        return float(value), np.append(columns.T @ slope + ridge * weight, slope.sum())

    start = np.zeros(columns.shape[1] + 1)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)


def _held_out(columns: Floats, blast: Truths, folds: NDArray[np.intp], ridge: Floats) -> Floats:
    """Give each cell's log-odds from the other folds, (n,)."""
    margin = np.zeros(len(blast))
    for fold in range(int(folds.max()) + 1):
        held, truth = folds == fold, blast[folds != fold]
        if truth.any() and not truth.all():
            solved = _solve(columns[~held], truth, ridge)
            margin[held] = columns[held] @ solved[:-1] + solved[-1]
    return margin


def _loss(margin: Floats, blast: Truths) -> float:
    return float(np.logaddexp(0, np.where(blast, -margin, margin)).mean())


def _temperature(margin: Floats, blast: Truths) -> float:
    """Find what held-out log-odds must be divided by (Guo et al. 2017).

    Cells that are told apart without a fault would ask for infinite certainty, so it is held
    near 1 as strongly as a few cells can be trusted.
    """

    def loss(log_temperature: float) -> float:
        fault = len(blast) * _loss(margin / np.exp(log_temperature), blast)
        return fault + 0.5 * (log_temperature / _TEMPERATURE_SPREAD) ** 2

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))
