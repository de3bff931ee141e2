"""Does the linear classifier of the probes find what is there, however it is spread?"""

import pytest
import torch

from lecture_nets.analysis.discriminant import balanced_accuracy, classify


def test_three_answers_on_a_line_are_told_apart():
    # Least squares on indicators would never name the one in the middle.
    answers = torch.arange(300) % 3
    features = answers[:, None] + torch.linspace(-0.3, 0.3, 300)[:, None]
    assert classify(features, answers, torch.arange(300) // 100) == 1


@pytest.mark.parametrize("constant", [0.0, 7.0])
def test_a_layer_that_never_changes_is_no_better_than_a_guess(constant):
    answers = torch.arange(400) % 4
    assert classify(torch.full((400, 3), constant), answers, torch.arange(400) % 3) == 0.25


def test_more_features_than_samples_can_be_read():
    answers = torch.arange(60) % 2
    features = torch.randn(60, 200, generator=torch.Generator().manual_seed(0))
    features[:, :50] += 5 * answers[:, None]
    assert classify(features, answers, torch.arange(60) % 3) == 1


def test_rare_answers_count_as_much_as_frequent_ones():
    right = torch.tensor([0] * 9 + [1])
    assert balanced_accuracy(torch.zeros(10, dtype=torch.long), right) == 0.5
