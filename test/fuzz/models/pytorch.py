"""Runs generated models: each line of standard input names one, and gets a line with what the model computes.

A request has the model's folder, module and class, the type to compute in, tensors for its state, image and labels, and the backend of
torch.compile (null: eager).
Tensors are `{"shape": [...], "data": BASE64}`, the numbers as little-endian doubles, so that NaN and infinities survive.
"""

import base64
import importlib
import json
import sys
import traceback
from array import array
from pathlib import Path

import torch

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).parents[3] / "runtime" / "pytorch" / "python"))
from single_image_batch_norm import make_contiguous  # noqa: E402

# The fuzzer runs one process a core.
torch.set_num_threads(1)


def tensor_of(text, dtype):
    numbers = array("d", base64.b64decode(text["data"]))
    return torch.tensor(list(numbers), dtype=torch.float64).to(dtype).reshape(text["shape"])


def text_of(tensor):
    numbers = array("d", tensor.detach().double().flatten().tolist())
    return {"shape": list(tensor.shape), "data": base64.b64encode(numbers.tobytes()).decode()}


def model_of(folder, module, name):
    importlib.invalidate_caches()
    sys.path.insert(0, folder)
    try:
        return getattr(importlib.import_module(module), name)()
    finally:
        sys.path.remove(folder)


def run(request):
    torch.manual_seed(1)
    dtype = getattr(torch, request["dtype"])
    model = model_of(request["folder"], request["module"], request["class"]).to(dtype)
    state = {key: tensor_of(value, dtype) for key, value in request["state"].items()}
    missing = [key for key in model.state_dict() if not key.endswith("num_batches_tracked")]
    if sorted(missing) != sorted(state):
        raise ValueError(f"the state has {sorted(missing)} instead of {sorted(state)}")
    model.load_state_dict(state, strict=False)
    # As the training program does.
    make_contiguous(model)
    torch._dynamo.reset()
    backend = request["backend"]
    computed = model if backend is None else torch.compile(model, backend=backend)
    image = tensor_of(request["image"], dtype)
    labels = [tensor_of(label, torch.int64 if label["class"] else dtype) for label in request["labels"]]

    model.eval()
    with torch.no_grad():
        answers = computed(image)
    model.train()
    result = computed(image, *labels)
    losses = {key.removeprefix("loss/"): value for key, value in result.items() if key.startswith("loss/")}
    sum(losses.values()).backward()
    return {
        "answers": {key: text_of(value) for key, value in answers.items()},
        "losses": {key: text_of(value) for key, value in losses.items()},
        "gradients": {
            key: text_of(torch.zeros_like(value) if value.grad is None else value.grad)
            for key, value in model.named_parameters()
        },
        "updates": {key: text_of(value) for key, value in model.named_buffers() if key in state},
    }


for line in sys.stdin:
    try:
        answer = run(json.loads(line))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        answer = {"error": f"{type(error).__name__}: {error} ({where.filename}:{where.lineno}: {where.line})"}
    print(json.dumps(answer), flush=True)
