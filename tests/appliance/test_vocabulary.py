import pytest

from appliance.vocabulary import how_many


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((0, "cell"), "0 cells"),
        ((1, "cell"), "1 cell"),
        ((2, "cell"), "2 cells"),
        ((1200, "white cell"), "1,200 white cells"),
        ((1, "cell is", "cells are"), "1 cell is"),
        ((3, "cell is", "cells are"), "3 cells are"),
    ],
)
def test_a_number_stands_with_its_word(given, words):
    assert how_many(*given) == words
