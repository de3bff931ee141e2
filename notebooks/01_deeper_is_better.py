# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 1 · Deeper is better
#
# The slide says: from 2011 on, the error on ImageNet fell as networks grew deeper, from a shallow support vector machine to 22 layers, and little margin is left to human performance.
#
# You will see who won when and whose number is whose, count the layers of the networks themselves, and then put the same question to images of our own.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/).

# %% [markdown] tags=["lang-zh"]
# # 1 · 越深越好
#
# 幻灯片的说法是：自 2011 年起，从浅层的支持向量机到 22 层的网络，网络越来越深，ImageNet 上的错误率也随之下降，距离人类的水平只差一点。
#
# 本节看一看哪一年由谁获胜、哪个数字属于谁，直接从网络对象上数出层数，然后拿我们自己的图像来回答同样的问题。
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
# ## Who won when
#
# The ImageNet challenge asks for one of 1000 classes. A program may guess five times, and the top-5 error is the share of images where all five are wrong.

# %% [markdown] tags=["lang-zh"]
# ## 历年的获胜者
#
# ImageNet 挑战赛要求从 1000 个类别中认出图像的类别。程序可以给出五个猜测，五个全错的图像所占的比例就是 top-5 错误率。

# %% tags=["nbval-ignore-output"]
from lecture_nets.visualize.history import depth_and_error

depth_and_error()

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Whose number is whose
#
# The slide has five rows. "Zeiler, 2013" stands for three numbers: the winner is Clarifai, the company that Zeiler founded; his own paper's network, ZFNet, did worse; and a team ZF entered with yet another one.

# %% [markdown] tags=["lang-zh"]
# ## 哪个数字属于谁
#
# 幻灯片上有五行。“Zeiler，2013”背后有三个不同的数字：冠军是 Zeiler 创办的公司 Clarifai；他论文中的网络 ZFNet 成绩稍差；还有一支名为 ZF 的队伍，以另一个数字参赛。

# %%
from decimal import Decimal

from lecture_nets.analysis.history import ILSVRC, SLIDE

shallow, alexnet, clarifai, googlenet, vgg = SLIDE
error = {row: Decimal(str(row.top5_error)) for row in ILSVRC}
zf = [row for row in ILSVRC if row.name in ("Team ZF", "ZFNet")]
for row in (*SLIDE, *zf):
    print(
        f"{row.year} {row.name:10} {row.top5_error:5} %  {row.setting:18} {row.kind:7} {row.source}"
    )

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Count the layers
#
# Depth is the number of convolutions and linear layers on the longest path from image to logits. Pooling and normalization do not count. The networks exist here as objects, so you can count for yourself.

# %% [markdown] tags=["lang-zh"]
# ## 数一数层数
#
# 深度是从图像到得分的最长路径上卷积层和全连接层的个数，池化和归一化不计入。这些网络在这里都是现成的对象，所以每个数字都可以亲自核对。

# %%
import torch

from lecture_nets import NETS
from lecture_nets.analysis import cost

with torch.device("meta"):  # shapes only, no numbers
    costs = {name: cost(net()) for name, net in NETS.items()}
depth = {name: count.depth for name, count in costs.items()}
for name, count in costs.items():
    print(f"{name:13} depth {count.depth:2}, {count.parameters:11,} parameters")

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Eight, eight, 19 and 22, as on the slide. The authors give Inception V2 and V3 fewer layers than the longest path has; [the notebook on Inception V2](04_inception_v2.ipynb) explains why.

# %% [markdown] tags=["lang-zh"]
# 8、8、19 和 22，与幻灯片一致。对于 Inception V2 和 V3，作者给出的层数比最长路径少，原因见[关于 Inception V2 的笔记本](04_inception_v2.ipynb)。

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Half the error?
#
# AlexNet "already almost cut it to half" in 2012, and Zeiler was "the next winner with again eight layers". How much of the error did AlexNet leave?

# %% [markdown] tags=["lang-zh"]
# ## 错误率减半了吗？
#
# 课上说，AlexNet 在 2012 年“几乎把错误率减半”，Zeiler 的网络则是“下一个冠军，同样是八层”。AlexNet 究竟还留下多少错误率？

