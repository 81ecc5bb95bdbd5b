"""The report of a signed examination: what people wrote, who signed, and the code to check it."""

import io
from dataclasses import replace
from datetime import timedelta

import cv2
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from appliance.exchange.case import (
    CaseEntry,
    ConclusionEntry,
    SecondReadingEntry,
    SignatureEntry,
    VerifiedCounts,
    VersionEntry,
)
from appliance.exchange.pdf import examination_report
from appliance.exchange.quick_response import draw_code
from appliance.exchange.report import ExaminationReport
from appliance.exchange.sheet import Sheet
from appliance.exchange.stamping import stamped
from appliance.exchange.template import load_template
from appliance.pipeline.tally import clopper_pearson
from appliance.review_vocabulary import CellLabel
from appliance.vocabulary import Tally

SHA256 = "5e" * 32


def text_of(pdf):
    return " ".join(" ".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(pdf)).pages)


@pytest.fixture(scope="module")
def signature(at):
    return SignatureEntry(name="Hana Sato", role="clinician", at=at, meaning="approved")


@pytest.fixture(scope="module")
def signed(at, signature):
    """Version 2 of a report with everything there is."""
    first = replace(signature, at=at - timedelta(days=1))
    return CaseEntry(
        template=load_template(),
        status="amended",
        counts=VerifiedCounts(
            tally=Tally(44, 59, 2, clopper_pearson(44, 103)),
            other=3,
            not_a_cell=4,
            changed=5,
            added=1,
            readers=("Olga Tamm", "Hana Sato"),
        ),
        conclusion=ConclusionEntry(
            finding="Blasts at or above the decision limit",
            text="Immunophenotyping is recommended.",
            critical=True,
            told_to="Dr. Novák, ward 3",
            acknowledged_by="Hana Sato",
            acknowledged_at=at,
        ),
        second=SecondReadingEntry(
            state="submitted",
            because="Drawn at random.",
            reader="Ines Kaya",
            cells=103,
            agreed=99,
            unread=1,
            adjudicated_by="Hana Sato",
        ),
        version=VersionEntry(
            number=2, status="amended", sha256=SHA256, reason="Flow came", signatures=(signature,)
        ),
        earlier=(VersionEntry(number=1, status="final", sha256="ab" * 32, signatures=(first,)),),
        check_address="https://bench-2.lab/check/",
    )


@pytest.fixture(scope="module")
def make(heading, patient, specimen, clinical, make_entry):
    """The report of an examination with one field of nine cells, in the case given."""

    def report(case, called=CellLabel.BLAST, **heading_values):
        entry = make_entry(9, number=1)
        cells = tuple(replace(cell, field_number=1, called=called) for cell in entry.cells)
        return examination_report(
            ExaminationReport(
                heading=replace(heading, **heading_values),
                fields=(replace(entry, cells=cells),),
                tally=entry.tally,
                patient=patient,
                specimen=specimen,
                clinical=clinical,
                gallery=cells,
                case=case,
            )
        )

    return report


@pytest.fixture(scope="module")
def pdf(make, signed):
    return make(signed)


@pytest.mark.parametrize(
    "said",
    [
        "version 2, amended",
        "Blasts at or above the decision limit",
        "Immunophenotyping is recommended.",
        "Hana Sato told Dr. Novák, ward 3",
        "Of 103 verified leukocytes 44 are blasts: 42.7 % (exact 95 % interval 33.0 to 52.8 %).",
        "The decision limit of 20 % lies below the interval",
        "Called by Olga Tamm, Hana Sato. 5 suggestions were changed. 1 cell was added",
        "Asked for because drawn at random. Ines Kaya read blind: 99 of 103 cells called alike",
        "Hana Sato settled the others. 1 cell came later and was not read a second time.",
        "Version 1 (final): signed by Hana Sato, 2026-11-23 10:42 CET",
        "Why there is this version: Flow came",
        "Clinician, 2026-11-24 10:42 CET: reviewed every cell and is responsible",
        SHA256,
    ],
)
def test_it_says(pdf, said):
    assert said in text_of(pdf)


def test_the_same_case_gives_the_same_bytes(pdf, make, signed):
    assert make(signed) == pdf


def test_more_cells_are_asked_for_where_the_limit_lies_inside_the_interval(make, signed):
    counts = VerifiedCounts(tally=Tally(3, 17, 0, clopper_pearson(3, 20)))
    text = text_of(make(replace(signed, counts=counts)))
    assert "lies inside the interval: these cells alone do not settle the question." in text
    assert "more decided cells at this fraction would settle it" in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("preliminary", "Preliminary: not signed"),
        ("cancelled", "CANCELLED"),
        ("entered-in-error", "ENTERED IN ERROR"),
    ],
)
def test_what_is_no_result_says_so_on_its_first_page(make, signed, status, said):
    unsigned = replace(signed, status=status, version=None)
    page = PdfReader(io.BytesIO(make(unsigned))).pages[0].extract_text()
    assert said in page
    assert "reviewed every cell" not in page


def test_unverified_cells_are_said(make, signed):
    counts = replace(signed.counts, unverified=7)
    assert "7 counted cells are not verified" in text_of(make(replace(signed, counts=counts)))


def test_a_part_that_the_laboratory_leaves_out_is_not_printed(make, signed, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('parts = ["counts", "cells"]\n[wording]\ntitle = "Ausstrich"', "utf-8")
    text = text_of(make(replace(signed, template=load_template(own))))
    assert "Ausstrich" in text
    assert "Immunophenotyping" not in text
    assert SHA256 in text


def test_logo_and_address_stand_on_the_report(make, signed):
    data = io.BytesIO()
    Image.new("RGB", (300, 100), (20, 90, 110)).save(data, "PNG")
    pdf = make(signed, logo=data.getvalue(), address="1 Hill Road\nBrno")
    first = PdfReader(io.BytesIO(pdf)).pages[0]
    assert "1 Hill Road" in first.extract_text()
    assert (300, 100) in [picture.image.size for picture in first.images]


def test_the_code_reads_as_the_address_of_the_record():
    recorded = []

    class Board(Sheet):
        def rect(self, x, y, w, h, **_):
            recorded.append((x, y, w, h))

    draw_code(Board(), f"https://bench-2.lab/check/{SHA256}", 0, 0, 30)
    scale = 20
    picture = np.full((30 * scale, 30 * scale), 255, np.uint8)
    for x, y, w, h in recorded[1:]:
        left, top = round(x * scale), round(y * scale)
        picture[top : round((y + h) * scale), left : round((x + w) * scale)] = 0
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert read == f"https://bench-2.lab/check/{SHA256}"


def test_a_superseded_copy_is_marked_on_every_page_and_keeps_its_text(pdf):
    marked = PdfReader(io.BytesIO(stamped(pdf, "Superseded by version 3 of 2026-11-25")))
    original = PdfReader(io.BytesIO(pdf))
    assert len(marked.pages) == len(original.pages)
    for old, new in zip(original.pages, marked.pages, strict=True):
        assert "Superseded by version 3 of 2026-11-25" in new.extract_text()
        assert old.extract_text()[:200] in new.extract_text()
