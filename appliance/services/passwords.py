"""Which passwords are taken, and how one-time ones are made.

The rule is NIST SP 800-63B's: long, not a known common one, not the person's own name; nothing
about capital letters or digits, and no expiry.
"""

import secrets
import unicodedata
from itertools import pairwise

from appliance.errors import InvalidInput

MIN_LENGTH = 12
MAX_LENGTH = 256
"""So that nobody keeps the hash function busy with megabytes."""

_SHORTEST_NAME = 3  # a user name of two letters is part of half of all words
_LONGEST_REPEATED = 6  # 123456123456, abcabcabcabc

# Words that most passwords of published leaks are made of, and what a laboratory with this
# appliance would think of first: refused alone, repeated, and with digits or signs around.
_STEMS = """
    admin administrator asdf asdfghjkl changeme default football guest haematology hello hematology
    iloveyou jetson lab laboratory letmein leukaemia leukemia login master microscope monkey pass
    passwd passwort password princess qwer qwert qwerty qwertyuiop raspberry raspberrypi root
    scopeside secret sunshine superman test user welcome zxcvbnm
"""
_KEYBOARD = """
    1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qazxsw23edc correcthorsebatterystaple p4ssw0rd1234
    passw0rd1234 passw0rd12345 q1w2e3r4t5y6 qazwsxedcrfv qazwsxedc123 zaq12wsxcde3
"""
_COMMON_STEMS = frozenset(_STEMS.split())
_COMMON = frozenset(_KEYBOARD.split())

# Without letters and digits that look alike on a screen or a printed note: 0 o, 1 i l.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP_LENGTH = 4


def normalised(password: str) -> str:
    """Bring a password to one form (NFKC), so that it is the same from every keyboard."""
    storable = password.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is not
    return unicodedata.normalize("NFKC", storable)


def check(password: str, *, username: str, field: str = "password") -> None:
    """Refuse a password that is short, common or made of the person's name.

    Args:
        password: as typed.
        username: whose.
        field: name of the entry, for the error.

    Raises:
        InvalidInput: with a sentence that says what is wrong.
    """
    fault = _fault(normalised(password), username.casefold())
    if fault:
        raise InvalidInput({field: fault})


def one_time() -> str:
    """Make a password that can be read aloud: four groups of four, 79 bits."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )


def _fault(password: str, username: str) -> str:
    folded = password.casefold()
    if len(password) < MIN_LENGTH:
        return f"A password has at least {MIN_LENGTH} characters. A few words in a row do well."
    if len(password) > MAX_LENGTH:
        return f"A password has at most {MAX_LENGTH} characters."
    if _is_common("".join(folded.split())):
        return "This password is among the first that anybody would try. Choose another."
    if any(_repeats(folded, folded[:length]) for length in range(1, _LONGEST_REPEATED + 1)):
        return "This password repeats the same few characters. Choose another."
    if len(username) >= _SHORTEST_NAME and username in folded:
        return "A password must not contain the user name."
    return ""


def _is_common(password: str) -> bool:
    letters = "".join(character for character in password if character.isalpha())
    stems = {letters[:n] for n in range(1, len(letters) + 1) if _repeats(letters, letters[:n])}
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    in_a_row = steps <= {1, -9} or steps <= {-1, 9}  # abcdefghijkl, 123456789012
    return password in _COMMON or bool(stems & _COMMON_STEMS) or in_a_row


def _repeats(text: str, part: str) -> bool:
    return len(text) % len(part) == 0 and text == part * (len(text) // len(part))
