# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# # 2 · Exponential feature reuse
#
# The slide says: with each layer, the number of paths through a network multiplies, so deep networks can use what earlier layers found again and again. And they get more abstract on the way: edges and blobs in layer 1, textures in layer 3, object parts in layer 5, object classes in layer 8 of AlexNet.
#
# You will count the paths exactly, silence a unit and see who misses it, and then open a small trained AlexNet and measure what each of its layers knows. Not everything on the slide will come out as it says.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/).

# %% [markdown] tags=["lang-zh"]
# # 2 · 指数级的特征复用
#
# 幻灯片的说法是：每增加一层，网络中的路径数就成倍增长，因此深层网络能够反复利用前面各层找到的信息。同时，网络学到的表示越来越抽象：在 AlexNet 中，第 1 层是边缘和色块，第 3 层是纹理，第 5 层是物体部件，第 8 层是物体类别。
#
# 本节先精确计算路径数，再让一个单元“沉默”，看看谁会受影响，最后打开一个训练好的小型 AlexNet，测量每一层究竟知道什么。结果并不会处处与幻灯片一致。
#
# 根据 Andreas Maier（埃尔朗根-纽伦堡大学，FAU）的课程 *Deep Learning: Architectures, Part 2* 编写，[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)：[课程讲义](https://lme.tf.fau.de/)。

# %% slideshow={"slide_type": "skip"} tags=["colab", "nbval-skip"]
# Installs the package on Colab or Binder; elsewhere this cell does nothing.
from importlib.util import find_spec

if find_spec("lecture_nets") is None:
    from IPython import get_ipython

    get_ipython().run_line_magic("pip", "install --quiet lecture-nets[notebooks]")

# %% slideshow={"slide_type": "skip"} tags=["setup"]
from lecture_nets import notebook

notebook.setup()

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Two neurons a layer: 2, 4, 8, 16
#
# A path takes one unit of each layer. In a stack of layers with two neurons each, every path so far goes on to both neurons of the next layer.

# %% [markdown] tags=["lang-zh"]
# ## 每层两个神经元：2、4、8、16
#
# 一条路径在每一层经过一个单元。如果每层都有两个神经元，那么已有的每条路径都会通向下一层的两个神经元。

# %% slideshow={"slide_type": "fragment"}
from torch import nn

from lecture_nets.analysis import count_paths

stack = nn.Sequential(*[nn.Linear(2, 2) for _ in range(4)])
doubled = [layer.unit_paths for layer in count_paths(stack, (2,)).layers]
print(doubled)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The networks of the lecture
#
# The same count for real networks: a unit now is a channel of a convolution, or a neuron. Where a network forks, choosing only a branch gives the branch paths: one in a plain chain.

# %% [markdown] tags=["lang-zh"]
# ## 本课程中的各个网络
#
# 对真实的网络做同样的计数：这里的单元是卷积层的一个通道，或者一个神经元。在网络分叉处，如果只考虑选择哪个分支，得到的就是分支路径数；没有分叉的链式网络只有一条。

# %% slideshow={"slide_type": "fragment"}
import torch

from lecture_nets.analysis import cost
from lecture_nets.nets import NETS

with torch.device("meta"):
    nets = {net_class.__name__: net_class() for net_class in NETS.values()}
paths = {name: count_paths(net, (3, *[net.paper_size] * 2)) for name, net in nets.items()}
depths = {name: cost(net).depth for name, net in nets.items()}
digits = {name: len(str(found.unit_paths)) for name, found in paths.items()}
print("network       layers  branch paths  unit paths")
for name, found in paths.items():
    print(f"{name:14}{depths[name]:6}{found.branch_paths:>14,}  a number of {digits[name]} digits")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# On a logarithmic axis, exponential growth is a straight line. All networks rise along nearly straight lines: width makes the steps, depth their number.

