"""All networks: `NETS`, in the order of the lecture, and the answer to its last question."""

from lecture_nets.nets.alexnet import AlexNet as AlexNet
from lecture_nets.nets.googlenet import GoogLeNet as GoogLeNet
from lecture_nets.nets.inception_v2 import InceptionV2 as InceptionV2
from lecture_nets.nets.inception_v3 import InceptionV3 as InceptionV3
from lecture_nets.nets.network import Network as Network
from lecture_nets.nets.resnet50 import ResNet50 as ResNet50
from lecture_nets.nets.shallow_svm import ShallowSVM as ShallowSVM
from lecture_nets.nets.vgg19 import VGG19 as VGG19
from lecture_nets.nets.zfnet import ZFNet as ZFNet

NETS: dict[str, type[Network]] = {
    "shallow_svm": ShallowSVM,
    "alexnet": AlexNet,
    "zfnet": ZFNet,
    "vgg19": VGG19,
    "googlenet": GoogLeNet,
    "inception_v2": InceptionV2,
    "inception_v3": InceptionV3,
    "resnet50": ResNet50,
}
