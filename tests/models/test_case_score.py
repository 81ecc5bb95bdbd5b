"""Fields from cells: put together fairly, chosen on some fields and reported on others."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.pipeline.morphology import NUMBERS
from models.figures import auc
from models.training.case_score import (
    PLAIN,
    POOLINGS,
    SCORE,
    Chosen,
    Fields,
    HeadTwins,
    as_page,
    choose,
    figures,
    trials,
)
from models.training.cells_table import BLAST, NORMAL, Cells

SERIES = ("series02", "series04", "series05", "series06")


def fields_of(random, cells_a_field=6):
    """Draw fields as the data has them: numbered blocks of taleqani, four series of allidb1."""
    kinds = [("taleqani", f"{k}:{n}", k == "early") for k in ("benign", "early") for n in range(10)]
    kinds += [("allidb1", name, name in ("series02", "series05")) for name in SERIES]
    rows = [kind for kind in kinds for _ in range(6)]
    source, block, blast = (np.array([row[place] for row in rows]) for place in range(3))
    place = np.repeat(np.arange(len(source)), cells_a_field)
    is_blast = blast[place] & (random.random(len(place)) < 0.7)
    embedding = random.normal(np.where(is_blast, 1.5, -1.5)[:, None], 1, (len(place), 5))
    probability = (0.05 + 0.9 * is_blast).astype(np.float32)
    numbers = np.full((len(place), len(NUMBERS)), np.nan, np.float32)
    numbers[:] = random.normal(is_blast[:, None], 1, numbers.shape)
    return Fields(source, block, blast, place, embedding.astype(np.float32), probability, numbers)


class Recording:
    """Twins that note what they may learn from and tell what the embedding says."""

    def __init__(self, found):
        self.found, self.learned = found, []

    def margins(self, learns):
        self.learned.append(learns)
        return self.found.embedding.mean(axis=1).astype(np.float64)


def cells_of(found):
    """The labelled cells of the same fields, as the table has them."""
    count = len(found.place)
    label = np.where(found.blast[found.place], BLAST, NORMAL).astype(np.int8)
    crops = np.zeros((count, 1, 1, 3), np.uint8)
    place = found.place
    picture = place.astype(str)
    return Cells(
        crops, crops[..., 0], label, found.source[place], found.block[place], picture, picture
    )


@pytest.fixture(scope="module")
def tried():
    found = fields_of(np.random.default_rng(4))
    twins = Recording(found)
    return found, twins, list(trials(found, cells_of(found), twins))


def test_no_twin_is_tried_on_what_it_learned_from(tried):
    found, twins, _ = tried
    cells = cells_of(found)
    far, strange, *pairs = twins.learned
    assert "taleqani" not in cells.source[far]
    assert "allidb1" not in cells.source[strange]
    seen = [set(cells.block[learns & (cells.source == "allidb1")]) for learns in pairs]
    assert seen == [
        {"series05", "series06"},
        {"series05", "series04"},
        {"series02", "series06"},
        {"series02", "series04"},
    ]


def test_the_released_network_is_reported_on_its_test_blocks_only(tried):
    _, _, (released, *_) = tried
    assert set(released.block) == {"benign:0", "benign:5", "early:0", "early:5"}


def test_every_field_of_a_source_is_reported_once_and_of_a_pairing_twice(tried):
    found, _, every = tried
    blocks, halves, (stranger, *_, pairs, scored) = every[:3], every[3:6], every[6:]
    assert len({len(trial.blast) for trial in blocks}) == 1
    assert {len(trial.blast) for trial in halves} == {(found.source == "taleqani").sum()}
    assert len(stranger.blast) == (found.source == "allidb1").sum()
    assert len(pairs.blast) == len(scored.blast) == 2 * (found.source == "allidb1").sum()
    for poolings, trials_of_it in ((PLAIN, (blocks[1], halves[1])), (SCORE, (blocks[2], scored))):
        for trial in trials_of_it:
            assert {chosen.pooling for chosen in trial.chosen} == set(poolings)


def test_fields_that_are_easily_told_are_told(tried):
    for trial in tried[2]:
        row = figures(trial)
        assert row["auc"]["value"] > 0.95, trial.name
        assert row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"]
        assert row["sensitivity"]["value"] > 0.8


def test_the_page_has_a_line_for_each_trial(tried):
    page = as_page([figures(trial) for trial in tried[2]])
    assert page.count("\n| ") == len(tried[2]) + 1
    assert "nan" not in page


@pytest.mark.parametrize("pooling", POOLINGS)
def test_more_blast_like_cells_never_lower_a_score(pooling):
    random = np.random.default_rng(1)
    for _ in range(50):
        margins = random.normal(0, 2, 9)
        assert POOLINGS[pooling](margins + 0.5) >= POOLINGS[pooling](margins)


def test_a_field_without_cells_has_the_lowest_score():
    found = fields_of(np.random.default_rng(2))
    kept = found.place != 3
    columns = ("place", "embedding", "probability", "numbers")
    rest = replace(found, **{name: getattr(found, name)[kept] for name in columns})
    score = rest.scores(rest.embedding.mean(axis=1).astype(np.float64), "highest cell")
    assert score.argmin() == 3


def test_the_choice_serves_sources_alike_however_many_fields_they_have():
    found = fields_of(np.random.default_rng(3))
    margins = found.embedding.mean(axis=1).astype(np.float64)
    shifted = np.where(found.source[found.place] == "taleqani", margins + 3, margins)
    all_of_them = np.ones(len(found.blast), np.bool_)
    one, both = (
        choose(found, shifted, found.source == "allidb1"),
        choose(found, shifted, all_of_them),
    )
    assert isinstance(one, Chosen)
    assert both.cut > one.cut


def test_form_beside_the_embedding_adds_what_it_knows():
    found = fields_of(np.random.default_rng(5))
    cells = cells_of(found)
    blind = np.random.default_rng(6).normal(0, 1, found.embedding.shape).astype(np.float32)
    numb = replace(found, embedding=blind)
    learns = found.place % 2 == 0
    plain = HeadTwins(cells, blind, numb).margins(learns)[~learns]
    formed = HeadTwins(cells, blind, numb, form=found.numbers).margins(learns)[~learns]
    truth = found.blast[found.place][~learns]
    assert auc(truth, formed) > auc(truth, plain) + 0.1
