"""A process for the tests to kill: says on stdout what it has done, a line at a time.

Usage: to_be_killed.py DATABASE work RUN | to_be_killed.py DATABASE add EXAMINATION START
"""

import sys
from pathlib import Path
from uuid import UUID

import numpy as np

from appliance.records import fields
from appliance.records.database import open_database
from appliance.vocabulary import (
    APPLIANCE,
    Box,
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    Quality,
    QualityCheck,
    SourceImage,
    Suggestion,
    Tally,
    Verdict,
)

SQUARE = np.array([[0, 0], [9, 0], [9, 9]], np.int32)
CELL = FoundCell(Box(0, 0, 9, 9), SQUARE, None, 40.0, None, at_border=False)
ANALYSIS = FieldAnalysis(
    cells=[CELL] * 40,
    verdicts=[Verdict(Suggestion.BLAST, 0.9, False)] * 40,
    tally=Tally(40, 0, 0, None),
    model=ModelStamp("m", "f" * 64, "none", "0", (0.3, 0.7)),
)
PASSED = Quality((QualityCheck("focus", 1.0, None, None, "", True, "Sharp."),))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def work(run: str) -> None:
    """Analyse until nothing waits."""
    fields.release_all(max_attempts=1000)
    say("ready")
    while field := fields.claim_oldest(run):
        if fields.finish(field, ANALYSIS, card={}, by=run):
            say(field.id)
    say("done")


def add(examination_id: UUID, start: int) -> None:
    """Add images for ever."""
    say("ready")
    pixels = np.zeros((4, 4, 3), np.uint8)
    for number in range(start, start + 10_000):
        image = SourceImage(pixels, f"{number:064x}", "image/png")
        say(fields.add(examination_id, image, "a.png", 1, PASSED, APPLIANCE).id)


if __name__ == "__main__":
    open_database(Path(sys.argv[1]))
    if sys.argv[2] == "work":
        work(sys.argv[3])
    else:
        add(UUID(sys.argv[3]), int(sys.argv[4]))
