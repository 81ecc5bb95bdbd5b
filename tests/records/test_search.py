import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.records.search import fold, search_text


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Núñez", "nunez"),
        ("Łucja", "lucja"),
        ("Ørsted", "orsted"),
        ("Weiß", "weiss"),
        ("İpek", "ipek"),
        ("O\N{RIGHT SINGLE QUOTATION MARK}Brien", "obrien"),
        ("مُحَمَّد", "محمد"),
        ("Ёлкин", "елкин"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}bc", "abc"),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", "میخواهم"),
    ],
)
def test_a_name_is_found_without_case_accents_and_points(written: str, typed: str):
    assert fold(written) == fold(typed) == [typed]


def test_vowels_of_indic_scripts_stay():
    assert fold("मीरा") != fold("मरा")
    assert fold("राजु") != fold("राज")


def test_hyphens_and_dots_part_words():
    assert fold("MRN-00.17/a") == ["mrn", "00", "17", "a"]


def test_text_without_letters_has_no_words():
    assert fold(" --- \n") == []


def test_names_without_spaces_stand_joined_too():
    assert search_text("7", ("王", "小明")) == " 7 王 小明 王小明"


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str):
    assert fold(" ".join(fold(text))) == fold(text)


@given(st.text(max_size=30))
def test_what_is_stored_can_be_searched_by_each_of_its_words(text: str):
    stored = search_text(text, (text,))
    assert all(f" {word}" in stored for word in fold(text))
