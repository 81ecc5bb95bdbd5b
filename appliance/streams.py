"""What a command prints to: sound streams, and names that cannot play tricks on a terminal."""

import io
import os
import sys
import unicodedata

_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NOT_SHOWN = frozenset({"Cc", "Zl", "Zp"})


def prepare() -> None:
    """Make the standard streams usable, however the command was started.

    A closed one is opened on nothing: else the next file that is opened would take its number,
    and what libraries print would be written into that file. What the terminal's encoding lacks
    is written as an escape.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    sys.stdout = sys.stdout or _writer(1)
    sys.stderr = sys.stderr or _writer(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def abandon_output() -> None:
    """Let standard output lead nowhere, so that Python does not complain again while closing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def printable(text: str) -> str:
    """Write as escapes what breaks a line, commands a terminal or turns the writing direction.

    A file's name is somebody else's: it may hold any of these.
    """
    return "".join(
        sign.encode("unicode_escape").decode("ascii") if _plays_tricks(sign) else sign
        for sign in text
    )


def _plays_tricks(sign: str) -> bool:
    return sign in _BIDI or unicodedata.category(sign) in _NOT_SHOWN


def _writer(number: int) -> io.TextIOWrapper:
    return open(number, "w", encoding="utf-8", closefd=False)
