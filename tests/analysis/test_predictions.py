"""What is right and wrong among guesses, against counts made by hand."""

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from lecture_nets.analysis.predictions import (
    ClassScore,
    Predictions,
    most_confused,
    predict_test_set,
    score_classes,
)
from lecture_nets.data import PartsWorldDataModule
from lecture_nets.training import ImageClassifier

COUNTS = torch.tensor([[3, 1, 0], [4, 2, 0], [0, 1, 0]])


def predictions(labels: list[int], logits: list[list[float]]) -> Predictions:
    images = torch.zeros(len(labels), 3, 8, 8, dtype=torch.uint8)
    names = ["a", "b", "c"]
    return Predictions(TensorDataset(images), torch.tensor(labels), torch.tensor(logits), names)


SOME = predictions(
    [0, 0, 2, 2],
    [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.0, 0.4, 0.6], [0.7, 0.0, 0.3]],
)


def test_confusion_counts_rows_as_classes():
    assert SOME.confusion.tolist() == [[1, 1, 0], [0, 0, 0], [1, 0, 1]]
    assert (SOME.hits, SOME.accuracy) == (2, 0.5)


def test_the_surest_guess_comes_first():
    assert SOME.surest(torch.tensor([True] * 4)) == [0, 1, 3, 2]
    assert SOME.surest(SOME.guesses != SOME.labels) == [1, 3]


def test_scores_are_those_of_the_textbook():
    assert score_classes(COUNTS) == [
        ClassScore(images=4, precision=3 / 7, recall=3 / 4, f1=6 / 11),
        ClassScore(images=6, precision=2 / 4, recall=2 / 6, f1=4 / 10),
        ClassScore(images=1, precision=None, recall=0, f1=0),
    ]


def test_a_class_without_images_and_guesses_has_no_score():
    counts = torch.tensor([[2, 0], [0, 0]])
    assert score_classes(counts)[1] == ClassScore(0, None, None, None)


@pytest.mark.parametrize(
    ("most", "pairs"),
    [(1, [(1, 0, 4)]), (5, [(1, 0, 4), (0, 1, 1), (2, 1, 1)])],
)
def test_most_confused_are_the_largest_counts_off_the_diagonal(most, pairs):
    assert most_confused(COUNTS, most) == pairs


class TheBrighter(nn.Module):
    """Logits of the classes are the mean colors, and the first twice."""

    def forward(self, x):
        return x.mean(dim=(2, 3)).repeat(1, 4)[:, :10]


def test_each_test_image_is_asked_about_once_and_in_order():
    data = PartsWorldDataModule(image_size=32, test_size=21, batch_size=8)
    data.setup("test")
    module = ImageClassifier(TheBrighter(), num_classes=10)
    found = predict_test_set(module, data)
    images = torch.stack([data.test_set[i][0] for i in range(21)])
    expected = module.net(data.normalize(images)).softmax(dim=1)
    torch.testing.assert_close(found.probabilities, expected)
    assert found.labels.tolist() == [i % 10 for i in range(21)]
    assert found.class_names == data.class_names
    assert module.training
