"""The written parts of a report, each at the sheet's cursor: who, what, when, how good, by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.exchange.marks import draw_cross
from appliance.exchange.report import (
    Act,
    ClinicalSummary,
    FieldEntry,
    Heading,
    PatientDetails,
    SpecimenDetails,
)
from appliance.exchange.sheet import (
    ALARM,
    ALARM_SHADE,
    BODY,
    INK,
    LABEL,
    LEFT,
    MUTED,
    NOTICE,
    NOTICE_SHADE,
    RIGHT,
    SHADE,
    SMALL,
    TITLE,
    WIDTH,
    Colour,
    Sheet,
    Type,
)
from appliance.exchange.wording import (
    NOT_RECORDED,
    NOT_VERIFIED_HERE,
    SPECIMEN_WORDS,
    STAIN_WORDS,
    VERIFIED_HERE,
    age,
    gate_sentences,
    measured,
    moment,
    state_sentence,
)
from appliance.vocabulary import ModelStamp

NAME = Type(12, bold=True)
VALUE = Type(8.5)
Fact = tuple[str, str]
"""A label and what is recorded under it."""


def write_title(sheet: Sheet, title: str, subtitle: str) -> None:
    """Write the name of the report on its first page."""
    sheet.put(LEFT, sheet.cursor + 5.0, title, TITLE)
    sheet.put_within(LEFT, sheet.cursor + 10.2, subtitle, WIDTH, Type(9, colour=MUTED))
    sheet.cursor += 14.0


def write_facts(
    sheet: Sheet, facts: Sequence[Fact], *, columns: int, left: float = LEFT, width: float = WIDTH
) -> None:
    """Write facts in columns, label above value, row by row; long values take several lines."""
    gap = 4.0
    each = (width - gap * (columns - 1)) / columns
    for start in range(0, len(facts), columns):
        row = [
            (label, sheet.clipped(text, each, 8)) for label, text in facts[start : start + columns]
        ]
        tallest = max(len(lines) for _, lines in row)
        sheet.need(4.6 + tallest * BODY.line)
        top = sheet.cursor
        for i, (label, lines) in enumerate(row):
            x = left + i * (each + gap)
            sheet.put(x, top + 2.6, label, LABEL)
            sheet.write_lines(x, top + 3.3, lines, BODY)
        sheet.cursor = top + 4.6 + tallest * BODY.line


def write_who_and_what(
    sheet: Sheet,
    heading: Heading,
    patient: PatientDetails | None,
    specimen: SpecimenDetails | None,
) -> None:
    """Write patient and specimen side by side, each in a panel."""
    parts = []
    if patient is not None:
        collected = specimen.collected_at if specimen else None
        facts = _patient_facts(patient, heading, collected)
        parts.append(_Part("Patient", patient.name, facts, columns=2, share=0.36))
    if specimen is not None:
        title = SPECIMEN_WORDS.get(specimen.specimen, specimen.specimen) or NOT_RECORDED
        facts = _specimen_facts(specimen, heading)
        parts.append(_Part("Specimen", title, facts, columns=3, share=0.64))
    if not parts:
        return
    gap = 4.0
    whole = sum(part.share for part in parts)
    widths = [(WIDTH - gap * (len(parts) - 1)) * part.share / whole for part in parts]
    heights = [
        _write_part(sheet, part, LEFT, width, draw=False)
        for part, width in zip(parts, widths, strict=True)
    ]
    x = LEFT
    for part, width in zip(parts, widths, strict=True):
        sheet.panel(x, sheet.cursor, width, max(heights), SHADE)
        _write_part(sheet, part, x, width, draw=True)
        x += width + gap
    sheet.cursor += max(heights) + 3.0


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the panels side by side."""

    word: str
    title: str
    facts: Sequence[Fact]
    columns: int
    share: float
    """Of the page's width."""


