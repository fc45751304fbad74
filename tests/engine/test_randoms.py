"""Claims about the random numbers: who they belong to, and what they are distributed as."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from leftshift.engine.randoms import exponential, exponentials, philox, uniforms, word


@njit
def _philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    return philox(c0, c1, c2, c3, k0, k1)


@njit
def _exponentials(words):  # type: ignore[no-untyped-def]
    out = np.empty(words.size, np.float32)
    for i in range(words.size):
        out[i] = exponential(words[i])
    return out


@njit
def _word(seed, person, event, spell):  # type: ignore[no-untyped-def]
    return word(seed, person, event, spell)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_known_answers(counter, key, words):
    found = _philox(*(np.uint64(c) for c in counter), *(np.uint64(k) for k in key))
    assert tuple(int(w) for w in found) == words


def _philox_in_numpy(ids, spell, block, seed):
    c = [ids & 0xFFFFFFFF, ids >> np.uint64(32), np.full_like(ids, spell), np.full_like(ids, block)]
    low = np.uint64(0xFFFFFFFF)
    key = [np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)]
    for _ in range(10):
        p, q = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        half = np.uint64(32)
        c = [(q >> half) ^ c[1] ^ key[0], q & low, (p >> half) ^ c[3] ^ key[1], p & low]
        key = [(key[0] + np.uint64(0x9E3779B9)) & low, (key[1] + np.uint64(0xBB67AE85)) & low]
    return c


@pytest.mark.parametrize("event", [0, 3, 19, 20, 37, 63, 64, 2**32 + 63])
def test_an_event_lives_in_its_own_word_of_its_own_block(event):
    ids = np.array([0, 1, 17, 2**32 + 5, 2**63 + 11], dtype=np.uint64)
    seed = (5 << 32) + 9
    expected = _philox_in_numpy(ids, 2, event // 4, seed)[event % 4]
    found = uniforms(seed, ids, event, spell=2)
    assert np.array_equal(found, (expected.astype(np.float64) + 0.5) * 2.0**-32)


def test_uniforms_lie_strictly_between_0_and_1_and_are_even():
    u = uniforms(1, np.arange(200_000), 4)
    assert u.min() > 0
    assert u.max() < 1
    counts = np.histogram(u, bins=50, range=(0, 1))[0]
    assert ((counts - 4000) ** 2 / 4000).sum() < 100  # chi-squared, 49 degrees of freedom


def test_exponentials_are_minus_log_of_one_minus_the_uniform():
    ids = np.arange(100_000)
    u = uniforms(3, ids, 20)
    np.testing.assert_allclose(exponentials(3, ids, 20), -np.log1p(-u), rtol=5e-7)


def test_exponentials_are_precise_for_the_rarest_and_the_latest_events():
    x = np.concatenate(
        [
            np.arange(1000),
            2 ** np.arange(32),
            2**31 + np.arange(-500, 500),
            2**32 - 1 - np.arange(1000),
        ]
    ).astype(np.uint32)
    exact = -np.log1p(-(x.astype(np.longdouble) + 0.5) * 2.0**-32)
    found = _exponentials(x)
    assert (found > 0).all()
    np.testing.assert_allclose(found, exact.astype(np.float64), rtol=1e-6)


def test_a_number_depends_on_seed_person_event_and_spell_and_on_nothing_else():
    ids = np.arange(1000, dtype=np.uint64)
    base = exponentials(7, ids, 5)
    assert np.array_equal(base, exponentials(7, ids, 5))
    assert np.array_equal(base[::-1], exponentials(7, ids[::-1], 5))
    assert np.array_equal(base[100:200], exponentials(7, ids[100:200], 5))
    for other in (
        exponentials(8, ids, 5),
        exponentials(7 + 2**32, ids, 5),
        exponentials(7, ids + 1000, 5),
        exponentials(7, ids + 2**32, 5),
        exponentials(7, ids, 6),
        exponentials(7, ids, 5, spell=1),
    ):
        assert not (base == other).any()


def test_a_spell_may_be_given_for_each_person():
    ids = np.arange(100)
    spells = ids % 3
    mixed = uniforms(1, ids, 33, spell=spells)
    for s in range(3):
        chosen = spells == s
        assert np.array_equal(mixed[chosen], uniforms(1, ids, 33, spell=s)[chosen])


def test_events_of_one_person_do_not_go_together():
    table = np.stack([uniforms(11, np.arange(20_000), e) for e in range(24)])
    r = np.corrcoef(table)[np.triu_indices(24, 1)]
    assert np.abs(r).max() < 4.5 / np.sqrt(20_000)


def test_numbers_out_of_range_are_refused_by_name():
    with pytest.raises(ValueError, match="event 4294967360 is out of range"):
        uniforms(1, [1], 64 + 2**32)
    with pytest.raises(ValueError, match="seed -1 is out of range"):
        exponentials(-1, [1], 0)


def test_the_word_inside_a_kernel_is_the_word_outside():
    u = uniforms(9, [42], 34, spell=3)[0]
    inside = _word(np.uint64(9), np.uint64(42), np.uint64(34), np.uint64(3))
    assert (int(inside) + 0.5) / 2**32 == u
