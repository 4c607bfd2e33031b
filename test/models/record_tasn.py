"""
Writes test/models/recorded_tasn.json: what the code of TASN's authors computes from the features of a trained network.

    wsban train tasn_tiny --data birds -o run && wsban compile tasn_tiny --target pytorch -o code
    python test/models/record_tasn.py run code birds

`birds` is `wsban data sample -o birds`. Without arguments the answers are computed again, from the features in the file.

This is a reading in NumPy, in double precision, of model.py and src/operator/contrib/att_sampler-inl.h of
https://github.com/researchmm/tasn (commit 5dba8cc). It differs from that code in two places, both of which are slips there: the places of
the first pixels read before the start of an array, and the maps of distinct sums are counted in sorted order but taken in order of channels.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np

RECORD = Path(__file__).with_name("recorded_tasn.json")
IMAGE, SAMPLED, DENSE, ITERATIONS = 128, 96, 4, 5
PHOTOS = ["val/forktail/001.jpg", "val/redcap/001.jpg"]


def softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def trilinear(features):
    """Features [channels, height, width] to as many maps."""
    rows = features.reshape(len(features), -1)
    relation = softmax(softmax(7 * rows) @ rows.T)
    return (relation @ rows).reshape(features.shape)


def enlarged(m, size):
    """MXNet's BilinearResize2D: the corners of both grids coincide."""

    def along(length):
        place = np.linspace(0, length - 1, size)
        low = np.minimum(place.astype(int), length - 2)
        return low, place - low

    (y, down), (x, right) = along(m.shape[0]), along(m.shape[1])
    rows = m[y] * (1 - down)[:, None] + m[y + 1] * down[:, None]
    return rows[:, x] * (1 - right) + rows[:, x + 1] * right


def structure(maps):
    """The sum of all maps but repeated ones, enlarged and squared."""
    _, first = np.unique(maps.reshape(len(maps), -1).sum(1), return_index=True)
    return enlarged(maps[first].sum(0), IMAGE) ** 2


def bounded(rows, columns):
    """Pixels of the result that each row and each column of the map gets."""
    rows, columns = rows * SAMPLED / rows.sum(), columns * SAMPLED / columns.sum()
    for i in range(ITERATIONS):
        threshold = min(rows.max(), columns.max())
        if i == 0:
            threshold = min(threshold, DENSE * SAMPLED / IMAGE)
        rows, columns = np.minimum(rows, threshold), np.minimum(columns, threshold)
        rows += (SAMPLED - rows.sum()) / len(rows)
        columns += (SAMPLED - columns.sum()) / len(columns)
    return rows, columns


def places(density):
    """Pixels of the image, counted from 0, that the result shows. The first cell counts as 1, whatever its density."""
    reached = np.cumsum(np.concatenate([[1], density[1:]]))
    steps = np.arange(SAMPLED) * reached[-1] / SAMPLED
    after = np.searchsorted(reached, steps)
    before = np.where(after > 0, reached[after - 1], 0)
    return after + (steps - reached[after]) / (reached[after] - before)


def sampling(m):
    weights = [m.max(1), m.max(0)]
    densities = bounded(*weights)
    return {
        "weights": [numbers(side) for side in weights],
        # 1 on average, for easier reading.
        "densities": [numbers(side * IMAGE / SAMPLED) for side in densities],
        "places": [numbers(places(side)) for side in densities],
    }


def numbers(values):
    return [float(f"{value:.6g}") for value in np.ravel(values)]


def record(features):
    maps = trilinear(features)
    # The channel with the sharpest map, the first one that is zero everywhere, and the last one.
    sharpest = int(np.argmax(maps.max((1, 2)) / maps.mean((1, 2))))
    zero = int(np.argmin(features.sum((1, 2))))
    chosen = [sharpest, zero, len(maps) - 1]
    return {
        "maps": {str(channel): numbers(maps[channel]) for channel in chosen},
        "structure": sampling(structure(maps)),
        "detail": {"channel": sharpest, **sampling(enlarged(maps[sharpest], IMAGE))},
    }


def features_of(run, code, birds):
    """The features of the attention branch, in 255 steps from 0 to the largest."""
    sys.path.insert(0, code)
    import torch
    from model import TasnTiny, resize  # written by wsban compile
    from PIL import Image
    from safetensors.torch import load_file

    model = TasnTiny().eval()
    checkpoint = max((Path(run) / "checkpoints").glob("*/weights.safetensors"))
    model.load_state_dict(load_file(checkpoint))
    images = [Image.open(Path(birds) / photo).convert("RGB").resize((IMAGE, IMAGE), Image.BILINEAR) for photo in PHOTOS]
    batch = torch.tensor(np.stack(images)).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        features = model.attend.trunk(resize(batch, (SAMPLED, SAMPLED))).layer2.numpy()
    step = float(f"{features.max() / 255:.6g}")
    stored = np.round(features / step).clip(0, 255).astype(np.uint8)
    return {"shape": stored.shape, "step": step, "data": base64.b64encode(stored.tobytes()).decode()}


if __name__ == "__main__":
    stored = features_of(*sys.argv[1:]) if len(sys.argv) > 1 else json.loads(RECORD.read_text())["features"]
    cells = np.frombuffer(base64.b64decode(stored["data"]), np.uint8).reshape(stored["shape"])
    answers = [record(image * stored["step"]) for image in cells.astype(float)]
    RECORD.write_text(json.dumps({"features": stored, "answers": answers}) + "\n")
