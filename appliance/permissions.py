"""Who may do what: one list of permissions, one table of roles. No framework in here."""

from enum import StrEnum


class Permission(StrEnum):
    """scope:action, kept in alphabetical order."""

    AUDIT_READ = "audit:read"
    CLINICAL_WRITE = "clinical:write"
    EXAMINATION_CREATE = "examination:create"
    EXAMINATION_READ = "examination:read"
    FIELD_ADD = "field:add"
    FIELD_OVERRIDE = "field:override"
    PATIENT_READ = "patient:read"
    PATIENT_WRITE = "patient:write"
    REPORT_READ = "report:read"
    SYSTEM_READ = "system:read"
    USER_MANAGE = "user:manage"


DESCRIPTIONS: dict[Permission, str] = {
    Permission.AUDIT_READ: "Read the audit log",
    Permission.CLINICAL_WRITE: "Enter and change clinical details",
    Permission.EXAMINATION_CREATE: "Register an examination",
    Permission.EXAMINATION_READ: "See examinations, their images and cells",
    Permission.FIELD_ADD: "Add images to an examination",
    Permission.FIELD_OVERRIDE: "Go on with an image that failed the quality gate",
    Permission.PATIENT_READ: "See patients and their clinical details",
    Permission.PATIENT_WRITE: "Register and change patients",
    Permission.REPORT_READ: "Open and print reports",
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
        Permission.SYSTEM_READ,
    }
)

ROLES: dict[Role, frozenset[Permission]] = {
    Role.TECHNICIAN: _READING
    | {
        Permission.CLINICAL_WRITE,
        Permission.EXAMINATION_CREATE,
        Permission.FIELD_ADD,
        Permission.FIELD_OVERRIDE,
        Permission.PATIENT_WRITE,
    },
    Role.CLINICIAN: _READING | {Permission.CLINICAL_WRITE, Permission.FIELD_OVERRIDE},
    # An administrator runs the device and helps with records, but writes nothing clinical.
    Role.ADMINISTRATOR: _READING | {Permission.AUDIT_READ, Permission.USER_MANAGE},
}


def allowed(role: Role, permission: Permission) -> bool:
    """Say whether the role carries the permission."""
    return permission in ROLES[role]
