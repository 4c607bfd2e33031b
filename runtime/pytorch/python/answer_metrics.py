"""The metrics of predictions other than one class, by how each prediction is read."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from image_dataset import Batch
from process_group import ProcessGroup

RECALL_DEPTHS = (1, 2, 4, 8)

# The metric by which checkpoints are compared, by how a prediction is read.
MAIN_METRICS = {
    "classes": "top-1",
    "labels": "mAP",
    "values": "R2",
    "embedding": "recall@1",
}


class AnswersCounter:
    """Collects the predictions of this process and the label inputs they belong to."""

    def __init__(
        self,
        answers: list[tuple[str, str, str]],
        labels: list[tuple[str, str, int]],
        names: dict[str, list[str]],
    ) -> None:
        """`answers` and `labels` are those of recipe.py; `names` those of labels."""
        self.names = names
        first = next((name for name, kind, _ in labels if kind == "Class"), "")
        self.first = next(name for name, _, _ in labels)
        # Embeddings are measured by the first class label.
        measured = [
            (name, kind, first if kind == "embedding" else label)
            for name, kind, label in answers
            if kind in MAIN_METRICS
        ]
        self.answers = [one for one in measured if one[2]]
        self.rows: dict[str, list[Tensor]] = {name: [] for name, _, _ in self.answers}
        self.truths: dict[str, list[Tensor]] = {name: [] for name, _, _ in self.answers}
        self.images = 0

    def add(self, outputs: dict[str, Tensor], batch: Batch) -> None:
        targets = batch.targets or {self.first: batch.labels}
        self.images += len(batch.labels)
        for name, _, label in self.answers:
            self.rows[name].append(outputs[name].float().cpu())
            target = targets[label].float()
            self.truths[name].append(target.reshape(len(target), -1))

    def result(self, process_group: ProcessGroup) -> dict[str, Any]:
        """Returns the metrics over all processes, under the keys of the metrics log."""
        count = torch.tensor(float(self.images), device=process_group.device)
        images = int(process_group.all_reduce(count))
        metrics: dict[str, dict[str, Any]] = {}
        for name, kind, label in self.answers:
            if images == 0:
                continue
            rows = process_group.all_gather_rows(_stacked(self.rows[name])).double()
            truths = process_group.all_gather_rows(_stacked(self.truths[name])).double()
            metrics[name] = self._metrics(kind, label, rows, truths)
        return {"images": images, "answers": metrics, **_score(metrics)}

    def _metrics(
        self, kind: str, label: str, rows: Tensor, truths: Tensor
    ) -> dict[str, Any]:
        if kind == "classes":
            return classes_metrics(rows, truths[:, 0].long())
        if kind == "labels":
            return labels_metrics(self.names[label], rows, truths)
        if kind == "values":
            return values_metrics(rows, truths)
        return retrieval_metrics(rows, truths[:, 0].long())


def _stacked(rows: list[Tensor]) -> Tensor:
    return torch.cat(rows) if rows else torch.empty(0, 1)


def _score(metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    for name, one in metrics.items():
        value = main_value(one)
        if value is not None:
            metric = MAIN_METRICS[one["kind"]]
            return {"score": {"answer": name, "metric": metric, "value": value}}
    return {}


def main_value(metrics: dict[str, Any]) -> float | None:
    """Returns the main metric of a prediction; None if it is not defined."""
    kind = metrics["kind"]
    if kind == "embedding":
        return metrics["recall"]["1"] if metrics["queries"] else None
    key = {"classes": "top1", "labels": "mAP", "values": "r2"}[kind]
    value: float | None = metrics.get(key)
    return value


def classes_metrics(probabilities: Tensor, classes: Tensor) -> dict[str, Any]:
    of_class = probabilities.gather(1, classes[:, None])
    above = (probabilities > of_class).sum(1)
    right = probabilities.argmax(1) == classes
    return {
        "kind": "classes",
        "top1": float(right.double().mean()),
        "top5": float((above < 5).double().mean()),
    }


def labels_metrics(
    names: list[str], probabilities: Tensor, truths: Tensor
) -> dict[str, Any]:
    """Average precision and F1 at 0.5, as scikit-learn defines them."""
    positive, decided = truths > 0.5, probabilities >= 0.5
    true_positives = (positive & decided).sum(0)
    per_label: list[dict[str, Any]] = []
    for k, name in enumerate(names):
        count = int(positive[:, k].sum())
        one = {
            "name": name,
            "images": count,
            "f1": _f1(true_positives[k], decided[:, k].sum(), positive[:, k].sum()),
        }
        if count > 0:
            one["averagePrecision"] = average_precision(
                probabilities[:, k], positive[:, k]
            )
        per_label.append(one)
    precisions = [
        one["averagePrecision"] for one in per_label if "averagePrecision" in one
    ]
    return {
        "kind": "labels",
        **({"mAP": sum(precisions) / len(precisions)} if precisions else {}),
        "f1": sum(one["f1"] for one in per_label) / len(per_label),
        "microF1": _f1(true_positives.sum(), decided.sum(), positive.sum()),
        "perLabel": per_label,
    }


def _f1(true_positives: Tensor, decided: Tensor, positive: Tensor) -> float:
    total = int(decided + positive)
    return 2 * int(true_positives) / total if total > 0 else 0.0


def average_precision(scores: Tensor, positive: Tensor) -> float:
    """The precision-recall curve's area; images of one score are ranked together."""
    order = scores.argsort(descending=True, stable=True)
    ordered, found = scores[order], positive[order].double().cumsum(0)
    last = torch.ones(len(order), dtype=torch.bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    ranks = torch.arange(1, len(order) + 1, dtype=torch.float64)
    precision, recall = (found / ranks)[last], (found / found[-1])[last]
    before = torch.cat([torch.zeros(1, dtype=torch.float64), recall[:-1]])
    return float(((recall - before) * precision).sum())


def values_metrics(predictions: Tensor, truths: Tensor) -> dict[str, Any]:
    """Mean absolute error, root mean squared error and R2, means over columns."""
    errors = predictions - truths
    squares = errors.square().mean(0)
    spread = (truths - truths.mean(0)).square().mean(0)
    exact = (squares == 0).double()
    r2 = torch.where(spread > 0, 1 - squares / spread.clamp(min=1e-300), exact)
    return {
        "kind": "values",
        "mae": float(errors.abs().mean()),
        "rmse": float(squares.sqrt().mean()),
        "r2": float(r2.mean()),
    }


def retrieval_metrics(embeddings: Tensor, classes: Tensor) -> dict[str, Any]:
    """Recall at k and mAP of each image against all others, by cosine similarity."""
    unit = F.normalize(embeddings, dim=1)
    hits = dict.fromkeys(RECALL_DEPTHS, 0)
    precisions: list[float] = []
    for query in range(len(unit)):
        similarities = unit @ unit[query]
        order = similarities.argsort(descending=True, stable=True)
        order = order[order != query]
        same = classes[order] == classes[query]
        places = same.nonzero()[:, 0].double() + 1
        if len(places) == 0:
            continue
        for k in RECALL_DEPTHS:
            hits[k] += int(places[0] <= k)
        counts = torch.arange(1, len(places) + 1, dtype=torch.float64)
        precisions.append(float((counts / places).mean()))
    queries = len(precisions)
    return {
        "kind": "embedding",
        "queries": queries,
        "recall": {str(k): hits[k] / queries if queries else 0.0 for k in hits},
        "mAP": sum(precisions) / queries if queries else 0.0,
    }
