"""`lecture-nets report`: one page about a run, whatever is left of the run."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from lecture_nets import cli, load
from lecture_nets.cli.report import write_report
from lecture_nets.cli.run_folder import build_data, load_best, read_curves, read_record
from lecture_nets.data import ImageDataModule
from lecture_nets.training import ImageClassifier

SECTIONS = {
    "curves": "Learning curves",
    "confusion": "Confusion matrix",
    "pairs": "Most confused pairs",
    "mistakes": "Worst mistakes",
    "filters": "Filters of the first layer",
    "classes": "Class by class",
    "cost": "Cost",
    "configuration": "Configuration",
    "versions": "Date and versions",
}
OF_TEST_IMAGES = ("confusion", "pairs", "mistakes", "classes")
PICTURES = ("curves", "confusion", "mistakes", "filters")
FIT = [
    *("fit", "--model", "AlexNetModule", "--model.width", "0.1", "--data.image_size", "64"),
    *("--data", "PartsWorldDataModule"),
    *("--data.train_size", "30", "--data.val_size", "30", "--data.test_size", "30"),
    *("--trainer.max_epochs", "1", "--trainer.accelerator", "cpu"),
    *("--trainer.log_every_n_steps", "1", "--trainer.enable_progress_bar", "false"),
]


class Page(HTMLParser):
    """A page's tags, and per section its text and the rows of its table."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.rows: dict[str, list[list[str]]] = {}
        self.section = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.section = dict(attrs)["id"]
        elif tag == "tr":
            self.rows.setdefault(self.section, []).append([])
        elif tag in ("td", "th"):
            self.rows[self.section][-1].append("")

    def handle_data(self, data):
        self.text[self.section] = self.text.get(self.section, "") + data
        if self.rows.get(self.section) and self.rows[self.section][-1]:
            self.rows[self.section][-1][-1] += data.strip()

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """The folder of a run of one small network."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main(FIT) == 0
    return folder / "runs" / "AlexNetModule-1"


@pytest.fixture
def copy(trained, tmp_path, monkeypatch) -> Path:
    """The same, to be changed."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "runs" / trained.name)
    return tmp_path / "runs" / trained.name


def test_fit_leaves_a_page_with_every_section_and_its_pictures(trained):
    page = Page(trained / "report.html")
    assert [each["id"] for each in page.all("section")] == list(SECTIONS)
    for name, heading in SECTIONS.items():
        assert heading in page.text[name]
        assert "Left out" not in page.text[name]
    pictures = {file.stem for file in (trained / "report").glob("*.png")}
    assert pictures == set(PICTURES)


