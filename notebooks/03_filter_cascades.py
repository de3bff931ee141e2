# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 3 · Filter cascades
#
# The slide says: put two 3×3 convolutions in a row where there was one 5×5. That saves computation, and it works for a broad variety of kernels.
#
# You will count what is saved, exactly, and see which 5×5 kernels two 3×3 can replace and which they cannot.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/).

# %% [markdown] tags=["lang-zh"]
# # 3 · 级联卷积核
#
# 幻灯片的说法是：用两个依次相连的 3×3 卷积取代一个 5×5 卷积，可以节省计算量，而且对各种各样的卷积核都适用。
#
# 本节精确计算能省下多少，并考察哪些 5×5 卷积核可以由两个 3×3 卷积核代替，哪些不行。
#
# 根据 Andreas Maier（埃尔朗根-纽伦堡大学，FAU）的课程 *Deep Learning: Architectures, Part 2* 编写，[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)：[课程讲义](https://lme.tf.fau.de/)。

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
# ## One 5×5, or two 3×3 in a row
#
# After two 3×3 convolutions, a unit has a receptive field of 3 + 2 = 5 pixels, as after one 5×5. We build both for 64 channels on a 35×35 map, the size inside Inception, and count.

# %% [markdown] tags=["lang-zh"]
# ## 一个 5×5，还是两个 3×3 串联
#
# 经过两个 3×3 卷积的单元能看到 3 + 2 = 5 个像素，与经过一个 5×5 卷积相同。下面在 Inception 内部的 35×35 特征图上，用 64 个通道分别搭建这两种结构，再来计数。

# %%
import torch

from lecture_nets.analysis.cost import count_row
from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets.layers import convs

ways = {"one 5×5": convs(64, 1.0, (64, 5)), "two 3×3": convs(64, 1.0, (64, 3), (64, 3))}
rows = {name: count_row(name, way, torch.empty(1, 64, 35, 35))[0] for name, way in ways.items()}
fields = {name: view_through(way, View(), axis=0).field for name, way in ways.items()}
for name, row in rows.items():
    print(f"{name}: sees {fields[name]} pixels, {row.macs:,} multiply-adds, map {row.output}")

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Whatever the channels and the map: per pair of channels one needs 25 numbers, the other 9 + 9 = 18.

# %% [markdown] tags=["lang-zh"]
# 无论通道数和特征图多大，每一对输入、输出通道，前者需要 25 个权重，后者只需 9 + 9 = 18 个。

# %% tags=["C15"]
from fractions import Fraction

