"""Tables of names: our entries and what torchvision and timm call them.

A key is translated in stages. Each stage looks for the beginning of what is left of the key, takes
the first row that fits, and is skipped where none does; the end (``weight``) stays. So every name
stands once: ``trunk.inception_a1`` + ``branch_5x5.1`` + ``norm`` + ``weight`` becomes
``Mixed_5b`` + ``branch5x5_2`` + ``bn`` + ``weight``.
"""

from torch import nn

Stages = tuple[dict[str, str], ...]


def translate(key: str, stages: Stages) -> str:
    """Our key in their words."""
    words = []
    for table in stages:
        for ours, theirs in table.items():
            if key.startswith(f"{ours}."):
                words.append(theirs)
                key = key.removeprefix(f"{ours}.")
                break
    return ".".join([*words, key])


INCEPTION_V3: Stages = (
    {
        "trunk.conv_1": "Conv2d_1a_3x3",
        "trunk.conv_2": "Conv2d_2a_3x3",
        "trunk.conv_3": "Conv2d_2b_3x3",
        "trunk.conv_4": "Conv2d_3b_1x1",
        "trunk.conv_5": "Conv2d_4a_3x3",
        "trunk.inception_a1": "Mixed_5b",
        "trunk.inception_a2": "Mixed_5c",
        "trunk.inception_a3": "Mixed_5d",
        "trunk.reduction_a.branch_3x3.0": "Mixed_6a.branch3x3",  # the one branch without a number
        "trunk.reduction_a": "Mixed_6a",
        "trunk.inception_b1": "Mixed_6b",
        "trunk.inception_b2": "Mixed_6c",
        "trunk.inception_b3": "Mixed_6d",
        "trunk.inception_b4": "Mixed_6e",
        "trunk.reduction_b": "Mixed_7a",
        "trunk.inception_c1": "Mixed_7b",
        "trunk.inception_c2": "Mixed_7c",
        "aux_heads.inception_b4": "AuxLogits",
        "head.classifier": "fc",
    },
    {
        "branch_1x1.0": "branch1x1",
        "branch_pool.1.0": "branch_pool",
        "branch_3x3.1.row.0": "branch3x3_2a",
        "branch_3x3.1.column.0": "branch3x3_2b",
        "branch_3x3x2.2.row.0": "branch3x3dbl_3a",
        "branch_3x3x2.2.column.0": "branch3x3dbl_3b",
        **{
            f"branch_{ours}.{i}": f"branch{theirs}_{i + 1}"
            for ours, theirs, convs in [
                ("3x3", "3x3", 2),
                ("5x5", "5x5", 2),
                ("7x7", "7x7", 3),
                ("3x3x2", "3x3dbl", 3),
                ("7x7x2", "7x7dbl", 5),
                ("7x7_3x3", "7x7x3", 4),
            ]
            for i in range(convs)
        },
        "squeeze": "conv0",
        "hidden": "conv1",
        "classifier": "fc",
    },
    {"norm": "bn"},
)

GOOGLENET: Stages = (
    {
        "trunk.conv_1": "conv1",
        "trunk.conv_2_reduce": "conv2",
        "trunk.conv_2": "conv3",
        **{
            f"trunk.inception_{row}": f"inception{row}"
            for row in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
        },
        "aux_heads.inception_4a": "aux1",
        "aux_heads.inception_4d": "aux2",
        "head.classifier": "fc",
    },
    {
        "branch_1x1.0": "branch1",
        "branch_3x3.0": "branch2.0",
        "branch_3x3.1": "branch2.1",
        "branch_5x5.0": "branch3.0",
        "branch_5x5.1": "branch3.1",
        "branch_pool.1.0": "branch4.1",
        "squeeze": "conv",
        "hidden.conv": "fc1",
        "classifier": "fc2",
    },
    {"norm": "bn"},
)

RESNET50: Stages = (
    {
        "trunk.conv_1.conv": "conv1",
        "trunk.conv_1.norm": "bn1",
        **{
            f"trunk.conv_{stage + 1}_{block}": f"layer{stage}.{block - 1}"
            for stage, blocks in enumerate((3, 4, 6, 3), start=1)
            for block in range(1, blocks + 1)
        },
        "head.classifier": "fc",
    },
    {
        **{
            f"add.residual.{ours}.{part}": f"{theirs}{i}"
            for i, ours in enumerate(("reduce", "spatial", "expand"), start=1)
            for part, theirs in (("conv", "conv"), ("norm", "bn"))
        },
        "add.shortcut.conv": "downsample.0",
        "add.shortcut.norm": "downsample.1",
    },
)

ALEXNET_HEAD = {
    "head.fc_6": "classifier.1",
    "head.fc_7": "classifier.4",
    "head.fc_8": "classifier.6",
}
VGG_HEAD = {
    "head.fc_6": "classifier.0",
    "head.fc_7": "classifier.3",
    "head.fc_8": "classifier.6",
}
TIMM_VGG_HEAD = {
    "head.fc_6": "pre_logits.fc1",
    "head.fc_7": "pre_logits.fc2",
    "head.fc_8": "head.fc",
}


def features(net: nn.Module) -> dict[str, str]:
    """AlexNet and VGG: all layers of the trunk are numbered, ReLUs and pools too."""
    modules = net.get_submodule("trunk").named_modules(prefix="trunk")
    layers = [name for name, layer in modules if not any(layer.children())]
    return {name: f"features.{i}" for i, name in enumerate(layers)}
