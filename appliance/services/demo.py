"""Makes a demo lab: people, patients and examinations on drawn slides, read by the real pipeline.

Everything in it is drawn or invented, and marked SIMULATED wherever it is shown.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from appliance import clock
from appliance.errors import Conflict
from appliance.permissions import Role
from appliance.records import clinical, examinations, fields, patients, users
from appliance.review_vocabulary import Finding
from appliance.services import demo_reading
from appliance.services.accounts import Accounts
from appliance.services.analysis import AnalysisService
from appliance.services.capture import CaptureService
from appliance.services.population import Pattern, Staff, populate
from appliance.services.review import Review
from appliance.settings import FILE_NAME
from appliance.vocabulary import Actor, Pixels, Sex, Specimen, Stain
from firmware_hooks.slides import DrawnCell, draw_field, light_up, mix_stain

LOG_INS = "log-ins.txt"
_UM_PER_PX = 0.13


@dataclass(frozen=True)
class _Person:
    username: str
    full_name: str
    role: Role


_STAFF = (
    _Person("olga", "Olga Tamm", Role.TECHNICIAN),
    _Person("hana", "Hana Sato", Role.CLINICIAN),
    _Person("adam", "Adam Okoye", Role.ADMINISTRATOR),
)


@dataclass(frozen=True)
class _Case:
    patient: dict[str, Any]
    findings: dict[str, Any]
    specimen: Specimen
    stain: Stain
    indication: str
    seed: int
    fields: tuple[tuple[int, int], ...]
    """White cells and blasts among them, field by field."""
    submitted: bool = False
    """Whether the technician has read it."""
    conclusion: dict[str, Any] | None = None
    """What the clinician has signed."""


_CASES = (
    _Case(
        patient={
            "medical_record_number": "SIM-1001",
            "family_name": "Okafor",
            "given_name": "Adaeze",
            "sex": Sex.FEMALE,
            "birth_date": date(2020, 3, 14),
        },
        findings={
            "haemoglobin_g_per_l": 71.0,
            "white_cells_10e9_per_l": 48.2,
            "platelets_10e9_per_l": 23.0,
            "blood_blasts_percent": 62.0,
            "lactate_dehydrogenase_u_per_l": 1240.0,
            "symptoms": ["fatigue", "fever", "petechiae", "bone-pain"],
            "organ_enlargement": ["liver", "spleen", "lymph-nodes"],
            "immunophenotype": "CD19+, CD10+, CD34+, TdT+ (invented)",
            "treatment_phase": "untreated",
        },
        specimen=Specimen.MARROW,
        stain=Stain.MAY_GRUNWALD_GIEMSA,
        indication="Pancytopenia with circulating blasts",
        seed=101,
        fields=((14, 11), (12, 8), (13, 10)),
    ),
    _Case(
        patient={
            "medical_record_number": "SIM-1002",
            "family_name": "Lindqvist",
            "given_name": "Nils",
            "sex": Sex.MALE,
            "birth_date": date(1992, 8, 2),
        },
        findings={
            "haemoglobin_g_per_l": 139.0,
            "white_cells_10e9_per_l": 12.4,
            "platelets_10e9_per_l": 265.0,
            "symptoms": ["fever"],
            "treatment_phase": "",
        },
        specimen=Specimen.BLOOD,
        stain=Stain.WRIGHT,
        indication="Lymphocytosis, viral infection?",
        seed=202,
        fields=((8, 0), (9, 0)),
        submitted=True,
        conclusion={
            "finding": Finding.NO_BLASTS,
            "text": "Reactive lymphocytes, no blasts among the cells read. (Invented.)",
            "critical": False,
        },
    ),
    _Case(
        patient={
            "medical_record_number": "SIM-1003",
            "family_name": "देशपांडे",
            "given_name": "मीरा",
            "sex": Sex.FEMALE,
            "birth_date": date(2017, 11, 23),
        },
        findings={
            "haemoglobin_g_per_l": 104.0,
            "white_cells_10e9_per_l": 2.9,
            "platelets_10e9_per_l": 88.0,
            "marrow_blasts_percent": 4.0,
            "symptoms": ["pallor"],
            "treatment_phase": "induction",
        },
        specimen=Specimen.MARROW,
        stain=Stain.LEISHMAN,
        indication="Day 33 of induction",
        seed=303,
        fields=((10, 2), (9, 1), (11, 2)),
        submitted=True,
    ),
)


_PATTERN = _Case(
    patient={
        "medical_record_number": "SIM-1000",
        "family_name": "Patternmaker",
        "given_name": "",
        "sex": Sex.UNKNOWN,
        "birth_date": None,
    },
    findings={},
    specimen=Specimen.BLOOD,
    stain=Stain.WRIGHT,
    indication="Drawn slides that many invented examinations share",
    seed=404,
    fields=((4, 0), (4, 1), (5, 3), (4, 4), (5, 0), (4, 2)),
)


def prepare(data: Path, fill: Callable[[Path], str]) -> str:
    """Return the log-ins of the demo lab in a folder, made first where there is none.

    Made under another name and renamed, so that an interrupted start leaves no half of a lab.

    Args:
        data: the folder.
        fill: makes the lab in the folder it is given and returns the log-ins to print.

    Raises:
        Conflict: the folder holds something else; real records are never mixed with drawn ones.
    """
    if not (data / LOG_INS).exists():
        if data.exists() and any(data.iterdir()):
            raise Conflict(
                f"{data} is not a demo lab, so none is made in it",
                advice="Name an empty folder: scopeside demo --data FOLDER",
            )
        unfinished = data.with_name(f"{data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        (unfinished / FILE_NAME).write_text('place = "Demo bench"\nsimulated = true\n', "utf-8")
        log_ins = unfinished / LOG_INS
        log_ins.touch(mode=0o600)
        log_ins.write_text(fill(unfinished), "utf-8")
        unfinished.rename(data)
    return (data / LOG_INS).read_text("utf-8")


def fill(
    accounts: Accounts,
    capture: CaptureService,
    analysis: AnalysisService,
    *,
    say: Callable[[str], object],
    review: Review | None = None,
) -> str:
    """Write the people and the three examinations; return the log-ins, with new passwords.

    With `review`, one of the three is to be read, one is submitted and one is signed; without it
    all are to be read.
    """
    staff = _hire(accounts)
    technician, _ = staff["olga"]
    clinician, password = staff["hana"]
    for number, case in enumerate(_CASES, start=1):
        say(f"Drawing and reading examination {number} of {len(_CASES)} …")
        examination_id, truths = _examine(case, capture, technician)
        while analysis.run_next():
            pass
        if review is not None and case.submitted:
            demo_reading.submit(examination_id, truths, technician)
        if review is not None and case.conclusion:
            demo_reading.sign(examination_id, case.conclusion, review, password, clinician)
    return "\n".join(
        f"  {person.role.value:14} {person.username:6} {staff[person.username][1]}"
        for person in _STAFF
    )


def fill_up(
    count: int,
    capture: CaptureService,
    analysis: AnalysisService,
    *,
    say: Callable[[str], object],
) -> None:
    """Invent examinations until the lab has `count`, all signed by the demo's staff, all simulated.

    Some two minutes for 100,000 on one core. What is there already is not doubled.

    Raises:
        Conflict: the lab was filled up before, to a smaller number.
    """
    there = sum(examinations.counts().values())
    if there >= count:
        return
    if there > len(_CASES):
        raise Conflict(
            f"This demo lab has {there:,} examinations already",
            advice="Name an empty folder: scopeside demo --data FOLDER --examinations N",
        )
    staff = Staff(_actor("olga"), _actor("hana"))
    say("Drawing and reading the slides that all others are copies of …")
    patterns = _patterns(capture, analysis, staff.technician)
    populate(count - there - 1, patterns, staff, say=say)


def _actor(username: str) -> Actor:
    user = users.by_username(username)
    if user is None:
        raise Conflict(f"This is no demo lab: nobody is called {username} in it")
    return users.actor_of(user)


def _patterns(
    capture: CaptureService, analysis: AnalysisService, technician: Actor
) -> list[Pattern]:
    """Let the real pipeline read small slides of few cells, which a large lab has room for."""
    _examine(_PATTERN, capture, technician, width=640, height=480)
    while analysis.run_next():
        pass
    (listed,) = examinations.find(examinations.Query(text=_PATTERN.patient["family_name"]))
    rows = fields.of_examination(listed.examination.id)
    return [_thinned(Pattern(row, fields.cells_of(row.id))) for row in rows if row.analysed_at]


def _thinned(pattern: Pattern) -> Pattern:
    """Leave out what only takes room: most points of the outlines, most lines of the passport."""
    pattern.field.quality = pattern.field.quality[:2]
    for cell in pattern.cells:
        cell.nucleus = cell.nucleus[:: max(1, len(cell.nucleus) // 10)]
        cell.outline = None
    return pattern


def _hire(accounts: Accounts) -> dict[str, tuple[Actor, str]]:
    """Add the staff, each with a password made here and now: there is no default one."""
    staff = {}
    for person in _STAFF:
        user, password = accounts.add_demo_user(
            person.username, person.full_name, person.role.value
        )
        staff[person.username] = (users.actor_of(user), password)
    return staff


def _examine(
    case: _Case, capture: CaptureService, technician: Actor, **size: int
) -> tuple[UUID, list[Sequence[DrawnCell]]]:
    """Register a case with its fields; return the examination's id and what was drawn."""
    now = clock.now()
    patient = patients.register({**case.patient, "simulated": True}, technician)
    findings = {"observed_on": (now - timedelta(days=1)).date(), **case.findings}
    clinical.add(patient.id, findings, technician)
    examination = examinations.create(
        patient.id,
        {
            "accession_number": examinations.next_accession_number(),
            "specimen": case.specimen,
            "stain": case.stain,
            "collected_at": now - timedelta(hours=5),
            "received_at": now - timedelta(hours=3),
            "objective": "100x oil (drawn)",
            "um_per_px": _UM_PER_PX,
            "indication": case.indication,
            "simulated": True,
        },
        technician,
    )
    truths: list[Sequence[DrawnCell]] = []
    for index, (cells, blasts) in enumerate(case.fields):
        drawn = draw_field(
            case.seed + index,
            cells=cells,
            blasts=blasts,
            stain=mix_stain(case.seed),
            light=light_up(case.seed),
            um_per_px=_UM_PER_PX,
            **size,
        )
        name = f"simulated-field-{index + 1}.jpg"
        capture.add_file(examination.id, name, _as_camera_file(drawn.pixels), by=technician)
        truths.append(drawn.truth)
    return examination.id, truths


def _as_camera_file(pixels: Pixels) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=93)
    return file.getvalue()
