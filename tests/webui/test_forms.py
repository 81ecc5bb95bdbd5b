from datetime import UTC, date, datetime

import pytest
from werkzeug.datastructures import MultiDict

from appliance.errors import InvalidInput
from webui.forms import Entries, Form


def _entries(**typed):
    return Entries(MultiDict(typed))


@pytest.mark.parametrize(
    ("typed", "value"),
    [("12.5", 12.5), ("12,5", 12.5), (" 7 ", 7.0), ("-0.5", -0.5), (".5", 0.5), ("", None)],
)
def test_numbers_are_read_with_point_or_comma(typed, value):
    entries = _entries(count=typed)
    assert entries.number("count") == value
    assert entries.errors == {}


@pytest.mark.parametrize("typed", ["twelve", "1e5", "nan", "inf", "1,234.5", "٣x", "--1"])
def test_what_is_no_number_is_said(typed):
    entries = _entries(count=typed)
    assert entries.number("count") is None
    assert "number" in entries.errors["count"]


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0, 100, "0 to 100"), (0, None, "from 0"), (None, 5, "up to 5")]
)
def test_limits_are_named(low, high, said):
    entries = _entries(count="-3" if low == 0 else "9")
    entries.number("count", low=low, high=high)
    assert said in entries.errors["count"]


def test_mistakes_are_raised_together():
    entries = _entries(name="", count="x", born="31.3.2026")
    entries.text("name", required=True)
    entries.number("count")
    entries.day("born")
    with pytest.raises(InvalidInput) as raised:
        entries.check()
    assert set(raised.value.fields) == {"name", "count", "born"}


def test_a_refused_form_keeps_what_was_typed_except_secrets():
    entries = Entries(MultiDict([("name", "Olga"), ("pw", "hidden"), ("s", "a"), ("s", "b")]))
    entries.secret("pw")
    form = entries.refused(InvalidInput({"name": "Wrong."}))
    assert form.value("name") == "Olga"
    assert form.value("pw") == ""
    assert form.has("s", "b")
    assert form.errors == {"name": "Wrong."}


def test_a_form_shown_as_typed_takes_the_current_revision():
    form = _entries(name="Olga", revision="3").as_typed(revision=4)
    assert (form.value("name"), form.value("revision"), form.errors) == ("Olga", "4", {})


def test_dates_and_moments_are_read():
    entries = _entries(day="2026-03-31", at="2026-03-31T14:05")
    assert entries.day("day") == date(2026, 3, 31)
    moment = entries.moment("at")
    assert moment is not None
    assert moment.tzinfo is not None
    assert moment.strftime("%H:%M") == "14:05"


@pytest.mark.parametrize("typed", ["yesterday", "0001-01-01T00:00"])
def test_impossible_moments_are_said_or_read(typed):
    entries = _entries(at=typed)
    assert (entries.moment("at") is None) == ("at" in entries.errors)


def test_choices_outside_the_list_are_refused():
    entries = Entries(MultiDict([("one", "z"), ("many", "a"), ("many", "z")]))
    entries.choice("one", ["a", "b"])
    entries.choices("many", ["a", "b"])
    assert set(entries.errors) == {"one", "many"}


def test_choices_come_in_the_order_of_the_list():
    entries = Entries(MultiDict([("many", "b"), ("many", "a")]))
    assert entries.choices("many", ["a", "b", "c"]) == ["a", "b"]


def test_text_without_need_may_be_empty_and_is_stripped():
    entries = _entries(note="  two words ")
    assert entries.text("note") == "two words"
    assert entries.text("other") == ""
    assert entries.choice("none", ["a"], required=False) == ""


@pytest.mark.parametrize("typed", ["x" * 201, "a\x00b"])
def test_too_long_and_control_characters_are_said(typed):
    entries = _entries(note=typed)
    entries.text("note")
    assert "note" in entries.errors


@pytest.mark.parametrize(("typed", "value"), [("4", 4), ("", 0), ("x", 0), ("-1", 0)])
def test_whole_numbers(typed, value):
    entries = _entries(revision=typed)
    assert entries.whole("revision") == value
    assert bool(entries.errors) is (typed in {"x", "-1"})


def test_recorded_values_are_shown_as_they_would_be_typed():
    moment = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
    form = Form.of(name="Olga", count=12.50, missing=None, codes=["a"], at=moment)
    assert form.value("count") == "12.5"
    assert form.value("missing") == ""
    assert form.value("at") == moment.astimezone().strftime("%Y-%m-%dT%H:%M")
    assert form.has("codes", "a")
    assert form.has("name", "Olga")


def test_a_flag_is_a_ticked_box():
    assert _entries(agree="on").flag("agree")
    assert not _entries().flag("agree")
