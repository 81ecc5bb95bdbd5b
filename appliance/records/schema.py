"""Every table there is, for migrations to be compared with."""

from peewee import Model

from appliance.records import index_tables, review_tables, tables

ALL: tuple[type[Model], ...] = (
    tables.User,
    tables.Patient,
    tables.ClinicalDetails,
    tables.Examination,
    tables.ModelRelease,
    tables.FieldImage,
    tables.Cell,
    review_tables.Reading,
    review_tables.CellDisplay,
    review_tables.CellDecision,
    review_tables.Conclusion,
    review_tables.Amendment,
    review_tables.ReportVersion,
    review_tables.Signature,
    review_tables.ReportOpening,
    review_tables.PatientMerge,
    review_tables.SiteVerification,
    review_tables.CellShadow,
    review_tables.Replay,
    tables.Revision,
    tables.AuditEvent,
    tables.OutboxEntry,
    index_tables.PatientIndex,
    index_tables.ExaminationIndex,
)
