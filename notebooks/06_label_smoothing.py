# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 6 · Label smoothing
#
# The slide says: a hard label drives the logits toward infinity, weight decay holds them back, and smoothing the label helps with noisy labels and discourages hard decisions.
#
# You will watch logits and weights while small networks train, count how sure they become, and put wrong labels into the training set.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/). The idea is from section 7 of [arXiv 1512.00567](https://arxiv.org/abs/1512.00567).

# %% [markdown] tags=["lang-zh"]
# # 6 · 标签平滑
#
# 幻灯片的说法是：硬标签会把得分推向无穷大，权重衰减能抑制这一点；对标签做平滑则有助于应对噪声标签，并抑制过于绝对的判断。
#
# 本节将观察小网络训练过程中得分与权重的变化，统计它们变得多么自信，并在训练集里混入错误标签。
#
# 根据 Andreas Maier（埃尔朗根-纽伦堡大学，FAU）的课程 *Deep Learning: Architectures, Part 2* 编写，[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)：[课程讲义](https://lme.tf.fau.de/)。这一想法出自 [arXiv 1512.00567](https://arxiv.org/abs/1512.00567) 第 7 节。

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
# ## A label is a distribution
#
# Cross-entropy compares two distributions over the classes: what the network says, and what the label says. The usual label, one-hot, puts everything on one class. Smoothing by ε takes the share ε away and spreads it evenly over all K classes, the right one included.

# %% [markdown] tags=["lang-zh"]
# ## 标签就是一个分布
#
# 交叉熵比较类别上的两个分布：网络给出的分布，以及标签给出的分布。通常的独热（one-hot）标签把全部概率放在一个类别上。以 ε 做平滑，就是取出份额 ε，再平均分给全部 K 个类别，包括正确的那一类。

# %% tags=["nbval-ignore-output"]
import torch

from lecture_nets.callbacks import smooth_labels
from lecture_nets.visualize.targets import draw_targets

label = torch.tensor([3])
one_hot, smoothed = (smooth_labels(label, 10, epsilon)[0] for epsilon in (0.0, 0.1))
draw_targets({"one-hot": one_hot, "smoothed, ε = 0.1": smoothed}, "What the label says")

