"""Machines that do steps in any order, on a copy of the records that is theirs alone."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine
from peewee import IntegrityError

from appliance.errors import ApplianceError
from appliance.records.database import close, open_database
from appliance.records.schema import ALL


class OwnRecords(RuleBasedStateMachine):
    """Opens a copied file of migrated records, and removes it at the end."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (ApplianceError, IntegrityError)
    """What a write may end with, as long as it leaves nothing behind."""

    def __init__(self, template: Path, make_analysis: Callable[..., Any]) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(template, self.folder / "records.sqlite3")
        self.database = open_database(self.folder / "records.sqlite3")
        self.database.execute_sql("PRAGMA synchronous = off")
        self.make_analysis = make_analysis

    def teardown(self) -> None:
        close()
        shutil.rmtree(self.folder)

    def attempt(self, write: Callable[[], object]) -> None:
        """Do one thing; whatever refuses it must leave nothing behind."""
        before = self.everything()
        try:
            write()
        except self.refusals:
            assert self.everything() == before

    def everything(self) -> list[Any]:
        names = [table._meta.table_name for table in ALL]
        return [self.database.execute_sql(f'SELECT * FROM "{n}"').fetchall() for n in names]
