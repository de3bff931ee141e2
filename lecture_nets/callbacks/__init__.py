"""Callbacks for any Trainer, each with its pure function."""

from lecture_nets.callbacks.auxiliary_batch_norm import AuxiliaryBatchNorm as AuxiliaryBatchNorm
from lecture_nets.callbacks.auxiliary_batch_norm import (
    add_auxiliary_batch_norm as add_auxiliary_batch_norm,
)
from lecture_nets.callbacks.auxiliary_weight_schedule import (
    AuxiliaryWeightSchedule as AuxiliaryWeightSchedule,
)
from lecture_nets.callbacks.auxiliary_weight_schedule import scheduled_weight as scheduled_weight
from lecture_nets.callbacks.batch_normalize import BatchNormalize as BatchNormalize
from lecture_nets.callbacks.batch_normalize import batch_normalize as batch_normalize
from lecture_nets.callbacks.filter_norm_cap import FilterNormCap as FilterNormCap
from lecture_nets.callbacks.filter_norm_cap import cap_filter_norms as cap_filter_norms
from lecture_nets.callbacks.freeze_batch_norm import FreezeBatchNorm as FreezeBatchNorm
from lecture_nets.callbacks.freeze_batch_norm import freeze_batch_norm as freeze_batch_norm
from lecture_nets.callbacks.label_smoothing import LabelSmoothing as LabelSmoothing
from lecture_nets.callbacks.label_smoothing import smooth_labels as smooth_labels
from lecture_nets.callbacks.recalibrate_batch_norm import (
    RecalibrateBatchNorm as RecalibrateBatchNorm,
)
from lecture_nets.callbacks.recalibrate_batch_norm import (
    recalibrate_batch_norm as recalibrate_batch_norm,
)
from lecture_nets.callbacks.structure import StructureCallback as StructureCallback