# %% [markdown] tags=["lang-zh"]
# 在对数坐标轴上，指数增长呈一条直线。所有网络都沿着近似的直线上升：宽度决定每一步有多大，深度决定走多少步。

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
from itertools import accumulate
from math import log10

from lecture_nets.visualize.figures import Picture

told = ", ".join(f"{name} {digits[name]} digits in {depths[name]} layers" for name in nets)
picture = Picture("Paths by depth", alt=f"Nearly straight lines: {told}.", size=(7, 4.5))
(axes,) = picture.axes()
for name, net in nets.items():
    steps = {row.name: row.depth for row in cost(net).rows}
    behind = accumulate(steps[layer.name] for layer in paths[name].layers)
    axes.plot(list(behind), [log10(x.unit_paths) for x in paths[name].layers], "o-", label=name)
axes.set(xlabel="layers so far", ylabel="paths so far: power of 10")
axes.legend()
picture

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# The exact numbers. Inception V2 has more paths than its successor V3: a better network is not simply one with more of them.

# %% [markdown] tags=["lang-zh"]
# 下面是精确的数值。Inception V2 的路径比后继者 V3 还多：并不是路径越多，网络就越好。

# %% slideshow={"slide_type": "skip"}
for name, found in paths.items():
    print(f"{name}: {found.unit_paths}")

