from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from peewee import Database

from appliance.errors import Conflict, InvalidInput, NotFound, WrongCredentials
from appliance.permissions import Role
from appliance.records import audit, users
from appliance.records import database as records
from appliance.records.tables import AuditEvent, User
from appliance.services.accounts import HASHER, Accounts
from appliance.vocabulary import Actor

ADDRESS = "10.0.0.7"
NEW = "another set of words"


@pytest.fixture
def accounts(cheap_hasher: PasswordHasher) -> Accounts:
    return Accounts(login_failures=3, lock_minutes=15, hasher=cheap_hasher)


@pytest.fixture
def by(adam: User, actor_of) -> Actor:
    return actor_of(adam)


@pytest.fixture
def later(monkeypatch):
    """Stops the clock, and turns it on: later(minutes)."""
    moment = [datetime.now(UTC)]  # noqa: TID251
    for module in ("appliance.services.accounts", "appliance.records.audit"):
        monkeypatch.setattr(f"{module}.now", lambda: moment[0])

    def turn(minutes: float) -> None:
        moment[0] += timedelta(minutes=minutes)

    return turn


def fail(accounts: Accounts, username: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            accounts.log_in(username, "not the password", ADDRESS)


def last(action: str) -> AuditEvent:
    return audit.recent(1, action=action).rows[0]


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


class TestLoggingIn:
    def test_takes_name_and_password(self, accounts: Accounts, hana: User, password: str):
        row = accounts.log_in(" HANA ", password, ADDRESS)
        assert row == hana
        assert row.last_login_at is not None
        event = last("login:")
        assert (event.action, event.actor_id, event.address) == ("login:ok", hana.id, ADDRESS)

    def test_is_not_a_revision(self, accounts: Accounts, hana: User, password: str):
        accounts.log_in("hana", password, ADDRESS)
        assert users.get(hana.id).revision == 1

    @pytest.mark.parametrize(
        "wrong", ["", "not it", "four plain grey word", "x" * 100_000, "a\ud800"]
    )
    def test_refuses_a_wrong_password(self, accounts: Accounts, hana: User, wrong: str):
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", wrong, ADDRESS)
        event = last("login:")
        assert (event.action, event.subject_id) == ("login:failed", str(hana.id))
        assert (event.actor_id, event.address) == (None, ADDRESS)
        assert event.details == {"because": "password"}

    def test_refuses_an_unknown_name_without_writing_it_down(self, database, accounts: Accounts):
        fail(accounts, "my secret typed in the wrong box")
        event = last("login:failed")
        assert event.details == {"because": "unknown"}
        assert "secret" not in f"{event.actor_name}{event.subject_id}{event.details}"

    def test_refuses_everybody_in_the_same_words(
        self, accounts: Accounts, hana: User, olga: User, by: Actor, password: str
    ):
        fail(accounts, "hana", 3)
        accounts.disable(olga.id, by)
        answers = set()
        tries = (("hana", password), ("olga", password), ("nobody", password), ("adam", "wrong"))
        for username, typed in tries:
            with pytest.raises(WrongCredentials) as refused:
                accounts.log_in(username, typed, ADDRESS)
            answers.add((refused.value.sentence, refused.value.advice))
        assert len(answers) == 1

    def test_hashes_once_for_a_name_that_does_not_exist_too(
        self, database: Database, password: str, monkeypatch: pytest.MonkeyPatch
    ):
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        accounts = Accounts(login_failures=1000, hasher=hasher)
        users.add("hana", "Hana", Role.CLINICIAN, hasher.hash(password), None)
        verified: list[str] = []
        verify = PasswordHasher.verify
        monkeypatch.setattr(
            PasswordHasher,
            "verify",
            lambda self, hashed, typed: verified.append(hashed) or verify(self, hashed, typed),
        )
        fail(accounts, "hana")
        fail(accounts, "nobody")
        # The same work for both, so that the time an answer takes tells nothing.
        assert len(verified) == 2
        assert {hashed.split("$")[3] for hashed in verified} == {"m=8,t=1,p=1"}

    def test_renews_a_hash_of_older_parameters(self, accounts: Accounts, database, password: str):
        older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(password)
        hana = users.add("hana", "Hana", Role.CLINICIAN, older, None)
        accounts.log_in("hana", password, ADDRESS)
        renewed = users.get(hana.id).password_hash
        assert renewed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert accounts.log_in("hana", password, ADDRESS).password_hash == renewed

    def test_takes_the_password_whose_hash_was_renewed_beside(
        self, accounts: Accounts, hana: User, password: str, cheap_hasher
    ):
        class Renewing(PasswordHasher):
            """Verifies, while another log-in writes a new hash of the same password."""

            def verify(self, hash, password):  # noqa: A002
                users.keep(users.get(hana.id), password_hash=cheap_hasher.hash(password))
                return super().verify(hash, password)

        hasher = Renewing(time_cost=1, memory_cost=8, parallelism=1)
        assert Accounts(hasher=hasher).log_in("hana", password, ADDRESS) == hana

    def test_refuses_the_password_that_was_reset_beside(
        self, accounts: Accounts, hana: User, by: Actor, password: str
    ):
        class Resetting(PasswordHasher):
            """Verifies, while an administrator resets the password."""

            def verify(self, hash, password):  # noqa: A002
                matches = super().verify(hash, password)
                accounts.reset_password(hana.id, by)
                return matches

        hasher = Resetting(time_cost=1, memory_cost=8, parallelism=1)
        fail(Accounts(hasher=hasher), "hana")
        with pytest.raises(WrongCredentials):
            Accounts(hasher=hasher).log_in("hana", password, ADDRESS)

    def test_refuses_a_damaged_hash(self, accounts: Accounts, database: Database):
        users.add("hana", "Hana", Role.CLINICIAN, "no hash at all", None)
        fail(accounts, "hana")

    def test_uses_argon2id_at_full_strength_unless_told_otherwise(self):
        parameters = HASHER.hash("x").split("$")[1:4]
        assert parameters == ["argon2id", "v=19", "m=19456,t=2,p=1"]


class TestFailures:
    def test_lock_the_account_for_a_while(
        self, accounts: Accounts, hana: User, password: str, later
    ):
        fail(accounts, "hana", 3)
        assert last("login:locked").subject_id == str(hana.id)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)
        assert last("login:failed").details == {"because": "locked"}
        later(14.9)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)
        later(0.2)
        assert accounts.log_in("hana", password, ADDRESS).locked_until is None

    def test_while_locked_do_not_lock_for_longer(self, accounts, hana, password, later):
        fail(accounts, "hana", 3)
        later(10)
        fail(accounts, "hana", 5)
        later(5.1)
        accounts.log_in("hana", password, ADDRESS)

    def test_are_forgiven_by_a_good_one(self, accounts: Accounts, hana: User, password: str):
        for _ in range(3):
            fail(accounts, "hana", 2)
            assert accounts.log_in("hana", password, ADDRESS).failures == 0

    def test_do_not_lock_for_a_year_when_the_clock_is_put_back(
        self, accounts, hana, password, later
    ):
        fail(accounts, "hana", 3)
        later(minutes=-365 * 24 * 60)
        assert accounts.log_in("hana", password, ADDRESS).locked_until is None

    def test_are_counted_afresh_after_a_lock(self, accounts, hana, password, later):
        fail(accounts, "hana", 3)
        later(16)
        fail(accounts, "hana", 2)
        accounts.log_in("hana", password, ADDRESS)

    def test_are_not_forgotten_by_a_restart(self, accounts, hana, cheap_hasher, password: str):
        fail(accounts, "hana", 2)
        restarted = Accounts(login_failures=3, lock_minutes=15, hasher=cheap_hasher)
        fail(restarted, "hana")
        with pytest.raises(WrongCredentials):
            restarted.log_in("hana", password, ADDRESS)

    def test_of_many_at_once_are_all_counted(self, accounts: Accounts, hana: User):
        patient_accounts = Accounts(login_failures=100, hasher=accounts._hasher)

        def guess() -> None:
            fail(patient_accounts, "hana", 5)
            records.close()

        threads = [Thread(target=guess) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert users.get(hana.id).failures == 20

    def test_of_one_do_not_lock_another(self, accounts, hana, olga, password: str):
        fail(accounts, "hana", 3)
        accounts.log_in("olga", password, ADDRESS)


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
