"""Confidence against accuracy, on sets of which the answer is known."""

import pytest
import torch
from torch import Tensor

from lecture_nets.analysis.calibration import calibrate


def sure(confidence: float, images: int, right: int, classes: int = 4) -> tuple[Tensor, Tensor]:
    """So many guesses of one confidence, of which so many are right."""
    rest = (1 - confidence) / (classes - 1)
    probabilities = torch.full((images, classes), rest, dtype=torch.float64)
    probabilities[:, 0] = confidence
    return probabilities, (torch.arange(images) >= right).long()


def both(*parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    probabilities, labels = zip(*parts, strict=True)
    return torch.cat(probabilities), torch.cat(labels)


def test_confidence_that_is_the_share_of_hits_has_no_error():
    found = calibrate(*both(sure(0.9, 100, 90), sure(0.6, 100, 60)))
    assert found.error == pytest.approx(0, abs=1e-5)
    assert found.accuracy == pytest.approx(0.75)
    assert found.mean_confidence == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ([sure(0.95, 100, 50)], 0.45),
        ([sure(0.45, 100, 100)], 0.55),
        ([sure(1.0, 10, 4)], 0.6),
        ([sure(1.0, 100, 100), sure(0.95, 100, 0)], 0.475),
        ([sure(0.95, 300, 150), sure(0.4, 100, 80)], 0.75 * 0.45 + 0.25 * 0.4),
    ],
    ids=["too sure", "not sure enough", "certain", "certain and nearly so", "two bins"],
)
def test_a_known_error(parts, error):
    assert calibrate(*both(*parts)).error == pytest.approx(error, abs=1e-5)


def test_labels_drawn_from_the_probabilities_are_calibrated():
    draw = torch.Generator().manual_seed(0)
    probabilities = torch.randn(20_000, 5, generator=draw).softmax(1)
    labels = probabilities.multinomial(1, generator=draw)[:, 0]
    # 15 bins of at most 0.5 / √1333 each, if all are equally full
    assert calibrate(probabilities, labels).error < 0.014


def test_bins_hold_every_image_once_and_give_the_error():
    draw = torch.Generator().manual_seed(0)
    probabilities = torch.randn(500, 5, generator=draw).softmax(1)
    found = calibrate(probabilities, torch.randint(5, (500,), generator=draw), bins=7)
    assert len(found.bins) == 7
    assert sum(part.images for part in found.bins) == 500
    gaps = (part.images / 500 * abs(part.confidence - part.accuracy) for part in found.bins)
    assert sum(gaps) == pytest.approx(found.error, abs=1e-5)


def test_certain_guesses_are_in_the_last_bin():
    found = calibrate(*sure(1.0, 10, 10))
    assert (found.bins[-1].images, found.bins[-1].accuracy) == (10, 1.0)


def test_the_share_of_sure_guesses():
    found = calibrate(*both(sure(0.95, 30, 0), sure(0.5, 70, 0)))
    assert found.share_above(0.9) == pytest.approx(0.3)


EVEN, LABEL = torch.full((1, 2), 0.5), torch.tensor([0])


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((EVEN[:0], LABEL[:0]), "shape \\(0, 2\\)"),
        ((EVEN, torch.tensor([0, 1])), "2 labels"),
        ((torch.tensor([[3.0, -1.0]]), LABEL), "softmax"),
        ((torch.tensor([[float("nan"), 1.0]]), LABEL), "softmax"),
        ((EVEN, LABEL, 0), "at least 1"),
    ],
    ids=["no images", "too many labels", "logits", "not a number", "no bins"],
)
def test_what_cannot_be_calibrated_is_refused(arguments, found):
    with pytest.raises(ValueError, match=found):
        calibrate(*arguments)
