"""Images of any size on a square: in the middle, whole, of the same brightness."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drasclr_core.cohort.images import to_square

side = st.integers(1, 90)


@given(rows=side, columns=side, edge=st.integers(4, 64))
def test_any_image_becomes_a_square(rows, columns, edge):
    square = to_square(np.ones((rows, columns)), edge)
    assert square.shape == (edge, edge) and square.dtype == np.float32
    longer = max(rows, columns)
    seen = (square > 0.5).any(axis=1).sum(), (square > 0.5).any(axis=0).sum()
    assert seen == (max(round(rows * edge / longer), 1), max(round(columns * edge / longer), 1))


def test_it_lies_in_the_middle_and_keeps_its_mean():
    image = np.random.default_rng(0).random((120, 60))
    square = to_square(image, 30)
    assert not square[:, :7].any() and not square[:, 23:].any()
    assert abs(square[:, 8:22].mean() - image.mean()) < 0.02 and square[:, 8:22].std() < 0.5 * image.std()
