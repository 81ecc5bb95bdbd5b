from dataclasses import fields
from pathlib import Path

import pytest

from appliance.errors import SettingsInvalid
from appliance.settings import FILE_NAME, Settings, load

REPOSITORY = Path(__file__).parents[2]


def write(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text, "utf-8")
    return folder


def test_a_folder_without_a_file_has_the_defaults(tmp_path):
    settings = load(tmp_path, {})
    assert settings == Settings(data=tmp_path)
    assert settings.database.parent == tmp_path


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path):
    write(tmp_path, 'port = 8001\nplace = "Bench 2"\nidle_minutes = 3\n')
    environ = {"SCOPESIDE_PORT": "8002", "SCOPESIDE_IDLE_MINUTES": "4.5"}
    settings = load(tmp_path, environ, port=8003, host=None)
    assert (settings.port, settings.place, settings.idle_minutes) == (8003, "Bench 2", 4.5)
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "unknown setting 'colour'"),
        ('port = "many"', "port = 'many': expected a whole number"),
        ("port = 70000", "expected 1 to 65535"),
        ("place = 7", "place = 7: expected text"),
        ('simulated = "perhaps"', "expected true or false"),
        ("max_files = -1", "must not be negative"),
        ("decision_limit = 20", "expected a fraction between 0 and 1"),
        ("idle_minutes = true", "expected a number"),
        ("port = ", "not valid TOML"),
        ("data = 'elsewhere'", "unknown setting 'data'"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_itself(tmp_path, text, words):
    with pytest.raises(SettingsInvalid, match=words):
        load(write(tmp_path, text), {})


def test_truth_may_be_written_as_people_write_it(tmp_path):
    assert load(tmp_path, {"SCOPESIDE_HTTPS_ONLY": "yes"}).https_only
    assert not load(tmp_path, {"SCOPESIDE_HTTPS_ONLY": "0"}).https_only


def test_variables_of_other_tools_are_left_alone(tmp_path):
    assert load(tmp_path, {"SCOPESIDE_DATA": "/elsewhere", "SCOPESIDE_NEWS": "1"}).data == tmp_path


def test_every_setting_is_in_the_readme():
    text = (REPOSITORY / "README.md").read_text("utf-8")
    assert [f.name for f in fields(Settings) if f"`{f.name}`" not in text] == []