def _write_part(sheet: Sheet, part: _Part, left: float, width: float, *, draw: bool) -> float:
    """Write what stands in a panel, or only find out how high it is."""
    inset = 3.2
    each = (width - 2 * inset) / part.columns
    long = len(sheet.lines(part.title, width - 2 * inset, NAME)) > 3
    name = Type(9, bold=True) if long else NAME
    title = sheet.clipped(part.title, width - 2 * inset, 9, name)
    y = sheet.cursor + 5.4
    if draw:
        sheet.put(left + inset, y - 1.0, part.word, LABEL)
        sheet.write_lines(left + inset, y, title, name)
    y += len(title) * name.line + 1.0
    for start in range(0, len(part.facts), part.columns):
        row = part.facts[start : start + part.columns]
        broken = [sheet.clipped(text, each - 1.0, 4, VALUE) for _, text in row]
        if draw:
            for i, ((label, _), lines) in enumerate(zip(row, broken, strict=True)):
                x = left + inset + i * each
                sheet.put(x, y + 2.4, label, LABEL)
                sheet.write_lines(x, y + 3.0, lines, VALUE)
        y += 4.2 + max(len(lines) for lines in broken) * VALUE.line
    return y + 1.0 - sheet.cursor


def _patient_facts(
    patient: PatientDetails, heading: Heading, collected_at: datetime | None
) -> list[Fact]:
    day = (collected_at or heading.printed_at).astimezone(heading.zone).date()
    born = patient.birth_date
    return [
        ("Record number", patient.medical_record_number or NOT_RECORDED),
        ("Sex", patient.sex or NOT_RECORDED),
        ("Born", born.isoformat() if born else NOT_RECORDED),
        ("Age", age(born, day) or NOT_RECORDED),
    ]


def _specimen_facts(specimen: SpecimenDetails, heading: Heading) -> list[Fact]:
    zone = heading.zone
    return [
        ("Accession number", heading.accession_number or NOT_RECORDED),
        ("Status", specimen.status or NOT_RECORDED),
        ("Stain", STAIN_WORDS.get(specimen.stain, specimen.stain) or NOT_RECORDED),
        ("Objective", specimen.objective or NOT_RECORDED),
        ("Microscope", specimen.microscope or NOT_RECORDED),
        ("Stain batch", specimen.stain_batch or NOT_RECORDED),
        ("Collected", moment(specimen.collected_at, zone)),
        ("Received", moment(specimen.received_at, zone)),
        ("Imaged", moment(specimen.imaged_at, zone)),
    ]


def write_clinical(
    sheet: Sheet, clinical: ClinicalSummary | None, specimen: SpecimenDetails | None
) -> None:
    """Write the latest work-up and why the examination was asked for."""
    if clinical is None and specimen is None:
        return
    day = f", {clinical.observed_on.isoformat()}" if clinical else ""
    sheet.heading(f"Clinical details{day}")
    if clinical is None:
        sheet.paragraph("No clinical details are recorded.", BODY)
    else:
        readings = [(r.label, measured(r.value, r.unit)) for r in clinical.readings]
        write_facts(sheet, readings, columns=4)
    texts = [fact for fact in _clinical_texts(clinical) + _specimen_texts(specimen) if fact[1]]
    short = [fact for fact in texts if len(sheet.lines(fact[1], WIDTH / 2 - 2)) <= 2]
    write_facts(sheet, short, columns=2)
    for label, text in texts:
        if (label, text) not in short:
            sheet.need(3.3 + 2 * BODY.line)
            sheet.put(LEFT, sheet.cursor + 2.6, label, LABEL)
            sheet.cursor += 3.3
            sheet.paragraph(text, gap=1.3)


def _clinical_texts(clinical: ClinicalSummary | None) -> list[Fact]:
    if clinical is None:
        return []
    return [
        ("Symptoms", ", ".join(clinical.symptoms) or NOT_RECORDED),
        ("Organ enlargement", ", ".join(clinical.organ_enlargement) or NOT_RECORDED),
        ("Immunophenotype", clinical.immunophenotype or NOT_RECORDED),
        ("Treatment phase", clinical.treatment_phase or NOT_RECORDED),
        ("Clinical notes", clinical.notes),
    ]


def _specimen_texts(specimen: SpecimenDetails | None) -> list[Fact]:
    if specimen is None:
        return []
    return [("Indication", specimen.indication), ("Notes on the examination", specimen.notes)]


