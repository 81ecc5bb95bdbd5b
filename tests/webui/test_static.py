import re
from pathlib import Path

import pytest

import webui

ROOT = Path(webui.__file__).parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OURS = sorted(
    path
    for path in (ROOT / "static").rglob("*")
    if path.suffix in {".css", ".js", ".svg"} and "vendor" not in path.parts
)
SOURCES = "\n".join(path.read_text("utf-8") for path in [*TEMPLATES, *OURS, *ROOT.glob("*.py")])
_LOADS = re.compile(r"""(?:src|href|action|hx-get|hx-post)\s*=\s*["']?(?:https?:)?//""", re.I)


def _name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_no_template_loads_from_another_host(path):
    assert not _LOADS.search(path.read_text("utf-8"))


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_no_script_or_style_names_another_host(path):
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text, re.I)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_no_template_needs_inline_script_or_style(path):
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_template_is_used(path):
    name = path.relative_to(ROOT / "templates").as_posix()
    assert f'"{name}"' in SOURCES or f"'{name}'" in SOURCES


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix != ".svg"], ids=_name)
def test_every_script_and_style_is_used(path):
    assert path.relative_to(ROOT / "static").as_posix() in SOURCES


def test_every_icon_that_is_named_is_drawn():
    drawn = set(re.findall(r'symbol id="([a-z-]+)"', (ROOT / "static/icons.svg").read_text()))
    named = set(re.findall(r'icon\("([a-z-]+)"', SOURCES))
    assert named - drawn == set()


def test_every_posting_form_carries_the_token():
    for path in TEMPLATES:
        for form in re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.S):
            assert "csrf()" in form, _name(path)


@pytest.mark.parametrize("folder", sorted((ROOT / "static/vendor").glob("*/")), ids=_name)
def test_every_vendored_library_is_pinned_and_has_its_licence(folder):
    assert re.fullmatch(r"[a-z]+-\d+\.\d+\.\d+", folder.name)
    assert (folder / "LICENSE").stat().st_size > 200


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _tokens(theme):
    block = re.search(
        rf'\[data-bs-theme="{theme}"\] \{{(.*?)\}}', (ROOT / "static/theme.css").read_text(), re.S
    )
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[1]))


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("ground", ["ground", "surface", "raised"])
@pytest.mark.parametrize(
    "ink",
    [
        "text",
        "quiet",
        "accent",
        "ok",
        "attention",
        "fault",
        "blast",
        "normal",
        "unsure",
        "uncounted",
    ],
)
def test_text_has_the_contrast_of_wcag_aa(theme, ground, ink):
    tokens = _tokens(theme)
    assert _contrast(tokens[ink], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_badges_buttons_and_outlines_have_theirs(theme):
    tokens = _tokens(theme)
    for name in ["accent", "ok", "attention", "fault", "blast", "normal", "unsure"]:
        assert _contrast(tokens[name], tokens[f"{name}-soft"]) >= 4.5, name
    assert _contrast(tokens["uncounted"], tokens["uncounted-soft"]) >= 4.5
    assert _contrast(tokens["quiet"], tokens["uncounted-soft"]) >= 4.5
    assert _contrast(tokens["on-main"], tokens["main"]) >= 4.5
    assert all(_contrast(tokens["edge"], tokens[g]) >= 3 for g in ("ground", "surface", "raised"))


def test_dark_has_no_white_areas():
    tokens = _tokens("dark")
    assert all(_luminance(tokens[g]) < 0.05 for g in ("ground", "surface", "raised", "hover"))


# A finger does not hover, and a keyboard neither: only what is pleasant may change under a pointer.
_MAY_CHANGE = {"background", "border-color", "color", "filter", "text-decoration-thickness"}


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix == ".css"], ids=_name)
def test_nothing_is_shown_only_under_a_pointer(path):
    rules = re.findall(r"([^{}]*:hover[^{}]*)\{([^{}]*)\}", path.read_text("utf-8"))
    for selector, body in rules:
        changed = {line.split(":")[0].strip() for line in body.split(";") if line.strip()}
        assert changed <= _MAY_CHANGE, selector


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_nothing_stands_in_a_tooltip_only(path):
    tagged = re.findall(r"<(\w+)[^>]*\stitle=", path.read_text("utf-8"))
    assert set(tagged) <= {"iframe"}
