"""Pictures that are no blood smear, drawn in code: what the classifier must not have a word for.

Those of LEARNT may be learned from; those of KEPT_AWAY are only for trying, so that a figure is
about kinds of pictures that were never shown. Preparations of a laboratory that are no smear of
blood are in `foreign_slides`.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Pixels

Random = np.random.Generator
Draw = Callable[[Random], Pixels]
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .,"


def canvas(random: Random, low: int = 0, high: int = 256) -> Pixels:
    """Give a picture of one colour, of a size that cameras and screens have."""
    height, width = ((480, 640), (600, 800), (720, 1280))[int(random.integers(3))]
    return np.full((height, width, 3), random.integers(low, high, 3), np.uint8)


def colour(random: Random, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    """Draw a colour."""
    red, green, blue = (int(value) for value in random.integers(low, high, 3))
    return red, green, blue


def place(random: Random, picture: Pixels) -> tuple[int, int]:
    """Draw a place in a picture: across, down."""
    return int(random.integers(picture.shape[1])), int(random.integers(picture.shape[0]))


def clouds(random: Random, shape: tuple[int, int], slope: float) -> NDArray[np.float32]:
    """Give noise whose amplitude falls with frequency to a power, mean 0 and spread 1.

    A slope of 0 is white noise; photographs are near 1 (Field 1987).
    """
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    frequency = np.maximum(np.hypot(down, across), 1 / max(shape))
    spectrum = np.fft.rfft2(random.standard_normal(shape)) * frequency**-slope
    found = np.fft.irfft2(spectrum, shape)
    return np.asarray((found - found.mean()) / found.std(), np.float32)


def _write(random: Random, picture: Pixels, ink: tuple[int, int, int], size: float) -> None:
    step = int(40 * size)
    for down in range(step, picture.shape[0], step):
        text = "".join(random.choice(list(_LETTERS), int(random.integers(5, 60))))
        cv2.putText(
            picture, text, (10, down), int(random.integers(0, 5)), size, ink, int(1 + 2 * size)
        )


def page(random: Random) -> Pixels:
    """Draw lines of letters on paper."""
    picture = canvas(random, 215, 256)
    _write(random, picture, colour(random, 0, 120), float(random.uniform(0.4, 2.0)))
    return picture


def screen(random: Random) -> Pixels:
    """Draw windows, buttons and text, as a screenshot has them."""
    picture = canvas(random, 180, 256)
    for _ in range(int(random.integers(5, 25))):
        start, end = place(random, picture), place(random, picture)
        cv2.rectangle(picture, start, end, colour(random), -1 if random.random() < 0.6 else 2)
        cv2.putText(picture, "Save as", start, 0, random.uniform(0.4, 1), colour(random), 1)
    for _ in range(int(random.integers(3, 12))):
        cv2.circle(picture, place(random, picture), int(random.integers(6, 30)), colour(random), -1)
    return picture


def photograph(random: Random) -> Pixels:
    """Fill the picture with coloured noise of a photograph's or another spectrum."""
    picture = canvas(random)
    slope = random.uniform(0, 2.2)
    shape = picture.shape[0], picture.shape[1]
    layers = np.dstack([clouds(random, shape, slope) for _ in range(3)])
    mixed = layers @ random.normal(0, 1, (3, 3)) * random.uniform(15, 70)
    return np.asarray(np.clip(mixed + random.integers(60, 230, 3), 0, 255), np.uint8)


def gradient(random: Random) -> Pixels:
    """Let one colour fade into another, with a few shapes in front."""
    picture = canvas(random)
    ramp = np.linspace(0, 1, picture.shape[1])[None, :, None]
    faded = np.array(colour(random)) * ramp + np.array(colour(random)) * (1 - ramp)
    picture[:] = faded.astype(np.uint8)
    for _ in range(int(random.integers(0, 8))):
        axes = int(random.integers(8, 90)), int(random.integers(8, 90))
        turn = float(random.uniform(0, 180))
        cv2.ellipse(picture, place(random, picture), axes, turn, 0, 360, colour(random), -1)
    return picture


def blobs(random: Random) -> Pixels:
    """Scatter blurred blobs of any colour on a light ground."""
    picture = canvas(random, 190, 256)
    for _ in range(int(random.integers(5, 60))):
        cv2.circle(picture, place(random, picture), int(random.integers(6, 60)), colour(random), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.5, 8)), np.uint8)


def plaid(random: Random) -> Pixels:
    """Weave stripes of a few colours."""
    picture = canvas(random).astype(np.float32)
    for axis in (0, 1):
        edge = picture.shape[axis]
        widths = np.repeat(random.integers(0, 256, (8, 3)), random.integers(4, 50, 8), axis=0)
        stripes = np.resize(widths, (edge, 3)).astype(np.float32)
        picture += stripes[:, None] if axis == 0 else stripes[None]
    return np.asarray(picture / 3, np.uint8)


