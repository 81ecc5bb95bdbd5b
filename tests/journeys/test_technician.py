"""A technician's whole way: patient, findings, specimen, twenty fields, cells, report."""

import re
import subprocess
from io import BytesIO
from shutil import which

import numpy as np
import pytest
import requests
from PIL import Image
from pypdf import PdfReader
from selenium.webdriver.common.by import By

from appliance.exchange.template import load_template
from tests.browser import faults_of_page
from tests.journeys.smears import fields

FIELDS = {800: 20, 1280: 8}
"""How many fields are uploaded on each screen: a long upload is the same on both."""

NAMES = {800: ("王", "小明"), 1280: ("Κωνσταντίνου", "Ελένη")}
"""Another patient on each screen: family and given name."""

RESEARCH_USE = load_template(None).wording["research_use_unsigned"]

_PERCENT = re.compile(r"([\d.]+)\s*%")
_A_BOX_IN_REACH = """
for (const box of document.querySelectorAll('#boxes [data-cell]')) {
  const at = box.querySelector('.box-frame').getBoundingClientRect();
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
  if (document.elementFromPoint(x, y)?.closest('.zoom, #boxes'))
    return [Number(box.dataset.cell), Math.round(x), Math.round(y)];
}
"""
_TILES_OF_COUNTED_CELLS = """
const counted = '.cell-tile:not(:has(.cell-uncounted))';
return [...document.querySelectorAll(counted)].map((tile) => tile.innerText)
"""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def images(tmp_path, screen):
    return fields(tmp_path, FIELDS[screen.width])


def test_from_patient_to_report(before, lab, screen, images, password, tmp_path):
    hand = before(lab)
    hand.open("/")
    hand.sign_in("olga", password)
    names = NAMES[screen.width]
    _register_the_patient(hand, f"TY-{screen.width}", *names)
    _enter_findings(hand)
    accession = _register_the_examination(hand)
    _upload(hand, images)
    _look_at_a_field(hand)
    _look_at_the_cells(hand, len(images))
    pdf = _open_the_report(hand)
    _read_on_paper(pdf, [*names, accession])
    _look_at_paper(pdf, tmp_path)


def _good(hand):
    assert faults_of_page(hand.driver) == []
    assert not hand.driver.find_elements(By.CSS_SELECTOR, ".band, .mark-simulated")


def _register_the_patient(hand, number, family, given):
    hand.sees("New examination")
    _good(hand)
    hand.tap(hand.find(".action-bar .button-main"))
    hand.sees("Whose smear is it?")
    hand.tap(hand.find(".action-bar .button-main"))
    hand.type("medical_record_number", number)
    hand.type("family_name", family)
    hand.type("given_name", given)
    hand.tap("Male")
    hand.type("birth_date", "2019-04-30")
    _good(hand)
    hand.tap(hand.find(".action-bar .button-main"))
    hand.sees("New examination", "h1")
    hand.open("/patients")
    hand.sees(f"{family}, {given}")
    _good(hand)
    hand.tap(hand.find(".row-link"))


def _enter_findings(hand):
    hand.sees("No clinical details yet")
    _good(hand)
    hand.tap("Enter clinical details")
    hand.type("haemoglobin_g_per_l", "71,5")
    hand.type("white_cells_10e9_per_l", "48.2")
    hand.tap("Petechiae")
    hand.tap("Spleen")
    _good(hand)
    hand.tap("Save clinical details")
    hand.sees("The clinical details are entered")
    hand.sees("71.5")
    _good(hand)


def _register_the_examination(hand):
    hand.tap("New examination")
    accession = hand.find("#accession_number").get_attribute("value")
    hand.tap("Bone marrow")
    hand.tap("May-Grünwald-Giemsa")
    hand.tap("Now")
    _good(hand)
    hand.tap("Register examination")
    hand.sees(f"Examination {accession} is registered")
    _good(hand)
    return accession


def _upload(hand, images):
    hand.tap("Add images")
    hand.sees("No image yet")
    _good(hand)
    hand.driver.execute_script("window.stayed = true")
    hand.driver.find_element(By.ID, "files").send_keys("\n".join(map(str, images)))
    hand.sees(f"{len(images)} of {len(images)} read", ".images-words", seconds=90)
    assert hand.driver.execute_script("return window.stayed"), "the page was loaded again"
    # The sentence above the rows is renewed a moment before the last row is.
    states = "return [...document.querySelectorAll('[data-field]')].map((row) => row.dataset.state)"
    wanted = ["analysed"] * len(images)
    hand.wait.until(lambda driver: driver.execute_script(states) == wanted)
    _good(hand)


def _look_at_a_field(hand):
    hand.tap(hand.find("[data-field] .row-link"))
    hand.find(".stage.zoomed")
    boxes = hand.driver.find_elements(By.CSS_SELECTOR, "#boxes .box-frame")
    assert boxes
    _good(hand)
    number, x, y = hand.driver.execute_script(_A_BOX_IN_REACH)
    hand.tap_at(x, y)
    hand.sees(f"Cell {number}", "#panel")
    hand.sees("Blast probability", "#panel")
    _good(hand)
    hand.tap(hand.find("#panel [data-close]"))
    hand.tap("All cells of the examination")


def _look_at_the_cells(hand, more_than):
    hand.sees("sorted by blast probability")
    shown = hand.driver.execute_script(_TILES_OF_COUNTED_CELLS)
    percents = [float(found.group(1)) for text in shown if (found := _PERCENT.search(text))]
    assert len(percents) > more_than
    assert percents == sorted(percents, reverse=True)
    hand.sees("Suggestions, not yet verified")
    _good(hand)
    hand.tap("See the report")


def _open_the_report(hand):
    hand.sees("as it will print")
    _good(hand)
    address = hand.find(".action-bar .button-main").get_attribute("href")
    cookies = {c["name"]: c["value"] for c in hand.driver.get_cookies()}
    answer = requests.get(address, cookies=cookies, timeout=60)
    assert answer.headers["Content-Type"] == "application/pdf"
    return answer.content


def _read_on_paper(pdf, wanted):
    # pypdf puts a nought before characters of fonts with large tables; readers do not.
    pages = [p.extract_text().replace("\0", "") for p in PdfReader(BytesIO(pdf)).pages]
    assert [words for words in wanted if words not in pages[0]] == []
    assert len(pages) >= 3
    for number, text in enumerate(pages, start=1):
        assert RESEARCH_USE in " ".join(text.split()), f"page {number}"
        assert wanted[-1] in text, f"page {number}"
        assert "SIMULATED" not in text


def _look_at_paper(pdf, folder):
    if not which("pdftoppm"):
        pytest.skip("pdftoppm is not installed: apt install poppler-utils")
    (folder / "report.pdf").write_bytes(pdf)
    command = ["pdftoppm", "-r", "50", "-png", "-l", "3", "report.pdf", "page"]
    subprocess.run(command, cwd=folder, check=True)
    pictures = sorted(folder.glob("page-*.png"))
    assert len(pictures) == 3
    for picture in pictures:
        grey = np.asarray(Image.open(picture).convert("L"))
        assert grey.shape[0] > grey.shape[1], "not upright"
        assert (grey > 250).mean() > 0.2, "no paper to be seen"
        assert (grey < 128).mean() > 0.01, "blank"
