# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 5 · Inception V3
#
# The slide says: Inception V3 is essentially Inception V2 with RMSprop for training, batch normalization also in the fully connected layers of the auxiliary classifiers, and label smoothing.
#
# You will see each of the three at work: two recipes compared field by field, two forms of RMSprop checked by hand, an auxiliary head before and after, and a loss that records its targets. Then you put V3 together from V2, one line for each step.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/). The paper is [arXiv 1512.00567](https://arxiv.org/abs/1512.00567).

# %% [markdown] tags=["lang-zh"]
# # 5 · Inception V3
#
# 幻灯片的说法是：Inception V3 大体上就是 Inception V2，只是训练时改用 RMSprop，辅助分类器的全连接层也加上批归一化，并采用标签平滑。
#
# 本节逐一观察这三项改动如何起作用：逐项比较两个训练方案，手工验算 RMSprop 的两种形式，对比改动前后的辅助分类器，并让损失函数记下它收到的设置。最后，从 V2 出发，一行一步地拼出 V3。
#
# 根据 Andreas Maier（埃尔朗根-纽伦堡大学，FAU）的课程 *Deep Learning: Architectures, Part 2* 编写，[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)：[课程讲义](https://lme.tf.fau.de/)。论文指 [arXiv 1512.00567](https://arxiv.org/abs/1512.00567)。

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
# ## RMSprop
#
# A recipe is data: optimizer, learning rate, schedule, and where the numbers come from. Which fields changed from V2 to V3?

# %% [markdown] tags=["lang-zh"]
# ## RMSprop
#
# 训练方案就是数据：优化器、学习率、学习率调度，以及数值的出处。从 V2 到 V3，哪些字段变了？

# %% slideshow={"slide_type": "fragment"}
from dataclasses import asdict

from lecture_nets import InceptionV2, InceptionV3
from lecture_nets.training import RECIPES

