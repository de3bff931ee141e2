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
# You will see who won when and whose number is whose, and count the layers of the networks themselves. But over the years much more changed than depth. So you will also compare networks that differ in depth alone: on ImageNet, from published measurements, and here, where you train them yourself.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/).

# %% [markdown] tags=["lang-zh"]
# # 1 · 越深越好
#
# 幻灯片的说法是：自 2011 年起，从浅层的支持向量机到 22 层的网络，网络越来越深，ImageNet 上的错误率也随之下降，距离人类的水平只差一点。
#
# 本节看一看哪一年由谁获胜、哪个数字属于谁，并直接从网络对象上数出层数。不过，这些年里变化的远不止深度。因此我们还要比较只有深度不同的网络：在 ImageNet 上用公开发表的测量结果，在这里则由你亲自训练。
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

# %%
from lecture_nets.visualize.history import depth_and_error

depth_and_error()

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Whose number is whose
#
# The slide has five rows. "Zeiler, 2013" stands for three numbers: the winner is Clarifai, the company that Zeiler founded; his own paper's network, ZFNet, did worse; and a team ZF entered with yet another one. AlexNet has two numbers as well: 15.32 % is the famous one, but two of its seven networks had learned from more images than the challenge supplied.

# %% [markdown] tags=["lang-zh"]
# ## 哪个数字属于谁
#
# 幻灯片上有五行。“Zeiler，2013”背后有三个不同的数字：冠军是 Zeiler 创办的公司 Clarifai；他论文中的网络 ZFNet 成绩稍差；还有一支名为 ZF 的队伍，以另一个数字参赛。AlexNet 也有两个数字：15.32 % 最为人熟知，但在它的七个网络中，有两个还用了挑战赛以外的图像来训练。

# %%
from decimal import Decimal

from lecture_nets.analysis.history import ILSVRC, SLIDE

shallow, alexnet, clarifai, googlenet, vgg = SLIDE
error = {row: Decimal(str(row.top5_error)) for row in ILSVRC}
zf = [row for row in ILSVRC if row.name in ("Team ZF", "ZFNet")]
(more_data,) = (row for row in ILSVRC if row.name == "AlexNet" and row.data == "outside")
for row in (*SLIDE, more_data, *zf):
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

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## 2011: a shallow support vector machine
#
# The row of 2011 exists here too, smaller: gradients and colors of every patch, described by rules that people wrote, then a Fisher vector, then one linear layer with a hinge loss. Only that layer learns. It gets scenes of ten classes, PartsWorld, drawn by this package.

# %% [markdown] tags=["lang-zh"]
# ## 2011 年：浅层支持向量机
#
# 2011 年那一行在这里也有，只是规模较小：先用人工设计的规则描述每个图像块的梯度和颜色，再编码成 Fisher 向量，最后是一个采用合页损失的线性层，只有这一层参与学习。给它看的图像是由本软件包绘制的 PartsWorld，共十类场景。

# %%
from lecture_nets import PartsWorldDataModule
from lecture_nets.visualize.sheets import draw_sheets

scenes = PartsWorldDataModule(image_size=80, batch_size=16, train_size=1000, test_size=500)
scenes.setup("fit")
images, labels = zip(*(scenes.train_set[place][:2] for place in range(10)), strict=True)
alt = "Ten drawn scenes, one object each, outlined and textured: "
alt += ", ".join(scenes.class_names[label] for label in labels)
draw_sheets({"one of each class": images}, title="PartsWorld", alt=alt, columns=10, side=90)

# %% slideshow={"slide_type": "subslide"} tags=["C1"]
from lecture_nets import ShallowSVMModule
from lecture_nets.analysis.ladder import ladder

