"""Measures speed and memory against a peer in the same run; writes build/bench.json (`make bench`).

Machines differ and share their cores, so what counts are ratios, each the median of runs in turn.
Nothing here passes or fails.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import onnxruntime
import requests

from appliance.pipeline import crops, intake, quality
from appliance.pipeline.cells import find_cells
from appliance.services.analysis import analyse
from appliance.settings import Settings
from appliance.vocabulary import Crops
from appliance.wiring import BUNDLES
from firmware_hooks.slides import draw_field
from models.litert import open_classifier

OUT = Path("build/bench.json")
BUNDLE = BUNDLES / Settings.model
RUNS = 15


def main() -> None:
    """Measure everything, print each figure with its peer, and write the file."""
    cv2.setNumThreads(1)
    figures = field_figures() | runtime_figures() | process_figures()
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
    """int8 on LiteRT against ONNX Runtime on the same network, one cell, one thread."""
    classifier = open_classifier(BUNDLE, threads=1)
    side = classifier.card.side_px
    cell: Crops = np.random.default_rng(1).integers(0, 255, (1, side, side, 3)).astype(np.uint8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(BUNDLE / "model.onnx"), options)
    (wanted,) = session.get_inputs()
    given = cell if "uint8" in wanted.type else cell.astype(np.float32)
    litert_ms, onnx_ms = median_ms(
        lambda: classifier.predict(cell),
        lambda: session.run(None, {wanted.name: given}),
        runs=100,
    )
    say("one cell, LiteRT int8", litert_ms, "ms", f"ONNX Runtime {onnx_ms:.2f} ms")
    return {
        "litert_over_best_peer": litert_ms / onnx_ms,
        "litert_cell_ms": litert_ms,
        "onnxruntime_cell_ms": onnx_ms,
    }


def process_figures() -> dict[str, float]:
    """Start to /readyz, and what both processes hold in memory after a field was analysed."""
    starts = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            with running(Path(folder)) as (serve, work, started_s):
                starts.append(started_s)
                rss = resident_mib(serve), resident_mib(work)
    cold = statistics.median(starts)
    say("start to /readyz", cold, "s", "aim under 2 s")
    say("resident, serve", rss[0], "MiB", "aim under 250 MiB")
    say("resident, work", rss[1], "MiB", "aim under 250 MiB")
    return {"cold_start_s": cold, "rss_serve_mib": rss[0], "rss_work_mib": rss[1]}


@contextmanager
def running(data: Path) -> Iterator[tuple[int, int, float]]:
    """Run both processes; yield their ids and the seconds until /readyz said yes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "appliance.cli"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = time.perf_counter()
    serve = subprocess.Popen([*command, "serve", "--data", str(data), "--port", str(port)], **quiet)
    work = subprocess.Popen([*command, "work", "--data", str(data)], **quiet)
    try:
        yield serve.pid, work.pid, _seconds_until_ready(port, started)
    finally:
        for process in (serve, work):
            process.send_signal(signal.SIGTERM)
        for process in (serve, work):
            process.wait(30)


def _seconds_until_ready(port: int, started: float) -> float:
    pause = Event()
    while time.perf_counter() - started < 60:
        try:
            answer = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
        except requests.ConnectionError:
            pause.wait(0.01)
            continue
        if answer.status_code == 200:
            return time.perf_counter() - started
        pause.wait(0.01)
    raise TimeoutError("the appliance did not become ready")


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
