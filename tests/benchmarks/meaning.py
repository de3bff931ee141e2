"""In which layer are texture, part and class? Writes docs/results/meaning.json, in 6 minutes.

    python tests/benchmarks/meaning.py

Probes and dissection of the two networks that come with the package, trained and untrained, on
images that neither has seen; the picture docs/images/meaning.png is of AlexNet.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from lecture_nets import AlexNetModule, InceptionV3Module, PartsWorldDataModule
from lecture_nets.analysis.dissection import UnitMeaning, count_detectors, dissect
from lecture_nets.analysis.probes import QUESTIONS, ProbeResult, probe
from lecture_nets.visualize.meaning import draw_meaning

DOCS = Path(__file__).parents[2] / "docs"
PROBED = 2000  # images
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


def main() -> None:
    results = {}
    for module_class in (AlexNetModule, InceptionV3Module):
        module = module_class.from_pretrained("parts_world")
        net: nn.Module = module.net
        name, size = type(net).__name__, module.data_facts["image_size"]
        torch.manual_seed(0)
        untrained = type(net)(module.num_classes, width=module.hparams["width"])
        found = []
        for each in (net, untrained):
            probes = probe(each, loader(size, PROBED))
            found += [probes, dissect(each, loader(size, DISSECTED[name]))]
        results[name] = {
            "probed_images": PROBED,
            "dissected_images": DISSECTED[name],
            "trained": summary(*found[:2]),
            "untrained": summary(*found[2:]),
        }
        if name == "AlexNet":
            draw_meaning(*found).save(DOCS / "images" / "meaning.png")
        print(name, results[name]["trained"]["highest"])
    (DOCS / "results" / "meaning.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
