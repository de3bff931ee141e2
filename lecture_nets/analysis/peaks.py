"""The layer in which each question is answered best, and how sure that is: a bootstrap over images.

    found = bootstrap(probe(net, batches))
    found.peaks["texture"]                       # {"conv_2": 0.97, "conv_3": 0.03}
    found.in_order(("texture", "part", "class")) # 0.95: share of the resamples
    found.scores["texture", "conv_2"]            # Interval(mean=…, half=…)
    found.difference(("part", "conv_5"), ("part", "fc_8"))   # an interval too

Drawn by `lecture_nets.visualize.meaning.draw_meaning`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lecture_nets.analysis.label_noise import Interval
from lecture_nets.analysis.probes import ProbeResult


@dataclass(frozen=True)
class Peaks:
    """Scores of probes on many draws of the same test images, as other images would give them.

    Attributes:
        layers: in order of depth.
        draws: the scores of all resamples, by question and layer.
    """

    layers: tuple[str, ...]
    draws: dict[tuple[str, str], np.ndarray]

    @property
    def scores(self) -> dict[tuple[str, str], Interval]:
        """The 95 % interval of each score, by question and layer."""
        return {place: percentile_interval(values) for place, values in self.draws.items()}

    def difference(self, one: tuple[str, str], other: tuple[str, str]) -> Interval:
        """The 95 % interval of one score, by question and layer, minus another."""
        return percentile_interval(self.draws[one] - self.draws[other])

    def places(self, question: str) -> np.ndarray:
        """The index of the layer that answers best, the first of several, for each resample."""
        return np.stack([self.draws[question, layer] for layer in self.layers]).argmax(0)

    @property
    def peaks(self) -> dict[str, dict[str, float]]:
        """For each question the layers that ever answer it best, and in which share."""
        return {
            question: {
                self.layers[place]: count / len(self.places(question))
                for place, count in Counter(self.places(question).tolist()).most_common()
            }
            for question in dict.fromkeys(question for question, _ in self.draws)
        }

    def in_order(self, questions: Sequence[str]) -> float:
        """Share of resamples in which each question peaks in a later layer than the one before."""
        places = np.stack([self.places(question) for question in questions])
        return float((np.diff(places, axis=0) > 0).all(0).mean())


def bootstrap(probes: Sequence[ProbeResult], resamples: int = 2000, seed: int = 0) -> Peaks:
    """Draw the test images again, with replacement, and score all probes on each draw.

    Images are drawn, not single answers, as the parts of an image go together; all layers and
    questions see the same draws. The classifiers stay as they were fitted.

    Args:
        probes: as `lecture_nets.analysis.probes.probe` returns them.
        resamples: number of draws.
        seed: of the draws.

    Raises:
        ValueError: no probes, or some that do not say what they answered.
    """
    if not probes or not all(each.answered for each in probes):
        raise ValueError(
            f"bootstrap: found {len(probes)} probes, {sum(not x.answered for x in probes)} of them "
            "without answers; allowed are one or more, all with answers; pass what probe() returns."
        )
    images = np.unique([image for each in probes for image, _, _ in each.answered])
    draws = np.random.default_rng(seed).multinomial(
        len(images), np.full(len(images), 1 / len(images)), resamples
    )
    return Peaks(
        tuple(dict.fromkeys(each.layer for each in probes)),
        {(each.question, each.layer): resampled_scores(each, images, draws) for each in probes},
    )


def resampled_scores(each: ProbeResult, images: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The score of one probe on each draw: (resamples, images) -> (resamples,)."""
    image, right, found = np.array(each.answered).T
    weights = draws[:, np.searchsorted(images, image)]
    answers = right[:, None] == np.unique(right)
    hits = weights @ (answers & (right == found)[:, None]).astype(float)
    asked = weights @ answers.astype(float)
    # An answer that a draw lacks cannot be averaged over.
    accuracy = np.nanmean(np.where(asked > 0, hits / np.maximum(asked, 1), np.nan), axis=1)
    return (accuracy - each.chance) / (1 - each.chance)


def percentile_interval(values: np.ndarray) -> Interval:
    """The 95 % interval between percentiles of resamples."""
    low, high = np.percentile(values, (2.5, 97.5)).tolist()
    return Interval((low + high) / 2, (high - low) / 2)
