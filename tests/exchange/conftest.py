"""Reports of drawn cells: nothing here is of a patient."""

import io
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pypdf import PdfReader

from appliance.exchange.drawing import scaled_jpeg
from appliance.exchange.report import (
    Act,
    ClinicalSummary,
    FieldEntry,
    FieldReport,
    Heading,
    PatientDetails,
    Reading,
    SpecimenDetails,
    cells_of,
)
from appliance.pipeline.tally import tally
from appliance.vocabulary import (
    Box,
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    Quality,
    QualityCheck,
    SourceImage,
    Suggestion,
    Verdict,
)

AT = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
STAMP = ModelStamp("all-lite0-1", "6f" * 32, "litert 2.3.0", "0.1.0", (0.35, 0.65))


@pytest.fixture(scope="session")
def at():
    """When every report here is printed."""
    return AT


@pytest.fixture(scope="session")
def stamp():
    return STAMP


@pytest.fixture(scope="session")
def draw_image():
    """Draws a field of speckle, so that its JPEG is no smaller than a real one's."""

    def draw(width=480, height=270):
        rng = np.random.default_rng(7)
        coarse = rng.integers(150, 240, (height // 6 + 1, width // 6 + 1, 3), np.uint8)
        pixels = coarse.repeat(6, 0).repeat(6, 1)[:height, :width]
        return SourceImage(np.ascontiguousarray(pixels), "ab" * 32, "image/png")

    return draw


@pytest.fixture(scope="session")
def analyse():
    """Invents cells on an image: a third blasts, normal and unsure each; some at the edge."""

    def invent(image, count, seed=0):
        rng = random.Random(seed)
        found, verdicts = [], []
        for _ in range(count):
            side = rng.randrange(14, 30)
            x, y = rng.randrange(image.width - side), rng.randrange(image.height - side)
            triangle = np.array([[x, y], [x + side, y], [x, y + side]], np.int32)
            box = Box(x, y, side, side)
            found.append(FoundCell(box, triangle, None, 200.0, 310.0, rng.random() < 0.1))
            chance = rng.random()
            suggestion = (
                Suggestion.BLAST
                if chance >= 0.65
                else Suggestion.NORMAL
                if chance < 0.35
                else Suggestion.UNSURE
            )
            verdicts.append(Verdict(suggestion, chance, rng.random() < 0.1))
        pairs = zip(found, verdicts, strict=True)
        counted = [verdict for cell, verdict in pairs if cell.counted]
        return FieldAnalysis(found, verdicts, tally(counted), STAMP)

    return invent


@pytest.fixture(scope="session")
def passport():
    """A quality passport in which the named checks fail."""

    def make(*failing):
        def check(name, value, low, high, unit):
            passed = name not in failing
            sentence = f"The {name} is as it should be." if passed else f"The {name} is wrong."
            return QualityCheck(name, value, low, high, unit, passed, sentence)

        return Quality(
            (
                check("focus", 61.2, 40.0, None, ""),
                check("exposure", 182.4, 120.0, 235.0, "grey"),
                check("stain", 0.81, 0.4, None, ""),
            )
        )

    return make


@pytest.fixture(scope="session")
def make_entry(draw_image, analyse, passport):
    """One field; `cells=None` for one that was not analysed."""

    def make(cells=6, *, image=None, number=3, failing=(), **values):
        image = image or draw_image()
        analysis = None if cells is None else analyse(image, cells)
        given = {
            "number": number,
            "name": "slide-3-field-07.png",
            "sha256": image.sha256,
            "width": image.width,
            "height": image.height,
            "um_per_px": 0.2,
            "quality": passport(*failing),
            "cells": cells_of(image, analysis) if analysis else (),
            "tally": analysis.tally if analysis else None,
            "model": analysis.model if analysis else None,
            "analysed_at": AT - timedelta(minutes=5) if analysis else None,
            "picture": scaled_jpeg(image.pixels, longest_px=2100),
        }
        return FieldEntry(**given | values)

    return make


@pytest.fixture(scope="session")
def heading():
    return Heading(
        laboratory="Haematology, University Hospital",
        place="Bench 2",
        accession_number="24-0193",
        record_id="0193a1f2-7c1d-7a44-9d3e-8c21f9b0c5aa",
        printed_at=AT,
        printed_by="Olga Tamm",
        zone=ZoneInfo("Europe/Warsaw"),
    )


@pytest.fixture(scope="session")
def patient():
    return PatientDetails(
        name="Okafor, Amina",
        medical_record_number="MRN-204418",
        sex="female",
        birth_date=date(2020, 3, 4),
    )


@pytest.fixture(scope="session")
def specimen():
    return SpecimenDetails(
        specimen="bone-marrow",
        stain="may-grunwald-giemsa",
        objective="100x / 1.25 oil",
        status="preliminary",
        collected_at=AT - timedelta(hours=26),
        received_at=AT - timedelta(hours=24),
        imaged_at=AT - timedelta(hours=1),
        indication="Pancytopenia",
    )


@pytest.fixture(scope="session")
def clinical():
    return ClinicalSummary(
        observed_on=date(2026, 11, 23),
        readings=(
            Reading("Haemoglobin", 78.0, "g/L"),
            Reading("White cells", 45.3, "10⁹/L"),
            Reading("Blasts in marrow", 84.0, "%"),
        ),
        symptoms=("Fever", "Bone pain"),
        organ_enlargement=("Spleen",),
        immunophenotype="CD19+, CD10+",
        treatment_phase="At diagnosis, untreated",
        notes="Call before the result is entered.",
    )


@pytest.fixture(scope="session")
def make_report(heading, patient, specimen, clinical, make_entry):
    """A whole report of one field; `heading` values given are exchanged."""

    def make(*, field=None, of=(), **heading_values):
        report = FieldReport(
            heading=replace(heading, **heading_values),
            field=field or make_entry(),
            patient=patient,
            specimen=specimen,
            clinical=clinical,
            acts=(Act(AT, "Olga Tamm", "Printed this report"),),
        )
        return replace(report, **dict(of))

    return make


@pytest.fixture(scope="session")
def read_pages():
    """Gives the text of each page, its lines joined by single spaces."""

    def read(pdf):
        pages = PdfReader(io.BytesIO(pdf)).pages
        return [" ".join(page.extract_text().split()) for page in pages]

    return read
