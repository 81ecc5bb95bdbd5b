"""Damaged files of every format, read in a process of its own, so that its death is noticed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutations import mutant, mutants
from tests.samples import samples

SEED, COUNT, SECONDS_A_FILE = 2026, 2000, 10
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_two_thousand_damaged_files_are_read_or_refused_in_words():
    campaign = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.intake_campaign"]
        + [str(number) for number in (SEED, 0, COUNT, SECONDS_A_FILE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    lines = campaign.stdout.splitlines()
    last = lines[-1] if lines else "nothing"
    assert campaign.returncode == 0, f"died after {last}: {campaign.stderr[-3000:]}"
    assert campaign.stderr == "", "a library wrote to the terminal"
    outcomes = json.loads(last)
    assert outcomes["read"] + outcomes["refused"] == COUNT
    # Damage often hits what does not matter, and as often what does.
    assert min(outcomes["read"], outcomes["refused"]) > COUNT // 10
    assert outcomes["slowest_s"] < SECONDS_A_FILE


def test_the_same_seed_makes_the_same_files():
    first, again, other = (list(mutants(seed, 60)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert mutant(1, 59) == first[59]


def test_every_sample_takes_its_turn():
    names = {name.split("-", 3)[3] for name, _ in mutants(1, len(samples()))}
    assert names == set(samples())
