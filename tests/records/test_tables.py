from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from peewee import Database

from appliance.records.tables import AuditEvent, ModelRelease, User
from appliance.vocabulary import Suggestion

HALF_PAST_FOUR = datetime(2026, 1, 2, 4, 30, 15, 250, tzinfo=UTC)


@pytest.fixture
def user(database: Database) -> User:
    return User.create(username="x", full_name="X", role="technician", password_hash="h")


def test_a_moment_comes_back_as_it_went_in_whatever_its_time_zone(user: User):
    user.locked_until = HALF_PAST_FOUR.astimezone(timezone(timedelta(hours=5, minutes=30)))
    user.save()
    assert User.get().locked_until == HALF_PAST_FOUR
    assert User.get().locked_until.utcoffset() == timedelta(0)


def test_a_moment_without_time_zone_cannot_be_kept(user: User):
    user.locked_until = datetime(2026, 1, 2)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        user.save()


def test_moments_sort_as_they_follow_each_other(database: Database):
    moments = [HALF_PAST_FOUR + timedelta(microseconds=step) for step in (0, 1, 999_999, 10**7)]
    for number, moment in enumerate(reversed(moments)):
        User.create(
            username=str(number), full_name="", role="", password_hash="", last_login_at=moment
        )
    found = [row.last_login_at for row in User.select().order_by(User.last_login_at)]
    assert found == moments
    assert User.select().where(User.last_login_at > moments[1]).count() == 2


def test_equal_values_are_equal_text(database: Database):
    for sha256, card in (("1", {"a": 1, "b": [2]}), ("2", {"b": [2], "a": 1})):
        ModelRelease.create(name="m", sha256=sha256, card=card)
    stored = database.execute_sql("SELECT DISTINCT card FROM model_release").fetchall()
    assert stored == [('{"a": 1, "b": [2]}',)]


def test_values_of_any_script_and_numpy_numbers_come_back_plain(database: Database):
    card = {"name": "मीरा", "accuracy": np.float32(0.5), "kind": Suggestion.BLAST}
    ModelRelease.create(name="m", sha256="1", card=card)
    assert ModelRelease.get().card == {"name": "मीरा", "accuracy": 0.5, "kind": "blast"}


def test_what_json_cannot_say_is_refused(database: Database):
    with pytest.raises(TypeError, match="set is not a JSON value"):
        ModelRelease.create(name="m", sha256="1", card={"classes": {"blast"}})


def test_ids_are_made_in_the_order_of_birth():
    ids = [User().id for _ in range(100)]
    assert ids == sorted(ids)
    assert ids[0].version == 7


def test_the_log_has_no_id_but_a_number():
    assert AuditEvent._meta.primary_key.name == "sequence"
