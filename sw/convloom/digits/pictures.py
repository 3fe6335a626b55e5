"""scikit-learn's 1,797 handwritten digits, 8x8, and which of them no training has seen."""

import numpy as np

HELD_OUT, SEED = 0.2, 0
MOST = 16  # the value of full ink in scikit-learn's pictures


def split():
    """((pictures, labels) to train on, (pictures, labels) held out): uint8 [n, 8, 8, 1], white on black; int.

    A fifth is held out, as much of each digit as of any other; always the same.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    found = load_digits()
    pictures = np.rint(found.images * (255 / MOST)).astype(np.uint8)[..., None]
    x, held_x, y, held_y = train_test_split(
        pictures, found.target, test_size=HELD_OUT, stratify=found.target, random_state=SEED
    )
    return (x, y), (held_x, held_y)
