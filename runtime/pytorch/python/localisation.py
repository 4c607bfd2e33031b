"""Localisation metrics: crops compared with annotations, which the model never sees."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

Box = tuple[float, float, float, float]  # y1, x1, y2, x2


class Annotations(NamedTuple):
    """Annotations of one image, as fractions of the displayed image."""

    box: Box | None  # of the object
    part: Box | None  # of the discriminative part
    points: list[tuple[float, float]]  # y, x of visible parts


def resolve_annotations(
    ground_truth: dict[str, Any], size: tuple[int, int], orientation: int
) -> Annotations:
    """Converts an image's annotations to fractions of the displayed image.

    `size` is the width and height of the stored image, `orientation` its EXIF
    orientation. The unit of `ground_truth` is fractions or pixels of the displayed
    image, or stored pixels.
    """
    unit = ground_truth["unit"]
    stored = unit == "stored pixels"
    width, height = size if stored or orientation <= 4 else (size[1], size[0])

    def point(y: float, x: float) -> tuple[float, float]:
        if unit == "fractions":
            return y, x
        y, x = min(1.0, max(0.0, y / height)), min(1.0, max(0.0, x / width))
        return _oriented(y, x, orientation) if stored else (y, x)

    def box(name: str) -> Box | None:
        given = ground_truth.get(name)
        if not given:
            return None
        ay, ax = point(given["y1"], given["x1"])
        by, bx = point(given["y2"], given["x2"])
        return min(ay, by), min(ax, bx), max(ay, by), max(ax, bx)

    points = [point(each["y"], each["x"]) for each in ground_truth.get("points", [])]
    return Annotations(box("box"), box("part"), points)


def _oriented(y: float, x: float, orientation: int) -> tuple[float, float]:
    """Maps a point of the stored image to the displayed image."""
    if orientation > 4:
        y, x = x, y
    if orientation in (3, 4, 7, 8):
        y = 1 - y
    if orientation in (2, 3, 6, 7):
        x = 1 - x
    return y, x


def intersection_over_union(a: Box, b: Box) -> float:
    height = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = _area(a) + _area(b) - height * width
    return height * width / union if union > 0 else 0.0


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _contains(crop: Box, y: float, x: float) -> bool:
    return crop[0] <= y <= crop[2] and crop[1] <= x <= crop[3]


def _random_coverage(length: float, point: float) -> float:
    """The probability that a random interval of a length within [0, 1] covers a point."""
    free = 1 - length
    if free <= 0:
        return 1.0
    return (min(free, point) - max(0.0, point - length)) / free


class LocalisationCounter:
    """Sums of one process, in a tensor that can be summed over all processes."""

    COUNT = 10

    def __init__(self) -> None:
        self.sums = torch.zeros(self.COUNT, dtype=torch.float64)

    def add(self, crop: Box, annotations: Annotations) -> None:
        box, part, points = annotations
        row = [0.0] * self.COUNT
        if box:
            overlap = intersection_over_union(crop, box)
            whole_image = intersection_over_union((0, 0, 1, 1), box)
            row[:4] = [1, overlap, float(overlap >= 0.5), whole_image]
        row[4:6] = [len(points), sum(_contains(crop, *point) for point in points)]
        if part:
            y, x = (part[0] + part[2]) / 2, (part[1] + part[3]) / 2
            height, width = crop[2] - crop[0], crop[3] - crop[1]
            chance = _random_coverage(height, y) * _random_coverage(width, x)
            row[6:] = [1, float(_contains(crop, y, x)), chance, height * width]
        self.sums += torch.tensor(row, dtype=torch.float64)

    @staticmethod
    def result(sums: Tensor) -> dict[str, Any]:
        boxes, iou, over, whole, points, inside, parts, captured, chance, area = (
            sums.tolist()
        )
        metrics: dict[str, Any] = {}
        if boxes:
            metrics["localisation"] = {
                "images": int(boxes),
                "meanIou": iou / boxes,
                "over50": over / boxes,
                "wholeImageIou": whole / boxes,
                **({"pointsInside": inside / points} if points else {}),
            }
        if parts:
            metrics["discriminativePart"] = {
                "images": int(parts),
                "captured": captured / parts,
                "byChance": chance / parts,
                "cropArea": area / parts,
            }
        return metrics
