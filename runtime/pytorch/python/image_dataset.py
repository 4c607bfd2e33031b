"""Labelled images for training and evaluation: listing, decoding, and batches."""

from __future__ import annotations

import importlib.util
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import ExifTags, Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from class_folders import read_class_folders
from epoch_order import Draw, epoch_order
from errors import TrainingError
from localisation import Annotations, resolve_annotations
from seeded import Random, key_of

# Augmentation starts from images whose shorter side is this multiple of the input size.
DECODED_SCALE = 4
# Larger images are a mistake or an attack. Pillow rejects images above twice this limit.
Image.MAX_IMAGE_PIXELS = 2**26

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "HEIF")
HEIC_ENDINGS = (".heic", ".heif", ".hif")


Targets = dict[str, Any]


class Sample(NamedTuple):
    path: str
    label: int
    ground_truth: dict[str, Any] | None = None  # annotations, if the list has them
    # File, offset and length of an image inside an archive, which `path` only names.
    part: tuple[str, int, int] | None = None
    # By label input: a class index, or a row of numbers. None if the class is all.
    targets: Targets | None = None


@dataclass(frozen=True)
class Listing:
    classes: list[str]
    train: list[Sample]
    val: list[Sample]
    # The names of classes and labels by label input, if there are others than one class.
    label_names: dict[str, list[str]] | None = None


def read_listing(
    source: Path, seed: int, classes: Sequence[str] | None = None
) -> Listing:
    """Reads a list that wsban wrote (JSON), or a folder of class folders.

    `classes` is the order that a run has stored.
    """
    if source.is_file():
        return _read_list(source)
    found = read_class_folders(source, seed, classes)
    train, val = (
        [
            Sample(path, k)
            for k, name in enumerate(found.classes)
            for path in split[name]
        ]
        for split in (found.train, found.val)
    )
    return Listing(found.classes, train, val)


def _read_list(file: Path) -> Listing:
    content = json.loads(file.read_text(encoding="utf-8"))
    split = {
        name: [Sample(*sample) for sample in content[name]] for name in ("train", "val")
    }
    names = content.get("labelNames")
    return Listing(content["classes"], split["train"], split["val"], names)


@cache
def register_heic() -> bool:
    """Adds HEIC to Pillow's formats; returns whether the package for it is there."""
    if importlib.util.find_spec("pi_heif") is None:
        return False
    importlib.import_module("pi_heif").register_heif_opener()
    return True


