"""What the trunk sees in each cell, computed once and kept: several shaken views of every crop."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from models.training import augment
from models.training.augment import shake
from models.training.cells_table import Cells
from models.training.network import MIDDLE, SPREAD, Network, to_input
from models.training.unusable import DRAWN, SPOILT

BATCH = 64
Floats = NDArray[np.float32]


def features(network: Network, cells: Cells, *, views: int, seed: int, cache: Path) -> Floats:
    """Give the trunk's features of every cell, averaged over the crop, map beside map.

    A view that was computed before, by the same trunk of the same cells, is read from the cache,
    so an interrupted run goes on where it stopped. Real cells and made-up ones are kept apart:
    other made-up ones do not cost the real ones again.

    Args:
        network: its trunk is used.
        cells: n cells.
        views: 1 for the crops as they are, more for shaken views after them.
        seed: of the shaking.
        cache: folder for the finished views.

    Returns:
        (views, n, features) float32.
    """
    made = np.isin(cells.source, (SPOILT, DRAWN))
    found = np.empty((views, len(cells), sum(network.shape.depths)), np.float32)
    for part in (np.flatnonzero(~made), np.flatnonzero(made)):
        if len(part):
            some = cells.where(part)
            mark = _fingerprint(network, some, seed)
            for view in range(views):
                found[view, part] = _view(network, some, view, seed, cache, mark)
    return found


def _view(network: Network, cells: Cells, view: int, seed: int, cache: Path, mark: str) -> Floats:
    path = cache / f"features-{mark}-{view}.npy"
    if path.exists():
        return np.asarray(np.load(path), np.float32)
    random = torch.Generator().manual_seed(seed * 1000 + view)
    parts = []
    starts = range(0, len(cells), BATCH)
    with torch.no_grad():
        for start in tqdm(starts, desc=f"looking at cells, view {view}", unit="batch"):
            crops = torch.from_numpy(cells.crops[start : start + BATCH])
            x = (shake(crops, random) - MIDDLE) / SPREAD if view else to_input(crops)
            parts.append(network.features(x).numpy())
    found = np.concatenate(parts)
    cache.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part.npy")
    np.save(half, found)
    half.replace(path)
    return found


def glass_features(network: Network, level: int) -> Floats:
    """Give the features (d,) of a crop of nothing but glass: the zero of the attention map."""
    side = network.shape.side_px
    crop = torch.full((1, side, side, 3), level, dtype=torch.uint8)
    with torch.no_grad():
        return np.asarray(network.features(to_input(crop))[0].numpy(), np.float32)


def _fingerprint(network: Network, cells: Cells, seed: int) -> str:
    """Hash what the features depend on, in a second or two."""
    digest = hashlib.sha256(f"{seed} {len(cells)}".encode())
    digest.update(Path(str(augment.__file__)).read_bytes())
    digest.update(str(network.shape.taps).encode())
    for tensor in network.trunk.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    digest.update(cells.crops[::7].tobytes())
    return digest.hexdigest()[:12]
