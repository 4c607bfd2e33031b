"""A training step of WS-DAN (forward, backward, SGD): what `wsban compile --target pytorch` writes against bench/wsdan_by_hand.py.

    python bench/generated.py [--size 448] [--batch 4] [--runs 6] [--threads 2] [--precision fp32] [--compile] [--profile]

The two take turns on the same noise in one process; with --compile what torch.compile makes of ours, too. Prints the ratio, each side's lines without blanks, comments and docstrings (of ours
those of model.py and operations.py, of which the trunk is a part), and peak memory, each side in a process of its own.
Needs torch, torchvision, scipy and numpy; our side compiles from source.
"""

import argparse
import ast
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from peer import in_turns, milliseconds, peak_of_this_process, ratios

bench = Path(__file__).resolve().parent
root = bench.parent


def lines_of(path: Path, without: tuple[str, ...] = ()) -> int:
    """Lines with code, those of some classes left out."""
    text = path.read_text()
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            del body[0]
    tree.body = [node for node in tree.body if getattr(node, "name", None) not in without]
    spans = [range(node.lineno, node.end_lineno + 1) for node in ast.walk(tree) if isinstance(node, ast.expr | ast.arg | ast.keyword)]
    heads = [range(node.lineno, node.lineno + 1) for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    code = {number for span in spans + heads for number in span}
    return len([number for number, line in enumerate(text.splitlines(), 1) if number in code and line.strip() and not line.strip().startswith("#")])


def compiled(size: int) -> Path:
    folder = Path(tempfile.mkdtemp())
    command = ["npx", "tsx", "cli/main.ts", "compile", "models/wsdan.wsban", "--set", f"size={size}", "--target", "pytorch", "-o", str(folder)]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def side(name: str, folder: Path):
    """A model, and the sum of its losses."""
    if name == "generated":
        sys.path.insert(0, str(folder))
        from model import Wsdan

        model = Wsdan()

        def loss(images, labels):
            answers = model(images, labels)
            return sum(value for key, value in answers.items() if key.startswith("loss/"))

        return model, loss
    from wsdan_by_hand import Training

    model = Training()
    return model, model


def stepper(name: str, folder: Path, options, compiled: bool = False):
    torch.manual_seed(1)
    model, loss = side(name, folder)
    if compiled:
        model.compile()
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-5)
    images = torch.rand(options.batch, 3, options.size, options.size) * 2 - 1
    labels = torch.arange(options.batch) % 17
    low = {"fp32": None, "bf16": torch.bfloat16}[options.precision]

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", low, enabled=low is not None):
            total = loss(images, labels)
        total.backward()
        optimizer.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--compile", action="store_true", help="torch.compile, too: minutes before the first step")
    parser.add_argument("--profile", action="store_true", help="the most expensive calls of each side")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = options.folder or compiled(options.size)
    if options.memory_of:
        step = stepper(options.memory_of, folder, options)
        before = peak_of_this_process()
        for _ in range(2):
            step()
        print(f"{peak_of_this_process():.0f} MB, {peak_of_this_process() - before:.0f} of them for two steps")
        return
    names = ["generated", "by hand"]
    steps = {name: stepper(name, folder, options) for name in names}
    if options.compile:
        names.append("compiled")
        steps["compiled"] = stepper("generated", folder, options, compiled=True)
        print(f"compiled in {milliseconds(steps['compiled']) / 1000:.0f} s")
    times = in_turns({name: (lambda step=step: milliseconds(step)) for name, step in steps.items()}, options.runs)
    for name in names:
        print(f"{name:10} {statistics.median(times[name]):8.0f} ms a step (best {min(times[name]):.0f})")
    print(f"generated / by hand: {ratios(times['generated'], times['by hand'])}, of the best {min(times['generated']) / min(times['by hand']):.2f}")
    if options.compile:
        print(f"compiled / generated: {ratios(times['compiled'], times['generated'])}")
    if options.profile:
        for name in names:
            with torch.profiler.profile() as profile:
                steps[name]()
            print(name, profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=12), sep="\n")
    del steps
    model, helpers = folder / "model.py", folder / "operations.py"
    trunk = tuple(node.name for node in ast.parse(model.read_text()).body if isinstance(node, ast.ClassDef) and node.name.startswith(("BasicConv", "Inception")))
    print(f"lines: generated {lines_of(model) + lines_of(helpers)} (without the trunk {lines_of(model, trunk) + lines_of(helpers)}), by hand {lines_of(bench / 'wsdan_by_hand.py')} (torchvision's trunk aside)")
    for name in ("generated", "by hand"):
        again = [sys.executable, __file__, "--memory-of", name, "--folder", str(folder)]
        given = [word for key in ("size", "batch", "threads", "precision") for word in (f"--{key}", str(getattr(options, key)))]
        print(f"peak memory, {name}: {subprocess.run(again + given, check=True, capture_output=True, text=True).stdout.strip()}")


main()
