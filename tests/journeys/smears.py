"""The images that journeys upload: real fields where they are at hand, drawn ones elsewhere."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from appliance.vocabulary import Pixels
from firmware_hooks.slides import draw_field

DATA = Path(__file__).parents[3] / "shared" / "data"


def fields(folder: Path, count: int) -> list[Path]:
    """Return files of whole fields with blasts: of `allidb1`, or drawn into the folder."""
    real = sorted((DATA / "allidb1" / "fields").glob("*_1.jpg"))[:count]
    return real if len(real) == count else [drawn(folder, seed) for seed in range(count)]


def crowded(folder: Path, count: int) -> list[Path]:
    """Return files of fields with some thirty cells each, four at most: of `allidb1`, or drawn."""
    names = ("Im053_1.jpg", "Im059_1.jpg", "Im052_1.jpg", "Im058_1.jpg")[:count]
    real = [DATA / "allidb1" / "fields" / name for name in names]
    if all(path.exists() for path in real):
        return real
    return [drawn(folder, seed, cells=32, blasts=20) for seed in range(count)]


def drawn(
    folder: Path, seed: int, *, cells: int = 8, blasts: int = 4, defocus_um: float = 0.0
) -> Path:
    """Draw a field with cells and blasts into the folder, blurred where it is out of focus."""
    size = {"width": 1280, "height": 960}
    field = draw_field(seed, **size, cells=cells, blasts=blasts, defocus_um=defocus_um)
    path = folder / f"drawn-{seed}.jpg"
    path.write_bytes(as_jpeg(field.pixels))
    return path


def as_jpeg(pixels: Pixels) -> bytes:
    """Write pixels as a camera would."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=93)
    return file.getvalue()
