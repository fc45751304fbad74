"""The inner loops of the kernel as vector instructions.

Plain loops over 24 lanes are turned into vectors only in part by the compiler (it unrolls short
loops before it looks for vectors, and cannot see that rows do not overlap); written as LLVM
vectors of 8 they take well under half the time. LLVM makes of these whatever the processor has.
Each has a twin, ``plain_...``, that says the same in ordinary Python, gives the same bits (a test
compares them), and is used instead when the environment has LEFTSHIFT_PLAIN=1.

No multiplication is fused with an addition, so that the bits do not depend on the processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped,unused-ignore]
from numba import types
from numba.core import cgutils

from . import randoms
from .compiling import PLAIN, compiled, in_llvm, inlined

LANES_AT_ONCE = 8
WIDTH = 24
"""Lanes worked on: 20 onsets, death (lane 20) and padding to a multiple of 8."""
DEATH = 20

# Where each vector lies in the one scratch array of a worker.
RESIDUAL = 0
MULTIPLIER = WIDTH
AFTER = 2 * WIDTH
BASE = 3 * WIDTH
FRAILTY = 4 * WIDTH
SCRATCH = 5 * WIDTH

_F = ir.FloatType()
_D = ir.DoubleType()
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_V = ir.VectorType(_F, LANES_AT_ONCE)
_VI = ir.VectorType(_I32, LANES_AT_ONCE)
_VD = ir.VectorType(_D, LANES_AT_ONCE)
_BITS = ir.IntType(LANES_AT_ONCE)
_PARTS = WIDTH // LANES_AT_ONCE
_MASK = 0xFFFFFFFF


def _int(value: int) -> Any:
    return ir.Constant(_I64, value)


def _every(value: float, kind: Any = _V) -> Any:
    return ir.Constant(kind, [value] * LANES_AT_ONCE)


def _data(context: Any, builder: Any, signature: Any, arguments: Any, which: int) -> Any:
    return context.make_array(signature.args[which])(context, builder, arguments[which]).data


def _load(builder: Any, pointer: Any, at: Any, kind: Any = _V) -> Any:
    place = builder.gep(pointer, [at if isinstance(at, ir.Value) else _int(at)])
    size = 8 if kind is _VD else 4
    return builder.load(builder.bitcast(place, kind.as_pointer()), align=size)


def _store(builder: Any, value: Any, pointer: Any, at: Any) -> None:
    place = builder.gep(pointer, [at if isinstance(at, ir.Value) else _int(at)])
    size = 8 if value.type is _VD else 4
    builder.store(value, builder.bitcast(place, value.type.as_pointer()), align=size)


def _spread(builder: Any, scalar: Any, kind: Any) -> Any:
    zero = ir.Constant(ir.IntType(32), 0)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, zero)
    mask = ir.Constant(_VI, [0] * LANES_AT_ONCE)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), mask)


# --- thresholds: a person's first exponentials ---------------------------------------------------

_VQ = ir.VectorType(_I64, LANES_AT_ONCE)


def _times(builder: Any, words: Any, factor: int) -> tuple[Any, Any]:
    """High and low halves of 8 words times a word: one short multiplication each."""
    wide = builder.mul(builder.zext(words, _VQ), ir.Constant(_VQ, [factor] * LANES_AT_ONCE))
    high = builder.lshr(wide, ir.Constant(_VQ, [32] * LANES_AT_ONCE))
    return builder.trunc(high, _VI), builder.trunc(wide, _VI)


def _philox_of_blocks(builder: Any, counter: list[Any], key: list[Any]) -> list[Any]:
    """`randoms.philox` in blocks 0 to 7 at once: four vectors of words."""
    a, b = (_spread(builder, word, _VI) for word in counter)
    c = ir.Constant(_VI, [0] * LANES_AT_ONCE)  # the spell
    d = ir.Constant(_VI, list(range(LANES_AT_ONCE)))  # the block
    weyl = (int(randoms.WEYL_A), int(randoms.WEYL_B))
    for number in range(10):
        x, y = (
            _spread(builder, builder.add(k, ir.Constant(_I32, number * w & _MASK)), _VI)
            for k, w in zip(key, weyl, strict=True)
        )
        high_a, low_a = _times(builder, a, int(randoms.ROUND_A))
        high_c, low_c = _times(builder, c, int(randoms.ROUND_B))
        a = builder.xor(builder.xor(high_c, b), x)
        c = builder.xor(builder.xor(high_a, d), y)
        b, d = low_c, low_a
    return [a, b, c, d]


def _exponential_of_words(builder: Any, x: Any) -> Any:
    """`randoms.exponential` of a vector of words at once."""
    length = x.type.count
    reals = ir.VectorType(_F, length)

    def every(value: Any) -> Any:
        return ir.Constant(reals, [float(value)] * length)

    half, step, one = every(0.5), every(2.0**-32), every(1.0)

    def whole(value: int) -> Any:
        return ir.Constant(x.type, [value] * length)

    u = builder.fmul(builder.fadd(builder.uitofp(x, reals), half), step)
    inverse = builder.xor(x, whole(-1))
    survival = builder.fmul(builder.fadd(builder.uitofp(inverse, reals), half), step)
    lost = builder.fadd(builder.fsub(survival, one), u)
    upper = builder.icmp_signed("<", x, whole(0))
    lost = builder.select(upper, every(0.0), lost)
    bits = builder.bitcast(survival, x.type)
    exponent = builder.ashr(builder.sub(bits, whole(int(randoms.SQRT_HALF_BITS))), whole(23))
    mantissa = builder.bitcast(builder.sub(bits, builder.shl(exponent, whole(23))), reals)
    f = builder.fsub(mantissa, one)
    z = builder.fmul(f, f)
    p = every(randoms.LOG_TERMS[0])
    for term in randoms.LOG_TERMS[1:]:
        p = builder.fadd(builder.fmul(p, f), every(term))
    p = builder.fsub(builder.fmul(builder.fmul(p, f), z), builder.fmul(half, z))
    scaled = builder.fmul(builder.sitofp(exponent, reals), every(randoms.LN2))
    log = builder.fadd(scaled, builder.fadd(f, p))
    return builder.fsub(builder.fdiv(lost, survival), log)


@in_llvm
def _vector_thresholds(typing: Any, seed: Any, person: Any, row: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row_at = _data(context, builder, signature, arguments, 2)

        def halves(value: Any) -> list[Any]:
            high = builder.lshr(value, _int(32))
            return [builder.trunc(value, _I32), builder.trunc(high, _I32)]

        words = _philox_of_blocks(builder, halves(arguments[1]), halves(arguments[0]))

        def shuffle(x: Any, y: Any, places: list[int]) -> Any:
            mask = ir.Constant(ir.VectorType(_I32, len(places)), places)
            return builder.shuffle_vector(x, y, mask)

        # two by two: half as many instructions where vectors of 16 exist
        both = list(range(2 * LANES_AT_ONCE))
        first = _exponential_of_words(builder, shuffle(words[0], words[1], both))
        second = _exponential_of_words(builder, shuffle(words[2], words[3], both))
        for p in range(_PARTS):
            # event e is in word e % 4 of block e // 4
            blocks = (2 * p, 2 * p + 1)
            events = [LANES_AT_ONCE * word + block for block in blocks for word in range(4)]
            _store(builder, shuffle(first, second, events), row_at, 8 * p)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, row), code


@compiled
def plain_thresholds(seed: Any, person: Any, row: Any) -> None:
    """Fill ``row``, float32[WIDTH], with a person's thresholds of events 0 to 23 in spell 0."""
    for event in range(WIDTH):
        row[event] = randoms.exponential(randoms.word(seed, person, event, 0))


