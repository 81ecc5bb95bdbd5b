"""Gathers from the records what a report shows, prints it, and writes down who had it printed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from uuid import UUID

from appliance.clock import now
from appliance.errors import ApplianceError
from appliance.exchange.case import CaseEntry, VersionEntry
from appliance.exchange.drawing import FIELD_EDGE_PX, SMALL_EDGE_PX, scaled_jpeg, thumbnail
from appliance.exchange.pdf import examination_report, field_report
from appliance.exchange.report import (
    GALLERY_OF_EXAMINATION,
    GALLERY_OF_FIELD,
    CellEntry,
    ExaminationReport,
    FieldEntry,
    FieldReport,
    Heading,
    by_probability,
)
from appliance.exchange.stamping import stamped
from appliance.exchange.template import Template
from appliance.pipeline import intake
from appliance.pipeline.tally import tally
from appliance.records import audit, examinations, fields
from appliance.records.pictures import PictureStore
from appliance.records.review_tables import ReportVersion
from appliance.records.tables import Examination, FieldImage
from appliance.review_vocabulary import CellLabel
from appliance.services.casebook import Casebook, outdated
from appliance.services.report_values import (
    acts_of_images,
    begun,
    cell_entry,
    clinical_summary,
    counted,
    described,
    latest_findings,
    patient_details,
    printed,
    specimen_details,
)
from appliance.vocabulary import Actor, Pixels


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How much of the pictures one kind of report needs."""

    edge_px: int
    kind: str
    """Name under which the scaled picture is kept beside the original; empty for not at all."""


_WHOLE = _Layout(edge_px=FIELD_EDGE_PX, kind="")
_SMALL = _Layout(edge_px=SMALL_EDGE_PX, kind="report")


@dataclass(frozen=True)
class Letterhead:
    """What a laboratory prints of itself."""

    laboratory: str
    place: str
    address: str = ""
    logo: bytes | None = None
    """PNG or JPEG."""
    check_address: str = ""
    """Of the page that checks a record's hash, without the hash."""


