"""Trials without a marked truth: other sizes, turned, without white cells, no smear at all."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

from appliance.pipeline.cells import find_cells
from appliance.vocabulary import Pixels

Trials = dict[str, str]
SCALES = (0.25, 0.5, 2.0)


def trials(data: Path) -> Trials:
    """Run all of them; plain sentences by name."""
    fields = sorted((data / "allidb1/fields").glob("*.jpg"))
    results = _sizes(fields[::4])
    results.update(_turned(fields[1::6]))
    results.update(_without_white_cells(data))
    results["healthy allidb1 fields: cells found"] = _spread(
        [len(find_cells(_read(path))) for path in fields if path.stem.endswith("_0")]
    )
    results.update(
        {
            f"no smear, {name}: cells found": str(len(find_cells(pixels)))
            for name, pixels in no_smears().items()
        }
    )
    results.update(_timing(fields))
    return results


def _read(path: Path) -> Pixels:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise OSError(f"{path} is not a picture")
    return np.ascontiguousarray(pixels[..., ::-1])


def _spread(counts: list[int]) -> str:
    middle = statistics.median(counts)
    return f"median {middle:g}, {min(counts)} to {max(counts)}, {sum(counts)} in {len(counts)}"


def _agreement(paths: list[Path], change: Callable[[Pixels], Pixels]) -> str:
    """How many cells the changed pictures give beside the unchanged ones."""
    before, after, near = 0, 0, 0
    for path in paths:
        pixels = _read(path)
        one, other = len(find_cells(pixels)), len(find_cells(change(pixels)))
        before, after = before + one, after + other
        near += abs(one - other) <= max(1, 0.1 * one)
    return f"{after} cells for {before}; within 10 % (or one cell) in {near} of {len(paths)} fields"


def _sizes(paths: list[Path]) -> Trials:
    def scaled(factor: float) -> Callable[[Pixels], Pixels]:
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        return lambda pixels: np.asarray(
            cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=how), np.uint8
        )

    return {f"allidb1 at size x{factor:g}": _agreement(paths, scaled(factor)) for factor in SCALES}


def _turned(paths: list[Path]) -> Trials:
    return {
        "allidb1 turned by 90 degrees": _agreement(
            paths, lambda p: np.ascontiguousarray(np.rot90(p))
        ),
        "allidb1 mirrored": _agreement(paths, lambda p: np.ascontiguousarray(p[:, ::-1])),
        "allidb1 with half the light and a blue cast": _agreement(
            paths, lambda p: (p * np.array([0.45, 0.5, 0.55])).astype(np.uint8)
        ),
    }


def _without_white_cells(data: Path) -> Trials:
    """The widest strip of each bccd field beside its white cells."""
    counts = []
    for path in sorted((data / "bccd/images").glob("*.jpg"))[::2]:
        pixels = _read(path)
        strip = _free_strip(pixels, data / "bccd/boxes" / f"{path.stem}.xml")
        if strip is not None:
            counts.append(len(find_cells(strip)))
    none, all_of_them = sum(count == 0 for count in counts), len(counts)
    said = f"no cell in {none} of {all_of_them}; {sum(counts)} cells"
    return {"bccd strips without marked white cells": said}


def _free_strip(pixels: Pixels, boxes: Path) -> Pixels | None:
    """The largest strip beside the white cells, if it is at least a third of the picture."""
    ends = [
        [int(item.findtext(f"bndbox/{k}", "0")) for k in ("xmin", "ymin", "xmax", "ymax")]
        for item in ElementTree.parse(boxes).iter("object")  # noqa: S314 - our own data folder
        if item.findtext("name") == "WBC"
    ]
    if not ends:
        return pixels
    left, top = (max(0, min(e[k] for e in ends) - 12) for k in (0, 1))
    right, bottom = (max(e[k] for e in ends) + 12 for k in (2, 3))
    strips = [pixels[:, :left], pixels[:, right:], pixels[:top], pixels[bottom:]]
    best = max(strips, key=lambda strip: strip.size)
    return np.ascontiguousarray(best) if best.size > pixels.size / 3 else None


def no_smears() -> dict[str, Pixels]:
    """Pictures that are no smear at all."""
    rng = np.random.default_rng(3)
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    page = np.full((600, 800, 3), 250, np.uint8)
    for line in range(12):
        cv2.putText(
            page,
            "Patient 0815  Ward 3  Blood count",
            (20, 40 + 45 * line),
            cv2.FONT_HERSHEY_SIMPLEX,
            1.0,
            (20, 20, 60),
            2,
        )
    colours = np.stack(np.meshgrid(ramp[::1], ramp[:600]), axis=-1)
    return {
        "noise": rng.integers(0, 256, (600, 800, 3), dtype=np.uint8),
        "text": page,
        "grey ramp": np.dstack([np.tile(ramp, (600, 1))] * 3),
        "colour ramp": np.dstack([colours, np.full((600, 800), 128, np.uint8)]),
        "black": np.zeros((600, 800, 3), np.uint8),
        "white": np.full((600, 800, 3), 255, np.uint8),
        "one colour": np.full((600, 800, 3), (150, 60, 160), np.uint8),
    }


def _timing(fields: list[Path]) -> Trials:
    """Processor time on one core, best of five, of the field with most cells."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    pixels = max((_read(path) for path in fields[::3]), key=lambda p: len(find_cells(p)))
    screen = np.asarray(cv2.resize(pixels, (1920, 1080), interpolation=cv2.INTER_AREA), np.uint8)
    results = {}
    for name, picture in (
        ("1920 x 1080", screen),
        (f"{pixels.shape[1]} x {pixels.shape[0]}", pixels),
    ):
        times = []
        for _ in range(5):
            start = time.process_time()
            cells = find_cells(picture)
            times.append(time.process_time() - start)
        results[f"time on one core, {name}"] = f"{1000 * min(times):.0f} ms, {len(cells)} cells"
    cv2.setNumThreads(threads)
    return results