def test_the_page_needs_no_network_and_can_be_read_aloud(trained):
    page = Page(trained / "report.html")
    images = page.all("img")
    assert len(images) >= len(PICTURES)
    for image in images:
        assert re.match(r"data:image/(png|jpeg);base64,", image["src"])
        assert len(image["alt"]) > 10
    assert not page.all("script", "link", "iframe", "object", "base")
    assert "http" not in re.sub(
        r"base64,[^\"]*|http-equiv", "", (trained / "report.html").read_text()
    )
    policy = [each["content"] for each in page.all("meta") if "http-equiv" in each]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert page.all("html") == [{"lang": "en"}]
    levels = [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels == ["h1"] + ["h2"] * len(SECTIONS)
    targets = [each["href"] for each in page.all("a")]
    assert targets == [f"#{name}" for name in SECTIONS]


def test_the_numbers_are_those_of_the_run(trained):
    page = Page(trained / "report.html")
    head, *classes, total = page.rows["classes"]
    assert head == ["class", "images", "precision", "recall", "F1"]
    assert len(classes) == 10
    assert sum(int(row[1]) for row in classes) == int(total[1]) == 30
    accuracy = read_curves(trained)["test_acc"][-1][1]
    assert f"{30 * accuracy:.0f} are classified correctly: {accuracy:.1%}" in page.text[""]
    net = load(trained / "checkpoints" / "best.ckpt").net
    parameters = f"{sum(weight.numel() for weight in net.parameters()):,}"
    assert parameters in page.text["cost"]
    assert page.rows["cost"][-1][2] == parameters
    assert (
        page.text["configuration"].strip().endswith((trained / "config.yaml").read_text().strip())
    )


def test_a_run_records_when_and_on_what_it_was_trained(trained):
    record = json.loads((trained / "run.json").read_text())
    assert record["torch"] == torch.__version__.partition("+")[0]
    assert [*record.items()] == [
        tuple(row) for row in Page(trained / "report.html").rows["versions"][1:]
    ]


def test_the_command_writes_the_same_page_again(copy, capsys):
    expected = (copy / "report.html").read_text()
    for file in copy.glob("report*/*.png"):
        file.unlink()
    (copy / "report.html").unlink()
    assert cli.main(["report", str(copy.relative_to(Path.cwd()))]) == 0
    out, err = capsys.readouterr()
    assert out == "report: runs/AlexNetModule-1/report.html\n"
    assert err == ""
    assert (copy / "report.html").read_text() == expected
    assert {file.stem for file in copy.glob("report/*.png")} == set(PICTURES)


def without_data(run: Path) -> None:
    config = (run / "config.yaml").read_text()
    gone = "ImageFolderDataModule\n  init_args:\n    root: gone\ncheckpoint"
    (run / "config.yaml").write_text(
        re.sub(r"PartsWorldDataModule\n.*?\ncheckpoint", gone, config, flags=re.DOTALL)
    )


@pytest.mark.parametrize(
    ("spoil", "left_out", "reason"),
    [
        (lambda run: (run / "metrics.csv").unlink(), ["curves"], "No such file.*metrics.csv"),
        (lambda run: shutil.rmtree(run / "checkpoints"), [*OF_TEST_IMAGES, "filters", "cost"],
         "best.ckpt does not exist"),
        (lambda run: (run / "config.yaml").unlink(), [*OF_TEST_IMAGES, "configuration"],
         "No such file.*config.yaml"),
        (without_data, OF_TEST_IMAGES, "gone"),
    ],
    ids=["metrics", "checkpoint", "configuration", "data"],
)  # fmt: skip
def test_what_is_missing_is_left_out_and_said(copy, capsys, spoil, left_out, reason):
    spoil(copy)
    assert cli.main(["report", str(copy)]) == 0
    err = capsys.readouterr().err
    assert re.search(reason, err)
    assert err.count("\n") == 1
    page = Page(copy / "report.html")
    assert {name for name in SECTIONS if "Left out" in page.text[name]} == set(left_out)
    for name in left_out:
        assert re.search(reason, page.text[name])


@pytest.mark.parametrize(
    ("read", "file", "content", "reason"),
    [
        (read_curves, "metrics.csv", "a,b\n1,2\n", "metrics.csv is no metrics file"),
        (read_curves, "metrics.csv", "epoch,step,val_acc\n0,1,high\n", "no metrics file.*high"),
        (read_curves, "metrics.csv", "epoch,step,val_acc\n", "no epoch was finished"),
        (load_best, "checkpoints/best.ckpt", "PK12", "best.ckpt.* cut off"),
        (read_record, "run.json", "{", "run.json is damaged.*Delete it"),
        (read_record, "run.json", "5", "run.json is damaged.*Delete it"),
    ],
)
def test_broken_files_are_named_with_their_fault(tmp_path, read, file, content, reason):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content)
    with pytest.raises(ValueError, match=reason):
        read(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        "data: [1",
        "trainer: null",
        "data: null",
        "5",
        "data: {class_path: PartsWorldDataModule, init_args: {image_siez: 64}}",
        "data: {class_path: os.system}",
    ],
)
def test_a_configuration_without_data_says_so(config):
    with pytest.raises(ValueError, match="does not say what the data were"):
        build_data(config)


def test_a_run_of_before_records_tells_the_age_of_its_files(copy):
    (copy / "run.json").unlink()
    record = read_record(copy)
    assert record["started"].startswith("not recorded (config.yaml is of 20")
    assert record["commit"].startswith("not recorded")


