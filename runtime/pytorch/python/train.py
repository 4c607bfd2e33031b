"""Trains the model of model.py as recipe.py says, into a run that wsban reads.

    python train.py --data IMAGES --out RUN
    torchrun --nproc-per-node 2 train.py --data IMAGES --out RUN
    wsban export RUN -o model.onnx

A batch is shared out among the processes; two with half of it each take the same steps
as one with all of it.
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
from checkpoint import BEGINNING, State
from evaluation import evaluate
from learner import Learner, Moment, Options, Step
from model import load_weights
from image_dataset import (
    Batch,
    Listing,
    TrainingBatches,
    TrainingImages,
    ValBatches,
    ValImages,
    loader,
    read_listing,
)
from problems import Problem
from run_folder import RunFolder, refuse_links, require_empty
from run_lock import Lock
from seeded import initialize
from stopping import Stop
from team import Team
from telling import Teller, clock, memory

MOST_UNREADABLE = 0.05


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, required=True, help="class folders, or a list by wsban")
    add("--out", type=Path, required=True, help="the folder for the run")
    add("--resume", action="store_true", help="go on where the run stopped")
    add("--from", dest="checkpoint", help="with --resume: an earlier one than the last")
    add("--epochs", type=int, help=f"instead of {recipe.EPOCHS}")
    add("--batch", type=int, help=f"images a batch, instead of {recipe.BATCH}")
    add("--seed", type=int, default=1)
    add("--weights", type=Path, help="a safetensors file to begin from")
    add("--precision", choices=["fp32", "bf16", "fp16"], default="fp32")
    add("--compile", action="store_true", help="by torch.compile")
    add("--channels-last", action="store_true")
    add("--sync-batch-norm", action="store_true", help="statistics of all processes")
    add("--device", choices=["cpu", "cuda", "mps"], help="instead of the best one")
    add("--workers", type=int, default=2, help="that prepare images, a process")
    add("--save-every", type=float, default=10, help="minutes; 0: at ends of epochs")
    add("--keep", type=int, default=0, help="ends of epochs kept beside best and last")
    add("--most-unreadable", type=float, default=MOST_UNREADABLE)
    add(
        "--json", action="store_true", help="a line of JSON for each thing that happens"
    )
    return parser.parse_args()


class Training:
    def __init__(self, options: argparse.Namespace, team: Team, teller: Teller) -> None:
        self.options = options
        self.team = team
        self.teller = teller
        self.stop = Stop()
        if options.json:
            self.stop.with_parent()
        self.run, self.learner, self.state, listing = self._begin()
        info = self.run.info
        self.epochs: int = info["epochs"]
        batch: int = info["batch"]
        if batch % team.size:
            raise Problem(
                "batch-does-not-part",
                f"a batch of {batch} does not part into {team.size} processes",
                "choose a multiple with --batch",
            )
        self.images = len(listing.train)
        share = (team.rank, team.size)
        self.batches = TrainingBatches(self.images, batch, *share)
        if self.batches.count == 0:
            raise Problem(
                "no-images",
                f"{self.images} images for {team.size} processes",
                "train with fewer processes",
            )
        accumulate = recipe.ACCUMULATE
        self.steps_per_epoch = -(-self.batches.count // accumulate)
        pinned = team.device.type == "cuda"
        workers = options.workers
        train = TrainingImages(
            listing.train, info["seed"], recipe.SIZE, recipe.augment
        )
        self.train = loader(train, self.batches, workers, pinned)
        val = ValImages(listing.val, recipe.prepare)
        self.val = loader(
            val, ValBatches(len(listing.val), batch, *share), workers, pinned
        )
        self.unreadable: set[str] = set()
        self.saved = self.began = time.monotonic()
        self.waited = self.computed = self.first_step = 0.0
        self.taken = 0
        self.pace = 0.0

    def _begin(self) -> tuple[RunFolder, Learner, State, Listing]:
        options, team = self.options, self.team
        exists = RunFolder.exists(options.out)
        # torchrun begins anew after a crash: then the run goes on.
        again = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
        going_on = exists and (options.resume or again)
        team.wait()
        if exists and not going_on:
            raise Problem(
                "run-exists",
                f"{options.out} holds a run already",
                "go on with it (--resume), or choose another folder",
            )
        if options.resume and not exists:
            raise Problem(
                "run-unreadable",
                f"{options.out} holds no run to go on with",
                "leave --resume out",
            )
        run = RunFolder.open(options.out) if going_on else None
        seed = run.info["seed"] if run else options.seed
        listing = read_listing(options.data, seed)
        if len(listing.classes) != recipe.CLASSES:
            count = len(listing.classes)
            raise Problem(
                "classes-do-not-fit",
                f"{options.data} has {count} classes, the model {recipe.CLASSES}",
                f"compile it with --set classes={count}",
            )
        model = recipe.Model()
        initialize(model, seed)
        if options.weights and not run:
            begin_from(model, options.weights)
        if recipe.BALANCED:
            balance(model, listing)
        learner = Learner(
            model,
            team,
            Options(
                seed,
                options.precision,
                options.compile,
                options.channels_last,
                options.sync_batch_norm,
            ),
        )
        if run:
            if options.checkpoint is not None and team.first:
                run.go_back_to(options.checkpoint)
            team.wait()
            run = RunFolder.open(options.out)
            checkpoint = run.read()
            check_epochs(options, checkpoint.state)
            learner.restore(checkpoint)
            if team.first:
                run.cut_log(checkpoint.state["logBytes"])
                run.remove_unused()
                if options.epochs is not None:
                    run.change(epochs=options.epochs)
            team.wait()
            run = RunFolder.open(options.out)
            return run, learner, checkpoint.state, listing
        run = RunFolder(options.out, self._info(listing, seed))
        if team.first:
            first = learner.checkpoint(BEGINNING)
            run = RunFolder.create(options.out, run.info, first)
        team.wait()
        return run, learner, BEGINNING, listing

    def _info(self, listing: Listing, seed: int) -> dict[str, Any]:
        options = self.options
        spec = json.loads((Path(__file__).parent / "spec.json").read_text("utf-8"))
        return {
            "wsban": recipe.WSBAN,
            "model": recipe.NAME,
            "spec": spec,
            "classes": listing.classes,
            "data": str(options.data),
            "seed": seed,
            "epochs": options.epochs or recipe.EPOCHS,
            "batch": options.batch or recipe.BATCH,
            "engine": "pytorch",
            "saveEvery": options.save_every,
            "keep": options.keep,
            "kept": [],
        }

    def go(self) -> None:
        stopped = False
        self._tell_where()
        while (
            self.state["epoch"] < self.epochs
            and not self._ended_early()
            and not stopped
        ):
            stopped = not self._steps()
            if not stopped:
                self._end_epoch()
        if stopped:
            self._save(None)
        self.teller.tell(
            "end",
            interrupted=stopped,
            endedEarly=self._ended_early(),
            steps=self.taken,
            seconds=time.monotonic() - self.began,
            secondsPerStep=self._seconds_per_step(),
        )
        if stopped:
            self.teller.tell(
                "say", f"stopped; go on with --resume --out {self.run.path}"
            )
            sys.exit(130)

    def _tell_where(self) -> None:
        epoch, step = self.state["epoch"], self.state["stepInEpoch"]
        threads = torch.get_num_threads()
        device = self.team.device
        where = f"{threads} threads" if device.type == "cpu" else str(device)
        self.teller.tell(
            "say",
            f"PyTorch {torch.__version__}, {where}, {self.team.size} "
            f"{'process' if self.team.size == 1 else 'processes'}, "
            f"{self.options.precision}"
            + (f"; going on after epoch {epoch}, step {step}" if epoch + step else ""),
        )
        if self.options.compile:
            self.teller.tell(
                "say", "compiling the model; before the first step this takes minutes"
            )

    def _ended_early(self) -> bool:
        stale: int = self.state["stale"]
        return 0 < recipe.PATIENCE <= stale

    def _steps(self) -> bool:
        """What is left of the epoch; false when somebody asked to stop."""
        epoch = self.state["epoch"]
        self.batches.begin(epoch, self.state["position"])
        self.waited = 0.0
        self.epoch_began = time.monotonic()
        for batches in self._by_step():
            done = epoch + self.state["stepInEpoch"] / self.steps_per_epoch
            factor = recipe.rate_factor(done, self.epochs)
            step, position = self.state["step"], self.state["position"]
            moment = Moment(step, done, position, recipe.RATE * factor)
            began = time.monotonic()
            result = self.learner.take(batches, moment)
            self._measure(time.monotonic() - began, len(batches))
            self._count(result, len(batches))
            self._tell_step(moment, result)
            if self._asked_to_stop():
                return False
            every = self.run.info["saveEvery"]
            if 0 < every * 60 < time.monotonic() - self.saved:
                self._save(None)
        return True

    def _by_step(self) -> Iterator[list[Batch]]:
        """The batches of each step; the epoch's last may have fewer."""
        waiting = time.monotonic()
        batches: list[Batch] = []
        batch: Batch
        for batch in self.train:
            self.waited += time.monotonic() - waiting
            self._note_unreadable(batch.unreadable, self.images)
            if len(batch.labels) == 0:
                raise Problem(
                    "images-unreadable",
                    "none of the images can be read",
                    "get them again",
                )
            batches.append(batch)
            if len(batches) == recipe.ACCUMULATE:
                yield batches
                batches = []
            waiting = time.monotonic()
        if batches:
            yield batches

    def _note_unreadable(self, paths: list[str], of: int) -> None:
        for path in sorted(set(paths) - self.unreadable):
            self.unreadable.add(path)
            self.teller.tell("warn", f"left out: cannot read the image {path}")
        if len(self.unreadable) > self.options.most_unreadable * of:
            raise Problem(
                "images-unreadable",
                f"{len(self.unreadable)} of {of} images cannot be read",
                "get them again, take them out, or allow more with --most-unreadable",
            )

    def _measure(self, seconds: float, batches: int) -> None:
        # The first step also builds what later ones reuse.
        if self.taken == 0:
            self.first_step = seconds
        else:
            self.computed += seconds
        self.taken += 1
        size = self.batches.batch * batches
        own = size / seconds
        self.pace = own if self.pace == 0 else 0.9 * self.pace + 0.1 * own

    def _seconds_per_step(self) -> float:
        return self.computed / (self.taken - 1) if self.taken > 1 else self.first_step

    def _count(self, result: Step, batches: int) -> None:
        sums = self.state["lossSums"]
        self.state = {
            **self.state,
            "step": self.state["step"] + 1,
            "stepInEpoch": self.state["stepInEpoch"] + 1,
            "position": self.state["position"] + batches * self.batches.batch,
            "lossSums": {k: sums.get(k, 0.0) + v for k, v in result.losses.items()},
        }

    def _tell_step(self, moment: Moment, result: Step) -> None:
        step, done = self.state["stepInEpoch"], self.state["step"]
        steps = self.steps_per_epoch
        epoch = self.state["epoch"]
        left = (self.epochs - epoch) * steps - step
        seconds = left * self.batches.batch * recipe.ACCUMULATE / max(self.pace, 1e-9)
        parts = " ".join(f"{name} {value:.3f}" for name, value in result.losses.items())
        self.teller.tell(
            "progress",
            f"epoch {epoch + 1}/{self.epochs} · step {step}/{steps} · "
            f"{self.pace:.3g} images/s · {clock(seconds)} left · {parts} · "
            f"rate {moment.rate:.2g} · {memory() / 2**30:.1f} GiB",
        )
        if self.team.first and done % max(1, -(-steps // 20)) == 0:
            record = {
                "kind": "step",
                "step": done,
                "epoch": moment.epoch,
                "rate": moment.rate,
                "gradientNorm": result.gradient_norm,
                "losses": result.losses,
            }
            self._log(record)

    def _log(self, record: dict[str, Any]) -> None:
        self.run.add(record)
        self.teller.tell("log", record=record)

    def _asked_to_stop(self) -> bool:
        """Whether any process was; all have to know."""
        asked = torch.tensor(float(self.stop.asked), device=self.team.device)
        return bool(self.team.total(asked) > 0)

    def _end_epoch(self) -> None:
        spent = time.monotonic() - self.epoch_began
        epoch, steps = self.state["epoch"], self.state["stepInEpoch"]
        losses = {name: total / steps for name, total in self.state["lossSums"].items()}
        model = self.learner.evaluated()
        found = evaluate(model, self.val, self.team, recipe.PREDICTION, recipe.BRANCHES)
        if self.team.first:
            record = {
                "kind": "epoch",
                "epoch": epoch + 1,
                "step": self.state["step"],
                "losses": losses,
                "val": found,
                "secondsPerStep": self._seconds_per_step(),
                "waitingForData": self.waited / spent,
                "memory": memory(),
            }
            self._log(record)
        joint = found["top1"]["joint"]
        score = joint if found["images"] > 0 else None
        better = self.run.is_better(score)
        stale = 0 if better or score is None else self.state["stale"] + 1
        fresh: State = {"stepInEpoch": 0, "position": 0, "lossSums": {}, "stale": stale}
        self.state = {**self.state, "epoch": epoch + 1, **fresh}
        self._save(score)
        if better:
            self.run.info["bestScore"] = score
        shares = ", ".join(f"{k} {v:.1%}" for k, v in found["top1"].items())
        val = f"val: {shares}" if found["images"] else "no val images"
        self.teller.tell(
            "say",
            f"epoch {epoch + 1}/{self.epochs} · {clock(time.monotonic() - self.began)}"
            f" · loss {losses['total']:.3f} · {val}",
        )

    def _save(self, score: float | None) -> None:
        if self.team.first:
            self.run.save(self.learner.checkpoint(self.state), score)
        self.saved = time.monotonic()


def check_epochs(options: argparse.Namespace, state: State) -> None:
    begun = state["epoch"] + (1 if state["stepInEpoch"] > 0 else 0)
    if options.epochs is not None and options.epochs < begun:
        raise Problem(
            "run-differs",
            f"{options.out} is in epoch {begun}, and --epochs {options.epochs} "
            "would take some away",
            f"leave --epochs out, or give at least {begun}",
        )


def begin_from(model: torch.nn.Module, weights: Path) -> None:
    try:
        load_weights(model, str(weights))
    except (OSError, SafetensorError) as error:
        raise Problem(
            "weights-unreadable", f"cannot read {weights}: {error}", "check the path"
        ) from error
    except RuntimeError as error:
        raise Problem(
            "weights-do-not-fit",
            f"{weights} is not for this model: {error}",
            "take weights of the same spec: wsban train --weights changes other ones",
        ) from error


def balance(model: torch.nn.Module, listing: Listing) -> None:
    """Classes count by images / (classes x images of the class)."""
    counts = [0] * len(listing.classes)
    for sample in listing.train:
        counts[sample.label] += 1
    weights = [len(listing.train) / (len(counts) * n) if n else 1.0 for n in counts]
    for name, buffer in model.named_buffers():
        if name.rpartition(".")[2] == "class_weights":
            buffer.copy_(torch.tensor(weights))


def main() -> None:
    options = read_options()
    team = Team(options.device)
    teller = Teller(options.json, quiet=not team.first)
    lock: Lock | None = None
    try:
        if team.first:
            refuse_links(options.out)
            if not RunFolder.exists(options.out):
                require_empty(options.out)
            lock = Lock(options.out)
        Training(options, team, teller).go()
    except Problem as error:
        teller.problem(error, team.rank)
        sys.exit(1)
    finally:
        if lock:
            lock.release()
        team.leave()


if __name__ == "__main__":
    main()
