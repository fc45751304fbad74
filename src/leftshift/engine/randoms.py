"""Random numbers that belong to a person and an event, never to a year, an arm or a thread.

Every random number in Leftshift's simulations is one 32-bit word of Philox4x32-10, the
counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
1, 2, 3" (SC 2011). Nothing is kept between calls: the word is a pure function of

- the key, ``(seed_low, seed_high)``: the run's seed;
- the counter, ``(id_low, id_high, spell, block)``: the person, the episode and the event.

Event ``e`` lives in word ``e % 4`` of block ``e // 4``:

===========  ==============================================================
event        meaning
===========  ==============================================================
0 to 19      onset of condition ``e``; its spell is the episode's number
20           death
32 + j       remission of condition ``j``; its spell is the episode's number
63           leaving the area
64 + key     being reached by the action with that key (``actions.py``)
===========  ==============================================================

Episodes are numbered from 0. An episode already under way when a person enters is episode 0, and
after a remission the next onset (and its remission) is one episode later. So adding a person, an
arm, a year or a thread shifts nobody else's numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import uint32, uint64

from .compiling import compiled, inlined

DEATH = 20
"""Event of dying."""
REMISSION = 32
"""Event of the remission of condition 0; condition ``j`` has ``REMISSION + j``."""
LEAVING = 63
"""Event of leaving the area."""
ACTION_EVENT = 64
"""Event of being reached by the action with key 0; an action's is ``ACTION_EVENT + key``."""
KEYS = 2**32
"""Keys that actions can have."""
EVENTS = ACTION_EVENT + KEYS
"""Events that one person and episode can have."""

ROUND_A = np.uint64(0xD2511F53)
ROUND_B = np.uint64(0xCD9E8D57)
WEYL_A = np.uint64(0x9E3779B9)
WEYL_B = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)

_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_STEP = np.float32(2.0**-32)
LN2 = np.float32(0.69314718)
# Cephes single-precision logarithm on [sqrt(1/2), sqrt(2)), highest power first.
P8 = np.float32(7.0376836292e-2)
P7 = np.float32(-1.1514610310e-1)
P6 = np.float32(1.1676998740e-1)
P5 = np.float32(-1.2420140846e-1)
P4 = np.float32(1.4249322787e-1)
P3 = np.float32(-1.6668057665e-1)
P2 = np.float32(2.0000714765e-1)
P1 = np.float32(-2.4999993993e-1)
P0 = np.float32(3.3333331174e-1)
LOG_TERMS = (P8, P7, P6, P5, P4, P3, P2, P1, P0)
SQRT_HALF_BITS = np.int32(0x3F3504F3)
_MANTISSA = np.int32(23)
_UPPER_HALF = np.uint32(0x80000000)
_ALL_ONES = np.uint32(0xFFFFFFFF)


