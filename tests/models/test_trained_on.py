"""The list of what a network learned from: written, read back, and believed only when whole."""

import hashlib
from dataclasses import replace

import pytest

from appliance.errors import ModelUnusable
from models.card import load_card
from models.trained_on import DIGITS, TRAINED_ON, as_text, read_trained_on


def test_the_released_bundle_lists_what_it_learned_from(bundle):
    known = read_trained_on(bundle, load_card(bundle))
    assert len(known.pictures) > 2000
    assert ("allidb1", "series05") in known.blocks
    assert ("allidb2", "series05") in known.blocks
    assert ("taleqani", "early:0") not in known.blocks


def test_the_list_agrees_with_the_blocks_of_the_card(bundle):
    card = load_card(bundle)
    known = read_trained_on(bundle, card)
    splits = card.raw["splits"]
    learned = {(s, b) for s, blocks in splits["train"]["blocks"].items() for b in blocks}
    assert learned <= known.blocks
    for part in ("validation", "test"):
        held = {(s, b) for s, blocks in splits[part]["blocks"].items() for b in blocks}
        assert not held & known.blocks


def test_a_picture_is_known_by_the_beginning_of_its_hash(bundle, tmp_path):
    text = as_text(["ab" * 32, "cd" * 32], [("here", "slide 2"), ("here", "slide 1")])
    (tmp_path / TRAINED_ON).write_text(text, "utf-8")
    card = load_card(bundle)
    found = read_trained_on(tmp_path, replace(card, files={TRAINED_ON: _digest(text)}))
    assert found.has("ab" * 32)
    assert not found.has("ab" * (DIGITS // 2 - 1) + "00" * 25)
    assert found.blocks == {("here", "slide 1"), ("here", "slide 2")}


def test_a_list_that_was_changed_is_refused(spoiled):
    copy = spoiled()
    with (copy / TRAINED_ON).open("a", encoding="utf-8") as lines:
        lines.write("0" * DIGITS + "\n")
    with pytest.raises(ModelUnusable, match="not the file its card describes"):
        read_trained_on(copy, load_card(copy))


def test_a_bundle_without_a_list_is_refused(bundle):
    card = load_card(bundle)
    files = {name: digest for name, digest in card.files.items() if name != TRAINED_ON}
    with pytest.raises(ModelUnusable, match="does not say which pictures"):
        read_trained_on(bundle, replace(card, files=files))


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
