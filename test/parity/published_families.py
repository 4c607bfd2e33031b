"""How timm's arguments are those of our blocks, by the module of timm that defines the networks.

A function gets the architecture's name and what timm passes to the network's class. It returns the file in models/backbones, the block
in it and its arguments, or None for a network that the block cannot build.
"""


def only(arguments, *known):
    """Whether there are no other arguments than these, None and the bookkeeping of timm's builder aside."""
    ignored = {"pretrained_cfg", "pretrained_cfg_overlay", "cache_dir", "feature_cfg", "pretrained_filter_fn", "pretrained_strict"}
    return all(name in known or name in ignored or value is None for name, value in arguments.items())


def vision_transformer(architecture, arguments):
    if not only(arguments, "patch_size", "embed_dim", "depth", "num_heads", "img_size"):
        return None
    return (
        "vit",
        "vit",
        {
            "patch": arguments.get("patch_size", 16),
            "dim": arguments.get("embed_dim", 768),
            "depth": arguments.get("depth", 12),
            "heads": arguments.get("num_heads", 12),
        },
    )


def resnet(architecture, arguments):
    if architecture not in ("resnet18", "resnet34", "resnet50", "resnet101"):
        return None
    return "resnet", architecture, {}


def inception_v3(architecture, arguments):
    return ("inception_v3", architecture, {}) if architecture == "inception_v3" else None


def efficientnet(architecture, arguments):
    return ("efficientnet_lite0", architecture, {}) if architecture == "efficientnet_lite0" else None


FAMILIES = {
    "vision_transformer": vision_transformer,
    "resnet": resnet,
    "inception_v3": inception_v3,
    "efficientnet": efficientnet,
}
