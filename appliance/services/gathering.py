"""Embeds verified cells anew: stored original, stored outlines, the same crops as at analysis."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from appliance import __version__
from appliance.errors import (
    LabelsUnusable,
    ModelUnusable,
    NotFound,
    PictureDamaged,
    UnreadableImage,
)
from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from appliance.pipeline.intake import Limits
from appliance.pipeline.morphology import NUMBERS, as_columns, measure
from appliance.records import cells, fields
from appliance.records.pictures import PictureStore
from appliance.records.site_cells import SiteCell
from appliance.records.tables import Cell, FieldImage
from appliance.services.classifying import classify
from appliance.services.heads import headed
from appliance.services.stored import found_again, stored_image
from appliance.vocabulary import Crops, FoundCell, SourceImage
from models.classifier import Classifier, Prediction
from models.head_fitting import SiteCells
from models.last_seen import LastSeen
from models.site_head import Numbers

log = logging.getLogger(__name__)

SAME = 1e-6
"""How far probabilities of one runtime may lie apart."""
SIMILAR = 0.05
"""The same between two runtimes, which round int8 differently."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """Verified cells as the network sees them today."""

    cells: SiteCells
    """Grouped by patient, with form and texture beside the embedding."""
    numbers: Numbers
    examinations: int
    changed: int
    """Left out: they are not given the probability that they were given then."""
    missing: int
    """Left out: their picture is gone or cannot be read."""
    outside: int
    """How many of them lie outside the network's training range."""

    @property
    def alone(self) -> SiteCells:
        """The same, each cell a group of its own."""
        return replace(self.cells, group=np.array([str(n) for n in range(len(self.cells))]))


@dataclass(frozen=True, eq=False)
class _Seen:
    """The verified cells of one field."""

    examination_id: UUID
    embedding: NDArray[np.float32]
    probability: NDArray[np.float32]
    numbers: NDArray[np.float32]
    blast: NDArray[np.bool_]
    group: NDArray[np.str_]
    outside: NDArray[np.bool_]
    changed: int


def gather(
    chosen: Iterable[SiteCell],
    network: Classifier,
    pictures: PictureStore,
    limits: Limits,
    heads: Path,
    *,
    advance: Callable[[], None],
) -> Gathered:
    """Embed verified cells, decoding each field once.

    Args:
        chosen: which.
        network: without a site head.
        pictures: where the originals are.
        limits: of intake.
        heads: folder of the heads that gave earlier probabilities.
        advance: called before each field.

    Raises:
        LabelsUnusable: not one picture can be read.
    """
    shared, missing = LastSeen(network), 0
    found: list[_Seen] = []
    for field_id, verified in _by_field(chosen).items():
        advance()
        try:
            row = fields.get(field_id)
            image = stored_image(row, pictures, limits)
        except (NotFound, PictureDamaged, UnreadableImage) as error:
            log.warning("field %s teaches nothing: %s", field_id, type(error).__name__)
            missing += len(verified)
            continue
        found.append(_see(row, image, verified, shared, heads))
    if not found:
        raise LabelsUnusable("none of the verified cells' pictures can be read")
    return _together(found, missing)


def _see(
    row: FieldImage,
    image: SourceImage,
    verified: Mapping[int, SiteCell],
    network: Classifier,
    heads: Path,
) -> _Seen:
    mine = [cell for cell in cells.cells_of(row.id) if cell.number in verified]
    wanted = [found_again(cell) for cell in mine]
    seen, same = _look(row, image, mine, wanted, network, heads)
    if not same.all():
        # Outlines are not kept in full everywhere; those found anew may be what was seen then.
        anew = {cell.box: cell for cell in find_cells(image.pixels, um_per_px=image.um_per_px)}
        wanted = [anew.get(cell.box, cell) for cell in wanted]
        seen, same = _look(row, image, mine, wanted, network, heads)
    labels = [verified[cell.number] for cell in mine]
    measured = as_columns(measure(image.pixels, wanted, um_per_px=image.um_per_px))
    return _Seen(
        row.__data__["examination"],
        seen.embedding[same],
        seen.blast_probability[same],
        measured[same],
        np.array([label.blast for label in labels], np.bool_)[same],
        np.array([str(label.patient_id) for label in labels], np.str_)[same],
        seen.outside[same],
        int((~same).sum()),
    )


def _look(
    row: FieldImage,
    image: SourceImage,
    mine: list[Cell],
    wanted: list[FoundCell],
    network: Classifier,
    heads: Path,
) -> tuple[Prediction, NDArray[np.bool_]]:
    """Ask the network about cells, and tell which are given what they were given then."""
    crops = crop_cells(image.pixels, wanted, side_px=network.card.side_px)
    seen = network.predict(crops)
    return seen, _same(row, mine, _as_then(row, image, wanted, crops, network, heads), network)


def _as_then(
    row: FieldImage,
    image: SourceImage,
    wanted: list[FoundCell],
    crops: Crops,
    network: Classifier,
    heads: Path,
) -> NDArray[np.float32] | None:
    """Compute what the cells were given then; None where that cannot be had any more."""
    if row.stamp["pipeline"] != __version__:
        return None
    head = row.stamp.get("site_head")
    try:
        classifier = headed(network, head["sha256"] if head else "", heads)
    except ModelUnusable:
        return None
    return classify(image, wanted, crops, classifier).blast_probability


def tolerance_of(stamp: Mapping[str, Any], network: Classifier) -> float:
    """Say how far probabilities may lie from those of a stamp: that very file and library, or not.

    Args:
        stamp: of the result on record; those of before `computed_sha256` say nothing of it.
        network: computes now.
    """
    file = stamp.get("computed_sha256") or network.computed_sha256
    same = stamp["runtime"] == network.runtime and file == network.computed_sha256
    return SAME if same else SIMILAR


def _same(
    row: FieldImage, mine: list[Cell], now: NDArray[np.float32] | None, network: Classifier
) -> NDArray[np.bool_]:
    """Tell which cells are given what they were given; all where it cannot be told."""
    if now is None:
        return np.ones(len(mine), np.bool_)
    given = np.array([cell.blast_probability for cell in mine], np.float64)
    tolerance = tolerance_of(row.stamp, network)
    return np.asarray(np.abs(given - now) <= tolerance, np.bool_)


def _together(found: list[_Seen], missing: int) -> Gathered:
    measured = np.concatenate([each.numbers for each in found])
    numbers = Numbers.of(NUMBERS, measured)
    embedding = np.concatenate([each.embedding for each in found])
    gathered = SiteCells(
        embedding=numbers.beside(embedding, measured),
        probability=np.concatenate([each.probability for each in found]),
        blast=np.concatenate([each.blast for each in found]),
        group=np.concatenate([each.group for each in found]),
    )
    return Gathered(
        gathered,
        numbers,
        examinations=len({each.examination_id for each in found if len(each.blast)}),
        changed=sum(each.changed for each in found),
        missing=missing,
        outside=sum(int(each.outside.sum()) for each in found),
    )


def _by_field(chosen: Iterable[SiteCell]) -> dict[UUID, dict[int, SiteCell]]:
    found: dict[UUID, dict[int, SiteCell]] = {}
    for cell in chosen:
        found.setdefault(cell.field_id, {})[cell.number] = cell
    return found
