import stat
from concurrent.futures import ThreadPoolExecutor

from appliance.services import keys


def test_a_key_is_made_once_and_kept(tmp_path):
    first = keys.secret_key(tmp_path)
    assert len(first) == 32
    assert keys.secret_key(tmp_path) == first


def test_two_appliances_have_different_keys(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert keys.secret_key(tmp_path / "a") != keys.secret_key(tmp_path / "b")


def test_only_the_owner_may_read_a_secret_and_nothing_lies_beside(tmp_path):
    keys.secret_key(tmp_path)
    code = keys.setup_code(tmp_path)
    assert len(code) == 8
    assert code.isdigit()
    files = sorted(tmp_path.iterdir())
    assert [f.name for f in files] == ["session.key", "setup-code"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_those_who_come_together_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.setup_code(tmp_path), range(8)))
    assert len(made) == 1