def write_box(
    sheet: Sheet, title: str, sentences: Sequence[str], *, alarm: bool, inset: float = 4.0
) -> None:
    """Write something that must not be overlooked in a tinted box."""
    colour: Colour = ALARM if alarm else NOTICE
    body = Type(9)
    width = WIDTH - inset - 9.0
    lines = sheet.clipped("\n".join(text for text in sentences if text), width, 24, body)
    height = 7.6 + len(lines) * body.line + 1.4
    sheet.need(height)
    top = sheet.cursor
    sheet.panel(LEFT, top, WIDTH, height, ALARM_SHADE if alarm else NOTICE_SHADE, colour)
    if alarm:
        draw_cross(sheet, LEFT + inset, top + 5.2, 2.8, colour)
    sheet.put(
        LEFT + inset + (4.4 if alarm else 0.0), top + 5.2, title, Type(10, bold=True, colour=colour)
    )
    sheet.write_lines(LEFT + inset + (4.4 if alarm else 0.0), top + 7.2, lines, body)
    sheet.cursor = top + height + 3.0


def write_warnings(sheet: Sheet, field: FieldEntry, heading: Heading) -> None:
    """Write what the reader must know first: a failed gate, who went on, no analysis."""
    if not field.quality.passed:
        sentences = gate_sentences(field)
        if field.override is not None:
            sentences.append(override_sentence(field, heading))
        write_box(sheet, "This image failed the quality gate", sentences, alarm=True)
    if state := state_sentence(field):
        write_box(sheet, "Not analysed", [state], alarm=True)


def override_sentence(field: FieldEntry, heading: Heading) -> str:
    """Say who went on with a failed image, when and why."""
    if field.override is None:
        return ""
    over = field.override
    return f"{over.by} went on nevertheless, {moment(over.at, heading.zone)}: {over.reason}"


def write_provenance(
    sheet: Sheet, model: ModelStamp | None, analysed: Fact, heading: Heading
) -> None:
    """Write which network gave the suggestions, on what, with which thresholds.

    Args:
        sheet: at whose cursor.
        model: None where nothing was analysed.
        analysed: when, or how much, it was used for.
        heading: for the version of the software.
    """
    sheet.heading("Where this comes from", keep=34)
    software = ("Report by", f"Scopeside {heading.software}")
    if model is None:
        write_facts(sheet, [software], columns=3)
        return
    sentence = VERIFIED_HERE if model.verified_here else NOT_VERIFIED_HERE
    sheet.paragraph(sentence, Type(9, bold=not model.verified_here), gap=1.0)
    low, high = model.thresholds
    facts = [
        ("Classifier", model.id),
        ("Runs on", model.runtime),
        ("Thresholds", f"normal below {low:g}, blast from {high:g}"),
        ("Pipeline version", model.pipeline),
        analysed,
        software,
    ]
    write_facts(sheet, facts, columns=3)
    write_facts(sheet, [("SHA-256 of the classifier", model.sha256), *_site_head(model)], columns=1)


def _site_head(model: ModelStamp) -> list[Fact]:
    """Name the laboratory's own head, whose probabilities and thresholds these are."""
    if model.site_head is None:
        return []
    head = model.site_head
    words = f"fitted to {head.cells} verified cells on {head.date}, SHA-256 {head.sha256}"
    return [("Site head", words)]


def write_file(sheet: Sheet, field: FieldEntry) -> None:
    """Write which file the image came from and what was done on reading it."""
    page = f", image {field.page + 1} of {field.pages}" if field.pages > 1 else ""
    scale = f"{field.um_per_px:.4g} µm per pixel" if field.um_per_px else "not known"
    facts = [
        ("Image file", f"{field.name}{page}"),
        ("Size", f"{field.width} x {field.height} pixels"),
        ("Scale", scale),
    ]
    sheet.need(16.0)
    write_facts(sheet, facts, columns=3)
    whole = [("SHA-256 of the original file", field.sha256)]
    if field.notes:
        whole.append(("Done on reading the file", " ".join(field.notes)))
    write_facts(sheet, whole, columns=1)


def write_acts(sheet: Sheet, acts: Sequence[Act], heading: Heading) -> None:
    """Write who did what, oldest first."""
    if not acts:
        return
    sheet.heading("Who did what", keep=14)
    for act in sorted(acts, key=lambda a: a.at):
        lines = sheet.clipped(act.what, RIGHT - LEFT - 92, 6, SMALL)
        sheet.need(len(lines) * SMALL.line + 1.0)
        top = sheet.cursor
        sheet.put(LEFT, top + SMALL.line * 0.76, moment(act.at, heading.zone), SMALL)
        sheet.put_within(LEFT + 38, top + SMALL.line * 0.76, act.who, 50, SMALL)
        sheet.cursor = sheet.write_lines(LEFT + 92, top, lines, Type(7.5, colour=INK)) + 0.8
