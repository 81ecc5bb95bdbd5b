"""Order, typeface and line ends of text, measured as one unit a character."""

import pytest

from appliance.exchange.typefaces import IDEOGRAPHIC, MAIN
from appliance.exchange.typesetting import (
    LONGEST_LINE,
    reads_right_to_left,
    runs,
    shorten,
    wrap,
)


def texts(line, **direction):
    return [run.text for run in runs(line, **direction)]


def test_plain_latin_is_one_run_that_needs_no_shaper():
    (run,) = runs("Łukasz, Ωμέγα 12-34 (Щ)")
    assert run.face is MAIN
    assert not run.shaped
    assert not run.right_to_left


def test_nothing_is_no_run():
    assert runs("") == ()


def test_marks_that_do_not_compose_are_shaped():
    assert [run.shaped for run in runs("q\u0303")] == [True]


def test_a_name_in_another_direction_stands_within_its_line():
    assert texts("Dr. محمد علي, Oslo") == ["Dr. ", "محمد علي", ", Oslo"]


def test_a_line_that_begins_right_to_left_is_ordered_from_the_right():
    assert texts("محمد Smith 12") == ["Smith 12", "محمد "]


def test_the_paragraph_may_set_the_direction_of_a_line():
    assert "".join(texts("Oslo محمد", right_to_left=True)).endswith("Oslo")
    assert "".join(texts("Oslo محمد", right_to_left=False)).startswith("Oslo")


def test_numbers_in_arabic_text_keep_their_order():
    assert "45.3" in texts("ارتفاع 45.3 كبير")


def test_a_joiner_does_not_cut_a_word():
    assert texts("Notes: می‌خواهم") == ["Notes: ", "می‌خواهم"]


def test_a_change_of_face_is_a_new_run():
    latin, han = runs("Wang 王小明")
    assert (latin.text, han.text) == ("Wang ", "王小明")
    assert han.face is IDEOGRAPHIC


@pytest.mark.parametrize(
    ("text", "backwards"), [("abc", False), ("12 محمد", True), ("", False), ("(כהן) a", True)]
)
def test_the_first_strong_character_gives_the_direction(text, backwards):
    assert reads_right_to_left(text) is backwards


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("one two", 7, ["one two"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("a\n\nb", 9, ["a", "", "b"]),
        ("", 9, [""]),
        ("Ann-Marie", 5, ["Ann-", "Marie"]),
        ("2026-11-24", 6, ["2026-1", "1-24"]),
        ("王小明山田", 2, ["王小", "明山", "田"]),
    ],
)
def test_lines_end_where_a_reader_expects(text, width, lines):
    assert wrap(text, width, len) == lines


def test_a_mark_never_begins_a_line():
    for line in wrap("q\u0303" * 50, 7, len):
        assert line[0] == "q"


def test_no_line_is_longer_than_the_reordering_can_take():
    endless = wrap("\u05d0! " * 2000, 1e9, len)
    assert max(map(len, endless)) <= LONGEST_LINE
    assert "".join(endless).replace(" ", "") == "\u05d0!" * 2000
    assert all(runs(line) for line in endless)


def test_what_does_not_fit_ends_in_an_ellipsis():
    assert shorten("short", 9, len) == "short"
    assert shorten("a long name", 7, len) == "a long…"
    assert shorten("two\nlines", 20, len) == "two lines"
