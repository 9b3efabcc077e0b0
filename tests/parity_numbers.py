"""Reference numbers of the authors' code in float64: inputs and outputs, no code of theirs.

They lie in ``fixtures/parity/`` (its README says what each array is), or where ``$DRASCLR_FIXTURES`` says. The weights
of the authors' encoders were drawn by PyTorch's Mersenne Twister from a seed, so that files here hold the seed and the
place in its stream (``drawn.<name>``) instead of two million numbers. ``python tests/parity_numbers.py FOLDER`` makes
them from whole files.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).with_name("fixtures") / "parity"
NAMES = ("condconv3d", "encoder", "drasclr_world1", "drasclr_world2_shufflebn", "image_volume")
_SEEDS = {"encoder": 22, "drasclr_world1": 33, "drasclr_world2_shufflebn": 44}


def numbers(name: str) -> dict[str, np.ndarray]:
    """Returns the arrays of one file, all of them whole."""
    with np.load(Path(os.environ.get("DRASCLR_FIXTURES") or HERE) / f"{name}.npz") as arrays:
        found = {key: arrays[key] for key in arrays.files}
    drawn = {key: value for key, value in found.items() if key.startswith("drawn.")}
    if not drawn:
        return found
    count = max(offset + np.prod(shape) for _, offset, *shape in drawn.values())
    stream = uniform(next(iter(drawn.values()))[0], count)
    weights = {
        key.removeprefix("drawn."): _weight(stream[offset:], shape) for key, (_, offset, *shape) in drawn.items()
    }
    return {key: value for key, value in found.items() if key not in drawn} | weights


def uniform(seed: int, count: int) -> np.ndarray:
    """Returns the first numbers in [0, 1) that ``torch.rand`` gives in float64 after ``manual_seed(seed)``.

    NumPy promises that its `RandomState` never changes; each number takes the low 53 of 64 bits.
    """
    words = np.frombuffer(np.random.RandomState(seed).bytes(8 * int(count)), dtype="<u4").astype(np.uint64)
    return (((words[0::2] << np.uint64(32)) | words[1::2]) & np.uint64(2**53 - 1)) * 2.0**-53


def _weight(stream: np.ndarray, shape: list[int]) -> np.ndarray:
    """The weight whose first number is the stream's first: uniform within 1 / sqrt(numbers of one expert)."""
    bound = np.prod(shape[1:]) ** -0.5
    numbers = stream[: np.prod(shape)] * 2 * bound - bound
    return numbers.astype(np.float32).astype(np.float16).reshape(shape)  # the way by which they were rounded


def shrink(name: str, source: Path, target: Path) -> None:
    """Writes a file of `source` without what can be drawn into the folder `target`.

    Raises
    ------
    ValueError
        A weight does not stand in the stream of its seed, or not exactly.
    """
    with np.load(source / f"{name}.npz") as arrays:
        content = {key: arrays[key] for key in arrays.files}
    for key in [key for key, value in content.items() if value.ndim == 6 and key.startswith("sd")]:
        weight = content.pop(key)
        content[f"drawn.{key}"] = np.array([_SEEDS[name], _place(weight, _SEEDS[name], key), *weight.shape])
    np.savez_compressed(target / f"{name}.npz", **content)


def _place(weight: np.ndarray, seed: int, name: str) -> int:
    """Where in the stream of a seed the weight begins."""
    stream = uniform(seed, 3_000_000)
    rounded = _weight(stream, [len(stream) // weight[0].size, *weight.shape[1:]]).ravel()
    candidates = np.flatnonzero((rounded[:-1] == weight.ravel()[0]) & (rounded[1:] == weight.ravel()[1]))
    for place in candidates:
        if np.array_equal(rounded[place : place + weight.size], weight.ravel()):
            return int(place)
    raise ValueError(f"{name}: not drawn from seed {seed}")


if __name__ == "__main__":
    HERE.mkdir(parents=True, exist_ok=True)
    for one in NAMES:
        shrink(one, Path(sys.argv[1]), HERE)
