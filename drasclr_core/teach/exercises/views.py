"""Chapter 4, views: how much of a view is border, and how much context leaves none."""

from __future__ import annotations

import numpy as np

from drasclr_core.teach.exercise import Exercise, Mistake


def smallest_context(size, scale, shift, degrees):
    corner = (size - 1) / 2 * (1 + scale) + shift
    angle = np.radians(degrees)
    reach = corner * (np.cos(angle) + np.sin(angle))
    return np.ceil(2 * reach + 1)


def _context(size, scale, shift, turn):
    return np.ceil(2 * ((size - 1) / 2 * (1 + scale) + shift) * turn + 1)


def _without_turn(size, scale, shift, degrees):
    return _context(size, scale, shift, 1)


def _edge_not_corner(size, scale, shift, degrees):
    return _context(size, scale, shift, np.cos(np.radians(degrees)))


def _in_degrees(size, scale, shift, degrees):
    return _context(size, scale, shift, np.cos(degrees) + np.sin(degrees))


def _without_scale(size, scale, shift, degrees):
    return smallest_context(size, 0, shift, degrees)


def _one_side(size, scale, shift, degrees):
    return smallest_context(size, scale, shift / 2, degrees)


def _distance_not_voxels(size, scale, shift, degrees):
    return smallest_context(size, scale, shift, degrees) - 1


def _changes(random: np.random.Generator) -> tuple:
    size, shift = int(random.choice([8, 16, 32])), int(random.integers(2, 13))
    return size, float(random.uniform(0.05, 0.3)), shift, float(random.uniform(5, 40))


EXERCISES = (
    Exercise(
        id="4-border",
        right=1 - (1 - 6 / 32) ** 3,
        tolerance=4e-3,
        learnt="With turns and scales it is about as much: nearly half of such a view is repeated border.",
        mistakes=(
            Mistake(6 / 32, "This is the mean share on one axis. The view is shifted on all three at once."),
            Mistake(3 * 6 / 32, "Shares of three axes overlap, so they do not add up. What share is left inside?"),
            Mistake(
                1 - (20 / 32) ** 3, "This is for the largest shift on every axis. How large is a shift on average?"
            ),
            Mistake((26 / 32) ** 3, "This is the share that is still tissue. Border is the rest."),
            Mistake((6 / 32) ** 3, "A voxel is border as soon as it is outside on one axis, not on all three."),
        ),
    ),
    Exercise(
        id="4-context",
        right=smallest_context,
        inputs=_changes,
        learnt="In the plane the published changes (32, 0.1, 12, 10) need 69, with turns about all three axes 79: "
        "context costs memory, border costs tissue.",
        mistakes=(
            Mistake(_without_turn, "The turn is missing: it carries a corner of the view farther out on one axis."),
            Mistake(
                _edge_not_corner,
                "You turn the middle of an edge. The corner reaches farther: after a turn its x is x cos + y sin.",
            ),
            Mistake(_in_degrees, "NumPy's sine and cosine take radians: `np.radians`."),
            Mistake(_without_scale, "The scale is missing: a view may show more tissue than it has voxels."),
            Mistake(_one_side, "The view may go either way, so the context needs the shift on both sides."),
            Mistake(
                _distance_not_voxels,
                "You give the distance between the outermost voxels. Of voxels it takes one more.",
            ),
        ),
    ),
)