@dataclass(frozen=True)
class Reporting:
    """Prints reports of images and examinations; each printing is audited."""

    pictures: PictureStore
    letterhead: Letterhead
    template: Template
    decision_limit: float
    limits: intake.Limits
    zone: tzinfo | None = None
    """In which times are printed; the machine's own where None."""

    def field_pdf(self, field_id: UUID, by: Actor) -> bytes:
        """Return the report of one image.

        Raises:
            NotFound: no such image.
        """
        row = fields.get(field_id)
        examination = row.examination
        calls = Casebook(examination).calls
        cells = [cell_entry(cell, 0, calls.get(cell.id)) for cell in fields.cells_of(row.id)]
        shown = {cell.label for cell in by_probability(cells)[:GALLERY_OF_FIELD]}
        entry = self._entry(row, cells, shown, _WHOLE)
        latest = latest_findings(examination.patient)
        report = FieldReport(
            heading=self._heading(examination, str(row.id), by),
            field=entry,
            patient=patient_details(examination.patient),
            specimen=specimen_details(examination),
            clinical=clinical_summary(latest),
            acts=(*begun(examination, latest), *acts_of_images([row]), printed(by)),
        )
        data = field_report(report)
        details = {"examination": str(examination.id), "patient": str(examination.patient.id)}
        audit.note("report:print", by=by, subject=row, details=details)
        return data

    def examination_pdf(self, examination_id: UUID, by: Actor) -> bytes:
        """Return the report over all images of an examination as it stands now, unsigned.

        Raises:
            NotFound: no such examination.
        """
        examination = examinations.get(examination_id)
        book = Casebook(examination)
        data = self._examination(book, book.case(self.template), by)
        details = {"patient": str(examination.patient.id)}
        audit.note("report:print", by=by, subject=examination, details=details)
        return data

    def version_pdf(self, examination_id: UUID, version: VersionEntry, by: Actor) -> bytes:
        """Return the report as it is about to be signed.

        Args:
            examination_id: whose.
            version: its number, the status it gives, the record's hash and the signature.
            by: the signer.
        """
        book = Casebook(examinations.get(examination_id))
        case = replace(
            book.case(self.template),
            status=version.status,
            version=version,
            check_address=self.letterhead.check_address,
        )
        return self._examination(book, case, by)

    def kept_pdf(self, version: ReportVersion, by: Actor) -> bytes:
        """Return a signed report as it was printed at signing; an outdated one is marked so.

        Raises:
            NotFound: the file is not in the picture folder.
        """
        pdf = self.pictures.read(version.pdf_sha256)
        details = {"examination": str(version.__data__["examination"]), "number": version.number}
        audit.note("report:print", by=by, subject=version, details=details)
        why = outdated(version)
        return stamped(pdf, why) if why else pdf

    def _examination(self, book: Casebook, case: CaseEntry, by: Actor) -> bytes:
        examination = book.examination
        rows = fields.of_examination(examination.id)
        by_field = _cells_by_field(examination.id, book.calls)
        every = [cell for cells in by_field.values() for cell in cells]
        shown = {cell.label for cell in by_probability(every)[:GALLERY_OF_EXAMINATION]}
        entries = tuple(self._entry(row, by_field[row.id], shown, _SMALL) for row in rows)
        pictured = [cell for entry in entries for cell in entry.cells if cell.label in shown]
        latest = latest_findings(examination.patient)
        acts = [*begun(examination, latest), *acts_of_images(rows)]
        return examination_report(
            ExaminationReport(
                heading=self._heading(examination, str(examination.id), by, signed=case.signed),
                fields=entries,
                tally=tally(counted(every)),
                patient=patient_details(examination.patient),
                specimen=replace(specimen_details(examination), status=case.status),
                clinical=clinical_summary(latest),
                gallery=tuple(by_probability(pictured)),
                case=case,
                acts=(*acts, *book.acts(), printed(by)),
            )
        )

    def _heading(
        self, examination: Examination, record_id: str, by: Actor, *, signed: bool = False
    ) -> Heading:
        return Heading(
            laboratory=self.letterhead.laboratory,
            address=self.letterhead.address,
            logo=self.letterhead.logo,
            research_use=self.template.wording[
                "research_use" if signed else "research_use_unsigned"
            ],
            foot=self.template.wording["foot"],
            place=self.letterhead.place,
            accession_number=examination.accession_number,
            record_id=record_id,
            printed_at=now(),
            printed_by=by.name,
            zone=self.zone,
            simulated=examination.simulated or examination.patient.simulated,
            decision_limit=self.decision_limit,
        )

    def _entry(
        self, row: FieldImage, cells: Sequence[CellEntry], shown: set[str], layout: _Layout
    ) -> FieldEntry:
        """Gather one image; cells whose label is among `shown` get a thumbnail."""
        wanted = any(cell.label in shown for cell in cells)
        kept = self._kept(row, layout)
        pixels = None if kept is not None and not wanted else self._pixels(row)
        return replace(
            described(row, cells),
            picture=kept if pixels is None else self._scaled(row, pixels, layout),
            cells=tuple(
                replace(cell, thumbnail=thumbnail(pixels, cell.box))
                if pixels is not None and cell.label in shown
                else cell
                for cell in cells
            ),
        )

    def _kept(self, row: FieldImage, layout: _Layout) -> bytes | None:
        if not layout.kind:
            return None
        return self.pictures.derived(row.sha256, f"{layout.kind}-{row.page}")

    def _scaled(self, row: FieldImage, pixels: Pixels, layout: _Layout) -> bytes:
        data = scaled_jpeg(pixels, longest_px=layout.edge_px)
        if layout.kind:
            self.pictures.keep_derived(row.sha256, f"{layout.kind}-{row.page}", data)
        return data

    def _pixels(self, row: FieldImage) -> Pixels | None:
        """Read the original again; None where it cannot be had, which the report then says."""
        try:
            data = self.pictures.read(row.sha256)
            images = intake.read_images(data, name=row.original_name, limits=self.limits)
        except ApplianceError:
            return None
        return images[row.page].pixels if row.page < len(images) else None


def _cells_by_field(
    examination_id: UUID, calls: Mapping[UUID, CellLabel]
) -> dict[UUID, list[CellEntry]]:
    """Describe the cells of each image; those that were merged or split are left out."""
    by_field: dict[UUID, list[CellEntry]] = defaultdict(list)
    for cell in fields.cells_of_examination(examination_id):
        called = calls.get(cell.id)
        if called is not CellLabel.REPLACED:
            by_field[cell.field.id].append(cell_entry(cell, cell.field.number, called))
    return by_field
