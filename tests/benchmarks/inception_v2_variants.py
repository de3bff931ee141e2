"""Which Inception V2 has the paper's 42 layers and less than 25 million parameters?

    python tests/benchmarks/inception_v2_variants.py

writes docs/results/inception_v2_variants.json. Exact counts, nothing is timed.
"""

import json
from pathlib import Path

import torch

from lecture_nets.analysis import cost
from lecture_nets.nets import InceptionV2

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "inception_v2_variants.json"
CLAIMS = {"layers": 42, "parameters_below": 25_000_000}  # arXiv 1512.00567, section 6; abstract


def variant(stem: str, num_factorized: int) -> dict[str, object]:
    """The counts of one variant, and which of the claims it meets."""
    with torch.device("meta"):
        counted = cost(InceptionV2(stem=stem, num_factorized=num_factorized))
    inside = sum(row.depth for row in counted.rows if row.name.startswith("reduction_"))
    return {
        "stem": stem,
        "num_factorized": num_factorized,
        "parameters": counted.parameters,
        "macs": counted.macs,
        "longest_path": counted.depth,
        "without_reductions": counted.depth - inside,
        "longest_path_meets_layers": counted.depth == CLAIMS["layers"],
        "without_reductions_meets_layers": counted.depth - inside == CLAIMS["layers"],
        "meets_parameters": counted.parameters < CLAIMS["parameters_below"],
    }


def table() -> dict[str, object]:
    """All variants beside what the paper claims."""
    variants = [variant(stem, modules) for stem in ("3x3", "7x7") for modules in (5, 4, 3)]
    return {"paper": CLAIMS, "image_size": InceptionV2.paper_size, "variants": variants}


if __name__ == "__main__":
    RESULTS.write_text(json.dumps(table(), indent=2) + "\n")
