"""The networks and training tricks of one deep-learning lecture as PyTorch Lightning parts.

Names are loaded when they are first used, so that ``import lecture_nets`` itself costs nothing.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lecture_nets.callbacks import AuxiliaryBatchNorm as AuxiliaryBatchNorm
    from lecture_nets.callbacks import AuxiliaryWeightSchedule as AuxiliaryWeightSchedule
    from lecture_nets.callbacks import BatchNormalize as BatchNormalize
    from lecture_nets.callbacks import FilterNormCap as FilterNormCap
    from lecture_nets.callbacks import FreezeBatchNorm as FreezeBatchNorm
    from lecture_nets.callbacks import LabelSmoothing as LabelSmoothing
    from lecture_nets.callbacks import RecalibrateBatchNorm as RecalibrateBatchNorm
    from lecture_nets.callbacks import RecordGrowth as RecordGrowth
    from lecture_nets.data import ImageFolderDataModule as ImageFolderDataModule
    from lecture_nets.data import PartsWorldDataModule as PartsWorldDataModule
    from lecture_nets.data import ShardsDataModule as ShardsDataModule
    from lecture_nets.data import TorchvisionDataModule as TorchvisionDataModule
    from lecture_nets.nets import NETS as NETS
    from lecture_nets.training import AlexNetModule as AlexNetModule
    from lecture_nets.training import GoogLeNetModule as GoogLeNetModule
    from lecture_nets.training import ImageClassifier as ImageClassifier
    from lecture_nets.training import InceptionV2Module as InceptionV2Module
    from lecture_nets.training import InceptionV3Module as InceptionV3Module
    from lecture_nets.training import ShallowSVMModule as ShallowSVMModule
    from lecture_nets.training import VGG19Module as VGG19Module
    from lecture_nets.training import ZFNetModule as ZFNetModule
    from lecture_nets.training import load as load

__version__ = version("lecture-nets")

_HOMES = {
    "lecture_nets.callbacks": [
        "AuxiliaryBatchNorm",
        "AuxiliaryWeightSchedule",
        "BatchNormalize",
        "FilterNormCap",
        "FreezeBatchNorm",
        "LabelSmoothing",
        "RecalibrateBatchNorm",
        "RecordGrowth",
    ],
    "lecture_nets.data": [
        "ImageFolderDataModule",
        "PartsWorldDataModule",
        "ShardsDataModule",
        "TorchvisionDataModule",
    ],
    "lecture_nets.nets": ["NETS"],
    "lecture_nets.training": [
        "AlexNetModule",
        "GoogLeNetModule",
        "ImageClassifier",
        "InceptionV2Module",
        "InceptionV3Module",
        "ShallowSVMModule",
        "VGG19Module",
        "ZFNetModule",
        "load",
    ],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = [*_HOME_OF, "__version__"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'lecture_nets' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