v2, v3 = (asdict(RECIPES[net]["paper"]) for net in (InceptionV2, InceptionV3))
changed = [key for key in v3 if v3[key] != v2[key]]
for key in changed:
    print(f"{key}\n  V2: {v2[key]}\n  V3: {v3[key]}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Which RMSprop?
#
# Both forms keep a running mean v of the squared gradients, v ← α·v + (1 − α)·g², and divide the gradient by its root. The paper's networks were trained in TensorFlow, whose form timm offers as `RMSpropTF`:
#
# | | v starts at | step, at learning rate 1 |
# | --- | --- | --- |
# | PyTorch | 0 | g / (√v + ε) |
# | TensorFlow | 1 | g / √(v + ε) |
#
# With a tiny ε only the start differs. The paper has ε = 1, and then the place of ε matters too.

# %% [markdown] tags=["lang-zh"]
# ## 哪一种 RMSprop？
#
# 两种形式都维护梯度平方的滑动平均 v ← α·v + (1 − α)·g²，再用梯度除以它的平方根。论文的网络是用 TensorFlow 训练的，timm 以 `RMSpropTF` 提供这种形式：
#
# | | v 的初值 | 步长（学习率为 1） |
# | --- | --- | --- |
# | PyTorch | 0 | g / (√v + ε) |
# | TensorFlow | 1 | g / √(v + ε) |
#
# ε 很小时，只有初值不同；论文取 ε = 1，这时 ε 的位置也有影响。

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# One parameter, and α = 3/4, so that the roots come out even. Check by hand: for ε = 1 and a gradient of 3, PyTorch has v = 9/4 and steps 3 / (3/2 + 1); TensorFlow has v = 3/4 + 9/4 and steps 3 / √(3 + 1).

# %% [markdown] tags=["lang-zh"]
# 取一个参数，并令 α = 3/4，使根号恰好开得尽。请手工验算：ε = 1、梯度为 3 时，PyTorch 的 v = 9/4，步长为 3 / (3/2 + 1)；TensorFlow 的 v = 3/4 + 9/4，步长为 3 / √(3 + 1)。

# %% slideshow={"slide_type": "fragment"}
from fractions import Fraction
from functools import partial

import torch
from timm.optim.rmsprop_tf import RMSpropTF

from lecture_nets.analysis import first_steps

forms = {"PyTorch": torch.optim.RMSprop, "TensorFlow": RMSpropTF}
for eps, gradient in [(0, 1.0), (1, 3.0)]:
    for name, form in forms.items():
        (step,) = first_steps(partial(form, lr=1, alpha=0.75, eps=eps), [gradient])
        exact = Fraction(step).limit_denominator(100)
        print(f"ε = {eps}, gradient {gradient:g}, {name:10} first step {exact}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## A built-in warm-up
#
# The same gradient of 0.01, a hundred times, with α = 0.9 as in the paper. With a tiny ε, PyTorch's first step is three times as long as those it settles at; TensorFlow's start at 1 makes the first steps short and lets them grow. With ε = 1 both soon step by nearly the gradient itself: where gradients are small, the paper's recipe is close to plain gradient descent with momentum.

# %% [markdown] tags=["lang-zh"]
# ## 自带的预热
#
# 同一个梯度 0.01 重复一百次，α = 0.9 与论文一致。ε 很小时，PyTorch 第一步的步长约为稳定后的三倍；TensorFlow 的 v 从 1 开始，因此步长先短后长。ε = 1 时，二者很快都接近梯度本身：梯度较小时，论文的训练方案近似于普通的带动量梯度下降。

# %% tags=["nbval-ignore-output"]
from lecture_nets.visualize.optimizers import draw_first_steps

steps = {
    f"{name}, ε = {eps:g}": first_steps(partial(form, lr=1, alpha=0.9, eps=eps), [0.01] * 100)
    for eps in (1e-10, 1)
    for name, form in forms.items()
}
draw_first_steps(steps, "RMSprop: the first steps for a constant gradient of 0.01")

# %% slideshow={"slide_type": "fragment"} tags=["C24"]
recipe = RECIPES[InceptionV3]["paper"]
pytorch, tensorflow = (
    first_steps(partial(form, lr=recipe.lr, alpha=0.9, eps=1.0), [0.01])[0]
    for form in forms.values()
)
notebook.verdict(
    "C24",
    recipe.optimizer == "rmsprop_tf" and set(changed) == {"source", "optimizer", "options"},
    f"V2's recipe has {v2['optimizer']}, V3's {recipe.optimizer} with ε = {recipe.options['eps']}; "
    f"rate and schedule stay. A gradient of 0.01 makes a first step of {tensorflow:.3e} in "
    f"TensorFlow's form and would make one of {pytorch:.3e} in PyTorch's",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Batch norm in the auxiliary head
#
# The auxiliary classifier, or auxiliary head, takes the last row of the 17×17 grid as its input and classifies from there, in training only. Its convolution has batch norm like all others. The paper's "BN-auxiliary" normalizes the fully connected layer too, which is written here as the 5×5 convolution that it is. `AuxiliaryBatchNorm` adds it to a network that lacks it.

# %% [markdown] tags=["lang-zh"]
# ## 辅助分类器中的批归一化
#
# 辅助分类器接在 17×17 网格的最后一行之后，只在训练时参与分类。它的卷积层和其他卷积层一样带有批归一化。论文中的“BN-auxiliary”又给其中的全连接层加上批归一化；这里，该全连接层写成与之等价的 5×5 卷积。对于没有这一层的网络，可以用 `AuxiliaryBatchNorm` 来改造。

# %% slideshow={"slide_type": "fragment"}
from copy import deepcopy

from lecture_nets import AuxiliaryBatchNorm, InceptionV2Module

module = InceptionV2Module(num_classes=1000)
head = module.net.aux_heads["inception_b5"]
before, keys_before = deepcopy(head), set(head.state_dict())
(name,) = AuxiliaryBatchNorm().apply(module)
print("batch norm added behind", name)

# %% tags=["nbval-ignore-output"]
from lecture_nets.visualize.modules import draw_modules

draw_modules({"before": before, "after": head}, "The auxiliary head of Inception V2")

# %% slideshow={"slide_type": "subslide"}
from lecture_nets.analysis import outline

print("before:", outline(before, norms=True))
print("after: ", outline(head, norms=True))
print("new keys:", *sorted(set(head.state_dict()) - keys_before))

# %% slideshow={"slide_type": "fragment"} tags=["C25"]
from lecture_nets.nets import InceptionV2, InceptionV3

with_option = InceptionV2(aux_batch_norm=True).aux_heads["inception_b5"]
notebook.verdict(
    "C25",
    outline(InceptionV3().aux_heads["inception_b4"], norms=True) == outline(head, norms=True)
    and set(head.state_dict()) == set(with_option.state_dict()),
    f"V3's head is V2's with one more batch norm, behind {name}; the last linear layer has none. "
    "Callback and option build the same keys",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Label smoothing
#
# The target gives the true class 1 − ε and spreads ε over all classes; how it works is the subject of [`06_label_smoothing`](06_label_smoothing.ipynb). In a `Trainer` it is a callback, and `InceptionV3Module` brings its own. It must act on training steps only, or the validation loss would be another quantity. So let the loss record its targets, in one batch of each.

# %% [markdown] tags=["lang-zh"]
# ## 标签平滑
#
# 目标分布给真实类别 1 − ε，再把 ε 平均分给所有类别；其原理见 [`06_label_smoothing`](06_label_smoothing.ipynb)。在 `Trainer` 中它是一个回调，`InceptionV3Module` 自带这个回调。它只能作用于训练步骤，否则验证损失就成了另一个量。因此，我们让损失函数在训练和验证的各一个批次中记下它收到的目标。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets import InceptionV3Module, PartsWorldDataModule

data = PartsWorldDataModule(image_size=80, batch_size=8, train_size=16, val_size=8, test_size=8)
module = InceptionV3Module(width=0.1, recipe="paper")
targets = {}
module.criterion.register_forward_hook(
    lambda loss, inputs, _: targets.update({module.training: inputs[1]})
)
notebook.quiet_trainer(fast_dev_run=True).fit(module, datamodule=data)

# %% slideshow={"slide_type": "fragment"} tags=["C26"]
right, wrong = (round(share, 4) for share in targets[True][0].sort().values[[-1, 0]].tolist())
notebook.verdict(
    "C26",
    (right, wrong) == (0.91, 0.01) and targets[False].dtype == torch.int64,
    f"in training the loss of InceptionV3Module expects {right} of the right one of ten classes and "
    f"{wrong} of each other; in validation it gets the number of the class alone",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The ladder from V2 to V3
#
# The slide's list, one line for each rung: a recipe and callbacks on one and the same network. A Trainer sets up each rung, without a batch to learn from, and then reports what it would use.

# %% [markdown] tags=["lang-zh"]
# ## 从 V2 到 V3 的阶梯
#
# 把幻灯片上的清单写成一级一行：同一个网络，配上训练方案和回调。每一级都由 Trainer 搭建好，但不给它训练批次，然后询问它会用什么。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets import LabelSmoothing

rungs = {
    "Inception V2": (InceptionV2, []),
    "+ RMSprop": (InceptionV3, []),
    "+ batch norm in the auxiliary head": (InceptionV3, [AuxiliaryBatchNorm()]),
    "+ label smoothing": (InceptionV3, [AuxiliaryBatchNorm(), LabelSmoothing(0.1)]),
}

# %% slideshow={"slide_type": "fragment"}
for rung, (recipe_of, callbacks) in rungs.items():
    module = InceptionV2Module(width=0.1, recipe=RECIPES[recipe_of]["paper"])
    trainer = notebook.quiet_trainer(limit_train_batches=0, callbacks=callbacks)
    trainer.fit(module, datamodule=data)
    optimizer = type(trainer.optimizers[0]).__name__
    norms = outline(module.net.aux_heads["inception_b5"], norms=True).count("BN")
    smoothed = any(isinstance(callback, LabelSmoothing) for callback in trainer.callbacks)
    print(
        f"{rung:35}{optimizer:10} {norms} norms in the auxiliary head, smoothed labels: {smoothed}"
    )

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## What the slide does not list
#
# How much each step gains is in table 3 of the paper (top-1 error on ImageNet, one crop):
#
# | | top-1 error |
# | --- | --- |
# | Inception V2 | 23.4 % |
# | + RMSprop | 23.1 % |
# | + label smoothing | 22.8 % |
# | + stem of 3×3 instead of 7×7 | 21.6 % |
# | + batch norm in the auxiliary head: Inception V3 | 21.2 % |
#
# The largest gain is a change of the network, from `InceptionV2(stem="7x7")` to the stem that slide 4 gives V2 already. And the V3 that the authors released, whose weights everyone uses, differs from the network of slide 4 in more places:

# %% [markdown] tags=["lang-zh"]
# ## 幻灯片没有列出的改动
#
# 每一步带来多少收益，论文的表 3 有记载（ImageNet 上单次裁剪的 top-1 错误率）：
#
# | | top-1 错误率 |
# | --- | --- |
# | Inception V2 | 23.4 % |
# | + RMSprop | 23.1 % |
# | + 标签平滑 | 22.8 % |
# | + 主干前部由 7×7 改为 3×3 | 21.6 % |
# | + 辅助分类器中的批归一化，即 Inception V3 | 21.2 % |
#
# 收益最大的一步改的是网络结构：从 `InceptionV2(stem="7x7")` 换成 3×3 的主干前部，而第 4 张幻灯片上的 V2 已经是后者。此外，作者公开发布的 V3（大家使用的权重都来自它）还在更多地方与第 4 张幻灯片上的网络不同：

# %% slideshow={"slide_type": "subslide"}
v2_rows = {name: outline(row) for name, row in InceptionV2().trunk.named_children()}
v3_rows = {name: outline(row) for name, row in InceptionV3().trunk.named_children()}
for name in ("conv_4", "conv_5", "conv_6", "pool_2", "inception_a2", "inception_b1"):
    print(f"{name}\n  V2: {v2_rows.get(name, 'none')}\n  V3: {v3_rows.get(name, 'none')}")
print("flattened modules:", *("".join(rows).count("inception_b") for rows in (v2_rows, v3_rows)))

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# `InceptionV3Module` has all of it. On another network, the tricks are callbacks.

# %% [markdown] tags=["lang-zh"]
# ## 在你自己的 Trainer 中
#
# `InceptionV3Module` 已包含全部改动；对于其他网络，这些技巧就是回调。

# %% slideshow={"slide_type": "fragment"} tags=["show-code"]
from lecture_nets import GoogLeNetModule

trainer = notebook.quiet_trainer(callbacks=[AuxiliaryBatchNorm(), LabelSmoothing(0.1)])
trainer.fit(GoogLeNetModule(width=0.1), data)
print(f"steps trained: {trainer.global_step}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# RMSprop by hand: α = 3/4, learning rate 1, ε = 1, and a gradient of 2. How long is the first step in PyTorch's form?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# 手算 RMSprop：α = 3/4，学习率为 1，ε = 1，梯度为 2。按 PyTorch 的形式，第一步的步长是多少？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 2 / ((1 / 4 * 2**2) ** 0.5 + 1)

# %% slideshow={"slide_type": "skip"} tags=["check"]
notebook.check(
    [answer] == first_steps(partial(torch.optim.RMSprop, lr=1, alpha=0.75, eps=1), [2.0]),
    "v starts at 0 and becomes (1 − α)·g²; ε is added to its root. · "
    "v 从 0 开始，变为 (1 − α)·g²；ε 加在平方根之后。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# How many numbers that training can change does batch norm add to the auxiliary head of the full-width Inception V2? Mind the bias of the convolution that a norm makes superfluous.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# 对于原宽度的 Inception V2，批归一化给辅助分类器增加了多少个可训练的参数？注意：有了归一化，卷积的偏置就多余了。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 2 * 768 - 768

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis import cost
from lecture_nets.nets import InceptionV2

with_norm, without = (cost(InceptionV2(aux_batch_norm=norm)) for norm in (True, False))
notebook.check(
    answer == with_norm.aux_parameters - without.aux_parameters,
    "Each of the 768 channels gets γ and β, and loses its bias. · "
    "768 个通道各增加 γ 和 β，又各减少一个偏置。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 3
#
# The recipe multiplies its learning rate by `gamma` every `step_size` epochs. What is it after ten epochs?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 3
#
# 该训练方案每经过 `step_size` 轮就把学习率乘以 `gamma`。十轮之后学习率是多少？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = recipe.lr * recipe.gamma ** (10 // recipe.step_size)

# %% slideshow={"slide_type": "skip"} tags=["check"]
notebook.check(
    answer is not ... and abs(answer - 0.045 * 0.94**5) < 1e-9,
    "There are five changes in ten epochs. · 十轮中改变五次。",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Next
#
# [Label smoothing](06_label_smoothing.ipynb): why hard labels drive activations toward infinity, and what smoothing does about it.

# %% [markdown] tags=["lang-zh"]
# ## 下一节
#
# [标签平滑](06_label_smoothing.ipynb)：为什么硬标签会把激活值推向无穷大，平滑又如何应对。
