"""The pipeline without a server: files in, one plain object an image out, in the fixed shape."""

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from appliance.errors import ApplianceError, UnreadableImage
from appliance.pipeline import intake, quality
from appliance.pipeline.evidence import field_score
from appliance.pipeline.morphology import measure
from appliance.services.analysis import analyse
from appliance.vocabulary import (
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    Morphology,
    Quality,
    SourceImage,
    Verdict,
)
from models.classifier import Classifier


@dataclass(frozen=True, eq=False)
class Analysed:
    """One image that went through all stages."""

    name: str
    image: SourceImage
    quality: Quality
    analysis: FieldAnalysis


@dataclass(frozen=True)
class Failed:
    """A file that could not be read, and the sentence that says why."""

    name: str
    sentence: str


def files_under(paths: Iterable[Path]) -> list[Path]:
    """List the files meant: each file named, and all below each folder named, in name order.

    Hidden files and folders are left out below a folder, but not where they are named themselves.
    A folder that may not be looked into is listed itself, so that it is complained of.
    """
    found: list[Path] = []
    for path in paths:
        # os.path, since pathlib raises where a name is too long or a folder shut.
        found += sorted(_below(path)) if os.path.isdir(path) else [path]  # noqa: PTH112
    return found


def _below(folder: Path) -> Iterator[Path]:
    shut: list[OSError] = []
    for at, folders, names in os.walk(folder, onerror=shut.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(at, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if os.path.isfile(path))  # noqa: PTH113
    yield from (Path(error.filename) for error in shut if isinstance(error, PermissionError))


def run(
    files: Sequence[Path],
    classifier: Classifier,
    *,
    limits: intake.Limits,
    um_per_px: float | None = None,
) -> Generator[list[Analysed | Failed], None, None]:
    """Analyse file after file; one list for each, with an entry for every page."""
    for path in files:
        try:
            yield list(_pages(path, classifier, limits, um_per_px))
        except ApplianceError as error:
            yield [Failed(str(path), error.sentence)]


def as_object(
    result: Analysed | Failed, *, outlines: bool = False, morphology: bool = False
) -> dict[str, Any]:
    """Turn a result into the fixed JSON object.

    Args:
        result: of one image.
        outlines: adds nucleus and outline to each cell.
        morphology: adds the numbers of `vocabulary.Morphology` to each cell.
    """
    if isinstance(result, Failed):
        return {"file": result.name, "error": result.sentence}
    image, analysis = result.image, result.analysis
    pairs = zip(analysis.cells, analysis.verdicts, strict=True)
    cells = [_cell(cell, verdict, image.um_per_px, outlines) for cell, verdict in pairs]
    if morphology:
        numbers = measure(image.pixels, analysis.cells, um_per_px=image.um_per_px)
        for entry, found in zip(cells, numbers, strict=True):
            entry["morphology"] = found and _rounded(found)
    return {
        "file": result.name,
        "page": image.page,
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
        "quality": {
            "passed": result.quality.passed,
            "failures": list(result.quality.failures),
            "greyscale": image.greyscale,
            "notes": list(image.notes),
            "checks": [asdict(check) for check in result.quality.checks],
        },
        "cells": cells,
        "summary": _summary(analysis),
        "model": _model(analysis.model),
        "timings_ms": {stage: round(ms, 2) for stage, ms in analysis.timings_ms.items()},
    }


def _pages(
    path: Path, classifier: Classifier, limits: intake.Limits, um_per_px: float | None
) -> Iterator[Analysed]:
    started = perf_counter()
    images = intake.read_images(read_file(path, limits), name=path.name, limits=limits)
    decode_ms = (perf_counter() - started) * 1000 / len(images)
    for image in images:
        scaled = image if um_per_px is None else replace(image, um_per_px=um_per_px)
        started = perf_counter()
        passport = quality.assess(scaled.pixels, greyscale=scaled.greyscale)
        quality_ms = (perf_counter() - started) * 1000
        analysis = analyse(scaled, classifier)
        analysis.timings_ms.update(decode=decode_ms, quality=quality_ms)
        yield Analysed(str(path), scaled, passport, analysis)


def read_file(path: Path, limits: intake.Limits) -> bytes:
    """Read a file that somebody named.

    Raises:
        UnreadableImage: there is none, it is no regular file, or it is too large; in a sentence.
    """
    try:
        if path.is_dir():
            raise UnreadableImage("this folder may not be looked into")
        if not path.is_file() and path.exists():
            raise UnreadableImage("this is not a regular file")
        if path.stat().st_size > limits.max_bytes:
            raise UnreadableImage(
                f"this file has {path.stat().st_size / 1e6:.0f} MB; "
                f"at most {limits.max_bytes / 1e6:.0f} MB are taken"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableImage("there is no such file or folder") from error
    except OSError as error:
        raise UnreadableImage(f"this file cannot be opened: {error.strerror}") from error


def _cell(
    cell: FoundCell, verdict: Verdict, um_per_px: float | None, outlines: bool
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "box": [cell.box.x, cell.box.y, cell.box.width, cell.box.height],
        "blast_probability": round(verdict.blast_probability, 4),
        "suggestion": verdict.suggestion.value,
        "outside_training_range": verdict.outside_training_range,
        "counted": cell.counted,
    }
    if um_per_px is not None:
        entry["width_um"] = round(cell.box.width * um_per_px, 2)
        entry["height_um"] = round(cell.box.height * um_per_px, 2)
        entry["nucleus_area_um2"] = round(cell.nucleus_area_px * um_per_px**2, 2)
    if outlines:
        entry["nucleus"] = cell.nucleus.tolist()
        entry["outline"] = None if cell.outline is None else cell.outline.tolist()
    return entry


def _rounded(found: Morphology) -> dict[str, float | int | None]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(found).items()
    }


def _model(stamp: ModelStamp) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": stamp.id,
        "sha256": stamp.sha256,
        "computed_sha256": stamp.computed_sha256,
        "runtime": stamp.runtime,
        "pipeline": stamp.pipeline,
        "verified_here": stamp.verified_here,
    }
    if stamp.site_head is not None:
        entry["site_head"] = asdict(stamp.site_head)
    return entry


def _summary(analysis: FieldAnalysis) -> dict[str, Any]:
    counts = analysis.tally
    score = field_score(
        verdict
        for cell, verdict in zip(analysis.cells, analysis.verdicts, strict=True)
        if cell.counted
    )
    return {
        "cells": counts.cells,
        "blast": counts.blast,
        "normal": counts.normal,
        "unsure": counts.unsure,
        "outside": sum(
            cell.counted and verdict.outside_training_range
            for cell, verdict in zip(analysis.cells, analysis.verdicts, strict=True)
        ),
        "not_counted": sum(not cell.counted for cell in analysis.cells),
        "blast_fraction": counts.blast_fraction,
        "interval95": None if counts.interval95 is None else list(counts.interval95),
        "field_score": None if score is None else round(score, 4),
    }
