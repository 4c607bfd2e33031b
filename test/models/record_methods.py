"""
Writes test/models/recorded_methods.json: what the own part of each method computes, read from its paper in PyTorch, in double precision.

    pip install -r test/parity/requirements.txt
    python test/models/record_methods.py

Each function is one spec of test/fixtures/methods. Its arguments are images [batch, 3, size, size] and the weights by name, by the formula of
test/parity/record.py, and it returns the losses and the answers. The gradient is that of the sum of the losses with respect to the images.
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch.nn import functional as F
from torchvision.ops import box_iou

sys.path.insert(0, str(Path(__file__).parents[1] / "parity"))
sys.path.insert(0, str(Path(__file__).parents[2] / "runtime" / "pytorch" / "python"))
import seeded  # noqa: E402
from record import image, summary as summarise, weight  # noqa: E402

LABELS = torch.tensor([0, 1, 2])
# Methods that compare images of a batch need some of one class.
LABELS_OF = {
    "metric_losses": torch.tensor([0, 1, 0, 2, 1, 0]),
    "multi_attention": torch.tensor([0, 1, 0, 2, 1, 0]),
    "pairwise_interaction": torch.tensor([0, 1, 0, 2, 1, 2]),
}
torch.set_default_dtype(torch.float64)


def pooled(features, attention):
    """Bilinear attention pooling of Hu et al. 2019: mean over cells, signed root, length 1."""
    batch, _, height, width = features.shape
    parts = torch.einsum("bmhw,bnhw->bmn", attention, features) / (height * width)
    parts = parts.reshape(batch, -1)
    return F.normalize(parts.sign() * (parts.abs() + 1e-6).sqrt(), dim=1)


def counterfactual(x, weights):
    maps = x.reshape(-1, 12, 8, 8)
    attention, features = maps[:, :4].relu(), maps[:, 4:]
    matrix = weights("whole.logits.weight", 3, 32)
    effect = 5 * (pooled(features, attention) - pooled(features, torch.ones_like(attention))) @ matrix.T
    return {"effect": F.cross_entropy(effect, LABELS)}, {"effect": effect, "drawn": torch.ones_like(attention)}


def covariance(x, weights):
    """The covariance of Li et al. 2018 with its centring matrix, then the coupled iteration between the two normalisations by the trace."""
    channels = 12
    values = x.reshape(-1, channels, 64)
    cells = values.shape[2]
    centring = (torch.eye(cells) - torch.ones(cells, cells) / cells) / cells
    matrix = values @ centring @ values.transpose(1, 2)
    trace = matrix.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
    y, z = matrix / trace, torch.eye(channels).expand_as(matrix)
    for _ in range(5):
        step = 0.5 * (3 * torch.eye(channels) - z @ y)
        y, z = y @ step, step @ z
    root = trace.sqrt() * y
    # In the order of the block: the diagonals i, i + k, each continued at the beginning of a row.
    places = [(i, (i + k) % channels) for i in range(channels) for k in range(channels // 2)]
    places += [(i, i + channels // 2) for i in range(channels // 2)]
    assert len({tuple(sorted(place)) for place in places}) == channels * (channels + 1) // 2 == len(places)
    vector = torch.stack([root[:, i, j] for i, j in places], 1)
    logits = vector @ weights("whole.logits.weight", 3, 78).T + weights("whole.logits.bias", 3)
    answers = {"matrix": matrix, "root": root, "pooled": vector}
    return {"whole": F.cross_entropy(logits, LABELS)}, answers


def channel_groups(x, _):
    """L_dis and L_div of Chang et al. 2020, without the mask, which hides one of three channels."""
    groups = x.reshape(-1, 4, 3, 64)
    logits = groups.amax(2).mean(2)
    spread = groups.softmax(3).amax(2).sum(2).mean(1)
    losses = {"discriminality": F.cross_entropy(logits, LABELS), "diversity": spread.mean(), "kept": torch.tensor(2 / 3)}
    return losses, {"spread": logits.softmax(1), "mask": torch.ones(3, 12)}


def adl(x, weights):
    """Choe and Shim 2019: the mask hides cells of at least 90 % of the largest mean of channels; the importance is its sigmoid."""
    maps = x.reshape(-1, 12, 8, 8).relu()
    attention = maps.mean(1, keepdim=True)
    mask = (attention < 0.9 * attention.amax((2, 3), keepdim=True)).double()
    hidden = (maps * mask).flatten(1) @ weights("whole.hidden.weight", 3, 768).T + weights("whole.hidden.bias", 3)
    logits = (maps * attention.sigmoid()).flatten(1) @ weights("whole.logits.weight", 3, 768).T + weights("whole.logits.bias", 3)
    return {"dropped": F.cross_entropy(hidden, LABELS), "kept": F.cross_entropy(logits, LABELS)}, {"dropped": maps}


def class_maps(x, weights):
    """The maps of Zhang et al. 2018, from 0 to 1; where that of the class is 0.6 or more, the features are erased."""

    def read(classes):
        map = torch.stack([one[chosen] for one, chosen in zip(x, classes)])
        low, high = map.amin((1, 2), keepdim=True), map.amax((1, 2), keepdim=True)
        map = (map - low) / (high - low)
        return map, x * (map.detach() < 0.6)[:, None]

    map, erased = read(LABELS)
    logits = erased.flatten(1) @ weights("whole.logits.weight", 3, 768).T + weights("whole.logits.bias", 3)
    losses = {"whole": F.cross_entropy(logits, LABELS), "map": map.square().mean()}
    map, erased = read(x.mean((2, 3)).argmax(1))
    return losses, {"map": map, "erased": erased}


def grad_cam(x, weights):
    """Selvaraju et al. 2017, equations 1 and 2, with the gradient by automatic differentiation."""
    maps = x.reshape(-1, 12, 8, 8)
    fc1, bias1 = weights("whole.hidden.fc1", 16, 12), weights("whole.hidden.bias1", 16)
    fc2, bias2 = weights("whole.hidden.fc2", 3, 16), weights("whole.hidden.bias2", 3)
    single, bias = weights("whole.single.weight", 3, 12), weights("whole.single.bias", 3)

    def deep(maps):
        return (maps.mean((2, 3)) @ fc1.T + bias1).relu() @ fc2.T + bias2

    def flat(maps):
        return maps.mean((2, 3)) @ single.T + bias

    def map_of(head):
        leaf = maps.detach().requires_grad_()
        chosen = head(leaf).gather(1, x.mean((2, 3)).argmax(1, keepdim=True)).sum()
        alpha = torch.autograd.grad(chosen, leaf)[0].sum((2, 3), keepdim=True)
        return (alpha * maps).sum(1).relu()

    return {"whole": F.cross_entropy(deep(maps) + flat(maps), LABELS)}, {"deep": map_of(deep), "flat": map_of(flat)}


def experts(x, _):
    """The code of Zhang et al. 2019: exp of the negated terms of KL(before, own), without the true class."""
    own, before = 20 * x.mean((1, 2)), 20 * x.mean((1, 3))
    others = 1 - F.one_hot(LABELS, 16)
    target = before.detach().softmax(1) * others
    terms = F.kl_div(own.log_softmax(1) * others, target, reduction="none")
    return {"divergence": (-terms).exp().mean()}, {"p": own.softmax(1)}


def permutation(x, weights):
    """Sorted rows; the jigsaw puzzle of Du et al. 2020 stays as it is in inference."""
    keys = x.reshape(-1, 64, 12)[:, :8]
    ordered, places = keys.sort(dim=2, stable=True)
    moves = F.one_hot(places, 12).double()
    logits = (ordered**3).flatten(1) @ weights("whole.logits.weight", 3, 96).T + weights("whole.logits.bias", 3)
    return {"whole": F.cross_entropy(logits, LABELS)}, {"moves": moves, "sorted": ordered, "mixed": x}


def shuffled(images, across, down, n=4):
    """Patches of each row, then those of each column, in the order of their keys: Chen et al. 2019, by copying patch after patch."""
    side = images.shape[2] // n
    out = []
    for image, row_keys, column_keys in zip(images, across, down):
        cells = [[image[:, i * side : (i + 1) * side, j * side : (j + 1) * side] for j in range(n)] for i in range(n)]
        cells = [[cells[i][j] for j in row_keys[i].argsort(stable=True)] for i in range(n)]
        columns = [[cells[i][j] for i in column_keys[j].argsort(stable=True)] for j in range(n)]
        out.append(torch.cat([torch.cat([columns[j][i] for j in range(n)], 2) for i in range(n)], 1))
    return torch.stack(out)


def confusion(x, weights):
    keys = x.detach().reshape(-1, 192, 4)
    across, down = keys[:, :4], keys[:, 4:8]
    mixed = shuffled(x, across, down)
    number = ((torch.arange(16) - 8) / 16).reshape(1, 1, 4, 4).expand(3, 1, 4, 4)
    row, column = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
    pair = ((torch.stack([row, column]) - 2) / 4).expand(3, 2, 4, 4)
    first, second = F.avg_pool2d(x[:, :2], 4), F.avg_pool2d(mixed[:, 1:], 4)
    logits = x.flatten(1) @ weights("whole.logits.weight", 3, 768).T + weights("whole.logits.bias", 3)

    def location(whole, other, place):
        return (F.l1_loss(whole, place) + F.l1_loss(other, shuffled(place, across, down))) / 2

    # In the code the label of the image as it was is 1, and that of the shuffled one 0.
    adversarial = F.cross_entropy(torch.cat([logits[:, :2], logits[:, 1:]]), torch.tensor([1, 1, 1, 0, 0, 0]))
    losses = {
        "shuffled": adversarial,
        "number": location(first[:, :1], second[:, :1], number),
        "pair": location(first, second, pair),
        "idle": 0 * F.cross_entropy(logits, LABELS),
    }
    return losses, {"mixed": mixed}


def sampled(x, box, size):
    """The affine sampling of Jaderberg et al. 2015, black beyond the image."""
    share = torch.arange(size) / (size - 1)
    y = box[:, :1] + (box[:, 2:3] - box[:, :1]) * share
    x_ = box[:, 1:2] + (box[:, 3:] - box[:, 1:2]) * share
    grid = torch.stack([x_[:, None].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], 3) * 2 - 1
    return F.grid_sample(x, grid, align_corners=True, padding_mode="zeros")


def crop(x, weights):
    first = x[:, :2].mean((2, 3)) * 2 + 0.1
    box = torch.cat([first, first + 0.6], 1)
    seen = sampled(x, box, 8)
    logits = seen.flatten(1) @ weights("whole.logits.weight", 3, 192).T + weights("whole.logits.bias", 3)
    return {"whole": F.cross_entropy(logits, LABELS)}, {"box": box, "seen": seen}


def recurrent_attention(x, weights):
    """Fu et al. 2017: the boxcar mask of logistic functions, here with a small k, and the pairwise ranking of the probabilities of the label."""
    hidden = (F.avg_pool2d(x, 4).flatten(1) @ weights("whole.box.fc1.weight", 8, 48).T + weights("whole.box.fc1.bias", 8)).tanh()
    place = (hidden @ weights("whole.box.fc2.weight", 3, 8).T + weights("whole.box.fc2.bias", 3)).sigmoid()
    half = (place[:, 2:] / 2).clamp(min=1 / 6)
    centre = torch.minimum(torch.maximum(place[:, :2], half), 1 - half)
    box = torch.cat([centre - half, centre + half], 1)
    pixel = (torch.arange(16) + 0.5)[None]

    def band(start, end):
        return (0.5 * (pixel - 16 * start)).sigmoid() - (0.5 * (pixel - 16 * end)).sigmoid()

    mask = band(box[:, :1], box[:, 2:3])[:, None, :, None] * band(box[:, 1:2], box[:, 3:])[:, None, None, :]
    seen = sampled(x * mask, box, 8)
    logits = seen.flatten(1) @ weights("whole.logits.weight", 3, 192).T + weights("whole.logits.bias", 3)
    chosen = F.one_hot(LABELS, 3)
    before, after = (x.mean((2, 3)).softmax(1) * chosen).sum(1), (logits.softmax(1) * chosen).sum(1)
    losses = {"whole": F.cross_entropy(logits, LABELS), "rank": (before - after + 0.05).clamp(min=0).mean()}
    return losses, {"box": box, "seen": seen}


def multi_granularity(x, weights):
    """The heads of the code of Du et al. 2020."""

    def norm(y, name, training):
        shape = y.shape[1]
        mean, variance = weights(f"{name}.running_mean", shape), weights(f"{name}.running_var", shape)
        gain, bias = weights(f"{name}.weight", shape), weights(f"{name}.bias", shape)
        return F.batch_norm(y, mean, variance, gain, bias, training)

    def classifier(y, name, training):
        size = y.shape[1]
        y = norm(y, f"{name}.norm1.norm", training)
        y = y @ weights(f"{name}.fc1.weight", 8, size).T + weights(f"{name}.fc1.bias", 8)
        y = F.elu(norm(y, f"{name}.norm2.norm", training))
        return y @ weights(f"{name}.fc2.weight", 3, 8).T + weights(f"{name}.fc2.bias", 3)

    def heads(training):
        y = F.conv2d(x.reshape(-1, 12, 8, 8), weights("whole.stage.conv1.0.weight", 8, 12, 1, 1))
        y = norm(y, "whole.stage.conv1.1", training).relu()
        y = F.conv2d(y, weights("whole.stage.conv2.0.weight", 16, 8, 3, 3), padding=1)
        pooled = norm(y, "whole.stage.conv2.1", training).relu().amax((2, 3))
        stage = classifier(pooled, "whole.stage.logits", training)
        return stage, classifier(torch.cat([pooled, pooled], 1), "whole.logits", training)

    stage, every = heads(True)
    losses = {"stage": F.cross_entropy(stage, LABELS), "all": 2 * F.cross_entropy(every, LABELS)}
    stage, every = heads(False)
    return losses, {"stage": stage, "all": every}


def token_attention(x, weights):
    """A transformer of three layers by hand, with whole matrices of attention, and what three papers read from them."""
    dim, heads, tokens = 12, 3, 17

    def linear(y, name, size):
        return y @ weights(f"{name}.weight", size, y.shape[-1]).T + weights(f"{name}.bias", size)

    def norm(y, name):
        return F.layer_norm(y, (dim,), weights(f"{name}.weight", dim), weights(f"{name}.bias", dim), 1e-6)

    def layer(y, name):
        qkv = linear(norm(y, f"{name}.norm1"), f"{name}.attn.qkv", 3 * dim)
        q, k, v = qkv.reshape(len(y), -1, 3, heads, dim // heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(2, 3) / math.sqrt(dim // heads)
        mixed = (scores.softmax(3) @ v).transpose(1, 2).reshape(len(y), -1, dim)
        y = y + linear(mixed, f"{name}.attn.proj", dim)
        hidden = F.gelu(linear(norm(y, f"{name}.norm2"), f"{name}.mlp.fc1", 4 * dim))
        return y + linear(hidden, f"{name}.mlp.fc2", dim), scores

    trunk = "whole.trunk"
    patches = F.conv2d(x, weights(f"{trunk}.patch_embed.proj.weight", dim, 3, 4, 4), weights(f"{trunk}.patch_embed.proj.bias", dim), 4)
    patches = patches.flatten(2).transpose(1, 2)
    start = weights(f"{trunk}.cls_token", 1, 1, dim).expand(3, 1, dim)
    y = torch.cat([start, patches], 1) + weights(f"{trunk}.pos_embed", 1, tokens, dim)
    states, scores = [], []
    for index in range(3):
        y, score = layer(y, f"{trunk}.blocks.{index}")
        states.append(y)
        scores.append(score)

    # Abnar and Zuidema 2020.
    joint = torch.eye(tokens)
    for score in scores:
        joint = (score.softmax(3).mean(1) + torch.eye(tokens)) / 2 @ joint
    # He et al. 2022: the last of the three layers is not read.
    product = scores[1].softmax(3) @ scores[0].softmax(3)
    parts = F.one_hot(product[:, :, 0, 1:].argmax(2) + 1, tokens).double()
    # Wang et al. 2021.
    mutual = scores[1].softmax(3).mean(1)[:, 0] * scores[1].softmax(2)[:, :, :, 0].mean(1)
    chosen = F.one_hot(mutual.argsort(dim=1, descending=True)[:, :5], tokens).double()

    last, _ = layer(torch.cat([states[1][:, :1], parts @ states[1]], 1), f"{trunk}.blocks.2")
    logits = linear(last.flatten(1), "whole.logits", 3)
    answers = {"map": joint[:, 0, 1:].reshape(3, 4, 4), "parts": parts, "mutual": chosen, "states": last}
    return {"whole": F.cross_entropy(logits, LABELS)}, answers


def suppressed(scores, boxes, count, limit=0.25):
    """Non-maximum suppression by torchvision's intersection over union."""
    kept = []
    for index in scores.argsort(descending=True).tolist():
        if all(box_iou(boxes[index][None], boxes[other][None]).item() < limit for other in kept):
            kept.append(index)
    return torch.stack([boxes[index] for index in kept[:count]]), kept[:count]


