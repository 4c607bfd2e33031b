"""Class folders: which folders are splits, which are classes, and their images."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from errors import TrainingError
from seeded import Random, key_of

ENDINGS = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif"),
    *(".tif", ".tiff", ".gif", ".bmp", ".dib", ".heic", ".heif", ".hif"),
}
SPLITS = {
    "train": ("train", "training", "trainval"),
    "val": (
        *("val", "valid", "validate", "validation"),
        *("dev", "development", "eval", "evaluation"),
    ),
    "test": ("test", "testing"),
}
# Words that say nothing about what a folder holds: train_images, seg_train, trainset.
WORDS = """
    image images img imgs photo photos data dataset set sets
    split splits seg folder folders class classes list lists label labels labelled
    labeled annotation annotations anno annos instances metadata meta coco info file
    files filelist path paths crops cropped resized
"""
GENERAL_WORDS = {*WORDS.split(), *("pic" + end for end in ("", "s", "ture", "tures"))}
SYSTEM_FOLDERS = {
    *("__MACOSX", "@eaDir", "$RECYCLE.BIN"),
    *("System Volume Information", "lost+found"),
}
VALIDATION_FRACTION = 0.2


class ClassFolders(NamedTuple):
    classes: list[str]
    train: dict[str, list[str]]  # paths by class
    val: dict[str, list[str]]


def read_class_folders(
    source: Path, seed: int, classes: Sequence[str] | None = None
) -> ClassFolders:
    """Reads a folder of class folders, directly in it or in folders of splits.

    Without a validation split, a random fifth of each class is held out. `classes`
    is the order that a run has stored.
    """
    if not source.is_dir():
        raise TrainingError(
            "data-unreadable", f"there is no folder {source}", "check the path"
        )
    splits = _find_splits(source)
    root = splits["train"]
    train = _by_class(root)
    if not train:
        raise TrainingError(
            "data-empty",
            f"no images in class folders of {root}",
            "one folder a class with images in it",
        )
    val = _by_class(splits["val"]) if "val" in splits else _hold_out(train, seed)
    names = list(classes) if classes is not None else sort_classes(train)
    unknown = sorted({*train, *val} - {_composed(name) for name in names})
    if unknown:
        known_by = "train" if classes is None else "the run"
        raise TrainingError(
            "data-classes",
            f"classes not in {known_by}: {unknown[:8]}",
            "give each class some images in train, or remove it",
        )
    if len(names) < 2:
        raise TrainingError(
            "one-class",
            f"{source} has one class only: {names}",
            "give the folder that holds one folder per class",
        )
    return ClassFolders(
        names,
        {name: train.get(_composed(name), []) for name in names},
        {name: val.get(_composed(name), []) for name in names},
    )


def sort_classes(
    names: Iterator[str] | Sequence[str] | dict[str, list[str]],
) -> list[str]:
    """Sorts names by code point or, if all are numbered (c2, c10), by number."""
    plain = sorted(names)
    numbered = [re.match(r"([^0-9]*)([0-9]+)", name) for name in plain]
    prefixes = {found.group(1) if found else None for found in numbered}
    if len(prefixes) != 1 or None in prefixes:
        return plain
    numbers = {found.string: int(found.group(2)) for found in numbered if found}
    return sorted(plain, key=lambda name: (numbers[name], name))


def split_of_name(name: str) -> str | None:
    """Returns the split that a folder's name denotes: Train, test_images."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", unicodedata.normalize("NFKC", name))
    words = [word for word in re.split(r"[\W\d_]+", spaced.lower()) if word]
    known = [_split_of_word(word) for word in words]
    found = [split for split in known if split]
    others = [word for word, split in zip(words, known, strict=True) if not split]
    if len(found) != 1 or any(word not in GENERAL_WORDS for word in others):
        return None
    return found[0]


def _split_of_word(word: str) -> str | None:
    for split, names in SPLITS.items():
        for name in names:
            begins = word.startswith(name) and word[len(name) :] in GENERAL_WORDS
            ends = word.endswith(name) and word[: -len(name)] in GENERAL_WORDS
            if word == name or begins or ends:
                return split
    return None


def _find_splits(source: Path) -> dict[str, Path]:
    """Returns the folder of each split; `train` is the source itself without splits."""
    folders = [folder for folder in _folders(source) if _holds_images(folder)]
    named = [(split_of_name(folder.name), folder) for folder in folders]
    splits: dict[str, Path] = {}
    for split, folder in named:
        if split is None or not any(_holds_images(inner) for inner in _folders(folder)):
            continue
        if split in splits:
            raise TrainingError(
                "data-ambiguous",
                f"{source} has both {splits[split].name} and {folder.name}, which mean"
                " the same split",
                "keep one of them",
            )
        splits[split] = folder
    if splits:
        if "train" not in splits:
            raise TrainingError(
                "data-classes",
                f"{source} has no training images",
                "put class folders with images in train/",
            )
        return {split: _inner(folder) for split, folder in splits.items()}
    looking = [folder.name for split, folder in named if split]
    vehicles = len(folders) > 2 and [n.lower() for n in looking] == ["train"]
    if looking and not vehicles:
        raise TrainingError(
            "data-ambiguous",
            f"{source}: {looking} look like splits, but hold images without class"
            " folders",
            "put the images of each class into a folder of their own",
        )
    inner = _inner(source)
    return {"train": source} if inner == source else _find_splits(inner)


def _inner(folder: Path) -> Path:
    """Follows folders that hold one folder of folders each."""
    if any(_is_image(entry) for entry in _entries(folder)):
        return folder
    filled = [inner for inner in _folders(folder) if _holds_images(inner)]
    if len(filled) != 1 or any(_is_image(entry) for entry in _entries(filled[0])):
        return folder
    return _inner(filled[0])


def _entries(folder: Path) -> list[Path]:
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name not in SYSTEM_FOLDERS
    )


def _folders(folder: Path) -> list[Path]:
    return [entry for entry in _entries(folder) if entry.is_dir()]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.is_file()


def _holds_images(folder: Path) -> bool:
    return next(_images(folder), None) is not None


def _composed(name: str) -> str:
    """Returns one spelling for a name: macOS decomposes letters with accents."""
    return unicodedata.normalize("NFC", name)


def _by_class(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in _folders(folder):
        images = list(_images(entry))
        if images:
            found.setdefault(_composed(entry.name), []).extend(images)
    return found


def _images(folder: Path, ancestors: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields files before folders, each sorted by name. Skips cyclic links."""
    real = os.path.realpath(folder)
    if real in ancestors:
        return
    entries = _entries(folder)
    for entry in entries:
        if _is_image(entry):
            yield str(entry)
    for entry in entries:
        if entry.is_dir():
            yield from _images(entry, (*ancestors, real))


def _hold_out(train: dict[str, list[str]], seed: int) -> dict[str, list[str]]:
    """Moves a random fraction of each class from train to val, which is returned."""
    val = {}
    for name, paths in train.items():
        if len(paths) < 2:
            continue
        count = max(1, math.floor(len(paths) * VALIDATION_FRACTION + 0.5))
        random = Random(key_of(seed, "validation", name))
        chosen = set(random.shuffle(list(range(len(paths))))[:count])
        val[name] = [path for k, path in enumerate(paths) if k in chosen]
        train[name] = [path for k, path in enumerate(paths) if k not in chosen]
    return val
