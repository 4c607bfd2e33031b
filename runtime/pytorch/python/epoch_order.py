"""The order of an epoch's training images, identical to that of wsban's other engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from errors import TrainingError
from seeded import Random


class Draw(NamedTuple):
    sample: int
    # How often the epoch had the image before: each time it is augmented differently.
    earlier: int


def epoch_order(
    labels: Sequence[int], random: Random, sampler: tuple[int, int] | None
) -> list[Draw]:
    """All images once, or the batches of a sampler one after another."""
    if sampler is None:
        return [Draw(k, 0) for k in random.shuffle(list(range(len(labels))))]
    seen: dict[int, int] = {}
    order = []
    for index in _class_batches(labels, *sampler, random):
        earlier = seen.get(index, 0)
        seen[index] = earlier + 1
        order.append(Draw(index, earlier))
    return order


def require_classes(
    labels: Sequence[int], sampler: tuple[int, int], batch: int
) -> None:
    """Raises TrainingError if the sampler cannot fill such batches."""
    classes, images = sampler
    if batch != classes * images:
        raise TrainingError(
            "sampler-batch",
            f"the sampler fills batches with {classes} x {images} images, not {batch}",
            "leave --batch out, or compile the spec with another sampler",
        )
    if len(set(labels)) < classes:
        raise TrainingError(
            "sampler-classes",
            f"the sampler takes {classes} classes for each batch, but only"
            f" {len(set(labels))} have training images",
            f"compile the spec with --train sampler.count={len(set(labels))}",
        )


def _class_batches(
    labels: Sequence[int], classes: int, images: int, random: Random
) -> list[int]:
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    decks = {label: _Deck(members[label], random) for label in sorted(members)}
    order = _Deck(list(decks), random)
    batches = max(1, len(labels) // (classes * images))
    chosen = [label for _ in range(batches) for label in order.take(classes)]
    return [index for label in chosen for index in decks[label].take(images)]


class _Deck:
    """Draws items at random without replacement; reshuffles them when all are drawn."""

    def __init__(self, items: list[int], random: Random) -> None:
        self.items = items
        self.random = random
        self.order: list[int] = []
        self.next = 0

    def take(self, count: int) -> list[int]:
        """Returns so many items; an item twice only if there are fewer."""
        taken: list[int] = []
        while len(taken) < count:
            if self.next == len(self.order):
                self._shuffle(taken)
            taken.append(self.order[self.next])
            self.next += 1
        return taken

    def _shuffle(self, taken: list[int]) -> None:
        """Reshuffles the items, with those that were just drawn at the end."""
        order = self.random.shuffle(list(self.items))
        fresh = [item for item in order if item not in taken]
        self.order = fresh + [item for item in order if item in taken]
        self.next = 0
