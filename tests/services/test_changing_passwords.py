"""Changing a password: by an administrator, from the command line, and one's own."""

import pytest

from appliance.errors import Conflict, InvalidInput, NotFound, WrongCredentials
from appliance.records.tables import User
from appliance.services.accounts import Accounts
from appliance.vocabulary import Actor
from tests.services.door import ADDRESS, NEW, fail, last


class TestResettingAPassword:
    def test_gives_a_new_one_unlocks_and_ends_sessions(
        self, accounts, hana: User, by: Actor, password: str
    ):
        fail(accounts, "hana", 3)
        one_time = accounts.reset_password(hana.id, by)
        row = accounts.log_in("hana", one_time, ADDRESS)
        assert (row.must_change_password, row.session_epoch) == (True, 1)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)

    def test_stands_in_the_log_under_who_did_it(self, accounts, hana: User, by: Actor):
        accounts.reset_password(hana.id, by)
        event = last("user:reset-password")
        assert (event.actor_id, event.subject_id) == (by.user_id, str(hana.id))

    def test_from_the_command_line_works_by_name(self, accounts: Accounts, hana: User):
        accounts.log_in("hana", accounts.recover("Hana"), ADDRESS)
        assert last("user:reset-password").actor_name == "appliance"

    def test_from_the_command_line_says_when_there_is_nobody(self, database, accounts: Accounts):
        with pytest.raises(NotFound, match="There is no user eve"):
            accounts.recover("eve")

    def test_from_the_command_line_leaves_the_disabled_shut_out(self, accounts, hana, by: Actor):
        accounts.disable(hana.id, by)
        with pytest.raises(Conflict):
            accounts.recover("hana")


class TestChangingOnesOwnPassword:
    def test_ends_all_other_sessions(self, accounts, hana: User, password: str):
        row = accounts.change_own_password(hana, password, NEW, ADDRESS)
        assert row.session_epoch == 1
        accounts.log_in("hana", NEW, ADDRESS)

    @pytest.mark.parametrize("new", ["short", "hana sato at home", "password1234"])
    def test_keeps_the_rule(self, accounts, hana: User, password: str, new: str):
        with pytest.raises(InvalidInput) as refused:
            accounts.change_own_password(hana, password, new, ADDRESS)
        assert set(refused.value.fields) == {"new_password"}
        accounts.log_in("hana", password, ADDRESS)

    def test_to_the_same_is_refused(self, accounts, hana: User, password: str):
        with pytest.raises(InvalidInput):
            accounts.change_own_password(hana, password, password, ADDRESS)

    def test_needs_the_old_one_and_counts_guesses(self, accounts, hana: User, password: str):
        for _ in range(3):
            with pytest.raises(InvalidInput) as refused:
                accounts.change_own_password(hana, "a guess at it", NEW, ADDRESS)
            assert set(refused.value.fields) == {"old_password"}
        with pytest.raises(WrongCredentials):
            accounts.change_own_password(hana, password, NEW, ADDRESS)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)

    def test_leaves_no_password_in_history_or_log(self, accounts, hana, password: str, database):
        accounts.change_own_password(hana, password, NEW, ADDRESS)
        written = "\n".join(database.connection().iterdump())
        assert NEW not in written
        assert written.count("$argon2id$") == 1
