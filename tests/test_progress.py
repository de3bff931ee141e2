"""The bar is for who looks at a terminal; everyone gets the steps."""

import io

import pytest

from lecture_nets.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "bar_from", "bar"),
    [(Terminal, 0, True), (Terminal, 3, True), (Terminal, 4, False), (io.StringIO, 0, False)],
)
def test_a_bar_is_drawn_on_a_terminal_for_steps_that_take_their_time(
    monkeypatch, capsys, stream, bar_from, bar
):
    monkeypatch.setattr("sys.stderr", screen := stream())
    steps = (letter for letter in "abc")
    assert list(progress(steps, "reading", total=3, bar_from=bar_from)) == ["a", "b", "c"]
    assert ("reading" in screen.getvalue()) is bar
    assert capsys.readouterr().out == ""


def test_steps_with_a_length_are_counted_by_themselves(monkeypatch):
    monkeypatch.setattr("sys.stderr", screen := Terminal())
    assert list(progress([1, 2], "reading", bar_from=3)) == [1, 2]
    assert not screen.getvalue()
    assert list(progress(iter([1, 2]), "reading", bar_from=3)) == [1, 2]
    assert "reading" in screen.getvalue()
