"""Handing out states: which particle each person of the base population takes after."""

from __future__ import annotations

import numpy as np

from .compiling import allocating
from .ladder_lanes import COMBINATIONS, GROUP, GROUPS

KEY_BITS = 11
"""Bits of the key that orders particles when states are handed out."""


@allocating
def order_alike(
    state: np.ndarray,
    who: np.ndarray,
    rank: np.ndarray,
    prevalence: np.ndarray,
    key: np.ndarray,
    start: np.ndarray,
    order: np.ndarray,
) -> None:
    """Order particles so that neighbours are alike: by the commonest conditions, then frailty.

    Conditions are taken by variance of their prevalence, in reflected (Gray) order so that
    neighbours differ in one of them; frailty fills the bits they leave. A systematic pick over
    this order has every particle's chance equal, and prevalence nearer than binomial.
    """
    n = len(state)
    conditions = len(prevalence)
    place = np.zeros(GROUPS * GROUP, np.uint32)
    taken = np.zeros(conditions, np.bool_)
    bits = 0
    for _ in range(8):
        best = -1
        size = 0.01
        for c in range(conditions):
            variance = prevalence[c] * (1.0 - prevalence[c])
            if not taken[c] and variance > size:
                best = c
                size = variance
        if best < 0:
            break
        taken[best] = True
        place[best] = np.uint32(1 << (KEY_BITS - 1 - bits))
        bits += 1
    lookup = np.zeros((GROUPS, COMBINATIONS), np.uint32)
    for group in range(GROUPS):
        for held in range(COMBINATIONS):
            for j in range(GROUP):
                if (held >> j) & 1:
                    lookup[group, held] |= place[group * GROUP + j]
    spare = KEY_BITS - bits
    low = np.uint32((1 << spare) - 1)
    start[:] = 0
    for i in range(n):
        s = np.uint64(state[i])
        k = (
            lookup[0, s & np.uint64(31)]
            | lookup[1, (s >> np.uint64(5)) & np.uint64(31)]
            | lookup[2, (s >> np.uint64(10)) & np.uint64(31)]
            | lookup[3, (s >> np.uint64(15)) & np.uint64(31)]
        ) >> np.uint32(spare)
        k ^= k >> np.uint32(1)
        k ^= k >> np.uint32(2)
        k ^= k >> np.uint32(4)
        part = np.uint32(rank[who[i]]) >> np.uint32(bits)
        if k & np.uint32(1):
            part = low - part
        whole = (k << np.uint32(spare)) | part
        key[i] = whole
        start[whole + np.uint32(1)] += 1
    for k in range(1, len(start)):
        start[k] += start[k - 1]
    for i in range(n):
        k = key[i]
        order[start[k]] = i
        start[k] += 1


@allocating
def hand_out(
    order: np.ndarray,
    n: int,
    wanted: int,
    offset: float,
    first: int,
    state: np.ndarray,
    since: np.ndarray,
    who: np.ndarray,
    frailty: np.ndarray,
    levels: np.ndarray,
    out_state: np.ndarray,
    out_since: np.ndarray,
    out_frailty: np.ndarray,
    out_levels: np.ndarray,
) -> None:
    """Write the states of `wanted` people from `first` on, evenly spread over `order`.

    Neighbouring people are far apart in the order (a stride near the golden section), so that any
    run of them, such as one place's, is representative too.
    """
    stride = max(1, int(wanted * 0.6180339887498949))
    while True:
        a = stride
        b = wanted
        while b:
            a, b = b, a % b
        if a == 1:
            break
        stride += 1
    step = n / wanted
    # Not person 0 at every age: that is always someone of the first place, and `order` begins with
    # the fewest conditions.
    at = min(int(offset * wanted), wanted - 1)
    remits = out_since.shape[1]
    for j in range(wanted):
        i = order[min(int((j + offset) * step), n - 1)]
        person = first + at
        at += stride
        at -= wanted if at >= wanted else 0
        out_state[person] = state[i]
        for r in range(remits):
            out_since[person, r] = (since[i, r >> 3] >> np.uint64(8 * (r & 7))) & np.uint64(255)
        out_frailty[person] = frailty[who[i]]
        for f in range(out_levels.shape[1]):
            out_levels[person, f] = levels[who[i], f]
