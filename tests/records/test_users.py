import pytest
from peewee import Database

from appliance.errors import Conflict, InvalidInput
from appliance.permissions import Role
from appliance.records import audit, revisions, users
from appliance.records.tables import User


def test_a_user_name_is_kept_in_lower_case_and_found_however_typed(database: Database):
    row = users.add(" Olga.T ", "Olga Tamm", Role.TECHNICIAN, "hash", None)
    assert row.username == "olga.t"
    assert users.by_username(" OLGA.t") == row
    assert users.by_username("nobody") is None


def test_a_user_name_is_taken_once(olga: User):
    with pytest.raises(InvalidInput) as refused:
        users.add("OLGA", "Another Olga", Role.CLINICIAN, "hash", None)
    assert refused.value.fields == {"username": "The user name olga is taken."}


@pytest.mark.parametrize("username", ["", "o", "-olga", "ol ga", "olgä", "x" * 41, "../olga"])
def test_a_user_name_that_could_be_mistyped_is_refused(database: Database, username: str):
    with pytest.raises(InvalidInput) as refused:
        users.add(username, "Olga Tamm", Role.TECHNICIAN, "hash", None)
    assert set(refused.value.fields) == {"username"}


def test_an_unknown_role_and_a_missing_name_are_refused_together(database: Database):
    with pytest.raises(InvalidInput) as refused:
        users.add("olga", " ", "director", "hash", None)
    assert set(refused.value.fields) == {"full_name", "role"}


@pytest.mark.parametrize("name", ["王小明", "मीरा देशपांडे", "أولغا"])
def test_a_full_name_in_any_script_is_kept(database: Database, name: str):
    assert users.get(users.add("someone", name, Role.CLINICIAN, "h", None).id).full_name == name


def test_who_adds_themself_stands_in_the_history_as_author(olga: User):
    (first,) = revisions.history("user", olga.id)
    assert (first.author_id, first.author_name) == (olga.id, "Olga Tamm")


def test_an_administrator_who_adds_somebody_stands_in_the_log(adam: User, actor_of):
    row = users.add("nina", "Nina Berg", Role.CLINICIAN, "hash", actor_of(adam))
    event = audit.recent(1).rows[0]
    assert (event.actor_id, event.action, event.subject_id) == (adam.id, "user:add", str(row.id))


def test_a_change_is_a_revision(olga: User, adam: User, actor_of):
    changed = users.change(olga.id, 1, actor_of(adam), full_name="Olga Tamm-Berg")
    assert (changed.revision, users.get(olga.id).full_name) == (2, "Olga Tamm-Berg")
    assert [c.field for c in users.history(olga.id)[0].changes] == ["full_name"]


def test_a_change_of_what_somebody_else_changed_is_refused(olga: User, adam: User, actor_of):
    users.change(olga.id, 1, actor_of(adam), full_name="Olga T.")
    with pytest.raises(Conflict):
        users.change(olga.id, 1, actor_of(adam), role=Role.CLINICIAN)


def test_a_change_to_something_impossible_is_refused(olga: User, adam: User, actor_of):
    with pytest.raises(InvalidInput):
        users.change(olga.id, 1, actor_of(adam), role="director")
    assert users.get(olga.id).revision == 1


def test_everyone_is_listed_active_ones_first(olga: User, hana: User, adam: User, actor_of):
    users.change(adam.id, 1, actor_of(adam), disabled=True)
    assert [row.username for row in users.everyone()] == ["hana", "olga", "adam"]


def test_there_is_no_administrator_until_there_is_one(olga: User, request):
    assert not users.any_administrator()
    adam = request.getfixturevalue("adam")
    assert users.any_administrator()
    assert users.active_administrators() == [adam]


def test_a_user_acts_under_name_role_and_address(hana: User):
    actor = users.actor_of(hana, "10.0.0.7")
    assert (actor.user_id, actor.name, actor.role) == (hana.id, "Hana Sato", "clinician")
    assert actor.address == "10.0.0.7"
