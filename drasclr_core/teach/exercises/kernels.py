"""Chapter 3, kernels that know where they are: Eq. 3 and 4 by hand, and what batch norm takes away again."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def kernel_at(p, experts, W_r, b_r):
    alpha = 1 / (1 + np.exp(-(W_r @ p + b_r)))
    return np.tensordot(alpha, experts, axes=1)


def _softmax(p, experts, W_r, b_r):
    alpha = np.exp(W_r @ p + b_r)
    return np.tensordot(alpha / alpha.sum(), experts, axes=1)


def _without_bias(p, experts, W_r, b_r):
    return kernel_at(p, experts, W_r, 0 * b_r)


def _without_sigmoid(p, experts, W_r, b_r):
    return np.tensordot(W_r @ p + b_r, experts, axes=1)


def _mean(p, experts, W_r, b_r):
    return kernel_at(p, experts, W_r, b_r) / len(experts)


def _routing_only(p, experts, W_r, b_r):
    return 1 / (1 + np.exp(-(W_r @ p + b_r)))


def _layer(random: np.random.Generator) -> tuple:
    count = int(random.integers(2, 9))
    experts, W_r = random.normal(size=(count, 3, 3, 3)), random.normal(size=(count, 3))
    return random.uniform(-1, 1, 3), experts, W_r, random.normal(size=count)


EXERCISES = (
    Exercise(
        id="3-kernel",
        right=kernel_at,
        inputs=_layer,
        learnt="This is the whole layer: a location makes one ordinary kernel, which is then convolved once.",
        mistakes=(
            Mistake(
                _softmax, "Your weights sum to one, as after a softmax. Eq. 4 has a sigmoid, for each expert by itself."
            ),
            Mistake(_without_bias, "The bias `b_r` is missing: at p = 0 all your experts have weight 1/2."),
            Mistake(_without_sigmoid, "The sigmoid is missing: your weights can be negative, or larger than one."),
            Mistake(_mean, "You take the mean over the experts. Eq. 3 is a sum."),
            Mistake(_routing_only, "These are the routing weights. Eq. 3 mixes the experts with them."),
        ),
    ),
    Exercise(
        id="3-scale",
        right=0.3,
        tolerance=1e-3,
        learnt="A factor that all weights share vanishes in the normalisation; only their ratio goes on.",
        mistakes=(
            Mistake(
                0.4,
                "You keep the difference of the weights. Batch norm divides: what does it cancel?",
            ),
            Mistake(
                0.2,
                "Now the kernel has another shape, not only another scale.",
            ),
            Mistake(
                0.0,
                "You keep the sum of the weights. That kernel has another shape, and another output after scaling too.",
            ),
        ),
    ),
)
