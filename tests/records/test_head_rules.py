"""What the database refuses of site heads, whoever writes the SQL."""

import pytest
from peewee import IntegrityError

from appliance.errors import Conflict
from appliance.records import head_rules, site_verifications
from appliance.records.review_tables import CellShadow, SiteVerification
from appliance.review_vocabulary import VerificationState as State

STEP = "revision = revision + 1"


@pytest.fixture
def head(by):
    """A head that was fitted."""
    row = site_verifications.want("a" * 64, by)
    cells = {"blast": 20, "normal": 20, "examinations": 3}
    site_verifications.fitted(row.id, "b" * 64, cells, {"network": {}})
    return site_verifications.get(row.id)


@pytest.fixture
def sql(database):
    return lambda statement, *values: database.execute_sql(statement, values)


def to(sql, state, more=""):
    sql(f"UPDATE site_verification SET {STEP}, state = ?{more}", state)


def test_every_rule_has_its_own_name_and_a_sentence():
    rules = list(head_rules.every())
    assert len({(rule.table, rule.name) for rule in rules}) == len(rules)
    assert all(rule.sentence and "'" not in rule.sentence for rule in rules)


@pytest.mark.parametrize("state", [State.WANTED, State.REFUSED, State.RETIRED, State.ACTIVE])
def test_a_fitted_head_is_tried_next_and_nothing_else(head, sql, state):
    with pytest.raises(IntegrityError, match=r"no such step|never tried"):
        to(sql, state, ", switch_reason = 'why', switched_by_id = requested_by_id")
    to(sql, State.SHADOW)


def test_what_was_never_tried_is_not_in_use(head, sql, by):
    site_verifications.try_in_shadow(head.id, head.revision, by)
    with pytest.raises(IntegrityError, match="never tried"):
        to(sql, State.ACTIVE, ", switch_reason = 'why', switched_by_id = requested_by_id")


def test_a_switch_has_a_reason_and_somebody_who_answers_for_it(head, sql, by):
    tried = site_verifications.try_in_shadow(head.id, head.revision, by)
    with pytest.raises(IntegrityError, match="somebody who answers"):
        SiteVerification.create(model_sha256="a" * 64, state=State.ACTIVE, requested_by=by.user_id)
    with pytest.raises(Conflict, match="No coming cell"):
        site_verifications.switch_on(tried.id, tried.revision, "Looks good to me", by)
    site_verifications.accept_network(tried.id, tried.revision, "Its figures suffice", by)
    own = site_verifications.in_use()
    site_verifications.switch_off(own.id, own.revision, "The lamp is new", by)
    with pytest.raises(IntegrityError, match="somebody who answers"):
        sql(
            f"UPDATE site_verification SET {STEP}, state = 'active', switch_reason = ''"
            " WHERE head_sha256 = ''"
        )


def test_one_head_is_on_trial_and_one_in_use(head, sql, by):
    tried = site_verifications.try_in_shadow(head.id, head.revision, by)
    other = site_verifications.want("a" * 64, by)
    site_verifications.fitted(other.id, "c" * 64, tried.cells, {"network": {}})
    other = site_verifications.get(other.id)
    with pytest.raises(IntegrityError, match="one head is in use"):
        sql(f"UPDATE site_verification SET {STEP}, state = 'shadow' WHERE state = 'fitted'")
    site_verifications.try_in_shadow(other.id, other.revision, by)
    assert site_verifications.get(tried.id).state == State.RETIRED
    for _ in range(2):
        other = site_verifications.get(other.id)
        site_verifications.accept_network(other.id, other.revision, "Its figures suffice", by)
    in_use = SiteVerification.select().where(SiteVerification.state == State.ACTIVE)
    assert in_use.count() == 1


def test_a_head_begins_as_a_wish_and_is_never_exchanged(head, sql, by):
    with pytest.raises(IntegrityError, match="begins as a wish"):
        SiteVerification.create(model_sha256="a" * 64, state=State.SHADOW, requested_by=by.user_id)
    with pytest.raises(IntegrityError, match="never exchanged"):
        sql(f"UPDATE site_verification SET {STEP}, head_sha256 = ?", "d" * 64)


def test_only_a_head_on_trial_is_computed_in_the_shadow(head, read, field):
    said = {"cell": read(blast=1)[0].id, "suggestion": "blast", "blast_probability": 0.9}
    with pytest.raises(IntegrityError, match="on trial"):
        CellShadow.create(verification=head.id, **said)
    site_verifications.keep_shadows(head.id, field.id, [])  # ended in between: takes no more
    assert not site_verifications.shadowed(head.id)
