"""The architecture explorer in a real browser: its numbers, and what a visitor does with it."""

import functools
import html
import re

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, expect

from lecture_nets import cli
from lecture_nets.analysis import Cost, cost, count_paths
from lecture_nets.analysis.blueprint import VARIANTS
from lecture_nets.nets import NETS

VARIANTS_OF = [
    (name, number, options)
    for name in NETS
    for number, options in enumerate([{}, *VARIANTS.get(name, [])])
]


@pytest.fixture
def explore(page: Page, site):
    """Open the explorer at an address: ``explore("net=vgg19")``."""

    def explore(address: str = "", language: str = "en", on: Page = page) -> Page:
        if language != "en":
            on.add_init_script(f"localStorage.setItem('lecture-nets-language', '{language}')")
        on.goto((site / "explorer" / "index.html").as_uri() + f"#{address}")
        return on

    return explore


# --- the numbers are the package's


def settings(name: str, number: int, min_size: int, paper_size: int) -> list[tuple[int, float]]:
    """(size, width): the smallest image, where auxiliary pools shrink, the paper's, others.

    All for the lecture's networks, the smallest image for their variants.
    """
    between = (min_size + paper_size) // 2
    some = [(min_size, 0.125), (paper_size, 1.0), (between, 0.5), (paper_size + 58, 0.25)]
    return some if number == 0 else some[:1]


@functools.cache
def built(name: str, number: int, width: float):
    with torch.device("meta"):
        return NETS[name](width=width, **[{}, *VARIANTS.get(name, [])][number])


COUNT = """([name, number, size, width]) => {
  const net = BLUEPRINTS.networks[name].variants[number];
  const w = BLUEPRINTS.widths.indexOf(width);
  const rows = Arithmetic.rows(net, size, w);
  const exact = ({ inside, ...counts }) => ({ ...counts, macs: String(counts.macs) });
  return {
    rows: rows.map(exact),
    total: exact(Arithmetic.total(rows)),
    paths: Arithmetic.paths(net, w).map((row) => ({ ...row, unit_paths: String(row.unit_paths) })),
  };
}"""


@pytest.mark.parametrize(("name", "number", "options"), VARIANTS_OF)
def test_every_number_is_that_of_the_package(name, number, options, explore):
    page = explore()
    net = built(name, number, 1.0)
    for size, width in settings(name, number, net.min_size, net.paper_size):
        found = page.evaluate(COUNT, [name, number, size, width])
        net = built(name, number, width)
        counted = cost(net, size)
        assert [as_row(row) for row in found["rows"]] == rows_of(counted), (options, size, width)
        assert as_total(found["total"]) == totals_of(counted), (options, size, width)
        paths = count_paths(net, (net.in_channels, size, size)).layers
        assert [
            (row["name"], row["branch_paths"], int(row["unit_paths"])) for row in found["paths"]
        ] == [(layer.name, layer.branch_paths, layer.unit_paths) for layer in paths]


def as_row(row: dict) -> tuple:
    """A row of the page in the order of `RowCost`."""
    return (
        *(row["name"], tuple(row["output"]), row["parameters"], int(row["macs"]), row["depth"]),
        *(row["paths"], row["field"], row["aux_head"]),
    )


def rows_of(counted: Cost) -> list[tuple]:
    return [tuple(vars(row).values()) for row in counted.rows]


def as_total(total: dict) -> tuple:
    return (
        *(total["parameters"], total["aux_parameters"], int(total["macs"]), total["depth"]),
        *(total["paths"], total["field"]),
    )


def totals_of(counted: Cost) -> tuple:
    return tuple(value for name, value in vars(counted).items() if name != "rows")


