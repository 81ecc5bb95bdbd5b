"""Pictures of statistics: what stands in their markup."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from appliance.exchange import charts
from appliance.exchange.charts import Bars, Quartiles
from appliance.exchange.vector import INKS, themed

WEEKS = [f"{day} Sep" for day in range(1, 14)]
RISING = [0.1 * step for step in range(11)]
SVG = "{http://www.w3.org/2000/svg}"


def pictures():
    """One of each kind, by name."""
    ends = [max(value - 0.1, 0) for value in RISING], [min(value + 0.1, 1) for value in RISING]
    weeks = Quartiles([0.2] * 13, [0.4] * 12 + [float("nan")], [0.6] * 13)
    return {
        "roc": charts.roc_chart(
            RISING, RISING, *ends, marks=[(0.1, 0.8, "blast from 0.62")], label="A curve"
        ),
        "reliability": charts.reliability_chart(RISING, RISING, *ends, label="Bins"),
        "table": charts.table_chart(
            [[240, 12, 30], [9, 410, 33]],
            ["Blast", "Normal"],
            ["Blast", "Normal", "Unsure"],
            row_title="Reader",
            column_title="Model",
            name="table",
            label="A table",
        ),
        "focus": charts.weeks_chart(
            WEEKS,
            weeks,
            unit="Focus",
            name="focus",
            label="By week",
            reference=(0.3, 0.4, 0.5),
            marked=[week == "9 Sep" for week in WEEKS],
        ),
        "volume": charts.bars_chart(
            WEEKS,
            [Bars("Registered", list(range(13))), Bars("Signed", list(range(13)))],
            unit="Examinations",
            name="volume",
            label="Volume",
        ),
    }


@pytest.fixture(scope="module")
def drawn():
    return pictures()


def texts(picture):
    return [text.text for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_a_picture_is_the_same_bytes_each_time(drawn):
    assert pictures() == drawn


def test_a_picture_needs_no_script_no_style_and_no_other_address(drawn):
    for name, picture in drawn.items():
        root = ElementTree.fromstring(picture)
        tags = {element.tag for element in root.iter()}
        assert tags <= {SVG + t for t in ("svg", "g", "path", "text", "use", "defs", "clipPath",
                                          "rect", "pattern")}, name  # fmt: skip
        assert "style" not in {key for element in root.iter() for key in element.attrib}
        assert "://" not in picture.replace("http://www.w3.org/2000/svg", "")


def test_every_colour_is_a_token_of_the_page_with_one_for_where_there_is_no_page(drawn):
    for picture in drawn.values():
        tokens = set(re.findall(r'(?:fill|stroke)="(?!none|url)([^"]*)"', picture))
        assert tokens <= {f"var(--{name}, {alone})" for name, (_, alone) in INKS.items()}


def test_text_stays_text_and_says_axes_and_units(drawn):
    assert {"0 %", "100 %", "Normal cells called blast", "blast from 0.62"} <= set(
        texts(drawn["roc"])
    )
    assert {"Reader", "240", "410", "Unsure"} <= set(texts(drawn["table"]))
    assert {"Focus", "Week from", "1 Sep", "!"} <= set(texts(drawn["focus"]))
    assert {"Registered", "Signed", "Examinations"} <= set(texts(drawn["volume"]))


def test_whoever_cannot_see_it_is_told_what_it_is(drawn):
    root = ElementTree.fromstring(drawn["roc"])
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", "A curve")


def test_ids_of_two_pictures_on_one_page_differ_and_all_references_lead_somewhere(drawn):
    found = [id_ for picture in drawn.values() for id_ in re.findall(r' id="([^"]*)"', picture)]
    assert len(found) == len(set(found))
    named = re.findall(r'(?:href="#|url\(#)([^")]*)', "".join(drawn.values()))
    assert set(named) <= set(found)
    assert any("hatch" in id_ or id_.startswith("volume-h") for id_ in found)


def test_kinds_are_told_apart_by_form_too(drawn):
    assert "<pattern" in drawn["volume"]


def test_a_colour_that_is_no_ink_is_refused():
    with pytest.raises(ValueError, match="#ff0000"):
        themed(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
            '<path style="fill: #ff0000" d="M 0 0"/></svg>',
            name="x",
            label="x",
        )


def test_the_drawing_library_is_loaded_only_when_something_is_drawn():
    asked = "import sys, appliance.exchange.charts; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
