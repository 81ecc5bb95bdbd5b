"""Damages the samples of every format in seeded ways: what disks, cables and jokers do to files."""

import random
from collections.abc import Callable, Iterator

from tests.samples import samples

EXTREMES = (0, 1, 2, 7, 8, 127, 128, 255, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, -1)


def mutants(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged files, the same ones for the same seed; all samples and ways take turns.

    Args:
        seed: of the whole series.
        count: how many.

    Yields:
        A name that tells sample, ways and number (the ending is that of the sample), the bytes.
    """
    originals = sorted(samples().items())
    for number in range(count):
        # Each file has its own generator, so that one can be made again without the others.
        yield mutant(seed, number, originals)


def mutant(
    seed: int, number: int, originals: list[tuple[str, bytes]] | None = None
) -> tuple[str, bytes]:
    """Make one file of a series."""
    originals = originals or sorted(samples().items())
    chance = random.Random(f"{seed} {number}")
    name, data = originals[number % len(originals)]
    ways = [WAYS[(number // len(originals)) % len(WAYS)]]
    while chance.random() < 0.3:
        ways.append(chance.choice(WAYS))
    changed = bytearray(data)
    for way in ways:
        other = chance.choice(originals)[1]
        changed = way(changed, chance, other)
    return f"{'+'.join(w.__name__ for w in ways)}-{seed}-{number}-{name}", bytes(changed)


def _somewhere(data: bytearray, chance: random.Random) -> int:
    """A place in the file; every second time within its first bytes, where headers are."""
    if not data:
        return 0
    end = min(len(data), 400) if chance.random() < 0.5 else len(data)
    return chance.randrange(end)


def flip_bits(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        if data:
            data[_somewhere(data, chance)] ^= 1 << chance.randrange(8)
    return data


def cut_end(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    return data[: chance.randrange(len(data) + 1)]


def cut_hole(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    at = _somewhere(data, chance)
    return data[:at] + data[at + chance.choice((1, 2, 4, 16, 200)) :]


def splice(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    """The beginning of one file, the end of another."""
    return data[: _somewhere(data, chance)] + other[chance.randrange(len(other)) :]


def change_length(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    """Write an extreme number of 1 to 8 bytes, as a length or a size might be."""
    size = chance.choice((1, 2, 2, 4, 4, 8))
    value = chance.choice(EXTREMES) & (256**size - 1)
    at = _somewhere(data, chance)
    data[at : at + size] = value.to_bytes(size, chance.choice(("big", "little")))
    return data


def add_to_length(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    """Change a number in the file by a little."""
    size, order = chance.choice((1, 2, 4)), chance.choice(("big", "little"))
    at = _somewhere(data, chance)
    value = int.from_bytes(data[at : at + size], order) + chance.choice((-2, -1, 1, 2, 16))
    data[at : at + size] = (value & (256**size - 1)).to_bytes(size, order)
    return data


def swap_header(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    size = chance.choice((4, 8, 16, 32, 132, 300))
    data[:size] = other[:size]
    return data


def repeat_part(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    at, size = _somewhere(data, chance), chance.choice((4, 12, 20, 64, 500))
    return data[:at] + data[at : at + size] * chance.choice((2, 3, 50)) + data[at + size :]


def move_part(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    at, size = _somewhere(data, chance), chance.choice((4, 12, 20, 64, 500))
    part, rest = data[at : at + size], data[:at] + data[at + size :]
    to = _somewhere(rest, chance)
    return rest[:to] + part + rest[to:]


def fill_part(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    at, size = _somewhere(data, chance), chance.choice((4, 16, 64, 512))
    size = min(size, len(data) - at)
    noise = chance.randbytes(size)
    data[at : at + size] = chance.choice((bytes(size), b"\xff" * size, noise))
    return data


def add_rest(data: bytearray, chance: random.Random, other: bytes) -> bytearray:
    return data + chance.choice((bytes(1000), chance.randbytes(1000), other))


WAYS: tuple[Callable[[bytearray, random.Random, bytes], bytearray], ...] = (
    flip_bits,
    cut_end,
    change_length,
    splice,
    add_to_length,
    cut_hole,
    swap_header,
    repeat_part,
    fill_part,
    move_part,
    add_rest,
)
