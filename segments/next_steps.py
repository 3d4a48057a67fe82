"""Counts, in arrays, what friends bought next after each product: the numbers of the next-product table.

A step leads from a product P, bought by a friend for the first time on some day, to every other product
that the friend bought on the first later day on which they bought any other product at all.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segments.local_times import Ints
from segments.purchase_sweep import Lines, same_as_before

PAIRS = 2_000_000
"""Pairs of products counted at once, 32 MB; beyond them the rarest are forgotten, see `Steps.add`."""


class Pairs(NamedTuple):
    """Counts of steps, by the two products; of each pair once."""

    product: Ints
    follower: Ints
    went_on: Ints


@dataclass
class Steps:
    """Running counts over all friends; products are numbered from 0 to `products` - 1."""

    products: int
    most_pairs: int = PAIRS
    buyers: Ints = field(init=False)
    """By product: friends who bought it."""
    leaving: Ints = field(init=False)
    """By product: steps that lead from it."""
    arriving: Ints = field(init=False)
    """By product: steps that lead to it."""
    _keys: Ints = field(init=False)
    _counts: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Begin at nothing."""
        self.buyers, self.leaving, self.arriving = np.zeros((3, self.products), np.int64)
        self._keys, self._counts = np.zeros((2, 0), np.int64)

    def add(self, lines: Lines) -> None:
        """Take in some friends, with all that they bought.

        Above `most_pairs` those pairs counted once are forgotten, then those counted twice, and so on: of a catalogue
        so large the rarest pairs come out lower than they are. The sums by product stay exact.
        """
        held, baskets = _first_times(lines), _baskets(lines)
        self.buyers += np.bincount(lines.product[held], minlength=self.products)
        start, follower = _followers(lines, held, baskets)
        self.leaving += np.bincount(start, minlength=self.products)
        self.arriving += np.bincount(follower, minlength=self.products)
        keys, counts = np.unique(start * self.products + follower, return_counts=True)
        self._merge(keys, counts)

    def pairs(self) -> Pairs:
        """Return the counts of all pairs, by product and follower."""
        return Pairs(self._keys // self.products, self._keys % self.products, self._counts)

    def lift(self, pairs: Pairs) -> npt.NDArray[np.float64]:
        """Return for each pair its share of the steps from the product, against the follower's share of all steps.

        Steps from the follower itself are left out of "all": they cannot lead to it. 1 means that buyers of the
        product go on to the follower as often as buyers of other things do.
        """
        share = pairs.went_on / self.leaving[pairs.product]
        others = self.leaving.sum() - self.leaving[pairs.follower]
        return share / (self.arriving[pairs.follower] / others)

    def _merge(self, keys: Ints, counts: Ints) -> None:
        self._keys, place = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        together = np.concatenate([self._counts, counts])
        self._counts = np.zeros(len(self._keys), np.int64)
        np.add.at(self._counts, place, together)
        least = 1
        while len(self._keys) > self.most_pairs:
            frequent = self._counts > least
            self._keys, self._counts, least = self._keys[frequent], self._counts[frequent], least + 1


class _Baskets(NamedTuple):
    """What friends bought on one day each, by friend and day."""

    start: Ints
    """The place of the basket's first line; one more element, the number of lines, stands at the end."""
    of_line: Ints
    """By line: its basket."""
    other: Ints
    """By basket of one product: the friend's next one that holds anything else, -1 without one; of others itself."""


def _first_times(lines: Lines) -> Ints:
    """Return the places at which a friend bought a product for the first time."""
    order = np.lexsort((lines.day, lines.product, lines.friend))
    again = same_as_before(lines.friend[order], lines.product[order])
    return np.sort(order[~again])


def _baskets(lines: Lines) -> _Baskets:
    begins = ~same_as_before(lines.friend, lines.day)
    start = np.append(np.flatnonzero(begins), len(lines.friend))
    friend, product = lines.friend[start[:-1]], lines.product[start[:-1]]
    single = np.diff(start) == 1
    # Baskets that hold one and the same product, one after the other, are a run: nothing new is bought in it.
    same = same_as_before(friend, product) & single
    same[1:] &= single[:-1]
    run = np.cumsum(~same) - 1
    after = np.append(np.flatnonzero(~same)[1:], len(friend))[run]
    inside = np.minimum(after, len(friend) - 1)
    stays = (after < len(friend)) & (friend[inside] == friend)
    itself = np.arange(len(friend))
    return _Baskets(start, np.cumsum(begins) - 1, np.where(single, np.where(stays, after, -1), itself))


def _followers(lines: Lines, held: Ints, baskets: _Baskets) -> tuple[Ints, Ints]:
    """Return the products from which steps lead, and those to which they lead."""
    product, basket = lines.product[held], baskets.of_line[held] + 1
    last = len(baskets.other) - 1
    inside = np.minimum(basket, last)
    goes_on = (basket <= last) & (lines.friend[baskets.start[inside]] == lines.friend[held])
    product, basket = product[goes_on], inside[goes_on]
    # A basket of this product alone is no step: the one behind its run may be.
    start = baskets.start[basket]
    alone = (baskets.start[basket + 1] - start == 1) & (lines.product[start] == product)
    basket = np.where(alone, baskets.other[basket], basket)
    product, basket = product[basket >= 0], basket[basket >= 0]
    sizes: Ints = baskets.start[basket + 1] - baskets.start[basket]
    skipped: Ints = np.cumsum(sizes) - sizes
    places = np.repeat(baskets.start[basket] - skipped, sizes) + np.arange(int(sizes.sum()))
    start, follower = np.repeat(product, sizes), lines.product[places]
    return start[start != follower], follower[start != follower]