def landscape(random: Random) -> Pixels:
    """Put hills under a sky with clouds, and round trees on them."""
    picture = canvas(random)
    height, width = picture.shape[:2]
    sky = 200 + 25 * clouds(random, (height, width), 1.4)
    picture[:] = np.clip(sky[..., None] + (-40, -10, 25), 0, 255).astype(np.uint8)
    for layer in range(4):
        ridge = height * (0.4 + 0.15 * layer) + 30 * clouds(random, (8, width), 1.6)[0]
        below = np.arange(height)[:, None] > ridge[None]
        ground = np.array((60, 110, 50)) + random.integers(-40, 41, 3) - 8 * layer
        grain = 12 * clouds(random, (height, width), 0.7)
        picture[below] = np.clip(ground + grain[below][:, None], 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(3, 20))):
        x, y = place(random, picture)
        green = int(random.integers(50, 130))
        cv2.circle(picture, (x, height - y // 3), int(random.integers(8, 45)), (30, green, 30), -1)
    return picture


def bricks(random: Random) -> Pixels:
    """Lay bricks or tiles."""
    picture = canvas(random, 150, 230)
    across, down = int(random.integers(24, 110)), int(random.integers(16, 60))
    base = random.integers(60, 200, 3)
    for row, top in enumerate(range(0, picture.shape[0], down)):
        for left in range(-across // 2 * (row % 2), picture.shape[1], across):
            shade = [int(value) for value in np.clip(base + random.normal(0, 15, 3), 0, 255)]
            end = left + across - 4, top + down - 4
            cv2.rectangle(picture, (left, top), end, shade, -1)
    return picture


def grapes(random: Random) -> Pixels:
    """Heap shaded purple, red or blue balls on a light table: round, dark, with a highlight."""
    picture = canvas(random, 200, 250)
    flesh = np.array((random.integers(70, 170), random.integers(20, 90), random.integers(70, 170)))
    radius = int(random.integers(14, 60))
    for _ in range(int(random.integers(4, 40))):
        x, y = place(random, picture)
        for part in range(radius, 0, -2):
            light = 1.5 - part / radius
            shade = [int(value) for value in np.clip(flesh * light, 0, 255)]
            lifted = (radius - part) // 3
            cv2.circle(picture, (x - lifted, y - lifted), part, shade, -1)
    return picture


def dots(random: Random) -> Pixels:
    """Print one kind of dot again and again, as on cloth; often in the colours of a stain."""
    picture = canvas(random, 190, 250)
    ink = colour(random)
    if random.random() < 0.5:
        ink = (int(random.integers(60, 150)), int(random.integers(20, 100)), 150)
    step, radius = int(random.integers(40, 120)), int(random.integers(8, 30))
    for row, down in enumerate(range(0, picture.shape[0], step)):
        for across in range(step // 2 * (row % 2), picture.shape[1], step):
            cv2.circle(picture, (across, down), radius, ink, -1, cv2.LINE_AA)
    return picture


def wood(random: Random) -> Pixels:
    """Draw rings of wood or veins of marble, in browns or in purples."""
    picture = canvas(random)
    shape = picture.shape[0], picture.shape[1]
    rings = np.sin(random.uniform(3, 12) * clouds(random, shape, random.uniform(1.2, 2)))
    dark, light = random.integers(40, 150, 3), random.integers(150, 250, 3)
    share = ((rings + 1) / 2)[..., None]
    grain = 4 * clouds(random, shape, 0)[..., None]
    return np.asarray(np.clip(dark * share + light * (1 - share) + grain, 0, 255), np.uint8)


def night(random: Random) -> Pixels:
    """Hang lamps or stars into the dark."""
    picture = canvas(random, 0, 40)
    for _ in range(int(random.integers(20, 200))):
        spot = int(random.integers(1, 14))
        cv2.circle(picture, place(random, picture), spot, colour(random, 120, 256), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.5, 4)), np.uint8)


def portrait(random: Random) -> Pixels:
    """Draw a face of ovals before a wall."""
    picture = canvas(random, 120, 250)
    height, width = picture.shape[:2]
    middle, skin = (width // 2, height // 2), (int(random.integers(120, 240)), 150, 120)
    hair = colour(random, 10, 110)
    cv2.ellipse(picture, middle, (height // 4, height // 3), 0, 0, 360, hair, -1)
    cv2.ellipse(
        picture, (middle[0], middle[1] + 20), (height // 5, height // 4), 0, 0, 360, skin, -1
    )
    for side in (-1, 1):
        eye = middle[0] + side * height // 11, middle[1]
        cv2.circle(picture, eye, height // 30, (250, 250, 250), -1)
        cv2.circle(picture, eye, height // 55, colour(random, 0, 120), -1)
    mouth = middle[0], middle[1] + height // 7
    cv2.ellipse(picture, mouth, (height // 14, height // 40), 0, 0, 180, (160, 50, 60), -1)
    noise = 5 * clouds(random, (height, width), 0.5)[..., None]
    soft = cv2.GaussianBlur(picture, (0, 0), 2) + noise
    return np.asarray(np.clip(soft, 0, 255), np.uint8)


def flowers(random: Random) -> Pixels:
    """Strew flowers of six petals and a yellow or dark middle over grass or paper."""
    ground = (200, 250) if random.random() < 0.5 else (40, 120)
    picture = canvas(random, *ground)
    for _ in range(int(random.integers(4, 30))):
        x, y = place(random, picture)
        size, petal = int(random.integers(8, 30)), colour(random, 60, 256)
        for turn in np.arange(6) * np.pi / 3 + random.uniform(0, 1):
            spot = int(x + size * np.cos(turn)), int(y + size * np.sin(turn))
            cv2.circle(picture, spot, int(0.6 * size), petal, -1, cv2.LINE_AA)
        cv2.circle(picture, (x, y), size // 2, (220, 190, 40), -1, cv2.LINE_AA)
    return picture


LEARNT: dict[str, Draw] = {
    "page": page,
    "screen": screen,
    "photograph": photograph,
    "gradient": gradient,
    "blobs": blobs,
    "plaid": plaid,
}
KEPT_AWAY: dict[str, Draw] = {
    "landscape": landscape,
    "bricks": bricks,
    "grapes": grapes,
    "dots": dots,
    "wood": wood,
    "night": night,
    "portrait": portrait,
    "flowers": flowers,
}
