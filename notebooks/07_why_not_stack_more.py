# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 7 · Why not just stack more layers?
#
# The slide asks why we do not just stack more and more layers, and answers that a couple of problems emerge. It leaves them to the next lecture.
#
# You will stack plain 3×3 convolutions, up to 56 layers, see how much of the gradient reaches each, and whether they can still learn their training images.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/). The plain networks are those of [arXiv 1512.03385](https://arxiv.org/abs/1512.03385), section 4.2, at half the width.

# %% [markdown] tags=["lang-zh"]
# # 7 · 为什么不直接堆叠更多的层？
#
# 幻灯片问：为什么不干脆堆叠越来越多的层？答案是会出现一些问题，留到下一讲讨论。
#
# 本节把普通的 3×3 卷积层层堆叠，最多 56 层，看看有多少梯度能到达每一层，以及这样的网络是否还学得会自己的训练图像。
#
# 根据 Andreas Maier（埃尔朗根-纽伦堡大学，FAU）的课程 *Deep Learning: Architectures, Part 2* 编写，[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)：[课程讲义](https://lme.tf.fau.de/)。所用的普通网络出自 [arXiv 1512.03385](https://arxiv.org/abs/1512.03385) 第 4.2 节，宽度减半。

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
# ## More layers should never hurt
#
# A deeper network can do everything that a shallower one can: the added layers need only copy their input (exercise 2). So its error on the *training* images should be no larger. If it is, the network is not too weak; training just does not find what it could do.

# %% [markdown] tags=["lang-zh"]
# ## 增加层数本不该有害
#
# 凡是浅层网络能做到的，深层网络也都能做到：多出来的层只需照搬输入（见练习 2）。因此，它在*训练*图像上的错误率不应更高。如果更高了，原因不是网络的表达能力不足，而是训练没有找到它本可做到的解。

# %%
from lecture_nets.analysis import cost
from lecture_nets.nets.plain_stack import PlainStack

depths = (4, 8, 16, 32, 56)
for depth in depths:
    count = cost(PlainStack(depth, width=0.5))
    print(f"{count.depth:2} layers, {count.parameters:7,} parameters")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## How much of the gradient reaches each layer?
#
# Before the first step, with weights as He et al. draw them, which are meant to keep the signal at the same strength through layers with ReLU. We ask each layer for the norm of its gradient, for 50 images.

# %% [markdown] tags=["lang-zh"]
# ## 有多少梯度能到达每一层？
#
# 在训练的第一步之前，权重按 He 等人的方法初始化，其用意是让信号经过带 ReLU 的各层后强度不变。用 50 幅图像，求出每一层梯度的范数。

# %%
import torch

from lecture_nets import PartsWorldDataModule
from lecture_nets.analysis.gradients import gradient_norms

data = PartsWorldDataModule(32, batch_size=50, train_size=50, augment=False)
data.setup("fit")
images, labels = data.normalize(data.train_set.images), data.train_set.labels

# %% slideshow={"slide_type": "fragment"}
gradients = {}
for batch_norm in (False, True):
    for depth in depths:
        for seed in range(3):
            torch.manual_seed(seed)
            net = PlainStack(depth, width=0.5, batch_norm=batch_norm)
            gradients[batch_norm, depth, seed] = gradient_norms(net, images, labels)

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.training_curves import draw_gradients

draw_gradients({f"{depth} layers": gradients[False, depth, 0] for depth in depths})

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Without batch norm, gradients fade with depth, and most of all in the last layers. One reason: after many layers all images look nearly alike, so the gradients of different images cancel.

# %% [markdown] tags=["lang-zh"]
# 没有批归一化时，网络越深，梯度越微弱，最后几层尤其明显。原因之一是：经过许多层之后，所有图像看起来几乎一样，于是一幅图像所要求的改变，又被另一幅图像抵消了。

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
draw_gradients({f"{depth} layers, batch norm": gradients[True, depth, 0] for depth in depths})

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Batch norm makes images differ again, layer by layer, and turns the fading into its opposite: on the way back to the first layers the gradient explodes.

# %% [markdown] tags=["lang-zh"]
# 批归一化逐层重新拉开图像之间的差别，却使消失变成了相反的情形：在反向传回前几层的途中，梯度爆炸了。

# %%
seeds = range(3)
fades = all(
    gradients[False, 56, seed][-1].gradient < gradients[False, 4, seed][-1].gradient / 50
    for seed in seeds
)
explodes = all(
    gradients[True, 56, seed][0].gradient > gradients[True, 4, seed][0].gradient * 50
    for seed in seeds
)
print("without batch norm, last layer, 56 layers: less than 1/50 of the gradient at 4:", fades)
print("with batch norm, first layer, 56 layers: more than 50 times that at 4:", explodes)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Can they learn 50 images?
#
# The labels of 50 images are quickly memorized. Networks of 4 and of 24 layers train alike, for 150 steps, with and without batch norm.

# %% [markdown] tags=["lang-zh"]
# ## 它们学得会 50 幅图像吗？
#
# 背下 50 幅图像的类别并不费时。4 层和 24 层的网络，带或不带批归一化，都以相同的方式训练 150 步。

# %%
from functools import partial

from lecture_nets.training.plain_sgd import fit_plainly

