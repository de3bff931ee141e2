"""What does it look like? The only room that draws with matplotlib."""

from lecture_nets.visualize.figures import Picture as Picture
from lecture_nets.visualize.history import depth_and_error as depth_and_error
from lecture_nets.visualize.maximize import maximize_activation as maximize_activation
