"""Published weights, mapped onto our names, and ours onto theirs."""

from lecture_nets.weights.keras import from_keras as from_keras
from lecture_nets.weights.load import Report as Report
from lecture_nets.weights.load import load_weights as load_weights
from lecture_nets.weights.peers import from_timm as from_timm
from lecture_nets.weights.peers import from_torchvision as from_torchvision
from lecture_nets.weights.peers import to_timm as to_timm
from lecture_nets.weights.peers import to_torchvision as to_torchvision
