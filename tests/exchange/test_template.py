"""The laboratory's own wording over the template that is shipped."""

import pytest

from appliance.errors import SettingsInvalid
from appliance.exchange.pdf import PARTS
from appliance.exchange.template import load_template
from appliance.review_vocabulary import Finding, SignatureMeaning


@pytest.fixture
def own(tmp_path):
    """Writes the laboratory's file and reads it."""

    def read(text):
        path = tmp_path / "wording.toml"
        path.write_text(text, "utf-8")
        return load_template(path)

    return read


def test_the_shipped_one_words_every_finding_meaning_and_part():
    template = load_template()
    assert set(template.findings) == set(Finding)
    assert set(SignatureMeaning) <= set(template.wording)
    assert set(template.parts) == set(PARTS)


def test_only_what_a_laboratory_words_itself_differs(own):
    template = own('phrases = ["Blasten."]\n[findings]\nno-blasts = "Keine Blasten"\n')
    assert template.phrases == ("Blasten.",)
    assert template.findings == load_template().findings | {"no-blasts": "Keine Blasten"}
    assert template.parts == load_template().parts


def test_parts_are_left_out_and_ordered_but_never_warnings_and_signatures(own):
    assert own('parts = ["cells", "counts"]').parts == (
        "cells",
        "counts",
        "warnings",
        "signatures",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts = [", "not valid TOML"),
        ('parts = ["counts", "sums"]', "no 'sums'"),
        ('parts = "counts"', "expected a list of texts"),
        ("[wording]\ntitel = 'x'", "no 'titel'"),
        ("[wording]\ntitle = 3", "wording.title: expected text"),
        ("wording = 3", "expected a table"),
        ("phrase = []", "no 'phrase'"),
    ],
)
def test_a_mistake_in_it_is_named(own, text, said):
    with pytest.raises(SettingsInvalid, match=said):
        own(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_template(tmp_path / "none.toml")