kept = Fraction(rows["two 3×3"].macs, rows["one 5×5"].macs)
same_view = fields["two 3×3"] == fields["one 5×5"]
notebook.verdict(
    "C15",
    kept < 1 and same_view,
    f"{kept} of the multiply-adds remain, {100 * (1 - kept)} % saved; same view: {same_view}",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## In Inception V2 itself it saves less
#
# 28 % needs as many channels all along. The branch of Inception V2 goes from 64 channels to 96, and its first 3×3 already does. So the second one works on 96.

# %% [markdown] tags=["lang-zh"]
# ## 在 Inception V2 里省得少一些
#
# 要省下 28%，通道数必须始终不变。而 Inception V2 的这一分支把 64 个通道增加到 96 个，并且第一个 3×3 卷积就已经完成了增加，因此第二个卷积要处理 96 个通道。

# %%
from lecture_nets.nets import InceptionV2

with torch.device("meta"):
    branch = InceptionV2().trunk.inception_a1.branch_3x3x2[1:]
    in_its_place = convs(64, 1.0, (96, 5))
weights = [
    sum(p.numel() for p in way.parameters() if p.ndim == 4) for way in (branch, in_its_place)
]
print(f"two 3×3: {weights[0]:,} weights, one 5×5: {weights[1]:,}; {Fraction(*weights)} remain")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Which kernels are cascades?
#
# Without the ReLU between them, two 3×3 kernels are one 5×5: their convolution. Turn it around: given a 5×5, which two 3×3 come nearest? `cascade` looks for them. Its residual says what is missing, as a share of the kernel's norm: 0 for an exact cascade.
#
# Two 3×3 have 9 + 9 numbers, and a factor can move from one to the other, so they reach 17 dimensions of the 25. Most kernels must lie outside. But those that people think of?

# %% [markdown] tags=["lang-zh"]
# ## 哪些卷积核可以级联？
#
# 如果两个 3×3 卷积核之间没有 ReLU，它们合起来就等于一个 5×5 卷积核，即二者的卷积。反过来问：给定一个 5×5 卷积核，哪两个 3×3 卷积核与它最接近？`cascade` 就来寻找它们，残差是缺失部分与卷积核的范数之比，能够精确级联时为 0。
#
# 两个 3×3 卷积核共有 9 + 9 个数，但其中一个比例因子可以在二者之间任意分配，所以在 25 维中只能达到 17 维，大多数卷积核必然落在外面。那么，人们常用的那些卷积核呢？

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.analysis.kernels import named_kernels
from lecture_nets.visualize.kernels import draw_cascades

kernels = named_kernels(5)
shown = [
    "Gaussian",
    "Sobel",
    "edge 45°",
    "Laplacian of Gaussian",
    "Gabor 30°",
    "edge 27°",
    "random",
]
draw_cascades({name: kernels[name] for name in shown})

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Exact, near, and missed
#
# Separable kernels are always exact. Column and row are real polynomials of degree 4, and each of those is a product of two real ones of degree 2. The edge at 27° falls between the directions of a 3×3 grid.

# %% [markdown] tags=["lang-zh"]
# ## 精确、接近与失败
#
# 可分离卷积核总能精确级联：它的列和行各对应一个 4 次多项式，而任何 4 次实多项式都是两个 2 次实多项式的乘积。27° 方向的边缘则落在 3×3 网格各方向之间。

# %%
from lecture_nets.analysis import cascade

missing = {name: cascade(kernel).residual for name, kernel in kernels.items()}
for name, share in missing.items():
    print(f"{name:22} {'exact' if share < 1e-6 else f'{share:.1%} missing'}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Kernels that a network learned
#
# Nobody drew these: the strongest 5×5 kernels in the second layer of a small AlexNet that comes with the package, trained on the embedded images.

# %% [markdown] tags=["lang-zh"]
# ## 网络自己学到的卷积核
#
# 这些卷积核不是人工设计的，而是来自本软件包自带的一个小型 AlexNet：它在内置图像上训练而成，这里取其第二层中最强的几个 5×5 卷积核。

# %% tags=["nbval-ignore-output"]
from lecture_nets import AlexNetModule
from lecture_nets.analysis.kernels import learned_kernels

net = AlexNetModule.from_pretrained("parts_world").net
learned = learned_kernels(net, "conv_2", count=6)
draw_cascades(learned)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# All are nearer to a cascade than a random kernel, and none is one. That does not stop a network of 3×3 convolutions: it never has to copy a 5×5. It learns other kernels from the start, with a ReLU between and many channels in the middle.

# %% [markdown] tags=["lang-zh"]
# 它们都比随机卷积核更接近级联，但没有一个真正可以级联。这并不妨碍使用 3×3 卷积的网络：它根本不需要复制某个 5×5 卷积核，而是从一开始就学习另外的卷积核，中间还有 ReLU 和许多通道。

# %% tags=["C16"]
near = [name for name, share in missing.items() if share < 0.05]
far = [f"{name} ({share:.0%})" for name, share in missing.items() if share >= 0.05]
near_learned = sum(cascade(kernel).residual < 0.05 for kernel in learned.values())
notebook.verdict(
    "C16",
    len(near) > len(missing) / 2,
    f"{len(near)} of {len(missing)} named kernels come within 5%, not {' and '.join(far)}; "
    f"of the learned kernels {near_learned} of {len(learned)}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# `convs` builds such a row of convolutions for a network of yours. `InceptionV2Module` has them in its first three modules, ready to train:

# %% [markdown] tags=["lang-zh"]
# ## 用在你自己的 Trainer 里
#
# 用 `convs` 可以为你自己的网络搭建这样一串卷积。`InceptionV2Module` 的前三个模块中就有它们，可以直接训练：

# %% tags=["show-code"]
from lecture_nets import InceptionV2Module, PartsWorldDataModule

data = PartsWorldDataModule(image_size=96, batch_size=8, train_size=16, val_size=8)
trainer = notebook.quiet_trainer(max_epochs=1)
trainer.fit(InceptionV2Module(num_classes=10, width=0.125), data)
print(f"steps trained: {trainer.global_step}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# VGG stacks three 3×3 where others take a 7×7. What share of the multiply-adds remains, if the channels stay the same? Give a `Fraction`.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# 别人用一个 7×7 卷积的地方，VGG 串联三个 3×3 卷积。如果通道数不变，乘加次数还剩下几分之几？请用 `Fraction` 作答。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = Fraction(3 * 9, 49)

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis.kernels import savings

notebook.check(
    answer == savings(7, (3, 3, 3)).kept,
    "Three kernels of 9 numbers replace one of 49. · 三个各有 9 个数的卷积核，代替一个有 49 个数的卷积核。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# How many 3×3 in a row see as much as the 11×11 of AlexNet's first layer (at stride 1)?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# 要与 AlexNet 第一层的 11×11 卷积看到同样大的范围（步幅按 1 计），需要串联多少个 3×3 卷积？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = (11 - 1) // (3 - 1)

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets.layers import convs

notebook.check(
    isinstance(answer, int)
    and view_through(convs(3, 1.0, *[(8, 3)] * answer), View(), 0).field == 11,
    "Each 3×3 adds 2 pixels to the receptive field, which starts at 1. · 单元本身看到 1 个像素，每个 3×3 卷积再增加 2 个。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 3
#
# Name a kernel of `named_kernels(5)` that is an exact cascade of two 3×3, though no column times a row: the next notebook splits kernels that way. `separability(kernel).rank1_energy` is 1 for a column times a row.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 3
#
# 请在 `named_kernels(5)` 中找出一个卷积核：它恰好是两个 3×3 卷积核的级联，却不能写成一列乘一行（下一个笔记本就那样分解卷积核）。能写成一列乘一行时，`separability(kernel).rank1_energy` 为 1。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = "edge 45°"

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis import cascade, separability
from lecture_nets.analysis.kernels import named_kernels

named = named_kernels(5)
notebook.check(
    answer in named
    and cascade(named[answer]).residual < 1e-6
    and bool(separability(named[answer]).rank1_energy < 0.99),
    "Look for a slanted one among the exact ones. · 在能精确级联的卷积核里，找一个倾斜的。",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Next
#
# [Inception V2](04_inception_v2.ipynb) is built of such cascades, and goes on to split kernels into columns and rows.

# %% [markdown] tags=["lang-zh"]
# ## 下一节
#
# [Inception V2](04_inception_v2.ipynb) 就由这样的级联构成，并进一步把卷积核分解为列和行。
