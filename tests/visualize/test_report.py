"""The figures of a report: their words and numbers, and that they are drawn for any run."""

import pytest
import torch
from torch.utils.data import TensorDataset

from lecture_nets.analysis.predictions import Predictions
from lecture_nets.visualize.figures import DPI
from lecture_nets.visualize.report import (
    WIDTH,
    draw_confusion,
    draw_filters,
    draw_learning_curves,
    draw_mistakes,
    drawable,
)

CURVES = {
    "train_loss": [(0, 2.3), (1, 0.9), (2, 0.4)],
    "val_loss": [(0, 2.0), (1, 0.5), (2, 0.7)],
    "val_acc": [(0, 0.3), (1, 0.9), (2, 0.8)],
}


def predictions(count: int, classes: int, names: list[str] | None = None) -> Predictions:
    draw = torch.Generator().manual_seed(0)
    return Predictions(
        TensorDataset(torch.randint(256, (count, 3, 16, 16), generator=draw, dtype=torch.uint8)),
        torch.randint(classes, (count,), generator=draw),
        torch.rand(count, classes, generator=draw).softmax(dim=1),
        names or [f"kind {i}" for i in range(classes)],
    )


def test_curves_tell_where_they_begin_end_and_are_best():
    alt = draw_learning_curves(CURVES).alt
    assert "Loss: training from 2.30 to 0.40; validation from 2.00 to 0.70, at best 0.50" in alt
    assert "Accuracy: validation from 30.0% to 80.0%, at best 90.0% in epoch 2." in alt


@pytest.mark.parametrize(
    ("curves", "words"),
    [
        ({"val_acc": [(0, 0.25)]}, "Loss: not recorded. Accuracy: validation 25.0% after one"),
        ({"train_loss": [(0, 1.0), (1, 0.0)]}, "Loss: training from 1.00 to 0.00."),
    ],
)
def test_curves_are_drawn_of_what_there_is(curves, words):
    picture = draw_learning_curves(curves)
    assert words in picture.alt
    assert picture.png


def test_epochs_are_counted_from_one():
    loss, _ = draw_learning_curves(CURVES).figure.axes
    assert loss.lines[0].get_xdata() == pytest.approx([1, 2, 3])


def test_confusion_shows_each_count():
    some = predictions(30, 3)
    picture = draw_confusion(some)
    shown = [int(text.get_text()) for text in picture.figure.axes[0].texts]
    assert sum(shown) == 30
    assert f"{some.hits} of 30 test images" in picture.alt


@pytest.mark.parametrize("classes", [2, 21, 61])
def test_confusion_of_many_classes_is_drawn_without_their_numbers(classes):
    picture = draw_confusion(predictions(200, classes))
    axes = picture.figure.axes[0]
    assert bool(axes.texts) == (classes <= 20)
    assert len(axes.get_yticks()) == (classes if classes <= 60 else 0)
    assert picture.png


def test_mistakes_are_the_surest_wrong_ones():
    some = predictions(20, 3)
    picture = draw_mistakes(some, most=4)
    wrong = some.confidence[some.guesses != some.labels].sort(descending=True).values[:4]
    titles = [axes.get_title() for axes in picture.figure.axes]
    assert [title.split("%")[0].split()[-1] for title in titles[:4]] == [
        f"{100 * sure:.0f}" for sure in wrong.tolist()
    ]
    assert titles[4:] == ["", ""]  # two rows of three


def test_no_mistakes_are_no_figure():
    some = predictions(3, 4)
    perfect = Predictions(some.samples, some.guesses, some.probabilities, some.class_names)
    with pytest.raises(ValueError, match="all 3 test images are classified correctly"):
        draw_mistakes(perfect)


def test_gray_is_a_weight_of_zero_and_colors_are_counted():
    filters = torch.zeros(3, 3, 5, 5)
    filters[0, :, 2] = 1.0  # a bright line
    filters[1, 0, 2], filters[1, 1, 2] = 1.0, -1.0  # red against green
    filters[2, :, 2] = 0.5
    picture = draw_filters(filters, "conv_1")
    assert "3 filters of 5x5 pixels; 1 of them weigh color more" in picture.alt
    assert "The weakest is 50% as strong" in picture.alt
    red_green = picture.figure.axes[1].images[0].get_array()
    assert red_green[2, 0].tolist() == [1.0, 0.0, 0.5]


def test_figures_are_narrow_enough_for_a_phone():
    some = predictions(20, 3)
    for picture in (draw_learning_curves(CURVES), draw_confusion(some), draw_mistakes(some),
                    draw_filters(torch.rand(96, 3, 7, 7), "conv_1")):  # fmt: skip
        assert picture.figure.get_figwidth() * DPI == WIDTH * DPI


def test_any_class_name_can_be_drawn():
    names = ["$\\alpha$ & <b>", "狗", "x" * 200, ""]
    assert drawable(names) == [r"\$\alpha\$ & <b>", "class 1", "x" * 17 + "…", ""]
    some = predictions(40, 4, names)
    assert draw_confusion(some).png
    assert draw_mistakes(some).png
