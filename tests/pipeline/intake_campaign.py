"""Reads a series of damaged files and reports on it; run as a process that may die of one.

    python -m tests.pipeline.intake_campaign SEED FIRST COUNT SECONDS_A_FILE

Standard output has the name of each file before it is read, so that the last one is to blame
where the process dies or its clock runs out; at the end one JSON object with the counts.
"""

import faulthandler
import json
import sys
import time
import warnings
from collections import Counter

from appliance.errors import UnreadableImage
from appliance.pipeline.intake import Limits, read_images
from tests.mutations import mutant
from tests.samples import samples

LIMITS = Limits(max_pixels=20_000_000, max_bytes=20_000_000)


def main(seed: int, first: int, count: int, seconds: float) -> None:
    warnings.simplefilter("error")
    originals = sorted(samples().items())
    outcomes: Counter[str] = Counter()
    slowest = (0.0, "")
    for number in range(first, first + count):
        name, data = mutant(seed, number, originals)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        faulthandler.dump_traceback_later(seconds, exit=True)
        started = time.perf_counter()
        outcomes[outcome(name, data)] += 1
        slowest = max(slowest, (time.perf_counter() - started, name))
        faulthandler.cancel_dump_traceback_later()
    json.dump({**outcomes, "slowest_s": slowest[0], "slowest": slowest[1]}, sys.stdout)


def outcome(name: str, data: bytes) -> str:
    try:
        images = read_images(data, name=name, limits=LIMITS)
    except UnreadableImage as refusal:
        if not (
            refusal.sentence[0] == "\N{LEFT DOUBLE QUOTATION MARK}" and refusal.sentence[-1] == "."
        ):
            raise AssertionError(refusal.sentence) from refusal
        return "refused"
    for image in images:
        assert image.pixels.shape[2] == 3
        assert image.pixels.dtype == "uint8"
    return "read"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
