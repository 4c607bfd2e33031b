"""How often the model is right on the val images, and where it looks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from localisation import Localisation
from image_dataset import Batch
from team import Team

BINS = 15  # of the calibration error (Guo et al. 2017)


class Counter:
    """Counts of one process, as one tensor that can be added up over all."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.right = torch.zeros(len(names), dtype=torch.float64)
        self.top5 = torch.zeros(1, dtype=torch.float64)
        self.bins = torch.zeros(BINS, 3, dtype=torch.float64)
        self.places = Localisation()

    def add(self, probabilities: Tensor, logits: list[Tensor], labels: Tensor) -> None:
        answers = [probabilities, *logits]
        right = [(answer.argmax(1) == labels).double() for answer in answers]
        self.right += torch.stack([each.sum() for each in right])
        own = probabilities.gather(1, labels[:, None])
        self.top5 += ((probabilities > own).sum(1) < 5).sum()
        sure = probabilities.amax(1).double()
        index = ((sure * BINS).ceil().long() - 1).clamp(0, BINS - 1)
        row = torch.stack([torch.ones_like(sure), sure, right[0]], 1)
        self.bins.index_add_(0, index, row)

    def result(self, team: Team) -> dict[str, Any]:
        own = [self.right, self.top5, self.bins.flatten(), self.places.sums]
        # MPS has no double precision, which is not needed for some thousands.
        total = team.total(torch.cat(own).float().to(team.device)).double().cpu()
        found, top5, flat, places = torch.split(total, [len(part) for part in own])
        bins = flat.view(BINS, 3)
        images = float(bins[:, 0].sum())
        of = max(1.0, images)
        error = float((bins[:, 1] - bins[:, 2]).abs().sum()) / of
        return {
            "images": int(images),
            "top1": {name: float(found[k]) / of for k, name in enumerate(self.names)},
            "top5": float(top5) / of,
            "calibrationError": error,
            **Localisation.result(places),
        }


@torch.no_grad()
def evaluate(
    model: nn.Module, batches: Any, team: Team, prediction: str, branches: list[str]
) -> dict[str, Any]:
    """Top-1 of the joint answer and of each branch, top-5, calibration error.

    And how crops lie to the true boxes, parts and points that are known.
    """
    model.eval()
    counter = Counter(["joint", *branches])
    batch: Batch
    for batch in batches:
        if len(batch.labels) == 0:
            continue
        found = model(batch.images.to(team.device))
        logits = [found[f"logits/{name}"].float().cpu() for name in branches]
        counter.add(found[prediction].float().cpu(), logits, batch.labels)
        if "boxes" in found:
            for crop, places in zip(found["boxes"].tolist(), batch.places, strict=True):
                if places:
                    counter.places.add(tuple(crop), places)
    return counter.result(team)
