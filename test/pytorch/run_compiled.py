"""Compares torch.compile with eager execution. Arguments: a generated folder, the class, its size, the backend; prints JSON.

Prints the reasons for graph breaks, and the differences of losses, updated state and gradients of a training step, and of outputs in
evaluation. Differences are relative to the largest value of a tensor; those of gradients, to the largest of all gradients.
"""

import json
import sys

import torch

folder, name, size, backend = sys.argv[1:]
sys.path.insert(0, folder)
import model as generated  # noqa: E402

torch.manual_seed(1)
model = getattr(generated, name)()
images, labels = torch.rand(4, 3, int(size), int(size)), torch.tensor([0, 1, 1, 3])
begun = {key: value.clone() for key, value in model.state_dict().items()}


def breaks(training, *given):
    torch._dynamo.reset()
    found = torch._dynamo.explain(model.train(training))(*given)
    return [reason.reason for reason in found.break_reasons] + ["graphs"] * (found.graph_count - 1)


def step(run):
    """Returns outputs, updated state and gradients of a step from the initial state."""
    model.load_state_dict(begun)
    model.zero_grad()
    torch.manual_seed(2)
    answers = run(images, labels)
    sum(value for key, value in answers.items() if key.startswith("loss/")).backward()
    moved = {key: value.clone() for key, value in model.state_dict().items()}
    # Compiled code returns zeros for parameters without a gradient.
    gradients = {key: torch.zeros_like(p) if p.grad is None else p.grad.clone() for key, p in model.named_parameters()}
    return {key: value.detach() for key, value in answers.items()}, moved, gradients


@torch.no_grad()
def evaluated(run):
    model.load_state_dict(begun)
    return run(images)


def apart(ones, others):
    assert ones.keys() == others.keys()
    return max(float((others[key] - one).abs().max() / one.abs().max().clamp(min=1)) for key, one in ones.items())


found = {"training": breaks(True, images, labels), "evaluation": breaks(False, images)}
torch._dynamo.reset()
compiled = torch.compile(model, backend=backend)
model.train()
answers, moved, gradients = step(model)
their_answers, their_moved, their_gradients = step(compiled)
largest = max(float(gradient.abs().max()) for gradient in gradients.values())
model.eval()
found["apart"] = {
    "answers": apart(answers, their_answers),
    "moved": apart(moved, their_moved),
    "gradients": max(float((their_gradients[key] - one).abs().max()) for key, one in gradients.items()) / largest,
    "evaluated": apart(evaluated(model), evaluated(compiled)),
}
json.dump(found, sys.stdout)
