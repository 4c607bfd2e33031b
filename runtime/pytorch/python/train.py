"""Trains the model of model.py as recipe.py specifies, into a run folder of wsban.

    python train.py --data IMAGES --out RUN
    torchrun --nproc-per-node 2 train.py --data IMAGES --out RUN
    wsban export RUN -o model.onnx

Each process computes a part of every batch; two processes with half of it each take
the same steps as one with all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

import recipe
from answer_metrics import MAIN_METRICS, AnswersCounter, main_value
from checkpoint import INITIAL_STATE, State
from epoch_order import require_classes
from errors import TrainingError
from evaluation import evaluate
from image_dataset import (
    Batch,
    Listing,
    TrainingBatches,
    TrainingImages,
    ValBatches,
    ValImages,
    make_loader,
    read_listing,
    require_heic,
)
from learner import Learner, LearnerOptions, StepInfo, StepResult
from model import load_weights
from process_group import ProcessGroup
from reporting import Reporter, format_duration, peak_memory
from run_folder import RunFolder, refuse_links, require_empty
from run_lock import Lock
from seeded import initialize
from stop_signals import StopSignals

MAX_UNREADABLE = 0.05


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    add = parser.add_argument
    add(
        "--data",
        type=Path,
        required=True,
        help="class folders, or a list that wsban wrote",
    )
    add("--out", type=Path, required=True, help="the folder for the run")
    add("--resume", action="store_true", help="continue where the run stopped")
    add("--from", dest="checkpoint", help="with --resume: an earlier checkpoint")
    add("--epochs", type=int, help=f"instead of {recipe.EPOCHS}")
    add("--batch", type=int, help=f"images per batch, instead of {recipe.BATCH}")
    add("--seed", type=int, default=1)
    add("--weights", type=Path, help="a safetensors file with initial weights")
    add("--precision", choices=["fp32", "bf16", "fp16"], default="fp32")
    add("--compile", action="store_true", help="use torch.compile")
    add("--channels-last", action="store_true")
    add("--sync-batch-norm", action="store_true", help="over all processes")
    add("--device", choices=["cpu", "cuda", "mps"], help="instead of the best one")
    add("--workers", type=int, default=2, help="data loader workers per process")
    add(
        "--save-every", type=float, default=10, help="minutes; 0: after each epoch only"
    )
    add("--keep", type=int, default=0, help="epochs to keep besides best and last")
    add("--most-unreadable", type=float, default=MAX_UNREADABLE)
    add("--json", action="store_true", help="print events as lines of JSON")
    return parser.parse_args()


class Training:
    """A training run of this process, from opening the run folder to the last epoch."""

    def __init__(
        self,
        options: argparse.Namespace,
        process_group: ProcessGroup,
        reporter: Reporter,
    ) -> None:
        self.options = options
        self.process_group = process_group
        self.reporter = reporter
        self.stop = StopSignals()
        if options.json:
            self.stop.follow_parent()
        self.run, self.learner, self.state, listing = self._open()
        info = self.run.info
        self.epochs: int = info["epochs"]
        batch: int = info["batch"]
        if batch % process_group.size:
            raise TrainingError(
                "batch-does-not-part",
                f"a batch of {batch} is not divisible by {process_group.size} processes",
                "choose a multiple with --batch",
            )
        self.images = len(listing.train)
        self.label_names = listing.label_names or {}
        ranks = (process_group.rank, process_group.size)
        count = self.images
        if recipe.SAMPLER:
            # The sampler fills one batch from fewer images, too.
            count = max(count, batch)
        self.batches = TrainingBatches(count, batch, *ranks)
        if self.batches.count == 0:
            raise TrainingError(
                "no-images",
                f"{self.images} images for {process_group.size} processes",
                "train with fewer processes",
            )
        accumulate = recipe.ACCUMULATE
        self.steps_per_epoch = -(-self.batches.count // accumulate)
        pin_memory = process_group.device.type == "cuda"
        workers = options.workers
        train = TrainingImages(
            listing.train,
            info["seed"],
            recipe.SIZE,
            recipe.augment,
            recipe.VIEWS,
            recipe.SAMPLER,
        )
        self.train_loader = make_loader(train, self.batches, workers, pin_memory)
        val = ValImages(listing.val, recipe.prepare)
        self.val_loader = make_loader(
            val, ValBatches(len(listing.val), batch, *ranks), workers, pin_memory
        )
        self.val_images = len(listing.val)
        self.unreadable: set[str] = set()
        self.saved_at = self.started_at = time.monotonic()
        self.data_seconds = self.step_seconds = self.first_step_seconds = 0.0
        self.steps_taken = 0
        self.images_per_second = 0.0

    def _open(self) -> tuple[RunFolder, Learner, State, Listing]:
        options, process_group = self.options, self.process_group
        exists = RunFolder.exists(options.out)
        # torchrun restarts the program after a crash, which then resumes the run.
        restarted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
        resumes = exists and (options.resume or restarted)
        process_group.barrier()
        if exists and not resumes:
            raise TrainingError(
                "run-exists",
                f"{options.out} holds a run already",
                "continue it (--resume), or choose another folder",
            )
        if options.resume and not exists:
            raise TrainingError(
                "run-unreadable",
                f"{options.out} holds no run to resume",
                "leave --resume out",
            )
        run = RunFolder.open(options.out) if resumes else None
        seed = run.info["seed"] if run else options.seed
        classes = run.info["classes"] if run else None
        listing = read_listing(options.data, seed, classes)
        require_heic(listing)
        if len(listing.classes) != recipe.CLASSES:
            count = len(listing.classes)
            raise TrainingError(
                "classes-do-not-fit",
                f"{options.data} has {count} classes, the model {recipe.CLASSES}",
                f"compile it with --set classes={count}",
            )
        require_labels(listing, options.data)
        if recipe.SAMPLER:
            batch = run.info["batch"] if run else options.batch or recipe.BATCH
            labels = [sample.label for sample in listing.train]
            require_classes(labels, recipe.SAMPLER, batch)
        model = recipe.Model()
        initialize(model, seed)
        if options.weights and not run:
            load_initial_weights(model, options.weights)
        if recipe.BALANCED:
            set_class_weights(model, listing)
        learner = Learner(
            model,
            process_group,
            LearnerOptions(
                seed,
                options.precision,
                options.compile,
                options.channels_last,
                options.sync_batch_norm,
            ),
        )
        if run:
            if options.checkpoint is not None and process_group.is_main:
                run.rewind_to(options.checkpoint)
            process_group.barrier()
            run = RunFolder.open(options.out)
            checkpoint = run.read_last()
            check_epochs(options, checkpoint.state)
            learner.restore(checkpoint)
            if process_group.is_main:
                run.truncate_log(checkpoint.state["logBytes"])
                run.remove_unused()
                if options.epochs is not None:
                    run.update_info(epochs=options.epochs)
            process_group.barrier()
            run = RunFolder.open(options.out)
            return run, learner, checkpoint.state, listing
        run = RunFolder(options.out, self._info(listing, seed))
        if process_group.is_main:
            initial = learner.checkpoint(INITIAL_STATE)
            run = RunFolder.create(options.out, run.info, initial)
        process_group.barrier()
        return run, learner, INITIAL_STATE, listing

    def _info(self, listing: Listing, seed: int) -> dict[str, Any]:
        options = self.options
        spec = json.loads((Path(__file__).parent / "spec.json").read_text("utf-8"))
        return {
            "wsban": recipe.WSBAN,
            "model": recipe.NAME,
            "spec": spec,
            "classes": listing.classes,
            **({"labelNames": listing.label_names} if listing.label_names else {}),
            "data": str(options.data),
            "seed": seed,
            "epochs": options.epochs or recipe.EPOCHS,
            "batch": options.batch or recipe.BATCH,
            "engine": "pytorch",
            "saveEvery": options.save_every,
            "keep": options.keep,
            "kept": [],
        }

    def train(self) -> None:
        """Trains until the last epoch or a stop request; the latter exits with 130."""
        stopped = False
        self._report_start()
        while (
            self.state["epoch"] < self.epochs
            and not self._ended_early()
            and not stopped
        ):
            stopped = not self._train_epoch()
            if not stopped:
                self._end_epoch()
        if stopped:
            self._save(None)
        self.reporter.report(
            "end",
            interrupted=stopped,
            endedEarly=self._ended_early(),
            steps=self.steps_taken,
            seconds=time.monotonic() - self.started_at,
            secondsPerStep=self._seconds_per_step(),
        )
        if stopped:
            self.reporter.report(
                "say", f"stopped; continue with --resume --out {self.run.path}"
            )
            sys.exit(130)

    def _report_start(self) -> None:
        epoch, step = self.state["epoch"], self.state["stepInEpoch"]
        threads = torch.get_num_threads()
        device = self.process_group.device
        where = f"{threads} threads" if device.type == "cpu" else str(device)
        self.reporter.report(
            "say",
            f"PyTorch {torch.__version__}, {where}, {self.process_group.size} "
            f"{'process' if self.process_group.size == 1 else 'processes'}, "
            f"{self.options.precision}"
            + (f"; resuming after epoch {epoch}, step {step}" if epoch + step else ""),
        )
        if self.options.compile:
            self.reporter.report(
                "say", "compiling the model, which takes minutes before the first step"
            )

    def _ended_early(self) -> bool:
        stale: int = self.state["stale"]
        return 0 < recipe.PATIENCE <= stale

    def _train_epoch(self) -> bool:
        """Trains the rest of the epoch. Returns False after a stop request."""
        epoch = self.state["epoch"]
        self.batches.begin(epoch, self.state["position"])
        self.data_seconds = 0.0
        self.epoch_started_at = time.monotonic()
        for batches in self._step_batches():
            progress = epoch + self.state["stepInEpoch"] / self.steps_per_epoch
            factor = recipe.rate_factor(progress, self.epochs)
            step, position = self.state["step"], self.state["position"]
            info = StepInfo(step, progress, position, recipe.RATE * factor)
            started_at = time.monotonic()
            result = self.learner.train_step(batches, info)
            self._update_timing(time.monotonic() - started_at, len(batches))
            self._advance(result, len(batches))
            self._report_step(info, result)
            if self._stop_requested():
                return False
            every = self.run.info["saveEvery"]
            if 0 < every * 60 < time.monotonic() - self.saved_at:
                self._save(None)
        return True

    def _step_batches(self) -> Iterator[list[Batch]]:
        """Yields the batches of each step; the last step of an epoch may have fewer."""
        waiting_since = time.monotonic()
        batches: list[Batch] = []
        batch: Batch
        for batch in self.train_loader:
            self.data_seconds += time.monotonic() - waiting_since
            self._record_unreadable(batch.unreadable, self.images)
            if len(batch.labels) == 0:
                raise TrainingError(
                    "images-unreadable",
                    "none of the images can be read",
                    "get them again",
                )
            batches.append(batch)
            if len(batches) == recipe.ACCUMULATE:
                yield batches
                batches = []
            waiting_since = time.monotonic()
        if batches:
            yield batches

    def _record_unreadable(self, paths: list[str], total: int) -> None:
        for path in sorted(set(paths) - self.unreadable):
            self.unreadable.add(path)
            self.reporter.report("warn", f"left out: cannot read the image {path}")
        if len(self.unreadable) > self.options.most_unreadable * total:
            raise TrainingError(
                "images-unreadable",
                f"{len(self.unreadable)} of {total} images cannot be read",
                "get them again, take them out, or allow more with --most-unreadable",
            )

    def _update_timing(self, seconds: float, batches: int) -> None:
        # The first step is slower, as it also compiles and allocates.
        if self.steps_taken == 0:
            self.first_step_seconds = seconds
        else:
            self.step_seconds += seconds
        self.steps_taken += 1
        rate = self.batches.batch * batches / seconds
        average = self.images_per_second
        self.images_per_second = rate if average == 0 else 0.9 * average + 0.1 * rate

    def _seconds_per_step(self) -> float:
        return (
            self.step_seconds / (self.steps_taken - 1)
            if self.steps_taken > 1
            else self.first_step_seconds
        )

    def _advance(self, result: StepResult, batches: int) -> None:
        sums = self.state["lossSums"]
        self.state = {
            **self.state,
            "step": self.state["step"] + 1,
            "stepInEpoch": self.state["stepInEpoch"] + 1,
            "position": self.state["position"] + batches * self.batches.batch,
            "lossSums": {k: sums.get(k, 0.0) + v for k, v in result.losses.items()},
        }

    def _report_step(self, info: StepInfo, result: StepResult) -> None:
        step, done = self.state["stepInEpoch"], self.state["step"]
        steps = self.steps_per_epoch
        epoch = self.state["epoch"]
        left = (self.epochs - epoch) * steps - step
        seconds = (
            left
            * self.batches.batch
            * recipe.ACCUMULATE
            / max(self.images_per_second, 1e-9)
        )
        parts = " ".join(f"{name} {value:.3f}" for name, value in result.losses.items())
        self.reporter.report(
            "progress",
            f"epoch {epoch + 1}/{self.epochs} · step {step}/{steps} · "
            f"{self.images_per_second:.3g} images/s · {format_duration(seconds)} left · {parts} · "
            f"rate {info.learning_rate:.2g} · {peak_memory() / 2**30:.1f} GiB",
        )
        if self.process_group.is_main and done % max(1, -(-steps // 20)) == 0:
            record = {
                "kind": "step",
                "step": done,
                "epoch": info.epoch,
                "rate": info.learning_rate,
                "gradientNorm": result.gradient_norm,
                "losses": result.losses,
            }
            self._log(record)

    def _log(self, record: dict[str, Any]) -> None:
        self.run.append_record(record)
        self.reporter.report("log", record=record)

    def _stop_requested(self) -> bool:
        """Whether any process received a stop signal. All processes must agree."""
        requested = torch.tensor(
            float(self.stop.requested), device=self.process_group.device
        )
        return bool(self.process_group.all_reduce(requested) > 0)

    def _end_epoch(self) -> None:
        duration = time.monotonic() - self.epoch_started_at
        epoch, steps = self.state["epoch"], self.state["stepInEpoch"]
        losses = {name: total / steps for name, total in self.state["lossSums"].items()}
        model = self.learner.evaluation_model()
        metrics, predicted = evaluate(
            model,
            self.val_loader,
            self.process_group,
            recipe.PREDICTION,
            recipe.BRANCHES,
            self.val_images,
            self._answers_counter(),
        )
        if self.process_group.is_main:
            record = {
                "kind": "epoch",
                "epoch": epoch + 1,
                "step": self.state["step"],
                "losses": losses,
                "val": metrics,
                "secondsPerStep": self._seconds_per_step(),
                "waitingForData": self.data_seconds / duration,
                "memory": peak_memory(),
            }
            self._log(record)
            if any(label is not None for label in predicted):
                self.run.write_validation(epoch + 1, predicted)
        score = score_of(metrics)
        better = self.run.is_better(score)
        stale = 0 if better or score is None else self.state["stale"] + 1
        reset: State = {"stepInEpoch": 0, "position": 0, "lossSums": {}, "stale": stale}
        self.state = {**self.state, "epoch": epoch + 1, **reset}
        self._save(score)
        if better:
            self.run.info["bestScore"] = score
        val = f"val: {scores_text(metrics)}" if metrics["images"] else "no val images"
        self.reporter.report(
            "say",
            f"epoch {epoch + 1}/{self.epochs} · {format_duration(time.monotonic() - self.started_at)}"
            f" · loss {losses['total']:.3f} · {val}",
        )

    def _answers_counter(self) -> AnswersCounter | None:
        if not recipe.ANSWERS:
            return None
        return AnswersCounter(recipe.ANSWERS, recipe.LABELS, self.label_names)

    def _save(self, score: float | None) -> None:
        if self.process_group.is_main:
            self.run.save(self.learner.checkpoint(self.state), score)
        self.saved_at = time.monotonic()


def score_of(metrics: dict[str, Any]) -> float | None:
    """Returns the value by which checkpoints are compared; None without images."""
    if metrics["images"] == 0:
        return None
    if recipe.ANSWERS:
        value: float | None = metrics.get("score", {}).get("value")
        return value
    joint: float = metrics["top1"]["joint"]
    return joint


def scores_text(metrics: dict[str, Any]) -> str:
    if not recipe.ANSWERS:
        return ", ".join(f"{k} {v:.1%}" for k, v in metrics["top1"].items())
    return ", ".join(
        f"{name} {MAIN_METRICS[one['kind']]} {value:.3f}"
        for name, one in metrics["answers"].items()
        if (value := main_value(one)) is not None
    )


def require_labels(listing: Listing, data: Path) -> None:
    """Raises a TrainingError if the images lack label inputs of the model."""
    names = [name for name, _, _ in recipe.LABELS]
    only_class = len(names) == 1 and recipe.LABELS[0][1] == "Class"
    if only_class or all(sample.targets for sample in listing.train):
        return
    raise TrainingError(
        "label-columns",
        f"{data} gives a class for each image, and the model takes {', '.join(names)}",
        "train with wsban train --engine pytorch, which reads lists with these columns",
    )


def check_epochs(options: argparse.Namespace, state: State) -> None:
    """Raises a TrainingError if --epochs is less than the epochs that have started."""
    started = state["epoch"] + (1 if state["stepInEpoch"] > 0 else 0)
    if options.epochs is not None and options.epochs < started:
        raise TrainingError(
            "run-differs",
            f"{options.out} is in epoch {started}, and --epochs {options.epochs} "
            "would take some away",
            f"leave --epochs out, or give at least {started}",
        )


def load_initial_weights(model: torch.nn.Module, weights: Path) -> None:
    """Loads --weights. Raises a TrainingError if they are unreadable or do not fit."""
    try:
        load_weights(model, str(weights))
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            "weights-unreadable", f"cannot read {weights}: {error}", "check the path"
        ) from error
    except RuntimeError as error:
        raise TrainingError(
            "weights-do-not-fit",
            f"{weights} is not for this model: {error}",
            "take weights of the same spec: wsban train --weights changes other ones",
        ) from error


def set_class_weights(model: torch.nn.Module, listing: Listing) -> None:
    """Sets class weights to images / (classes x images of the class)."""
    counts = [0] * len(listing.classes)
    for sample in listing.train:
        counts[sample.label] += 1
    weights = [len(listing.train) / (len(counts) * n) if n else 1.0 for n in counts]
    for name, buffer in model.named_buffers():
        if name.rpartition(".")[2] == "class_weights":
            buffer.copy_(torch.tensor(weights))


def main() -> None:
    options = read_options()
    process_group = ProcessGroup(options.device)
    reporter = Reporter(options.json, quiet=not process_group.is_main)
    lock: Lock | None = None
    try:
        if process_group.is_main:
            refuse_links(options.out)
            if not RunFolder.exists(options.out):
                require_empty(options.out)
            lock = Lock(options.out)
        Training(options, process_group, reporter).train()
    except TrainingError as error:
        reporter.error(error, process_group.rank)
        sys.exit(1)
    finally:
        if lock:
            lock.release()
        process_group.destroy()


if __name__ == "__main__":
    main()
