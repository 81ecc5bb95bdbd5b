"""A laboratory's own head: from embedding and network score to the probability at its microscope.

The network stays as it is; only these few numbers change. A head belongs to one network, named by
its SHA-256, and is refused beside any other.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelUnusable
from appliance.vocabulary import Crops, SiteHeadStamp
from models.card import Card
from models.classifier import Classifier, Prediction

Floats = NDArray[np.float64]
FORMAT = 1
SITE_HEAD = "site-head.json"
_CERTAIN = 1e-6
"""Nearest a probability comes to 0 and 1: a handful of cells cannot vouch for more."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """Weights over the standardised embedding and the network's own log-odds."""

    centre: Floats
    """(d,): subtracted from the embedding."""
    spread: Floats
    """(d,): divides it."""
    weight: Floats
    """(d,)."""
    network: tuple[float, float, float]
    """Centre, spread and weight of the network's log-odds."""
    bias: float

    def margin(self, embedding: NDArray[np.float32], probability: NDArray[np.float32]) -> Floats:
        """Give the log-odds of a blast, (n,).

        Args:
            embedding: (n, d), of the network this head belongs to.
            probability: (n,), of the network itself.
        """
        centre, spread, weight = self.network
        own = ((embedding.astype(np.float64) - self.centre) / self.spread) @ self.weight
        theirs = (log_odds(probability) - centre) / spread * weight
        return np.asarray(own + theirs + self.bias, np.float64)

    def probability(
        self, embedding: NDArray[np.float32], probability: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Give the probability of a blast, (n,), never quite 0 or 1."""
        odds = np.exp(np.clip(self.margin(embedding, probability), -40, 40))
        return np.asarray(np.clip(odds / (1 + odds), _CERTAIN, 1 - _CERTAIN), np.float32)


def log_odds(probability: NDArray[np.float32]) -> Floats:
    """Turn probabilities back into log-odds, bounded where a float32 is 0 or 1."""
    bounded = np.clip(probability.astype(np.float64), _CERTAIN, 1 - _CERTAIN)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Measured numbers that a head was fitted to beside the embedding."""

    names: tuple[str, ...]
    """As `pipeline.morphology.NUMBERS` named them then."""
    usual: Floats
    """(k,): stands in where a number is not known."""

    @classmethod
    def of(cls, names: Sequence[str], columns: NDArray[np.float32]) -> "Numbers":
        """Take the median of what is known of each number; 0 for one that is known of no cell.

        Args:
            names: of k numbers.
            columns: (n, k), NaN where not known.
        """
        known = [column[~np.isnan(column)] for column in columns.T]
        usual = [float(np.median(each)) if len(each) else 0.0 for each in known]
        return cls(tuple(names), np.array(usual))

    def beside(
        self, embedding: NDArray[np.float32], columns: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """Put columns (n, k), or the usual where there are none, beside an embedding (n, d)."""
        known = np.full((len(embedding), len(self.usual)), np.nan) if columns is None else columns
        filled = np.where(np.isnan(known), self.usual, known)
        return np.column_stack([embedding, filled]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SiteHead:
    """What site-head.json says, checked; `raw` has all of it, figures too."""

    model_id: str
    model_sha256: str
    linear: LinearHead
    thresholds: tuple[float, float]
    """Below the first normal, from the second on blast, unsure between."""
    stamp: SiteHeadStamp
    raw: Mapping[str, Any]
    numbers: Numbers | None = None
    """None for a head on the embedding alone."""


class SiteHeadClassifier:
    """A classifier whose probabilities and thresholds are those of a site head.

    Obeys the contract of `models.classifier.Classifier`. What lies outside the training range
    stays outside: a head fitted to some cells of a site does not widen what the network knows.
    """

    def __init__(self, classifier: Classifier, head: SiteHead) -> None:
        """Put a head on a network.

        Raises:
            ModelUnusable: the head was fitted to another network.
        """
        card = classifier.card
        if head.model_sha256 != card.sha256:
            raise ModelUnusable(
                f"this site head belongs to the classifier {head.model_id} "
                f"(SHA-256 {head.model_sha256[:12]}…); in use is {card.id} ({card.sha256[:12]}…)",
                advice="Fit it again to this classifier: scopeside model calibrate",
            )
        self.card: Card = replace(card, thresholds=head.thresholds, site_head=head.stamp)
        self.runtime = classifier.runtime
        self.computed_sha256 = classifier.computed_sha256
        self._classifier = classifier
        self.numbers = head.numbers
        """What the head wants to know of each cell beside its crop."""
        self._head = head.linear

    def predict(self, crops: Crops) -> Prediction:
        """Classify cells, as the contract says; measured numbers are taken to be the usual."""
        return self.predict_measured(crops, None)

    def predict_measured(self, crops: Crops, columns: NDArray[np.float32] | None) -> Prediction:
        """Classify cells by their crops and what was measured of them.

        Args:
            crops: as for `predict`.
            columns: (n, k), in the order of `numbers.names`; NaN where not known.
        """
        seen = self._classifier.predict(crops)
        given = seen.embedding
        if self.numbers is not None:
            given = self.numbers.beside(given, columns)
        probability = self._head.probability(given, seen.blast_probability)
        attention = seen.attention
        if attention is not None:
            # The map shows what spoke for the network's class; where the head says another, none.
            agree = (probability >= 0.5) == (seen.blast_probability >= 0.5)
            attention = attention * agree[:, None, None].astype(np.float32)
        return replace(seen, blast_probability=probability, attention=attention)


def linear_as_json(head: LinearHead) -> dict[str, Any]:
    """Give the numbers as site-head.json has them."""
    return {
        "centre": head.centre.tolist(),
        "spread": head.spread.tolist(),
        "weight": head.weight.tolist(),
        "network": list(head.network),
        "bias": head.bias,
    }


def write_site_head(folder: Path, content: Mapping[str, Any]) -> SiteHead:
    """Write a head, whole or not at all, and read it back.

    Args:
        folder: made where it is missing; a head that was there is replaced.
        content: everything but `format`.

    Raises:
        ModelUnusable: it cannot be written, or could not be used.
    """
    text = json.dumps({"format": FORMAT, **content}, indent=1) + "\n"
    path = folder / SITE_HEAD
    half = path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with half.open("w", encoding="utf-8") as lines:
            lines.write(text)
            lines.flush()
            os.fsync(lines.fileno())
        half.replace(path)
    except OSError as error:
        raise ModelUnusable(
            f"{path} cannot be written: {error.strerror}", advice="Name another folder."
        ) from error
    return load_site_head(folder)


def load_site_head(folder: Path) -> SiteHead:
    """Read and check a head.

    Args:
        folder: as given to `scopeside model calibrate --out`; the file itself will do, too.

    Raises:
        ModelUnusable: there is none, or something in it is missing or cannot be.
    """
    path = folder / SITE_HEAD if folder.is_dir() else folder
    advice = "Fit it with: scopeside model calibrate LABELS.csv --out FOLDER"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelUnusable(f"there is no site head at {folder}", advice=advice) from error
    try:
        return _read(json.loads(data), hashlib.sha256(data).hexdigest())
    except KeyError as error:
        raise ModelUnusable(f"{path} cannot be used: {error} is missing", advice=advice) from error
    except (TypeError, ValueError) as error:
        raise ModelUnusable(f"{path} cannot be used: {error}", advice=advice) from error


def _read(raw: Mapping[str, Any], sha256: str) -> SiteHead:
    if raw["format"] != FORMAT:
        raise ValueError(f"format {raw['format']} is not {FORMAT}")
    low, high = (float(value) for value in raw["thresholds"])
    if not 0 <= low <= high <= 1:
        raise ValueError(f"thresholds {low}, {high} are not two rising probabilities")
    counts = raw["cells"]
    return SiteHead(
        model_id=str(raw["model"]["id"]),
        model_sha256=str(raw["model"]["sha256"]),
        linear=_linear(raw["head"]),
        thresholds=(low, high),
        stamp=SiteHeadStamp(sha256, int(counts["blast"]) + int(counts["normal"]), str(raw["date"])),
        raw=raw,
        numbers=_numbers(raw["numbers"]) if raw.get("numbers") else None,
    )


def _numbers(raw: Mapping[str, Any]) -> Numbers:
    names, usual = tuple(map(str, raw["names"])), np.asarray(raw["usual"], np.float64)
    if usual.shape != (len(names),) or not np.isfinite(usual).all():
        raise ValueError("there is not one usual value for each measured number")
    return Numbers(names, usual)


def _linear(raw: Mapping[str, Any]) -> LinearHead:
    columns = [np.asarray(raw[name], np.float64) for name in ("centre", "spread", "weight")]
    centre, scale, weight = (float(value) for value in raw["network"])
    bias = float(raw["bias"])
    if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
        raise ValueError("centre, spread and weight are not three rows of one length")
    if not np.isfinite([*np.concatenate(columns), centre, scale, weight, bias]).all():
        raise ValueError("a number is not finite")
    if not (columns[1] > 0).all() or scale <= 0:
        raise ValueError("a spread is not above zero")
    return LinearHead(columns[0], columns[1], columns[2], (centre, scale, weight), bias)
