"""Reports as PDF: the order of their parts. The same report always gives the same bytes."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing

from appliance.exchange.case_sections import (
    write_conclusion,
    write_second,
    write_signatures,
    write_state,
    write_versions,
)
from appliance.exchange.fieldview import write_field
from appliance.exchange.furniture import Furniture
from appliance.exchange.gallery import write_fields, write_gallery
from appliance.exchange.report import (
    GALLERY_OF_FIELD,
    SMALL_FIELDS,
    TABLE_CELLS,
    ExaminationReport,
    FieldEntry,
    FieldReport,
    Heading,
    by_probability,
)
from appliance.exchange.results import write_result
from appliance.exchange.sections import (
    override_sentence,
    write_acts,
    write_box,
    write_clinical,
    write_file,
    write_provenance,
    write_title,
    write_warnings,
    write_who_and_what,
)
from appliance.exchange.sheet import NOTE, Sheet
from appliance.exchange.tables import (
    write_cells,
    write_field_list,
    write_originals,
    write_passport,
    write_passports,
)
from appliance.exchange.verified import write_verified
from appliance.exchange.wording import gate_sentences, moment, state_sentence


def field_report(report: FieldReport) -> bytes:
    """Make the report of one image.

    What could not be done is said: an image that failed the gate, was refused, failed in the
    analysis or still waits has a report too, without suggestions.
    """
    with closing(ReportBook()) as book:
        book.add(report)
        return book.output()


class ReportBook:
    """Reports of several images in one file, one after the other, numbered through."""

    def __init__(self) -> None:
        self._sheet = Sheet()
        self._parts: list[tuple[Furniture, range]] = []

    @property
    def pages(self) -> int:
        """Pages so far."""
        return self._sheet.pages_count

    def add(self, report: FieldReport) -> None:
        """Write the report of one image, beginning on a new page."""
        if not self._parts:
            _describe(self._sheet, report.heading)
        first = self.pages + 1
        self._sheet.open_page()
        title = _write_field_report(self._sheet, report)
        furniture = Furniture(report.heading, report.patient, title)
        self._parts.append((furniture, range(first, self.pages + 1)))

    def close(self) -> None:
        """Let go of what is open, where no file is to be made; may be called twice."""
        self._sheet.close()

    def output(self) -> bytes:
        """Finish the file; nothing can be added after."""
        for furniture, pages in self._parts:
            furniture.arrange(self._sheet, pages)
        return bytes(self._sheet.output())


def _write_field_report(sheet: Sheet, report: FieldReport) -> str:
    field = report.field
    title = f"Field {field.number}" if field.number else "Image analysis"
    write_title(sheet, title, f"{field.name}: suggestions for its white cells")
    write_who_and_what(sheet, report.heading, report.patient, report.specimen)
    write_warnings(sheet, field, report.heading)
    if field.tally is not None:
        write_result(
            sheet,
            field.tally,
            not_counted=field.not_counted,
            limit=report.heading.decision_limit,
            over="this image",
            verified=field.model is not None and field.model.verified_here,
        )
    write_field(sheet, field)
    write_clinical(sheet, report.clinical, report.specimen)
    write_passport(sheet, field.quality.checks)
    if field.cells:
        shown = by_probability(field.cells)[:GALLERY_OF_FIELD]
        write_gallery(sheet, shown, total=len(field.cells))
        listed = field.cells[:TABLE_CELLS]
        write_cells(sheet, listed, {0: field.um_per_px}, total=len(field.cells))
    analysed = ("Analysed", moment(field.analysed_at, report.heading.zone))
    write_provenance(sheet, field.model, analysed, report.heading)
    write_file(sheet, field)
    write_acts(sheet, report.acts, report.heading)
    return f"Report of {title[0].lower()}{title[1:]}"


def examination_report(report: ExaminationReport) -> bytes:
    """Make the report over all images of an examination."""
    with closing(Sheet()) as sheet:
        _describe(sheet, report.heading)
        sheet.open_page()
        _write_examination(sheet, report)
        furniture = Furniture(report.heading, report.patient, "Report of the examination")
        furniture.arrange(sheet, range(1, sheet.pages_count + 1))
        return bytes(sheet.output())


def _write_examination(sheet: Sheet, report: ExaminationReport) -> None:
    case = report.case
    count = len(report.fields)
    what = f"{_of_images(count)}, {len(_analysed(report))} analysed"
    if case.version is not None:
        what = f"{what}; version {case.version.number}, {case.version.status}"
    write_title(sheet, case.template.wording["title"], what)
    if report.heading.address:
        sheet.paragraph(" \N{MIDDLE DOT} ".join(report.heading.address.splitlines()), NOTE)
    write_who_and_what(sheet, report.heading, report.patient, report.specimen)
    for part in case.template.parts:
        PARTS[part](sheet, report)


def _write_warnings(sheet: Sheet, report: ExaminationReport) -> None:
    write_state(sheet, report.case)
    _write_failed_gates(sheet, report)
    _write_not_analysed(sheet, report)


def _write_counts(sheet: Sheet, report: ExaminationReport) -> None:
    write_verified(sheet, report.case, limit=report.heading.decision_limit)
    if report.case.counts is None:
        _write_pooled(sheet, report)


def _write_fields(sheet: Sheet, report: ExaminationReport) -> None:
    if report.fields:
        write_field_list(sheet, report.fields)
        write_fields(sheet, report.fields[:SMALL_FIELDS], total=len(report.fields))


def _write_gallery(sheet: Sheet, report: ExaminationReport) -> None:
    if report.cells:
        write_gallery(sheet, report.gallery, total=len(report.cells))


def _write_cells(sheet: Sheet, report: ExaminationReport) -> None:
    cells = report.cells
    if cells:
        scales = {field.number: field.um_per_px for field in report.fields}
        write_cells(sheet, cells[:TABLE_CELLS], scales, total=len(cells))


PARTS: dict[str, Callable[[Sheet, ExaminationReport], None]] = {
    "warnings": _write_warnings,
    "conclusion": lambda sheet, report: write_conclusion(sheet, report.case, report.heading),
    "counts": _write_counts,
    "second-reading": lambda sheet, report: write_second(sheet, report.case.second),
    "clinical": lambda sheet, report: write_clinical(sheet, report.clinical, report.specimen),
    "fields": _write_fields,
    "gallery": _write_gallery,
    "cells": _write_cells,
    "passports": lambda sheet, report: write_passports(sheet, report.fields),
    "originals": lambda sheet, report: write_originals(sheet, report.fields),
    "provenance": lambda sheet, report: _write_origins(sheet, report),
    "acts": lambda sheet, report: write_acts(sheet, report.acts, report.heading),
    "versions": lambda sheet, report: write_versions(sheet, report.case, report.heading),
    "signatures": lambda sheet, report: write_signatures(sheet, report.case, report.heading),
}
"""What each part of `template.toml` writes."""


def _analysed(report: ExaminationReport) -> list[FieldEntry]:
    return [field for field in report.fields if field.tally is not None]


def _write_pooled(sheet: Sheet, report: ExaminationReport) -> None:
    analysed = _analysed(report)
    if analysed:
        models = {field.model for field in analysed if field.model is not None}
        write_result(
            sheet,
            report.tally,
            not_counted=sum(field.not_counted for field in report.fields),
            limit=report.heading.decision_limit,
            over=f"{_of_images(len(analysed))}, pooled",
            verified=bool(models) and all(model.verified_here for model in models),
        )


def _write_failed_gates(sheet: Sheet, report: ExaminationReport) -> None:
    sentences = []
    for field in report.fields:
        if not field.quality.passed:
            said = [*gate_sentences(field), override_sentence(field, report.heading)]
            sentences.append(f"Field {field.number}: {' '.join(part for part in said if part)}")
    if sentences:
        write_box(
            sheet, _of_images(len(sentences), "failed the quality gate"), sentences, alarm=True
        )


def _write_not_analysed(sheet: Sheet, report: ExaminationReport) -> None:
    sentences = [
        f"Field {field.number}: {sentence}"
        for field in report.fields
        if (sentence := state_sentence(field))
    ]
    if sentences:
        title = _of_images(len(sentences), "without suggestions: not part of the counts")
        write_box(sheet, title, sentences, alarm=True)
    if not report.fields:
        write_box(sheet, "No images", ["This examination has no images yet."], alarm=False)


def _of_images(count: int, what: str = "") -> str:
    return f"{count} image{'' if count == 1 else 's'} {what}".rstrip()


def _write_origins(sheet: Sheet, report: ExaminationReport) -> None:
    """Write each classifier once; an examination may have seen more than one."""
    used = Counter(field.model for field in report.fields if field.model is not None)
    for model, count in used.items():
        write_provenance(sheet, model, ("Used for", _of_images(count)), report.heading)
    if not used:
        write_provenance(sheet, None, ("", ""), report.heading)


def _describe(sheet: Sheet, heading: Heading) -> None:
    sheet.set_creation_date(heading.printed_at)
    # Never the patient's name: what a file browser shows of a file is not protected.
    sheet.set_title(heading.accession_number or heading.record_id or "Report")
    sheet.set_author(heading.laboratory)
    sheet.set_creator(f"Scopeside {heading.software}")
    sheet.set_lang("en")
