"""Milliseconds and peak memory of exported files that resize in different ways, on images of different sizes:

    wsban export RUN -o products.onnx; wsban export RUN --resize operator -o operator.onnx
    python bench/resize.py products.onnx operator.onnx [--sizes 500x600 3000x4000] [--runs 10] [--threads 2]

One process times the files in turns. Peak memory is measured in a separate process for each file and size, and does not include the memory
used to open the file. Needs onnxruntime and numpy.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime


def session(path: str, threads: int) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def photo(size: str) -> np.ndarray:
    height, width = map(int, size.split("x"))
    return np.random.default_rng(1).integers(0, 256, (1, height, width, 3), dtype=np.uint8)


def peak() -> int:
    """The largest memory of this process so far, in KiB (Linux)."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    if not found:
        raise SystemExit("this system does not tell a process its peak memory")
    return int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--sizes", nargs="+", default=["500x600", "3000x4000"], help="heights x widths")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", action="store_true", help="print the peak memory of one file and size, in MiB")
    options = parser.parse_args()
    if options.memory:
        opened, image = session(options.files[0], options.threads), photo(options.sizes[0])
        before = peak()
        opened.run(None, {"image": image})
        print((peak() - before) / 1024)
        return
    sessions = {path: session(path, options.threads) for path in options.files}
    for size in options.sizes:
        image = photo(size)
        times: dict[str, list[float]] = {path: [] for path in options.files}
        for _ in range(options.runs + 1):
            for path, opened in sessions.items():
                start = time.perf_counter()
                opened.run(None, {"image": image})
                times[path].append(1000 * (time.perf_counter() - start))
        for path, measured in times.items():
            memory = subprocess.run(
                [sys.executable, __file__, path, "--memory", "--sizes", size, "--threads", str(options.threads)],
                check=True, capture_output=True, text=True,
            )
            later = measured[1:]
            print(
                f"{size}  {path}  first {measured[0]:.1f} ms, then {statistics.median(later):.1f}"
                f" ({min(later):.1f} to {max(later):.1f}), {float(memory.stdout):.0f} MiB"
            )


if __name__ == "__main__":
    main()
