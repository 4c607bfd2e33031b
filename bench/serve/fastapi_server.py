"""A server as one writes it by hand: FastAPI, Pillow and ONNX Runtime in one process, an image at a time in a thread of its pool.

python fastapi_server.py MODEL.onnx PORT
"""

import io
import sys

import numpy as np
import onnxruntime as ort
import uvicorn
from fastapi import Body, FastAPI
from PIL import Image, ImageOps

session = ort.InferenceSession(sys.argv[1])
names = [output.name for output in session.get_outputs()]
app = FastAPI()


@app.post("/predict")
def predict(body: bytes = Body(media_type="image/jpeg")) -> dict[str, object]:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(body))).convert("RGB")
    results = dict(zip(names, session.run(None, {"image": np.asarray(image)[None]}), strict=True))
    probabilities = results["probabilities"][0]
    best = np.argsort(-probabilities)[:3]
    box = results["boxes"][0].tolist() if "boxes" in results else None
    return {"classes": [{"index": int(i), "probability": float(probabilities[i])} for i in best], "box": box}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
