"""The symbols of HierarchyWorld that each layer of a network knows, and that classes need.

    data = HierarchyWorldDataModule(image_size=32, synonyms=4, test_size=2000)
    data.setup("test")
    images = data.normalize(data.test_set.images)
    probe_symbols(net, images, data.test_set.truth)

Drawn by `lecture_nets.visualize.hierarchy.draw_staircase` and
`lecture_nets.visualize.depth.draw_users`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, capture, device_of, find_layer, out_of_place
from lecture_nets.analysis.discriminant import CHOOSE, FIT, TEST, classify
from lecture_nets.analysis.probes import SHARES, ProbeResult, deal, main_layers
from lecture_nets.names import choose
from lecture_nets.nets.layers import evaluating

PLACES = 4  # of a level that are probed, where it has more
BATCH = 200
LOSES = 0.05  # of accuracy, above which a class counts as hit
RIDGE = 1e-4  # of a layer's mean variance


def probe_symbols(
    net: nn.Module,
    images: Tensor,
    truth: Mapping[str, Tensor],
    layers: Iterable[str] | None = None,
    *,
    seed: int = 0,
) -> tuple[ProbeResult, ...]:
    """Read the symbol of every level from every layer, each in its place, by linear classifiers.

    A probe answers which symbol is at one place, from the column of the layer's map there: the mean
    of the cells that the symbol covers, or the one cell that covers the symbol. As a cell that
    covers several symbols holds each in its own way, every place has a classifier of its own. Up
    to four places of a level are asked for, and their accuracies averaged.

    The classifier is that of `lecture_nets.analysis.probes.probe`: fitted on half of the images,
    its strength chosen on a quarter, tested on the last.

    Args:
        net: any network; it runs in evaluation mode and stays as it was.
        images: normalized, (N, C, H, W), on which ``net`` was not trained.
        truth: symbols by level, (N, side, side) each, as of `HierarchyWorld.truth`.
        layers: names as `find_layer` takes them; by default all with weights.
        seed: of the split of the images, the places and the shuffled answers.

    Returns:
        For each layer, in order, one result for each level; ``question`` is the level.

    Raises:
        ValueError: there is no such layer, or the images are so few that a symbol is missing.
    """
    attached = main_layers(net) if layers is None else {name: name for name in layers}
    maps = read_maps(net, images, attached)
    generator = torch.Generator().manual_seed(seed)
    cut = torch.tensor(SHARES).cumsum(0) * len(images)
    portions = torch.bucketize(torch.randperm(len(images), generator=generator), cut, right=True)
    asked = {level: some_places(grid, generator) for level, grid in truth.items()}
    for level, answers in asked.items():
        check_symbols(level, answers, portions)
    dealt = {
        level: [(place, deal(answers, portions, generator)) for place, answers in each]
        for level, each in asked.items()
    }
    return tuple(
        probe_level(layer, level, by_place(maps[layer], truth[level]), each, dealt[level], portions)
        for layer in attached
        for level, each in asked.items()
    )


Asked = list[tuple[int, Tensor]]  # a place, counted in reading order, and the answers there (N,)


def some_places(grid: Tensor, generator: torch.Generator) -> Asked:
    """Places of a level and what is there, numbered among the symbols that ever are there."""
    symbols = grid.flatten(1)
    places = torch.randperm(symbols.shape[1], generator=generator)[:PLACES].sort().values.tolist()
    return [(place, symbols[:, place].unique(return_inverse=True)[1]) for place in places]


def check_symbols(level: str, asked: Asked, portions: Tensor) -> None:
    """Each symbol must be there to fit, to choose and to test."""
    for place, answers in asked:
        symbols = 1 + int(answers.max())
        for portion in (FIT, CHOOSE, TEST):
            found = len(answers[portions == portion].unique())
            if found < symbols:
                raise ValueError(
                    f"probe_symbols: a portion of {len(portions)} images shows {found} of the "
                    f"{symbols} symbols at place {place} of level {level!r}; allowed are all; take "
                    "more images, 500 or more."
                )


def read_maps(net: nn.Module, images: Tensor, attached: Mapping[str, str]) -> dict[str, Tensor]:
    """The maps of all images by layer: (N, C, h, w), on the CPU."""
    parts: dict[str, list[Tensor]] = {layer: [] for layer in attached}
    with evaluating(net), capture(net, attached.values()) as captured:
        for batch in images.split(BATCH):
            net(batch.to(device_of(net)))
            for layer, name in attached.items():
                parts[layer].append(as_maps(captured[name], layer).cpu())
    return {layer: torch.cat(each) for layer, each in parts.items()}


def by_place(maps: Tensor, grid: Tensor) -> Tensor:
    """The values of maps at each place of a level: (N, C, h, w), (N, s, s) -> (N, s · s, C)."""
    side = grid.shape[-1]
    if maps.shape[-1] > side:
        maps = F.adaptive_avg_pool2d(maps, side)
    elif maps.shape[-1] < side:
        maps = F.interpolate(maps, (side, side), mode="nearest")
    return maps.flatten(2).transpose(1, 2)


def probe_level(
    layer: str, level: str, columns: Tensor, asked: Asked, dealt: Asked, portions: Tensor
) -> ProbeResult:
    tests = [answers[portions == TEST].bincount() for _, answers in asked]
    chances = [1 / len(each) for each in tests]
    variances = [
        (chance * (1 - chance) / each).sum() * chance**2
        for chance, each in zip(chances, tests, strict=True)
    ]

    def accuracy(questions: Asked) -> float:
        found = [classify(columns[:, place], answers, portions) for place, answers in questions]
        return sum(found) / len(found)

    return ProbeResult(
        layer,
        level,
        accuracy=accuracy(asked),
        shuffled=accuracy(dealt),
        chance=sum(chances) / len(chances),
        margin=3 * float(torch.stack(variances).sum().sqrt()) / len(asked),
        tests=sum(int(each.sum()) for each in tests),
        cells=columns.shape[1],
    )


@dataclass(frozen=True)
class Erased:
    """The loss of a network when a layer can no longer locate one symbol.

    Losses are shares of images, 0…1: the accuracy before minus the accuracy after.

    Attributes:
        layer: where the symbol was erased.
        level: of the symbol.
        symbol: its number.
        users: for each class, the share of its images that contain the symbol.
        lost: for each class.
        lost_with: on the images that contain the symbol; ``nan`` where none does.
        lost_without: on the images that do not; ``nan`` where all do.
        random: for each class, with a direction drawn by chance erased in place of the symbol's.
    """

    layer: str
    level: str
    symbol: int
    users: tuple[float, ...]
    lost: tuple[float, ...]
    lost_with: float
    lost_without: float
    random: tuple[float, ...]

    @property
    def hit(self) -> int:
        """The number of classes that lose more than 5 points."""
        return sum(each > LOSES for each in self.lost)

    @property
    def hit_at_random(self) -> int:
        """The same with a direction drawn by chance."""
        return sum(each > LOSES for each in self.random)


def erase_symbols(
    net: nn.Module,
    images: Tensor,
    truth: Mapping[str, Tensor],
    layer: str,
    level: str,
    *,
    seed: int = 0,
) -> tuple[Erased, ...]:
    """Erase each symbol of a level from a layer in turn, and see which images suffer.

    What is erased is the one direction by which a linear classifier finds the symbol, so that none
    can any more, and nothing besides (Belrose et al., "LEACE", arXiv 2306.03819). It is found on
    the first half of the images; accuracy is measured on the second.

    Args:
        net: a network that classifies images of HierarchyWorld; it stays as it was.
        images: normalized, (N, C, H, W), on which ``net`` was not trained.
        truth: symbols by level, (N, side, side) each, with ``"class"``.
        layer: where to erase, as `find_layer` takes it.
        level: of the symbols; the layer's map has as many places.
        seed: of the directions drawn by chance.

    Returns:
        One entry for each symbol.

    Raises:
        ValueError: there is no such layer or level, or it has other places than the layer.
    """
    grid, half = choose("level", level, truth), len(images) // 2
    maps = read_maps(net, images[:half], {layer: layer})[layer]
    if maps.shape[-1] != grid.shape[-1]:
        raise ValueError(
            f"erase_symbols: layer {layer!r} has {maps.shape[-1]} places a side and level "
            f"{level!r} {grid.shape[-1]}; allowed is a layer with the level's places; name another."
        )
    columns = maps.flatten(2).transpose(1, 2).flatten(0, 1).double()
    mean = columns.mean(0)
    columns -= mean
    covariance = columns.T @ columns / len(columns)
    # Units that never answer would make it singular.
    covariance += RIDGE * covariance.trace() / len(covariance) * torch.eye(len(covariance))
    found = F.one_hot(grid[:half].flatten().long()).double()
    directions = columns.T @ (found - found.mean(0)) / len(columns)  # (C, symbols)
    generator = torch.Generator().manual_seed(seed)
    chance = torch.linalg.cholesky(covariance) @ torch.randn(
        directions.shape, generator=generator, dtype=torch.float64
    )

    tested, labels = images[half:], truth["class"][half:].flatten().long()
    before = right(net, tested, labels)

    def loss(direction: Tensor) -> Tensor:
        reader = torch.linalg.solve(covariance, direction)
        with erased(net, layer, mean, direction / (direction @ reader), reader):
            return before - right(net, tested, labels)

    def by_class(values: Tensor) -> tuple[float, ...]:
        return tuple(values[labels == label].mean().item() for label in labels.unique())

    results = []
    for symbol, direction in enumerate(directions.T):
        there, lost = (grid[half:] == symbol).flatten(1).any(1), loss(direction)
        results.append(
            Erased(
                layer,
                level,
                symbol,
                users=by_class(there.float()),
                lost=by_class(lost),
                lost_with=lost[there].mean().item(),
                lost_without=lost[~there].mean().item(),
                random=by_class(loss(chance[:, symbol])),
            )
        )
    return tuple(results)


def right(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """1 where an image is classified rightly, else 0: (N,)."""
    with evaluating(net):
        guesses = [net(batch.to(device_of(net))).argmax(1).cpu() for batch in images.split(BATCH)]
    return (torch.cat(guesses) == labels).float()


@contextmanager
def erased(
    net: nn.Module, layer: str, mean: Tensor, direction: Tensor, reader: Tensor
) -> Iterator[None]:
    """Within, ``x − direction · (reader · (x − mean))`` at each place of ``layer``."""
    found = find_layer(net, layer)

    def erase(_: nn.Module, __: tuple, output: Tensor) -> Tensor:
        mean_, direction_, reader_ = (
            each.to(output).view(-1, *[1] * (output.ndim - 2)) for each in (mean, direction, reader)
        )
        return output - direction_ * ((output - mean_) * reader_).sum(1, keepdim=True)

    hook = found.register_forward_hook(erase)
    try:
        with out_of_place(net):
            yield
    finally:
        hook.remove()
