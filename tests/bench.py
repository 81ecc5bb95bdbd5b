"""Measures speed and memory against a peer in the same run; writes build/bench.json (`make bench`).

Machines differ and share their cores, so what counts are ratios, each the median of runs in turn.
Nothing here passes or fails.
"""

import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np
import onnxruntime
import requests
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, quantize_static

from appliance import wiring
from appliance.pipeline import crops, intake, quality
from appliance.pipeline.cells import find_cells
from appliance.records import database, examinations, patients
from appliance.services.analysis import analyse
from appliance.settings import Settings
from appliance.vocabulary import APPLIANCE, Actor
from firmware_hooks.slides import draw_field
from models.litert import open_classifier
from tests.bench_pages import page_figures
from tests.flow.live import Client, LiveAppliance

try:
    import openvino
except ImportError:  # it has no wheels for some machines
    openvino = None

OUT = Path("build/bench.json")
BUNDLE = wiring.BUNDLES / Settings.model
RUNS = 15
PASSWORD = "four plain grey words"


def main() -> None:
    """Measure everything, print each figure with its peer, and write the file."""
    cv2.setNumThreads(1)
    figures = field_figures() | runtime_figures() | process_figures() | page_figures(say)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"\nwritten to {OUT}")


def median_ms(*tasks: Callable[[], object], runs: int = RUNS) -> list[float]:
    """Time tasks in turn, A B A B …, so that a machine that slows down slows them all."""
    for task in tasks:
        task()
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(runs):
        for task, times in zip(tasks, taken, strict=True):
            started = time.perf_counter()
            task()
            times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times) for times in taken]


def field_figures() -> dict[str, float]:
    """A whole field of 1920x1080 with about 40 cells, against the network alone on its cells."""
    classifier = open_classifier(BUNDLE, threads=1)
    pixels = draw_field(40, width=1920, height=1080, cells=40, blasts=20).pixels
    _, encoded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    data, limits = encoded.tobytes(), intake.Limits()
    (image,) = intake.read_images(data, name="field.jpg", limits=limits)
    cells = find_cells(image.pixels)
    batch = crops.crop_cells(image.pixels, cells, side_px=classifier.card.side_px)

    def whole() -> None:
        (read,) = intake.read_images(data, name="field.jpg", limits=limits)
        quality.assess(read.pixels)
        analyse(read, classifier)

    whole_ms, network_ms, decode_ms, quality_ms, detect_ms, crop_ms = median_ms(
        whole,
        lambda: classifier.predict(batch),
        lambda: intake.read_images(data, name="field.jpg", limits=limits),
        lambda: quality.assess(image.pixels),
        lambda: find_cells(image.pixels),
        lambda: crops.crop_cells(image.pixels, cells, side_px=classifier.card.side_px),
    )
    print(f"field 1920x1080, {len(cells)} cells, one thread")
    say("  whole field", whole_ms, "ms", f"network alone {network_ms:.1f} ms")
    for name, ms in (
        ("decode", decode_ms),
        ("quality", quality_ms),
        ("detect", detect_ms),
        ("crop", crop_ms),
    ):
        say(f"  of it {name}", ms, "ms", f"{ms / network_ms:.2f} of the network")
    return {
        "field_over_network": whole_ms / network_ms,
        "field_cells": float(len(cells)),
        "field_ms": whole_ms,
        "network_ms": network_ms,
        "decode_ms": decode_ms,
        "quality_ms": quality_ms,
        "detect_ms": detect_ms,
        "crop_ms": crop_ms,
    }


def runtime_figures() -> dict[str, float]:
    """int8 on LiteRT against ONNX Runtime and OpenVINO, float and int8, same network, one thread.

    OpenVINO reads the very model.tflite, int8 as it is.
    """
    classifier = open_classifier(BUNDLE, threads=1)
    side = classifier.card.side_px
    pixels = draw_field(7, width=960, height=720, cells=8, blasts=4).pixels
    cell = crops.crop_cells(pixels, find_cells(pixels), side_px=side)[:1]
    given = cell.astype(np.float32).transpose(0, 3, 1, 2)
    with tempfile.TemporaryDirectory() as folder:
        quantised = Path(folder) / "int8.onnx"
        _quantise(BUNDLE / "model.onnx", quantised, given)
        peers = {
            "ONNX Runtime float": _onnx(BUNDLE / "model.onnx", given),
            "ONNX Runtime int8": _onnx(quantised, given),
        }
        if openvino:
            peers["OpenVINO float"] = _openvino(BUNDLE / "model.onnx", given)
            peers["OpenVINO int8"] = _openvino(BUNDLE / "model.tflite", cell)
    ours, *theirs = median_ms(lambda: classifier.predict(cell), *peers.values(), runs=100)
    by_name = dict(zip(peers, theirs, strict=True))
    named = ", ".join(f"{name} {ms:.2f} ms" for name, ms in by_name.items())
    say("one cell, LiteRT int8", ours, "ms", named)
    best = {
        f"{library.replace(' ', '').lower()}_cell_ms": min(
            ms for name, ms in by_name.items() if name.startswith(library)
        )
        for library in ("ONNX Runtime", "OpenVINO")[: len(peers) // 2]
    }
    return {
        "litert_over_best_peer": ours / min(theirs),
        "litert_cell_ms": ours,
        **best,
    }


def _onnx(path: Path, given: NDArray[np.float32]) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: given})


