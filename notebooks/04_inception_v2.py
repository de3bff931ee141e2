# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 4 · Inception V2
#
# The slide says: Inception V2 has 42 layers; it starts with 3×3 convolutions and three modified modules, halves the grid by strided convolutions, and goes on with five modules of flattened ones.
#
# You will list the network row by row from the object itself, count its layers by two rules, and measure what its ideas save, and which filters they cannot express.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/). The network is table 1 of "Rethinking the Inception Architecture" ([arXiv 1512.00567](https://arxiv.org/abs/1512.00567)), called the paper from here on.

# %% [markdown] tags=["lang-zh"]
# # 4 · Inception V2
#
# 幻灯片的说法是：Inception V2 有 42 层；它以 3×3 卷积和三个改造后的模块开头，用带步幅的卷积把网格减半，再接五个扁平化卷积模块。
#
# 本节直接从网络对象逐行列出这个网络，用两种规则统计层数，并检验这些设计能省下多少，又有哪些滤波器无法表示。
#
# 根据 Andreas Maier（埃尔朗根-纽伦堡大学，FAU）的课程 *Deep Learning: Architectures, Part 2* 编写，[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)：[课程讲义](https://lme.tf.fau.de/)。网络取自论文 *Rethinking the Inception Architecture*（[arXiv 1512.00567](https://arxiv.org/abs/1512.00567)）的表 1，下文简称“论文”。

# %% slideshow={"slide_type": "skip"} tags=["colab", "nbval-skip"]
# Installs the package on Colab or Binder; elsewhere this cell does nothing.
from importlib.util import find_spec

if find_spec("lecture_nets") is None:
    from IPython import get_ipython

    get_ipython().run_line_magic("pip", "install --quiet lecture-nets")

# %% slideshow={"slide_type": "skip"} tags=["setup"]
from lecture_nets import notebook

notebook.setup()

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The network, row by row
#
# Beware of the name: some libraries call the batch-normalized GoogLeNet "Inception V2". Here it is the network of the slide. Each row below is a row of the paper's table with the shape of its output. Modules are named by the grid they work on: `a` on 35×35, `b` (flattened) on 17×17, `c` on 8×8; the auxiliary head (`aux_heads`) is used in training only.

# %% [markdown] tags=["lang-zh"]
# ## 逐行查看网络
#
# 请注意名称：有些代码库把加入批归一化的 GoogLeNet 称为“Inception V2”，这里指的是幻灯片上的网络。下面每一行对应论文表格中的一行，并给出输出的形状。模块按所在的网格命名：`a` 在 35×35 网格上，`b`（扁平化模块）在 17×17 网格上，`c` 在 8×8 网格上；辅助分类器（`aux_heads`）只在训练时使用。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis import cost
from lecture_nets.nets import InceptionV2

net = InceptionV2().eval()
for row in cost(net).rows:
    shape = " x ".join(map(str, row.output))
    print(f"{row.name:23}{shape:16}{row.depth} deep {row.parameters:>10,} parameters")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Are these 42 layers?
#
# "Inception V2 then already had 42 layers", says the slide. The number is the paper's, which does not say how it was counted. The usual rule: convolutions and linear layers on the longest path from the image to the logits; pools, norms and the auxiliary head do not count. A second rule also leaves out the layers inside the two grid reductions. The paper contradicts itself on the stem (3×3 or 7×7) and on the number of flattened modules, so let us count all variants by both rules.

# %% [markdown] tags=["lang-zh"]
# ## 真的是 42 层吗？
#
# 幻灯片说“Inception V2 已经有 42 层”。这个数字来自论文，但论文没有说明是怎样数的。通常的规则是：统计从图像到得分的最长路径上的卷积层和线性层，池化、归一化和辅助分类器不计入。第二种规则还要去掉两个网格缩减模块内部的层。论文对主干前部（3×3 还是 7×7）以及扁平化模块的个数前后说法不一，所以我们用两种规则把各种变体都数一遍。

# %% slideshow={"slide_type": "fragment"}
from itertools import product

