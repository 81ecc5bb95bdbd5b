from datetime import UTC, date, datetime, timedelta

import pytest

from appliance.clock import now
from appliance.errors import InvalidInput
from appliance.records.entries import Entries, reason_of, today
from appliance.vocabulary import Sex

LONG_AGO = date(1900, 1, 1)


def entries(**values: object) -> Entries:
    return Entries(values, values)


def test_text_is_trimmed_and_composed():
    form = entries(name="  Nu\N{COMBINING ACUTE ACCENT}n\r\nez ")
    assert form.text("name", "Name", longest=10, lines=True) == "Nún\nez"


@pytest.mark.parametrize("name", ["می‌خواهم", "שלום\u200f", "क्‍ष"])
def test_joiners_and_marks_that_a_script_needs_are_kept(name: str):
    form = entries(name=name)
    assert form.text("name", "Name", longest=20) == name


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "Enter the name."),
        (None, "Enter the name."),
        ("   ", "Enter the name."),
        ("x" * 6, "Name is longer than 5 characters."),
        ("a\x00b", "Name contains a character that cannot be printed."),
        ("a\nb", "Name contains a character that cannot be printed."),
        ("a\ud800b", "Name contains a character that cannot be printed."),
        ("a\u202eb", "Name contains a character that cannot be printed."),
        ("a\u2067b", "Name contains a character that cannot be printed."),
        (" \u200b\ufeff", "Enter the name."),
        (7, "Name must be text."),
    ],
)
def test_text_that_cannot_be_kept_is_refused_in_words(given: object, sentence: str):
    form = entries(name=given)
    form.text("name", "Name", longest=5, required=True)
    with pytest.raises(InvalidInput) as refused:
        form.done()
    assert refused.value.fields == {"name": sentence}


@pytest.mark.parametrize("given", [float("nan"), float("inf"), -0.1, 100.5, "12", True])
def test_a_number_outside_its_limits_is_refused(given: object):
    form = entries(blasts=given)
    assert form.number("blasts", "Blasts", low=0, high=100, unit="%") is None
    assert form.problems == {"blasts": "Blasts must be between 0 and 100 %."}


@pytest.mark.parametrize("given", [0, 100, 42.5, None])
def test_a_number_within_its_limits_is_taken(given: float | None):
    form = entries(blasts=given)
    assert form.number("blasts", "Blasts", low=0, high=100, unit="%") == given
    assert form.done() == {"blasts": given}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (today() + timedelta(days=1), "Birth date lies in the future."),
        (date(1899, 12, 31), "Birth date lies before 1900."),
        (datetime(2020, 1, 1, tzinfo=UTC), "Birth date must be a date."),
        ("2020-01-01", "Birth date must be a date."),
        (None, "Enter the birth date."),
    ],
)
def test_a_date_that_cannot_be_is_refused_in_words(given: object, sentence: str):
    form = entries(born=given)
    assert form.day("born", "Birth date", earliest=LONG_AGO, required=True) is None
    assert form.problems == {"born": sentence}


def test_today_is_not_the_future():
    assert entries(born=today()).day("born", "Birth date", earliest=LONG_AGO) == today()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (now() + timedelta(hours=1), "Received lies in the future."),
        (datetime(1949, 1, 1, tzinfo=UTC), "Received lies before 1950."),
        (datetime(2020, 1, 1), "Received must be a time with its time zone."),  # noqa: DTZ001
        (date(2020, 1, 1), "Received must be a time with its time zone."),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_words(given: object, sentence: str):
    form = entries(received=given)
    assert form.moment("received", "Received", earliest=datetime(1950, 1, 1, tzinfo=UTC)) is None
    assert form.problems == {"received": sentence}


def test_a_wall_clock_a_little_ahead_is_forgiven():
    given = now() + timedelta(minutes=2)
    earliest = datetime(1950, 1, 1, tzinfo=UTC)
    assert entries(received=given).moment("received", "Received", earliest=earliest) == given


def test_a_word_of_an_enumeration_is_taken_as_word_or_text():
    for given in (Sex.FEMALE, "female"):
        form = entries(sex=given)
        form.choice("sex", "Sex", Sex)
        assert form.done() == {"sex": "female"}


@pytest.mark.parametrize("given", ["f", "", None, 1])
def test_another_word_is_refused(given: object):
    form = entries(sex=given)
    form.choice("sex", "Sex", Sex)
    assert form.problems == {"sex": "Choose the sex."}


def test_codes_are_kept_once_each_in_the_order_of_the_list():
    form = entries(codes=["c", "a", "c"])
    form.codes("codes", "Symptoms", ["a", "b", "c"])
    assert form.done() == {"codes": ["a", "c"]}


@pytest.mark.parametrize("given", [["a", "x"], "a"])
def test_unknown_codes_are_refused(given: object):
    form = entries(codes=given)
    form.codes("codes", "Symptoms", ["a", "b"])
    assert form.problems == {"codes": "Choose symptoms from the list."}


def test_an_unknown_code_is_refused_and_none_is_taken():
    for given, problems in (("x", {"phase": "Choose the phase from the list."}), (None, {})):
        form = entries(phase=given)
        form.code("phase", "Phase", ["a"])
        assert form.problems == problems


def test_yes_and_no_are_not_guessed():
    form = entries(simulated="yes")
    form.truth("simulated", "Simulated")
    assert form.problems == {"simulated": "Simulated must be yes or no."}


def test_an_entry_that_the_form_does_not_have_is_refused():
    with pytest.raises(InvalidInput, match="colour"):
        Entries({"colour": "red"}, {"name"}).done()


def test_the_first_problem_of_an_entry_stays():
    form = entries(name="")
    form.problem("name", "first")
    form.problem("name", "second")
    assert form.problems == {"name": "first"}


def test_a_reason_is_asked_for_where_one_is_needed():
    assert reason_of(" because ", required=True) == "because"
    assert reason_of("", required=False) == ""
    with pytest.raises(InvalidInput) as refused:
        reason_of("  ", required=True)
    assert refused.value.fields == {"reason": "Enter the reason."}


def test_abbreviations_keep_their_capitals_inside_a_sentence():
    form = entries(ldh=None)
    form.text("ldh", "LDH", longest=5, required=True)
    assert form.problems == {"ldh": "Enter the LDH."}
