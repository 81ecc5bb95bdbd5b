"""Turns what matplotlib draws into SVG for our pages: themed, accessible, the same each time.

The pages forbid inline style and know dark and light, so colours become the tokens of the page's
style sheet, each with a colour for where there is none, and declarations become attributes. What
names the drawing program, dates it, or would give one page the same id twice is left out.
"""

import re
from xml.etree import ElementTree

INKS = {
    "text": ("#000001", "#16202b"),
    "quiet": ("#000002", "#50606f"),
    "line": ("#000003", "#d3dbe3"),
    "accent": ("#000004", "#0a5ea8"),
    "blast": ("#000005", "#b04a00"),
    "normal": ("#000006", "#0a6e62"),
    "unsure": ("#000007", "#6339bd"),
    "attention": ("#000008", "#7a5b00"),
    "surface": ("#000009", "#fbfcfd"),
}
"""Token of the style sheet: what matplotlib is told to draw with, and the colour without a page."""

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_TOKENS = {drawn: f"var(--{name}, {alone})" for name, (drawn, alone) in INKS.items()}
_UNUSED = ("metadata", "style")
_KEPT = ("fill", "stroke", "opacity", "font-size", "font-weight", "text-anchor")
"""Beginnings of the declarations that say something here."""
_REFERRING = {"clip-path", "fill"}
_TURNED = re.compile(r"rotate\(-?0(?:\.0)? [^)]*\)")


def ink(name: str) -> str:
    """Give the colour that stands for a token of the style sheet while drawing."""
    return INKS[name][0]


def themed(drawing: str, *, name: str, label: str) -> str:
    """Make the markup of a picture that stands within a page, or alone.

    Args:
        drawing: SVG as matplotlib writes it, drawn in `ink`s, text as text.
        name: sets ids of this picture apart from those of others on the page.
        label: what it shows, for whoever cannot see it; a table beside it has the numbers.

    Raises:
        ValueError: it was drawn in a colour that is no ink.
    """
    # Our own drawing of a moment ago, no document from outside.
    root = ElementTree.fromstring(drawing)  # noqa: S314
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.split("}")[-1] in _UNUSED:
                parent.remove(child)
    for element in root.iter():
        _plain(element, name)
    box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib |= {
        "viewBox": box,
        "class": "chart",
        "role": "img",
        "aria-label": label,
        "font-family": "system-ui, sans-serif",
        "stroke-linejoin": "round",
    }
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _plain(element: ElementTree.Element, name: str) -> None:
    """Write declarations as attributes, links without their old namespace, ids of this picture."""
    attributes = element.attrib
    attributes |= _declared(attributes.pop("style", ""))
    if _LINK in attributes:
        attributes["href"] = attributes.pop(_LINK).replace("#", f"#{name}-")
    for key in _REFERRING & set(attributes):
        attributes[key] = attributes[key].replace("url(#", f"url(#{name}-")
    if element.tag == f"{{{_SVG}}}g":
        attributes.pop("id", None)
    elif "id" in attributes:
        attributes["id"] = f"{name}-{attributes['id']}"
    if _TURNED.fullmatch(attributes.get("transform", "")):
        del attributes["transform"]
    if "d" in attributes:
        attributes["d"] = " ".join(attributes["d"].split())


def _declared(style: str) -> dict[str, str]:
    """Give declarations as attributes, colours as tokens."""
    pairs = (part.split(":", 1) for part in style.split(";") if part)
    return {
        key.strip(): _coloured(value.strip().removesuffix("px"))
        for key, value in pairs
        if key.strip().startswith(_KEPT)
    }


def _coloured(value: str) -> str:
    if not value.startswith("#"):
        return value
    if value not in _TOKENS:
        raise ValueError(f"{value} is no ink of a picture")
    return _TOKENS[value]
