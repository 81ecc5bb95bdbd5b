"""The audit log of a period, or of a person, without looking at every entry."""


def up(migrator, db):
    migrator.migrate(
        migrator.add_index("audit_event", ("at",)),
        migrator.add_index("audit_event", ("actor_id", "at")),
    )
