from functools import partial

import pytest
import torch

from lecture_nets.analysis.depth import DepthPoint, train_alike, wilson_interval
from lecture_nets.data import HierarchyWorldDataModule
from lecture_nets.nets.hierarchy_stack import HierarchyStack


def small_world(**options):
    return HierarchyWorldDataModule(32, 20, 200, 10, 200, **options)


def test_a_world_without_synonyms_is_learned_by_any_depth():
    builds = {f"{depth}": partial(HierarchyStack, depth, width=0.25) for depth in (3, 6)}
    runs = train_alike(builds, small_world(synonyms=1), 8)
    assert [run.depth for run in runs] == [3, 6]
    assert all(run.test_error < 0.1 and run.train_error < 0.05 for run in runs)
    assert all(run.test_images == 200 for run in runs)
    assert not runs[0].net.training


def test_without_training_and_with_shuffled_labels_they_guess():
    build = {"6": partial(HierarchyStack, 6, width=0.25)}
    (untrained,) = train_alike(build, small_world(synonyms=1), 0)
    (shuffled,) = train_alike(build, small_world(synonyms=1, label_noise=0.9), 8)
    assert untrained.test_error > 0.7
    assert shuffled.test_error > 0.7
    assert untrained.point == DepthPoint(6, untrained.parameters, untrained.interval)


def test_the_seed_decides_and_nothing_else_changes():
    build = {"3": partial(HierarchyStack, 3, width=0.25)}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, again, other = (
        train_alike(build, small_world(), 1, seed=seed)[0].net for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    weights = [net.head.classifier.weight for net in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_wilson_intervals_are_those_of_the_literature():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 and 0 of 20.
    found = wilson_interval(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    found = wilson_interval(0, 20)
    assert (found.low, found.high) == pytest.approx((0.0, 0.1611), abs=1e-4)


@pytest.mark.parametrize(("hits", "tests"), [(3, 2), (-1, 2), (0, 0)])
def test_impossible_shares_are_named(hits, tests):
    with pytest.raises(ValueError, match=f"found {hits} hits in {tests} tests"):
        wilson_interval(hits, tests)
