"""The command `scopeside`: parse, call, print."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

from appliance import __version__, streams
from appliance.errors import ApplianceError
from appliance.settings import Settings, load

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    streams.prepare()
    # Before NumPy is loaded. Our matrices are small: on two cores two threads of OpenBLAS wait for
    # each other most of the time, and a site head takes four times as long to fit.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for library in ("apscheduler", "fontTools", "peewee"):  # each job, each glyph table
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        command: Callable[[argparse.Namespace], int] = parsed.command
        return command(parsed)
    except ApplianceError as error:
        print(f"scopeside: {error.sentence}\n{error.advice}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        streams.abandon_output()  # the reader (head, less) has seen enough
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scopeside",
        description="Reads blood smears for acute lymphoblastic leukaemia beside the microscope. "
        "Suggestions to be verified by a person; research use only.",
    )
    parser.add_argument("--version", action="version", version=f"scopeside {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Callable[[argparse.Namespace], int], words: str) -> Any:
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(command=function)
        command.add_argument("--data", type=Path, help="data folder (or SCOPESIDE_DATA)")
        return command

    for name, function, words in (
        ("up", _up, "Run pages and worker together."),
        ("serve", _serve, "Serve the pages."),
        ("work", _work, "Analyse waiting images and run the timers."),
        ("demo", _demo, "Make a demo lab with drawn slides where there is none, and run it."),
    ):
        command = add(name, function, words)
        command.add_argument("--host", help="address to listen on (127.0.0.1)")
        command.add_argument("--port", type=int, help="port to listen on (8080)")
        if name == "demo":
            command.add_argument(
                "--examinations", type=int, default=0, metavar="N", help="invent so many in all"
            )
    doctor = add("doctor", _doctor, "Test everything this appliance needs and say what is wrong.")
    doctor.add_argument(
        "--rebuild-index", action="store_true", help="make lists and searches anew from the records"
    )
    _add_analyse(add("analyse", _analyse, "Run the pipeline on files, without a server."))
    _add_model(add("model", _model, "Fit the classifier to your own microscope."))
    replay = add("replay", _replay, "Compute past results again and say what differs.")
    replay.add_argument("accession_number", metavar="EXAMINATION", help="its accession number")
    user = add("user", _user, "Help somebody who cannot sign in.")
    user.add_argument("action", choices=["list", "reset-password"])
    user.add_argument("username", nargs="?")
    return parser


def _add_analyse(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--outlines", action="store_true", help="nucleus and cell outlines (JSON)")
    command.add_argument("--morphology", action="store_true", help="form and texture (JSON)")
    command.add_argument(
        "--pdf", type=Path, metavar="OUT", help="write a report: OUT.pdf for all, or a folder"
    )
    command.add_argument(
        "--um-per-px", type=_micrometres, metavar="X", help="micrometres a pixel covers"
    )
    command.add_argument(
        "--site-head", type=Path, metavar="DIR", help="made by: scopeside model calibrate"
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")

    def add(name: str, words: str, out: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=words, description=words)
        # Without a default of its own: one given before the action would be lost.
        action.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder")
        action.add_argument("--out", type=Path, required=True, metavar=out)
        return action

    build = actions.add_parser("build-engine", help="Build a TensorRT engine on this machine.")
    build.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder")
    build.add_argument("--precision", choices=["fp16", "int8"], default="fp16")
    build.add_argument(
        "--calibration", type=Path, metavar="FOLDER", help="pictures of smears; needed for int8"
    )
    embed = add("embed", "Write what the network sees of each cell.", "X.npz")
    embed.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER")
    calibrate = add("calibrate", "Fit a site head to verified cells and say its worth.", "DIR")
    calibrate.add_argument(
        "labels", type=Path, metavar="LABELS.csv", help="file,label[,x,y][,patient|slide|group]"
    )


def _micrometres(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.001 <= value <= 100:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a plausible number of micrometres; 0.1 is usual under oil"
        )
    return value


def _settings(parsed: argparse.Namespace) -> Settings:
    named = parsed.data or os.environ.get("SCOPESIDE_DATA")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    data = Path(named) if named else Path(home) / "scopeside"
    host, port = getattr(parsed, "host", None), getattr(parsed, "port", None)
    return load(data.absolute(), host=host, port=port)


def _serve(parsed: argparse.Namespace) -> int:
    from webui.server import serve
    from webui.start import make_app

    settings = _settings(parsed)
    serve(lambda: make_app(settings), host=settings.host, port=settings.port)
    return 0


def _work(parsed: argparse.Namespace) -> int:
    from appliance.jobs import stop_on_signals, work
    from appliance.wiring import build

    stop = Event()
    stop_on_signals(stop)
    work(build(_settings(parsed)), stop)
    return 0


def _up(parsed: argparse.Namespace) -> int:
    return _run_both(_settings(parsed))


def _run_both(settings: Settings) -> int:
    from appliance.jobs import stop_on_signals
    from appliance.supervisor import supervise

    stop = Event()
    stop_on_signals(stop)
    data = ["--data", str(settings.data)]
    address = ["--host", settings.host, "--port", str(settings.port)]
    supervise([["serve", *data, *address], ["work", *data]], stop)
    return 0


def _demo(parsed: argparse.Namespace) -> int:
    from appliance.records import database
    from appliance.services import demo
    from appliance.wiring import analysis_of, build

    settings = _settings(parsed)

    def fill(data: Path) -> str:
        appliance = build(load(data))
        analysis = analysis_of(appliance)
        try:
            log_ins = demo.fill(
                appliance.accounts, appliance.capture, analysis, say=print, review=appliance.review
            )
            demo.fill_up(parsed.examinations, appliance.capture, analysis, say=print)
            return log_ins
        finally:
            database.close()

    log_ins = demo.prepare(settings.data, fill)
    print(f"\nDemo lab at http://{settings.host}:{settings.port}\n\n{log_ins}\n", flush=True)
    return _run_both(settings)


def _doctor(parsed: argparse.Namespace) -> int:
    from appliance.records import index
    from appliance.services import selftest
    from appliance.wiring import build, open_in_use

    settings = _settings(parsed)
    appliance = build(settings)
    if parsed.rebuild_index:
        print(f"     {index.rebuild():,} records are in the index that was made anew")
    checks = appliance.selftest.quick() + selftest.thorough(lambda: open_in_use(settings))
    for check in checks:
        print(f"{'ok  ' if check.passed else 'FAIL'} {check.name:10} {check}")
    return 0 if all(check.passed for check in checks) else 1


def _replay(parsed: argparse.Namespace) -> int:
    from appliance.replay_command import run_replay

    status, said = run_replay(_settings(parsed), parsed.accession_number)
    print(said)
    return status


def _user(parsed: argparse.Namespace) -> int:
    from appliance.records import users
    from appliance.wiring import build

    appliance = build(_settings(parsed))
    if parsed.action == "list":
        for user in users.everyone():
            print(f"{user.username:20} {user.role:14} {'disabled' if user.disabled else ''}")
        return 0
    if not parsed.username:
        print("scopeside: name the user: scopeside user reset-password NAME", file=sys.stderr)
        return 2
    password = appliance.accounts.recover(parsed.username)
    print(f"One-time password for {parsed.username}: {password}")
    print("It must be changed at the next log-in.")
    return 0


def _analyse(parsed: argparse.Namespace) -> int:
    from appliance.console import ReportFiles, describe, progress
    from appliance.services import batch
    from appliance.wiring import limits_of, open_model

    settings = _settings(parsed)
    reports = ReportFiles(parsed.pdf, laboratory=settings.laboratory)
    classifier = open_model(settings, site_head=parsed.site_head)
    files = batch.files_under(parsed.paths)
    if not files:
        print("scopeside: there are no files in what was named", file=sys.stderr)
    results = batch.run(files, classifier, limits=limits_of(settings), um_per_px=parsed.um_per_px)
    failed = False
    with closing(results), progress(len(files)) as bar:
        for pages in results:
            for result in pages:
                failed |= isinstance(result, batch.Failed)
                reports.add(result)
                if parsed.json:
                    shape = {"outlines": parsed.outlines, "morphology": parsed.morphology}
                    bar.line(json.dumps(batch.as_object(result, **shape)))
                else:
                    bar.line(describe(result))
            bar.advance()
    reports.close()
    return 1 if failed else 0


def _model(parsed: argparse.Namespace) -> int:
    from appliance import engine_command, model_commands

    settings = _settings(parsed)
    if parsed.action == "build-engine":
        said = engine_command.run_build_engine(settings, parsed.precision, parsed.calibration)
        status = 0
    elif parsed.action == "embed":
        status, said = model_commands.run_embed(settings, parsed.paths, parsed.out)
    else:
        status, said = 0, model_commands.run_calibrate(settings, parsed.labels, parsed.out)
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main())
