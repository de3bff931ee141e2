"""What `lecture-nets table` prints, against the counts in torchvision's code and in the papers."""

import dataclasses
import json

import pytest

from lecture_nets import cli
from lecture_nets.analysis import Cost, RowCost
from lecture_nets.nets import NETS


@pytest.fixture
def run(capsys):
    """Run `lecture-nets table`: (exit code, standard output, standard error)."""

    def run(*args: str) -> tuple[int, str, str]:
        code = cli.main(["table", *args])
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("words", "parameters", "aux_parameters", "macs", "depth"),
    [
        # One option of each type; what networks cost is tested in tests/nets.
        ("alexnet variant=2014", 61_100_840, 0, 714_188_480, 8),
        ("googlenet aux_heads=False", 6_998_552, 0, 1_582_671_872, 22),
        ("inception_v2 num_factorized=4 stem=7x7", 23_667_880, 3_325_928, 5_119_252_672, 46),
        ("inception_v3 --image-size 224", 23_834_568, 3_326_696, 2_837_921_120, 48),
        ("resnet50", 25_557_032, 0, 4_089_184_256, 50),
    ],
)
def test_counts(words, parameters, aux_parameters, macs, depth, run):
    _, out, _ = run("--json", "--net", *words.split())
    [entry] = json.loads(out)
    found = (entry["parameters"], entry["aux_parameters"], entry["macs"], entry["depth"])
    assert found == (parameters, aux_parameters, macs, depth)


def test_json_has_the_names_of_the_dataclasses(run):
    _, out, _ = run("--json", "--net", "inception_v2", "stem=7x7")
    [entry] = json.loads(out)
    assert (entry["network"], entry["options"], entry["image_size"], entry["min_size"]) == (
        "inception_v2",
        {"stem": "7x7"},
        299,
        75,
    )
    fields = {field.name for field in dataclasses.fields(Cost)}
    assert set(entry) == fields | {"network", "options", "image_size", "min_size"}
    assert set(entry["rows"][0]) == {field.name for field in dataclasses.fields(RowCost)}


def test_without_a_network_it_prints_all(run):
    _, out, _ = run("--json")
    assert [entry["network"] for entry in json.loads(out)] == list(NETS)


def test_several_networks_have_options_of_their_own(run):
    _, out, _ = run("--json", "--net", "alexnet", "width=0.5", "alexnet", "--net", "zfnet")
    asked = [(entry["network"], entry["options"]) for entry in json.loads(out)]
    assert asked == [("alexnet", {"width": "0.5"}), ("alexnet", {}), ("zfnet", {})]


def test_a_single_network_is_printed_row_by_row(run):
    _, out, _ = run("--net", "googlenet")
    rows = [line.split() for line in out.splitlines()]
    assert ["inception_3a", "256x28x28", "163,696", "128,049,152", "2", "4", "59"] in rows
    assert ["aux", "head", "1000", "3,188,840", "4,169,728", "3", "1", "all"] in rows
    assert ["total", "6,998,552", "1,582,671,872", "22", "262,144"] in rows


@pytest.mark.parametrize("words", ["", "--net inception_v2", "--net googlenet", "--net resnet50"])
def test_it_fits_a_terminal_of_80_columns(words, run):
    _, out, _ = run(*words.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--net AlexNet", cli.BAD_USAGE, "unknown network 'AlexNet'. Did you mean alexnet?"),
        (
            "--net alexnet varaint=2014",
            cli.BAD_USAGE,
            "unknown option of alexnet 'varaint'. Did you mean variant? There are: num_classes, ",
        ),
        (
            "--net alexnet variant=2013",
            cli.BAD_USAGE,
            "alexnet: Parser key \"variant\": Expected a typing.Literal['2012', '2014']. "
            "Got value: 2013",
        ),
        ("--net variant=2014", cli.BAD_USAGE, "the network comes first"),
        ("--net inception_v2 num_factorized=1", cli.BAD_DATA, "at least 2 are needed"),
        ("--net vgg19 --image-size 31", cli.BAD_DATA, "needs images of at least 32x32 pixels"),
        ("--image-size -1", cli.BAD_DATA, "at least 1 pixel is needed"),
    ],
)
def test_what_does_not_fit_is_one_line(words, code, said, run):
    found, out, err = run(*words.split())
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert said in err


def test_help_says_how_to_ask_for_variants(capsys):
    with pytest.raises(SystemExit):
        cli.main(["table", "--help"])
    assert "--net inception_v2 stem=7x7 num_factorized=4" in capsys.readouterr().out
