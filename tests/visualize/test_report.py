"""The picture report: the numbers in it, and that it is drawn for any run."""

import torch
from PIL import Image
from torch.utils.data import TensorDataset

from lecture_nets.visualize.report import (
    Predictions,
    confusion,
    draw_report,
    read_curves,
    surest_of_each_class,
)


def predictions(count: int, classes: int) -> Predictions:
    draw = torch.Generator().manual_seed(0)
    return Predictions(
        TensorDataset(torch.rand(count, 3, 16, 16, generator=draw)),
        torch.randint(classes, (count,), generator=draw),
        torch.rand(count, classes, generator=draw).softmax(dim=1),
    )


def test_confusion_counts_rows_as_classes():
    labels, guesses = torch.tensor([0, 0, 2, 2, 2]), torch.tensor([0, 1, 2, 2, 0])
    assert confusion(labels, guesses, 3).tolist() == [[1, 1, 0], [0, 0, 0], [1, 0, 2]]


def test_curves_are_read_from_lightnings_file(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,train_loss,val_loss\n0,9,,2.5\n0,9,3.0,\n1,19,,2.0\n")
    assert read_curves(path) == {"val_loss": [(0, 2.5), (1, 2.0)], "train_loss": [(0, 3.0)]}


def test_a_report_is_one_page_even_without_misses_or_curves(tmp_path):
    perfect = predictions(3, 4)
    perfect = Predictions(perfect.samples, perfect.guesses, perfect.probabilities)
    picture = draw_report("title", {}, perfect, ["a", "b", "c", "d"])
    with Image.open(picture.save(tmp_path / "report.png")) as image:
        assert image.size == (1600, 1000)


def test_a_report_says_how_many_were_hit():
    some = predictions(20, 3)
    hits = int((some.guesses == some.labels).sum())
    curves = {"train_loss": [(0, 2.0), (1, 1.0)], "val_acc": [(0, 0.3), (1, 0.6)]}
    picture = draw_report("title", curves, some, ["a", "b", "c"])
    titles = [part.get_suptitle() for part in picture.figure.subfigs[1].subfigs]
    assert titles == [
        f"Hits, the surest of each class ({hits} of 20)",
        f"Misses, the surest of each class ({20 - hits} of 20)",
    ]


def test_examples_take_turns_among_classes():
    confidence = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.99])
    labels = torch.tensor([0, 0, 1, 1, 1])
    chosen = torch.tensor([True, True, True, True, False])
    assert surest_of_each_class(confidence, labels, chosen) == [0, 2, 1, 3]
