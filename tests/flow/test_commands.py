"""The smaller commands, as somebody types them on the device."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import requests

from appliance import clock
from tests.flow.live import COMMAND, Client, LiveAppliance

pytestmark = pytest.mark.slow


def scopeside(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo lab whose making was watched, and what it printed; its processes are not started."""
    data = tmp_path_factory.mktemp("demo") / "lab"
    program = (
        "import sys; from pathlib import Path; from appliance import cli;"
        "cli._run_both = lambda settings: 0;"
        "sys.exit(cli.main(['demo', '--data', sys.argv[1], '--examinations', '12']))"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", program, str(data)], capture_output=True, text=True, check=True
    )
    return data, done.stdout


def test_the_demo_lab_has_analysed_examinations_as_many_as_asked_and_prints_its_log_ins(demo):
    data, printed = demo
    log_ins = dict(re.findall(r"\w+ +(olga|hana|adam) +([a-z0-9-]{19})", printed))
    assert set(log_ins) == {"olga", "hana", "adam"}
    live = LiveAppliance(data)
    live.start("serve")
    try:
        live.wait_until_up()
        client = Client(live.address)
        client.sign_in("olga", log_ins["olga"])
        listed = client.get("/api/v1/examinations?limit=100").json()["examinations"]
        assert len(listed) == 12
        drawn = [
            each for each in listed if each["accession_number"][3:] in ("0001", "0002", "0003")
        ]
        statuses = {each["accession_number"][3:]: each["status"] for each in drawn}
        assert statuses == {"0001": "partial", "0002": "final", "0003": "preliminary"}
        for examination in drawn:
            assert examination["simulated"] is True
            assert examination["fields"]["analysed"] >= 2
            assert examination["counts"]["cells"] > 10
        assert "SIMULATED" in client.get("/").text
    finally:
        live.stop()


def test_a_demo_lab_is_never_made_among_other_records(tmp_path):
    (tmp_path / "records.sqlite3").write_bytes(b"")
    done = scopeside("demo", "--data", tmp_path)
    assert done.returncode == 2
    assert "is not a demo lab" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.counted
def test_doctor_names_what_is_wrong_and_passes_the_rest(tmp_path):
    done = scopeside("doctor", "--data", tmp_path, "--rebuild-index")
    assert done.returncode == 1
    assert "0 records are in the index that was made anew" in done.stdout
    assert re.search(r"FAIL worker +analysis is not running, so images wait: start it", done.stdout)
    for name in ("model", "disk", "clock", "records", "database", "search", "audit", "inference"):
        assert re.search(rf"^ok +{name} ", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.counted
def test_a_locked_out_person_gets_a_one_time_password(demo):
    data, _ = demo
    listed = scopeside("user", "list", "--data", data)
    assert "administrator" in listed.stdout
    done = scopeside("user", "reset-password", "ADAM", "--data", data)
    assert re.search(r"One-time password for ADAM: [a-z0-9-]{19}", done.stdout), done.stderr
    unknown = scopeside("user", "reset-password", "nobody", "--data", data)
    assert unknown.returncode == 2
    assert "Traceback" not in unknown.stderr


def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path):
    (tmp_path / "settings.toml").write_text("prot = 8081\n")
    done = scopeside("serve", "--data", tmp_path)
    assert done.returncode == 2
    assert "unknown setting 'prot'" in done.stderr


def test_a_second_worker_on_a_folder_is_refused(tmp_path):
    live = LiveAppliance(tmp_path)
    live.start("serve")
    live.start("work")
    try:
        live.wait_until_up()
        done = scopeside("work", "--data", tmp_path)
        assert done.returncode == 2
        assert "another worker already runs" in done.stderr
    finally:
        live.stop()


@pytest.mark.counted
def test_an_appliance_that_cannot_start_says_why_at_its_usual_address(tmp_path):
    (tmp_path / "records.sqlite3").write_bytes(b"this is not a database" * 100)
    live = LiveAppliance(tmp_path)
    live.start("serve")
    try:
        live.wait_until_up()
        page = requests.get(live.address + "/", timeout=10)
        assert page.status_code == 503
        assert "cannot be opened" in page.text
        ready = requests.get(live.address + "/readyz", timeout=10)
        assert ready.status_code == 503
        assert json.loads(ready.text)["ready"] is False
    finally:
        live.stop()


@pytest.mark.counted
def test_a_past_result_is_computed_again_and_is_the_same(demo):
    data, _ = demo
    year = f"{clock.now():%y}"
    done = scopeside("replay", f"{year}-0002", "--data", data)
    assert done.returncode == 0, done.stderr
    same = re.findall(r"^ok   image (\d): The result is the same: \d+ cells", done.stdout, re.M)
    assert same == ["1", "2"]
    missing = scopeside("replay", "99-9999", "--data", data)
    assert missing.returncode == 2
    assert "there is no examination 99-9999" in missing.stderr