def _openvino(path: Path, given: NDArray[Any]) -> Callable[[], object]:
    core = openvino.Core()
    network = core.read_model(path)
    network.reshape({network.inputs[0]: list(given.shape)})
    limits = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(network, "CPU", limits)
    return lambda: compiled([given])


class _OneCell(CalibrationDataReader):
    """For timing the scales need not be good, only there."""

    def __init__(self, name: str, given: NDArray[np.float32]) -> None:
        self._left = iter([{name: given}])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._left, None)


def _quantise(source: Path, target: Path, given: NDArray[np.float32]) -> None:
    name = onnxruntime.InferenceSession(str(source)).get_inputs()[0].name
    logging.disable(logging.WARNING)  # it advises to pre-process, which changes nothing here
    quantize_static(source, target, _OneCell(name, given), per_channel=True)
    logging.disable(logging.NOTSET)


def process_figures() -> dict[str, float]:
    """Start to /readyz; memory of both processes after they have taken and analysed fields."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        examination = _furnish(data)
        starts = []
        for _ in range(5):
            live = LiveAppliance(data)
            starts.append(_seconds_until_ready(live))
            if len(starts) == 5:
                _read_fields(live, examination)
                rss = {name: resident_mib(live.pid(name)) for name in ("serve", "work")}
            live.stop()
    cold = statistics.median(starts)
    say("start to /readyz", cold, "s", "aim under 2 s")
    say("resident, serve", rss["serve"], "MiB", "aim under 250 MiB")
    say("resident, work", rss["work"], "MiB", "aim under 250 MiB")
    return {"cold_start_s": cold, "rss_serve_mib": rss["serve"], "rss_work_mib": rss["work"]}


def _furnish(data: Path) -> str:
    """Put a technician and an examination into a new folder; return the examination's id."""
    accounts = wiring.build(Settings(data=data)).accounts
    accounts.create_first_administrator("adam", "Adam Okoye", PASSWORD)
    olga, once = accounts.add_user(
        {"username": "olga", "full_name": "Olga Tamm", "role": "technician"}, APPLIANCE
    )
    accounts.change_own_password(olga, once, PASSWORD)
    by = Actor(olga.id, olga.full_name, olga.role)
    patient = patients.register(
        {"medical_record_number": "1", "family_name": "Kask", "sex": "female"}, by
    )
    specimen = {"specimen": "peripheral-blood", "stain": "wright"}
    examination = examinations.create(patient.id, specimen, by)
    database.close()
    return str(examination.id)


def _seconds_until_ready(live: LiveAppliance) -> float:
    started, pause = time.perf_counter(), Event()
    live.start("serve")
    live.start("work")
    while time.perf_counter() - started < 60:
        with suppress(requests.ConnectionError):
            if requests.get(f"{live.address}/readyz", timeout=5).status_code == 200:
                return time.perf_counter() - started
        pause.wait(0.01)
    raise TimeoutError("the appliance did not become ready")


def _read_fields(live: LiveAppliance, examination: str) -> None:
    """Upload fields of 1920x1080 and wait until all are analysed."""
    client, pause = Client(live.address), Event()
    client.sign_in("olga", PASSWORD)
    for seed in range(6):
        pixels = draw_field(seed, width=1920, height=1080, cells=40, blasts=20).pixels
        data = cv2.imencode(".jpg", pixels[..., ::-1])[1].tobytes()
        file = {"file": ("field.jpg", data, "image/jpeg")}
        client.post(f"/api/v1/examinations/{examination}/fields", files=file)
    while client.get(f"/api/v1/examinations/{examination}/progress").json()["waiting"]:
        pause.wait(0.1)
    client.get("/")
    client.get(f"/examinations/{examination}/cells")
    client.get(f"/examinations/{examination}/report.pdf")


def resident_mib(pid: int) -> float:
    """Return what a process and its children hold, shared pages counted once (PSS), in MiB."""
    pids = [pid, *_children(pid)]
    kib = 0
    for each in pids:
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib / 1024


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def say(name: str, value: float, unit: str, peer: str) -> None:
    """Print one figure beside what it is to be held against."""
    print(f"{name:28} {value:9.2f} {unit:4} {peer}", flush=True)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    main()