# %% slideshow={"slide_type": "fragment"} tags=["C27"]
where = one_hot.nonzero().flatten().tolist()
notebook.verdict(
    "C27",
    where == label.tolist() and one_hot.sum().item() == one_hot.max().item() == 1,
    f"all probability lies on class {where[0]}, and exactly 0 on the other {len(one_hot) - 1}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## What a one-hot label asks for
#
# Softmax reaches probability 1 only if the gap between the right logit and the others is infinite. A network can never arrive, so it never comes to rest. A smoothed label asks for a finite gap, ln((1 − ε + ε/K) / (ε/K)), and beyond it the loss rises again.

# %% [markdown] tags=["lang-zh"]
# ## 独热标签要求什么
#
# 只有当正确类别的得分与其他得分之差为无穷大时，softmax 才能给出概率 1。网络永远达不到，也就永远停不下来。平滑后的标签只要求有限的差距 ln((1 − ε + ε/K) / (ε/K))，超过它，损失反而上升。

# %%
from lecture_nets.analysis.growth import best_gap

for epsilon in (0.0, 0.01, 0.1, 0.5):
    print(f"ε = {epsilon}: the labels ask for a gap of {best_gap(epsilon, 10):.2f}")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Watch it grow
#
# Three times the same small network of four layers, from the same first weights, on the same 50 images: without any regularization, with weight decay, and with smoothed labels. `RecordGrowth` writes down the logits and the norm of the weights. No layer has batch norm, after which the size of weights would mean nothing.

# %% [markdown] tags=["lang-zh"]
# ## 观察增长
#
# 同一个四层小网络，从相同的初始权重出发，在相同的 50 幅图像上训练三次：不加任何正则化、加权重衰减、用平滑后的标签。`RecordGrowth` 记录得分和权重的范数。各层都不带批归一化，否则权重的大小就失去了意义。

# %%
from functools import partial

from lecture_nets import PartsWorldDataModule
from lecture_nets.nets.plain_stack import PlainStack

data = PartsWorldDataModule(32, batch_size=50, train_size=50, test_size=500, augment=False)
data.setup()
batch = data.normalize(data.train_set.images), data.train_set.labels
build = partial(PlainStack, 4, width=0.5)

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.growth import RecordGrowth
from lecture_nets.training.plain_sgd import fit_plainly

ways = {
    "no regularization": {},
    "weight decay": {"weight_decay": 0.005},
    "smoothing": {"epsilon": 0.1},
}
growth = {name: RecordGrowth(every=50, batch=batch) for name in ways}
fitted = {
    name: fit_plainly(build, data, epochs=400, lr=0.05, callbacks=[growth[name]], **ways[name])
    for name in ways
}

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.training_curves import draw_growth

runs = {name: recorder.moments for name, recorder in growth.items()}
draw_growth(runs, best_gap(0.1, 10))

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# In the last hundred steps every training image is classified correctly: nothing is left to learn. What happens then?

# %% [markdown] tags=["lang-zh"]
# 到最后一百步，所有训练图像都已分类正确，没有什么可学的了。这时会发生什么？

# %%
from itertools import pairwise

later = {
    name: [moment for moment in runs[name] if moment.step >= 300]
    for name in ("no regularization", "weight decay")
}
rises = {}
for name, run in later.items():
    all_right = all(abs(moment.logit_gap - moment.label_margin) < 1e-6 for moment in run)
    print(f"{name}: every label wins: {all_right}")
    for quantity in ("logit_gap", "weight_norm"):
        values = [getattr(moment, quantity) for moment in run]
        rises[name, quantity] = all(b > a for a, b in pairwise(values))
    print(f"  weights grow to the end: {rises[name, 'weight_norm']}")

# %% slideshow={"slide_type": "fragment"} tags=["C28"]
free = {what: rises["no regularization", what] for what in ("logit_gap", "weight_norm")}
notebook.verdict(
    "C28",
    all(free.values()),
    "with no regularization, when every training image is already classified correctly, the logits still "
    f"move apart to the end: {free['logit_gap']}; the weights still grow: {free['weight_norm']}",
)

# %% slideshow={"slide_type": "fragment"} tags=["C29"]
begin, end = runs["weight decay"][0].weight_norm, runs["weight decay"][-1].weight_norm
falls = all(b.weight_norm < a.weight_norm for a, b in pairwise(later["weight decay"]))
below = end < begin < runs["no regularization"][-1].weight_norm
notebook.verdict(
    "C29",
    falls and below,
    f"with weight decay the weights shrink through the last hundred steps: {falls}; they end "
    f"smaller than they began, and without it larger: {below}",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# To grow forever does not mean to grow fast: the gap grows like a logarithm of the steps, as each step lowers the loss and so the next gradient. With smoothed labels it rises too, but toward the gap that these ask for.

# %% [markdown] tags=["lang-zh"]
# 永远增长并不等于快速增长：每走一步，损失变小，下一步的梯度也随之变小，因此差距大致按步数的对数增长。用平滑后的标签，差距也在上升，但趋向标签所要求的那个值。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The formula, exactly
#
# The slide: (1 − ε) · one-hot + ε / K. The paper has K = 1000 classes and ε = 0.1. With fractions nothing is rounded.

# %% [markdown] tags=["lang-zh"]
# ## 精确的公式
#
# 幻灯片上的公式是 (1 − ε) · one-hot + ε / K。论文中 K = 1000 个类别，ε = 0.1。用分数计算，没有任何舍入。

# %% tags=["C30"]
from fractions import Fraction

epsilon, classes = Fraction(1, 10), 1000
right, wrong = 1 - epsilon + epsilon / classes, epsilon / classes
target = smooth_labels(torch.tensor([7]), classes, float(epsilon))[0].tolist()
made = [Fraction(value).limit_denominator(10_000) for value in target]
notebook.verdict(
    "C30",
    made == [right if k == 7 else wrong for k in range(classes)] and sum(made) == 1,
    f"the right class gets {float(right)}, each other one {float(wrong)}; together {sum(made)}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Wrong labels
#
# Does smoothing help when labels are wrong? Take the small AlexNet that comes with the package, keep what it learned, and train a new last layer on 200 new images. So many of their labels are wrong: none, one fifth, two fifths. The test labels are clean. Everything is repeated with five seeds, which draw other images, other wrong labels and other first weights.

# %% [markdown] tags=["lang-zh"]
# ## 错误的标签
#
# 标签有错时，平滑有帮助吗？取软件包自带的小型 AlexNet，保留它已学到的特征，用 200 幅新图像重新训练最后一层。训练标签中分别有 0%、20%、40% 是错的，测试标签则全部正确。整个实验用五个随机种子重复，每个种子对应不同的图像、不同的错误标签和不同的初始权重。

# %%
from lecture_nets import AlexNetModule
from lecture_nets.analysis.features import FeatureDataModule

images = partial(PartsWorldDataModule, 96, 50, 200, 10, 500, augment=False)
net = AlexNetModule.from_pretrained("parts_world").net
features = {
    (noise, seed): FeatureDataModule(net, images(seed=100 + seed, label_noise=noise))
    for noise in (0.0, 0.2, 0.4)
    for seed in range(5)
}

# %%
from lecture_nets.analysis.label_noise import run_label_noise
from lecture_nets.analysis.predictions import predict_test_set

fit = partial(fit_plainly, epochs=20, lr=0.003)
results = run_label_noise(
    lambda noise, epsilon, seed: (
        predict_test_set(
            fit((seen := features[noise, seed]).last_layer, seen, epsilon=epsilon, seed=seed), seen
        ).accuracy
    ),
    seeds=range(5),
)

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.training_curves import draw_label_noise

draw_label_noise(results)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Trained from scratch
#
# The same question takes minutes for a whole network that memorizes its wrong labels. Here is a recorded run of a plain network of eight layers with 1000 images.

# %% [markdown] tags=["lang-zh"]
# ## 从头训练
#
# 若让整个网络从头训练，直到把错误标签也全部背下来，则需要几分钟。下面是一次记录在案的实验：一个八层的普通网络，1000 幅图像。

# %% tags=["nbval-ignore-output"]
from lecture_nets.analysis.label_noise import NoiseResult

runs = notebook.record("training_curves")["label_noise"]["results"]
draw_label_noise([NoiseResult(run["noise"], run["epsilons"], run["accuracies"]) for run in runs])

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Wrong labels cost a lot. What smoothing gives back depends on how much is wrong and how the network is trained. We say that it helps if the 95 % interval of the gain is above zero with both shares of wrong labels. That it is not does not prove that it never helps: the slide speaks of ImageNet, with its thousand classes and a million images.

# %% [markdown] tags=["lang-zh"]
# 错误标签的代价很大。平滑能挽回多少，取决于错误的比例和训练方式。我们约定：只有在两种错误比例下，增益的 95% 置信区间都高于零，才算“有帮助”。达不到这一标准，并不能证明它从来没有用：幻灯片谈的是有一千个类别、上百万幅图像的 ImageNet。

# %% tags=["C31"]
clean, *noisy = results
hurts = clean.means[0].low > noisy[-1].means[0].high
gains = [result.gains[0].low > 0 for result in noisy]
notebook.verdict(
    "C31",
    all(gains),
    f"with hard labels, 40 % wrong ones lower the accuracy beyond its intervals: {hurts}; smoothing "
    f"by 0.1 gains beyond the interval over 5 seeds at 20 %: {gains[0]}, at 40 %: {gains[1]}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Hard decisions
#
# Back to the networks that you watched, and to 500 images they have not seen. They memorized their 50 images and learned nothing else: on new ones they are hardly better than guessing. Do they know?

# %% [markdown] tags=["lang-zh"]
# ## 过于绝对的判断
#
# 回到前面观察过的网络，再给它们 500 幅没见过的图像。它们只是把那 50 幅图像背了下来，别的什么也没学到：遇到新图像，几乎和瞎猜一样。它们自己知道吗？

# %% tags=["nbval-ignore-output"]
from lecture_nets.analysis.calibration import calibrate
from lecture_nets.visualize.training_curves import draw_reliability

tested = {name: predict_test_set(module, data) for name, module in fitted.items()}
sure = {name: calibrate(run.probabilities, run.labels) for name, run in tested.items()}
draw_reliability(sure)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Now the opposite: the same AlexNet with a new last layer and clean labels, which is right nearly always.

# %% [markdown] tags=["lang-zh"]
# 再看相反的情形：上面的 AlexNet，最后一层用正确的标签重新训练，几乎总能答对。

# %% tags=["nbval-ignore-output"]
seen = features[0.0, 0]
for name, epsilon in (("AlexNet, hard labels", 0.0), ("AlexNet, smoothing", 0.1)):
    found = predict_test_set(fit(seen.last_layer, seen, epsilon=epsilon), seen)
    sure[name] = calibrate(found.probabilities, found.labels)
draw_reliability({name: sure[name] for name in sure if "AlexNet" in name})

# %% slideshow={"slide_type": "fragment"} tags=["C32"]
pairs = [("no regularization", "smoothing"), ("AlexNet, hard labels", "AlexNet, smoothing")]
fewer = [sure[soft].share_above(0.9) < sure[hard].share_above(0.9) * 3 / 4 for hard, soft in pairs]
closer = [sure[soft].error < sure[hard].error for hard, soft in pairs]
notebook.verdict(
    "C32",
    all(fewer),
    "smoothing leaves less than three quarters as many guesses surer than 90 %, for the network that "
    f"guesses and for AlexNet: {fewer}; the calibration error falls: {closer}",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Smoothing makes a network less confident, whether that is needed or not. It is a cure for an overconfident network; a well calibrated one becomes underconfident.

# %% [markdown] tags=["lang-zh"]
# 不管有没有必要，平滑都会降低自信。对过于自信的网络，它是一剂良药；而置信度原本就与正确率相符的网络，平滑之后反倒过于谦虚。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# Both are callbacks. `LabelSmoothing` acts on training steps only, so that the validation loss stays comparable.

# %% [markdown] tags=["lang-zh"]
# ## 用在你自己的 Trainer 里
#
# 二者都是回调。`LabelSmoothing` 只作用于训练步骤，验证损失因此仍可比较。

# %% tags=["show-code"]
from lecture_nets import InceptionV2Module, LabelSmoothing

recorder = RecordGrowth(every=1)
trainer = notebook.quiet_trainer(max_steps=4, callbacks=[LabelSmoothing(0.1), recorder])
trainer.fit(InceptionV2Module(width=0.1, recipe="quick"), PartsWorldDataModule(80, 8, 32, 8))
print("moments recorded before steps", *(moment.step for moment in recorder.moments))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# Smoothing by ε = 1/5 over K = 4 classes: what does the right class get? Give a `Fraction`.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# K = 4 个类别，以 ε = 1/5 做平滑，正确类别得到多少？请用 `Fraction` 作答。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 1 - Fraction(1, 5) + Fraction(1, 5) / 4

# %% slideshow={"slide_type": "skip"} tags=["check"]
from fractions import Fraction

import torch

from lecture_nets.callbacks import smooth_labels

target = smooth_labels(torch.tensor([0]), 4, 0.2)[0, 0].item()
notebook.check(
    answer == Fraction(target).limit_denominator(100),
    "It loses ε, and gets its share ε / K back. · 它失去 ε，又分回自己的一份 ε / K。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# K = 1000 and ε = 1/10, as in the paper. How many times as probable as any other class should the right class be, when the loss is least? The gap of the logits is the logarithm of that.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# 与论文相同，K = 1000，ε = 1/10。当损失达到最小时，正确类别的概率应是其他任一类别的多少倍？得分之差就是这个倍数的对数。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 9001

# %% slideshow={"slide_type": "skip"} tags=["check"]
import math

from lecture_nets.analysis.growth import best_gap

notebook.check(
    answer is not ... and abs(math.log(answer) - best_gap(0.1, 1000)) < 1e-9,
    "Divide 0.9001 by 0.0001. · 用 0.9001 除以 0.0001。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 3
#
# Of ten classes, 40 % of the labels are wrong, each of the other nine equally often. So the label of an image is distributed as if it were smoothed. By which ε? Give a `Fraction`.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 3
#
# 共有十个类别，40% 的标签是错的，且错成其余九类中每一类的机会相等。因此，一幅图像的标签服从的分布就好像做过平滑一样。相当于多大的 ε？请用 `Fraction` 作答。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = Fraction(4, 10) * Fraction(10, 9)

# %% slideshow={"slide_type": "skip"} tags=["check"]
notebook.check(
    isinstance(answer, Fraction) and 1 - answer + answer / 10 == Fraction(6, 10),
    "1 − ε + ε / 10 must be 6/10. · 1 − ε + ε / 10 必须等于 6/10。",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Next
#
# [Why not just stack more layers?](07_why_not_stack_more.ipynb): everything so far made networks deeper. How far does that go?

# %% [markdown] tags=["lang-zh"]
# ## 下一节
#
# [为什么不直接堆叠更多的层？](07_why_not_stack_more.ipynb)：到目前为止，一切都在让网络变得更深。这条路能走多远？
