"""All prose is there in both languages, with the same headings, links and code."""

import re

CHINESE = re.compile(r"[\u4e00-\u9fff]")
HEADING = re.compile(r"^(#+) ", re.M)
LINK = re.compile(r"\]\(([^)]*)\)")
CODE = re.compile(r"`([^`]*)`")
# What a Chinese sentence is not ended or divided by.
WESTERN = re.compile(r"[\u4e00-\u9fff][,;:!?.](?:\s|$)")


def in_both(pair):
    """English and Chinese cells, side by side; whatever has no counterpart fails."""
    prose = iter(cell for cell in pair.cells if cell.cell_type == "markdown")
    for english in prose:
        assert "lang-en" in english.metadata.tags, english.source
        chinese = next(prose, None)
        assert chinese is not None, f"no counterpart of: {english.source}"
        assert "lang-zh" in chinese.metadata.tags, f"no counterpart of: {english.source}"
        yield english, chinese


def test_every_english_cell_is_followed_by_its_chinese_counterpart(pair):
    for english, chinese in in_both(pair):
        assert pair.cells.index(chinese) == pair.cells.index(english) + 1
        other = [
            [tag for tag in cell.metadata.tags if not tag.startswith("lang-")]
            for cell in (english, chinese)
        ]
        assert other[0] == other[1], english.source


def test_both_languages_have_the_same_headings_links_and_code(pair):
    for english, chinese in in_both(pair):
        for pattern in (HEADING, LINK, CODE):
            found = [sorted(pattern.findall(cell.source)) for cell in (english, chinese)]
            assert found[0] == found[1], english.source


def test_each_cell_is_in_its_language(pair):
    for english, chinese in in_both(pair):
        assert not CHINESE.search(english.source), english.source
        for heading in HEADING.split(chinese.source)[2::2]:
            assert CHINESE.search(heading), chinese.source


def test_chinese_is_set_with_chinese_punctuation(pair):
    for _, chinese in in_both(pair):
        assert not WESTERN.search(chinese.source), chinese.source


def test_the_chinese_cell_goes_where_the_english_goes(pair):
    for _, chinese in in_both(pair):
        assert "slideshow" not in chinese.metadata, f"leave it to the English: {chinese.source}"


def test_the_first_cell_says_whose_lecture_it_is(pair, lecture):
    english, chinese = next(in_both(pair))
    part = lecture[pair.name]
    for cell, language in ((english, "en"), (chinese, "zh")):
        assert cell.source.startswith(f"# {part['slide']} · {part['title'][language]}\n")
        for said in ("Andreas Maier", "CC BY 4.0", "(https://lme.tf.fau.de/"):
            assert said in cell.source, said


def test_comments_labels_and_outputs_are_english(pair):
    for cell in pair.outputs:
        hands = {"check", "exercise", "solution"} & set(cell.metadata.tags)
        assert hands or not CHINESE.search(cell.source), cell.source
