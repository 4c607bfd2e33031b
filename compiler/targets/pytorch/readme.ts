import type { Graph } from '../../graph/graph.js'
import { className, remark } from './python.js'

/** Instructions for someone who receives the folder. */
export function readme(graph: Graph, source: string): string {
  const { image } = graph
  const steps = image.steps.map(({ name, arguments: given }) => {
    const values = Object.entries(given).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
    return `${name}(${values.join(', ')})`
  })
  return `# ${remark(graph.name)}

Written by wsban from \`${remark(source).replace(/`/g, "'")}\`.

\`\`\`sh
pip install -r requirements.txt
\`\`\`

\`\`\`python
import torch
from model import ${className([graph.name])}, load_weights

model = ${className([graph.name])}().eval()
# Without this the weights are fresh: a run's newest checkpoint has such a file.
load_weights(model, "weights.safetensors")
answers = model(torch.zeros(1, ${image.channels}, ${image.height}, ${image.width}))
\`\`\`

Images come as float32 [batch, ${image.channels}, ${image.height}, ${image.width}] after these steps: ${remark(steps.join(', '))}.
\`model(images, labels)\` gives the losses, too, as \`loss/NAME\`; training makes their sum small. Boxes are y1, x1, y2, x2 as shares of that image.
${training(graph)}The names of \`state_dict\` are those of the spec and of wsban's checkpoints.
`
}

function training(graph: Graph): string {
  if (graph.labels.length === 0 || graph.losses.length === 0) return ''
  return `
\`\`\`sh
python train.py --data IMAGES --out RUN
torchrun --nproc-per-node 2 train.py --data IMAGES --out RUN --sync-batch-norm
\`\`\`

trains it as \`recipe.py\` says, on a folder of class folders. \`wsban export RUN -o model.onnx\` makes one file of the run.

`
}
