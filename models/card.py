"""A bundle's card: what the network is, how to feed it, what it was trained and tried on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelUnusable
from appliance.vocabulary import SiteHeadStamp

CARD = "card.json"
NETWORK = "model.tflite"
CLASSES = ("blast", "normal", "unusable")


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRange:
    """Where training cells lie in the embedding, so that what lies elsewhere can be told."""

    centres: NDArray[np.float32]
    """(k, d): means of groups of training cells in the embedding's first d axes."""
    spreads: NDArray[np.float32]
    """(d,): spread within the groups along each axis; the axes are uncorrelated."""
    distance_limit: float
    """Distance to the nearest centre, in spreads, that a cell has to exceed to be too far."""
    unusable_limit: float
    """Share of the score for "unusable" from which a crop counts as no usable cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """The part of card.json that the software acts on, checked; `raw` has all of it."""

    id: str
    sha256: str
    """Of model.tflite."""
    files: Mapping[str, str]
    """SHA-256 by file name, of everything in the bundle that is not the card."""
    side_px: int
    """Edge of the square crop the network takes."""
    classes: tuple[str, ...]
    """In the order of the network's scores."""
    embedding: int
    """Numbers that the network gives of each cell beside its scores."""
    temperature: float
    """Divides the scores before they become probabilities (Guo et al. 2017)."""
    thresholds: tuple[float, float]
    """Below the first normal, from the second on blast, unsure between."""
    training_range: TrainingRange
    sources: tuple[Mapping[str, Any], ...]
    figures: Mapping[str, Any]
    raw: Mapping[str, Any] = field(repr=False)
    site_head: SiteHeadStamp | None = None
    """Set where a laboratory's own head replaces probabilities and thresholds."""


def load_card(bundle: Path) -> Card:
    """Read and check the card of a bundle.

    Args:
        bundle: folder with card.json, for instance models/bundles/all-lite0-1.

    Raises:
        ModelUnusable: there is no card, or something in it is missing or cannot be.
    """
    path = bundle / CARD
    try:
        raw = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelUnusable(f"there is no classifier in {bundle.name}: no {CARD}") from error
    except ValueError as error:
        raise ModelUnusable(f"{bundle.name}/{CARD} is not JSON: {error}") from error
    try:
        return read_card(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnusable(f"{bundle.name}/{CARD} cannot be used: {_reason(error)}") from error


def read_card(raw: Mapping[str, Any]) -> Card:
    """Check a card that was read from JSON.

    Raises:
        KeyError: an entry is missing.
        ValueError: a value cannot be.
    """
    low, high = (float(value) for value in raw["thresholds"])
    files = {str(name): str(digest) for name, digest in dict(raw["files"]).items()}
    card = Card(
        id=str(raw["id"]),
        sha256=files[NETWORK],
        files=files,
        side_px=int(raw["input"]["side_px"]),
        classes=tuple(raw["classes"]),
        embedding=int(raw["outputs"]["embedding"]),
        temperature=float(raw["calibration"]["temperature"]),
        thresholds=(low, high),
        training_range=_range(raw["range"]),
        sources=tuple(raw["sources"]),
        figures=raw["figures"],
        raw=raw,
    )
    _check(card)
    return card


def read_verified(path: Path, sha256: str) -> bytes:
    """Read a file of a bundle once, so that what was checked is what is run.

    Raises:
        ModelUnusable: it is missing, or its SHA-256 is another.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnusable(f"{path.parent.name} has no {path.name}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelUnusable(
            f"{path.parent.name}/{path.name} is not the file its card describes "
            f"(SHA-256 {found[:12]}…, expected {sha256[:12]}…)"
        )
    return content


def _range(raw: Mapping[str, Any]) -> TrainingRange:
    centres = np.asarray(raw["centres"], np.float32)
    if centres.ndim != 2 or not len(centres):
        raise ValueError("range.centres is not a table of numbers")
    spreads = np.asarray(raw["spreads"], np.float32)
    if spreads.shape != centres.shape[1:] or not (spreads > 0).all():
        raise ValueError("range.spreads are not one positive number for each axis")
    return TrainingRange(
        centres, spreads, float(raw["distance_limit"]), float(raw["unusable_limit"])
    )


def _check(card: Card) -> None:
    low, high = card.thresholds
    if not 0 <= low <= high <= 1:
        raise ValueError(f"thresholds {low}, {high} are not two rising probabilities")
    if card.temperature <= 0:
        raise ValueError(f"temperature {card.temperature} is not above zero")
    if card.classes != CLASSES:
        raise ValueError(f"classes are {card.classes}, expected {CLASSES}")
    axes = len(card.training_range.spreads)
    if axes > card.embedding:
        raise ValueError(f"range has {axes} axes where the embedding has {card.embedding}")
    if not 16 <= card.side_px <= 1024:
        raise ValueError(f"side_px {card.side_px} is not between 16 and 1024")


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