# --- years: take hazards off thresholds until something happens ---------------------------------


@in_llvm
def _vector_years(typing: Any, work: Any, hazard: Any, exposure: Any, t: Any, stop: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = [_data(context, builder, signature, arguments, i) for i in range(3)]
        work_at, hazard_at, exposure_at = data
        start, end = arguments[3], arguments[4]
        residual = [_load(builder, work_at, RESIDUAL + 8 * p) for p in range(_PARTS)]
        multiplier = [_load(builder, work_at, MULTIPLIER + 8 * p) for p in range(_PARTS)]
        before = builder.basic_block
        year = builder.append_basic_block("year")
        on = builder.append_basic_block("nothing")
        hit = builder.append_basic_block("something")
        done = builder.append_basic_block("done")
        builder.branch(year)

        builder.position_at_end(year)
        now = builder.phi(_I64)
        left = [builder.phi(_V) for _ in range(_PARTS)]
        row = builder.gep(hazard_at, [builder.mul(now, _int(WIDTH))])
        rate = [builder.fmul(_load(builder, row, 8 * p), multiplier[p]) for p in range(_PARTS)]
        after = [builder.fsub(left[p], rate[p]) for p in range(_PARTS)]
        lane = ir.Constant(ir.IntType(32), DEATH % LANES_AT_ONCE)
        deadly = builder.extract_element(rate[DEATH // LANES_AT_ONCE], lane)
        builder.store(deadly, builder.gep(exposure_at, [now]), align=4)
        signs = builder.bitcast(after[0], _VI)
        for part in after[1:]:
            signs = builder.or_(signs, builder.bitcast(part, _VI))
        negative = builder.icmp_signed("<", signs, ir.Constant(_VI, [0] * LANES_AT_ONCE))
        any_negative = builder.icmp_unsigned(
            "!=", builder.bitcast(negative, _BITS), ir.Constant(_BITS, 0)
        )
        builder.cbranch(any_negative, hit, on)

        builder.position_at_end(on)
        following = builder.add(now, _int(1))
        builder.cbranch(builder.icmp_signed("<", following, end), year, done)
        now.add_incoming(start, before)
        now.add_incoming(following, on)
        for p in range(_PARTS):
            left[p].add_incoming(residual[p], before)
            left[p].add_incoming(after[p], on)

        builder.position_at_end(hit)
        for p in range(_PARTS):
            _store(builder, after[p], work_at, AFTER + 8 * p)
        happened = builder.sub(_int(-1), now)
        builder.branch(done)

        builder.position_at_end(done)
        result = builder.phi(_I64)
        result.add_incoming(following, on)
        result.add_incoming(happened, hit)
        final = [builder.phi(_V) for _ in range(_PARTS)]
        for p in range(_PARTS):
            final[p].add_incoming(after[p], on)
            final[p].add_incoming(left[p], hit)
        for p in range(_PARTS):
            _store(builder, final[p], work_at, RESIDUAL + 8 * p)
        return result

    return types.int64(work, hazard, exposure, types.int64, types.int64), code


@compiled
def plain_years(work: Any, hazard: Any, exposure: Any, t: Any, stop: Any) -> Any:
    """Take each year's hazards off the thresholds, from step ``t``, which is before ``stop``.

    Args:
        work: The person's vectors, float32[SCRATCH]: thresholds at RESIDUAL, multipliers at
            MULTIPLIER; after an event the thresholds as they were before the year stay at
            RESIDUAL and those after it are at AFTER.
        hazard: float32[T, WIDTH].
        exposure: float32[T or more]: gets each year's hazard of death.
        t: First step.
        stop: Step to stop before.

    Returns:
        ``stop`` when nothing happened, else -1 - the step in which something did.
    """
    for step in range(t, stop):
        signs = np.int32(0)
        for k in range(WIDTH):
            rate = hazard[step, k] * work[MULTIPLIER + k]
            left = work[RESIDUAL + k] - rate
            work[AFTER + k] = left
            if k == DEATH:
                exposure[step] = rate
            signs |= np.float32(left).view(np.int32)
        if signs < 0:
            return -1 - step
        for k in range(WIDTH):
            work[RESIDUAL + k] = work[AFTER + k]
    return stop


@in_llvm
def _vector_passed(typing: Any, work: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        work_at = _data(context, builder, signature, arguments, 0)
        bits = _int(0)
        for p in range(_PARTS):
            after = _load(builder, work_at, AFTER + 8 * p)
            negative = builder.bitcast(builder.fcmp_ordered("<", after, _every(0.0)), _BITS)
            bits = builder.or_(bits, builder.shl(builder.zext(negative, _I64), _int(8 * p)))
        return builder.and_(bits, _int((1 << DEATH) - 1))

    return types.int64(work), code


@compiled
def plain_passed(work: Any) -> Any:
    """The conditions whose thresholds were passed, as bits of an int64."""
    bits = np.int64(0)
    for k in range(DEATH):
        bits |= np.int64(work[AFTER + k] < np.float32(0.0)) << k
    return bits


# --- scale and combine: multipliers ---------------------------------------------------------------


@in_llvm
def _vector_scale(typing: Any, work: Any, source: Any, row: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        work_at = _data(context, builder, signature, arguments, 0)
        row_at = _data(context, builder, signature, arguments, 2)
        origin = builder.gep(work_at, [arguments[1]])
        parts = [
            builder.fmul(_load(builder, origin, 8 * p), _load(builder, row_at, 8 * p))
            for p in range(_PARTS)
        ]
        for p in range(_PARTS):
            _store(builder, parts[p], work_at, BASE + 8 * p)
        return context.get_dummy_value()

    return types.void(work, types.int64, row), code


@compiled
def plain_scale(work: Any, source: Any, row: Any) -> None:
    """Set the vector at BASE to that at ``source`` times a row."""
    for k in range(WIDTH):
        work[BASE + k] = work[source + k] * row[k]


@in_llvm
def _vector_combine(typing: Any, work: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = [_data(context, builder, signature, arguments, i) for i in range(5)]
        out = []
        for p in range(_PARTS):
            x = [_load(builder, at[i], 8 * p) for i in range(1, 5)]
            pairs = builder.fmul(builder.fmul(x[0], x[1]), builder.fmul(x[2], x[3]))
            out.append(builder.fmul(_load(builder, at[0], BASE + 8 * p), pairs))
        for p in range(_PARTS):
            _store(builder, out[p], at[0], MULTIPLIER + 8 * p)
        return context.get_dummy_value()

    return types.void(work, a, b, c, d), code


@compiled
def plain_combine(work: Any, a: Any, b: Any, c: Any, d: Any) -> None:
    """Set the multipliers to their base times four rows."""
    for k in range(WIDTH):
        work[MULTIPLIER + k] = work[BASE + k] * ((a[k] * b[k]) * (c[k] * d[k]))


# --- chances: expected deaths --------------------------------------------------------------------


@in_llvm
def _vector_chances(
    typing: Any, exposure: Any, into: Any, weight: Any, first: Any, end: Any
) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        exposure_at = _data(context, builder, signature, arguments, 0)
        into_at = _data(context, builder, signature, arguments, 1)
        w = _spread(builder, arguments[2], _V)
        begin = builder.and_(arguments[3], _int(-LANES_AT_ONCE))
        loop = cgutils.for_range_slice(
            builder, begin, arguments[4], _int(LANES_AT_ONCE), intp=_I64, inc=True
        )
        with loop as (at, _):
            x = _load(builder, exposure_at, at)
            high = _every(16.0)
            x = builder.select(builder.fcmp_ordered("<", x, high), x, high)
            y = builder.fmul(x, _every(0.25))
            z = builder.fmul(y, y)
            n = builder.fadd(_every(120.0), builder.fmul(_every(12.0), z))
            d = builder.fmul(y, builder.fadd(_every(60.0), z))
            a = builder.fdiv(builder.fadd(d, d), builder.fadd(n, d))
            a = builder.fmul(a, builder.fsub(_every(2.0), a))
            a = builder.fmul(a, builder.fsub(_every(2.0), a))
            died = builder.fpext(builder.fmul(w, a), _VD)
            _store(builder, builder.fadd(_load(builder, into_at, at, _VD), died), into_at, at)
            _store(builder, _every(0.0), exposure_at, at)
        return context.get_dummy_value()

    return types.void(exposure, into, types.float32, types.int64, types.int64), code


@compiled
def plain_chances(exposure: Any, into: Any, weight: Any, first: Any, end: Any) -> None:
    """Add ``weight * (1 - exp(-x))`` for the exposures of steps from ``first`` to before ``end``.

    A Pade form of a quarter of x, doubled twice: right to 1e-5 for every x. Exposures outside the
    steps are 0 and contribute nothing; all are 0 afterwards.
    """
    for t in range(first & -LANES_AT_ONCE, (end + LANES_AT_ONCE - 1) & -LANES_AT_ONCE):
        x = exposure[t]
        y = (x if x < np.float32(16.0) else np.float32(16.0)) * np.float32(0.25)
        z = y * y
        n = np.float32(120.0) + np.float32(12.0) * z
        d = y * (np.float32(60.0) + z)
        a = (d + d) / (n + d)
        a = a * (np.float32(2.0) - a)
        a = a * (np.float32(2.0) - a)
        into[t] += np.float64(weight * a)
        exposure[t] = np.float32(0.0)


@inlined
def vector_thresholds(seed: Any, person: Any, row: Any) -> None:
    """`plain_thresholds` in vectors."""
    _vector_thresholds(seed, person, row)


@inlined
def vector_years(work: Any, hazard: Any, exposure: Any, t: Any, stop: Any) -> Any:
    """`plain_years` in vectors."""
    return _vector_years(work, hazard, exposure, t, stop)


@inlined
def vector_passed(work: Any) -> Any:
    """`plain_passed` in vectors."""
    return _vector_passed(work)


@inlined
def vector_scale(work: Any, source: Any, row: Any) -> None:
    """`plain_scale` in vectors."""
    _vector_scale(work, source, row)


@inlined
def vector_combine(work: Any, a: Any, b: Any, c: Any, d: Any) -> None:
    """`plain_combine` in vectors."""
    _vector_combine(work, a, b, c, d)


@inlined
def vector_chances(exposure: Any, into: Any, weight: Any, first: Any, end: Any) -> None:
    """`plain_chances` in vectors."""
    _vector_chances(exposure, into, weight, first, end)


thresholds = plain_thresholds if PLAIN else vector_thresholds
years = plain_years if PLAIN else vector_years
passed = plain_passed if PLAIN else vector_passed
scale = plain_scale if PLAIN else vector_scale
combine = plain_combine if PLAIN else vector_combine
chances = plain_chances if PLAIN else vector_chances


# --- bits ----------------------------------------------------------------------------------------


@in_llvm
def lowest_bit(typing: Any, bits: Any) -> Any:
    """Place of the lowest bit set in an int64 that is not 0."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code


@in_llvm
def count_bits(typing: Any, bits: Any) -> Any:
    """Number of bits set in an int64."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), code