def test_another_checkpoint_is_taken_where_none_is_called_best(copy):
    (copy / "checkpoints" / "best.ckpt").rename(copy / "checkpoints" / "epoch=0.ckpt")
    assert load_best(copy).num_classes == 10


@pytest.mark.parametrize(("folder", "said"), [("nowhere", "no such folder"), (".", "it has no")])
def test_a_folder_that_is_no_run_is_one_line_with_those_there_are(copy, capsys, folder, said):
    assert cli.main(["report", folder]) == cli.BAD_USAGE
    err = capsys.readouterr().err
    assert said in err
    assert "There are: runs/AlexNetModule-1." in err
    assert err.count("\n") == 1


def test_a_configuration_builds_its_data():
    config = "data: {class_path: PartsWorldDataModule, init_args: {image_size: 40, seed: 3}}"
    data = build_data(config)
    assert (type(data).__name__, data.image_size, data.seed) == ("PartsWorldDataModule", 40, 3)


# Planted answers: an image's first pixel says what the network takes it for.

NAMES = ("<script>alert(1)</script>", "fish & chips", "狗")
LABELS = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
GUESSES = [0, 0, 1, 1, 1, 1, 1, 0, 0, 2]


class Planted(ImageDataModule):
    class_names = NAMES
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def __init__(self, guesses: list[int]) -> None:
        super().__init__(image_size=8, batch_size=4)
        images = torch.zeros(len(guesses), 3, 8, 8, dtype=torch.uint8)
        images[:, 0, 0, 0] = torch.tensor(guesses)
        self.test_set = TensorDataset(images, torch.tensor(LABELS))


class Reader(nn.Module):
    def forward(self, x):
        return 3.0 * nn.functional.one_hot((255 * x[:, 0, 0, 0]).round().long(), 3)


def page_of(folder: Path, guesses: list[int], num_classes: int = 3) -> Page:
    (folder / "config.yaml").write_text("note: </pre><script>alert(2)</script>\n")
    module = ImageClassifier(Reader(), num_classes=num_classes)
    return Page(write_report(folder, module, Planted(guesses)))


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Page:
    return page_of(tmp_path_factory.mktemp("planted"), GUESSES)


def test_the_planted_confusion_leads_the_pairs_and_has_its_pictures(planted):
    head, *pairs = planted.rows["pairs"]
    assert head == ["class", "taken for", "images", "examples"]
    assert [pair[:3] for pair in pairs] == [
        ["狗", NAMES[0], "2 of 3"],
        [NAMES[0], NAMES[1], "1 of 3"],
    ]
    examples = [each["alt"] for each in planted.all("img") if "taken for" in each["alt"]]
    assert examples.count("狗, taken for <script>alert(1)</script>, 91% sure") == 2


def test_planted_scores_are_those_of_the_textbook(planted):
    _, *classes = planted.rows["classes"]
    assert classes == [
        [NAMES[0], "3", "50.0%", "66.7%", "57.1%"],
        [NAMES[1], "4", "80.0%", "100.0%", "88.9%"],
        [NAMES[2], "3", "100.0%", "33.3%", "50.0%"],
        ["all", "10", "76.7%", "66.7%", "65.3%"],
    ]


def test_names_and_options_are_text_and_not_markup(planted):
    assert not planted.all("script")
    assert "</pre><script>" in planted.text["configuration"]


def test_a_network_without_convolutions_or_rows_says_so(planted):
    assert "Reader has no convolution" in planted.text["filters"]
    assert "Reader is none of the lecture's networks" in planted.text["cost"]


def test_a_perfect_network_has_no_mistakes_to_show(tmp_path):
    page = page_of(tmp_path, LABELS)
    for section in ("pairs", "mistakes"):
        assert "None: all 10 test images are classified correctly." in page.text[section]


def test_data_of_other_classes_than_the_networks_are_refused(tmp_path):
    page = page_of(tmp_path, GUESSES, num_classes=4)
    assert "num_classes=4, but Planted has 3 classes" in page.text["classes"]
