"""Runs parts of a generated training program. Reads a task as JSON from standard input; prints the results as JSON."""

import json
import sys
from pathlib import Path

task = json.load(sys.stdin)
sys.path.insert(0, task["code"])

import image_steps  # noqa: E402
import localisation  # noqa: E402
import mixing  # noqa: E402
import operations  # noqa: E402
import image_dataset  # noqa: E402
import recipe  # noqa: E402
import schedules  # noqa: E402
from epoch_order import epoch_order  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from seeded import Random, initialize, key_of  # noqa: E402

answers = {"keys": [key_of(*parts) for parts in task["keys"]]}

random = Random(task["stream"])
answers["stream"] = [
    *[random.uint32() for _ in range(3)],
    *[random.uniform(-1, 2) for _ in range(3)],
    *[random.normal() for _ in range(3)],
    *[random.integer(10) for _ in range(3)],
    *random.shuffle(list(range(20))),
]

model = recipe.Model()
initialize(model, task["seed"])
weights = {
    name: value.contiguous()
    for name, value in model.state_dict().items()
    if not name.endswith("num_batches_tracked")
}
save_file(weights, task["weights"])

tensors = {}
for number, (name, given, key) in enumerate(task["steps"]):
    image = image_dataset.decode(task["image"])
    random = [] if key is None else [Random(key)]
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    made = getattr(image_steps, name)(image, *random, **values)
    tensors[str(number)] = made.permute(1, 2, 0).contiguous()
save_file(tensors, task["images"])

answers["formats"] = [
    (image_dataset.decode(path) - image_dataset.decode(f"{path}.png")).abs().max().item() for path in task["formats"]
]

answers["schedules"] = [
    [getattr(schedules, name)(epoch, 5, **given) for epoch in task["epochs"]]
    for name, given in task["schedules"]
]

answers["mixed"] = []
answers["weighted"] = []
logits, class_weights = torch.tensor(task["logits"]), torch.tensor(task["classWeights"])
for number, (methods, key) in enumerate(task["mixings"]):
    batch = torch.arange(4 * 3 * 6 * 6).float().view(4, 3, 6, 6)
    images, labels = mixing.mix_batch(batch, torch.tensor([0, 1, 2, 1]), 3, methods, Random(key))
    answers["mixed"].append([images.permute(0, 2, 3, 1).flatten().tolist(), labels.tolist()])
    loss = operations.weighted_cross_entropy(logits, labels, class_weights, task["smoothing"])
    answers["weighted"].append(loss.item())

answers["listings"] = []
for folder in task["folders"]:
    found = image_dataset.read_listing(Path(folder), task["seed"])
    answers["listings"].append(
        [found.classes, [s[:2] for s in found.train], [s[:2] for s in found.val]]
    )

train = image_dataset.TrainingImages(found.train, task["seed"], recipe.SIZE, recipe.augment)
answers["order"] = [draw.sample for draw in train.order(3)[:20]]
labels = [sample.label for sample in found.train]
answers["sampled"] = [
    [list(draw) for draw in epoch_order(labels[::skip], Random(key_of(task["seed"], "order", 3)), tuple(sampler))]
    for skip, sampler in task["samplers"]
]
save_file({"image": train[(3, 5)].image.permute(1, 2, 0).contiguous()}, task["augmented"])

annotations = [localisation.resolve_annotations(truth, size, orientation) for truth, size, orientation in task["truths"]]
counter = localisation.LocalisationCounter()
for crop, each in zip(task["crops"], annotations, strict=True):
    counter.add(crop, each)
answers["places"] = [each._asdict() for each in annotations]
answers["localised"] = counter.result(counter.sums)

json.dump(answers, sys.stdout)
