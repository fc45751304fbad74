"""What arrays may be: checks that name the array and the first cell at fault."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class EngineError(Exception):
    """Arrays that the engine cannot take: the message says which, where and what is allowed."""


def demand(right: bool, message: str) -> None:
    """Raise an EngineError with the message unless all is right."""
    if not right:
        raise EngineError(message)


def shaped(name: str, array: npt.NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    """The array has this shape; None stands for any length."""
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    wanted = ", ".join("any" if want is None else str(want) for want in shape)
    demand(fits, f"{name} has shape {array.shape}: it must be ({wanted})")


def typed(name: str, array: object, *kinds: type[np.generic]) -> None:
    """An array, of one of these types."""
    have = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
    allowed = " or ".join(np.dtype(kind).name for kind in kinds)
    right = isinstance(array, np.ndarray) and any(array.dtype == kind for kind in kinds)
    demand(right, f"{name} is {have}: it must be an array of {allowed}")


def first(wrong: npt.NDArray[np.bool_]) -> int:
    """Place of the first that is wrong."""
    return int(np.argmax(wrong))


def within(name: str, array: npt.NDArray[np.generic], low: float, high: float) -> None:
    """All finite and from low to high; says where the first wrong one is."""
    if array.size == 0:
        return
    # min and max see NaN as NaN, so this is right without a temporary of the array's size
    least, most = array.min(), array.max()
    if low <= least and most <= high:
        return
    flat = array.reshape(-1)
    at = first(~((flat >= low) & (flat <= high)))  # type: ignore[operator]
    where = ", ".join(str(int(i)) for i in np.unravel_index(at, array.shape))
    raise EngineError(f"{name}[{where}] is {flat[at]}: it must be from {low:g} to {high:g}")
