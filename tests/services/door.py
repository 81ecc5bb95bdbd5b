"""Where people sign in: somebody who tries, and what the log says of it."""

import pytest

from appliance.errors import WrongCredentials
from appliance.records import audit
from appliance.records.tables import AuditEvent
from appliance.services.accounts import Accounts

ADDRESS = "10.0.0.7"
NEW = "another set of words"


def fail(accounts: Accounts, username: str, times: int = 1) -> None:
    """Try a wrong password, and be refused each time."""
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            accounts.log_in(username, "not the password", ADDRESS)


def last(action: str) -> AuditEvent:
    """Return the newest event whose action begins so."""
    return audit.recent(1, action=action).rows[0]
