"""What does a network cost, and why is it built so? Questions answered without training."""

from lecture_nets.analysis.cost import Cost as Cost
from lecture_nets.analysis.cost import RowCost as RowCost
from lecture_nets.analysis.cost import cost as cost