class Unreadable(Exception):
    """An image that Pillow cannot read."""


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Converts every exception that Pillow raises on damaged files to Unreadable.

    Among them are struct.error, zlib.error and IndexError.
    """
    try:
        yield
    except Exception as error:
        raise Unreadable(f"{path}: {error}") from error


def open_image(path: str, part: tuple[str, int, int] | None = None) -> Image.Image:
    """Opens an image in one of the formats that wsban supports.

    Pillow would detect dozens of others, some of which run external programs.
    """
    Image.init()
    register_heic()
    formats = [name for name in FORMATS if name in Image.OPEN]
    file, offset, length = part or (path, 0, -1)
    with open(file, "rb") as source:
        source.seek(offset)
        content = source.read(length)
    return Image.open(BytesIO(content), formats=formats)


def require_heic(listing: Listing) -> None:
    """Raises TrainingError if there are HEIC images that Pillow cannot read."""
    paths = [sample.path for sample in (*listing.train, *listing.val)]
    count = sum(path.lower().endswith(HEIC_ENDINGS) for path in paths)
    if count > 0 and not register_heic():
        raise TrainingError(
            "heic-unsupported",
            f"{count} of {len(paths)} images are HEIC, for which Pillow needs a package",
            f"{sys.executable} -m pip install pi-heif; or convert them to JPEG, for"
            " example with heif-convert",
        )


def decode(
    path: str,
    target_size: int | None = None,
    part: tuple[str, int, int] | None = None,
) -> Tensor:
    """Decodes an image to float32 [3, height, width], 0 to 255.

    Applies the EXIF orientation, and composites transparent images on white. Reduces
    an image whose shorter side is more than 1.5 times `target_size` to that size.
    """
    with reading(path), open_image(path, part) as opened:
        if target_size and min(opened.size) > 1.5 * target_size:
            opened.draft("RGB", (target_size, target_size))
        image: Image.Image = ImageOps.exif_transpose(opened)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            transparent = image.convert("RGBA")
            image = Image.new("RGBA", transparent.size, "white")
            image.alpha_composite(transparent)
        image = image.convert("RGB")
        if target_size and min(image.size) > 1.5 * target_size:
            scale = target_size / min(image.size)
            width, height = (max(1, round(side * scale)) for side in image.size)
            image = image.resize((width, height), Image.Resampling.LANCZOS)
        data = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        return data.view(image.height, image.width, 3).permute(2, 0, 1).float()


def annotations_of(sample: Sample) -> Annotations | None:
    if not sample.ground_truth:
        return None
    with (
        reading(sample.path),
        open_image(sample.path, sample.part) as opened,
    ):
        orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
        return resolve_annotations(sample.ground_truth, opened.size, orientation)


class View(NamedTuple):
    """A further augmentation of an image."""

    name: str
    size: int  # height and width
    augment: Callable[[Tensor, Random], Tensor]


class Item(NamedTuple):
    image: Tensor
    label: int
    unreadable: list[str]
    annotations: Annotations | None = None
    targets: Targets | None = None
    sample: int = 0  # its position among the validation images
    views: tuple[Tensor, ...] = ()


class Batch(NamedTuple):
    images: Tensor  # B x 3 x size x size
    labels: Tensor  # B
    unreadable: list[str]
    annotations: list[Annotations | None]  # one per image
    indices: list[int]  # of validation images
    # The label inputs by name, in the model's order: B classes, or B x size numbers.
    # None if the class is all.
    targets: dict[str, Tensor] | None = None
    views: tuple[Tensor, ...] = ()  # each B x 3 x its size x its size

    def label_inputs(self) -> list[Tensor]:
        return [self.labels] if self.targets is None else list(self.targets.values())


def collate(items: list[Item]) -> Batch:
    """Makes a batch of the items whose image could be read."""
    readable = [item for item in items if item.image.numel() > 0]
    images = [item.image for item in readable]
    return Batch(
        torch.stack(images) if images else torch.empty(0),
        torch.tensor([item.label for item in readable], dtype=torch.int64),
        [path for item in items for path in item.unreadable],
        [item.annotations for item in readable],
        [item.sample for item in readable],
        _collate_targets([item.targets for item in readable]),
        tuple(
            torch.stack(view)
            for view in zip(*(item.views for item in readable), strict=True)
        ),
    )


def _collate_targets(targets: list[Targets | None]) -> dict[str, Tensor] | None:
    rows = [row for row in targets if row is not None]
    if not rows:
        return None
    return {
        name: torch.tensor(
            [row[name] for row in rows],
            dtype=torch.int64 if isinstance(value, int) else torch.float32,
        )
        for name, value in rows[0].items()
    }


class TrainingImages(Dataset[Item]):
    """Augmented images, indexed by (epoch, position in the epoch's order).

    The order depends on (seed, epoch), augmentation on (seed, epoch, image, view) and on
    how often the epoch had the image before, so items do not depend on the number of
    processes and workers. An unreadable image is replaced by the next readable one; if
    there is none, the item's image is empty.
    """

    def __init__(
        self,
        samples: list[Sample],
        seed: int,
        size: int,
        augment: Callable[[Tensor, Random], Tensor],
        views: Sequence[View] = (),
        sampler: tuple[int, int] | None = None,
    ) -> None:
        self.samples = samples
        self.seed = seed
        self.size = size
        self.augment = augment
        self.views = views
        self.decoded_size = DECODED_SCALE * max(size, *(view.size for view in views), 0)
        self.sampler = sampler
        self.cached_order: tuple[int, list[Draw]] = (-1, [])

    def order(self, epoch: int) -> list[Draw]:
        if self.cached_order[0] != epoch:
            key = key_of(self.seed, "order", epoch)
            labels = [sample.label for sample in self.samples]
            order = epoch_order(labels, Random(key), self.sampler)
            self.cached_order = (epoch, order)
        return self.cached_order[1]

    def __getitem__(self, at: tuple[int, int]) -> Item:
        epoch, position = at
        order = self.order(epoch)
        unreadable: list[str] = []
        for step in range(len(order)):
            index, earlier = order[(position + step) % len(order)]
            path, label, _, part, targets = self.samples[index]
            try:
                image = decode(path, self.decoded_size, part)
            except Unreadable:
                unreadable.append(path)
                continue
            again = [earlier] if earlier > 0 else []
            parts: list[str | float] = [self.seed, "augment", epoch, index, *again]
            augmented = self.augment(image, Random(key_of(*parts)))
            views = tuple(
                view.augment(image, Random(key_of(*parts, view.name)))
                for view in self.views
            )
            return Item(augmented, label, unreadable, targets=targets, views=views)
        return Item(torch.empty(0), 0, unreadable)


class ValImages(Dataset[Item]):
    """Images preprocessed for evaluation, indexed by their position in the list."""

    def __init__(
        self, samples: list[Sample], prepare: Callable[[Tensor], Tensor]
    ) -> None:
        self.samples = samples
        self.prepare = prepare

    def __getitem__(self, index: int) -> Item:
        sample = self.samples[index]
        try:
            image = self.prepare(decode(sample.path, part=sample.part))
            annotations = annotations_of(sample)
            return Item(image, sample.label, [], annotations, sample.targets, index)
        except Unreadable:
            return Item(torch.empty(0), sample.label, [sample.path])


class TrainingBatches:
    """Batches of an epoch's positions; each process takes its part of every batch."""

    def __init__(self, images: int, batch: int, rank: int, processes: int) -> None:
        # A partial last batch is dropped, unless it is the only one.
        self.batch = min(batch, images - images % processes)
        self.count = images // self.batch if self.batch > 0 else 0
        self.rank = rank
        self.per_process = self.batch // processes
        self.epoch = 0
        self.first = 0

    def begin(self, epoch: int, position: int) -> None:
        """Makes the next iteration start in this epoch at a position."""
        self.epoch = epoch
        self.first = position // self.batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for batch in range(self.first, self.count):
            start = batch * self.batch + self.rank * self.per_process
            yield [
                (self.epoch, position)
                for position in range(start, start + self.per_process)
            ]

    def __len__(self) -> int:
        return self.count - self.first


class ValBatches:
    """Batches of the images of this process: every n-th image for n processes."""

    def __init__(self, images: int, batch: int, rank: int, processes: int) -> None:
        indices = list(range(rank, images, processes))
        self.batches = [indices[k : k + batch] for k in range(0, len(indices), batch)]

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def _ignore_interrupt(_worker: int) -> None:
    """Leaves Ctrl-C to the training process, which finishes the current step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_loader(
    images: Dataset[Item],
    batches: TrainingBatches | ValBatches,
    workers: int,
    pin_memory: bool,
) -> DataLoader[Any]:
    return DataLoader(
        images,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=pin_memory,
        worker_init_fn=_ignore_interrupt if workers > 0 else None,
        collate_fn=collate,
    )
