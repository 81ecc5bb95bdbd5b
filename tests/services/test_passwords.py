import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import InvalidInput
from appliance.services import passwords


def refusal(password: str, username: str = "olga") -> str:
    with pytest.raises(InvalidInput) as refused:
        passwords.check(password, username=username, field="new_password")
    assert set(refused.value.fields) == {"new_password"}
    return refused.value.sentence


@pytest.mark.parametrize(
    "password",
    [
        "four plain grey words",
        "häßliche enten schwimmen",
        "молоко и медведи",
        "长江后浪推前浪一代新人换旧人",
        "🦠🔬🩸🧪🧫🦠🩸🔬🧪🧫🧬🩺",
        "8316492750613",
        "x" * 3 + "yz more of it",
    ],
)
def test_a_long_password_in_any_script_is_taken(password: str):
    passwords.check(password, username="olga")


@pytest.mark.parametrize("password", ["", "elevenchars", "短短短"])
def test_a_short_password_is_refused(password: str):
    assert "at least 12" in refusal(password)


def test_a_password_too_long_to_hash_quickly_is_refused():
    assert "at most 256" in refusal("long words " * 40)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password1234!",
        "PASSWORDPASSWORD",
        "password password",
        "qwertyuiop123456",
        "123456789012",
        "987654321098",
        "abcdefghijklmn",
        "1q2w3e4r5t6y",
        "correct horse battery staple",
        "Scopeside2026!!",
        "leukaemia123",
        "!!!!welcome2026!!!!",
    ],
)
def test_a_password_that_anybody_would_try_is_refused(password: str):
    assert "first that anybody would try" in refusal(password)


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "123123123123", "xyzzy?xyzzy?xyzzy?"])
def test_a_password_that_repeats_itself_is_refused(password: str):
    assert "repeats" in refusal(password)


@pytest.mark.parametrize("password", ["olga at the bench", "THE-OLGA-PASSWORD", "myolgapassphrase"])
def test_a_password_with_the_user_name_in_it_is_refused(password: str):
    assert "user name" in refusal(password)


def test_one_time_passwords_can_be_read_aloud_and_differ():
    made = {passwords.one_time() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}", one) for one in made)


def test_one_time_passwords_keep_the_rule():
    for _ in range(50):
        passwords.check(passwords.one_time(), username="olga")


def test_the_same_password_from_another_keyboard_is_the_same():
    assert passwords.normalised(
        "\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{COMBINING ACUTE ACCENT}"
    ) == passwords.normalised("Á")


def test_a_user_name_of_two_letters_does_not_spoil_every_word():
    passwords.check("always walking along", username="al")


@given(st.text(max_size=300, alphabet=st.characters()), st.text(max_size=40))
def test_any_text_is_taken_or_refused_in_words(password: str, username: str):
    sentences = [""]
    try:
        passwords.check(password, username=username)
    except InvalidInput as refused:
        sentences = list(refused.fields.values())
    assert all(not sentence or sentence.endswith(".") for sentence in sentences)