fitted = {}
for depth in (4, 24):
    for batch_norm in (False, True):
        build = partial(PlainStack, depth, width=0.5, batch_norm=batch_norm)
        fitted[batch_norm, depth] = fit_plainly(build, data, 150, lr=0.05, schedule="one_cycle")

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.training_curves import draw_error_by_depth

with torch.no_grad():
    errors = {
        run: (module(images).argmax(dim=1) != labels).double().mean().item()
        for run, module in fitted.items()
    }
names = {False: "without batch norm", True: "with batch norm"}
by_depth = {names[norm]: {depth: errors[norm, depth] for depth in (4, 24)} for norm in names}
draw_error_by_depth(by_depth, 0.9)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## With more images and more depths
#
# A recorded run of some minutes: 500 images, 600 steps, up to 56 layers, each network at the better of two learning rates. That is only fair: 16 plain layers learn nothing at the rate which suits 4 and 8.

# %% [markdown] tags=["lang-zh"]
# ## 更多图像，更多深度
#
# 下面是一次耗时几分钟的记录：500 幅图像，600 步，最多 56 层，每个网络取两种学习率中较好的一种。这样才公平：适合 4 层和 8 层的学习率，会让不带批归一化的 16 层网络什么也学不到。

# %% tags=["nbval-ignore-output"]
runs = notebook.record("training_curves")["depth"]
by_depth = {
    name: {int(depth): error for depth, error in runs[name]["training_error"].items()}
    for name in names.values()
}
draw_error_by_depth(by_depth, 0.9)

# %% slideshow={"slide_type": "fragment"} tags=["C33"]
shallow_learns = errors[False, 4] < 0.1
deep_fails = errors[False, 24] > 0.5
norm_helps = errors[True, 24] < 0.1
notebook.verdict(
    "C33",
    shallow_learns and deep_fails and fades and explodes,
    f"4 plain layers learn their 50 images: {shallow_learns}; 24 layers misclassify more than half of "
    f"them: {deep_fails}, but with batch norm learn them: {norm_helps}; at 56 layers gradients "
    f"fade without batch norm: {fades}, and explode with it: {explodes}",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# So batch norm moves the limit, and does not remove it: with batch norm too, He et al. found a higher training error with 56 plain layers than with 20. Their cure is for the next lecture: a way around layers, so that copying needs no learning.

# %% [markdown] tags=["lang-zh"]
# 可见，批归一化只是推迟了极限，并没有消除它：He 等人发现，即使有批归一化，56 层普通网络的训练错误率也高于 20 层。他们的解决办法留到下一讲：给层加上旁路，于是“照搬输入”就不必再学。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# `gradient_norms` takes any network, before or after training, and leaves it as it was. Is there a layer that gets next to nothing?

# %% [markdown] tags=["lang-zh"]
# ## 用在你自己的 Trainer 里
#
# `gradient_norms` 适用于任何网络，训练前后都可以用，而且不会改变网络。有没有哪一层几乎得不到梯度？

# %% tags=["show-code"]
from lecture_nets import InceptionV3Module

data = PartsWorldDataModule(image_size=80, batch_size=8, train_size=16, val_size=8)
module = InceptionV3Module(width=0.1, recipe="quick")
notebook.quiet_trainer(max_steps=2).fit(module, data)
layers = gradient_norms(module.net, *next(iter(data.train_dataloader())))
print(f"{len(layers)} layers, from {layers[0].name} to {layers[-1].name}")
print("each gets some gradient:", all(layer.gradient > 0 for layer in layers))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# If each layer passes on three quarters of the gradient, after how many layers is less than a hundredth left?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# 如果每一层只传回四分之三的梯度，经过多少层之后剩下的就不到百分之一？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 17

# %% slideshow={"slide_type": "skip"} tags=["check"]
from fractions import Fraction

notebook.check(
    isinstance(answer, int)
    and Fraction(3, 4) ** answer < Fraction(1, 100) <= Fraction(3, 4) ** (answer - 1),
    "Look for the first power of 3/4 below 1/100. · 找出第一个小于 1/100 的 3/4 的幂。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# Which 3×3 kernel copies its input, at stride 1 with a border of zeros? Give a list of three lists. After a ReLU nothing is negative, so another ReLU changes nothing.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# 步幅为 1、四周补零时，哪个 3×3 卷积核会原样照搬输入？请用由三个列表组成的列表作答。经过 ReLU 的值都不为负，所以其后再接一个 ReLU 不会有任何改变。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]

# %% slideshow={"slide_type": "skip"} tags=["check"]
import torch

picture = torch.arange(25.0).view(1, 1, 5, 5)
kernel = torch.tensor(answer if isinstance(answer, list) else [[0.0] * 3] * 3)
notebook.check(
    kernel.shape == (3, 3)
    and torch.conv2d(picture, kernel.float().view(1, 1, 3, 3), padding=1).equal(picture),
    "Each pixel must keep its own value, and take nothing from its neighbors. · "
    "每个像素只取自己的值，不取相邻像素的值。",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The end of this lecture
#
# From 1 layer to dozens, by cascades, modules and tricks: read it once more from the start, [Deeper is better](01_deeper_is_better.ipynb).

# %% [markdown] tags=["lang-zh"]
# ## 本讲结束
#
# 靠着级联、模块和技巧，网络从 1 层发展到几十层。不妨从头再看一遍：[越深越好](01_deeper_is_better.ipynb)。