def windows(x, weights):
    # The anchors of Yang et al. 2018 for an image of 4 x 4 cells of 32 pixels, as their code makes them.
    boxes = []
    settings = [(32, 48, (1 / 3, 2 / 3)), (64, 96, (1 / 3, 2 / 3)), (128, 192, (0, 1 / 3, 2 / 3))]
    for stride, size, scales in settings:
        centres = [(i + 0.5) * stride for i in range(math.ceil(128 / stride))]
        for scale in scales:
            for ratio in (0.667, 1, 1.5):
                high, wide = size * 2**scale / ratio**0.5 / 2, size * 2**scale * ratio**0.5 / 2
                boxes += [(y - high, x_ - wide, y + high, x_ + wide) for y in centres for x_ in centres]
    boxes = torch.tensor(boxes) / 128
    scores = x.flatten(1)[:, : len(boxes)]
    losses = x.detach().flatten(1)[:, 300:305]
    chosen, ranking = [], 0
    for image in range(3):
        places, kept = suppressed(scores[image].detach(), boxes, 5, 0.3)  # some windows are a quarter of another one
        chosen.append(places)
        for i in range(5):
            for j in range(5):
                if losses[image, j] > losses[image, i]:
                    ranking = ranking + (1 - scores[image, kept[i]] + scores[image, kept[j]]).relu() / 3

    # The parts of Zhang et al. 2021: windows of 5 x 5, 3 x 6 and 6 x 3 of 16 cells, which are 4, 3 and 5 of 14.
    total = x.detach().sum(1)
    parts = []
    for image in range(3):
        found, places = [], []
        for high, wide in [(5, 5), (3, 6), (6, 3)]:
            for i in range(16 - high + 1):
                for j in range(16 - wide + 1):
                    found.append(total[image, i : i + high, j : j + wide].mean())
                    places.append((i / 16, j / 16, (i + high) / 16, (j + wide) / 16))
        parts.append(suppressed(torch.stack(found), torch.tensor(places), 3)[0])
    two = x[:, :2].sum(1)
    mask = (total > total.mean((1, 2), keepdim=True)) & (two > two.mean((1, 2), keepdim=True))
    logits = x.flatten(1) @ weights("whole.logits.weight", 3, 768).T + weights("whole.logits.bias", 3)
    answers = {
        "places": boxes.expand(3, -1, -1),
        "chosen": torch.stack(chosen),
        "parts": torch.stack(parts),
        "mask": mask.double(),
    }
    return {"ranking": ranking, "whole": F.cross_entropy(logits, LABELS)}, answers


