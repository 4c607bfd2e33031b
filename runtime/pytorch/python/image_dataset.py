"""Labelled images on their way to the model: listed, decoded, changed, in batches."""

from __future__ import annotations

import json
import math
import os
import signal
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import ExifTags, Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from localisation import Places, places_on
from problems import Problem
from seeded import Random, key_of

JPEG_ENDINGS = {".jpg", ".jpeg", ".jpe", ".jfif"}
ENDINGS = {*JPEG_ENDINGS, ".png", ".webp", ".avif", ".tif", ".tiff", ".gif"}
SPLITS = {"train": ["train"], "val": ["val", "valid", "validation"]}
VALIDATION_SHARE = 0.2
# How many times the model's size the shorter side of an image has to be for augmentation.
ENOUGH = 4
# More is a mistake or an attack; Pillow refuses twice this.
Image.MAX_IMAGE_PIXELS = 2**26

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF")


class Sample(NamedTuple):
    path: str
    label: int
    truth: dict[str, Any] | None = None  # where things truly are, if that is known


@dataclass(frozen=True)
class Listing:
    classes: list[str]
    train: list[Sample]
    val: list[Sample]


def read_listing(place: Path, seed: int) -> Listing:
    """A list that wsban wrote (JSON), or a folder of class folders.

    The folder may hold train/ and val/. Without val a seeded fifth of each class is
    set apart from train.
    """
    if place.is_file():
        return _read_list(place)
    if not place.is_dir():
        raise Problem(
            "data-unreadable", f"there is no folder {place}", "check the path"
        )
    folders = {
        split: [place / name for name in names if (place / name).is_dir()]
        for split, names in SPLITS.items()
    }
    own = folders["train"] or [place]
    train = {name: found for name, found in _by_class(own[0]).items() if found}
    if not train:
        raise Problem(
            "data-empty",
            f"no images in class folders of {own[0]}",
            "one folder a class with images in it",
        )
    val = _by_class(folders["val"][0]) if folders["val"] else _set_apart(train, seed)
    strange = sorted(set(val) - set(train))
    if strange:
        raise Problem(
            "data-classes",
            f"classes of val not in train: {strange[:8]}",
            "give each class some images in train, or remove it",
        )
    classes = sorted(train)
    return Listing(
        classes,
        [Sample(path, k) for k, name in enumerate(classes) for path in train[name]],
        [
            Sample(path, k)
            for k, name in enumerate(classes)
            for path in val.get(name, [])
        ],
    )


def _read_list(file: Path) -> Listing:
    found = json.loads(file.read_text(encoding="utf-8"))
    split = {
        name: [Sample(*sample) for sample in found[name]] for name in ("train", "val")
    }
    return Listing(found["classes"], split["train"], split["val"])


def _by_class(folder: Path) -> dict[str, list[str]]:
    return {
        entry.name: list(_images(entry))
        for entry in sorted(folder.iterdir())
        if entry.is_dir() and not entry.name.startswith(".")
    }


def _images(folder: Path, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Files before folders, each in the order of their names."""
    real = os.path.realpath(folder)
    if real in above:
        return
    entries = sorted(e for e in folder.iterdir() if not e.name.startswith("."))
    for entry in entries:
        if entry.is_file() and entry.suffix.lower() in ENDINGS:
            yield str(entry)
    for entry in entries:
        if entry.is_dir():
            yield from _images(entry, (*above, real))


def _set_apart(train: dict[str, list[str]], seed: int) -> dict[str, list[str]]:
    """Takes a seeded share of each class out of train."""
    val = {}
    for name, paths in train.items():
        if len(paths) < 2:
            continue
        count = max(1, math.floor(len(paths) * VALIDATION_SHARE + 0.5))
        random = Random(key_of(seed, "validation", unicodedata.normalize("NFC", name)))
        chosen = set(random.shuffle(list(range(len(paths))))[:count])
        val[name] = [path for k, path in enumerate(paths) if k in chosen]
        train[name] = [path for k, path in enumerate(paths) if k not in chosen]
    return val


class Unreadable(Exception):
    """An image that Pillow cannot read."""


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Whatever Pillow raises on broken bytes (struct.error, zlib.error, IndexError, ...) becomes Unreadable."""
    try:
        yield
    except Exception as error:
        raise Unreadable(f"{path}: {error}") from error


def open_image(path: str) -> Image.Image:
    """Opens an image of the formats that wsban reads. Pillow alone would go by the bytes to dozens of others, some of which run programs."""
    Image.init()
    return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])


