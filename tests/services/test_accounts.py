"""Who works here: the first administrator, adding, changing and disabling people."""

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from peewee import Database

from appliance.errors import Conflict, InvalidInput, NotFound, WrongCredentials
from appliance.permissions import Role
from appliance.records import database as records
from appliance.records import users
from appliance.records.tables import User
from appliance.services.accounts import Accounts
from appliance.vocabulary import Actor
from tests.services.door import ADDRESS, NEW, fail, last


class TestTheFirstAdministrator:
    def test_is_made_once(self, database: Database, accounts: Accounts):
        row = accounts.create_first_administrator("Adam", "Adam Okoye", NEW)
        assert (row.username, row.role, row.must_change_password) == (
            "adam",
            "administrator",
            False,
        )
        assert accounts.log_in("adam", NEW, ADDRESS) == row
        with pytest.raises(Conflict):
            accounts.create_first_administrator("eve", "Eve", NEW)
        assert users.by_username("eve") is None

    def test_is_made_once_by_many_at_once(self, database: Database, accounts: Accounts):
        outcomes, start = [], Barrier(6)

        def make(number: int) -> None:
            start.wait()
            try:
                outcomes.append(accounts.create_first_administrator(f"adam{number}", "Adam", NEW))
            except Conflict:
                outcomes.append(None)
            records.close()

        threads = [Thread(target=make, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcome is not None for outcome in outcomes) == [False] * 5 + [True]

    @pytest.mark.parametrize(
        ("username", "full_name", "password", "wrong"),
        [
            ("adam", "Adam", "short", "password"),
            ("adam", "", NEW, "full_name"),
            ("a", "Adam", NEW, "username"),
        ],
    )
    def test_is_refused_what_anybody_is_refused(
        self, database: Database, accounts, username, full_name, password, wrong
    ):
        with pytest.raises(InvalidInput) as refused:
            accounts.create_first_administrator(username, full_name, password)
        assert set(refused.value.fields) == {wrong}
        assert not users.any_administrator()


class TestAddingAPerson:
    def test_gives_a_one_time_password_that_must_be_changed(self, accounts: Accounts, by: Actor):
        values = {"username": "nina", "full_name": "Nina Berg", "role": "clinician"}
        row, one_time = accounts.add_user(values, by)
        assert row.must_change_password
        signed_in = accounts.log_in("nina", one_time, ADDRESS)
        changed = accounts.change_own_password(signed_in, one_time, NEW, ADDRESS)
        assert not changed.must_change_password
        accounts.log_in("nina", NEW, ADDRESS)
        fail(accounts, "nina")

    def test_keeps_the_one_time_password_nowhere(self, accounts: Accounts, by: Actor, database):
        values = {"username": "nina", "full_name": "Nina Berg", "role": "clinician"}
        _, one_time = accounts.add_user(values, by)
        written = "\n".join(database.connection().iterdump())
        assert one_time not in written

    def test_names_every_entry_that_is_wrong(self, accounts: Accounts, by: Actor):
        with pytest.raises(InvalidInput) as refused:
            accounts.add_user({"username": "adam!"}, by)
        assert set(refused.value.fields) == {"username", "full_name", "role"}

    def test_of_a_demo_lab_needs_no_change_of_password(self, accounts: Accounts, database):
        row, printed = accounts.add_demo_user("olga", "Olga Tamm", "technician")
        assert not accounts.log_in("olga", printed, ADDRESS).must_change_password
        assert row.role == Role.TECHNICIAN


class TestChangingAPerson:
    def test_with_a_new_role_ends_their_sessions(self, accounts, hana: User, by: Actor):
        changed = accounts.change_user(hana.id, {"role": "technician"}, 1, by)
        assert (changed.role, changed.session_epoch) == ("technician", hana.session_epoch + 1)

    def test_with_a_new_name_leaves_their_sessions(self, accounts, hana: User, by: Actor):
        changed = accounts.change_user(
            hana.id, {"full_name": "Hana S.", "role": "clinician"}, 1, by
        )
        assert (changed.full_name, changed.session_epoch) == ("Hana S.", 0)

    def test_takes_the_version_that_was_seen(self, accounts, hana: User, by: Actor):
        accounts.change_user(hana.id, {"full_name": "Hana S."}, 1, by)
        with pytest.raises(Conflict):
            accounts.change_user(hana.id, {"full_name": "H. Sato"}, 1, by)

    def test_that_does_not_exist_is_refused(self, accounts: Accounts, by: Actor):
        with pytest.raises(NotFound):
            accounts.change_user(uuid4(), {"full_name": "X"}, 1, by)


class TestTheLastAdministrator:
    def test_is_neither_disabled_nor_demoted(self, accounts, adam: User, by: Actor):
        with pytest.raises(Conflict, match="last active administrator"):
            accounts.disable(adam.id, by)
        with pytest.raises(Conflict, match="last active administrator"):
            accounts.change_user(adam.id, {"role": "clinician"}, 1, by)
        assert users.get(adam.id).revision == 1

    def test_is_not_the_last_once_there_is_another(self, accounts, adam: User, hana, by: Actor):
        accounts.change_user(hana.id, {"role": "administrator"}, 1, by)
        assert accounts.disable(adam.id, by).disabled
        with pytest.raises(Conflict):
            accounts.change_user(hana.id, {"role": "clinician"}, 2, by)

    def test_stays_when_two_disable_each_other_at_once(self, accounts, adam, hana, by: Actor):
        accounts.change_user(hana.id, {"role": "administrator"}, 1, by)
        outcomes, start = [], Barrier(2)

        def disable(row: User) -> None:
            start.wait()
            try:
                outcomes.append(accounts.disable(row.id, by).disabled)
            except Conflict:
                outcomes.append(False)
            records.close()

        threads = [Thread(target=disable, args=(row,)) for row in (adam, hana)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False, True]
        assert len(users.active_administrators()) == 1


class TestDisabling:
    def test_shuts_out_and_ends_sessions(self, accounts, hana: User, by: Actor, password: str):
        row = accounts.disable(hana.id, by)
        assert (row.disabled, row.session_epoch) == (True, 1)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)
        assert last("login:failed").details == {"because": "disabled"}

    def test_twice_is_once(self, accounts, hana: User, by: Actor):
        accounts.disable(hana.id, by)
        assert accounts.disable(hana.id, by).revision == 2

    def test_ends_with_enabling(self, accounts, hana: User, by: Actor, password: str):
        accounts.disable(hana.id, by)
        accounts.enable(hana.id, by)
        accounts.log_in("hana", password, ADDRESS)

    def test_enabling_unlocks_who_is_locked(self, accounts, hana: User, by: Actor, password: str):
        fail(accounts, "hana", 3)
        assert accounts.enable(hana.id, by).revision == 1
        assert last("user:").action == "user:unlock"
        accounts.log_in("hana", password, ADDRESS)
