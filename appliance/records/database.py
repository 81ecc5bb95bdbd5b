"""Opens the database with what durability needs, and hands out transactions.

The same tables run on SQLite (the appliance) and, through a URL, on PostgreSQL (the centre).
"""

from peewee import DatabaseProxy

proxy = DatabaseProxy()
"""What the tables are bound to; `open_database` fills it."""

# FULL: a commit that returned survives a power cut; NORMAL may lose the last ones in WAL mode.
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "cache_size": -8_000,
}
