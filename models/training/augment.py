"""Shakes crops as other laboratories would: another stain, lens, camera and cut.

Works on whole batches in PyTorch; everything random comes from one generator.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, conv2d, grid_sample, interpolate, pad

from appliance.pipeline.crops import GLASS

# Optical densities of haematoxylin-like, eosin-like and a third direction (Ruifrok and Johnston
# 2001), rows of unit length: the axes along which Romanowsky stains differ most.
STAINS = torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
FAINTEST_EDGE, SHARPEST_EDGE = 22.0, 140.0  # pixels across a cell, of the poorest and best optics


def shake(crops: Tensor, random: torch.Generator) -> Tensor:
    """Vary a batch.

    Args:
        crops: (n, side, side, 3) uint8.
        random: made anew from the seed at every start, so that training can be repeated.

    Returns:
        (n, 3, side, side) float32 grey levels, 0 to 255.
    """
    x = crops.permute(0, 3, 1, 2).float()
    x = _move(x, random)
    x = _restain(x, random)
    x = _blur(x, random)
    x = _downscale(x, random)
    return _expose(x, random).clamp(0, 255)


def _uniform(shape: tuple[int, ...], low: float, high: float, random: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=random) * (high - low) + low


def _move(x: Tensor, random: torch.Generator) -> Tensor:
    """Turn by any angle, mirror, stretch a little, zoom, shift; glass comes in from outside."""
    n = len(x)
    angle = _uniform((n,), 0, 2 * math.pi, random)
    mirror = torch.sign(_uniform((n,), -1, 1, random))
    zoom = torch.exp(_uniform((n,), -0.15, 0.2, random))
    stretch = torch.exp(_uniform((n,), -0.08, 0.08, random))
    cos, sin = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack(
        [
            torch.stack([cos * zoom * mirror, -sin * zoom * stretch], dim=1),
            torch.stack([sin * zoom * mirror, cos * zoom * stretch], dim=1),
        ],
        dim=1,
    )
    shift = _uniform((n, 2, 1), -0.08, 0.08, random)
    grid = affine_grid(torch.cat([matrix, shift], dim=2), list(x.shape), align_corners=False)
    return grid_sample(x - GLASS, grid, mode="bilinear", align_corners=False) + GLASS


def _restain(x: Tensor, random: torch.Generator) -> Tensor:
    """Scale and turn the dyes' optical densities; glass, which has none, stays glass."""
    n = len(x)
    density = -torch.log(x.clamp(4, 255) / GLASS)
    amounts = torch.exp(torch.randn((n, 1, 3), generator=random) * 0.25)
    overall = torch.exp(torch.randn((n, 1, 1), generator=random) * 0.15)
    dyes = STAINS + torch.randn((n, 3, 3), generator=random) * 0.06
    mixing = torch.linalg.inv(STAINS)[None] * (amounts * overall) @ dyes
    shaken = torch.einsum("nchw,ncd->ndhw", density, mixing)
    # One in eight keeps its own stain: the network has to know real ones too.
    keep = (torch.rand((n, 1, 1, 1), generator=random) < 0.125).float()
    return GLASS * torch.exp(-(keep * density + (1 - keep) * shaken))


def _blur(x: Tensor, random: torch.Generator) -> Tensor:
    """Defocus by a Gaussian of up to 2 pixels."""
    sigma = _uniform((len(x), 1), 0.05, 2.0, random)
    reach = torch.arange(-5, 6)[None].float()
    kernel = torch.exp(-0.5 * (reach / sigma) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(3, dim=0)
    flat = pad(x, (5, 5, 5, 5), mode="replicate").flatten(0, 1)[None]
    groups = flat.shape[1]
    flat = conv2d(flat, kernel[:, None, :, None], groups=groups)
    return conv2d(flat, kernel[:, None, None, :], groups=groups)[0].view(x.shape)


def _downscale(x: Tensor, random: torch.Generator) -> Tensor:
    """Show half of the batch through fewer pixels, one size for each eighth of it."""
    side = x.shape[-1]
    parts = []
    for part in x.chunk(8):
        edge = math.exp(
            float(_uniform((), math.log(FAINTEST_EDGE), math.log(2 * SHARPEST_EDGE), random))
        )
        small = round(edge)
        if small < side:
            low = interpolate(part, (small, small), mode="area")
            part = interpolate(low, (side, side), mode="bilinear", align_corners=False)
        parts.append(part)
    return torch.cat(parts)


def _expose(x: Tensor, random: torch.Generator) -> Tensor:
    """Vary brightness, contrast, and sensor noise, in the cell alone: glass is set by the white."""
    n = len(x)
    inside = (x.mean(dim=1, keepdim=True) < GLASS - 6).float()
    gain = _uniform((n, 3, 1, 1), 0.93, 1.07, random)
    lift = _uniform((n, 1, 1, 1), -10, 10, random)
    grain = torch.randn(x.shape, generator=random) * _uniform((n, 1, 1, 1), 0, 7, random)
    return x + inside * (x * (gain - 1) + lift + grain)
