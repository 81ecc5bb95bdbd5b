"""An appliance and a bench that several tests of services share."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from appliance.records.database import close
from appliance.records.tables import User
from appliance.services.accounts import Accounts
from appliance.services.scorecards import Scorecards
from appliance.settings import Settings
from appliance.vocabulary import Actor
from appliance.wiring import build
from tests.statistics_lab import Bench, filling


@pytest.fixture
def appliance(tmp_path, database_path, cheap_hasher):
    """A whole one on empty records; passwords are hashed cheaply."""
    settings = Settings(data=tmp_path, min_free_mb=0, login_failures=3, lock_minutes=15)
    yield build(settings, hasher=cheap_hasher)
    close()


@pytest.fixture
def bench(database, olga, hana):
    """What fills records with cases that were read and signed."""
    with filling():
        yield Bench(olga, hana)


@pytest.fixture
def counting():
    """Scorecards that count anew."""
    return Scorecards(decision_limit=0.2)


@pytest.fixture
def accounts(cheap_hasher: PasswordHasher) -> Accounts:
    """The people's accounts, locked after three failures; passwords are hashed cheaply."""
    return Accounts(login_failures=3, lock_minutes=15, hasher=cheap_hasher)


@pytest.fixture
def by(adam: User, actor_of: Callable[[User], Actor]) -> Actor:
    """Adam at the bench."""
    return actor_of(adam)
