"""Changes a record from a posted form, so that nothing typed is lost and the last change undone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, InvalidInput
from appliance.records.revisions import Version
from webui import histories
from webui.access import actor
from webui.forms import Entries, Form
from webui.histories import Shown, Step
from webui.notices import Undo, notice


def _as_it_is(error: InvalidInput) -> InvalidInput:
    return error


@dataclass(frozen=True)
class Changing:
    """How one kind of record is changed on its page."""

    called: str
    """As a sentence begins: "The patient"."""
    read: Callable[[Entries, Any], dict[str, Any]]
    """Takes the values out of the form; given the record as it stands, too."""
    change: Callable[..., Any]
    """Of the records: (id, values, revision, actor, reason), returns the record."""
    versions: Callable[[UUID], list[Version]]
    entries: tuple[str, ...]
    """Columns that a change may have touched."""
    shown: Mapping[str, Shown]
    page: Callable[[Any, Form, list[Step]], str]
    """The form again, with what others did in between."""
    take_back: Callable[[UUID], str]
    """Address that undoes the last change."""
    done: Callable[[Any], str]
    """Address where it leads."""
    at_field: Callable[[InvalidInput], InvalidInput] = _as_it_is
    """Brings what the records refuse to the fields that the form has."""

    def take(self, row: Any) -> ResponseReturnValue:
        """Change the record that was opened; what somebody else did in between is shown."""
        entries = Entries(request.form)
        revision, reason = entries.whole("revision"), entries.text("reason", longest=1000)
        try:
            values = self.read(entries, row)
            changed = self.change(row.id, values, revision, actor(), reason)
        except InvalidInput as error:
            return self.page(row, entries.refused(self.at_field(error)), []), 422
        except Conflict:
            if row.revision == revision:
                raise  # nobody changed it: it takes no changes, and says so itself
            others = histories.since(self.versions(row.id), self.shown, revision)
            return self.page(row, entries.as_typed(revision=row.revision), others), 409
        self._say(changed, revision)
        return redirect(self.done(changed), 303)

    def undo(self, row_id: UUID) -> ResponseReturnValue:
        """Put back what the last change replaced."""
        revision = Entries(request.form).whole("revision")
        values = histories.before(self.versions(row_id), revision, self.entries)
        changed = self.change(row_id, values, revision, actor(), "Undone")
        notice("The change is undone.")
        return redirect(self.done(changed), 303)

    def _say(self, changed: Any, revision: int) -> None:
        if changed.revision == revision:
            notice("Nothing differed, so nothing was changed.")
            return
        undo = Undo(self.take_back(changed.id), {"revision": str(changed.revision)})
        is_or_are = "are" if self.called.endswith("s") else "is"
        notice(f"{self.called} {is_or_are} changed.", undo=undo)
