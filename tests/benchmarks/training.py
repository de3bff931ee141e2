"""What do the networks reach in minutes on two cores? Writes docs/results/training.json.

    python tests/benchmarks/training.py            # all of them, about 40 minutes on two cores
    python tests/benchmarks/training.py parts_world-InceptionV3

Each run is the command a user would type; its figures are what the command prints. Nothing else
should run on the machine meanwhile.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results" / "training.json"
PHOTOS = os.environ.get(
    "LECTURE_NETS_PHOTOS", str(ROOT.parent / "shared" / "datasets" / "clothing10_160.zip")
)
ON_PHOTOS = "--data ImageFolderDataModule --data.root {photos} --data.image_size 96"
ON_PARTS_WORLD = "--data PartsWorldDataModule --data.image_size 96"
ON_HARD = f"{ON_PARTS_WORLD} --data.difficulty hard"


def fit(data: str, network: str, width: float, epochs: int) -> str:
    """The words behind ``lecture-nets fit``."""
    return (
        f"{data} --model {network}Module --model.width {width} --model.recipe quick "
        f"--trainer.max_epochs {epochs}"
    )


RUNS = {
    "clothing10-InceptionV3": fit(ON_PHOTOS, "InceptionV3", 0.25, 45),
    "parts_world-InceptionV3": fit(ON_PARTS_WORLD, "InceptionV3", 0.25, 12),
    "clothing10-AlexNet": fit(ON_PHOTOS, "AlexNet", 0.5, 30),
    "clothing10-GoogLeNet": fit(ON_PHOTOS, "GoogLeNet", 0.25, 30),
    **{
        f"parts_world-{network}": fit(ON_PARTS_WORLD, network, 0.25, 6)
        for network in ("AlexNet", "ZFNet", "VGG19", "GoogLeNet", "InceptionV2")
    },
    "parts_world-ShallowSVM": fit(ON_PARTS_WORLD, "ShallowSVM", 1.0, 6),
    "clothing10-ShallowSVM": fit(ON_PHOTOS, "ShallowSVM", 1.0, 12),
    "parts_world_hard-InceptionV3": fit(ON_HARD, "InceptionV3", 0.25, 12),
    "parts_world_hard-ShallowSVM": fit(ON_HARD, "ShallowSVM", 1.0, 6),
}
FIGURES = {
    "training_seconds": r"training: +(\d+) s",
    "epochs": r"training: .* (\d+) epochs",
    "validation_top1_percent": r"validation top-1: ([\d.]+)%",
    "test_top1_percent": r"test top-1: +([\d.]+)%",
}


def run(arguments: str) -> dict[str, object]:
    command = f"lecture-nets fit {arguments}"
    program = [sys.executable, "-m", "lecture_nets.cli", *command.split()[1:]]
    program = [word.format(photos=PHOTOS) for word in program]
    with tempfile.TemporaryDirectory() as folder:  # runs/ goes with it
        result = subprocess.run(program, cwd=folder, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{command}\n{result.stderr[-2000:]}")
    found = {name: re.search(pattern, result.stdout) for name, pattern in FIGURES.items()}
    figures = {name: float(match[1]) for name, match in found.items() if match}
    return {"command": command.format(photos="clothing10_160.zip"), **figures}


def main() -> None:
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in sys.argv[1:] or RUNS:
        results[name] = run(RUNS[name])
        print(name, results[name], flush=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
