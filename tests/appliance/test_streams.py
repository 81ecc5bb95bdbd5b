"""Standard streams that were closed, or cannot show every sign."""

import subprocess
import sys

import pytest

from appliance.streams import printable

AS_COMMAND = "from appliance import streams; streams.prepare(); "


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("smear 4.png", "smear 4.png"),
        ("Müller-李.tif", "Müller-李.tif"),
        ("می‌خواهم.png", "می‌خواهم.png"),  # a joiner belongs to the word
        ("a\nb.png: 0 blast", "a\\nb.png: 0 blast"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("cell\u202egnp.exe", "cell\\u202egnp.exe"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_names_keep_to_their_line_and_cannot_command_the_terminal(name, shown):
    assert printable(name) == shown


def test_a_closed_stream_is_opened_on_nothing_and_lends_its_number_to_no_file():
    script = (
        f"{AS_COMMAND}import os, sys; print('lost'); "
        "file = open('/dev/zero'); sys.exit(file.fileno() < 3 or os.isatty(1))"
    )
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" -c "{script}" >&- 2>&- <&-'], check=False
    )
    assert done.returncode == 0


def test_what_the_encoding_lacks_is_written_as_an_escape():
    done = subprocess.run(
        [sys.executable, "-c", f"{AS_COMMAND}print('\\u202e', '\\udcff', 'ä')"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert done.stdout == b"\\u202e \\udcff \\xe4\n"
