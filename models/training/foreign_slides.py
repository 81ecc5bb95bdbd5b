"""Slides that are no smear of blood, drawn in code: tissue, urine, bacteria, dried stain.

Nearer to blood than a page of text is: the same glass, the same dyes or kindred ones.
"""

import cv2
import numpy as np

from appliance.vocabulary import Pixels
from models.training.strangers import Draw, Random, canvas, clouds, colour, place


def tissue(random: Random) -> Pixels:
    """Draw a section in haematoxylin and eosin: small blue nuclei, packed in pink."""
    picture = canvas(random, 225, 245)
    shape = picture.shape[0], picture.shape[1]
    pink = np.array((225, 150, 190)) + random.integers(-20, 21, 3)
    fibres = clouds(random, shape, 1.3)
    picture[:] = np.clip(pink + 14 * fibres[..., None] * (1, 1.6, 1), 0, 255).astype(np.uint8)
    if random.random() < 0.5:
        picture[fibres > random.uniform(0.6, 1.5)] = 240
    size = random.uniform(4, 16)
    for _ in range(int(random.uniform(0.2, 1) * picture.size / 3 / (size * size * 9))):
        axes = max(int(size * random.uniform(0.7, 1.4)), 2), max(int(size * 0.8), 2)
        blue = (int(random.integers(70, 130)), int(random.integers(40, 90)), 140)
        cv2.ellipse(picture, place(random, picture), axes, random.uniform(0, 180), 0, 360, blue, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.6, 1.6)), np.uint8)


def urine(random: Random) -> Pixels:
    """Draw unstained sediment: thin rings of cells and sharp crystals on grey or yellow."""
    tint = np.array((200, 200, 190)) + random.integers(-30, 31, 3)
    picture = canvas(random)
    picture[:] = np.clip(tint, 0, 255)
    dark = [int(value) for value in np.clip(tint - 90, 0, 255)]
    for _ in range(int(random.integers(5, 60))):
        radius = int(random.integers(6, 30))
        cv2.circle(picture, place(random, picture), radius, dark, int(random.integers(1, 4)))
    for _ in range(int(random.integers(0, 15))):
        x, y = place(random, picture)
        turn, size = random.uniform(0, np.pi), random.uniform(8, 40)
        corners = [
            (x + size * np.cos(turn + k * np.pi / 2), y + size * np.sin(turn + k * np.pi / 2))
            for k in range(4)
        ]
        outline = np.array(corners, np.int32)
        cv2.polylines(picture, [outline.reshape(-1, 1, 2)], True, dark, 2)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8)


def bacteria(random: Random) -> Pixels:
    """Draw a Gram stain: violet cocci in grapes or chains and pink rods."""
    picture = canvas(random, 225, 248)
    size = int(random.integers(3, 11))
    for _ in range(int(random.integers(5, 50))):
        x, y = place(random, picture)
        violet = (int(random.integers(60, 110)), int(random.integers(20, 70)), 130)
        if random.random() < 0.3:
            end = x + int(random.integers(-40, 41)), y + int(random.integers(-40, 41))
            cv2.line(picture, (x, y), end, (220, 110, 150), size)
            continue
        for _ in range(int(random.integers(2, 40))):
            spot = x + int(random.normal(0, 3 * size)), y + int(random.normal(0, 3 * size))
            cv2.circle(picture, spot, size, violet, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8)


def dried_stain(random: Random) -> Pixels:
    """Draw stain that dried on bare glass: purple clouds with hard rims and grains."""
    picture = canvas(random, 220, 245)
    shape = picture.shape[0], picture.shape[1]
    amount = np.maximum(clouds(random, shape, random.uniform(1, 2)) - random.uniform(0, 1), 0)
    amount += random.uniform(0, 0.4) * (cv2.Laplacian(amount, cv2.CV_32F) < -0.05)
    dye = np.array((0.25, 0.56, 0.1)) * random.uniform(0.6, 1.5)
    for _ in range(int(random.integers(0, 300))):
        cv2.circle(amount, place(random, picture), int(random.integers(1, 6)), 1.5, -1)
    density = cv2.GaussianBlur(amount, (0, 0), 1)[..., None] * dye
    return np.asarray(picture * 10**-density, np.uint8)


def fluorescence(random: Random) -> Pixels:
    """Draw glowing round cells in the dark, in one or two colours."""
    picture = canvas(random, 0, 12)
    for _ in range(int(random.integers(5, 60))):
        glow = np.zeros(3, int)
        glow[int(random.integers(3))] = int(random.integers(90, 256))
        radius = int(random.integers(8, 40))
        cv2.circle(picture, place(random, picture), radius, glow.tolist(), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(1, 5)), np.uint8)


def plant(random: Random) -> Pixels:
    """Draw walls of plant cells, stained in safranin and green."""
    picture = canvas(random, 215, 245)
    count = int(random.integers(40, 400))
    seeds = np.stack([place(random, picture) for _ in range(count)])
    wall = np.full(picture.shape[:2], 255, np.uint8)
    wall[seeds[:, 1], seeds[:, 0]] = 0
    _, label = cv2.distanceTransformWithLabels(wall, cv2.DIST_L2, 5)
    walls = cv2.morphologyEx(label.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((5, 5))) > 0
    picture[walls] = colour(random, 40, 180)
    for x, y in seeds[:: int(random.integers(1, 5))]:
        cv2.circle(picture, (int(x), int(y)), int(random.integers(3, 14)), (180, 40, 90), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8)


def pollen(random: Random) -> Pixels:
    """Draw stained grains with spikes or a rough skin."""
    picture = canvas(random, 215, 245)
    shape = picture.shape[0], picture.shape[1]
    rough = clouds(random, shape, 0.8)[..., None]
    grains = np.zeros(shape, np.uint8)
    radius = int(random.integers(15, 55))
    for _ in range(int(random.integers(3, 20))):
        x, y = place(random, picture)
        for turn in np.linspace(0, 2 * np.pi, int(random.integers(12, 40))):
            tip = int(x + 1.2 * radius * np.cos(turn)), int(y + 1.2 * radius * np.sin(turn))
            cv2.line(grains, (x, y), tip, 1, 3)
        cv2.circle(grains, (x, y), radius, 1, -1)
    skin = np.array((190, 80, 140)) + random.integers(-60, 61, 3) + 25 * rough
    return np.where(grains[..., None] > 0, np.clip(skin, 0, 255), picture).astype(np.uint8)


def yeast(random: Random) -> Pixels:
    """Draw budding ovals in magenta on green or white, as in a fungal stain."""
    picture = canvas(random, 215, 245)
    if random.random() < 0.5:
        picture[:] = (190, 225, 195)
    magenta = (int(random.integers(140, 220)), int(random.integers(20, 90)), 130)
    size = int(random.integers(8, 40))
    for _ in range(int(random.integers(5, 50))):
        x, y = place(random, picture)
        turn = random.uniform(0, 180)
        cv2.ellipse(picture, (x, y), (size, int(0.7 * size)), turn, 0, 360, magenta, -1)
        bud = int(x + 1.3 * size * np.cos(turn)), int(y + 1.3 * size * np.sin(turn))
        cv2.circle(picture, bud, size // 2, magenta, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.6, 2)), np.uint8)


LEARNT: dict[str, Draw] = {
    "tissue": tissue,
    "urine": urine,
    "fluorescence": fluorescence,
    "bacteria": bacteria,
}
KEPT_AWAY: dict[str, Draw] = {
    "dried stain": dried_stain,
    "plant": plant,
    "pollen": pollen,
    "yeast": yeast,
}
