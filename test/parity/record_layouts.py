"""Records what networks with other names than timm's compute, for test/parity/layouts.test.ts: torchvision's, DINOv2's and ConvNeXt's authors'.

    PYTHONPATH=... python test/parity/record_layouts.py

needs timm and torchvision. Weights and the image are by formula of the names in the checkpoint, as in record.py, so only names, shapes and the
output are stored. The checkpoints of DINOv2 and of ConvNeXt's authors are loaded by timm's own conversion.
"""

import json
from pathlib import Path

import torch
from record import image, summary, weight
from timm.layers import SwiGLUPacked
from timm.models import convnext, vision_transformer
from torch import nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.efficientnet import EfficientNet, FusedMBConvConfig, MBConvConfig
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vgg import make_layers
from torchvision.models.vision_transformer import VisionTransformer

OUTPUT = Path(__file__).parent / "recorded" / "layouts.json"
COMPUTED = ("num_batches_tracked", "relative_position_index")

CONVNEXT_V2 = {"depths": (1, 1, 2, 1), "dims": (8, 16, 24, 32)}
VIT = {"embed_dim": 48, "depth": 2, "num_heads": 3}
DINO = {"patch_size": 14, "init_values": 1e-5, **VIT}
GATED = {"mlp_layer": SwiGLUPacked, "mlp_ratio": 2.66667 * 2, "act_layer": nn.SiLU}


