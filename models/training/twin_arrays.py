"""What twins of the released network said of every cell, kept for what is tried after training.

A twin is the whole recipe without a source: head and embedding learned nothing from it, not even
unlabelled. Training writes them; reading them needs no training library.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.folds import ALLIDB

AWAY = {"allidb": ALLIDB, "taleqani": ("taleqani",)}
"""Sources with both classes that a twin each did not learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """One twin's outputs, in single precision, in the order of the table of cells."""

    probability: NDArray[np.float32]
    """(n,), scaled on the other source that it had not seen."""
    embedding: NDArray[np.float32]
    """(n, d)."""


def twins_file(cache: Path, sha256: str) -> Path:
    """Name the file of a released network's twins."""
    return cache / f"twins-{sha256[:12]}.npz"


def save_twins(path: Path, twins: dict[str, Twin]) -> None:
    """Write twins by the source each did not learn from, whole or not at all."""
    arrays = {
        f"{name} {kind}": getattr(twin, kind) for name, twin in twins.items() for kind in _KINDS
    }
    half = path.with_suffix(".part.npz")
    np.savez(half, **arrays)
    half.replace(path)


def load_twins(path: Path) -> dict[str, Twin]:
    """Read what `save_twins` wrote; nothing where there is no such file."""
    if not path.exists():
        return {}
    with np.load(path) as stored:
        names = {key.split()[0] for key in stored}
        return {name: Twin(*(stored[f"{name} {kind}"] for kind in _KINDS)) for name in names}


_KINDS = ("probability", "embedding")
