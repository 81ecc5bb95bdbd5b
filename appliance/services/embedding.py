"""Cells of files as the network sees them: boxes, embeddings and probabilities, no verdicts."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.errors import InvalidInput
from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from appliance.pipeline.intake import Limits, read_images
from appliance.pipeline.morphology import as_columns, measure
from appliance.services.batch import read_file
from appliance.services.classifying import classify
from appliance.vocabulary import FoundCell, SourceImage
from models.classifier import Classifier, Prediction


@dataclass(frozen=True, eq=False)
class Embedded:
    """The cells of one image and what the network says of each, in the same order."""

    name: str
    sha256: str
    """Of the file."""
    page: int
    width: int
    height: int
    cells: list[FoundCell]
    prediction: Prediction
    numbers: NDArray[np.float32]
    """(n, k) form and texture, as `pipeline.morphology.as_columns` gives them."""


def embed(path: Path, classifier: Classifier, *, limits: Limits) -> list[Embedded]:
    """Find and embed the cells of every page of a file.

    Raises:
        UnreadableImage: in a sentence.
    """
    images = read_images(read_file(path, limits), name=path.name, limits=limits)
    return [_embed(image, str(path), classifier) for image in images]


def _embed(image: SourceImage, name: str, classifier: Classifier) -> Embedded:
    cells = find_cells(image.pixels, um_per_px=image.um_per_px)
    crops = crop_cells(image.pixels, cells, side_px=classifier.card.side_px)
    seen = classify(image, cells, crops, classifier)
    numbers = as_columns(measure(image.pixels, cells, um_per_px=image.um_per_px))
    return Embedded(name, image.sha256, image.page, image.width, image.height, cells, seen, numbers)


def write_table(out: Path, images: Iterable[Embedded], classifier: Classifier) -> int:
    """Write the cells of all images as one NumPy archive, whole or not at all.

    Arrays, one entry a cell: file, sha256, page, box (n, 4) as x, y, width, height, embedding
    (n, d) float32, probability, outside; and, once, model_id and model_sha256.

    Returns:
        How many cells.

    Raises:
        InvalidInput: nothing can be written there.
    """
    side = classifier.card.side_px
    nothing = classifier.predict(np.zeros((0, side, side, 3), np.uint8))
    listed = list(images)
    cells = [(image, cell) for image in listed for cell in image.cells]
    seen = [nothing, *(image.prediction for image in listed)]
    columns = {
        "file": np.array([image.name for image, _ in cells], np.str_),
        "sha256": np.array([image.sha256 for image, _ in cells], np.str_),
        "page": np.array([image.page for image, _ in cells], np.int32),
        "box": np.array(
            [[c.box.x, c.box.y, c.box.width, c.box.height] for _, c in cells], np.int32
        ).reshape(-1, 4),
        "embedding": np.concatenate([each.embedding for each in seen]).astype(np.float32),
        "probability": np.concatenate([each.blast_probability for each in seen]),
        "outside": np.concatenate([each.outside for each in seen]),
        "model_id": np.array(classifier.card.id),
        "model_sha256": np.array(classifier.card.sha256),
    }
    try:
        _write(out, columns)
    except OSError as error:
        raise InvalidInput({"out": f"{out} cannot be written: {error.strerror}"}) from error
    return len(cells)


def _write(out: Path, columns: dict[str, NDArray[Any]]) -> None:
    """Write what `numpy.load` reads; `numpy.savez` would not take an array named file."""
    half = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(half, "w") as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, column, allow_pickle=False)
    half.replace(out)