def torchvision_networks():
    """The network, and the call of our block that builds it."""
    vit = VisionTransformer(image_size=64, patch_size=16, num_layers=2, num_heads=3, hidden_dim=48, mlp_dim=192)
    swin = SwinTransformer([4, 4], 12, [1, 1, 2, 1], [1, 2, 3, 4], [7, 7])
    convnext_t = ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, 24, 1), CNBlockConfig(24, 32, 2), CNBlockConfig(32, None, 1)])
    stages = [FusedMBConvConfig(1, 3, 1, 16, 16, 2), FusedMBConvConfig(4, 3, 2, 16, 24, 1), MBConvConfig(4, 3, 2, 24, 32, 2)]
    v2 = EfficientNet(stages, dropout=0, last_channel=64)
    first = [["cn", 3, 1, 16, 16, 0, "silu"]] * 2
    later = [["ir", 3, 2, 96, 32, 6, "silu"], ["ir", 3, 1, 128, 32, 8, "silu"]]
    vgg = models.VGG(make_layers([64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"], batch_norm=True), init_weights=False)
    vgg.classifier[0], vgg.classifier[3] = nn.Linear(512 * 7 * 7, 128), nn.Linear(128, 4096)
    units = json.dumps([first, [["er", 3, 2, 64, 24, 0, "silu"]], later])
    return {
        "vit": (vit, "vit(image, embed_dim = 48, depth = 2, num_heads = 3)"),
        "swin": (swin, "swin(image, embed_dim = 12, depths = [1, 1, 2, 1], num_heads = [1, 2, 3, 4])"),
        "convnext": (convnext_t, "convnext(image, depths = [1, 1, 2, 1], dims = [8, 16, 24, 32])"),
        "efficientnet": (models.efficientnet_b0(), "efficientnet(image)"),
        "efficientnet_v2": (v2, f"efficientnet(image, stages = {units}, stem_size = 16, num_features = 64)"),
        "mobilenet_v3_large": (models.mobilenet_v3_large(), "mobilenet_v3(image, eps = 1e-3)"),
        "mobilenet_v3_small": (models.mobilenet_v3_small(), 'backbone(image, "mobilenetv3_small_100")'),
        "vgg": (vgg, "vgg(image, depths = [1, 1, 2, 2, 2], norm = true, mlp_ratio = 0.03125)"),
        "regnet": (models.regnet_y_400mf(), 'backbone(image, "regnety_004")'),
    }


def renamed(state, *pairs):
    """The state dict with parts of its names replaced, one after the other."""
    found = {}
    for name, tensor in state.items():
        for part, other in pairs:
            name = name.replace(part, other)
        found[name] = tensor
    return found


def dinov2(size=56, registers=False, gated=False, chunked=False):
    """timm's network, and a state dict as DINOv2's code saves it, of 56 pixels."""
    options = (GATED if gated else {}) | ({"reg_tokens": 4, "no_embed_class": True} if registers else {})
    network = vision_transformer.VisionTransformer(img_size=size, **DINO, **options)
    pairs = [("reg_token", "register_tokens")] if registers else []
    pairs += [("mlp.fc1", "mlp.w12"), ("mlp.fc2", "mlp.w3")] if gated else []
    pairs += [("blocks.0.", "blocks.0.0."), ("blocks.1.", "blocks.1.1.")] if chunked else []
    state = renamed(network.state_dict(), *pairs)
    state["pos_embed"] = torch.zeros(1, 17, 48)
    state["mask_token"] = torch.zeros(1, 48)
    return network, state


def dinov2_networks():
    call = "vit(image, patch_size = 14, embed_dim = 48, depth = 2, num_heads = 3, layer_scale = true"
    registers = "reg_tokens = 4, no_embed_class = true"
    return {
        "dinov2": (56, dinov2(), f"{call})"),
        "dinov2_resized": (84, dinov2(84), f"{call})"),
        "dinov2_chunked": (56, dinov2(chunked=True), f"{call})"),
        "dinov2_registers": (56, dinov2(registers=True), f"{call}, {registers})"),
        "dinov2_registers_resized": (84, dinov2(84, registers=True), f"{call}, {registers})"),
        "dinov2_gated": (56, dinov2(gated=True), f'{call}, mlp = "swiglu", mlp_ratio = {GATED["mlp_ratio"]})'),
    }


def authors_convnext():
    """timm's network, and a state dict as the authors of ConvNeXt V2 save it."""
    network = convnext.ConvNeXt(**CONVNEXT_V2, use_grn=True, ls_init_value=None)
    state = renamed(
        network.state_dict(),
        ("stages.0.downsample", "none"),
        *((f"stages.{stage}.downsample", f"downsample_layers.{stage}") for stage in (1, 2, 3)),
        ("stem.", "downsample_layers.0."),
        (".blocks.", "."),
        ("conv_dw", "dwconv"),
        ("mlp.fc", "pwconv"),
        ("mlp.grn.weight", "grn.gamma"),
        ("mlp.grn.bias", "grn.beta"),
        ("head.norm", "norm"),
        ("head.fc", "head"),
    )
    for name, tensor in state.items():
        if "grn" in name:
            state[name] = tensor.reshape(1, 1, 1, -1)
    return network, state


def filled(state):
    return {name: weight(name, tensor.shape) for name, tensor in state.items() if not name.endswith(COMPUTED)}


def entry(call, state, network, size):
    with torch.no_grad():
        output = network.double().eval()(image(1, size).double())
    shapes = {name: list(tensor.shape) for name, tensor in state.items()}
    return {"call": call, "size": size, "shapes": shapes, "output": summary(output)}


def without_chunks(state):
    return {name.replace("blocks.0.0.", "blocks.0.").replace("blocks.1.1.", "blocks.1."): tensor for name, tensor in state.items()}


def main():
    recorded = {}
    for name, (network, call) in torchvision_networks().items():
        if name == "mobilenet_v3_small":
            # torchvision's 1e-3 is an argument of our block, and timm's network of this name has another one.
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eps = 1e-5
        state = filled(network.state_dict())
        missing = network.load_state_dict(state, strict=False).missing_keys
        assert all(one.endswith(COMPUTED) for one in missing), missing
        # At 224 pixels each stage of Swin has a whole window.
        recorded[name] = entry(call, state, network, 224 if name == "swin" else 64)
    for name, (size, (network, state), call) in dinov2_networks().items():
        state = filled(state)
        network.load_state_dict(vision_transformer.checkpoint_filter_fn(without_chunks(state), network))
        recorded[name] = entry(call, state, network, size)
    network, state = authors_convnext()
    state = filled(state)
    network.load_state_dict(convnext.checkpoint_filter_fn(dict(state), network))
    call = "convnext(image, depths = [1, 1, 2, 1], dims = [8, 16, 24, 32], layer_scale = false, use_grn = true)"
    recorded["convnext_v2"] = entry(call, state, network, 64)
    OUTPUT.write_text("{\n" + ",\n".join(f'  "{name}": {json.dumps(one)}' for name, one in recorded.items()) + "\n}\n")


if __name__ == "__main__":
    main()
