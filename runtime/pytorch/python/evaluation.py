"""Classification and localisation metrics on the validation images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from answer_metrics import AnswersCounter
from image_dataset import Batch
from localisation import LocalisationCounter
from process_group import ProcessGroup

BINS = 15  # of the expected calibration error (Guo et al. 2017)


class MetricsCounter:
    """Counts of one process; the sum of their tensors gives the metrics of all."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.correct = torch.zeros(len(names), dtype=torch.float64)
        self.top5 = torch.zeros(1, dtype=torch.float64)
        self.bins = torch.zeros(BINS, 3, dtype=torch.float64)
        self.localisation = LocalisationCounter()

    def add(self, probabilities: Tensor, logits: list[Tensor], labels: Tensor) -> None:
        outputs = [probabilities, *logits]
        correct = [(output.argmax(1) == labels).double() for output in outputs]
        self.correct += torch.stack([each.sum() for each in correct])
        of_label = probabilities.gather(1, labels[:, None])
        self.top5 += ((probabilities > of_label).sum(1) < 5).sum()
        confidence = probabilities.amax(1).double()
        index = ((confidence * BINS).ceil().long() - 1).clamp(0, BINS - 1)
        row = torch.stack([torch.ones_like(confidence), confidence, correct[0]], 1)
        self.bins.index_add_(0, index, row)

    def result(self, process_group: ProcessGroup) -> dict[str, Any]:
        sums = [self.correct, self.top5, self.bins.flatten(), self.localisation.sums]
        # MPS lacks double precision; single precision counts thousands exactly.
        total = (
            process_group.all_reduce(torch.cat(sums).float().to(process_group.device))
            .double()
            .cpu()
        )
        correct, top5, flat, localisation = torch.split(
            total, [len(part) for part in sums]
        )
        bins = flat.view(BINS, 3)
        images = float(bins[:, 0].sum())
        count = max(1.0, images)
        error = float((bins[:, 1] - bins[:, 2]).abs().sum()) / count
        return {
            "images": int(images),
            "top1": {
                name: float(correct[k]) / count for k, name in enumerate(self.names)
            },
            "top5": float(top5) / count,
            "calibrationError": error,
            **LocalisationCounter.result(localisation),
        }


def name_in_metrics(branch: str, branches: list[str]) -> str:
    """Returns the name of a branch beside `joint`, the model's own prediction."""
    if branch != "joint":
        return branch
    name = "joint_branch"
    while name in branches:
        name += "_branch"
    return name


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Any,
    process_group: ProcessGroup,
    prediction: str | None,
    branches: list[str],
    images: int,
    answers: AnswersCounter | None = None,
) -> tuple[dict[str, Any], list[int | None]]:
    """Returns the metrics over all processes, and the class predicted for each image.

    The metrics, under the keys of the metrics log, are the top-1 accuracy of the joint
    prediction and of each branch, top-5 accuracy, calibration error, and the
    localisation of crops on annotated images; without a prediction of the class only
    the metrics of the other predictions. An unreadable image has no class. `images` is
    the number of images over all processes.
    """
    model.eval()
    # One more than the class; 0 for images of other processes, and unreadable ones.
    classes = torch.zeros(images, dtype=torch.int64)
    names = [name_in_metrics(branch, branches) for branch in branches]
    counter = MetricsCounter(["joint", *names])
    batch: Batch
    for batch in batches:
        if len(batch.labels) == 0:
            continue
        outputs = model(batch.images.to(process_group.device))
        if answers:
            answers.add(outputs, batch)
        if prediction is None:
            continue
        logits = [outputs[f"logits/{name}"].float().cpu() for name in branches]
        probabilities = outputs[prediction].float().cpu()
        counter.add(probabilities, logits, batch.labels)
        classes[batch.indices] = probabilities.argmax(1) + 1
        if "boxes" in outputs:
            for crop, annotations in zip(
                outputs["boxes"].tolist(), batch.annotations, strict=True
            ):
                if annotations:
                    counter.localisation.add(tuple(crop), annotations)
    measured = answers.result(process_group) if answers else {}
    if prediction is None:
        return measured, []
    found = process_group.all_reduce(classes.to(process_group.device)).tolist()
    predicted = [None if value == 0 else value - 1 for value in found]
    return counter.result(process_group) | measured, predicted
