"""Who may do what: one list of permissions, one table of roles. No framework in here."""

from enum import StrEnum


class Permission(StrEnum):
    """scope:action, kept in alphabetical order."""

    AUDIT_READ = "audit:read"
    CELL_DECIDE = "cell:decide"
    CLINICAL_WRITE = "clinical:write"
    CONCLUSION_WRITE = "conclusion:write"
    EXAMINATION_CANCEL = "examination:cancel"
    EXAMINATION_CREATE = "examination:create"
    EXAMINATION_READ = "examination:read"
    EXAMINATION_VOID = "examination:void"
    FIELD_ADD = "field:add"
    FIELD_OVERRIDE = "field:override"
    MODEL_SWITCH = "model:switch"
    PATIENT_MERGE = "patient:merge"
    PATIENT_PROTECT = "patient:protect"
    PATIENT_READ = "patient:read"
    PATIENT_WRITE = "patient:write"
    READING_ADJUDICATE = "reading:adjudicate"
    READING_SECOND = "reading:second"
    REPLAY_RUN = "replay:run"
    REPORT_READ = "report:read"
    REPORT_SIGN = "report:sign"
    SITE_VERIFY = "site:verify"
    STATISTICS_READ = "statistics:read"
    SYSTEM_READ = "system:read"
    USER_MANAGE = "user:manage"


DESCRIPTIONS: dict[Permission, str] = {
    Permission.AUDIT_READ: "Read the audit log",
    Permission.CELL_DECIDE: "Call cells, add, merge and split them, submit a reading",
    Permission.CLINICAL_WRITE: "Enter and change clinical details",
    Permission.CONCLUSION_WRITE: "Write the conclusion of an examination",
    Permission.EXAMINATION_CANCEL: "Cancel an examination that is not signed",
    Permission.EXAMINATION_CREATE: "Register an examination",
    Permission.EXAMINATION_READ: "See examinations, their images and cells",
    Permission.EXAMINATION_VOID: "Mark a signed examination as entered in error",
    Permission.FIELD_ADD: "Add images to an examination",
    Permission.FIELD_OVERRIDE: "Go on with an image that failed the quality gate",
    Permission.MODEL_SWITCH: "Switch a site head on or off",
    Permission.PATIENT_MERGE: "Merge two registrations of one patient, and undo it",
    Permission.PATIENT_PROTECT: "Protect a patient's records from deletion, and lift it",
    Permission.PATIENT_READ: "See patients and their clinical details",
    Permission.PATIENT_WRITE: "Register and change patients",
    Permission.READING_ADJUDICATE: "Settle what readers call differently, waive a second reading",
    Permission.READING_SECOND: "Read a second time, blind",
    Permission.REPLAY_RUN: "Compute a past result again",
    Permission.REPORT_READ: "Open and print reports",
    Permission.REPORT_SIGN: "Sign, amend and correct reports",
    Permission.SITE_VERIFY: "Verify the model at this microscope: fit a site head, try it",
    Permission.STATISTICS_READ: "See the scorecard",
    Permission.SYSTEM_READ: "See the state of the device",
    Permission.USER_MANAGE: "Add, change and disable users, reset passwords",
}


class Role(StrEnum):
    """What a person is in the laboratory."""

    TECHNICIAN = "technician"
    CLINICIAN = "clinician"
    ADMINISTRATOR = "administrator"


_READING = frozenset(
    {
        Permission.EXAMINATION_READ,
        Permission.PATIENT_READ,
        Permission.REPORT_READ,
        Permission.STATISTICS_READ,
        Permission.SYSTEM_READ,
    }
)

ROLES: dict[Role, frozenset[Permission]] = {
    Role.TECHNICIAN: _READING
    | {
        Permission.CELL_DECIDE,
        Permission.CLINICAL_WRITE,
        Permission.EXAMINATION_CANCEL,
        Permission.EXAMINATION_CREATE,
        Permission.FIELD_ADD,
        Permission.FIELD_OVERRIDE,
        Permission.PATIENT_WRITE,
        Permission.READING_SECOND,
        Permission.SITE_VERIFY,
    },
    Role.CLINICIAN: _READING
    | {
        Permission.CELL_DECIDE,
        Permission.CLINICAL_WRITE,
        Permission.CONCLUSION_WRITE,
        Permission.EXAMINATION_CANCEL,
        Permission.EXAMINATION_VOID,
        Permission.FIELD_OVERRIDE,
        Permission.PATIENT_MERGE,
        Permission.PATIENT_PROTECT,
        Permission.READING_ADJUDICATE,
        Permission.READING_SECOND,
        Permission.REPLAY_RUN,
        Permission.REPORT_SIGN,
        Permission.SITE_VERIFY,
    },
    # An administrator runs the device and helps with records, but writes nothing clinical.
    Role.ADMINISTRATOR: _READING
    | {
        Permission.AUDIT_READ,
        Permission.MODEL_SWITCH,
        Permission.PATIENT_PROTECT,
        Permission.REPLAY_RUN,
        Permission.USER_MANAGE,
    },
}
