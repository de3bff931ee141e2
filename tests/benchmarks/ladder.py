"""Is the deeper network the better one, on our data? Writes docs/results/ladder.json.

    python tests/benchmarks/ladder.py                     # all, about 15 minutes on one core
    python tests/benchmarks/ladder.py AlexNet GoogLeNet   # measures these again

All learn from the same images for the same epochs, by their quick recipes; convolutional networks
have a quarter of their channels. One seed, one thread; nothing else should run meanwhile.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from lecture_nets import notebook
from lecture_nets.analysis.ladder import ladder
from lecture_nets.data import PartsWorldDataModule
from lecture_nets.nets import NETS
from lecture_nets.training import MODULES

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "ladder.json"
# Hard images would take longer: after five epochs ZFNet still guesses.
IMAGES = dict(difficulty="easy", image_size=96, train_size=4000, test_size=1000)
EPOCHS = 6
CAPTION = (
    f"PartsWorld, {IMAGES['difficulty']}: {IMAGES['train_size']} images of {IMAGES['image_size']} "
    f"pixels, {EPOCHS} epochs; {IMAGES['test_size']} test images. "
    "Convolutional networks with a quarter of their channels; one seed."
)
NAMES = [net.__name__ for net in NETS.values()]
WIDTHS = dict.fromkeys(NAMES, 0.25) | {"ShallowSVM": 1.0}


def measure(name: str, data: PartsWorldDataModule) -> dict[str, object]:
    notebook.setup()
    module = MODULES[f"{name}Module"](data.num_classes, width=WIDTHS[name], recipe="quick")
    (rung,) = ladder([module], data, EPOCHS)
    print(f"{name}: {rung.test_error:.1%} wrong, {rung.seconds:.0f} s", flush=True)
    return asdict(rung)


def main() -> None:
    data = PartsWorldDataModule(**IMAGES)
    known = json.loads(RESULTS.read_text())["rungs"] if RESULTS.exists() else []
    rungs = {rung["name"]: rung for rung in known}
    for name in sys.argv[1:] or NAMES:
        rungs[name] = measure(name, data)
        report = {
            "command": "python tests/benchmarks/ladder.py",
            "caption": CAPTION,
            "widths": WIDTHS,
            "rungs": [rungs[name] for name in NAMES if name in rungs],
        }
        RESULTS.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
