"""Checks an exported file with ONNX's own checker and with ONNX Runtime for Python: python check_exported.py MODEL.onnx"""
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort

path = sys.argv[1]
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)

session = ort.InferenceSession(path)
metadata = session.get_modelmeta().custom_metadata_map
classes = json.loads(metadata["classes"])
names = [output.name for output in session.get_outputs()]
random = np.random.default_rng(1)
for height, width in [(64, 64), (123, 457), (300, 80)]:
    batch = random.integers(0, 256, (5, height, width, 3), dtype=np.uint8)
    together = dict(zip(names, session.run(None, {"image": batch})))
    assert together["probabilities"].shape == (5, len(classes)), together["probabilities"].shape
    assert together["boxes"].shape == (5, 4) and (together["boxes"] >= 0).all() and (together["boxes"] <= 1).all()
    assert together["attention"].shape[0] == 5
    assert np.allclose(together["probabilities"].sum(axis=1), 1, atol=1e-5)
    for index in range(5):
        alone = dict(zip(names, session.run(None, {"image": batch[index : index + 1]})))
        # In half precision kernels round otherwise for other batches, and a map on the edge of the threshold may move its box.
        compared, tolerance = (names, 1e-4) if metadata["precision"] == "fp32" else (["attention"], 1e-2)
        for name in compared:
            assert np.allclose(alone[name][0], together[name][index], atol=tolerance), (name, index)
print(json.dumps({"nodes": len(model.graph.node), "outputs": names, "opset": model.opset_import[0].version}))
