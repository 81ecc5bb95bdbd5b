"""A training on a few pictures, from the data to a bundle that runs, in an environment of its own.

`tests/train.sh` makes that environment; SCOPESIDE_TRAIN_VENV names it, or another one.
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from models.card import NETWORK, load_card
from models.litert import open_classifier
from models.trained_on import read_trained_on
from models.training.twin_arrays import AWAY, load_twins, twins_file

PYTHON = os.environ.get("SCOPESIDE_TRAIN_VENV", "")
pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(PYTHON).is_file(), reason="there are no training libraries here"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data_dir):
    """The bundle of a smoke run, and what the run said."""
    room = tmp_path_factory.mktemp("training")
    out = room / "all-smoke"
    command = [PYTHON, "-m", "models.training.train", data_dir, "--smoke", "--views", "2"]
    done = subprocess.run(
        [*map(str, command), "--out", str(out), "--cache", str(room / "cache")],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ
        | {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
        | {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return out, done


def test_the_bundle_is_what_its_card_says_and_runs(trained, drawn_crops):
    bundle, _ = trained
    card = load_card(bundle)
    for name, sha256 in card.files.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == sha256
    assert (bundle / NETWORK).stat().st_size < 6_000_000
    seen = open_classifier(bundle, threads=1).predict(drawn_crops)
    assert ((seen.blast_probability >= 0) & (seen.blast_probability <= 1)).all()
    assert np.isfinite(seen.embedding).all()
    assert seen.embedding.shape == (len(drawn_crops), card.embedding)


def test_nothing_it_was_tried_on_was_learned_from(trained):
    bundle, _ = trained
    card = load_card(bundle)
    learned = read_trained_on(bundle, card).blocks
    for part in ("validation", "test"):
        for source, blocks in card.raw["splits"][part]["blocks"].items():
            assert not {(source, block) for block in blocks} & learned
    twins = card.figures["twins"]
    assert {twin["tested_on"] for twin in twins} >= {"allidb1", "taleqani"}
    assert all(0 <= twin["auc"]["value"] <= 1 for twin in twins)
    kept = load_twins(twins_file(bundle.parent / "cache", card.sha256))
    assert set(kept) == set(AWAY)


def test_every_step_shows_how_far_it_is_and_figures_come_out(trained):
    bundle, done = trained
    for words in ("finding cells", "drawing what is no smear", "looking at cells, view 1"):
        assert words in done.stderr
    assert "leave_one_source_out" in done.stdout
    page = (bundle / "MODEL_CARD.md").read_text("utf-8")
    assert load_card(bundle).sha256 in page
    assert json.loads((bundle / "card.json").read_text("utf-8"))["id"] == "all-smoke"
