"""Records timm's factor of the learning rate for each weight under layer-wise decay.

python test/parity/record_layer_decay.py
"""

import json
from pathlib import Path

import timm
from timm.optim._param_groups import param_groups_layer_decay

NETWORKS = [
    "vit_tiny_patch16_224",
    "vit_small_patch14_dinov2",
    "eva02_tiny_patch14_224",
    "swin_tiny_patch4_window7_224",
    "convnext_atto",
    "resnet18",
    "mobilenetv3_small_050",
]
DECAY = 0.75


def main() -> None:
    found = {}
    for name in NETWORKS:
        model = timm.create_model(name, num_classes=7)
        names = {parameter: key for key, parameter in model.named_parameters()}
        groups = param_groups_layer_decay(model, layer_decay=DECAY)
        found[name] = {
            names[parameter]: group["lr_scale"]
            for group in groups
            for parameter in group["params"]
        }
    path = Path(__file__).parent / "recorded" / "layer_decay.json"
    content = {"timm": timm.__version__, "decay": DECAY, "networks": found}
    path.write_text(f"{json.dumps(content, indent=2)}\n")


if __name__ == "__main__":
    main()
