"""The ImageNet challenge's error as networks grew deeper: the record, with sources.

    [(row.year, row.name, row.top5_error) for row in ILSVRC if row.kind == "winner"]

Mind when plotting:

- AlexNet entered as SuperVision; the seven networks of 15.32 % saw ImageNet of Fall 2011 too.
- The 11.74 % that won 2013 is Clarifai's, Zeiler's company. ZFNet, the network of the paper, has
  14.8 %, on the 2012 images; the team ZF entered the challenge of 2013 with 13.51 %.
- "Human" is one trained annotator on 1500 of the images; a second one had 12.0 % on 258.
- Entries with outside data are another track: compare the supplied ones with each other.
- Nearly all are ensembles over many crops; one network is one to three points worse.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Result:
    """One top-5 error on the challenge's images.

    Attributes:
        year: Of the challenge or the paper; none for people.
        name: Team or network.
        setting: How it was obtained: features, number of networks.
        top5_error: In percent, with the digits of the source.
        depth: Layers with weights as the authors count, of the deepest network in an ensemble; none
            for shallow methods, people and where it is not known here.
        kind: "winner" of the year's classification task with supplied data, another "entry" to it,
            a "paper" outside the challenge, or a "human".
        source: Where the number is printed.
        images: What was classified: the test set, the validation set or some of the test images.
        data: Trained on the "supplied" images alone or with "outside" data too; none for people.
    """

    year: int | None
    name: str
    setting: str
    top5_error: float
    depth: int | None
    kind: Literal["winner", "entry", "paper", "human"]
    source: str
    images: Literal["test", "validation", "1500 test", "258 test"] = "test"
    data: Literal["supplied", "outside"] | None = "supplied"


PAGE = "ILSVRC results page of that year"
ZFNET = "arXiv 1311.2901, table 2"
VGG = "arXiv 1409.1556, table 7"
HUMAN = "arXiv 1409.0575, section 6.4"
PRELU = "arXiv 1502.01852"
V3 = "arXiv 1512.00567"

# fmt: off
ILSVRC: tuple[Result, ...] = (
    Result(2010, "NEC-UIUC",     "SIFT and LBP, SVM", 28.19, None, "winner", PAGE),
    Result(2011, "XRCE",         "Fisher vector SVM", 25.77, None, "winner", PAGE),
    Result(2012, "AlexNet",      "5 nets",            16.42,    8, "winner", PAGE),
    Result(2012, "AlexNet",      "7 nets",            15.32,    8, "entry",  PAGE, data="outside"),
    Result(2012, "ISI",          "Fisher vectors",    26.17, None, "entry",  PAGE),
    Result(2013, "Clarifai",     "several nets",      11.74,    8, "winner", PAGE),
    Result(2013, "Clarifai",     "several nets",      11.20,    8, "entry",  PAGE, data="outside"),
    Result(2013, "Clarifai",     "1 net",              12.5,    8, "entry",  VGG),
    Result(2013, "Team ZF",      "5 nets",            13.51,    8, "entry",  PAGE),
    Result(2013, "Team ZF",      "1 net",             14.08,    8, "entry",  PAGE),
    Result(2013, "ZFNet",        "6 nets",             14.8,    8, "paper",  ZFNET),
    Result(2013, "ZFNet",        "1 wider net",        16.1,    8, "paper",  ZFNET),
    Result(2014, "GoogLeNet",    "7 nets, 144 crops",  6.66,   22, "winner", PAGE),
    Result(2014, "GoogLeNet",    "1 net",               7.9,   22, "paper",  VGG, "validation"),
    Result(2014, "VGG",          "7 nets",             7.32,   19, "entry",  PAGE),
    Result(2014, "VGG",          "2 nets",              6.8,   19, "paper",  VGG),
    Result(2014, "VGG",          "1 net",               7.0,   19, "paper",  VGG),
    Result(None, "human", "annotator A1", 5.1, None, "human", HUMAN, "1500 test", None),
    Result(2014, "GoogLeNet",    "on A1's images",      6.8,   22, "paper",  HUMAN, "1500 test"),
    Result(None, "human", "annotator A2", 12.0, None, "human", HUMAN, "258 test", None),
    Result(2015, "PReLU-nets",   "several nets",       4.94, None, "paper",  PRELU),
    Result(2015, "PReLU-nets",   "1 net",              5.71, None, "paper",  PRELU, "validation"),
    Result(2015, "ResNet",       "several nets",       3.57,  152, "winner", PAGE),
    Result(2015, "Inception-v3", "4 nets, 144 crops",  3.58,   42, "paper",  V3),
    Result(2015, "Inception-v3", "4 nets, 144 crops",  3.46,   42, "paper",  V3, "validation"),
)
# fmt: on

# The five rows of the lecture's first slide: best entries with supplied data.
SLIDE: tuple[Result, ...] = tuple(
    row
    for row in ILSVRC
    if row.data == "supplied"
    and (row.name, row.setting)
    in {
        ("XRCE", "Fisher vector SVM"),
        ("AlexNet", "5 nets"),
        ("Clarifai", "several nets"),
        ("VGG", "7 nets"),
        ("GoogLeNet", "7 nets, 144 crops"),
    }
)


def rank_correlation(pairs: Iterable[tuple[float, float]]) -> float:
    """Spearman's rank correlation, -1…1: -1 where the second falls whenever the first rises.

    Equal values share the mean of their ranks.

    Args:
        pairs: such as depth and error, two or more.

    Raises:
        ValueError: fewer than two pairs, or all values on one side are equal.
    """
    import torch
    from torchmetrics.functional.regression import spearman_corrcoef

    x, y = torch.tensor([tuple(map(float, pair)) for pair in pairs]).reshape(-1, 2).T
    if len(x.unique()) < 2 or len(y.unique()) < 2:
        raise ValueError(
            f"rank_correlation: got {len(x)} pairs with {len(x.unique())} and {len(y.unique())} "
            "different values; ranks need two or more on each side."
        )
    return spearman_corrcoef(x, y).item()