# %% slideshow={"slide_type": "fragment"} tags=["C8"]
per_layer = [round(digits[name] / depths[name]) for name in nets if depths[name] > 1]
notebook.verdict(
    "C8",
    doubled == [2**layers for layers in range(1, 5)],
    f"{doubled} paths with two neurons a layer; in the deep networks of the lecture, a layer adds "
    f"{min(per_layer)} or {max(per_layer)} digits to the number of paths",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## One early unit, many that depend on it
#
# Paths are possibilities. Does a trained network use them? We take a small AlexNet that comes with the package. It was trained on PartsWorld, the embedded images, to classify ten classes. `conv_1` has 16 channels, so each carries 1/16 of all paths. We set one of them to zero and watch which units of the later layers change.

# %% [markdown] tags=["lang-zh"]
# ## 一个早期单元，影响众多后续单元
#
# 路径只是可能性，训练好的网络真的会利用它们吗？这里使用软件包自带的一个小型 AlexNet，它在内置图像 PartsWorld 上训练，用来区分十个类别。`conv_1` 有 16 个通道，所以每个通道承载全部路径的 1/16。我们把其中一个置零，观察后面各层的哪些单元发生变化。

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets import AlexNetModule, PartsWorldDataModule
from lecture_nets.analysis import measure_reuse
from lecture_nets.visualize.reuse import draw_reuse

net = AlexNetModule.from_pretrained("parts_world").net
data = PartsWorldDataModule(test_size=1000, return_truth=True)  # images it has not seen
data.setup("test")
batches = list(data.test_dataloader())
draw_reuse("channel 5 of conv_1", measure_reuse(net, batches[0][0], "conv_1", 5, tolerance=1e-3))

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# In `conv_2`, only half of the units change: this AlexNet has two towers, as in 2012, and they meet in `conv_3`. From there on nearly all units change. The few that do not are zero in all images. Now the same for each of the 16 channels; a change counts from a thousandth of the layer's largest value.

# %% [markdown] tags=["lang-zh"]
# 在 `conv_2` 中只有一半的单元受影响：这个 AlexNet 与 2012 年的一样分为两路，到 `conv_3` 才会合。从那里开始，几乎所有单元都会受到影响，少数例外在所有图像中都没有响应。下面对 16 个通道逐一重复这个实验；变化达到该层最大值的千分之一才算数。

# %% slideshow={"slide_type": "fragment"} tags=["C9"]
from lecture_nets.analysis import share_of_paths

share = share_of_paths(net, 3, "conv_1", 5)
silenced = [measure_reuse(net, batches[0][0], "conv_1", i, tolerance=1e-3) for i in range(16)]
later = [row for rows in silenced for row in rows if row.name in ("conv_3", "conv_4", "conv_5")]
heads = [rows[-1] for rows in silenced]
notebook.verdict(
    "C9",
    all(row.share > 0.8 for row in later) and all(row.share == 1 for row in heads),
    f"{share} of {count_paths(net, (3, 128, 128)).unit_paths:,} paths go through a unit of conv_1. "
    f"Whichever of the 16 is silent, {min(sum(row.changed) for row in heads)} of 10 class scores "
    "change. More than 4/5 of the units in each of conv_3, conv_4 and conv_5 change: "
    f"{all(row.share > 0.8 for row in later)}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Layer 1: edges and blobs?
#
# Four of the 16 filters, and below each its spectrum: which waves it answers to, flat ones in the middle, fine ones at the rim. An edge detector has two spots side by side, across the edge. A blob of color has one spot in the middle. Noise, as before training, is spread all over.

# %% [markdown] tags=["lang-zh"]
# ## 第 1 层：边缘和色块？
#
# 下图是 16 个卷积核中的 4 个，每个下方是它的频谱，即它对哪些波有响应：中心对应平坦的图案，边缘对应细密的图案。边缘检测器的频谱有两个对称的亮点，其连线与边缘垂直；色块检测器只在中心有一个亮点；而训练之前的卷积核是噪声，频谱散布各处。

# %%
from lecture_nets.analysis.first_layer import edges_and_blobs, spectra
from lecture_nets.nets import AlexNet

both = {"trained": net, "untrained": AlexNet(10, width=0.1875)}
filters = {name: each.trunk.conv_1[0].weight.detach() for name, each in both.items()}

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.grid import draw_grid

shown, tiles, titles = [2, 12, 1, 3], [], []
for name in both:
    weight = filters[name][shown]
    spectrum = torch.fft.fftshift(spectra(weight), (1, 2))[:, None].expand(-1, 3, -1, -1)
    tiles += [*(0.5 + weight / weight.abs().amax((1, 2, 3), keepdim=True) / 2)]
    tiles += [*(spectrum / spectrum.amax((1, 2, 3), keepdim=True))]
    titles += [f"{name} {i}" for i in shown] + [f"spectrum {i}" for i in shown]
draw_grid(
    tiles,
    titles,
    title="Filters of conv_1 and their spectra",
    alt="Trained filters: two edges with two bright spots in their spectra, two blobs of color "
    "with one spot in the middle. Untrained filters: noise, with spots all over.",
    columns=4,
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# And their preferred inputs: the patches of the test images that drive two of these channels most, and in gray on their left, the part of the pixels that matters (the projection of ZFNet's authors).

# %% [markdown] tags=["lang-zh"]
# 再看它们偏好的输入：右边是测试图像中最能激活其中两个通道的图像块，左边灰底上是起作用的那部分像素（采用 ZFNet 作者提出的反卷积投影）。

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
from lecture_nets.analysis.deconvnet import project_patches
from lecture_nets.analysis.patches import top_patches_of
from lecture_nets.visualize.patches import draw_top_patches

inputs = torch.cat([batch[0] for batch in batches[:10]])
found = top_patches_of(net, inputs, "conv_1", [2, 3], k=4)
draw_top_patches(
    data.test_set.images, "conv_1", found, project_patches(net, inputs, "conv_1", found)
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Now count all 16. A filter is smooth if more than 1/5 of its power lies in waves of fewer than 2 periods per filter; noise has about 1/10 there. A smooth filter is an edge if this power prefers one direction (more than 1/3 on a scale from 0 to 1), and a blob if nothing drives it much more than a flat patch.

# %% [markdown] tags=["lang-zh"]
# 现在统计全部 16 个卷积核。如果一个卷积核超过 1/5 的功率集中在“卷积核宽度内不足 2 个周期”的波上，就称它是平滑的；噪声在这里约占 1/10。平滑的卷积核中，如果这部分功率偏向某一方向（在 0 到 1 的尺度上超过 1/3），就算作边缘；如果没有哪种图案对它的激活远强于平坦的图像块，就算作色块。

# %% slideshow={"slide_type": "fragment"} tags=["C11"]
kinds = {name: edges_and_blobs(weight) for name, weight in filters.items()}
edges, blobs = kinds["trained"].count("edge"), kinds["trained"].count("blob")
before = sum(kind != "neither" for kind in kinds["untrained"])
notebook.verdict(
    "C11",
    edges > 0 and blobs > 0 and edges + blobs > 8 > before,
    f"of 16 filters of the first layer, {edges} are edges and {blobs} are blobs; "
    f"before training, {before} were either",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Deeper: what drives a unit most?
#
# The slide's pictures were made by changing an image until a unit answers as strongly as it can. Here are ours, for a channel of layer 3, one of layer 5, and for the score of the class "boat" in layer 8. The channels are picked by hand: take other numbers and look.

# %% [markdown] tags=["lang-zh"]
# ## 更深的层：什么最能激活一个单元？
#
# 幻灯片上的图片是这样得到的：不断修改一幅图像，直到某个单元的响应尽可能强。下面用同样的方法（激活最大化），分别展示第 3 层和第 5 层的一个通道，以及第 8 层中“船”这一类别的得分。这些通道是手工挑选的，请换成其他编号看看。

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.maximize import maximize_activations

objectives = ["conv_3:6", "conv_5:7", "class:5"]
draw_grid(
    maximize_activations(net, objectives, image_size=96, steps=48, mean=data.mean, std=data.std),
    ["layer 3, channel 6", "layer 5, channel 7", "layer 8, boat"],
    title="What drives a unit most",
    alt="Layer 3: two rows of arches, like the rims of wheels. Layer 5: slanted streaks above a "
    "dark level band. Layer 8: slanted bright lines like a sail above a dark hull.",
    columns=3,
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Such pictures invite guessing. More sober is the question which test images drive the same two channels most.

# %% [markdown] tags=["lang-zh"]
# 这类图片容易引人猜想。更可靠的做法是看哪些测试图像最能激活同样的两个通道。

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output"]
found, projections = {}, {}
for layer, channel in {"conv_3": 6, "conv_5": 7}.items():
    found |= top_patches_of(net, inputs, layer, [channel], k=4)
    projections |= project_patches(net, inputs, layer, {channel: found[channel]})
draw_top_patches(data.test_set.images, "conv_3, 5", found, projections)

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.patches import top_patches

labels = torch.cat([batch[1] for batch in batches])
for layer, channel in {"conv_3": 6, "conv_5": 7}.items():
    top = top_patches(net, inputs, layer, channel, k=9)
    classes = {data.class_names[labels[patch.image]] for patch in top}
    print(f"{layer}, channel {channel}: {len(top)} images of {', '.join(sorted(classes))}")

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Channel 6 of `conv_3` answers to a pair of wheels: a part, not a texture. Channel 7 of `conv_5` answers to a whole boat. Are they exceptions? Two examples prove nothing, so let us ask all units.

# %% [markdown] tags=["lang-zh"]
# `conv_3` 的通道 6 对一对车轮有响应：这是部件，而不是纹理。`conv_5` 的通道 7 则对整条船有响应。它们是例外吗？两个例子说明不了问题，所以下面考察所有单元。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Ask every layer, ask every unit
#
# PartsWorld knows the truth about its images: the texture of each body, every part, the class. So two tools can measure what the slide says.
#
# - A **linear probe** is a linear classifier on the activations of a layer. It shows which texture, part or class can be read from that layer. On its scale, guessing is 0 and never failing is 1.
# - **Dissection** compares where a unit is active with the true masks of all textures, parts and classes, and names it after the best, if they overlap enough.
#
# Both are applied to the same network before training as well, for comparison.

# %% [markdown] tags=["lang-zh"]
# ## 询问每一层，询问每个单元
#
# PartsWorld 知道自己图像的真实内容：每个主体的纹理、每个部件以及类别。因此可以用两种工具来检验幻灯片的说法。
#
# - **线性探针**是接在某一层输出上的线性分类器，它告诉我们从该层能读出哪种纹理、哪个部件或哪个类别。在它的得分中，随机猜测为 0，从不出错为 1。
# - **网络剖析**把一个单元的激活区域与所有纹理、部件和类别的真实掩膜相比较，如果重合得足够多，就以重合最好的那个为它命名。
#
# 作为对照，对同一网络在训练之前的状态也做同样的测量。

# %%
from lecture_nets.analysis.probes import probe

probes = {name: probe(each, batches) for name, each in both.items()}

# %%
from lecture_nets.analysis.dissection import count_detectors, dissect

units = {name: dissect(each, batches[:8]) for name, each in both.items()}

# %% slideshow={"slide_type": "subslide"} tags=["nbval-ignore-output"]
from lecture_nets.visualize.meaning import draw_meaning

draw_meaning(probes["trained"], units["trained"], probes["untrained"], units["untrained"])

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## More abstract, more modular
#
# Abstract means: the deeper the layer, the better the class can be read, and that is due to training. Modular means: more and more units stand for one thing.

# %% [markdown] tags=["lang-zh"]
# ## 更抽象，更模块化
#
# 所谓抽象，是指层越深，越容易读出类别，而且这是训练的结果。所谓模块化，是指越来越多的单元各自代表一种事物。

# %%
from collections import Counter

from lecture_nets.analysis.probes import QUESTIONS

texture, part, of_class = (
    {x.layer: x.score for x in probes["trained"] if x.question == asked} for asked in QUESTIONS
)
layers, sizes = list(of_class), Counter(unit.layer for unit in units["trained"])
counts = {name: count_detectors(each) for name, each in units.items()}
named = {
    name: {layer: sum(kinds.values()) / sizes[layer] for layer, kinds in each.items()}
    for name, each in counts.items()
}

# %% slideshow={"slide_type": "fragment"} tags=["C10"]
from itertools import pairwise

steps = [of_class[after] - of_class[before] for before, after in pairwise(layers)]
untrained = probes["untrained"][-1].score  # of the class, in the last layer
climbs = min(steps) > -0.03 and sum(steps) > 0.5 and untrained < of_class[layers[-1]] / 2
few = max(named["trained"]["conv_1"], named["untrained"]["conv_5"])
gathers = named["trained"]["conv_5"] > 2 * few
notebook.verdict(
    "C10",
    climbs and gathers,
    f"from conv_1 to {layers[-1]}, the class is read better and better, before training less than "
    f"half as well in the end: {climbs}; the share of units that stand for one thing is more than twice as large in conv_5 "
    f"as in conv_1, and as before training: {gathers}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Layer 3: textures?
#
# Then the texture should be read well in some layer, and its curve should peak before that of parts.

# %% [markdown] tags=["lang-zh"]
# ## 第 3 层：纹理？
#
# 如果是这样，那么在某一层应当能很好地读出纹理，而且纹理曲线的峰值应当出现在部件曲线之前。

# %% slideshow={"slide_type": "fragment"} tags=["C12"]
answers = [x for x in probes["trained"] if x.question == "texture"]
guessed = [x.layer for x in answers if x.guessed]
peak = {"texture": max(texture, key=texture.get), "part": max(part, key=part.get)}
in_order = layers.index(peak["texture"]) < layers.index(peak["part"])
notebook.verdict(
    "C12",
    peak["texture"] not in guessed and in_order,
    f"in {len(guessed)} of {len(answers)} layers, the texture can only be guessed; "
    f"{counts['trained']['conv_3']['texture']} of the {sizes['conv_3']} units of conv_3 stand for one",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# You can see the textures in the patches above; the network does not care, before training or after. In PartsWorld, textures are dealt out at random and say nothing about the class, so there is nothing to learn from them. In photographs they say a lot, and networks trained on ImageNet even prefer them to shape ([Geirhos et al. 2019](https://arxiv.org/abs/1811.12231)). What a layer stands for is not a matter of its number alone: the task decides too.

# %% [markdown] tags=["lang-zh"]
# 在上面的图像块中，你能看到纹理，网络却并不在意，训练前后都是如此。在 PartsWorld 中，纹理是随机分配的，与类别无关，因此从纹理中学不到任何有用的东西。而在照片中，纹理包含大量信息，在 ImageNet 上训练的网络甚至更依赖纹理而不是形状（[Geirhos 等人，2019](https://arxiv.org/abs/1811.12231)）。一层代表什么，不仅取决于它是第几层，也取决于任务。

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Layer 5: object parts?
#
# Then parts should be read best in layer 5, before the network forgets them for the class.

# %% [markdown] tags=["lang-zh"]
# ## 第 5 层：物体部件？
#
# 如果是这样，那么部件应当在第 5 层读得最好，此后网络便只顾类别而将部件遗忘。

# %% slideshow={"slide_type": "fragment"} tags=["C13"]
of_units = counts["trained"]["conv_5"]
mostly = of_units["class"] > 2 * (of_units["part"] + of_units["texture"])
in_order = layers.index(peak["part"]) < layers.index(max(of_class, key=of_class.get))
notebook.verdict(
    "C13",
    peak["part"] == "conv_5",
    f"parts are read best from {peak['part']}, and that is before the class is: {in_order}; most "
    f"units of conv_5 that stand for something stand for a class: {mostly}",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# So the order holds, parts before classes, but here they come earlier than on the slide. One reason can be counted: a unit's receptive field within the 128 pixels. AlexNet was built for images of 224 pixels. (Do not make too much of the many units for classes: in `conv_5`, neighboring units are 16 pixels apart, and parts are often smaller, so dissection can hardly assign a unit to one. The probe does not depend on that.)

# %% [markdown] tags=["lang-zh"]
# 可见顺序是对的，部件先于类别，但在这里都比幻灯片所说的来得更早。其中一个原因可以直接数出来：在 128 个像素中，一个单元能看到多少。而 AlexNet 原本是为 224 像素的图像设计的。（不必过分看重代表类别的单元之多：在 `conv_5` 中，相邻单元相距 16 个像素，而部件往往比这还小，所以网络剖析很难以部件为单元命名。线性探针则没有这个问题。）

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.receptive_field import View, view_through

view = View()
for name, row in net.trunk.named_children():
    view = view_through(row, view, axis=0)
    if name.startswith("conv"):
        print(f"{name}: {view.field} pixels, {'whole image' if view.field >= 128 else 'a part'}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Layer 8: object classes?
#
# Its ten units are the scores of the ten classes, so the class should be read from it about as well as from any layer, and parts no longer.

# %% [markdown] tags=["lang-zh"]
# ## 第 8 层：物体类别？
#
# 该层的十个单元就是十个类别的得分，所以从这一层读出类别应当不逊于其他任何一层，而部件应当不再能很好地读出。

# %% slideshow={"slide_type": "fragment"} tags=["C14"]
class_kept = of_class["fc_8"] > max(0.9, max(of_class.values()) - 0.03)
parts_lost = part["fc_8"] < part[peak["part"]] / 2
notebook.verdict(
    "C14",
    class_kept and parts_lost,
    "the class is read from fc_8 almost without mistakes, no worse than from any layer: "
    f"{class_kept}; parts are read less than half as well as from {peak['part']}: {parts_lost}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# The tools take any network, such as the one that you have just trained. Here is what depends on one of its units:

# %% [markdown] tags=["lang-zh"]
# ## 用在你自己的 Trainer 里
#
# 这些工具适用于任何网络，例如你刚刚训练好的那个。下面看看谁在听其中一个单元：

# %% tags=["show-code"]
module = AlexNetModule(num_classes=10, width=0.125)
small = PartsWorldDataModule(image_size=64, batch_size=8, train_size=16, val_size=8, test_size=8)
notebook.quiet_trainer().fit(module, small)
rows = measure_reuse(module.net, small.normalize(small.val_set.images), "conv_1", 0)
print("rows behind conv_1:", ", ".join(row.name for row in rows))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 1
#
# How many paths lead through three layers of five neurons each?

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 1
#
# 三层网络，每层五个神经元，一共有多少条路径？

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 5**3

# %% slideshow={"slide_type": "skip"} tags=["check"]
from torch import nn

from lecture_nets.analysis import count_paths

five = nn.Sequential(*[nn.Linear(5, 5) for _ in range(3)])
notebook.check(
    answer == count_paths(five, (5,)).unit_paths,
    "Each layer multiplies the paths by its neurons. · 每一层都使路径数乘以该层的神经元个数。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 2
#
# AlexNet and ZFNet have the same widths, but AlexNet's `conv_2`, `conv_4` and `conv_5` are cut into two towers that do not see each other. How many times as many paths does ZFNet have? Think first, then look at the exact numbers above.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 2
#
# AlexNet 与 ZFNet 各层的宽度相同，但 AlexNet 的 `conv_2`、`conv_4` 和 `conv_5` 被分成互不相见的两路。ZFNet 的路径数是 AlexNet 的多少倍？请先思考，再核对上面的精确数值。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = 2**3

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis import count_paths
from lecture_nets.nets import AlexNet, ZFNet

alexnet, zfnet = (
    count_paths(each(width=0.1), (3, 224, 224)).unit_paths for each in (AlexNet, ZFNet)
)
notebook.check(
    answer == zfnet / alexnet,
    "In each of the three layers, a path can go on to half of the units only. · 在这三层的每一层，一条路径都只能通向一半的单元。",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["lang-en", "exercise"]
# ## Exercise 3
#
# Which is the first convolution of AlexNet with a receptive field of 128 pixels or more? Give the name of its row. A kernel of size k adds (k − 1) times the product of all strides before it.

# %% [markdown] tags=["lang-zh", "exercise"]
# ## 练习 3
#
# AlexNet 中第一个感受野达到 128 像素或更大的卷积层是哪一层？请用层名作答。大小为 k 的核使感受野增加 (k − 1) 乘以之前所有步幅的乘积。

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
answer = ...

# %% slideshow={"slide_type": "skip"} tags=["solution"]
answer = "conv_4"

# %% slideshow={"slide_type": "skip"} tags=["check"]
from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets import AlexNet

trunk, sees = AlexNet(width=0.1).trunk, {}
for place, name in enumerate(dict(trunk.named_children()), start=1):
    sees[name] = view_through(trunk[:place], View(), axis=0).field
notebook.check(
    answer == next(name for name, field in sees.items() if name[:4] == "conv" and field >= 128),
    "conv_1 sees 11 pixels and steps by 4, the pool behind it sees 11 + 2 · 4. · conv_1 看到 11 个像素，步幅为 4；其后的池化层看到 11 + 2 · 4 个像素。",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Next
#
# Deeper is better, and depth costs. [Filter cascades](03_filter_cascades.ipynb) shows how two small convolutions do the work of a large one for less.

# %% [markdown] tags=["lang-zh"]
# ## 下一节
#
# 更深固然更好，但深度也有代价。[级联卷积核](03_filter_cascades.ipynb)说明如何用两个小卷积以更低的代价完成一个大卷积的工作。