@pytest.mark.parametrize("name", NETS)
def test_a_visitor_reads_what_the_table_command_prints(name, explore, capsys):
    page = explore(f"net={name}&size=150&width=0.5")
    command = page.locator("#command").inner_text().split()
    assert command[:3] == ["lecture-nets", "table", "--net"]
    assert cli.main(command[1:]) == 0
    printed = [line.split() for line in capsys.readouterr().out.replace(",", "").splitlines()]
    for row in page.locator("#rows tbody tr").all():
        cells = [cell.replace(" × ", "x").replace(",", "") for cell in row_texts(row)]
        header = ["aux", "head"] if "auxiliary head" in cells[0] else [cells[0]]
        assert [*header, *cells[3:]] in printed
    sums = [cell.replace(",", "") for cell in row_texts(page.locator("#rows tfoot tr")) if cell]
    assert ["total", *sums[1:]] in printed


def row_texts(row) -> list[str]:
    return [text.strip() for text in row.locator("th, td").all_inner_texts()]


def test_a_large_image_is_counted_exactly(explore):
    size = 200_000
    found = explore().evaluate(COUNT, ["vgg19", 0, size, 1.0])
    assert int(found["total"]["macs"]) == cost(built("vgg19", 0, 1.0), size).macs > 2**53


# --- what a visitor does


def test_choices_change_the_sums_and_the_address(explore):
    page = explore("net=googlenet")
    page.get_by_label("Network").select_option("InceptionV3")
    page.get_by_label("Width").select_option("0.25")
    page.get_by_label("Image size in pixels").fill("200")
    with torch.device("meta"):
        counted = cost(NETS["inception_v3"](width=0.25), 200)
    assert f"{counted.macs:,}" in page.locator("#sums").inner_text()
    assert page.url.endswith("#net=inception_v3&size=200&width=0.25")
    expect(page.locator("#said")).to_contain_text(f"{counted.parameters:,} parameters")


def test_another_network_comes_with_the_image_size_of_its_paper(explore):
    page = explore("net=vgg19")
    page.get_by_label("Network").select_option("InceptionV3")
    expect(page.get_by_label("Image size in pixels")).to_have_value("299")


def test_a_row_opens_by_key_and_shows_its_layers(explore):
    page = explore("net=inception_v3")
    button = page.get_by_role("button", name="inception_c1")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    inside = page.get_by_role("group", name="Inside inception_c1")
    expect(inside.locator(".step")).to_have_count(10)
    boxes = inside.locator(".step", has_text="1×3 384")
    assert boxes.first.inner_text().splitlines() == [
        "1×3 384",
        "384 × 8 × 8",
        "padding 0×1, batch norm, ReLU",
    ]
    assert "row=inception_c1" in page.url
    page.keyboard.press("Enter")
    expect(inside).to_have_count(0)


def test_branches_stand_side_by_side(explore):
    page = explore("net=googlenet&row=inception_3a")
    tops = [box.bounding_box() for box in page.locator(".fork > ul > li").all()]
    assert [box["y"] for box in tops] == [tops[0]["y"]] * 4
    assert [box["x"] for box in tops] == sorted({box["x"] for box in tops})


def test_branches_that_are_added_end_in_a_sum(explore):
    page = explore("net=resnet50&row=conv_2_2")
    inside = page.get_by_role("group", name="Inside conv_2_2")
    expect(inside.locator(".fork > ul > li")).to_have_count(2)
    assert inside.locator(".pass").inner_text() == "identity"
    assert inside.locator(".join").inner_text() == "⊕ ReLU"
    expect(page.get_by_role("row", name="conv_2_2 2 branches, added")).to_have_count(1)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ("{ kind: 'multiply', branches: { a: { kind: 'relu' } } }", "branches of kind “multiply”"),
        ("{ chain: [{ kind: 'fourier' }] }", "a layer of kind “fourier”"),
    ],
)
def test_a_kind_that_the_page_does_not_know_raises(tree, said, explore):
    net = f"{{ in_channels: 3, trunk: {{ row: {tree} }}, aux_heads: {{}}, head: {tree} }}"
    with pytest.raises(Error, match=f"found {said}, known are"):
        explore().evaluate(f"Arithmetic.rows({net}, 8, 0)")