def plug_in(x, weights):
    """The selector, the losses and the graph combiner of the code of Chou et al. 2022."""

    def norm(y, name, training):
        statistics = [weights(f"{name}.{role}", 12) for role in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(y, *statistics, training)

    def linear(y, name, size):
        return y @ weights(f"{name}.weight", size, y.shape[-1]).T + weights(f"{name}.bias", size)

    cells = x.reshape(-1, 12, 64)

    def predicted(training):
        y = torch.einsum("oc,bcs->bos", weights("whole.level.conv1.0.weight", 12, 12, 1, 1)[:, :, 0, 0], cells)
        y = norm(y + weights("whole.level.conv1.0.bias", 12)[None, :, None], "whole.level.conv1.1", training).relu()
        filters = weights("whole.level.conv2.weight", 3, 12, 1, 1)[:, :, 0, 0]
        return torch.einsum("oc,bcs->bso", filters, y) + weights("whole.level.conv2.bias", 3)

    def selected(logits):
        ranks = logits.softmax(2).amax(2).argsort(dim=1, descending=True)
        return ranks[:, :8], ranks[:, 8:]

    logits = predicted(True)
    rest = selected(logits)[1]
    dropped = torch.stack([one[places] for one, places in zip(logits, rest)])
    losses = {
        "level": F.cross_entropy(logits.mean(1), LABELS),
        "silence": F.mse_loss(dropped.tanh(), torch.full_like(dropped, -1)),
    }
    rows = cells.transpose(1, 2)
    chosen = torch.stack([one[places] for one, places in zip(rows, selected(predicted(False))[0])])
    head = "whole.logits"
    nodes = linear(chosen.transpose(1, 2), f"{head}.nodes", 2)
    tokens = nodes.transpose(1, 2)
    query, key = linear(tokens, f"{head}.query", 3).mean(2), linear(tokens, f"{head}.key", 3).mean(2)
    offset = weights(f"{head}.learned", 2, 2) + torch.eye(2) / 100 + 1 / 100
    edges = offset + weights(f"{head}.strength", 1) * (query[:, :, None] - key[:, None]).tanh()
    graph = norm(linear(tokens, f"{head}.conv1", 12).transpose(1, 2) @ edges, f"{head}.graph", False)
    pooled = linear(graph, f"{head}.pooled", 1).flatten(1)
    return losses, {"chosen": chosen, "combined": linear(pooled, f"{head}.logits", 3)}


def metric_losses(x, weights):
    """Losses of pairs, image by image, with loops over positives and negatives."""
    embedding = 2 * x.mean((1, 2))
    matrix = weights("whole.logits.weight", 3, 16)
    labels = LABELS_OF["metric_losses"].tolist()
    unit = F.normalize(embedding)
    found = {"hard": [], "soft": [], "contrastive": [], "npair": []}
    margin = 0
    for i, label in enumerate(labels):
        others = [j for j in range(len(labels)) if j != i]
        positives = [j for j in others if labels[j] == label]
        negatives = [j for j in others if labels[j] != label]
        for j in range(len(labels)):
            cosine = unit[i] @ unit[j]
            margin = margin + (1 - cosine if labels[j] == label else (cosine - 0.1).clamp(min=0))
        if not positives:
            continue
        # Hermans et al. 2017, equation 5.
        farthest = max((embedding[i] - embedding[j]).norm() for j in positives)
        nearest = min((embedding[i] - embedding[j]).norm() for j in negatives)
        found["hard"].append((farthest - nearest + 0.2).clamp(min=0))
        found["soft"].append(F.softplus(farthest - nearest))
        # Khosla et al. 2020, L_out of equation 2.
        logs = (unit[others] @ unit[i] / 0.2).log_softmax(0)
        found["contrastive"].append(-torch.stack([logs[others.index(j)] for j in positives]).mean())
        # Sohn 2016.
        scores = embedding @ embedding[i]
        found["npair"].append(torch.stack([(scores[negatives] - scores[j]).exp().sum().log1p() for j in positives]).mean())
    losses = {name: torch.stack(values).mean() for name, values in found.items()}
    # He et al. 2022: over all pairs, those of an image with itself included.
    losses["margin"] = margin / len(labels) ** 2
    return losses, {"p": (embedding @ matrix.T + weights("whole.logits.bias", 3)).softmax(1)}


def multi_attention(x, weights):
    """Sun et al. 2018, equation 11, anchor by anchor; Luo et al. 2019, the paper and its code."""
    labels = LABELS_OF["multi_attention"].tolist()
    maps = x.reshape(-1, 12, 8, 8)
    parts = []
    for number in (1, 2):
        path = f"whole.excite{number}"
        squeezed = maps.mean((2, 3))
        hidden = (squeezed @ weights(f"{path}.fc1.weight", 3, 12, 1, 1)[:, :, 0, 0].T + weights(f"{path}.fc1.bias", 3)).relu()
        factor = (hidden @ weights(f"{path}.fc2.weight", 12, 3, 1, 1)[:, :, 0, 0].T + weights(f"{path}.fc2.bias", 12)).sigmoid()
        pooled = (maps * factor[:, :, None, None]).mean((2, 3))
        parts.append(pooled @ weights(f"whole.part{number}.weight", 8, 12).T + weights(f"whole.part{number}.bias", 8))
    terms = []
    for p, q in ((0, 1), (1, 0)):
        for i, label in enumerate(labels):
            anchor = parts[p][i]
            count = range(len(labels))
            sasc = [parts[p][j] for j in count if j != i and labels[j] == label]
            sadc = [parts[p][j] for j in count if labels[j] != label]
            dasc = [parts[q][j] for j in count if labels[j] == label]
            dadc = [parts[q][j] for j in count if labels[j] != label]
            for positives, negatives in ((sasc, sadc + dasc + dadc), (sadc, dadc), (dasc, dadc)):
                for positive in positives:
                    terms.append(sum((anchor @ (negative - positive)).exp() for negative in negatives).log1p())
    unit = [F.normalize(part) for part in parts]
    s = torch.stack([torch.stack([(a @ b.T).mean() for b in unit]) for a in unit])
    losses = {
        "mamc": sum(terms) / (2 * len(labels)),
        "code": (1 - s[0, 0]) + (1 - s[1, 1]) + s[0, 1],
        "paper": (s.square().sum() - 2 * s.diagonal().square().sum()) / 2,
    }
    logits = torch.cat(parts, 1) @ weights("whole.logits.weight", 3, 16).T + weights("whole.logits.bias", 3)
    return losses, {"p": logits.softmax(1)}


def pairwise_interaction(x, weights):
    """Zhuang et al. 2020: pairs by an argmin of distances as in the code, and everything else pair by pair."""
    labels = LABELS_OF["pairwise_interaction"]
    embedding = 2 * x.mean((1, 2))
    count = len(labels)
    distance = torch.cdist(embedding.detach(), embedding.detach()) + torch.eye(count) * 1e9
    same = labels[:, None] == labels
    intra = distance.masked_fill(~same, 1e9).argmin(1)
    inter = distance.masked_fill(same, 1e9).argmin(1)

    def head(rows):
        return rows @ weights("whole.logits.weight", 3, 16).T + weights("whole.logits.bias", 3)

    entropies, rankings = [], []
    for first, second in [(i, int(pairs[i])) for pairs in (intra, inter) for i in range(count)]:
        x1, x2 = embedding[first], embedding[second]
        hidden = weights("intra.map1.weight", 6, 32) @ torch.cat([x1, x2]) + weights("intra.map1.bias", 6)
        mutual = weights("intra.map2.weight", 16, 6) @ hidden + weights("intra.map2.bias", 16)
        gate1, gate2 = (mutual * x1).sigmoid(), (mutual * x2).sigmoid()
        for own, gate, other, label in ((x1, gate1, gate2, labels[first]), (x2, gate2, gate1, labels[second])):
            by_own, by_other = head(own + own * gate), head(own + own * other)
            entropies += [-by_own.log_softmax(0)[label], -by_other.log_softmax(0)[label]]
            rankings.append((by_other.softmax(0)[label] - by_own.softmax(0)[label] + 0.05).clamp(min=0))
    losses = {"classes": torch.stack(entropies).mean(), "ranking": torch.stack(rankings).mean()}
    return losses, {"p": head(embedding).softmax(1)}


def self_distillation(x, weights):
    """Head and loss of Caron et al. 2021 with weight normalisation written out, and the centre of this batch."""
    rows = x.reshape(-1, 2, 384)

    def head(row):
        for number, (out, size) in enumerate(((8, 384), (8, 8), (5, 8))):
            name = f"whole.output.mlp.{2 * number}"
            row = row @ weights(f"{name}.weight", out, size).T + weights(f"{name}.bias", out)
            row = F.gelu(row) if number < 2 else row
        directions = weights("whole.output.directions", 6, 5)
        return F.normalize(row, dim=1) @ F.normalize(directions, dim=1).T

    student, teacher = head(rows[:, 0]), head(rows[:, 1]).detach()
    target = ((teacher - teacher.mean(0)) / 0.04).softmax(1)
    loss = -(target * (student / 0.1).log_softmax(1)).sum(1).mean()
    return {"distilled": loss}, {"student": student}


def fixed(seed, count):
    """Uniform numbers of a seed."""
    stream = seeded.Random(seeded.key_of(seed, "fixed random"))
    return torch.tensor([stream.uniform() for _ in range(count)])


def compact_bilinear(x, weights):
    """Algorithm 2 of Gao et al. 2016: each cell's two count sketches are convolved by Fourier transforms, and the cells added."""
    channels, width = 12, 20
    features = x.reshape(-1, channels, 64)
    sketches = []
    for k in range(2):
        signs = torch.where(fixed(8 + k, channels) < 0.5, -1.0, 1.0)
        places = (fixed(10 + k, channels) * width).floor().long()
        sketch = torch.zeros(len(x), width, 64).index_add(1, places, features * signs[:, None])
        sketches.append(torch.fft.rfft(sketch, dim=1))
    pooled = torch.fft.irfft(sketches[0] * sketches[1], n=width, dim=1).sum(2)
    logits = pooled @ weights("whole.logits.weight", 3, width).T + weights("whole.logits.bias", 3)
    return {"whole": F.cross_entropy(logits, LABELS)}, {"sketch": pooled}


def sparse_sampling(x, weights):
    """The samples of Ding et al. 2019, peak by peak as in the authors' code, with 9 points for 31 and a bound for the random assignment."""
    points, padding = 9, 8
    maps = x.detach().reshape(-1, 12, 8, 8)[:, :6]

    def responses(maps):
        large = F.interpolate(maps, size=points, mode="bilinear", align_corners=True)
        probability, order = large.mean((2, 3)).softmax(1).sort(1, descending=True)
        found = []
        for one, chances, classes in zip(large, probability, order):
            certain = (chances[:5] * chances[:5].log()).sum() > -0.2
            response = one[classes[0]] if certain else one[classes[:5]].mean(0)
            response = response - response.min()
            found.append(response / response.max())
        return torch.stack(found)

    several, one = responses(maps), responses(50 * maps)
    cells = torch.arange(points * points).reshape(points, points)
    _, largest = F.max_pool2d(several[:, None], 3, 1, 1, return_indices=True)
    peaks = (largest[:, 0] == cells) & (several >= several.mean((1, 2), keepdim=True))

    def bell(radius, row, column):
        y, x = torch.meshgrid(torch.arange(points), torch.arange(points), indexing="ij")
        return torch.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * (radius * points) ** 2))

    strong, weak = torch.full_like(several, 0.09), torch.full_like(several, 0.09)
    for b, row, column in peaks.nonzero().tolist():
        score = several[b, row, column]
        if score > 0.7:
            strong[b] += score * bell(0.1 * score.sqrt(), row, column)
        else:
            weak[b] += bell(0.3 * score.sqrt(), row, column) / score

    away = torch.arange(2 * padding + 1) - padding
    gaussian = torch.exp(-4 * math.log(2) * (away[:, None] ** 2 + away**2) / 5**2)[None, None]
    line = (torch.arange(points + 2 * padding) - padding) / (points - 1)

    def sample(attention):
        padded = F.pad(attention[:, None], (padding,) * 4, mode="replicate")
        total = F.conv2d(padded, gaussian)
        across = F.conv2d(padded * line, gaussian) / total
        down = F.conv2d(padded * line[:, None], gaussian) / total
        grid = (torch.cat([across, down], 1) * 2 - 1).clamp(-1, 1)
        grid = F.interpolate(grid, size=16, mode="bilinear", align_corners=True)
        return F.grid_sample(x, grid.permute(0, 2, 3, 1), align_corners=True)

    zoomed, rest = sample(strong), sample(weak)

    def loss(name, sampled):
        logits = sampled.flatten(1) @ weights(f"whole.{name}.weight", 3, 768).T + weights(f"whole.{name}.bias", 3)
        return F.cross_entropy(logits, LABELS)

    losses = {"zoomed": loss("zoom_logits", zoomed), "rest": loss("rest_logits", rest)}
    answers = {"one": one, "several": several, "peaks": peaks.double(), "strong": strong, "weak": weak}
    return losses, {**answers, "zoomed": zoomed, "rest": rest}


