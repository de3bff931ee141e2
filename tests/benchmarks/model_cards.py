"""Write the cards of the small trained networks that come with the package, beside their weights.

    python tests/benchmarks/model_cards.py

Numbers come from the card.json that the training wrote, and from the weights themselves. The form
is Hugging Face's: a README.md with metadata that the Hub would read.
"""

import json
from pathlib import Path

import torch
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from lecture_nets.analysis import cost
from lecture_nets.nets import NETS
from lecture_nets.training.pretrained import CARD, COMPANIONS, WEIGHTS

NETWORKS = {net.__name__: net for net in NETS.values()}
# ruff: noqa: E501 (a paragraph of Markdown is a line)
PAGE = """\
---
{metadata}
---

# {network} that has learned PartsWorld

A narrow {network} ({width} of the paper's channels, {parameters:,} parameters) that tells {count} kinds of drawn objects apart: {classes}. It comes with the package lecture-nets, so that its tools, tests and notebooks have a trained network without a download.

```python
from lecture_nets import {module}

module = {module}.from_pretrained("parts_world").eval()
logits = module(module.preprocess(picture)[None])  # a PIL image -> (1, {count}) logits
```

## Score

{accuracy:.1%} of {images:,} test images right (top-1), where guessing gives {guessing:.0%}. One training with one seed, tested once, as the weights lie here.

## Training

```sh
{command}
```

Done at commit `{commit}` with {versions}; the weights were {precision}.

## Data

{data} {size} x {size} pixels, `difficulty="easy"`, license {data_license}. No photograph, no person and no scraped picture is in it.

## Intended use

Lessons, tests and demonstrations: to look into, to probe, to fine-tune as an example.

## Limits

- It has seen drawings only. Of a photograph it says nothing sensible, and whatever it is shown, it names one of its {count} classes.
- Its probabilities were not calibrated.
- The images are easy. The score says nothing about {network} on others.

## License

MIT, as the package. `{weights}` has {bytes:,} bytes and the SHA-256 `{sha256}`.
"""


def model_card(name: str) -> str:
    """The card of one network, a folder in `COMPANIONS`."""
    facts = json.loads((COMPANIONS / name / CARD).read_text())
    training, data = facts["training"], facts["lecture_nets"]["data"]
    network = name.removesuffix("Module")
    options = {
        key: value
        for key, value in facts["hyper_parameters"].items()
        if key not in ("aux_weight", "recipe", "lr")
    }
    with torch.device("meta"):
        parameters = cost(NETWORKS[network](**options), data["image_size"]).parameters
    result = EvalResult(
        task_type="image-classification",
        dataset_type="parts_world",
        dataset_name="PartsWorld",
        dataset_split="test",
        metric_type="accuracy",
        metric_value=training["test_acc"],
    )
    metadata = ModelCardData(
        license="mit",
        library_name="lecture-nets",
        pipeline_tag="image-classification",
        tags=["education", "pytorch-lightning", network.lower()],
        model_name=f"{network}-parts_world",
        eval_results=[result],
    )
    count = len(data["class_names"])
    return PAGE.format(
        metadata=metadata.to_yaml().strip(),
        network=network,
        module=name,
        width=facts["hyper_parameters"]["width"],
        parameters=parameters,
        count=count,
        classes=", ".join(data["class_names"]),
        accuracy=training["test_acc"],
        images=training["test_images"],
        guessing=1 / count,
        precision=training["precision"],
        command=training["command"].replace(" --", " \\\n    --"),
        commit=training["commit"],
        versions=", ".join(f"{key} {value}" for key, value in facts["versions"].items()),
        data=training["data"],
        size=data["image_size"],
        data_license=training["license"],
        weights=WEIGHTS,
        bytes=(COMPANIONS / name / WEIGHTS).stat().st_size,
        sha256=facts["sha256"],
    )


def path_of(name: str) -> Path:
    return COMPANIONS / name / "README.md"


if __name__ == "__main__":
    for folder in sorted(COMPANIONS.iterdir()):
        ModelCard(model_card(folder.name)).save(path_of(folder.name))
        print(path_of(folder.name))