# %% tags=["C2"]
left = error[alexnet] / error[shallow]
notebook.verdict(
    "C2",
    depth["alexnet"] == 8 and left < 0.75,
    f"AlexNet counts {depth['alexnet']} layers and left {left:.0%} of the error, "
    f"{alexnet.top5_error} % of {shallow.top5_error} %: nearer to one half than to the whole",
)

# %% tags=["C3"]
(zfnet,) = (row for row in zf if row.setting == "6 nets")
notebook.verdict(
    "C3",
    clarifai.kind == "winner" and clarifai.depth == depth["zfnet"] == depth["alexnet"],
    f"Clarifai won {clarifai.year} with {clarifai.top5_error} % and {clarifai.depth} layers; ZFNet "
    f"counts {depth['zfnet']} and has {zfnet.top5_error} % in its paper ({zfnet.source})",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## 2014: two networks, one result
#
# VGG is a plain stack, GoogLeNet a chain of Inception modules. GoogLeNet won.

# %% [markdown] tags=["lang-zh"]
# ## 2014 年：两个网络，一样的成绩
#
# VGG 是简单的逐层堆叠，GoogLeNet 则由一连串 Inception 模块组成。获胜的是 GoogLeNet。

# %% tags=["C4"]
notebook.verdict(
    "C4",
    depth["vgg19"] == vgg.depth == 19,
    f"VGG counts {depth['vgg19']} layers and has {vgg.top5_error} %",
)

# %% tags=["C5"]
apart = error[vgg] - error[googlenet]
notebook.verdict(
    "C5",
    depth["googlenet"] == googlenet.depth == 22 and abs(apart) < 1,
    f"GoogLeNet counts {depth['googlenet']} layers and has {googlenet.top5_error} %, "
    f"{apart} points less than VGG",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## How far to a human?
#
# One person learned the classes and labeled 1500 of the test images. That is the dashed line in the figure. GoogLeNet's error on those very images is known too, a little higher than on all of them, and so is a second person's, on 258.

# %% [markdown] tags=["lang-zh"]
# ## 离人类还有多远？
#
# 有一个人先熟悉了各个类别，再标注了 1500 张测试图像，这就是图中的虚线。GoogLeNet 在同样这些图像上的错误率也有记录，比在全部测试图像上略高；此外还有第二个人在 258 张图像上的结果。

# %%
for row in ILSVRC:
    if row.kind == "human" or row.images == "1500 test" or row.year == 2015:
        who = f"{row.name}, {row.setting}"
        print(f"{who:34} {row.top5_error:5} %  on {row.images} images")

# %% tags=["C7"]
human = min(error[row] for row in ILSVRC if row.kind == "human")
margin, gained = error[googlenet] - human, error[shallow] - error[googlenet]
notebook.verdict(
    "C7",
    min(margin, gained) > 0 and margin < gained / 10,
    f"GoogLeNet is {margin} points above the human's {human} %, less than a tenth of the "
    f"{gained} points by which the error has come down since 2011",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# The margin was gone within a year, and against the second person there was none in 2014.

# %% [markdown] tags=["lang-zh"]
# 不到一年，这点差距就消失了；而与第二个人相比，2014 年的网络已经更好。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The deeper, the better?
#
# A rank correlation of −1 means: whenever depth rises, the error falls. The five rows come close. But depth is not all that changed over the years: from AlexNet to Clarifai the error fell without a single layer more.

# %% [markdown] tags=["lang-zh"]
# ## 越深就越好吗？
#
# 秩相关系数为 −1，表示深度每增加一点，错误率都会下降。这五行已经很接近 −1。但这些年里变化的不只是深度：从 AlexNet 到 Clarifai，一层也没有增加，错误率同样下降了。

# %%
from lecture_nets.analysis.history import rank_correlation

points = [(row.depth or depth["shallow_svm"], row.top5_error) for row in SLIDE]
on_imagenet = rank_correlation(points)
print("depth and error:", *points)
print(f"rank correlation: {on_imagenet:.2f}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## On our images: a shallow support vector machine
#
# Scenes of ten classes, drawn by this package. First the row of 2011, small: gradients and colors of every patch, described by rules that people wrote, then a Fisher vector, then one linear layer with a hinge loss. Only that layer learns. 1000 images, three epochs.

# %% [markdown] tags=["lang-zh"]
# ## 在我们的图像上：浅层支持向量机
#
# 图像由本软件包绘制，共十类场景。先看 2011 年那一行的小型版本：用人工设计的规则描述每个图像块的梯度和颜色，再编码成 Fisher 向量，最后是一个采用合页损失的线性层，只有这一层参与学习。训练用 1000 张图像，共三轮。

# %%
from lecture_nets import PartsWorldDataModule, ShallowSVMModule
from lecture_nets.analysis.ladder import ladder

data = PartsWorldDataModule(image_size=80, batch_size=16, train_size=1000, test_size=500)
(svm,) = ladder([ShallowSVMModule(width=0.25)], data, epochs=3)

# %% tags=["C1"]
guessing = 1 - 1 / data.num_classes
notebook.verdict(
    "C1",
    abs(shallow.top5_error - 25) < 1 and svm.depth == 1 and svm.test_error < guessing / 4,
    f"{shallow.name} won {shallow.year} with {shallow.top5_error} %, by Fisher vectors. Ours has "
    f"{svm.depth} layer that learns, and less than a quarter of the errors of guessing",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## The same for two deep networks
#
# The same images, as many epochs, each by its quick recipe, AlexNet with an eighth of its channels and Inception V3 with a quarter. Before you run it: which will err least?

# %% [markdown] tags=["lang-zh"]
# ## 再看两个深层网络
#
# 同样的图像，同样的轮数，各自采用快速训练方案；AlexNet 只用八分之一的通道数，Inception V3 用四分之一。运行之前先猜一猜：哪一个错得最少？

# %%
from lecture_nets import AlexNetModule, InceptionV3Module

deep = ladder([AlexNetModule(width=0.125), InceptionV3Module(width=0.25)], data, epochs=3)

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.ladder import draw_ladder

rungs = [svm, *deep]
caption = "PartsWorld, easy: 1000 images of 80 pixels, 3 epochs; 500 test images."
draw_ladder(rungs, "Half a minute of training", guessing=guessing, caption=caption)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The whole ladder
#
# All seven networks with more time: four times as many images, a little larger, and twice the epochs. It was measured once, with `python tests/benchmarks/ladder.py`, and the package carries the record.

# %% [markdown] tags=["lang-zh"]
# ## 七个网络的完整比较
#
# 全部七个网络，训练得更久：图像数量是刚才的四倍，尺寸略大，轮数是刚才的两倍。结果用 `python tests/benchmarks/ladder.py` 测得，记录随软件包一起提供。

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
from lecture_nets.analysis.ladder import Rung

record = notebook.record("ladder")
rungs = [Rung(**rung) for rung in record["rungs"]]
title = "Test error, from shallow to deep"
draw_ladder(rungs, title, guessing=guessing, caption=record["caption"])

# %%
for some, who in ((rungs, "all"), (rungs[1:], "without ShallowSVM")):
    on_ours = rank_correlation((rung.depth, rung.test_error) for rung in some)
    best = min(some, key=lambda rung: rung.wrong)
    print(f"{who}: rank correlation {on_ours:+.2f}; {best.name} errs least, {best.test_error:.1%}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The verdict
#
# The single layer wins, clearly. Its descriptors measure outlines and colors, which is what these scenes are drawn from, and leave little to learn. A deep network has to find all that by itself, from 1000 or 4000 images, where ImageNet had 1.2 million and training took days. So do not read the two figures as one: depth paid where there were data and time to use it. Leave the single layer out, and six networks remain that learn everything themselves; the second line above says how well the slide's order holds among them.
#
# Which deep network comes first here may hang on the minutes and on batch norm as much as on depth, and another seed may swap them. So the verdict rests on the single layer alone.

# %% [markdown] tags=["lang-zh"]
# ## 结论
#
# 单层的模型明显胜出。它的描述子测量的是轮廓和颜色，而这些场景正是由轮廓和颜色画成的，所以几乎不剩什么需要学习。深层网络却要靠 1000 或 4000 张图像自己发现这一切；ImageNet 则有 120 万张图像，训练长达数天。因此不要把两张图混为一谈：只有数据和训练时间都充足时，深度才有回报。去掉单层模型，剩下的六个网络都要自己学习全部特征；幻灯片的规律在它们之间成立到什么程度，见上面输出的第二行。
#
# 至于这里哪一个深层网络领先，训练时间和批归一化的影响可能不亚于深度，而且换一个随机种子，名次就可能互换。所以，这里的结论只以单层模型为依据。

# %% slideshow={"slide_type": "fragment"} tags=["C6"]
shallow_wins = svm.wrong < min(rung.wrong for rung in deep) / 2
notebook.verdict(
    "C6",
    on_imagenet < -0.9 and not shallow_wins,
    f"on ImageNet the rank correlation of the five rows is {on_imagenet:.2f}; on our images the "
    f"network of {svm.depth} layer makes {'less' if shallow_wins else 'not less'} than half the "
    f"errors of those of {' and '.join(str(rung.depth) for rung in deep)} layers",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# Each row of the slide is a module. On images of your own, name the recipe: `"quick"` takes minutes, the paper's takes days.

# %% [markdown] tags=["lang-zh"]
# ## 用在你自己的 Trainer 里
#
# 幻灯片上的每一行都有对应的模块。用你自己的图像训练时，请指定训练方案：`"quick"` 只需几分钟，论文的方案则需要几天。

# %% tags=["show-code"]
from lecture_nets import ZFNetModule

trainer = notebook.quiet_trainer(max_steps=4)
trainer.fit(ZFNetModule(num_classes=10, width=0.125, recipe="quick"), data)
print(f"steps trained: {trainer.global_step}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# Between two of the slide's five rows the error fell without a single layer more. By how many points?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# 在幻灯片的五行中，有两行之间一层也没有增加，错误率却下降了。下降了多少个百分点？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 16.42 - 11.74

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis.history import SLIDE

eight = [row.top5_error for row in SLIDE if row.depth == 8]
notebook.check(
    answer is not ... and abs(answer - (max(eight) - min(eight))) < 0.005,
    "Two rows have eight layers: 2012 and 2013. · 有两行都是八层：2012 年和 2013 年。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# GoogLeNet has 22 layers on its longest path. How many convolutions and linear layers are there in its `trunk` and `head` altogether?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# GoogLeNet 的最长路径上有 22 层。它的主干（`trunk`）和分类头（`head`）里一共有多少个卷积层和全连接层？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 3 + 9 * 6 + 1  # stem, nine Inception modules, head

# %% slideshow={"slide_type": "skip"} tags=["check"]
from torch.nn import Conv2d, Linear

from lecture_nets.nets import GoogLeNet

net = GoogLeNet(aux_heads=False)
notebook.check(
    answer == sum(isinstance(layer, Conv2d | Linear) for layer in net.modules()),
    "Nine modules have six convolutions each; count the stem and the head too. · "
    "九个模块各有六个卷积层，再加上前部的卷积层和分类头。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 3
#
# Suppose VGG had won 2014 with 6.00 %. What would be the rank correlation of depth and error among AlexNet, VGG and GoogLeNet? Calculate it by hand: for three pairs, it is 1 − Σd² / 4, where d is the difference of the two ranks.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 3
#
# 假设 VGG 以 6.00 % 赢得 2014 年的冠军，那么在 AlexNet、VGG 和 GoogLeNet 三者中，深度与错误率的秩相关系数是多少？请手算：三对数据时，它等于 1 − Σd² / 4，其中 d 是两个名次之差。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 1 - ((1 - 3) ** 2 + (2 - 1) ** 2 + (3 - 2) ** 2) / 4

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis.history import rank_correlation

right = rank_correlation([(8, 16.42), (19, 6.00), (22, 6.66)])
notebook.check(
    answer is not ... and abs(answer - right) < 1e-6,
    "Depths rank 1, 2, 3; the errors 16.42, 6.00, 6.66 rank 3, 1, 2. · "
    "深度的名次为 1、2、3，错误率 16.42、6.00、6.66 的名次为 3、1、2。",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Next
#
# [Exponential feature reuse](02_exponential_feature_reuse.ipynb): one reason why depth may pay.

# %% [markdown] tags=["lang-zh"]
# ## 下一节
#
# [指数级的特征复用](02_exponential_feature_reuse.ipynb)：深度为什么可能有回报，原因之一。
