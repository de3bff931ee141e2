"""Which layers hold texture, part and class: writes docs/results/meaning.json, in 8 minutes.

    python tests/benchmarks/meaning.py                     # or with names: EfficientNetLite0

Probes and dissection of the two networks that come with the package, trained and untrained, on
images that neither has seen; the picture docs/images/meaning.png is of AlexNet. Of a network that
learned from the photographs of ImageNet, probes with bootstrap intervals over images.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from timm import create_model
from torch import nn
from torch.utils.data import DataLoader

from lecture_nets import AlexNetModule, ImageClassifier, InceptionV3Module, PartsWorldDataModule
from lecture_nets.analysis.dissection import UnitMeaning, count_detectors, dissect
from lecture_nets.analysis.peaks import bootstrap
from lecture_nets.analysis.probes import QUESTIONS, ProbeResult, probe
from lecture_nets.names import choose
from lecture_nets.visualize.meaning import draw_meaning
from lecture_nets.weights import imagenet

DOCS = Path(__file__).parents[2] / "docs"
RESULTS = DOCS / "results" / "meaning.json"
PROBED = 2000  # images
PHOTOGRAPHED = 1000  # drawn images, for the network that learned from photographs
DISSECTED = {"AlexNet": 1000, "InceptionV3": 400}  # Inception has five times as many units


def loader(image_size: int, images: int) -> DataLoader:
    data = PartsWorldDataModule(image_size=image_size, test_size=images, return_truth=True)
    data.setup("test")
    return data.test_dataloader()


def summary(probes: tuple[ProbeResult, ...], units: tuple[UnitMeaning, ...]) -> dict[str, Any]:
    curves = {
        question: [each for each in probes if each.question == question] for question in QUESTIONS
    }
    best = {question: max(curve, key=lambda each: each.score) for question, curve in curves.items()}
    margins = {question: each.margin / (1 - each.chance) for question, each in best.items()}
    return {
        "probe_scores": {
            question: {each.layer: round(each.score, 3) for each in curve}
            for question, curve in curves.items()
        },
        "highest": {q: "" if each.guessed else each.layer for q, each in best.items()},
        "guessing_within": {question: round(margin, 3) for question, margin in margins.items()},
        "largest_score_with_shuffled_answers": round(
            max((each.shuffled - each.chance) / (1 - each.chance) for each in probes), 3
        ),
        "detectors": count_detectors(units),
        "units": {
            layer: sum(unit.layer == layer for unit in units) for layer in count_detectors(units)
        },
    }


def companion(module_class: type[ImageClassifier]) -> dict[str, Any]:
    """Probes and dissection of a network that comes with the package."""
    module = module_class.from_pretrained("parts_world")
    net: nn.Module = module.net
    name, size = type(net).__name__, module.data_facts["image_size"]
    torch.manual_seed(0)
    untrained = type(net)(module.num_classes, width=module.hparams["width"])
    found = []
    for each in (net, untrained):
        probes = probe(each, loader(size, PROBED))
        found += [probes, dissect(each, loader(size, DISSECTED[name]))]
    if name == "AlexNet":
        draw_meaning(*found).save(DOCS / "images" / "meaning.png")
    return {
        "probed_images": PROBED,
        "dissected_images": DISSECTED[name],
        "trained": summary(*found[:2]),
        "untrained": summary(*found[2:]),
    }


def photographs() -> dict[str, Any]:
    """Probes of EfficientNet-Lite0, which learned from ImageNet, with intervals over images."""
    torch.manual_seed(0)
    blocks = [f"blocks.{i}" for i in range(7)]
    results: dict[str, Any] = {"probed_images": PHOTOGRAPHED, "resamples": 2000}
    # At 224 pixels the textures are nearly twice as coarse as at 128.
    for name, net, seed, size in (
        ("trained", imagenet.imagenet_net(), 0, 128),
        ("trained_other_images", imagenet.imagenet_net(), 1, 128),
        ("untrained", create_model(imagenet.ARCHITECTURE), 0, 128),
        ("trained_224_pixels", imagenet.imagenet_net(), 0, 224),
    ):
        data = PartsWorldDataModule(size, test_size=PHOTOGRAPHED, seed=seed, return_truth=True)
        data.mean, data.std = imagenet.MEAN, imagenet.STD
        data.setup("test")
        peaks = bootstrap(probe(net, data.test_dataloader(), blocks, seed=seed))
        results[name] = {
            "scores_low_to_high": {
                question: {
                    layer: [round(each.low, 3), round(each.high, 3)]
                    for (asked, layer), each in peaks.scores.items()
                    if asked == question
                }
                for question in QUESTIONS
            },
            "peaks": peaks.peaks,
            "texture_before_part": peaks.in_order(("texture", "part")),
            "part_before_class": peaks.in_order(("part", "class")),
            "all_in_order": peaks.in_order(tuple(QUESTIONS)),
        }
        print(name, results[name]["peaks"], flush=True)
    return results


JOBS = {
    "AlexNet": lambda: companion(AlexNetModule),
    "InceptionV3": lambda: companion(InceptionV3Module),
    "EfficientNetLite0": photographs,
}


def main(asked: list[str]) -> None:
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name in asked or JOBS:
        results[name] = choose("network", name, JOBS)()
        ordered = {known: results[known] for known in JOBS if known in results}
        RESULTS.write_text(json.dumps(ordered, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
