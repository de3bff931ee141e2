"""Training of networks: modules, recipes, and the parts that keep training safe."""

from lecture_nets.checkpoints import CheckpointError as CheckpointError
from lecture_nets.checkpoints import SafeCheckpointIO as SafeCheckpointIO
from lecture_nets.training.classifier import ImageClassifier as ImageClassifier
from lecture_nets.training.exact_resume import ExactResume as ExactResume
from lecture_nets.training.finite_guard import FiniteGuard as FiniteGuard
from lecture_nets.training.finite_guard import NonFiniteError as NonFiniteError
from lecture_nets.training.losses import SquaredHinge as SquaredHinge
from lecture_nets.training.modules import MODULES as MODULES
from lecture_nets.training.modules import AlexNetModule as AlexNetModule
from lecture_nets.training.modules import GoogLeNetModule as GoogLeNetModule
from lecture_nets.training.modules import InceptionV2Module as InceptionV2Module
from lecture_nets.training.modules import InceptionV3Module as InceptionV3Module
from lecture_nets.training.modules import ResNet50Module as ResNet50Module
from lecture_nets.training.modules import ShallowSVMModule as ShallowSVMModule
from lecture_nets.training.modules import VGG19Module as VGG19Module
from lecture_nets.training.modules import ZFNetModule as ZFNetModule
from lecture_nets.training.modules import load as load
from lecture_nets.training.recipes import RECIPES as RECIPES
from lecture_nets.training.recipes import Recipe as Recipe
from lecture_nets.training.stop_on_signal import StopOnSignal as StopOnSignal