METHODS = [
    compact_bilinear,
    sparse_sampling,
    self_distillation,
    metric_losses,
    multi_attention,
    pairwise_interaction,
    plug_in,
    windows,
    token_attention,
    counterfactual,
    covariance,
    channel_groups,
    adl,
    class_maps,
    grad_cam,
    experts,
    permutation,
    confusion,
    crop,
    recurrent_attention,
    multi_granularity,
]


def weights(name, *shape):
    return weight(name, shape).double()


def summary(tensor):
    """That of record.py, without the same sample twice."""
    found = summarise(tensor)
    count = min(tensor.numel(), 32)
    flat = tensor.detach().flatten()
    return {**found, "samples": [float(f"{float(flat[len(flat) * i // count]):.9g}") for i in range(count)]}


def record(method):
    labels = LABELS_OF.get(method.__name__, LABELS)
    x = image(len(labels), 16).double().requires_grad_()
    losses, answers = method(x, weights)
    gradient = torch.autograd.grad(sum(losses.values()), x)[0]
    numbers = {name: value.item() for name, value in losses.items()}
    return {
        **({"labels": labels.tolist()} if method.__name__ in LABELS_OF else {}),
        "losses": numbers,
        "answers": {name: summary(value) for name, value in answers.items()},
        "gradient": summary(gradient),
    }


if __name__ == "__main__":
    found = {method.__name__: record(method) for method in METHODS}
    path = Path(__file__).with_name("recorded_methods.json")
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
