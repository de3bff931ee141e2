"""What the package promises to whoever imports it."""

import subprocess
import sys

import pytest

import lecture_nets

PROBE = """
import sys
happened = []
def hook(event, args):
    if event in ("subprocess.Popen", "socket.connect", "os.fork", "os.exec", "os.posix_spawn"):
        happened.append((event, str(args)))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        happened.append((event, str(args)))
sys.addaudithook(hook)
import lecture_nets
heavy = {"matplotlib", "timm", "torchvision.datasets", "torch", "lightning"} & set(sys.modules)
assert not heavy, heavy
assert not happened, happened
"""


def run(code: str) -> subprocess.CompletedProcess:
    # Without -B Python itself would write the byte code it compiled.
    return subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True)


def test_import_is_light_and_does_nothing():
    result = run(PROBE)
    assert result.returncode == 0, result.stderr


def test_the_probe_can_fail():
    assert run(PROBE.replace("import lecture_nets", "import matplotlib")).returncode != 0
    assert run(PROBE.replace("import lecture_nets", "open('/dev/null', 'w')")).returncode != 0


def test_networks_load_neither_lightning_nor_data():
    code = "import sys, lecture_nets.nets; assert not {'lightning', 'timm'} & set(sys.modules)"
    assert run(code).returncode == 0


@pytest.mark.parametrize("name", lecture_nets.__all__)
def test_every_public_name_is_there(name):
    assert getattr(lecture_nets, name) is not None
    assert name in dir(lecture_nets)


def test_unknown_names_raise_as_usual():
    with pytest.raises(AttributeError, match="attribute ResNet"):
        lecture_nets.ResNet  # noqa: B018
