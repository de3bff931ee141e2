"""Draw every picture of docs/gallery.md, with its alternative text.

    python tests/benchmarks/gallery.py             # all, a few minutes on two cores
    python tests/benchmarks/gallery.py reuse heat  # some; the page is written each time

Networks are the trained ones that come with the package, images those of PartsWorld. The pictures
of long experiments are drawn by the scripts that run them, from the same results as their tables.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lecture_nets import AlexNetModule, InceptionV3Module, PartsWorldDataModule
from lecture_nets.analysis import measure_reuse
from lecture_nets.analysis.deconvnet import project_patches
from lecture_nets.analysis.kernels import learned_kernels, named_kernels
from lecture_nets.analysis.ladder import Rung
from lecture_nets.analysis.patches import top_patches_of
from lecture_nets.analysis.predictions import predict_test_set
from lecture_nets.nets import InceptionV2
from lecture_nets.visualize.attribution import (
    draw_attributions,
    grad_cam,
    guided_backprop,
    saliency,
)
from lecture_nets.visualize.figures import Picture
from lecture_nets.visualize.history import depth_and_error
from lecture_nets.visualize.kernels import draw_cascades
from lecture_nets.visualize.ladder import draw_ladder
from lecture_nets.visualize.maximize import draw_activations, maximize_activations
from lecture_nets.visualize.modules import draw_modules
from lecture_nets.visualize.patches import draw_top_patches
from lecture_nets.visualize.report import draw_confusion, draw_filters, draw_mistakes
from lecture_nets.visualize.reuse import draw_reuse

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDER = DOCS / "images" / "gallery"
BUSY = ("conv_1", "conv_2", "conv_3", "conv_5")  # layers of AlexNet to look into


def images(module: AlexNetModule, count: int = 500) -> tuple[PartsWorldDataModule, torch.Tensor]:
    data = PartsWorldDataModule(image_size=module.data_facts["image_size"], test_size=count)
    data.setup("test")
    return data, data.test_set.images


def strongest(module: AlexNetModule, layer: str, count: int) -> list[int]:
    """The channels of a layer that answer most to some image, in order of their number."""
    data, pixels = images(module)
    with torch.no_grad():
        x = data.normalize(pixels[:200])
        for name, row in module.net.trunk.named_children():
            x = row(x)
            if name == layer:
                break
    return sorted(x.amax((0, 2, 3)).topk(count).indices.tolist())


def alexnet() -> AlexNetModule:
    return AlexNetModule.from_pretrained("parts_world").eval()


def reuse() -> Picture:
    module = alexnet()
    data, pixels = images(module, 100)
    unit = strongest(module, "conv_1", 1)[0]
    rows = measure_reuse(module.net, data.normalize(pixels), "conv_1", unit)
    return draw_reuse(f"channel {unit} of conv_1", rows)


def filters() -> Picture:
    return draw_filters(alexnet().net.trunk.conv_1[0].weight.detach(), "conv_1")


def preferred(layer: str) -> Picture:
    module = alexnet()
    data, _ = images(module, 10)
    names = [f"{layer}:{unit}" for unit in strongest(module, layer, 16)]
    pictures = maximize_activations(module.net, names, mean=data.mean, std=data.std)
    return draw_activations(pictures, names)


def classes() -> Picture:
    module = alexnet()
    data, _ = images(module, 10)
    names = [f"class:{i}" for i in range(data.num_classes)]
    pictures = maximize_activations(module.net, names, mean=data.mean, std=data.std)
    return draw_activations(pictures, data.class_names, title="What drives each class most")


def patches(layer: str) -> Picture:
    module = alexnet()
    data, pixels = images(module)
    inputs = data.normalize(pixels)
    found = top_patches_of(module.net, inputs, layer, strongest(module, layer, 8))
    projections = project_patches(module.net, inputs, layer, found)
    return draw_top_patches(pixels, layer, found, projections)


def heat() -> Picture:
    module = alexnet()
    data, pixels = images(module, 10)
    index = data.class_names.index("bicycle")
    one = data.normalize(pixels[index : index + 1])
    maps = {
        "saliency": saliency(module.net, one)[0],
        "guided backpropagation": guided_backprop(module.net, one)[0].abs().amax(0),
        "Grad-CAM": grad_cam(module.net, one)[0],
    }
    logits = module(one).detach().softmax(1)[0].topk(3)
    names = [data.class_names[i] for i in logits.indices.tolist()]
    bars = dict(zip(names, logits.values.tolist(), strict=True))
    return draw_attributions(pixels[index], maps, bars=bars)


def cat() -> Picture:
    """Of a network trained on ImageNet, which comes with the extra ``notebooks``."""
    sys.path.append(str(ROOT / "tests" / "visualize"))
    from imagenet import imagenet_net, photo  # pyright: ignore[reportMissingImports]
    from torchvision.models import AlexNet_Weights

    net = imagenet_net()
    image, inputs = photo("cat")
    logits = net(inputs).softmax(1)[0].topk(4)
    names = [AlexNet_Weights.DEFAULT.meta["categories"][i] for i in logits.indices.tolist()]
    maps = {
        "saliency": saliency(net, inputs)[0],
        f"Grad-CAM, {names[0]}": grad_cam(net, inputs, layer="blocks")[0],
    }
    return draw_attributions(
        image, maps, bars=dict(zip(names, logits.values.tolist(), strict=True))
    )


def modules() -> Picture:
    trunk = InceptionV2().trunk
    shown = ("inception_a1", "reduction_a", "inception_b1", "inception_c1")
    found = {name: row for name, row in trunk.named_children() if name in shown}
    return draw_modules(found, "Four kinds of modules in Inception V2")


def ladder() -> Picture:
    report = json.loads((DOCS / "results" / "ladder.json").read_text())
    rungs = [Rung(**rung) for rung in report["rungs"]]
    return draw_ladder(rungs, "Depth and test error", guessing=0.9, caption=report["caption"])


def of_test_set(draw: Callable[..., Picture]) -> Picture:
    module = InceptionV3Module.from_pretrained("parts_world").eval()
    return draw(predict_test_set(module, images(module, 1000)[0]))


PICTURES: dict[str, Callable[[], Picture]] = {
    "history": depth_and_error,
    "reuse": reuse,
    "filters": filters,
    **{f"preferred_{layer}": (lambda layer=layer: preferred(layer)) for layer in BUSY},
    "preferred_classes": classes,
    **{f"patches_{layer}": (lambda layer=layer: patches(layer)) for layer in BUSY},
    "heat": heat,
    "cat": cat,
    "cascades": lambda: draw_cascades(named_kernels()),
    "cascades_learned": lambda: draw_cascades(learned_kernels(alexnet().net, "conv_2")),
    "flattened": lambda: draw_cascades(named_kernels(7), [(1, 7), (7, 1)]),
    "modules": modules,
    "ladder": ladder,
    "confusion": lambda: of_test_set(draw_confusion),
    "mistakes": lambda: of_test_set(draw_mistakes),
}


# Of docs/gallery.md: a heading, what to look for, pictures.
PAGE: list[tuple[str, str, list[str]]] = [
    ("The challenge", "Slide 1. `visualize.history.depth_and_error()`", ["history"]),
    (
        "What depends on an early unit",
        "Slide 2. `analysis.measure_reuse` and `visualize.reuse.draw_reuse`",
        ["reuse"],
    ),
    (
        "What units look for",
        "Slide 2, in the small AlexNet that comes with the package. `visualize.maximize`: from "
        "edges and blobs in layer 1 to classes. Whether layer 3 has textures and layer 5 parts is "
        "judged by numbers, in the notebook of slide 2, and for this small network it is not so.",
        ["filters", *(f"preferred_{layer}" for layer in BUSY), "preferred_classes"],
    ),
    (
        "What units find",
        "The strongest patches of 500 images and their deconvnet projections, as in ZFNet's "
        "figure 2. `analysis.patches`, `analysis.deconvnet`, `visualize.patches`",
        [f"patches_{layer}" for layer in BUSY],
    ),
    (
        "What layers know",
        "Linear probes and dissection against PartsWorld's truth. `analysis.probes`, "
        "`analysis.dissection`, `visualize.meaning`",
        ["../meaning*"],
    ),
    (
        "A world in which depth is needed",
        "Slides 1 and 2 on HierarchyWorld. `analysis.depth`, `analysis.hierarchy`, "
        "`visualize.depth`, `visualize.hierarchy`; the numbers are on "
        "[its page](hierarchy_world.md).",
        ["../hierarchy_world_*"],
    ),
    (
        "The evidence for a class",
        "`visualize.attribution`. Maps of a small network may miss, as Grad-CAM does here for the "
        "bicycle; the second network was trained on ImageNet.",
        ["heat", "cat"],
    ),
    (
        "Cascades and flattened filters",
        "Slides 3 and 4. `analysis.cascade`, `visualize.kernels.draw_cascades`: the error of "
        "each, in percent.",
        ["cascades", "cascades_learned", "flattened"],
    ),
    ("Modules", "Slide 4. `visualize.modules.draw_modules`", ["modules"]),
    (
        "Training curves",
        "Slides 6 and 7. `callbacks.RecordGrowth`, `analysis.calibration`, `analysis.gradients`, "
        "`analysis.label_noise`, `visualize.training_curves`",
        ["../training_curves_*"],
    ),
    ("Depth, measured here", "Slide 1 again. `analysis.ladder`, `visualize.ladder`", ["ladder"]),
    (
        "Reports",
        "Two of the pictures of `lecture-nets report`",
        ["confusion", "mistakes"],
    ),
]


def words_of(path: Path) -> str:
    """The alternative text that a `Picture` leaves in its file."""
    with Image.open(path) as image:
        return image.info["Description"]


def shrink(path: Path) -> None:
    """256 colors are enough, and a third of the bytes; the words stay."""
    words = PngInfo()
    words.add_itxt("Description", words_of(path))
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(256)
    small.save(path, optimize=True, pnginfo=words)


def page() -> str:
    parts = [
        "# Gallery\n\nEvery kind of picture the package draws, by "
        "`python tests/benchmarks/gallery.py` and the scripts in "
        "[CONTRIBUTING](CONTRIBUTING.md#measurements). Each is a `Picture`: it displays itself in "
        "a notebook, saves as PNG and always carries alternative text."
    ]
    for heading, text, names in PAGE:
        parts.append(f"## {heading}\n\n{text}")
        for name in names:
            for path in sorted(FOLDER.glob(f"{name}.png")):
                place = path.resolve().relative_to(DOCS).as_posix()
                parts.append(f"![{words_of(path).replace('[', '(').replace(']', ')')}]({place})")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        torch.manual_seed(0)
        path = PICTURES[name]().save(FOLDER / f"{name}.png")
        shrink(path)
        print(name, f"{path.stat().st_size:,} bytes", flush=True)
    (DOCS / "gallery.md").write_text(page())


if __name__ == "__main__":
    main()
