"""Checkpoint files: whole or not there, and read without running foreign code."""

from lecture_nets.checkpoints.finite import non_finite_keys as non_finite_keys
from lecture_nets.checkpoints.read import CheckpointError as CheckpointError
from lecture_nets.checkpoints.read import check_loadable as check_loadable
from lecture_nets.checkpoints.read import find_fault as find_fault
from lecture_nets.checkpoints.read import newest as newest
from lecture_nets.checkpoints.read import read_checkpoint as read_checkpoint
from lecture_nets.checkpoints.read import sha256 as sha256
from lecture_nets.checkpoints.safe_io import SafeCheckpointIO as SafeCheckpointIO
from lecture_nets.checkpoints.safe_io import use_safe_files as use_safe_files
from lecture_nets.checkpoints.weights_file import read_card_of as read_card_of
from lecture_nets.checkpoints.weights_file import write_weights as write_weights
from lecture_nets.checkpoints.write import check_writable as check_writable
from lecture_nets.checkpoints.write import explained as explained
from lecture_nets.checkpoints.write import whole_file as whole_file
from lecture_nets.checkpoints.write import write_checkpoint as write_checkpoint
