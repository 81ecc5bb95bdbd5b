"""Photographs the pages for the README: python -m tests.tour OUTDIR

Makes a demo lab (drawn slides, invented people, marked SIMULATED), walks through it as a
technician, and writes small PNG files.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

import requests
from PIL import Image

import webui
from appliance.services.demo import LOG_INS
from tests.browser import DESKTOP, TOUCHSCREEN, Hand, Screen, missing, open_browser, show_on
from tests.flow.live import COMMAND, free_port

MOST_BYTES = 200_000
_THEME = Path(webui.__file__).parent / "static" / "theme.css"
THEME_COLOURS = [
    part
    for colour in sorted(set(re.findall(r"#([0-9a-f]{6})\b", _THEME.read_text("utf-8"))))
    for part in bytes.fromhex(colour)
]
BENCH = Screen(TOUCHSCREEN.width, TOUCHSCREEN.height, touch=True, dark=True)
_settle = Event()
_MIDDLE_BLAST = """
const stage = document.getElementById('stage').dataset;
const away = (box) => {
  const [x, y, w, h] = box.dataset.box.split(' ').map(Number);
  return Math.hypot(x + w / 2 - stage.width / 2, y + h / 2 - stage.height / 2);
};
const boxes = [...document.querySelectorAll('#boxes .box-blast')];
return boxes.sort((one, other) => away(one) - away(other))[0].dataset.cell;
"""


def main(folder: Path) -> int:
    """Write all pictures into a folder; return the exit status."""
    why = missing() or (
        "" if which("pdftoppm") else "pdftoppm is missing: apt install poppler-utils"
    )
    if why:
        print(f"tour: {why}", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as room:
        data = Path(room) / "demo"
        with demo_lab(data) as address:
            driver = open_browser(Path(room) / "profile", DESKTOP)
            try:
                Tour(Hand(driver, address), folder).walk(data)
            finally:
                driver.quit()
    return 0


@contextmanager
def demo_lab(data: Path) -> Iterator[str]:
    """Make and run a demo lab; gives its address."""
    port = free_port()
    process = subprocess.Popen([*COMMAND, "demo", "--data", str(data), "--port", str(port)])
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def password_of(username: str, data: Path) -> str:
    """Read from the demo lab's list how somebody signs in."""
    lines = (data / LOG_INS).read_text("utf-8").splitlines()
    return next(line.split(maxsplit=2)[2] for line in lines if line.split()[1:2] == [username])


class Tour:
    """One walk with a camera."""

    def __init__(self, hand: Hand, folder: Path) -> None:
        self.hand = hand
        self.folder = folder

    def walk(self, data: Path) -> None:
        """Go from page to page at a desk, then look at three again at the microscope."""
        self._sign_in("olga", data)
        self.hand.open("/?tab=all")
        self.hand.sees("Okafor")
        self.take("worklist")
        self.hand.open("/patients")
        self.hand.tap(self.hand.named("Okafor"))
        self.hand.sees("Clinical details")
        self.take("patient")
        self.hand.tap(self.hand.find(".exam"))
        self.hand.sees("decided cells", "#results")
        self.take("examination")
        examination = _path(self.hand.driver.current_url)
        self.hand.open(f"{examination}/upload")
        self.hand.sees("3 of 3 read")
        self.take("upload")
        self.hand.open(examination)
        self.hand.tap("Read the cells")
        self.hand.find(".read-tile")
        self.take("read")
        field = self._field(examination)
        cell = self.hand.driver.execute_script(_MIDDLE_BLAST)
        show_on(self.hand.driver, BENCH)
        self.hand.open(f"{field}?cell={cell}")
        self._at_rest()
        self.take("cell-bench")
        self.hand.open(f"{examination}/read")
        self.hand.find(".read-tile")
        self.take("read-bench")
        show_on(self.hand.driver, DESKTOP)
        self.hand.driver.delete_all_cookies()
        self._sign_in("hana", data)
        self._clinician()

    def _sign_in(self, username: str, data: Path) -> None:
        self.hand.open("/")
        self.hand.sign_in(username, password_of(username, data))
        self.hand.sees("Scorecard")

    def _field(self, examination: str) -> str:
        self.hand.open(f"{examination}/cells")
        self.hand.tap(self.hand.find(".cell-tile:has(.cell-blast)"))
        self.hand.find(".stage")
        field = _path(self.hand.driver.current_url)
        self.hand.open(field)
        self._at_rest()
        self.take("field")
        return field

    def _clinician(self) -> None:
        """Look at what a clinician does: conclude, read a signed report, look at the figures."""
        self.hand.open("/?tab=signing")
        self.hand.tap(self.hand.find(".row-link"))
        self.hand.find("main")
        submitted = _path(self.hand.driver.current_url)
        self.hand.open(f"{submitted}/conclude")
        self.take("conclude")
        self.hand.open("/?tab=today")
        self.hand.tap(self.hand.find(".row-link"))
        self.hand.find("main")
        self._report(_path(self.hand.driver.current_url))
        self.hand.open("/scorecard")
        self.take("scorecard")
        self.hand.open("/model")
        self.take("model")

    def take(self, name: str) -> None:
        """Photograph the page as it stands."""
        _settle.wait(0.6)  # pictures that are decoded while one scrolls
        image = Image.open(BytesIO(self.hand.driver.get_screenshot_as_png()))
        save(image, self.folder / f"{name}.png")

    def _at_rest(self) -> None:
        self.hand.find(".stage.zoomed")
        _settle.wait(1.0)  # the flight to the cell

    def _report(self, examination: str) -> None:
        self.hand.open(f"{examination}/reports")
        address = self.hand.find("iframe.paper").get_attribute("src") or ""
        cookies = {c["name"]: c["value"] for c in self.hand.driver.get_cookies()}
        answer = requests.get(address.split("#")[0], cookies=cookies, timeout=60)
        answer.raise_for_status()
        command = ["pdftoppm", "-r", "96", "-png", "-singlefile", "-"]
        done = subprocess.run(command, input=answer.content, capture_output=True, check=True)
        save(Image.open(BytesIO(done.stdout)), self.folder / "report.png")


def save(image: Image.Image, path: Path) -> None:
    """Write a PNG that is small enough for a README, with as many colours as that allows."""
    shown = image.convert("RGB")
    for colours in (192, 128, 96, 64, 48, 32, 16):
        file = BytesIO()
        palette = _palette(shown, colours)
        shown.quantize(palette=palette, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    path.write_bytes(file.getvalue())
    print(f"{path}: {file.tell() / 1000:.0f} kB, {colours} colours and the theme's")


def _palette(image: Image.Image, colours: int) -> Image.Image:
    """The best colours for a picture, beside those of the theme: a blast's dot stays orange."""
    best = image.quantize(colours, dither=Image.Dither.NONE).getpalette() or []
    made = Image.new("P", (1, 1))
    made.putpalette((THEME_COLOURS + best[: 3 * colours])[: 3 * 256])
    return made


def _path(address: str) -> str:
    return "/" + address.split("/", 3)[3].split("?")[0]


def _wait_until_ready(address: str, seconds: float = 180) -> None:
    end = monotonic() + seconds
    while monotonic() < end:
        try:
            if requests.get(f"{address}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            _settle.wait(0.3)
    raise TimeoutError("the demo lab does not answer")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