def test_an_address_brings_back_everything(explore):
    page = explore(
        "net=inception_v2&stem=7x7&size=200&width=0.5&row=inception_a1"
        "&with=inception_v3&with_resolution=151"
    )
    assert [page.locator(f"#{name}").input_value() for name in ("net", "second", "size")] == [
        *("inception_v2", "inception_v3", "200"),
    ]
    chosen = [page.locator(f"#{name} option:checked").inner_text() for name in CHOICES]
    assert chosen == ["stem=7x7", "resolution=151", "0.5"]
    expect(page.get_by_role("button", name="inception_a1")).to_have_attribute(
        "aria-expanded", "true"
    )
    before = page.url
    page.get_by_label("Width").select_option("1")
    page.get_by_label("Width").select_option("0.5")
    assert page.url == before


CHOICES = ("variant", "second-variant", "width")


def test_v2_and_v3_differ_where_a_5x5_became_two_3x3(explore):
    page = explore("net=inception_v2&with=inception_v3&row=inception_a2")
    marked = page.locator("#rows .step.unlike b").all_inner_texts()
    assert [text.replace("≠ ", "") for text in marked] == ["3×3 64", "5×5 64"]
    only = page.locator("tbody th", has_text="only in").all_inner_texts()
    assert [re.sub(r"\s*\n?≠ ", " ", text) for text in only] == [
        "conv_6 only in InceptionV2",
        "pool_2 only in InceptionV3",
        "inception_b5 only in InceptionV2",
    ]


def test_alexnet_and_zfnet_differ_in_the_first_window_and_in_their_towers(explore):
    page = explore("net=alexnet&with=zfnet")
    layers = {row_texts(row)[0]: row_texts(row)[2:4] for row in page.locator("tbody tr").all()}
    assert layers["conv_1"] == ["11×11/4 96", "≠\xa07×7/2 96"]
    assert layers["conv_3"] == ["3×3 384", "3×3 384"]
    assert layers["conv_4"] == ["3×3 384, 2 groups", "≠\xa03×3 384"]


def test_rows_of_one_name_in_two_places_open_together(explore):
    page = explore("net=alexnet&with=zfnet&row=norm_1")
    expect(page.locator("tbody [aria-expanded=true]")).to_have_count(2)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids))


def test_paths_are_played_row_by_row_and_said(explore, page):
    page.clock.install()
    explore("net=googlenet")
    hops = page.locator("#hops li")
    shown = page.locator("#hops li:not(.waiting)")
    expect(shown).to_have_count(hops.count())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(700)
    expect(shown).to_have_count(2)
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    page.get_by_role("button", name="Next row").click()
    expect(shown).to_have_count(3)
    expect(page.locator("#said-paths")).to_have_text(
        "norm_1: branch paths so far 1, unit paths so far 64"
    )
    page.get_by_role("button", name="All rows").click()
    expect(page.locator("#said-paths")).to_contain_text("head: branch paths so far 262,144")


def test_who_asks_for_less_motion_gets_none(explore, visit):
    with visit(reduced_motion="reduce") as calm:
        page = explore("net=googlenet", on=calm)
        page.get_by_role("button", name="Play").click()
        expect(page.locator("#said-paths")).to_contain_text("head: branch paths so far 262,144")
        expect(page.locator("#hops .waiting")).to_have_count(0)


# --- what does not fit is said in one line


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("net=googlnet", "net=googlnet, which does not exist. Choose one of: shallow_svm, alexnet"),
        ("net=alexnet&variant=2013", "Choose one of: variant=2012; variant=2014."),
        ("net=vgg19&size=31", "VGG19 takes images of at least 32 pixels"),
        ("net=vgg19&size=1e3", "in whole numbers; found “1e3”. Enter 32 or more."),
        ("net=vgg19&width=0.3", "Choose one of: 2, 1, 0.75, 0.5, 0.25, 0.125."),
        (
            "net=vgg19&row=conv_9",
            "row=conv_9, which does not exist. Choose one of: block_1, block_2",
        ),
        ("net=vgg19&sise=64", "“sise”, which is unknown. Known are: net, size, width, row, with"),
        ("net=vgg19&with=inception_v3&size=40", "InceptionV3 takes images of at least 75 pixels"),
    ],
)
def test_an_address_that_does_not_fit_is_one_line_above_a_whole_page(address, said, explore):
    page = explore(address)
    problem = page.get_by_role("alert")
    expect(problem.locator("p")).to_have_count(1)
    expect(problem).to_contain_text(said)
    expect(page.locator("#rows tbody tr").last).to_contain_text("head")


