"""Train the small networks that come with the package, for `from_pretrained("parts_world")`.

    python tests/benchmarks/companions.py                 # both, about half an hour on two cores
    python tests/benchmarks/companions.py AlexNetModule

Each is trained by the command a user would type, rounded to half precision, tested as it will be
loaded, and written to lecture_nets/weights/parts_world/ with a card that says all this.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from lightning.pytorch import Trainer

from lecture_nets import PartsWorldDataModule, load
from lecture_nets.training.pretrained import CARD, COMPANIONS, WEIGHTS

ROOT = Path(__file__).parents[2]
LARGEST = 5_000_000  # bytes; the repository takes no larger file
RUNS = {
    # Wide enough for 16 filters in the first layer, a square of pictures.
    "AlexNetModule": (
        dict(image_size=128, train_size=8000),
        "--model AlexNetModule --model.width 0.1875 --model.recipe quick --model.lr 0.001 "
        "--trainer.max_epochs 16",
    ),
    "InceptionV3Module": (
        dict(image_size=96),
        "--model InceptionV3Module --model.width 0.25 --model.recipe quick --trainer.max_epochs 12",
    ),
}


def train(name: str) -> None:
    images, words = RUNS[name]
    command = "lecture-nets fit --data PartsWorldDataModule " + " ".join(
        [*(f"--data.{option} {value}" for option, value in images.items()), words]
    )
    commit = subprocess.check_output(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True
    )
    data = PartsWorldDataModule(**images)
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, "-m", "lecture_nets.cli", *command.split()[1:]]
        subprocess.run(program, cwd=folder, check=True)
        module = load(next(Path(folder).rglob("best.ckpt")))
    module.half().save_pretrained(COMPANIONS / name)
    module.float()  # as it will be loaded: what was rounded stays so
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    scores = trainer.test(module, data, verbose=False)[0]

    file = COMPANIONS / name / CARD
    card = json.loads(file.read_text())
    card["training"] = {
        "data": data.citation,
        "license": data.license,
        "command": command,
        "commit": commit.strip(),
        "precision": "rounded to 16 bits after training",
        "test_images": len(data.test_set),
        "test_acc": round(scores["test_acc"], 4),
    }
    file.write_text(json.dumps(card, indent=2) + "\n")
    size = (COMPANIONS / name / WEIGHTS).stat().st_size
    print(name, card["training"]["test_acc"], f"{size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"{name}: {size:,} bytes are more than {LARGEST:,}; train it narrower.")


if __name__ == "__main__":
    for name in sys.argv[1:] or RUNS:
        train(name)
