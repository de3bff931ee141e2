"""What can training be told to do?"""

from lecture_nets.callbacks.label_smoothing import LabelSmoothing as LabelSmoothing
from lecture_nets.callbacks.label_smoothing import smooth_labels as smooth_labels