depths = {}
for stem, modules in product(("3x3", "7x7"), (5, 4, 3)):
    counted = cost(InceptionV2(stem=stem, num_factorized=modules))
    inside = sum(row.depth for row in counted.rows if row.name.startswith("reduction"))
    depths[stem, modules] = counted.depth, counted.depth - inside

print("stem  flattened modules  longest path  without the reductions")
for (stem, modules), (longest, rest) in depths.items():
    print(f"{stem}{modules:>20}{longest:>14}{rest:>24}")

# %% slideshow={"slide_type": "fragment"} tags=["C17"]
longest, rest = depths["3x3", 5]  # the network as the slide lists it
with_42 = [
    f"{stem} stem, {modules} flattened modules, {rule}"
    for (stem, modules), counts in depths.items()
    for rule, count in zip(("longest path", "without the reductions"), counts, strict=True)
    if count == 42
]
notebook.verdict(
    "C17",
    42 in (longest, rest),
    f"the network as the slide lists it has {longest} layers on its longest path, {rest} without "
    f"those inside the reductions. Counts of 42: {'; '.join(with_42)}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## It starts with 3×3 convolutions
#
# GoogLeNet applied a 7×7 kernel to the image first. Here all rows before the first module are 3×3 ("3×3/2 32" is a 3×3 kernel, stride 2, 32 channels).

# %% [markdown] tags=["lang-zh"]
# ## 以 3×3 卷积开头
#
# GoogLeNet 首先用 7×7 的窗口观察图像；在这里，第一个模块之前的各行全部使用 3×3（“3×3/2 32”表示窗口 3×3、步幅 2、32 个通道）。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis import outline
from lecture_nets.nets.tree import Concat

stem = {name: row for name, row in net.trunk.named_children() if not isinstance(row, Concat)}
for name, row in stem.items():
    print(f"{name}  {outline(row)}")

# %% slideshow={"slide_type": "fragment"} tags=["C18"]
from lecture_nets.analysis import kernel_sizes

kernels = [size for row in stem.values() for size in kernel_sizes(row)]
notebook.verdict(
    "C18",
    set(kernels) == {(3, 3)},
    f"in front of the first module there are {len(kernels)} convolutions, "
    f"{kernels.count((3, 3))} of them 3×3",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Three modified modules
#
# Above, GoogLeNet's module. Below, what Inception V2 made of it: the branch with the 5×5 now has two 3×3 in a row, which see the same 5×5 pixels (slide 3 and notebook [`03_filter_cascades`](03_filter_cascades.ipynb)). BN is batch norm; every convolution is followed by a ReLU, which is not drawn.

# %% [markdown] tags=["lang-zh"]
# ## 三个改造后的模块
#
# 上图是 GoogLeNet 的模块，下图是 Inception V2 对它的改造：原来含 5×5 卷积的分支换成了两个相继的 3×3 卷积，它们看到的仍是同样的 5×5 个像素（见第 3 张幻灯片和笔记本 [`03_filter_cascades`](03_filter_cascades.ipynb)）。BN 表示批归一化；每个卷积之后都有 ReLU，图中没有画出。

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.nets import GoogLeNet
from lecture_nets.visualize.modules import draw_modules

before, after = GoogLeNet().trunk.inception_3a, net.trunk.inception_a1
draw_modules({"GoogLeNet": before, "Inception V2": after}, "The 5×5 became two 3×3")

# %% slideshow={"slide_type": "fragment"} tags=["C19"]
from lecture_nets.analysis.kernels import savings
from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets.inception_v2 import InceptionA

modified = [row for row in net.trunk if isinstance(row, InceptionA)]
views = [view_through(row.branch_3x3x2, View(), axis=0).field for row in modified]
notebook.verdict(
    "C19",
    views == [5, 5, 5] and not any((5, 5) in kernel_sizes(row) for row in modified),
    f"{len(modified)} modules without a 5×5; the two 3×3 of {outline(after.branch_3x3x2)} see "
    f"{views[0]}×{views[0]} pixels; at equal channels that takes {savings(5).kept} of a 5×5",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Halving the grid
#
# From 35×35 to 17×17, while 288 channels become 768. A pool before the convolution is cheap, but it discards information that no convolution has seen. A pool after it keeps the information and pays for a convolution on the large grid. The slide's way is strided convolutions: 1×1 to compress the channels, then 3×3, then 3×3 with stride 2, beside a single 3×3 with stride 2 and a pool.

# %% [markdown] tags=["lang-zh"]
# ## 网格减半
#
# 从 35×35 缩减到 17×17，同时通道数由 288 增至 768。先池化很便宜，但信息在任何卷积看到之前就被丢掉了；后池化保留了信息，却要在大网格上做昂贵的卷积。幻灯片的办法是带步幅的卷积：先用 1×1 压缩通道，再做 3×3，最后做步幅为 2 的 3×3；与之并列的还有一个步幅为 2 的 3×3 卷积和一个池化。

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from torch import nn

from lecture_nets.nets.layers import convs

pool = nn.MaxPool2d(3, stride=2)
ways = {
    "side by side (Inception V2)": net.trunk.reduction_a,
    "pool, then convolution": nn.Sequential(pool, convs(288, 1.0, (768, 3))).eval(),
    "convolution, then pool": nn.Sequential(convs(288, 1.0, (768, 3)), pool).eval(),
}
draw_modules(ways, "Three ways from 35×35 to 17×17")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# All three have outputs of the same shape. What do they cost, and what do they miss? They must distinguish two grids: one with ones everywhere, one with ones on every second row and column only. Each 3×3 window of the pool meets a one in both, so pooling first makes them equal.

# %% [markdown] tags=["lang-zh"]
# 三种方法的输出形状相同。它们的代价是多少，又会漏掉什么？试着区分两个网格：一个处处为 1，另一个只在每隔一行、每隔一列的位置上为 1。池化的每个 3×3 窗口在两个网格中都会遇到 1，因此先池化会使二者完全相同。

# %% slideshow={"slide_type": "fragment"}
import torch

from lecture_nets.analysis.cost import count_row

ones = torch.ones(1, 288, 35, 35)
sparse = torch.zeros_like(ones)
sparse[:, :, ::2, ::2] = 1
costs, tells_apart = {}, {}
for name, way in ways.items():
    costs[name], _ = count_row(name, way, ones)
    tells_apart[name] = (way(ones) - way(sparse)).abs().max().item() > 0.01
    print(f"{name:28}{costs[name].output} {costs[name].macs:>13,} multiply-adds")
    print(f"{'':28}tells the two grids apart: {tells_apart[name]}")

# %% slideshow={"slide_type": "fragment"} tags=["C20"]
ours, pool_first, pool_last = costs.values()
notebook.verdict(
    "C20",
    ours.macs < min(pool_first.macs, pool_last.macs) and [*tells_apart.values()] == [1, 0, 1],
    f"the module needs {ours.macs / pool_last.macs:.0%} of the multiply-adds of a convolution in "
    f"front of the pool, and {ours.macs / pool_first.macs:.0%} of one behind it, which cannot tell "
    f"the two grids apart. Its deep branch is {outline(net.trunk.reduction_a.branch_3x3x2)}; "
    "one of its three branches is still a pool, with 288 of the 768 channels",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Five flattened modules
#
# On the 17×17 grid each 7×7 is split into its two directions: 1×7 along the rows, 7×1 along the columns, and so on in alternation. Two sevenths of the cost of a 7×7 remain.

# %% [markdown] tags=["lang-zh"]
# ## 五个扁平化模块
#
# 在 17×17 的网格上，每个 7×7 卷积都按方向拆开：1×7 沿行方向，7×1 沿列方向，如此交替进行，代价只有 7×7 的七分之二。

# %% tags=["nbval-ignore-output"]
from lecture_nets.nets.inception_modules import InceptionB

flattened = [row for row in net.trunk if isinstance(row, InceptionB)]
draw_modules({"inception_b1": flattened[0]}, "A flattened module")

# %% slideshow={"slide_type": "subslide"}
for module in flattened:
    print(outline(module.branch_7x7x2))

# %% slideshow={"slide_type": "fragment"} tags=["C21"]
alternating = [(1, 1), (1, 7), (7, 1), (1, 7), (7, 1)]
notebook.verdict(
    "C21",
    [kernel_sizes(module.branch_7x7x2) for module in flattened] == 5 * [alternating],
    f"{len(flattened)} modules, and in the long branch of each, 1×7 and 7×1 alternate; "
    f"such a pair needs {savings(7, ((1, 7), (7, 1))).kept} of a 7×7",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## What a column times a row can say
#
# A 1×7 followed by a 7×1 is one 7×7 kernel whose rows are all multiples of one row: a matrix of rank 1. How close a kernel comes to that, its singular values tell: the share σ₁² / Σ σ² is 1 when it is separable. "This is a restriction", says the slide, "as it doesn't allow all of the possible computations". The smallest counter-example is a diagonal: no row is a multiple of another, all three singular values are 1, and the share is one third.

# %% [markdown] tags=["lang-zh"]
# ## 一列乘一行能表达什么
#
# 先做 1×7 再做 7×1，相当于一个 7×7 卷积核，它的每一行都是同一行的倍数，即秩为 1 的矩阵。一个卷积核与此相差多远，可以从奇异值看出：占比 σ₁² / Σ σ² 等于 1 时，卷积核是可分离的。幻灯片也说，这是一种限制，并非所有的计算都能实现。最小的反例是对角线：没有一行是另一行的倍数，三个奇异值都是 1，占比为三分之一。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis import separability

found = separability(torch.eye(3))
print("singular values:", [round(value) for value in found.singular_values.tolist()])
print(f"share of the first: {found.rank1_energy:.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Now classics of image processing in 7×7. The second row shows the best that a 7×1 and a 1×7 can do, the third what they miss.

# %% [markdown] tags=["lang-zh"]
# 下面是图像处理中几个经典的 7×7 卷积核：第二行是用 7×1 与 1×7 所能得到的最佳近似，第三行是近似所缺失的部分。

# %% tags=["nbval-ignore-output"]
from lecture_nets.analysis.kernels import named_kernels
from lecture_nets.visualize.kernels import draw_cascades

classics = named_kernels(7)
shown = ("Gaussian", "Sobel", "edge 0°", "Gabor 30°", "edge 45°", "motion blur 45°")
draw_cascades({name: classics[name] for name in shown}, sizes=((7, 1), (1, 7)))

# %% slideshow={"slide_type": "subslide"}
shares = {name: float(separability(kernel).rank1_energy) for name, kernel in classics.items()}
for name, share in shares.items():
    print(f"{name:22}{share:>5.0%}")

# %% slideshow={"slide_type": "fragment"} tags=["C22"]
exact = [name for name, share in shares.items() if share > 0.999]
missed = [name for name, share in shares.items() if share < 0.95]
notebook.verdict(
    "C22",
    len(exact) >= 5 and "edge 45°" in missed and "motion blur 45°" in missed,
    f"{len(exact)} of {len(shares)} kernels are exactly a column times a row; "
    f"no such pair makes {', '.join(missed)}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## A way out: channels in between
#
# The restriction is weaker than it looks. It binds one column and one row. A network has many channels between the 1×7 and the 7×1 (128 to 192 here), and sums of pairs have a higher rank. Seven channels in between make the diagonal blur exactly, even with the ReLU after the first step.

# %% [markdown] tags=["lang-zh"]
# ## 出路：中间的通道
#
# 这一限制比看上去要弱：它约束的是单独的一列和一行。网络在 1×7 与 7×1 之间有许多通道（这里是 128 到 192 个），多对列与行之和的秩更高。中间有七个通道，就能精确得到对角方向的模糊，即使第一步之后有 ReLU 也不例外。

# %% slideshow={"slide_type": "fragment"}
from torch.nn import functional as F

image = torch.arange(144.0).reshape(1, 1, 12, 12)
rows, columns = torch.eye(7).reshape(7, 1, 1, 7), torch.eye(7).reshape(1, 7, 7, 1)
split = F.conv2d(F.conv2d(image, rows).relu(), columns)
whole = F.conv2d(image, torch.eye(7).reshape(1, 1, 7, 7))
print("equal:", torch.allclose(split, whole))

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Earlier layers have the full 3×3
#
# "Remember, we have in the earlier layers full 3×3 convolutions", says the slide: they can learn to put things so that the flattened layers can process them. That they are there can be listed; that they learn to do so is the lecture's explanation, and no count can show it.

# %% [markdown] tags=["lang-zh"]
# ## 靠前的层使用完整的 3×3
#
# 幻灯片提醒我们：“在靠前的层中，我们有完整的 3×3 卷积”，它们可以学会怎样整理信息，使后面的扁平化层能够处理。这些卷积确实存在，可以逐一列出；至于它们是否真的学会了这样做，那是课程给出的解释，单凭计数无法证明。

# %% slideshow={"slide_type": "fragment"}
for name, row in net.trunk.named_children():
    if kernels := kernel_sizes(row):
        print(f"{name:14}{kernels.count((3, 3))} of {len(kernels)} convolutions are 3×3")

# %% slideshow={"slide_type": "fragment"} tags=["C23"]
count_3x3 = [kernel_sizes(row).count((3, 3)) for row in net.trunk]
first = [type(row) for row in net.trunk].index(InceptionB)
early = [row for row in [*net.trunk][:first] if kernel_sizes(row)]
notebook.verdict(
    "C23",
    all((3, 3) in kernel_sizes(row) for row in early) and not any(count_3x3[first : first + 5]),
    f"each of the {len(early)} rows with convolutions in front of the flattened modules has a 3×3, "
    f"{sum(count_3x3[:first])} in all; the five flattened modules have none",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# Options of the network are options of the module: the stem, the number of flattened modules, and `resolution=79` for small images.

# %% [markdown] tags=["lang-zh"]
# ## 在你自己的 Trainer 中
#
# 网络的选项就是模块的选项：主干前部的形式、扁平化模块的个数，以及用于小图像的 `resolution=79`。

# %% slideshow={"slide_type": "fragment"} tags=["show-code"]
from lecture_nets import InceptionV2Module, PartsWorldDataModule

data = PartsWorldDataModule(image_size=48, batch_size=8, train_size=8, val_size=8)
trainer = notebook.quiet_trainer(max_epochs=1)
trainer.fit(InceptionV2Module(width=0.125, num_factorized=4, resolution=79), data)
print(f"steps trained: {trainer.global_step}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# Inception V3 has four flattened modules and another stem. How many layers are on its longest path?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# Inception V3 有四个扁平化模块，主干前部也不同。它的最长路径有多少层？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
from lecture_nets.nets import InceptionV3

answer = cost(InceptionV3()).depth

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.nets import InceptionV3

rows = cost(InceptionV3()).rows
notebook.check(
    answer == sum(row.depth for row in rows if not row.aux_head),
    "What cost(...) returns has an attribute for it. · cost(...) 的结果中有一个属性就是它。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# How many channels in between does the 7×7 edge at 45° need to be made of 1×7 and 7×1 exactly?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# 要用 1×7 和 7×1 精确表示 45° 的 7×7 边缘核，中间至少需要多少个通道？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = int(torch.linalg.matrix_rank(classics["edge 45°"]))

# %% slideshow={"slide_type": "skip"} tags=["check"]
values = separability(classics["edge 45°"]).singular_values
notebook.check(
    answer == int((values > 1e-6).sum()),
    "Each pair adds 1 to the rank: count the singular values above 0. · "
    "每一对使秩增加 1：请数一数大于 0 的奇异值。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 3
#
# Three 3×3 in a row replace the 7×7 of the other stem. What share of its cost do they need, with equal channels, as a `Fraction`? (`savings` knows.)

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 3
#
# 三个相继的 3×3 可以代替另一种主干中的 7×7。通道数相同时，它们的代价是 7×7 的几分之几？请用 `Fraction` 表示（可以使用 `savings`）。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = savings(7, (3, 3, 3)).kept

# %% slideshow={"slide_type": "skip"} tags=["check"]
notebook.check(
    answer == savings(7, (3, 3, 3)).kept,
    "weights of three 3×3 over those of one 7×7 · 三个 3×3 的权重数除以一个 7×7 的权重数",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Next
#
# [Inception V3](05_inception_v3.ipynb): what it takes to turn this network into the next.

# %% [markdown] tags=["lang-zh"]
# ## 下一节
#
# [Inception V3](05_inception_v3.ipynb)：怎样由这个网络得到下一个网络。
