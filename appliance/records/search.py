"""How names and numbers are folded so that they are found however they are typed."""

import unicodedata
from collections.abc import Iterable

# Letters that Unicode does not take apart into a base and a mark.
_BASE = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
    }
)
_APOSTROPHES = frozenset("'`\u00b4\u02b9\u02bb\u02bc\u2018\u2019")


def fold(text: str) -> list[str]:
    """Split text into words without case and accents, in any script.

    Marks that carry the vowels of Indic scripts stay; the accents of Latin, Greek and Cyrillic,
    the vowel points of Arabic and Hebrew, and apostrophes go.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(_folded(character) for character in decomposed)
    return kept.translate(_BASE).split()


def search_text(number: str, names: Iterable[str]) -> str:
    """Return what is stored for finding: the words, each with a space before it.

    Names in scripts written without spaces also stand joined, family name first, since that is
    how they are typed.
    """
    folded = [fold(name) for name in names]
    words = [*fold(number), *(word for name in folded for word in name)]
    joined = "".join("".join(name) for name in folded)
    if any(unicodedata.east_asian_width(character) in "WF" for character in joined):
        words.append(joined)
    return "".join(f" {word}" for word in dict.fromkeys(words))


def _folded(character: str) -> str:
    category = unicodedata.category(character)
    if unicodedata.combining(character) or category == "Cf" or character in _APOSTROPHES:
        return ""
    return " " if category[0] in "PSZC" else character
