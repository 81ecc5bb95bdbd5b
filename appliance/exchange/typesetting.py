"""Text of any script as runs to be drawn from left to right, and broken into lines.

A line is ordered by the Unicode bidirectional algorithm (UAX 9, as fpdf2 implements it), then cut
where the typeface changes. What has to be shaped (joined letters, reordered vowels, placed marks)
is marked so; the drawing and the shaping itself are `sheet`'s.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from fpdf.bidi import BidiParagraph, auto_detect_base_direction
from fpdf.enums import TextDirection

from appliance.exchange.typefaces import (
    IDEOGRAPHIC,
    JOINERS,
    MAIN,
    Face,
    coverage,
    face_of,
    is_mark,
)

LONGEST_LINE = 300
"""Characters. The bidirectional algorithm in fpdf2 recurses along a line, so lines are bound."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of one line in one typeface and one direction, its text in reading order."""

    text: str
    face: Face
    right_to_left: bool
    shaped: bool
    """Whether it must go through the shaper; plain Latin, Greek and Cyrillic need not."""


def reads_right_to_left(text: str) -> bool:
    """Say whether the first strong character of the text belongs to a right-to-left script."""
    return bool(auto_detect_base_direction(text) == TextDirection.RTL)


def runs(line: str, *, right_to_left: bool | None = None) -> tuple[Run, ...]:
    """Cut one line of printable text into runs, in the order they stand on paper.

    Args:
        line: what `typefaces.printable` returned, at most `LONGEST_LINE` characters, no newline.
        right_to_left: direction of the paragraph it belongs to; its own first strong character
            decides where None.
    """
    main = coverage(MAIN)
    if all(ord(c) in main and not is_mark(c) for c in line) and not _has_right_to_left(line):
        return (Run(line, MAIN, False, False),) if line else ()
    faces = _faces(line)
    order = _visual_order(line, right_to_left)
    pieces = groupby(order, key=lambda place: (place[1], faces[place[0]]))
    return tuple(_run(line, [i for i, _ in piece], level, face) for (level, face), piece in pieces)


def _run(line: str, indices: list[int], level: int, face: Face) -> Run:
    text = "".join(line[i] for i in sorted(indices))
    backwards = level % 2 == 1
    plain = face is MAIN and not backwards and not any(is_mark(c) for c in text)
    return Run(text, face, backwards, not plain)


def _has_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)


def _visual_order(line: str, right_to_left: bool | None) -> list[tuple[int, int]]:
    """Return (index in the line, embedding level) from left to right on paper.

    Joiners have no direction: they stay with the character before, else they would cut its run.
    """
    if not _has_right_to_left(line):
        return [(i, 0) for i in range(len(line))]
    places = [i for i, character in enumerate(line) if character not in JOINERS]
    base = {True: TextDirection.RTL, False: TextDirection.LTR, None: None}[right_to_left]
    paragraph = BidiParagraph("".join(line[i] for i in places), base_direction=base)
    ends = [*places[1:], len(line)]
    return [
        (i, c.embedding_level)
        for c in paragraph.get_reordered_characters()
        for i in range(places[c.character_index], ends[c.character_index])
    ]


def _faces(line: str) -> list[Face]:
    """Choose a face for each character; spaces and marks stay in the face before them."""
    chosen: list[Face] = []
    current = next((face for c in line if not c.isspace() and (face := face_of(c))), MAIN)
    for character in line:
        stays = character == " " or character in JOINERS or is_mark(character)
        if not (stays and (ord(character) in coverage(current) or character in JOINERS)):
            current = face_of(character) or MAIN
        chosen.append(current)
    return chosen


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break printable text into lines no wider than `width`, in reading order.

    At spaces, after hyphens and slashes, and between Chinese, Japanese or Korean characters; a
    word wider than a line is broken between characters, not before a mark. Newlines are kept.

    Args:
        text: what `typefaces.printable` returned.
        width: in the unit of `measure`.
        measure: gives the width of a piece of one line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _wrap_paragraph(paragraph, width, measure)
    return lines


def _wrap_paragraph(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines: list[str] = []
    line, used = "", 0.0
    for piece in _pieces(text):
        for part in _fitting(piece, width, measure):
            # The space at the end of a line hangs over its edge.
            room, whole = measure(part.rstrip(" ")), measure(part)
            if line and (used + room > width or len(line) + len(part) > LONGEST_LINE):
                lines.append(line.rstrip(" "))
                line, used = "", 0.0
            line, used = line + part, used + whole
    return [*lines, line.rstrip(" ")]


def _pieces(text: str) -> list[str]:
    """Cut after every place where a line may end."""
    pieces: list[str] = []
    start = 0
    for i in range(1, len(text)):
        if _may_break(text[i - 1], text[i]):
            pieces.append(text[start:i])
            start = i
    return [*pieces, text[start:]]


def _may_break(before: str, after: str) -> bool:
    if after == " " or is_mark(after) or after in JOINERS:
        return False
    if before in " -/" or before in "\N{EN DASH}\N{EM DASH}":
        return before == " " or not after.isdigit()
    return IDEOGRAPHIC in (face_of(before), face_of(after)) and after.isalnum()


def _fitting(piece: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break a piece that is wider than a line, or longer than a line may be."""
    if len(piece) <= LONGEST_LINE and measure(piece.rstrip(" ")) <= width:
        return [piece]
    parts: list[str] = []
    while piece:
        cut = _longest_prefix(piece, width, measure)
        parts.append(piece[:cut])
        piece = piece[cut:]
    return parts


def _longest_prefix(piece: str, width: float, measure: Callable[[str], float]) -> int:
    """Return how many characters fit, by halving; at least one with its marks."""
    low, high = 1, min(len(piece), LONGEST_LINE)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(piece[:middle]) <= width else (low, middle - 1)
    if low == len(piece):
        return low
    cut = low
    while cut > 1 and (is_mark(piece[cut]) or piece[cut] in JOINERS):
        cut -= 1
    return cut if not is_mark(piece[cut]) else low


def shorten(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Cut printable text to one line, ending in an ellipsis where something was left out."""
    line = " ".join(text.split("\n"))
    if len(line) <= LONGEST_LINE and measure(line) <= width:
        return line
    ellipsis = "\N{HORIZONTAL ELLIPSIS}"
    cut = _longest_prefix(line, max(width - measure(ellipsis), 0.0), measure)
    return line[:cut].rstrip() + ellipsis
