"""Random bytes that are a pure function of a key and an index, for many indices at once."""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def mix(words: np.ndarray) -> np.ndarray:
    """The finalizer of SplitMix64 (Steele et al., OOPSLA 2014), in place: ``uint64`` -> the same.

    Integers only, so that no machine rounds differently.
    """
    for shift, mixer in zip(SHIFTS, MIXERS, strict=False):
        words ^= words >> shift
        words *= mixer
    words ^= words >> SHIFTS[-1]
    return words


def random_bytes(key: tuple[int, ...], indices: np.ndarray, count: int) -> np.ndarray:
    """``count`` bytes for each index: ``uint8`` ``(N, count)``.

    Args:
        key: tells apart what is drawn, such as seed, split and purpose; numbers from 0 on.
        indices: ``(N,)``, from 0 on.
        count: bytes wanted; more of them begin with the same.
    """
    start = np.random.SeedSequence(key).generate_state(1, np.uint64)
    starts = mix(start + indices.astype(np.uint64) * GOLDEN)
    steps = np.arange(1, -(-count // 8) + 1, dtype=np.uint64) * GOLDEN
    words = mix(starts[:, None] + steps)
    # The byte order is fixed, whatever the machine's.
    return words.astype("<u8", copy=False).view(np.uint8)[:, :count]


def choices(random: np.ndarray, among: int) -> np.ndarray:
    """Pairs of random bytes -> numbers below ``among``: ``(N, 2 · M)`` -> ``(N, M)``."""
    wide = random[:, 0::2].astype(np.uint32) << 8 | random[:, 1::2]
    return (wide * np.uint32(among)) >> 16
