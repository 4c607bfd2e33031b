"""How often the model is right on the val pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pictures import Batch
from team import Team

BINS = 15  # of the calibration error (Guo et al. 2017)


class Counter:
    """Counts of one process, as one tensor that can be added up over all."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.right = torch.zeros(len(names), dtype=torch.float64)
        self.top5 = torch.zeros(1, dtype=torch.float64)
        self.bins = torch.zeros(BINS, 3, dtype=torch.float64)

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
        own = torch.cat([self.right, self.top5, self.bins.flatten()])
        # MPS has no double precision; counts are whole and small enough.
        found = team.total(own.float().to(team.device)).double().cpu()
        bins = found[len(self.names) + 1 :].view(BINS, 3)
        pictures = float(bins[:, 0].sum())
        of = max(1.0, pictures)
        error = float((bins[:, 1] - bins[:, 2]).abs().sum()) / of
        return {
            "pictures": int(pictures),
            "top1": {name: float(found[k]) / of for k, name in enumerate(self.names)},
            "top5": float(found[len(self.names)]) / of,
            "calibrationError": error,
        }


@torch.no_grad()
def evaluate(
    model: nn.Module, batches: Any, team: Team, prediction: str, branches: list[str]
) -> dict[str, Any]:
    """Top-1 of the joint answer and of each branch, top-5, calibration error."""
    model.eval()
    counter = Counter(["joint", *branches])
    batch: Batch
    for batch in batches:
        if len(batch.labels) == 0:
            continue
        found = model(batch.images.to(team.device))
        logits = [found[f"logits/{name}"].float().cpu() for name in branches]
        counter.add(found[prediction].float().cpu(), logits, batch.labels)
    return counter.result(team)
