"""Crops against where things truly are, which no model ever sees."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

Box = tuple[float, float, float, float]  # y1, x1, y2, x2


class Places(NamedTuple):
    """In fractions of the image as it is shown."""

    box: Box | None  # around the object
    part: Box | None  # around the part that tells its class
    points: list[tuple[float, float]]  # y, x of parts that are seen


def places_on(truth: dict[str, Any], size: tuple[int, int], turned: int) -> Places:
    """The truth of a list by wsban on an image of this width and height as stored.

    Its unit is fractions or pixels of the image as it is shown, turned as its EXIF
    orientation says, or stored pixels.
    """
    unit = truth["unit"]
    stored = unit == "stored pixels"
    width, height = size if stored or turned <= 4 else (size[1], size[0])

    def point(y: float, x: float) -> tuple[float, float]:
        if unit == "fractions":
            return y, x
        y, x = min(1.0, max(0.0, y / height)), min(1.0, max(0.0, x / width))
        return _shown(y, x, turned) if stored else (y, x)

    def box(name: str) -> Box | None:
        given = truth.get(name)
        if not given:
            return None
        ay, ax = point(given["y1"], given["x1"])
        by, bx = point(given["y2"], given["x2"])
        return min(ay, by), min(ax, bx), max(ay, by), max(ax, bx)

    points = [point(each["y"], each["x"]) for each in truth.get("points", [])]
    return Places(box("box"), box("part"), points)


def _shown(y: float, x: float, turned: int) -> tuple[float, float]:
    """A stored place, for each of EXIF's orientations."""
    if turned > 4:
        y, x = x, y
    if turned in (3, 4, 7, 8):
        y = 1 - y
    if turned in (2, 3, 6, 7):
        x = 1 - x
    return y, x


def intersection_over_union(a: Box, b: Box) -> float:
    height = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = _area(a) + _area(b) - height * width
    return height * width / union if union > 0 else 0.0


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _holds(crop: Box, y: float, x: float) -> bool:
    return crop[0] <= y <= crop[2] and crop[1] <= x <= crop[3]


def _by_chance(length: float, place: float) -> float:
    """How probably a stretch, laid anywhere within 0 to 1, covers the place."""
    free = 1 - length
    if free <= 0:
        return 1.0
    return (min(free, place) - max(0.0, place - length)) / free


class Localisation:
    """Sums of one process, as one tensor that can be added up over all."""

    COUNT = 10

    def __init__(self) -> None:
        self.sums = torch.zeros(self.COUNT, dtype=torch.float64)

    def add(self, crop: Box, places: Places) -> None:
        box, part, points = places
        row = [0.0] * self.COUNT
        if box:
            overlap = intersection_over_union(crop, box)
            whole = intersection_over_union((0, 0, 1, 1), box)
            row[:4] = [1, overlap, float(overlap >= 0.5), whole]
        row[4:6] = [len(points), sum(_holds(crop, *point) for point in points)]
        if part:
            y, x = (part[0] + part[2]) / 2, (part[1] + part[3]) / 2
            height, width = crop[2] - crop[0], crop[3] - crop[1]
            chance = _by_chance(height, y) * _by_chance(width, x)
            row[6:] = [1, float(_holds(crop, y, x)), chance, height * width]
        self.sums += torch.tensor(row, dtype=torch.float64)

    @staticmethod
    def result(sums: Tensor) -> dict[str, Any]:
        boxes, iou, over, whole, points, inside, parts, captured, chance, area = (
            sums.tolist()
        )
        found: dict[str, Any] = {}
        if boxes:
            found["localisation"] = {
                "images": int(boxes),
                "meanIou": iou / boxes,
                "over50": over / boxes,
                "wholeImageIou": whole / boxes,
                **({"pointsInside": inside / points} if points else {}),
            }
        if parts:
            found["discriminativePart"] = {
                "images": int(parts),
                "captured": captured / parts,
                "byChance": chance / parts,
                "cropArea": area / parts,
            }
        return found
