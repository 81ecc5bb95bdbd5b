"""Signs that must be told apart in colour, in grey, and by somebody who sees no colour."""

from dataclasses import replace
from itertools import combinations

import pytest

from appliance.exchange.marks import NOT_COUNTED, SIGNS, sign_of, word_of
from appliance.exchange.sheet import SHADE
from appliance.vocabulary import Suggestion

ALL = [*SIGNS.values(), NOT_COUNTED]


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in (channel / 255 for channel in colour)
    ]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("one", "other"), list(combinations(ALL, 2)))
def test_signs_differ_without_colour(one, other):
    assert one.mark is not other.mark
    assert (one.line, one.dash) != (other.line, other.dash)
    assert one.word != other.word


@pytest.mark.parametrize("sign", ALL)
def test_marks_and_their_words_are_legible_on_a_tinted_panel(sign):
    assert (luminance(SHADE) + 0.05) / (luminance(sign.colour) + 0.05) >= 4.5


@pytest.mark.parametrize("suggestion", Suggestion)
def test_a_cell_that_is_not_counted_is_grey_whatever_was_suggested(make_entry, suggestion):
    cell = replace(make_entry(1).cells[0], suggestion=suggestion, counted=False)
    assert sign_of(cell) is NOT_COUNTED
    assert word_of(cell) == f"({suggestion.value})"
    assert sign_of(replace(cell, counted=True)) is SIGNS[suggestion]
