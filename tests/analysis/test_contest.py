"""Ways are tried with the same seeds, and gains are differences of the same seed."""

import pytest

from lecture_nets.analysis.contest import contest


def test_every_way_gets_every_seed_and_gains_are_paired():
    calls = []

    def way(name, gain):
        def score(seed):
            calls.append((name, seed))
            return 10 * seed + gain

        return score

    found = contest({"one": way("one", 0), "other": way("other", 2)}, (3, 1))
    assert sorted(calls) == [("one", 1), ("one", 3), ("other", 1), ("other", 3)]
    assert found.scores == {"one": (30, 10), "other": (32, 12)}
    # Seeds differ by 20, ways by 2: only pairs show the 2.
    gain = found.gain("other", over="one")
    assert (gain.mean, gain.half) == (2, 0)
    assert found.mean("one").half > 20


@pytest.mark.parametrize(
    ("ways", "seeds", "word"),
    [(("a",), (0, 1), "ways"), (("a", "b"), (0,), "seeds"), (("a", "b"), (1, 1), "seeds")],
)
def test_nothing_to_compare(ways, seeds, word):
    with pytest.raises(ValueError, match=rf"contest\({word}=.*at least 2"):
        contest(dict.fromkeys(ways, float), seeds)
