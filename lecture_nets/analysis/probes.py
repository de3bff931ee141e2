"""Linear probes: how well texture, part and class can be read from each layer.

    data = PartsWorldDataModule(test_size=2000, return_truth=True)
    data.setup("test")
    probe(net, data.test_dataloader())

A probe is a linear classifier on a layer's activations; the network itself learns nothing (Alain
and Bengio, "Understanding intermediate layers using linear classifier probes", arXiv 1610.01644).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, capture, device_of
from lecture_nets.analysis.discriminant import (
    CHOOSE,
    FIT,
    TEST,
    balanced_accuracy,
    classify,
    predict,
)
from lecture_nets.data.parts_world import BODY, CLASS_NAMES, PARTS, TEXTURES
from lecture_nets.nets.layers import evaluating
from lecture_nets.nets.network import Network
from lecture_nets.progress import progress

# Images normalized for the network, labels, and the truth as of `PartsWorld`.
Batches = Iterable[Sequence[Any]]

QUESTIONS = {"texture": TEXTURES, "part": PARTS, "class": CLASS_NAMES}
# Regions as of `regions_of`.
TEXTURE_REGION, PART_REGIONS, CLASS_REGION = slice(1), slice(1, -1), slice(-1, None)
SHARES = (0.5, 0.25)  # of the images, to fit and to choose the strength; the rest is for the test


@dataclass(frozen=True)
class ProbeResult:
    """The accuracy with which one question is answered from one layer.

    All accuracies are balanced, that is averaged over the possible answers, on the test images.

    Attributes:
        layer: its name.
        question: ``"texture"``, ``"part"`` or ``"class"``.
        accuracy: of the probe.
        shuffled: of a probe whose answers were dealt out at random: what overfitting yields.
        chance: of guessing.
        margin: guessing stays within ``chance ± margin`` in 997 of 1000 cases.
        tests: how many regions were asked about.
        cells: of the layer's map; 1 where it has no places, as in ``fc_6``.
        answered: for each region asked about, its image, the right answer and the probe's; see
            `lecture_nets.analysis.peaks`.
    """

    layer: str
    question: str
    accuracy: float
    shuffled: float
    chance: float
    margin: float
    tests: int
    cells: int
    answered: tuple[tuple[int, int, int], ...] = field(default=(), repr=False)

    @property
    def score(self) -> float:
        """The accuracy on a scale where guessing is 0 and never failing is 1."""
        return (self.accuracy - self.chance) / (1 - self.chance)

    @property
    def guessed(self) -> bool:
        """Whether guessing could have done as well."""
        return self.accuracy <= self.chance + self.margin


@dataclass(frozen=True)
class Samples:
    """The data of one question: answers (n,), images (n,), features (n, F) by layer."""

    answers: Tensor
    images: Tensor
    features: dict[str, Tensor]


def probe(
    net: nn.Module, batches: Batches, layers: Iterable[str] | None = None, *, seed: int = 0
) -> tuple[ProbeResult, ...]:
    """Ask each layer three questions: which texture is here, which part, which class.

    - *texture*: of the body, one of 8; they say nothing about the class.
    - *part*: one of 12, asked of each kind of part that the object has in sight.
    - *class*: one of 10, asked of the whole image.

    Layers differ in resolution and width, so each answers with as many numbers as it has channels:
    the mean of its columns over the region that is asked about, body, part or image. Where things
    are counts only as far as the channels tell. A layer without places, as ``fc_6``, is a map of
    one cell: it can know the class and the body's texture, but of the part no more than goes with
    the class.

    The classifier is linear discriminant analysis on standardized features, with equal priors. It
    is fitted on half of the images; a strength of regularization (a ridge) is chosen on a quarter;
    the last quarter is tested. Take images on which ``net`` was not trained.

    Args:
        net: any network; it runs in evaluation mode, on its device, and stays as it was.
        batches: of images (N, C, H, W), labels (N,) and truth, as of a `PartsWorldDataModule` with
            ``return_truth=True``: its test loader, or a list.
        layers: names as `find_layer` takes them; by default all with weights, see `main_layers`.
        seed: of the split of the images and of the shuffled answers.

    Returns:
        For each layer, in order, the results for texture, part and class.

    Raises:
        ValueError: there is no such layer, its output is neither maps nor vectors, the batches hold
            no truth, or the images are so few that an answer is missing.
    """
    read_at = main_layers(net) if layers is None else {name: name for name in layers}
    samples, cells = read_layers(net, batches, read_at)

    generator = torch.Generator().manual_seed(seed)
    count = len(samples["class"].answers)
    cut = torch.tensor(SHARES).cumsum(0) * count
    portions = torch.bucketize(torch.randperm(count, generator=generator), cut, right=True)
    for question, each in samples.items():
        check_answers(question, each.answers, portions[each.images])
    dealt = {
        question: deal(each.answers, portions[each.images], generator)
        for question, each in samples.items()
    }

    jobs = [(layer, question) for layer in read_at for question in QUESTIONS]
    results = []
    for layer, question in progress(jobs, "Probing"):
        each = samples[question]
        own = portions[each.images]
        right, images = each.answers[own == TEST], each.images[own == TEST]
        tests = right.bincount()
        chance = 1 / len(QUESTIONS[question])
        deviation = (chance * (1 - chance) / tests).sum().sqrt() / len(tests)
        found = predict(each.features[layer], each.answers, own)
        results.append(
            ProbeResult(
                layer,
                question,
                accuracy=balanced_accuracy(found, right),
                shuffled=classify(each.features[layer], dealt[question], own),
                chance=chance,
                margin=3 * float(deviation),
                tests=int(tests.sum()),
                cells=cells[layer],
                answered=tuple(zip(*(x.tolist() for x in (images, right, found)), strict=True)),
            )
        )
    return tuple(results)


def main_layers(net: nn.Module) -> dict[str, str]:
    """The layers with weights in order, each with the layer to read: a ReLU behind it, if any.

    Those of a `Network` are the rows of its trunk and its head, and those of any other network its
    direct children.
    """
    found: dict[str, str] = {}
    for block in (net.trunk, net.head) if isinstance(net, Network) else (net,):
        rows = list(block.named_children())
        if not rows:  # the head of a ShallowSVM is one linear layer
            found["head"] = "head"
            continue
        for (name, layer), (after, follower) in zip(rows, [*rows[1:], ("", None)], strict=True):
            if next(layer.parameters(), None) is not None:
                found[name] = after if isinstance(follower, nn.ReLU) else name
    return found


def truth_of(batch: Sequence[Any], reader: str) -> dict[str, Tensor]:
    """The truth of a batch, or a `ValueError` that says how to get it."""
    if len(batch) < 3 or not isinstance(batch[2], dict):
        raise ValueError(
            f"{reader}: the batches hold {len(batch)} entries and no truth; "
            "draw them with PartsWorldDataModule(…, return_truth=True)."
        )
    return batch[2]


@torch.no_grad()
def read_layers(
    net: nn.Module, batches: Batches, read_at: dict[str, str]
) -> tuple[dict[str, Samples], dict[str, int]]:
    """Run all images: what each layer says where a question is asked, and its number of cells."""
    answers: dict[str, list[Tensor]] = {question: [] for question in QUESTIONS}
    images: dict[str, list[Tensor]] = {question: [] for question in QUESTIONS}
    features: dict[str, dict[str, list[Tensor]]] = {
        question: {layer: [] for layer in read_at} for question in QUESTIONS
    }
    cells: dict[str, int] = {}
    device, seen = device_of(net), 0
    with evaluating(net), capture(net, read_at.values()) as captured:
        for batch in progress(batches, "Reading layers"):
            truth = truth_of(batch, "probe")
            net(batch[0].to(device))
            regions = regions_of(truth)
            in_sight = regions.flatten(2).any(2)
            maps = {layer: as_maps(captured[name], layer) for layer, name in read_at.items()}
            cells = {layer: each[0, 0].numel() for layer, each in maps.items()}
            columns = {
                layer: mean_columns(each, regions.to(device)).cpu() for layer, each in maps.items()
            }
            for question, (asked, answer) in {
                "texture": (TEXTURE_REGION, torch.as_tensor(truth["body_texture"])[:, None]),
                "part": (PART_REGIONS, torch.arange(len(PARTS)).expand(len(batch[0]), -1)),
                "class": (CLASS_REGION, torch.as_tensor(batch[1])[:, None]),
            }.items():
                there = in_sight[:, asked]
                answers[question].append(answer[there].long())
                images[question].append(seen + there.nonzero()[:, 0])
                for layer in read_at:
                    features[question][layer].append(columns[layer][:, asked][there])
            seen += len(batch[0])
    samples = {
        question: Samples(
            torch.cat(answers[question]),
            torch.cat(images[question]),
            {layer: torch.cat(pieces) for layer, pieces in features[question].items()},
        )
        for question in QUESTIONS
    }
    return samples, cells


def regions_of(truth: dict[str, Tensor]) -> Tensor:
    """Regions that are asked about: body, the 12 own parts, whole image, (N, 14, S, S) bool."""
    parts = truth["parts"].masked_fill(truth["loose"], 0)[:, None]
    kinds = torch.tensor([BODY, *range(1, len(PARTS) + 1)], dtype=parts.dtype)
    return torch.cat((parts == kinds.view(-1, 1, 1), torch.ones_like(parts, dtype=torch.bool)), 1)


def mean_columns(maps: Tensor, regions: Tensor) -> Tensor:
    """The mean of the maps' columns over each region: (N, C, H, W), (N, R, S, S) -> (N, R, C).

    A cell of the map counts by how much of it the region covers.
    """
    height, width = maps.shape[2:]
    covered = F.adaptive_avg_pool2d(regions.to(maps.dtype), (height, width)).flatten(2)
    total = covered.sum(2, keepdim=True)
    return covered @ maps.flatten(2).transpose(1, 2) / total.masked_fill(total == 0, 1)


def check_answers(question: str, answers: Tensor, portions: Tensor) -> None:
    """Each answer must be there to fit, to choose and to test."""
    for portion in (FIT, CHOOSE, TEST):
        found = set(answers[portions == portion].tolist())
        missing = [name for i, name in enumerate(QUESTIONS[question]) if i not in found]
        if missing:
            raise ValueError(
                f"probe: among {len(portions)} samples for {question!r} a portion lacks "
                f"{', '.join(missing)}; take more images, 500 or more."
            )


def deal(answers: Tensor, portions: Tensor, generator: torch.Generator) -> Tensor:
    """The answers in another order, by chance, but each within its portion: (n,)."""
    order = torch.randperm(len(answers), generator=generator)
    dealt = torch.empty_like(answers)
    dealt[portions.argsort(stable=True)] = answers[order[portions[order].argsort(stable=True)]]
    return dealt