(svm,) = ladder([ShallowSVMModule(width=0.25)], scenes, epochs=3)
guessing = 1 - 1 / scenes.num_classes
photos = notebook.record("training")["clothing10-ShallowSVM"]
on_photos = 1 - photos["test_top1_percent"] / 100
print(f"on these scenes it misclassifies {notebook.band(svm.test_error, 0.05, 0.5)}")
print(f"on photographs of ten kinds of clothes {on_photos:.1%} (recorded); a guess {guessing:.0%}")
notebook.verdict(
    "C1",
    abs(shallow.top5_error - 25) < 1 and svm.depth == 1 and svm.test_error < guessing / 4,
    f"{shallow.name} won {shallow.year} with {shallow.top5_error} %, by Fisher vectors. Ours has "
    f"{svm.depth} layer that learns, and learns scenes and photographs",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## 2012: half the error?
#
# AlexNet "already almost cut it to half", and Zeiler was "the next winner with again eight layers". By how much did AlexNet cut the error? Let "almost half" mean 45 % or more, and "in part" at least a quarter.

# %% [markdown] tags=["lang-zh"]
# ## 2012 年：错误率减半了吗？
#
# 课上说，AlexNet “几乎把错误率减半”，Zeiler 的网络则是“下一个冠军，同样是八层”。AlexNet 究竟把错误率降低了多少？我们约定：降低 45% 以上才算“几乎减半”，至少降低四分之一算“部分成立”。

# %% tags=["C2"]
cut, cut_with_more = (1 - error[row] / error[shallow] for row in (alexnet, more_data))
size = "holds" if cut >= 0.45 else "in part" if cut >= 0.25 else "contradicted"
notebook.verdict(
    "C2",
    size if depth["alexnet"] == alexnet.depth == 8 else "contradicted",
    f"AlexNet counts {depth['alexnet']} layers and cut the error by {cut:.0%}, from "
    f"{shallow.top5_error} to {alexnet.top5_error} %; by {cut_with_more:.0%} with outside data, "
    f"to {more_data.top5_error} %",
)

# %% tags=["C3"]
(zfnet,) = (row for row in zf if row.setting == "6 nets")
notebook.verdict(
    "C3",
    clarifai.kind == "winner" and clarifai.depth == depth["zfnet"] == depth["alexnet"],
    f"Clarifai won {clarifai.year} with {clarifai.top5_error} % and, by its authors' word, "
    f"{clarifai.depth} layers; ZFNet counts {depth['zfnet']} and has {zfnet.top5_error} % in its "
    f"paper ({zfnet.source})",
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
# One person learned the classes and labeled 1500 of the test images. That is the dashed line in the figure. GoogLeNet's error on those very images is known too, a little higher than on all of them, and so is a second person's, on 258. So few images leave an interval.

# %% [markdown] tags=["lang-zh"]
# ## 离人类还有多远？
#
# 有一个人先熟悉了各个类别，再标注了 1500 张测试图像，这就是图中的虚线。GoogLeNet 在同样这些图像上的错误率也有记录，比在全部测试图像上略高；此外还有第二个人在 258 张图像上的结果。图像这么少，结果就只能给出一个区间。

# %%
from lecture_nets.analysis.depth import wilson_interval

for row in ILSVRC:
    who = f"{row.name}, {row.setting}"
    tested = row.images.removesuffix(" test")
    if tested.isdigit():
        wrong = round(row.top5_error / 100 * int(tested))
        among = wilson_interval(wrong, int(tested))
        print(f"{who:31} {row.top5_error:5} %, 95 % interval {among.low:.1%} to {among.high:.1%}")
    elif row.year == 2015 and row.images == "test":
        print(f"{who:31} {row.top5_error:5} % on all test images, a year later")

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# "Little margin" needs a measure: here, less than the error fell in the last year alone.

# %% [markdown] tags=["lang-zh"]
# “只差一点”需要一个衡量标准：这里取“小于最近一年里错误率的降幅”。

# %% tags=["C7"]
human = min((row for row in ILSVRC if row.kind == "human"), key=lambda row: row.top5_error)
margin, last_year = error[googlenet] - error[human], error[clarifai] - error[googlenet]
people = int(human.images.removesuffix(" test"))
among = wilson_interval(round(human.top5_error / 100 * people), people)
notebook.verdict(
    "C7",
    error[human] < error[googlenet] and margin < last_year,
    f"GoogLeNet is {margin} points above the human's {human.top5_error} % (95 % interval over "
    f"{people} images: {among.low:.1%} to {among.high:.1%}), and the error fell by {last_year} "
    f"points in the last year alone, by {error[shallow] - error[googlenet]} since 2011",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# The margin was gone within a year, and against the second person there was none in 2014.

# %% [markdown] tags=["lang-zh"]
# 不到一年，这点差距就消失了；而与第二个人相比，2014 年的网络已经更好。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The deeper, the better? The history
#
# A rank correlation of −1 means: whenever depth rises, the error falls. The five rows come close. But depth is not all that changed over the years: from AlexNet to Clarifai the error fell without a single layer more. Five rows cannot tell depth from all the rest, such as dropout, augmentation and ensembles.

# %% [markdown] tags=["lang-zh"]
# ## 越深就越好吗？先看历史
#
# 秩相关系数为 −1，表示深度每增加一点，错误率都会下降。这五行已经很接近 −1。但这些年里变化的不只是深度：从 AlexNet 到 Clarifai，一层也没有增加，错误率同样下降了。仅凭五行数据，无法把深度与其他因素（例如 dropout、数据增强和模型集成）区分开来。

# %%
from lecture_nets.analysis.history import rank_correlation

points = [(row.depth or depth["shallow_svm"], row.top5_error) for row in SLIDE]
print("depth and error:", *points)
print(f"rank correlation: {rank_correlation(points):.2f}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Depth alone, on ImageNet
#
# VGG was published with 11, 13, 16 and 19 layers. torchvision trained all four by one recipe, without batch norm and with it, and its description of the weights says how each one does: one network, one crop, 50,000 validation images. The parameters hardly differ, by 8 %.

# %% [markdown] tags=["lang-zh"]
# ## 只改变深度：ImageNet 上的结果
#
# VGG 论文中有 11、13、16 和 19 层的版本。torchvision 用同一套方案训练了这四个网络，不带和带批归一化的都有，权重说明里写着各自的成绩：单个网络，单次裁剪，50000 张验证图像。它们的参数量相差很小，只有 8%。

# %%
from torch.nn import Conv2d, Linear
from torchvision import models

from lecture_nets.analysis.depth import DepthPoint

on_imagenet: dict[str, list[DepthPoint]] = {"VGG": [], "VGG with batch norm": []}
for number in (11, 13, 16, 19):
    for points, name in zip(on_imagenet.values(), (f"vgg{number}", f"vgg{number}_bn"), strict=True):
        with torch.device("meta"):
            layers = models.get_model(name).modules()
            counted = sum(isinstance(layer, Conv2d | Linear) for layer in layers)
        known = models.get_model_weights(name)["IMAGENET1K_V1"].meta
        accuracy = known["_metrics"]["ImageNet-1K"]["acc@1"]
        wrong = round((100 - accuracy) / 100 * 50_000)
        points.append(DepthPoint(counted, known["num_params"], wilson_interval(wrong, 50_000)))
        print(f"{name:8} {counted} layers, top-1 error {100 - accuracy:.2f} %")

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.visualize.depth import draw_depth

caption = "Source: torchvision's description of its weights. Top-1 error, one crop. Whiskers: 95 %."
draw_depth(on_imagenet, guessing=0.999, title="VGG: nothing but layers added", caption=caption)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## The slide's row, measured alike
#
# The challenge's numbers come from ensembles of different sizes and many crops. As single networks with one crop, the order of 2014 turns round: GoogLeNet, three layers deeper, errs more than VGG-19, with a twentieth of its parameters.

# %% [markdown] tags=["lang-zh"]
# ## 用同一种方式测量幻灯片上的各行
#
# 挑战赛的数字来自规模各异的模型集成和多次裁剪。如果都只用单个网络和单次裁剪，2014 年的名次就颠倒了：GoogLeNet 比 VGG-19 深三层，错误却更多，不过它的参数量只有后者的二十分之一。

# %%
alike = {}
for name in ("alexnet", "vgg19", "googlenet", "inception_v3"):
    known = models.get_model_weights(name)["IMAGENET1K_V1"].meta
    alike[name] = Decimal(100) - Decimal(str(known["_metrics"]["ImageNet-1K"]["acc@5"]))
    print(f"{name:13} {depth[name]:2} layers, top-5 error {alike[name]:6} %")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Images that need depth
#
# HierarchyWorld is made as slide 2 says images are: strokes make textures, textures make parts, parts make the object, four of each making one of the next. Every symbol has four arrangements that mean the same, so a single stroke says next to nothing about the class. The model behind it is the Random Hierarchy Model ([Cagnetta et al., 2024](https://arxiv.org/abs/2307.02129)).

# %% [markdown] tags=["lang-zh"]
# ## 需要深度的图像
#
# HierarchyWorld 正是按幻灯片 2 的说法构造的：笔画组成纹理，纹理组成部件，部件组成物体，每四个组成上一级的一个。每个符号都有四种含义相同的排列，所以单独一个笔画几乎不透露类别。它背后的模型是“随机层级模型”（Random Hierarchy Model，[Cagnetta 等，2024](https://arxiv.org/abs/2307.02129)）。

# %%
from lecture_nets import HierarchyWorldDataModule
from lecture_nets.visualize.hierarchy import draw_world

world = HierarchyWorldDataModule(
    image_size=32, batch_size=64, train_size=4000, test_size=1000, synonyms=4
)
world.setup("fit")
draw_world(world.train_set, rows=2, title="HierarchyWorld: a column is a class")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Depth alone, here
#
# Four networks of three to six layers, as wide as each other, on the same 4000 images in the same order for eight epochs, and 1000 new images to test them. Before you run it: all four will fit the training images. What will they do with new ones?

# %% [markdown] tags=["lang-zh"]
# ## 只改变深度：在这里训练
#
# 四个网络，三到六层，宽度相同；用同样的 4000 张图像、同样的顺序训练八轮，再用 1000 张新图像测试。运行之前先想一想：四个网络都能拟合训练图像，那么面对新图像时会怎样？

# %%
from functools import partial

from lecture_nets.analysis.depth import train_alike
from lecture_nets.nets.hierarchy_stack import HierarchyStack

builds = {f"{layers} layers": partial(HierarchyStack, layers, width=0.5) for layers in (3, 4, 5, 6)}
trained = train_alike(builds, world, epochs=8)
edges = 0.2, 0.45, 0.8  # far from what is measured, so that every machine prints the same
for run in trained:
    print(
        f"{run.name}, {run.parameters:6,} parameters: misclassifies "
        f"{notebook.band(run.train_error, 0.02)} of the training images, "
        f"{notebook.band(run.test_error, *edges)} of the new ones"
    )

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Or is it the number of parameters?
#
# Six layers have twice the parameters of three. So give three layers more channels, until they have half as many parameters again as six. And two controls: the six layers untrained, and a world whose symbols have one arrangement each, where strokes do tell the class and three layers should be enough.

# %% [markdown] tags=["lang-zh"]
# ## 还是参数量的缘故？
#
# 六层网络的参数量是三层的两倍。那就给三层网络增加通道，让它的参数量达到六层的一倍半。再加两个对照：没有训练过的六层网络；以及每个符号只有一种排列的世界，那里的笔画直接透露类别，三层就应该够用。

# %%
shallow_but_wide = {"3 layers, wide": partial(HierarchyStack, 3, width=1.25)}
(wide,) = train_alike(shallow_but_wide, world, epochs=8)
(untrained,) = train_alike({"6 layers": builds["6 layers"]}, world, epochs=0)
easy = HierarchyWorldDataModule(
    image_size=32, batch_size=64, train_size=1000, test_size=1000, synonyms=1
)
(enough,) = train_alike({"3 layers": builds["3 layers"]}, easy, epochs=4)
deepest = trained[-1]
for run, what in (
    (wide, ""),
    (deepest, ""),
    (untrained, ", untrained: the negative control"),
    (enough, ", one synonym: the positive control"),
):
    lost = notebook.band(run.test_error, *edges)
    print(f"{lost:12} misclassified by {run.name}, {run.parameters:,} parameters{what}")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## And the row of 2011?
#
# The support vector machine, at full width, on the same images: its descriptors measure strokes very well, and one layer cannot put them together.

# %% [markdown] tags=["lang-zh"]
# ## 那么 2011 年的那一行呢？
#
# 让支持向量机以完整的宽度学习同样的图像：它的描述子能很好地测量笔画，但单独一层无法把笔画组合起来。

# %%
(shallowest,) = ladder([ShallowSVMModule(recipe="quick")], world, epochs=4)
print(f"misclassified here: {notebook.band(shallowest.test_error, 0.05, 0.5, 0.7)}")
print(f"of the scenes above: {notebook.band(svm.test_error, 0.05, 0.5, 0.7)}")

# %% slideshow={"slide_type": "fragment"}
curves = {
    "equal width": [run.point for run in trained],
    "three layers, wide": [wide.point],
    "shallow support vector machine": [
        DepthPoint(
            shallowest.depth,
            shallowest.parameters,
            wilson_interval(shallowest.wrong, shallowest.test_images),
        )
    ],
}
caption = "4000 images of 32 pixels; 1000 test images. Small print: parameters. Whiskers: 95 %."
draw_depth(curves, guessing=guessing, title="Half a minute of training", caption=caption)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Once more, in three worlds
#
# One run may be luck. So the same was measured in three worlds, each with rules, first weights and order of images of its own, by `python tests/benchmarks/hierarchy_world.py`, and the package carries the record. In one curve all networks are as wide as each other; in the other each deeper one has fewer parameters. Untrained or with shuffled labels they guess. If every epoch brings new images, three layers do better: what they lack is data, and depth needs less of it.

# %% [markdown] tags=["lang-zh"]
# ## 在三个世界里再来一次
#
# 只训练一次，结果可能出于运气。因此，我们用 `python tests/benchmarks/hierarchy_world.py` 在三个世界里做了同样的测量，每个世界都有自己的规则、初始权重和图像顺序，记录随软件包一起提供。一条曲线上的网络宽度相同；另一条曲线上，网络越深，参数越少。没有训练过的网络和用打乱的标签训练的网络都只能猜。如果每一轮都换上新图像，三层网络会好一些：它缺的是数据，而深度能减少对数据的需求。

# %%
from lecture_nets.analysis.label_noise import Interval

measured = notebook.record("hierarchy_world")
record = measured["depth"]
recorded = {
    name: [
        DepthPoint(row["depth"], row["parameters"], Interval(**row["test_error"]))
        for row in record[part]
    ]
    for name, part in (
        ("equal width", "equal_width"),
        ("each deeper one is smaller", "each_deeper_one_smaller"),
        ("three layers, widest", "wide"),
    )
}
for name, points in recorded.items():
    for point in points:
        shown = f"{point.test_error.mean:5.1%} ± {point.test_error.half:.1%}"
        print(f"{name:26} {point.depth} layers, {point.parameters:7,} parameters: {shown}")
for name in ("untrained", "labels_shuffled", "fresh_images_every_epoch"):
    for row in measured["controls"][name]:
        among = Interval(**row["test_error"])
        print(
            f"{name.replace('_', ' '):26} {row['depth']} layers: {among.mean:.1%} ± {among.half:.1%}"
        )

# %% slideshow={"slide_type": "fragment"}
caption = record["setting"] + ". Small print: parameters. Whiskers: 95 % over the worlds."
draw_depth(recorded, guessing=guessing, title="Test error in three worlds", caption=caption)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Where depth gains nothing
#
# On the scenes of PartsWorld the order is the other way round: the single layer misclassifies none of 1000 test images, and no deep network does better. Its descriptors measure outlines and colors, which is what these scenes are drawn from, so outlines give the class away and leave nothing to learn. Among the deep networks the record shows no order: it was measured twice in one setting, with one seed each, and the two runs differ by up to 17 points. So nothing here rests on which of them comes first.

# %% [markdown] tags=["lang-zh"]
# ## 深度没有用武之地的时候
#
# 在 PartsWorld 的场景上，名次正好相反：单层的模型在 1000 张测试图像上一个错误也没有，没有哪个深层网络比它更好。它的描述子测量的是轮廓和颜色，而这些场景正是由轮廓和颜色画成的：轮廓直接透露了类别，几乎不剩什么需要学习。至于深层网络之间的名次，记录给不出结论：同样的设置测了两次，每次一个随机种子，两次结果最多相差 17 个百分点。因此，这里没有任何结论以它们的名次为依据。

# %%
first = {rung["name"]: rung["wrong"] / 10 for rung in notebook.record("ladder")["rungs"]}
again = notebook.record("training")
for name, percent in first.items():
    run = again.get(f"parts_world-{name}", {"epochs": None})
    if run["epochs"] == 6:  # as many as in the first
        other = 100 - run["test_top1_percent"]
        print(f"{name:12} {percent:4.1f} % and {other:4.1f} %, apart {abs(other - percent):4.1f}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The verdict
#
# Depth pays where the class is built level by level, and it is depth that pays, not parameters: that holds on ImageNet and here. It is no law. Where a shallow rule finds the class, depth gains nothing; another kind of layer may do with fewer errors than a deeper network; and [the last notebook](07_why_not_stack_more.ipynb) stacks layers until nothing is learned at all.

# %% [markdown] tags=["lang-zh"]
# ## 结论
#
# 只要类别是一级一级构成的，深度就有回报，而且有回报的正是深度，不是参数量：在 ImageNet 上如此，在这里也如此。但这不是定律。如果浅层的规则就能认出类别，深度便没有收益；换一种层，较浅的网络也可能比更深的网络错得更少；而[最后一个笔记本](07_why_not_stack_more.ipynb)会一直堆叠下去，直到什么也学不到。

# %% slideshow={"slide_type": "fragment"} tags=["C6"]
from itertools import pairwise

steps = [step for points in on_imagenet.values() for step in pairwise(points)]
paid = sum(deeper.test_error.high < less.test_error.mean for less, deeper in steps)
here = sum(deeper.wrong < less.wrong for less, deeper in pairwise(trained))
control = wide.parameters > deepest.parameters and wide.wrong > 5 * deepest.wrong
alone = paid == len(steps) and here == len(trained) - 1 and control
everywhere = alike["googlenet"] < alike["vgg19"] and first["ShallowSVM"] > min(first.values())
notebook.verdict(
    "C6",
    ("holds" if everywhere else "in part") if alone else "contradicted",
    f"with depth alone varied, {paid} of {len(steps)} steps of VGG and {here} of "
    f"{len(trained) - 1} here lower the error; three layers with {wide.parameters:,} parameters "
    f"make more than five times the errors of six with {deepest.parameters:,}. Not everywhere: "
    f"measured alike, GoogLeNet errs in {alike['googlenet']} %, VGG-19 in {alike['vgg19']} %, and "
    f"on PartsWorld {shallowest.depth} layer in {first['ShallowSVM']} % (recorded)",
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
trainer.fit(ZFNetModule(num_classes=10, width=0.125, recipe="quick"), scenes)
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
