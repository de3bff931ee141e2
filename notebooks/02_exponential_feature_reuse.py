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
# You will count the paths exactly, silence units and see which classes suffer, and measure what each layer knows: in images whose strokes, textures, parts and classes are known by construction, and in a network that learned from photographs. Every measurement comes with controls that must fail.
#
# After the lecture *Deep Learning: Architectures, Part 2* by Andreas Maier, FAU Erlangen-Nürnberg, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/): [lecture notes](https://lme.tf.fau.de/).

# %% [markdown] tags=["lang-zh"]
# # 2 · 指数级的特征复用
#
# 幻灯片的说法是：每增加一层，网络中的路径数就成倍增长，因此深层网络能够反复利用前面各层找到的信息。同时，网络学到的表示越来越抽象：在 AlexNet 中，第 1 层是边缘和色块，第 3 层是纹理，第 5 层是物体部件，第 8 层是物体类别。
#
# 本节先精确计算路径数，再让单元“沉默”，看看哪些类别受损，然后测量每一层究竟知道什么：一是在笔画、纹理、部件和类别都由构造给定的图像上，二是在一个从照片中学习的网络里。每项测量都配有必须失败的对照。
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

# %% slideshow={"slide_type": "fragment"}
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
# ## Reuse: what does the silence of one unit cost?
#
# Paths are possibilities. To see whether a trained network uses them, we need images in which we know who uses what. **HierarchyWorld** is built like the slide: eight kinds of strokes make textures, 2×2 each, textures make parts, parts make one of ten classes. Each symbol has four synonyms, so strokes say next to nothing about the class until they are read level by level (a random hierarchy model, [Cagnetta et al. 2024](https://arxiv.org/abs/2307.02129)).
#
# A network of six layers learns 4,000 of these images. Two others are its controls: the same network before training, and one whose labels were shuffled, so that it had to learn them by heart.

# %% [markdown] tags=["lang-zh"]
# ## 复用：让一个单元沉默，代价有多大？
#
# 路径只是可能性。要知道训练好的网络是否真的利用它们，图像中“谁用到了谁”就必须是已知的。**HierarchyWorld** 正是按这张幻灯片构造的：八种笔画以 2×2 的方式组成纹理，纹理组成部件，部件组成十个类别之一。每个符号有四个同义排列，因此若不逐层解读，笔画几乎不透露任何类别信息（随机层级模型，[Cagnetta 等人，2024](https://arxiv.org/abs/2307.02129)）。
#
# 我们用其中 4000 幅图像训练一个六层网络，并设两个对照：同一网络训练之前的状态，以及一个在打乱的标签上训练、只能死记硬背的网络。

# %%
from functools import partial

from lecture_nets import HierarchyWorldDataModule
from lecture_nets.analysis.depth import train_alike
from lecture_nets.nets.hierarchy_stack import HierarchyStack

options = dict(image_size=32, batch_size=64, test_size=6000, synonyms=4)
world = HierarchyWorldDataModule(**options)
misleading = HierarchyWorldDataModule(**options, label_noise=0.9)  # each label is as likely
build = {"six layers": partial(HierarchyStack, 6, width=0.5)}
runs = {
    "trained": train_alike(build, world, epochs=8)[0],
    "untrained": train_alike(build, world, epochs=0)[0],
    "labels shuffled": train_alike(build, misleading, epochs=8)[0],
}

# %% slideshow={"slide_type": "fragment"}
for name, run in runs.items():
    learned = "knows its training images" if run.train_error < 0.1 else "knows no image"
    new = "below 15 %" if run.interval.high < 0.15 else "near guessing"
    print(f"{name}: {learned}; error on new images {new}")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# These are the images of this notebook: two sheets of ten classes each. In PartsWorld, the eye finds the class at once, from outlines. In HierarchyWorld it does not.

# %% [markdown] tags=["lang-zh"]
# 以下是本节使用的图像，每组各含十个类别。在 PartsWorld 中，眼睛凭轮廓立刻就能看出类别；在 HierarchyWorld 中则不能。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets import AlexNetModule, PartsWorldDataModule
from lecture_nets.visualize.sheets import draw_sheets

