"""The bundled typefaces: which file prints which character, and what is printed where none can."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "fonts"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
DOTTED_CIRCLE = "\N{DOTTED CIRCLE}"
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
MARKS_IN_A_ROW = 4
"""More accents than any orthography stacks would run over the lines above and below."""


@dataclass(frozen=True, slots=True)
class Face:
    """One family with its files in `fonts/`."""

    family: str
    regular: str
    bold: str = ""
    """Empty where the regular cut serves for both."""

    def path(self, *, bold: bool = False) -> Path:
        """Return the file to load."""
        return FONTS / (self.bold if bold and self.bold else self.regular)


def _noto(script: str, *, bold: bool = False) -> Face:
    name = f"NotoSans{script}"
    return Face(name.lower(), f"{name}-Regular.ttf", f"{name}-Bold.ttf" if bold else "")


MAIN = _noto("", bold=True)
"""Latin, Greek, Cyrillic, punctuation."""
IDEOGRAPHIC = Face("notosanscjk", "NotoSansCJKsc-Regular.otf")
FACES: tuple[Face, ...] = (
    MAIN,
    *(_noto(s, bold=True) for s in ("Arabic", "Hebrew", "Devanagari", "Bengali", "Thai")),
    *(_noto(s) for s in ("Armenian", "Georgian", "Gujarati", "Gurmukhi", "Oriya", "Tamil")),
    *(_noto(s) for s in ("Telugu", "Kannada", "Malayalam", "Sinhala", "Lao", "Khmer", "Myanmar")),
    *(_noto(s) for s in ("Ethiopic", "Thaana", "Syriac", "Tifinagh", "Cherokee", "Mongolian")),
    *(_noto(s) for s in ("CanadianAboriginal", "NKo", "Adlam", "Vai", "Yi", "Math", "Symbols2")),
    Face("notoseriftibetan", "NotoSerifTibetan-Regular.ttf"),
    IDEOGRAPHIC,
)
"""In the order in which they are asked for a character."""


@cache
def coverage(face: Face) -> frozenset[int]:
    """Return the code points that the face has a glyph for."""
    with TTFont(face.path(), lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def face_of(character: str) -> Face | None:
    """Return the first face that has the character, None where no face has."""
    return next((face for face in FACES if ord(character) in coverage(face)), None)


def printable(text: str) -> str:
    """Bring text to what can be drawn, so that nothing is lost unseen.

    Composed (NFC). A character that no face has becomes its number, `[U+1F600]`; a control
    character becomes U+FFFD; every kind of line end a newline. Left out are only characters that
    have no shape of their own: direction controls, variation selectors, byte order marks. An
    excess of stacked accents goes on over dotted circles.
    """
    if text.isascii() and text.isprintable():
        return text
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    characters = [_drawable(character) for character in unicodedata.normalize("NFC", unified)]
    return _spread_marks("".join(characters))


@cache
def _drawable(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\n\v\f\x85" or category in ("Zl", "Zp"):
        return "\n"
    if character == "\t":
        return " "
    if category in ("Cc", "Cs"):
        return REPLACEMENT
    if character in JOINERS:
        return character
    if category == "Cf" or _is_variation_selector(character):
        return ""
    if face_of(character) is not None:
        return character
    return " " if category == "Zs" else f"[U+{ord(character):04X}]"


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def is_mark(character: str) -> bool:
    """Say whether the character sits on the one before."""
    return unicodedata.category(character).startswith("M")


def _spread_marks(text: str) -> str:
    spread: list[str] = []
    stacked = 0
    for character in text:
        stacked = stacked + 1 if unicodedata.combining(character) else 0
        if stacked > MARKS_IN_A_ROW:
            spread.append(DOTTED_CIRCLE)
            stacked = 1
        spread.append(character)
    return "".join(spread)
