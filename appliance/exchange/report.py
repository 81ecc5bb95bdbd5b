"""What a report shows: plain values, made by `services.reporting` from records or by the CLI."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Self

from appliance import __version__
from appliance.exchange.case import CaseEntry
from appliance.exchange.drawing import FIELD_EDGE_PX, scaled_jpeg, thumbnail
from appliance.review_vocabulary import CellLabel
from appliance.vocabulary import (
    Box,
    FieldAnalysis,
    FieldState,
    ModelStamp,
    Quality,
    SourceImage,
    Suggestion,
    Tally,
)

RESEARCH_USE = (
    "Suggestions to be verified by a qualified person. Research use only. Not a diagnosis."
)
GALLERY_OF_FIELD = 160
"""Cells of one field that are shown as pictures; more is a sheet of stamps nobody looks at."""
GALLERY_OF_EXAMINATION = 80
TABLE_CELLS = 600
"""Rows of the table of cells; the records hold the rest."""
SMALL_FIELDS = 100
"""Fields of an examination that are shown in small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Whose report, of which record, printed when and by whom: head and foot of every page."""

    laboratory: str
    address: str = ""
    """Lines of it, on the first page of a report of an examination."""
    logo: bytes | None = None
    """PNG or JPEG, beside the laboratory's name."""
    research_use: str = RESEARCH_USE
    """Sentence in the foot of every page."""
    foot: str = ""
    """The laboratory's own line below it."""
    place: str = ""
    accession_number: str = ""
    record_id: str = ""
    printed_at: datetime
    """Aware; also the creation date of the file, so that the same input gives the same bytes."""
    printed_by: str = ""
    zone: tzinfo | None = None
    """In which all times are printed; the zone the machine is set to where None."""
    simulated: bool = False
    decision_limit: float = 0.2
    """Blast fraction that decides, 0 to 1."""
    software: str = __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDetails:
    """Who was examined."""

    name: str
    medical_record_number: str = ""
    sex: str = ""
    birth_date: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value of the work-up."""

    label: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalSummary:
    """The latest dated work-up, with labels in place of codes."""

    observed_on: date
    readings: tuple[Reading, ...] = ()
    symptoms: tuple[str, ...] = ()
    organ_enlargement: tuple[str, ...] = ()
    immunophenotype: str = ""
    treatment_phase: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenDetails:
    """What was put under the microscope, and when."""

    specimen: str = ""
    """Code of `vocabulary.Specimen`."""
    stain: str = ""
    """Code of `vocabulary.Stain`."""
    objective: str = ""
    microscope: str = ""
    stain_batch: str = ""
    status: str = ""
    collected_at: datetime | None = None
    received_at: datetime | None = None
    imaged_at: datetime | None = None
    indication: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A person went on with an image that failed the quality gate."""

    by: str
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Act:
    """Who did what when."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEntry:
    """One cell with the suggestion for it, and what a person calls it."""

    field_number: int = 0
    """Number of its field in the examination; 0 where there is only one field."""
    number: int
    box: Box
    suggestion: Suggestion | None
    """None for a cell that a person added."""
    blast_probability: float | None
    called: CellLabel | None = None
    """None as long as nobody has verified it."""
    outside_training_range: bool = False
    counted: bool = True
    nucleus_area_px: float = 0.0
    cell_area_px: float | None = None
    thumbnail: bytes | None = None
    """JPEG, square."""

    @property
    def label(self) -> str:
        """Its number, led by the field's where there are several."""
        return f"{self.field_number}.{self.number}" if self.field_number else str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEntry:
    """One image and everything said of it."""

    number: int = 0
    """In the examination; 0 for an image that belongs to none."""
    name: str
    sha256: str
    page: int = 0
    pages: int = 1
    width: int
    height: int
    um_per_px: float | None = None
    notes: tuple[str, ...] = ()
    state: FieldState = FieldState.ANALYSED
    reason: str = ""
    quality: Quality
    override: Override | None = None
    analysed_at: datetime | None = None
    cells: tuple[CellEntry, ...] = ()
    tally: Tally | None = None
    model: ModelStamp | None = None
    picture: bytes | None = None
    """JPEG of the whole image, scaled down; None where it cannot be had."""

    @property
    def not_counted(self) -> int:
        """Cells that were found but are cut by the edge of the image."""
        return sum(not cell.counted for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReport:
    """The report of one image."""

    heading: Heading
    field: FieldEntry
    patient: PatientDetails | None = None
    specimen: SpecimenDetails | None = None
    clinical: ClinicalSummary | None = None
    acts: tuple[Act, ...] = ()

    @classmethod
    def of_analysis(
        cls,
        image: SourceImage,
        quality: Quality,
        analysis: FieldAnalysis | None,
        *,
        name: str,
        printed_at: datetime,
        laboratory: str,
        zone: tzinfo | None = None,
        decision_limit: float = 0.2,
        simulated: bool = False,
        um_per_px: float | None = None,
    ) -> Self:
        """Make the report of an image that belongs to no record, as the command line does.

        Args:
            image: as it left intake.
            quality: its passport.
            analysis: None where the image was not analysed.
            name: of the file, as shown.
            printed_at: aware.
            laboratory: for the head of the pages.
            zone: in which times are printed; the machine's own where None.
            decision_limit: blast fraction that decides.
            simulated: whether each page is marked SIMULATED.
            um_per_px: wins over what the file says.
        """
        heading = Heading(
            laboratory=laboratory,
            record_id=f"SHA-256 {image.sha256[:16]}",
            printed_at=printed_at,
            zone=zone,
            simulated=simulated,
            decision_limit=decision_limit,
        )
        entry = FieldEntry(
            name=name,
            sha256=image.sha256,
            page=image.page,
            pages=image.pages,
            width=image.width,
            height=image.height,
            um_per_px=um_per_px or image.um_per_px,
            notes=image.notes,
            state=FieldState.ANALYSED if analysis else FieldState.REFUSED,
            quality=quality,
            cells=cells_of(image, analysis) if analysis else (),
            tally=analysis.tally if analysis else None,
            model=analysis.model if analysis else None,
            analysed_at=printed_at if analysis else None,
            picture=scaled_jpeg(image.pixels, longest_px=FIELD_EDGE_PX),
        )
        return cls(heading=heading, field=entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationReport:
    """The report over all images of an examination."""

    heading: Heading
    fields: tuple[FieldEntry, ...]
    tally: Tally
    """Pooled over the analysed fields."""
    patient: PatientDetails | None = None
    specimen: SpecimenDetails | None = None
    clinical: ClinicalSummary | None = None
    gallery: tuple[CellEntry, ...] = ()
    """The first `GALLERY_OF_EXAMINATION` cells `by_probability`, with thumbnails."""
    case: CaseEntry
    acts: tuple[Act, ...] = ()

    @property
    def cells(self) -> tuple[CellEntry, ...]:
        """Every cell of every field."""
        return tuple(cell for field in self.fields for cell in field.cells)


def by_probability(cells: Sequence[CellEntry]) -> list[CellEntry]:
    """Sort cells for a gallery: the likeliest blast first, equal ones in reading order."""
    return sorted(cells, key=lambda c: (-(c.blast_probability or 0), c.field_number, c.number))


def cells_of(image: SourceImage, analysis: FieldAnalysis) -> tuple[CellEntry, ...]:
    """Pair the cells of an analysis with their suggestions; the gallery's get a thumbnail."""
    entries = [
        CellEntry(
            number=number,
            box=found.box,
            suggestion=verdict.suggestion,
            blast_probability=verdict.blast_probability,
            outside_training_range=verdict.outside_training_range,
            counted=found.counted,
            nucleus_area_px=found.nucleus_area_px,
            cell_area_px=found.cell_area_px,
        )
        for number, (found, verdict) in enumerate(
            zip(analysis.cells, analysis.verdicts, strict=True), start=1
        )
    ]
    shown = {cell.number for cell in by_probability(entries)[:GALLERY_OF_FIELD]}
    return tuple(
        replace(cell, thumbnail=thumbnail(image.pixels, cell.box)) if cell.number in shown else cell
        for cell in entries
    )
