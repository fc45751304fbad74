"""Vector lanes for the life course: products of multipliers, chances and their sums.

A particle's onset multipliers are one row of float32 lanes, a product of table rows (four groups
of five conditions, one row per risk factor). A group's row is zero in the lane of a condition
that it holds, so people who are not at risk drop out of every sum without a mask.

Numba gives no way to say that arrays do not overlap, and LLVM then spends longer checking than
multiplying: `multiply_rows`, `add_where` and `reached` say it with vector types (multiplying was
measured 3.5 times faster than in plain loops). `multiply_rows_plain`, `add_where_plain` and
`reached_plain` are the same in plain Python, which the tests hold them to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped,unused-ignore]
from numba import types
from numba.extending import intrinsic as _intrinsic

from .compiling import allocating

intrinsic: Any = _intrinsic  # its type counts the typing context as an argument

LANES = 32
"""Floats in a table row."""

WIDTH = 24
"""Lanes worked on: 20 onsets, death, and padding up to a whole number of vectors."""

DEATH = 20
"""Lane of death."""

GROUPS = 4
GROUP = 5
COMBINATIONS = 1 << GROUP
RISK_ROW = GROUPS * COMBINATIONS
"""First table row of the risk factors; the condition groups come before."""

FACTORS = 5
"""Risk factors multiplied inside `multiply_rows`; further ones take a plain loop."""

BLOCK = 64
"""Particles per block: their multipliers stay in the first-level cache."""

ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_C2 = np.float32(-1.0 / 2.0)  # the series of 1 - exp(-y)
_C3 = np.float32(1.0 / 6.0)
_C4 = np.float32(-1.0 / 24.0)
_C5 = np.float32(1.0 / 120.0)
EIGHTH = np.float32(1.0 / 8.0)
_MOST = np.float32(2.0)  # an eighth of 16, where 1 - exp(-16) is 1 in float32
ZERO = np.float32(0.0)

_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
# What is carried from one particle to the next is kept in vectors of a power of two: LLVM takes
# others apart, lane by lane, wherever they cross from one turn of a loop to the next.
_EIGHT = ir.VectorType(ir.FloatType(), 8)
_I64 = ir.IntType(64)


def _row_pointer(
    context: Any, builder: Any, array_type: Any, array: Any, row: Any, length: int = LANES
) -> Any:
    """Address of a row of `length` float32 as a pointer to a vector of WIDTH."""
    data = builder.ptrtoint(context.make_array(array_type)(context, builder, array).data, _I64)
    wide = builder.zext(row, _I64) if row.type.width < 64 else row
    offset = builder.mul(wide, ir.Constant(_I64, length * 4))
    return builder.inttoptr(builder.add(data, offset), _VECTOR.as_pointer())


def _part(builder: Any, pointer: Any, part: int) -> Any:
    """Address of the eight lanes from 8 * part on."""
    eights = builder.bitcast(pointer, _EIGHT.as_pointer())
    return builder.gep(eights, [ir.Constant(_I64, part)])


def _load(builder: Any, pointer: Any) -> Any:
    value = builder.load(pointer)
    value.align = 4
    return value


@intrinsic  # type: ignore[untyped-decorator]
def multiply_rows(typingctx: Any, out: Any, row: Any, table: Any, rows: Any, scale: Any) -> Any:
    """Set out[row] = scale * product of table[r, :WIDTH] for r in rows; out is [n, WIDTH]."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out_type, _, table_type, rows_type, _ = signature.args
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(undefined, args[4], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        product = builder.shuffle_vector(first, undefined, zeros)
        for k in range(rows_type.count):
            index = builder.extract_value(args[3], k)
            pointer = _row_pointer(context, builder, table_type, args[2], index)
            product = builder.fmul(product, _load(builder, pointer))
        into = _row_pointer(context, builder, out_type, args[0], args[1], WIDTH)
        store = builder.store(product, into)
        store.align = 4
        return context.get_dummy_value()

    return types.void(out, row, table, rows, scale), codegen


@intrinsic  # type: ignore[untyped-decorator]
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c in float32, rounded once on every machine."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float32(types.float32, types.float32, types.float32), codegen


@intrinsic  # type: ignore[untyped-decorator]
def reached(typingctx: Any, lanes: Any, row: Any) -> Any:
    """Bits of the lanes of lanes[row, :WIDTH] that have reached one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], args[0], args[1])
        ones = ir.Constant(_EIGHT, [1.0] * 8)
        bits = ir.Constant(ir.IntType(32), 0)
        for part in range(WIDTH // 8):
            # As wide as they have just been stored: a wider load would wait for two stores to
            # reach the cache, which took a ninth of the life course's time.
            values = _load(builder, _part(builder, pointer, part))
            mask = builder.bitcast(builder.fcmp_ordered(">=", values, ones), ir.IntType(8))
            wide = builder.zext(mask, ir.IntType(32))
            bits = builder.or_(bits, builder.shl(wide, ir.Constant(ir.IntType(32), 8 * part)))
        return bits

    return types.uint32(lanes, row), codegen


@intrinsic  # type: ignore[untyped-decorator]
def add_where(typingctx: Any, sums: Any, row: Any, bits: Any, amount: Any) -> Any:
    """Add amount to sums[row, l] in every lane l of WIDTH whose bit is set."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], args[0], args[1])
        undefined = ir.Constant(_EIGHT, ir.Undefined)
        first = builder.insert_element(undefined, args[3], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
        amount_ = builder.shuffle_vector(first, undefined, zeros)
        none = ir.Constant(_EIGHT, [0.0] * 8)
        for part in range(WIDTH // 8):
            bits_here = builder.lshr(args[2], ir.Constant(args[2].type, 8 * part))
            narrow = builder.trunc(bits_here, ir.IntType(8))
            mask = builder.bitcast(narrow, ir.VectorType(ir.IntType(1), 8))
            lanes = _part(builder, pointer, part)
            added = builder.fadd(_load(builder, lanes), builder.select(mask, amount_, none))
            store = builder.store(added, lanes)
            store.align = 4
        return context.get_dummy_value()

    return types.void(sums, row, bits, amount), codegen


def multiply_rows_plain(
    out: np.ndarray, row: int, table: np.ndarray, rows: tuple[int, ...], scale: float
) -> None:
    """The same as `multiply_rows`, in NumPy: what the vector version is tested against."""
    out[row, :WIDTH] = np.float32(scale)
    for r in rows:
        out[row, :WIDTH] *= table[r, :WIDTH]


def add_where_plain(sums: np.ndarray, row: int, bits: int, amount: float) -> None:
    """The same as `add_where`, in plain Python."""
    for lane in range(WIDTH):
        if (bits >> lane) & 1:
            sums[row, lane] += np.float32(amount)


def reached_plain(lanes: np.ndarray) -> int:
    """The same as `reached`, in plain Python."""
    return sum(1 << lane for lane in range(WIDTH) if lanes[lane] >= 1.0)


@allocating
def chance(eighth: np.float32) -> np.float32:
    """1 - exp(-8 eighth) for eighth >= 0, in float32, to 1e-5 and, near 0, to 1e-6 of itself.

    A short series, then three times the doubling 1-exp(-2y) = q(2-q) with q = 1-exp(-y): products
    only, so that it runs in vector lanes without a call or a conversion. Taking an eighth of the
    hazard spares every lane a multiplication.
    """
    y = min(eighth, _MOST)
    q = fma(y, fma(y, fma(y, fma(y, _C5, _C4), _C3), _C2), ONE) * y
    q = q * (_TWO - q)
    q = q * (_TWO - q)
    result: np.float32 = q * (_TWO - q)
    return result


@allocating
def next_bits(stream: np.ndarray) -> np.uint64:
    """Next 64 random bits (SplitMix64: Steele, Lea and Flood 2014; a mixed counter)."""
    stream[0] += np.uint64(0x9E3779B97F4A7C15)
    z = stream[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits: np.uint64 = z ^ (z >> np.uint64(31))
    return bits


@allocating
def uniform(stream: np.ndarray) -> float:
    """Next uniform number in [0, 1)."""
    return np.float64(next_bits(stream) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@allocating
def condition_rows(ratio: np.ndarray) -> np.ndarray:
    """Products of hazard ratios for every combination of a group of five conditions.

    Args:
        ratio: float32[B, C, 32], hazard ratio of having condition c on lane l in band b.

    Returns:
        float32[B, 128, 32]. A row is zero in the lanes of the conditions it holds (they are not
        at risk) and, in the first group, in lanes without an onset other than death.
    """
    bands, conditions, _ = ratio.shape
    rows = np.ones((bands, RISK_ROW, LANES), np.float32)
    for band in range(bands):
        for group in range(GROUPS):
            for held in range(COMBINATIONS):
                row = rows[band, group * COMBINATIONS + held]
                for j in range(GROUP):
                    condition = group * GROUP + j
                    if condition < conditions and (held >> j) & 1:
                        for lane in range(LANES):
                            row[lane] *= ratio[band, condition, lane]
                for j in range(GROUP):
                    if (held >> j) & 1:
                        row[group * GROUP + j] = ZERO
                if group == 0:
                    for lane in range(conditions, LANES):
                        if lane != DEATH:
                            row[lane] = ZERO
    return rows


@allocating
def moments(
    multiplier: np.ndarray,
    first: int,
    last: int,
    eighth: np.ndarray,
    part: np.ndarray,
    total: np.ndarray,
) -> None:
    """Add sums over particles of p, m(1-p) and m^2(1-p) to total[3, lanes].

    p = 1-exp(-lam m), m the multipliers of particles first..last-1, eighth = lam / 8.
    """
    part[:] = ZERO
    for i in range(first, last):
        row = multiplier[i]
        for lane in range(WIDTH):
            m = row[lane]
            p = chance(m * eighth[lane])
            left = fma(-m, p, m)
            part[0, lane] += p
            part[1, lane] += left
            part[2, lane] = fma(m, left, part[2, lane])
    for j in range(3):
        for lane in range(WIDTH):
            total[j, lane] += part[j, lane]


@allocating
def step_to(need: float, s0: float, s1: float, s2: float) -> tuple[float, float]:
    """Change of hazard that brings the sum of probabilities from s0 to need, and its error.

    The sum's slope is taken to fall exponentially, which matches two derivatives; the error is the
    share of `need` by which the third could move it.
    """
    if s1 <= 0.0:
        return 0.0, 0.0
    bend = s2 / s1
    reach = bend * (need - s0) / s1
    if reach > 0.7:
        return 1.0 / bend, 1.0
    if reach < -2.0:
        return -1.1 / bend, 1.0
    if abs(reach) < 1e-9:
        return (need - s0) / s1, 0.0
    change = -np.log1p(-reach) / bend
    return change, abs(change * s1) * (bend * change) ** 2 / (3.0 * max(need, 1e-12))


@allocating
def death_sums(multiplier: np.ndarray, x: float, part: np.ndarray) -> tuple[float, float, float]:
    """Sums of p, h(1-p) and h^2(1-p) over death multipliers h, p = 1-exp(-x h)."""
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    scale = np.float32(x) * EIGHTH
    step = LANES * BLOCK
    for block in range(0, len(multiplier), step):
        part[:] = ZERO
        for first in range(block, min(len(multiplier), block + step), LANES):
            row = multiplier[first : first + LANES]
            for lane in range(LANES):
                h = row[lane]
                p = chance(h * scale)
                left = h - h * p
                part[0, lane] += p
                part[1, lane] += left
                part[2, lane] += h * left
        for lane in range(LANES):
            s0 += part[0, lane]
            s1 += part[1, lane]
            s2 += part[2, lane]
    return s0, s1, s2


@allocating
def weigh(death_multiplier: np.ndarray, x: float, died: np.ndarray) -> None:
    """Probability of death of every particle, 1-exp(-x h)."""
    scale = np.float32(x) * EIGHTH
    for i in range(len(died)):
        died[i] = chance(death_multiplier[i] * scale)
