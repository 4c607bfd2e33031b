"""Loads a published trunk by timm from the hub that HF_ENDPOINT names, and completes the model with its own classifier.

Arguments: the repository, the weights of the whole model, the place of its trunk in it, a photo of the model's size, and how the features
are found: `features`, `classifier` for timm's own, or the number of the intermediate feature map at which the model cuts the network off.
Prints the probabilities.
"""

import json
import sys

import numpy
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from timm.data import resolve_model_data_config

repository, weights, photo, features = sys.argv[1:]
model = timm.create_model(f"hf-hub:{repository}", pretrained=True).eval()
config = resolve_model_data_config(model)
image = torch.from_numpy(numpy.array(Image.open(photo).convert("RGB"))).float() / 255
assert list(image.shape[:2]) == list(config["input_size"][1:]), config
image = (image - torch.tensor(config["mean"])) / torch.tensor(config["std"])
batch = image.permute(2, 0, 1).unsqueeze(0)
with torch.no_grad():
    if features == "classifier":
        logits = model(batch)
    else:
        if features == "features":
            maps = model.forward_features(batch)
        else:
            maps = model.forward_intermediates(batch, indices=[int(features)], intermediates_only=True)[0]
        tensors = load_file(weights)
        logits = torch.nn.functional.linear(
            maps.mean((2, 3)), tensors["whole.logits.weight"], tensors["whole.logits.bias"]
        )
json.dump({"architecture": model.pretrained_cfg["architecture"], "probabilities": logits.softmax(1)[0].tolist()}, sys.stdout)