net = AlexNetModule.from_pretrained("parts_world").net
data = PartsWorldDataModule(test_size=512, return_truth=True)  # images it has not seen
data.setup("test")
draw_sheets(
    {"HierarchyWorld": world.test_set.images[:10], "PartsWorld": data.test_set.images[:10]},
    title="The images",
    alt="Two sheets of 10 images, one of each class. HierarchyWorld: dense fields of short bars "
    "and small warm and cold blobs, which all look alike. PartsWorld: drawn scenes with a car, a "
    "bus, a bicycle, a house, a tower, a boat, a fish, a bird, a flower, a tree.",
    columns=5,
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Now silence one unit after another and count the images that are then misclassified. If later layers share what early ones found, an early unit must cost more than a late one.

# %% [markdown] tags=["lang-zh"]
# 现在逐个让单元沉默，统计因此被误分类的图像。如果后面各层共享前面各层的发现，那么早期单元的代价必定高于后期单元。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.silencing import silence_units
from lecture_nets.visualize.reuse import draw_silenced

images = world.normalize(world.test_set.images)
labels = world.test_set.labels
cost_of = {
    name: silence_units(runs[name].net, images[:1500], labels[:1500], most=12)
    for name in ("trained", "untrained")
}
draw_silenced(cost_of["trained"], cost_of["untrained"])

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Is the measurement itself sound? Without a whole layer, the network must guess. A unit that no layer reads must cost nothing at all.

# %% [markdown] tags=["lang-zh"]
# 这种测量本身可靠吗？整层沉默时，网络只能猜测；而一个没有任何层读取的单元，沉默时不应有任何代价。

# %% slideshow={"slide_type": "fragment"}
from copy import deepcopy

unread = deepcopy(runs["trained"].net)
unread.trunk.conv_2[0].weight.data[:, 0] = 0  # nobody reads channel 0 of conv_1 any more
nothing = silence_units(unread, images[:1500], labels[:1500], ["conv_1"], most=1)["conv_1"].lost[0]
guessing = [abs(each.all_silent - 0.1) < 0.02 for each in cost_of["trained"].values()]
print(f"a whole layer is silent: guessing in {sum(guessing)} of {len(guessing)} layers")
print(f"an unread unit is silent: {'nothing' if nothing == 0 else 'something'} is lost")

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## How many classes use one stroke?
#
# A symbol is seldom one unit; it is a direction in the space of all units of a layer. Erase just this direction, so that no linear classifier finds the symbol any more ([Belrose et al. 2023](https://arxiv.org/abs/2306.03819)), and see which classes suffer. As a control, erase directions drawn at random.

# %% [markdown] tags=["lang-zh"]
# ## 一种笔画被多少个类别使用？
#
# 一个符号很少对应单个单元，它是一层全部单元所张成空间中的一个方向。只抹去这一个方向，使任何线性分类器都找不到该符号（[Belrose 等人，2023](https://arxiv.org/abs/2306.03819)），再看哪些类别受损。作为对照，也抹去随机抽取的方向。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.hierarchy import erase_symbols
from lecture_nets.visualize.depth import draw_users

truth = world.test_set.truth
some = {level: grid[:2000] for level, grid in truth.items()}
places = {"stroke": "conv_2", "texture": "conv_3", "part": "conv_4", "class": "conv_5"}
erased = {
    level: erase_symbols(runs["trained"].net, images[:2000], some, layer, level)
    for level, layer in places.items()
}
draw_users(erased)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# Among the strokes, some are used by more textures than others. What is lost should grow with the number of users.

# %% [markdown] tags=["lang-zh"]
# 在各种笔画之中，有些被更多的纹理使用。使用者越多，损失应当越大。

# %% slideshow={"slide_type": "fragment"}
from statistics import fmean

from lecture_nets.analysis.users import correlate, symbol_users
from lecture_nets.data.hierarchy_world import STROKES
from lecture_nets.visualize.reuse import draw_load

users = symbol_users(world.test_set.grammar)["stroke"]
lost = [fmean(each.lost) for each in erased["stroke"]]
together = correlate(users, lost)
draw_load(users, lost, together, STROKES)

# %% slideshow={"slide_type": "fragment"} tags=["C9"]
from lecture_nets.analysis import share_of_paths

share = share_of_paths(net, 3, "conv_1", 5)
early, late = (cost_of["trained"][layer].per_unit for layer in ("conv_1", "conv_5"))
idle = [each.per_unit.low <= 0 for each in cost_of["untrained"].values()]
hit = {level: fmean(each.hit for each in found) for level, found in erased.items()}
by_chance = max(fmean(x.hit_at_random for x in found) for found in erased.values())
shared = hit["stroke"] > 5 and hit["class"] < 2 and by_chance < 2
sound = all(guessing) and nothing == 0 and all(idle)
notebook.verdict(
    "C9",
    "holds" if early.low > late.high and shared and sound else "contradicted",
    f"{share} of AlexNet's paths go through one unit of conv_1, and in the trained stack a unit of "
    f"conv_1 costs {'more' if early.low > late.high else 'no more'} than one of conv_5 (their 95 % "
    f"intervals are {'apart' if early.low > late.high else 'not apart'}). An erased stroke strikes "
    f"{'more' if hit['stroke'] > 5 else 'fewer'} than 5 of 10 classes, an erased class "
    f"{'fewer' if hit['class'] < 2 else 'more'} than 2, a random direction "
    f"{'fewer' if by_chance < 2 else 'more'} than 2. Before training, units cost nothing in "
    f"{sum(idle)} of {len(idle)} layers. Strokes with more users cost "
    f"{'more' if together.r > 0.3 else 'no more'} (8 strokes, so the interval is wide)",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## A staircase: what each layer knows
#
# A **linear probe** is a linear classifier on the activations of a layer, asked which symbol is at a place. On its scale, guessing is 0 and never failing is 1. Here is the slide, measured: each layer makes one more level readable. And look at the end of the first row: what is no longer needed fades.

# %% [markdown] tags=["lang-zh"]
# ## 阶梯：每一层知道什么
#
# **线性探针**是接在某一层激活上的线性分类器，要回答某个位置上是哪个符号。在它的得分中，随机猜测为 0，从不出错为 1。下图就是这张幻灯片的实测版：每一层都让一个更高的层次变得可读。再看笔画那一行的末端：不再需要的信息逐渐消失。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.hierarchy import probe_symbols
from lecture_nets.visualize.hierarchy import draw_staircase

thirds = {
    name: [
        probe_symbols(
            runs[name].net, images[start : start + 2000],
            {level: grid[start : start + 2000] for level, grid in truth.items()},
        )
        for start in starts
    ]
    for name, starts in {
        "trained": (0, 2000, 4000), "untrained": (0,), "labels shuffled": (0,)
    }.items()
}  # fmt: skip
draw_staircase(thirds["trained"][0], thirds["untrained"][0])

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## More abstract, more modular
#
# *Abstract*: from layer to layer a higher level becomes readable, the lowest one fades, and both are due to learning the classes: no class can be read from a network that learned shuffled labels by heart. *Modular*: one piece can be taken out, and what does not contain it keeps working.

# %% [markdown] tags=["lang-zh"]
# ## 更抽象，更模块化
#
# 所谓*抽象*，是指逐层有更高的层次变得可读，而最低的层次逐渐消失；这两点都是学习类别的结果，因为从死记打乱标签的网络中读不出任何类别。所谓*模块化*，是指可以拿走其中一块，而不含这一块的图像不受影响。

# %% slideshow={"slide_type": "fragment"} tags=["C10"]
from lecture_nets.analysis.label_noise import t_interval

known = [{(x.question, x.layer): x.score for x in found} for found in thirds["trained"]]
rows = list(dict.fromkeys(layer for _, layer in known[0]))
first = {
    level: next((i for i, layer in enumerate(rows) if known[0][level, layer] > 0.8), 99)
    for level in places
}
stairs = list(first.values()) == sorted(set(first.values())) and max(first.values()) < 99
jumps = [
    t_interval([each[level, places[level]] - each[level, places[below]] for each in known])
    for below, level in zip(places, list(places)[1:], strict=False)
]
fades = t_interval([each["stroke", "conv_2"] - each["stroke", "conv_5"] for each in known])
control = {
    name: max(x.score for x in thirds[name][0] if x.question in ("part", "class"))
    for name in ("untrained", "labels shuffled")
}
dealt = max(abs(x.shuffled - x.chance) / (1 - x.chance) for x in thirds["trained"][0])
abstract = stairs and min(x.low for x in (*jumps, fades)) > 0.3 and max(control.values()) < 0.2
spared = t_interval([x.lost_with - x.lost_without for x in erased["part"]])
modular = spared.low > 0.05 and max(x.lost_without for x in erased["part"]) < 0.05
notebook.verdict(
    "C10",
    ["contradicted", "in part", "holds"][abstract + modular],
    "stroke, texture, part and class are first known "
    f"{'one layer after another' if stairs else 'in another order'}; each step, and the fading of "
    f"strokes behind it, is {'larger' if abstract else 'not larger'} than 0.3 on the probes' scale "
    "(lower ends of the 95 % intervals over three sets of images). Parts and classes are read from "
    f"the untrained network and after shuffled labels with {'less' if max(control.values()) < 0.2 else 'more'} "
    f"than 0.2, shuffled answers with {'less' if dealt < 0.1 else 'more'} than 0.1. An erased part "
    f"{'strikes' if modular else 'does not only strike'} the images that contain it and "
    f"{'spares' if modular else 'does not spare'} the others",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Layer 1: edges and blobs?
#
# Now the lecture's network: a small AlexNet that comes with the package, trained on PartsWorld. Here are all 16 filters of its first layer and what we call them, then the same before training. A filter is smooth if more than 1/5 of its power lies in waves of fewer than 2 periods per filter; noise has about 1/10 there. A smooth filter is an edge if this power prefers one direction (more than 1/3 on a scale from 0 to 1), and a blob if nothing drives it much more than a flat patch.

# %% [markdown] tags=["lang-zh"]
# ## 第 1 层：边缘和色块？
#
# 现在来看课程中的网络：软件包自带的一个小型 AlexNet，在 PartsWorld 上训练而成。下图是它第一层全部 16 个卷积核以及我们给出的名称，旁边是训练之前的状态。如果一个卷积核超过 1/5 的功率集中在“卷积核宽度内不足 2 个周期”的波上，就称它是平滑的；噪声在这里约占 1/10。平滑的卷积核中，如果这部分功率偏向某一方向（在 0 到 1 的尺度上超过 1/3），就算作边缘；如果没有哪种图案对它的激活远强于平坦的图像块，就算作色块。

# %%
from lecture_nets.analysis.first_layer import edges_and_blobs
from lecture_nets.nets import AlexNet

both = {"trained": net, "untrained": AlexNet(10, width=0.1875)}
filters = {name: each.trunk.conv_1[0].weight.detach() for name, each in both.items()}
kinds = {name: edges_and_blobs(weight) for name, weight in filters.items()}

# %% slideshow={"slide_type": "subslide"}
from lecture_nets.visualize.grid import draw_grid

shades = {
    name: 0.5 + weight / weight.abs().amax((1, 2, 3), keepdim=True) / 2
    for name, weight in filters.items()
}
told = {
    name: ", ".join(f"{each.count(kind)} {kind}" for kind in ("edge", "blob", "neither"))
    for name, each in kinds.items()
}
draw_grid(
    [*shades["trained"], *shades["untrained"]],
    [*kinds["trained"], *(f"untrained: {kind}" for kind in kinds["untrained"])],
    title="Filters of conv_1, trained and untrained",
    alt=f"32 filters with their names. Trained: {told['trained']}. Untrained, which look like "
    f"noise: {told['untrained']}.",
    columns=8,
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Some blobs hardly show under the noise that training left. Do the names mean anything? Drawn edges and drawn blobs must be called so, and of a thousand filters of noise hardly any must get a name.

# %% [markdown] tags=["lang-zh"]
# 有些色块几乎被训练残留的噪声淹没。这些名称有意义吗？画出来的边缘和色块必须得到相应的名称，而一千个噪声卷积核中，几乎都不应得到名称。

# %% slideshow={"slide_type": "fragment"} tags=["C11"]
from math import pi

from lecture_nets.analysis.depth import wilson_interval

line = torch.linspace(-1, 1, 11)
across = [line * torch.cos(angle) + line[:, None] * torch.sin(angle) for angle in pi * line[::2]]
bump = torch.exp(-3 * (line**2 + line[:, None] ** 2)).expand(3, -1, -1)
drawn = edges_and_blobs(torch.stack([bump * torch.sin(pi * wave) for wave in across] + [bump]))
noise = edges_and_blobs(torch.randn(1000, 3, 11, 11, generator=torch.manual_seed(0)))
false_alarms = wilson_interval(1000 - noise.count("neither"), 1000)
edges, blobs = kinds["trained"].count("edge"), kinds["trained"].count("blob")
named = wilson_interval(edges + blobs, 16)
before = 16 - kinds["untrained"].count("neither")
right_names = drawn == ["edge"] * len(across) + ["blob"]
notebook.verdict(
    "C11",
    "holds"
    if right_names and edges and blobs and named.low > max(0.25, false_alarms.high)
    else "contradicted",
    f"of 16 filters of the first layer, {edges} are edges and {blobs} are blobs: 95 % interval "
    f"{named.low:.0%} to {named.high:.0%}; before training, {before} were either, and of 1000 "
    f"filters of noise at most {false_alarms.high:.1%}. Drawn edges and blobs are "
    f"{'all named so' if right_names else 'not all named so'}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Deeper: the images that units prefer
#
# The slide's pictures were made by changing an image until a unit's activation is as large as can be. Here are such pictures for the first 16 channels of layers 3 and 5 and for the ten classes of layer 8, as they come. Gray ones belong to channels that no image activates.

# %% [markdown] tags=["lang-zh"]
# ## 更深的层：单元偏好的图像
#
# 幻灯片上的图片是这样得到的：不断修改一幅图像，直到某个单元的激活尽可能大。下面用同样的方法（激活最大化）展示第 3 层和第 5 层的前 16 个通道以及第 8 层的十个类别，未经挑选。灰色的图片属于任何图像都无法激活的通道。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.visualize.preferred import draw_preferred, preferred

batches = list(data.test_dataloader())
inputs = torch.cat([batch[0] for batch in batches])
search = dict(mean=data.mean, std=data.std, steps=32)
first_of = {
    "layer 3": ([f"conv_3:{i}" for i in range(16)], 96),
    "layer 5": ([f"conv_5:{i}" for i in range(16)], 96),
    "layer 8": ([f"class:{i}" for i in range(10)], 128),
}
grids = {
    title: preferred(net, units, inputs[:256], image_size=size, **search)
    for title, (units, size) in first_of.items()
}
draw_preferred(grids)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# Such pictures invite guessing, so here is what can be checked: that they activate their unit more than all of 256 real images and far more than noise. The older method, the projection of ZFNet's authors, marks the pixels that a unit responds to. Keep a quarter of a patch's pixels: if the marks are right, much more of the activation is left than with a random quarter.

# %% [markdown] tags=["lang-zh"]
# 这类图片容易引人猜想，所以要检验可以检验的：它们对各自单元的激活是否强于全部 256 幅真实图像，并远强于噪声。更早的方法是 ZFNet 作者提出的反卷积投影，它标出单元所响应的像素。只保留图像块中四分之一的像素：如果标得对，剩下的激活应当远多于随机保留四分之一时的激活。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.deconvnet import project_patches
from lecture_nets.analysis.evidence import keep_marked
from lecture_nets.analysis.patches import top_patches_of

for title, grid in grids.items():
    won = min(grid.beats_images, grid.beats_noise) / grid.alive
    print(f"{title}: {'more' if won > 0.7 else 'less'} than 70 % of the pictures win")
for layer in ("conv_3", "conv_5"):
    found = top_patches_of(net, inputs, layer, range(16), k=2)
    kept = keep_marked(net, inputs, layer, found, project_patches(net, inputs, layer, found))
    apart = kept.marked.low > 2 * kept.chance.high
    print(
        f"{layer}: the marked quarter keeps {'over' if apart else 'under'} twice what chance keeps"
    )

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Textures, parts, classes: a network that learned from photographs
#
# The slide's AlexNet learned from photographs, where textures tell a lot. A network with weights from ImageNet is small enough for this notebook: EfficientNet-Lite0. PartsWorld knows the truth about its images: the texture of each body, every part, the class. So probes can ask its stages for all three. The vertical lines are 95 % intervals from drawing the test images again and again.
#
# The scale matters: at 224 pixels the same textures are nearly twice as coarse; they are then read best one stage deeper, less clearly before parts (recorded in `docs/results/meaning.json`).

# %% [markdown] tags=["lang-zh"]
# ## 纹理、部件、类别：一个从照片中学习的网络
#
# 幻灯片中的 AlexNet 是从照片中学习的，而照片中的纹理包含大量信息。有一个带 ImageNet 权重的网络足够小，可以放进本节：EfficientNet-Lite0。PartsWorld 知道自己图像的真实内容：每个主体的纹理、每个部件以及类别，因此可以用探针向它的各个阶段询问这三者。竖线是对测试图像反复重抽样得到的 95% 区间。
#
# 尺度也有影响：在 224 像素下，同样的纹理几乎粗了一倍，这时读得最好的阶段更深一级，先于部件的次序也不那么明确（记录见 `docs/results/meaning.json`）。

# %%
from timm import create_model

from lecture_nets.analysis.peaks import bootstrap
from lecture_nets.analysis.probes import probe
from lecture_nets.weights import imagenet

shown = PartsWorldDataModule(image_size=128, test_size=600, return_truth=True)
shown.mean, shown.std = imagenet.MEAN, imagenet.STD
shown.setup("test")
photos = list(shown.test_dataloader())
blocks = [f"blocks.{i}" for i in range(7)]
probes = probe(imagenet.imagenet_net(), photos, blocks)
untrained = probe(create_model(imagenet.ARCHITECTURE), photos[:10], ["blocks.2", "blocks.4"])
peaks = bootstrap(probes)

# %% slideshow={"slide_type": "subslide"}
from lecture_nets.visualize.meaning import draw_meaning

draw_meaning(probes)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Layer 3: textures?
#
# Then the texture must be read better than by guessing, best before parts are, and the untrained network must not have it. "In 95 %" means: in 95 % of 2,000 draws of the test images.

# %% [markdown] tags=["lang-zh"]
# ## 第 3 层：纹理？
#
# 如果是这样，纹理的读取应当好于猜测，其峰值应当出现在部件之前，而且未训练的网络读不出纹理。这里的“95%”是指在测试图像的 2000 次重抽样中占 95%。

# %% slideshow={"slide_type": "fragment"} tags=["C12"]
from lecture_nets.analysis.probes import QUESTIONS

dealt = {
    question: max(abs(x.shuffled - x.chance) / x.margin for x in probes if x.question == question)
    for question in QUESTIONS
}
best = {question: next(iter(peaks.peaks[question])) for question in QUESTIONS}
textured = peaks.scores["texture", best["texture"]].low > 0.2
before_parts = peaks.in_order(("texture", "part"))
blank = all(x.guessed for x in untrained if x.question == "texture")
built_in = known[0]["texture", "conv_3"] > 0.8  # the positive control
notebook.verdict(
    "C12",
    "in part" if textured and before_parts > 0.9 and blank and built_in else "contradicted",
    f"in the network that learned from photographs, textures are "
    f"{'read' if textured else 'not read'} (95 % interval {'above' if textured else 'not above'} "
    f"0.2) and peak in an earlier stage than parts in {'over' if before_parts > 0.9 else 'below'} "
    f"90 % of the draws; untrained, they are {'guessed' if blank else 'read'}. Where textures are "
    f"built in, in HierarchyWorld, the third layer {'knows' if built_in else 'does not know'} "
    "them. The order is shown, the number 3 is AlexNet's own",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Layer 5: object parts?
#
# Then parts must peak behind textures, and be lost again when the network needs the class alone.

# %% [markdown] tags=["lang-zh"]
# ## 第 5 层：物体部件？
#
# 如果是这样，部件的峰值应当出现在纹理之后，并在网络只需要类别时重新丢失。

# %% slideshow={"slide_type": "fragment"} tags=["C13"]
falls = peaks.difference(("part", best["part"]), ("part", "blocks.6"))
unlearned = max(x.score for x in untrained if x.question == "part")
in_world = known[0]["part", "conv_4"] > 0.8 > known[0]["part", "conv_3"]
parts = all([before_parts > 0.9, falls.low > 0.1, unlearned < 0.5, in_world])
notebook.verdict(
    "C13",
    "in part" if parts else "contradicted",
    f"parts peak behind textures in {'over' if before_parts > 0.9 else 'below'} 90 % of the draws, "
    f"and from there to the last stage they {'lose' if falls.low > 0.1 else 'do not lose'} more "
    f"than 0.1 (95 % interval); untrained, the score is {'below' if unlearned < 0.5 else 'above'} "
    "one half. In HierarchyWorld, the layer behind the textures' is the first that "
    f"{'knows' if in_world else 'should know'} parts. The order is shown, "
    "the number 5 is AlexNet's own",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["lang-en"]
# ## Layer 8: object classes?
#
# That the last layer gives the class is what it was trained for. The question is whether the class is *not* there earlier, while parts are: the sign of class minus part must change on the way.

# %% [markdown] tags=["lang-zh"]
# ## 第 8 层：物体类别？
#
# 最后一层给出类别，这正是训练的目标。真正的问题是：在更早的层，部件已经可读时，类别是否还读*不*出。也就是说，“类别减部件”的得分差应当在途中变号。

# %% slideshow={"slide_type": "fragment"} tags=["C14"]
sooner, later = (
    peaks.difference(("class", block), ("part", block)) for block in ("blocks.1", "blocks.6")
)
turns = sooner.high < -0.1 and later.low > 0.1
unlearned = max(x.score for x in untrained if x.question == "class")
in_world = known[0]["class", "conv_5"] > 0.8 > 0.5 > known[0]["class", "conv_4"]
never = control["labels shuffled"]
notebook.verdict(
    "C14",
    "holds" if turns and unlearned < 0.4 and in_world and never < 0.2 else "contradicted",
    f"class minus part is {'below −0.1' if sooner.high < -0.1 else 'not negative'} in the second "
    f"stage and {'above 0.1' if later.low > 0.1 else 'not positive'} in the last (95 % intervals); "
    f"untrained, the class scores {'less' if unlearned < 0.4 else 'more'} than 0.4. In "
    f"HierarchyWorld it appears in the last {'layer of features' if in_world else 'or other layers'}"
    f", and {'nowhere' if never < 0.2 else 'also'} after training on shuffled labels. Answers "
    f"dealt at random are {'guessed' if max(dealt.values()) < 1.5 else 'read'}",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## The task decides too
#
# Ask the same of the AlexNet that learned PartsWorld. There, textures are dealt out at random and say nothing about the class, so there is nothing to learn from them; in photographs they say a lot, and networks trained on ImageNet even prefer them to shape ([Geirhos et al. 2019](https://arxiv.org/abs/1811.12231)). What a layer stands for is not a matter of its number alone.

# %% [markdown] tags=["lang-zh"]
# ## 任务也起决定作用
#
# 对在 PartsWorld 上学习的 AlexNet 提同样的问题。在那里，纹理是随机分配的，与类别无关，因此从纹理中学不到任何有用的东西；而在照片中，纹理包含大量信息，在 ImageNet 上训练的网络甚至更依赖纹理而不是形状（[Geirhos 等人，2019](https://arxiv.org/abs/1811.12231)）。一层代表什么，并不只取决于它是第几层。

# %% slideshow={"slide_type": "fragment"}
asked = probe(net, batches)
score = {(x.question, x.layer): x.score for x in asked}
guessed = sum(x.guessed for x in asked if x.question == "texture")
drop = score["part", "conv_4"] - score["part", "fc_8"]
print(f"texture: guessed in {'all' if guessed >= 7 else 'not all'} layers")
print(f"part: {'lost' if drop > 0.2 else 'kept'} between conv_4 and fc_8")
print(f"class: {'above' if score['class', 'fc_8'] > 0.9 else 'below'} 0.9 in fc_8")

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["lang-en"]
# There is another difference to the slide that can be counted: a unit's receptive field within the 128 pixels. AlexNet was built for images of 224 pixels, so here layers see the whole image earlier.

# %% [markdown] tags=["lang-zh"]
# 与幻灯片的另一个差别可以直接数出来：在 128 个像素中，一个单元的感受野有多大。AlexNet 原本是为 224 像素的图像设计的，所以在这里，各层更早就能看到整幅图像。

# %% slideshow={"slide_type": "fragment"}
from lecture_nets.analysis.receptive_field import View, view_through

view = View()
for name, row in net.trunk.named_children():
    view = view_through(row, view, axis=0)
    if name.startswith("conv"):
        print(f"{name}: {view.field} pixels, {'whole image' if view.field >= 128 else 'a part'}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## In your own Trainer
#
# The tools take any network, such as the one that you have just trained. Here are the rows that change when one of its units is silent:

# %% [markdown] tags=["lang-zh"]
# ## 用在你自己的 Trainer 里
#
# 这些工具适用于任何网络，例如你刚刚训练好的那个。下面看看其中一个单元沉默时，哪些层会发生变化：

# %% tags=["show-code"]
from lecture_nets.analysis import measure_reuse

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
