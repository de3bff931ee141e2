"""Do the notebooks say the same in other circumstances? `python robustness.py [NOTEBOOK.ipynb ...]`

Runs what `make notebooks-test` runs once per row of `CIRCUMSTANCES` and prints a table. Beside the
notebooks each run gets a probe, a notebook of one cell that fails unless the circumstance is real.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

FOLDER = Path(__file__).parents[2] / "notebooks"
# IPython runs this in every kernel. Environment variables alone cannot switch oneDNN off.
STARTUP = "import torch; torch.backends.mkldnn.set_flags(False); del torch\n"


@dataclass(frozen=True)
class Circumstance:
    """One row: ``variables`` of the environment, and an expression that says they took effect.

    Attributes:
        probe: Python, true in the kernel of a notebook.
        moved: run copies of the notebooks in a folder of their own.
        startup: code that every kernel runs first.
    """

    name: str
    probe: str
    variables: dict[str, str] = field(default_factory=dict)
    moved: bool = False
    startup: str = ""


CIRCUMSTANCES = [
    Circumstance("1 thread", "torch.get_num_threads() == 1", {"OMP_NUM_THREADS": "1"}),
    Circumstance("2 threads", "torch.get_num_threads() == 2", {"OMP_NUM_THREADS": "2"}),
    Circumstance("oneDNN off", "not torch._C._get_mkldnn_enabled()", startup=STARTUP),
    Circumstance(
        "plainest CPU instructions",
        "torch.backends.cpu.get_cpu_capability() == 'DEFAULT'",
        {"ATEN_CPU_CAPABILITY": "default"},
    ),
    Circumstance("another folder", "not os.path.exists('../pyproject.toml')", moved=True),
    # Not even root can write there, unlike in a folder without write permission.
    Circumstance("read-only home", "os.system('mkdir ~/x 2> /dev/null') != 0", {"HOME": "/proc"}),
]


def probe(expression: str) -> nbformat.NotebookNode:
    """A notebook that was seen to print True."""
    output = new_output("stream", name="stdout", text="True\n")
    cell = new_code_cell(
        f"import os, torch\nprint({expression})", execution_count=1, outputs=[output]
    )
    return new_notebook(cells=[cell])


def run(
    circumstance: Circumstance, names: list[str], folder: Path, *options: str
) -> tuple[bool, str]:
    """Run notebooks under one circumstance, with options of pytest: passed, and what it said."""
    home = folder / "moved" if circumstance.moved else FOLDER
    if circumstance.moved:
        shutil.copytree(FOLDER, home)
    startup = folder / "ipython" / "profile_default" / "startup" / "first.py"
    startup.parent.mkdir(parents=True)
    startup.write_text(circumstance.startup)
    probing = (home if circumstance.moved else folder) / "probe.ipynb"
    nbformat.write(probe(circumstance.probe), probing)
    # What Jupyter itself writes goes there, also where nothing can be written at home.
    jupyter = {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_RUNTIME_DIR": str(folder)}
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:python", "-p", "no:cacheprovider"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=600"),
        *("--nbval-sanitize-with", str(FOLDER / "nbval.cfg")),
        *options,
        *map(str, [probing, *(home / name for name in names)]),
    ]
    result = subprocess.run(
        command,
        cwd=home,
        env=os.environ | jupyter | circumstance.variables,
        capture_output=True,
        text=True,
    )
    return result.returncode == 0, result.stdout + result.stderr


def main(names: list[str]) -> int:
    names = names or sorted(path.name for path in FOLDER.glob("[0-9]*.ipynb"))
    said = {}
    print(f"{'circumstance':28}{'':8}{'seconds':>8}")
    for circumstance in CIRCUMSTANCES:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            passed, output = run(circumstance, names, Path(folder))
        seconds = time.perf_counter() - start
        print(
            f"{circumstance.name:28}{'same' if passed else 'DIFFERS':8}{seconds:8.0f}", flush=True
        )
        if not passed:
            said[circumstance.name] = output
    for name, output in said.items():
        print(f"\n{name}\n{output}")
    return len(said)


if __name__ == "__main__":
    sys.exit(main([Path(argument).name for argument in sys.argv[1:]]))