def test_a_size_too_small_is_refused_while_it_is_typed(explore):
    page = explore("net=inception_v3")
    size = page.get_by_label("Image size in pixels")
    size.fill("20")
    expect(page.get_by_role("alert")).to_contain_text("at least 75 pixels")
    expect(size).to_have_attribute("aria-invalid", "true")
    size.fill("200")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(size).to_have_attribute("aria-invalid", "false")


# --- languages, screens, screen readers


def test_the_language_is_remembered_for_the_whole_site(explore):
    page = explore("net=googlenet")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("交互式网络结构图")
    remembered = page.evaluate("localStorage.getItem('lecture-nets-language')")
    assert (remembered, page.locator("html").get_attribute("lang")) == ("zh", "zh-Hans")
    page.get_by_role("button", name="Both").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Architecture explorer 交互式网络结构图"
    )


def test_every_word_is_there_in_both_languages(explore):
    words = explore().evaluate(
        "Object.entries(WORDS).map(([key, { en, zh }]) => [key, typeof en, typeof zh])"
    )
    assert [word for word in words if word[1] != word[2]] == []


VIEWS = [
    "net=inception_v3&row=inception_c1",
    "net=inception_v2&with=inception_v3&row=inception_a1",
    "net=shallow_svm&size=3",
    "net=resnet50&row=conv_3_1",
]


@pytest.mark.parametrize("language", ["en", "zh", "both"])
@pytest.mark.parametrize("address", VIEWS)
def test_nothing_sticks_out_on_a_phone(address, language, explore, visit, phone):
    with visit(viewport=phone) as small:
        page = explore(address, language, on=small)
        assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]


@pytest.mark.parametrize("is_phone", [False, True])
@pytest.mark.parametrize("address", VIEWS)
def test_axe_finds_nothing(address, is_phone, explore, visit, phone):
    look = {"viewport": phone, "color_scheme": "dark"} if is_phone else {"color_scheme": "light"}
    with visit(**look) as each:
        page = explore(address, "both", on=each)
        # Preloading would read the style sheet over XMLHttpRequest, which file:// has not.
        found = Axe().run(page, options={"preload": False}).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


def test_a_comparison_fits_a_desktop(explore):
    page = explore("net=inception_v2&with=inception_v3&row=inception_a1")
    hidden = "({ scrollWidth, clientWidth }) => scrollWidth - clientWidth"
    assert page.locator("#rows").evaluate(hidden) == 0


def test_links_lead_to_pages_of_the_site(explore, site):
    page = explore()
    for name in NETS:
        page.locator("#net").select_option(name)
        for link in page.locator("a").all():
            assert (site / "explorer" / link.get_attribute("href")).resolve().exists()


def test_links_to_it_from_the_site_ask_for_what_is_there(explore, site):
    link = re.compile(r"explorer/index\.html#([^\"]+)")
    states = {
        html.unescape(state)
        for path in site.rglob("*.html")
        for state in link.findall(path.read_text())
    }
    assert states != set()
    for state in states:
        page = explore(state)
        page.reload()  # another state of one page loads nothing
        assert page.get_by_role("alert").is_hidden(), state


@pytest.mark.parametrize("missing", ["networks.js", "about.js"])
def test_without_its_data_the_page_says_what_to_do(missing, site, tmp_path, browser):
    page = browser.new_page()
    for path in (site / "explorer").iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.get_by_role("alert")).to_contain_text(f"{missing}, which")
    page.close()
