"""Analysis of networks: what they cost, why they are built so, and what they have learned.

What needs the drawn images or captum is imported from its own file: `analysis.probes`,
`analysis.dissection`, `analysis.deconvnet`.
"""

from lecture_nets.analysis import history as history
from lecture_nets.analysis.cost import Cost as Cost
from lecture_nets.analysis.cost import RowCost as RowCost
from lecture_nets.analysis.cost import cost as cost
from lecture_nets.analysis.factorization import cascade as cascade
from lecture_nets.analysis.factorization import separability as separability
from lecture_nets.analysis.first_steps import first_steps as first_steps
from lecture_nets.analysis.outline import kernel_sizes as kernel_sizes
from lecture_nets.analysis.outline import outline as outline
from lecture_nets.analysis.patches import top_patches as top_patches
from lecture_nets.analysis.paths import LayerPaths as LayerPaths
from lecture_nets.analysis.paths import Paths as Paths
from lecture_nets.analysis.paths import count_paths as count_paths
from lecture_nets.analysis.paths import share_of_paths as share_of_paths
from lecture_nets.analysis.reuse import RowReuse as RowReuse
from lecture_nets.analysis.reuse import measure_reuse as measure_reuse
from lecture_nets.nets import plain_stack as plain_stack