@inlined
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Four 32-bit words of Philox4x32-10.

    Args:
        c0: Counter word 0 (the person's identity, low half), as are ``c1`` (high half), ``c2``
            (spell) and ``c3`` (block): integers below 2**32.
        c1: Counter word 1.
        c2: Counter word 2.
        c3: Counter word 3.
        k0: Key word 0 (the seed, low half).
        k1: Key word 1 (the seed, high half).

    Returns:
        A tuple of four uint64, each below 2**32.
    """
    # Held in 64 bits: the products need them, and compilers then vectorise over blocks.
    a = uint64(c0)
    b = uint64(c1)
    c = uint64(c2)
    d = uint64(c3)
    x = uint64(k0)
    y = uint64(k1)
    for _ in range(10):
        p = (a & _LOW) * ROUND_A
        q = (c & _LOW) * ROUND_B
        a = (q >> _32) ^ b ^ x
        b = q & _LOW
        c = (p >> _32) ^ d ^ y
        d = p & _LOW
        x = (x + WEYL_A) & _LOW
        y = (y + WEYL_B) & _LOW
    return a, b, c, d


@inlined
def exponential(x: Any) -> Any:
    """A uint32 turned into a unit exponential, float32, by inversion.

    With ``u = (x + 1/2) / 2**32`` the result is ``-log(1 - u)``, to a relative precision of about
    3e-7 everywhere: near 0, where rare events live, and out to the largest value (22.9).
    No branch and no library call, so that a loop over it becomes vector instructions.

    Args:
        x: The random word, uint32.

    Returns:
        A float32 above 0.
    """
    u = (np.float32(x) + _HALF) * _STEP
    survival = (np.float32(uint32(x ^ _ALL_ONES)) + _HALF) * _STEP
    # What rounding `survival` to float32 has lost; matters (and is exact) only while u < 1/2.
    lost = (survival - _ONE) + u if x < _UPPER_HALF else np.float32(0.0)
    bits = np.float32(survival).view(np.int32)
    exponent = np.int32(np.int32(bits - SQRT_HALF_BITS) >> _MANTISSA)
    mantissa = np.int32(bits - (exponent << _MANTISSA)).view(np.float32)
    f = mantissa - _ONE
    z = f * f
    p = P8 * f + P7
    p = p * f + P6
    p = p * f + P5
    p = p * f + P4
    p = p * f + P3
    p = p * f + P2
    p = p * f + P1
    p = p * f + P0
    log = np.float32(exponent) * LN2 + (f + (p * f * z - _HALF * z))
    return lost / survival - log


@inlined
def word(seed: Any, person: Any, event: Any, spell: Any) -> Any:
    """The 32-bit word of one person, event and spell.

    Args:
        seed: The run's seed, uint64.
        person: The person's identity, uint64.
        event: 0 to EVENTS - 1.
        spell: The episode's number, from 0.

    Returns:
        A uint32.
    """
    a, b, c, d = philox(
        uint64(person) & _LOW,
        uint64(person) >> _32,
        uint64(spell),
        uint64(event) >> uint64(2),
        uint64(seed) & _LOW,
        uint64(seed) >> _32,
    )
    which = uint64(event) & uint64(3)
    if which == uint64(0):
        return uint32(a)
    if which == uint64(1):
        return uint32(b)
    if which == uint64(2):
        return uint32(c)
    return uint32(d)


@compiled
def _fill_uniforms(seed: Any, ids: Any, event: Any, spells: Any, out: Any) -> None:
    for i in range(ids.size):
        x = word(seed, ids[i], event, spells[i])
        out[i] = (np.float64(x) + 0.5) * 2.0**-32


@compiled
def _fill_exponentials(seed: Any, ids: Any, event: Any, spells: Any, out: Any) -> None:
    for i in range(ids.size):
        out[i] = exponential(word(seed, ids[i], event, spells[i]))


def _prepare(
    seed: int, ids: npt.ArrayLike, event: int, spell: npt.ArrayLike
) -> tuple[np.uint64, npt.NDArray[np.uint64], np.uint64, npt.NDArray[np.uint32]]:
    if not 0 <= int(seed) < 2**64:
        raise ValueError(f"seed {seed} is out of range: it must be from 0 to 2**64 - 1")
    if not 0 <= int(event) < EVENTS:
        raise ValueError(f"event {event} is out of range: it must be from 0 to {EVENTS - 1}")
    people = np.ascontiguousarray(ids, dtype=np.uint64)
    # A broadcast view costs nothing: one spell for all is not copied out n times.
    spells = np.broadcast_to(np.asarray(spell, dtype=np.uint32), people.shape)
    return np.uint64(seed), people, np.uint64(event), spells


def uniforms(
    seed: int, ids: npt.ArrayLike, event: int, spell: npt.ArrayLike = 0
) -> npt.NDArray[np.float64]:
    """Uniform numbers in (0, 1) for many people and one event.

    Args:
        seed: The run's seed, 0 to 2**64 - 1.
        ids: Identities, uint64[n].
        event: 0 to EVENTS - 1 (see the table at the head of this module).
        spell: The episode's number, one for all or uint32[n].

    Returns:
        float64[n], never 0 and never 1.

    Raises:
        ValueError: The seed or the event is out of range.
    """
    key, people, which, spells = _prepare(seed, ids, event, spell)
    out = np.empty(people.shape, dtype=np.float64)
    _fill_uniforms(key, people.ravel(), which, spells.ravel(), out.reshape(-1))
    return out


def exponentials(
    seed: int, ids: npt.ArrayLike, event: int, spell: npt.ArrayLike = 0
) -> npt.NDArray[np.float32]:
    """Unit exponential thresholds for many people and one event: the very ones the engine uses.

    Args:
        seed: The run's seed, 0 to 2**64 - 1.
        ids: Identities, uint64[n].
        event: 0 to EVENTS - 1 (see the table at the head of this module).
        spell: The episode's number, one for all or uint32[n].

    Returns:
        float32[n], above 0.

    Raises:
        ValueError: The seed or the event is out of range.
    """
    key, people, which, spells = _prepare(seed, ids, event, spell)
    out = np.empty(people.shape, dtype=np.float32)
    _fill_exponentials(key, people.ravel(), which, spells.ravel(), out.reshape(-1))
    return out
