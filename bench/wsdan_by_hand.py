"""WS-DAN as one would write it by hand in PyTorch (arXiv 1901.09891): the peer of what models/wsdan.wsban compiles to."""

import random

import torch
import torch.nn.functional as F
from peer import inception_to_mixed_6e
from torch import Tensor, nn

EPSILON = 1e-12


class BasicConv2d(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, **options):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **options)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class BAP(nn.Module):
    def forward(self, features: Tensor, attentions: Tensor) -> Tensor:
        batch, _, height, width = features.shape
        matrix = torch.einsum("imjk,injk->imn", attentions, features) / (height * width)
        matrix = matrix.view(batch, -1)
        matrix = torch.sign(matrix) * torch.sqrt(torch.abs(matrix) + EPSILON)
        return F.normalize(matrix, dim=-1)


class WSDAN(nn.Module):
    def __init__(self, classes: int = 200, maps: int = 32):
        super().__init__()
        self.maps = maps
        self.features = inception_to_mixed_6e()
        # As the authors have it, and models/wsdan.wsban: the first maps of Mixed_7a's first branch.
        self.attentions = BasicConv2d(768, 192, kernel_size=1)
        self.bap = BAP()
        self.fc = nn.Linear(maps * 768, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.features(images)
        attentions = self.attentions(features)[:, : self.maps]
        matrix = self.bap(features, attentions)
        logits = self.fc(matrix * 100)
        if not self.training:
            return logits, matrix, attentions.mean(1, keepdim=True)
        # One map for the crop, one for the drop, drawn by their strength.
        chosen = []
        with torch.no_grad():
            for attention in attentions:
                weights = torch.sqrt(attention.sum((1, 2)) + EPSILON)
                weights = weights / weights.sum()
                chosen.append(attention[torch.multinomial(weights, 2)])
        return logits, matrix, torch.stack(chosen)


def attention_crop(images: Tensor, attention: Tensor, threshold: float | tuple[float, float], padding: float) -> Tensor:
    height, width = images.shape[2:]
    crops = []
    for image, one in zip(images, attention, strict=True):
        share = random.uniform(*threshold) if isinstance(threshold, tuple) else threshold
        large = F.interpolate(one[None], size=(height, width), mode="bilinear")[0, 0]
        places = torch.nonzero(large >= share * large.max())
        top, left = places.min(0).values.tolist()
        bottom, right = places.max(0).values.tolist()
        y1, y2 = max(int(top - padding * height), 0), min(int(bottom + padding * height), height)
        x1, x2 = max(int(left - padding * width), 0), min(int(right + padding * width), width)
        part = image[None, :, y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
        crops.append(F.interpolate(part, size=(height, width), mode="bilinear"))
    return torch.cat(crops)


def attention_drop(images: Tensor, attention: Tensor, threshold: tuple[float, float]) -> Tensor:
    masks = []
    for one in attention:
        large = F.interpolate(one[None], size=images.shape[2:], mode="bilinear")
        masks.append(large < random.uniform(*threshold) * large.max())
    return images * torch.cat(masks).float()


class Training(nn.Module):
    """The three passes of a step and its losses."""

    def __init__(self, classes: int = 200, maps: int = 32, momentum: float = 0.95):
        super().__init__()
        self.net = WSDAN(classes, maps)
        self.momentum = momentum
        self.register_buffer("centers", torch.zeros(classes, maps * 768))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        raw, matrix, attention = self.net(images)
        with torch.no_grad():
            crops = attention_crop(images, attention[:, :1], (0.4, 0.6), 0.1)
            drops = attention_drop(images, attention[:, 1:], (0.2, 0.5))
        cropped, _, _ = self.net(crops)
        dropped, _, _ = self.net(drops)
        centers = F.normalize(self.centers[labels], dim=-1)
        center_loss = F.mse_loss(matrix, centers, reduction="sum") / len(labels)
        self.centers[labels] += (1 - self.momentum) * (matrix.detach() - centers)
        crossed = [F.cross_entropy(logits, labels) / 3 for logits in (raw, cropped, dropped)]
        return sum(crossed) + center_loss

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        raw, _, attention = self.net(images)
        cropped, _, _ = self.net(attention_crop(images, attention, 0.1, 0.05))
        return (F.softmax(raw, 1) + F.softmax(cropped, 1)) / 2
