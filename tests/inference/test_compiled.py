"""Compiling before the first picture comes."""

import os
import subprocess
import sys

import pytest
import torch

from lecture_nets.inference import compile
from lecture_nets.nets import NETS


@pytest.fixture
def alexnet():
    torch._dynamo.reset()
    return NETS["alexnet"](10, width=0.1).eval()


def test_scores_stay_the_same_and_nothing_is_compiled_later(alexnet):
    fast = compile(alexnet, 64, batch_size=2)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode(), torch.compiler.set_stance("fail_on_recompile"):
        found = fast(images)
    with torch.inference_mode():
        torch.testing.assert_close(found, alexnet(images), rtol=1e-4, atol=1e-9)


def test_wrong_images_get_the_same_clear_words(alexnet):
    with pytest.raises(ValueError, match="AlexNet needs images of at least 63x63"):
        compile(alexnet, 40)


WITHOUT = """
import torch
from lecture_nets.inference import compile
from lecture_nets.nets import AlexNet
fast = compile(AlexNet(10, width=0.1), 64)
with torch.inference_mode():
    print(*fast(torch.zeros(1, 3, 64, 64)).shape)
"""


def test_without_a_compiler_it_says_so_and_optimizes(tmp_path):
    # A cache of its own, where nothing lies that was compiled before.
    environment = {**os.environ, "CXX": "no-such-c++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, env=environment
    )
    assert "AlexNet is optimized, but not compiled: torch.compile found no C++" in ran.stderr
    assert ran.stdout == "1 10\n"