def decode(path: str, enough: int | None = None) -> Tensor:
    """float32 [3, height, width], 0 to 255; turned as its EXIF says, clear is white.

    An image whose shorter side is over half as large again as `enough` is reduced.
    """
    with reading(path), open_image(path) as opened:
        if enough and min(opened.size) > 1.5 * enough:
            opened.draft("RGB", (enough, enough))
        image: Image.Image = ImageOps.exif_transpose(opened)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            clear = image.convert("RGBA")
            image = Image.new("RGBA", clear.size, "white")
            image.alpha_composite(clear)
        image = image.convert("RGB")
        if enough and min(image.size) > 1.5 * enough:
            scale = enough / min(image.size)
            width, height = (max(1, round(side * scale)) for side in image.size)
            image = image.resize((width, height), Image.Resampling.LANCZOS)
        data = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        return data.view(image.height, image.width, 3).permute(2, 0, 1).float()


def places_of(sample: Sample) -> Places | None:
    if not sample.truth:
        return None
    with reading(sample.path), open_image(sample.path) as opened:
        turned = opened.getexif().get(ExifTags.Base.Orientation, 1)
        return places_on(sample.truth, opened.size, turned)


class Item(NamedTuple):
    image: Tensor
    label: int
    unreadable: list[str]
    places: Places | None = None


class Batch(NamedTuple):
    images: Tensor  # B x 3 x size x size
    labels: Tensor  # B
    unreadable: list[str]
    places: list[Places | None]  # of each image


def collate(items: list[Item]) -> Batch:
    """Of those whose image could be read."""
    readable = [item for item in items if item.image.numel() > 0]
    images = [item.image for item in readable]
    return Batch(
        torch.stack(images) if images else torch.empty(0),
        torch.tensor([item.label for item in readable], dtype=torch.int64),
        [path for item in items for path in item.unreadable],
        [item.places for item in readable],
    )


class TrainingImages(Dataset[Item]):
    """Images by (epoch, place in the epoch's order), augmented.

    The order depends on (seed, epoch), augmentation on (seed, epoch, image): what a
    place gives is the same however many processes and workers there are. Where a
    image cannot be read the next one that can be takes its place; where none can,
    the image is empty.
    """

    def __init__(
        self,
        samples: list[Sample],
        seed: int,
        size: int,
        augment: Callable[[Tensor, Random], Tensor],
    ) -> None:
        self.samples = samples
        self.seed = seed
        self.size = size
        self.augment = augment
        self.ordered: tuple[int, list[int]] = (-1, [])

    def order(self, epoch: int) -> list[int]:
        if self.ordered[0] != epoch:
            random = Random(key_of(self.seed, "order", epoch))
            self.ordered = (epoch, random.shuffle(list(range(len(self.samples)))))
        return self.ordered[1]

    def __getitem__(self, at: tuple[int, int]) -> Item:
        epoch, place = at
        order = self.order(epoch)
        unreadable: list[str] = []
        for step in range(len(order)):
            index = order[(place + step) % len(order)]
            path, label, _ = self.samples[index]
            try:
                image = decode(path, ENOUGH * self.size)
            except Unreadable:
                unreadable.append(path)
                continue
            key = key_of(self.seed, "augment", epoch, index)
            return Item(self.augment(image, Random(key)), label, unreadable)
        return Item(torch.empty(0), 0, unreadable)


class ValImages(Dataset[Item]):
    """Images by their place in the list, as evaluation sees them."""

    def __init__(
        self, samples: list[Sample], prepare: Callable[[Tensor], Tensor]
    ) -> None:
        self.samples = samples
        self.prepare = prepare

    def __getitem__(self, place: int) -> Item:
        sample = self.samples[place]
        try:
            image = self.prepare(decode(sample.path))
            return Item(image, sample.label, [], places_of(sample))
        except Unreadable:
            return Item(torch.empty(0), sample.label, [sample.path])


class TrainingBatches:
    """The places of an epoch, in batches, of which this process takes its share."""

    def __init__(self, images: int, batch: int, rank: int, processes: int) -> None:
        # The partial batch at the end counts only if it is all there is.
        self.batch = min(batch, images - images % processes)
        self.count = images // self.batch if self.batch > 0 else 0
        self.rank = rank
        self.own = self.batch // processes
        self.epoch = 0
        self.first = 0

    def begin(self, epoch: int, position: int) -> None:
        """The next time round is this epoch's, from that place on."""
        self.epoch = epoch
        self.first = position // self.batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for batch in range(self.first, self.count):
            start = batch * self.batch + self.rank * self.own
            yield [(self.epoch, place) for place in range(start, start + self.own)]

    def __len__(self) -> int:
        return self.count - self.first


class ValBatches:
    """Every so-manieth image, in batches."""

    def __init__(self, images: int, batch: int, rank: int, processes: int) -> None:
        own = list(range(rank, images, processes))
        self.batches = [own[k : k + batch] for k in range(0, len(own), batch)]

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def _ignore_interrupt(_worker: int) -> None:
    """A Ctrl-C is for the process that trains: it still needs what is under way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def loader(
    images: Dataset[Item],
    batches: TrainingBatches | ValBatches,
    workers: int,
    pinned: bool,
) -> DataLoader[Any]:
    return DataLoader(
        images,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=pinned,
        worker_init_fn=_ignore_interrupt if workers > 0 else None,
        collate_fn=collate,
    )
