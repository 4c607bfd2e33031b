import type { Diagram } from './diagram.js'

/** The diagram in Graphviz's language. */
export function dotOf({ model, boxes, arrows, branches }: Diagram): string {
  const box = ({ id, title, lines }: Diagram['boxes'][number]) =>
    `${quoted(id)} [label=${quoted([title, ...lines].join('\n'))}];`
  return [
    `digraph ${quoted(model)} {`,
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="Helvetica"];',
    '  edge [fontname="Helvetica", fontsize=10];',
    ...branches.flatMap(({ name }) => [
      `  subgraph ${quoted(`cluster_${name}`)} {`,
      `    label=${quoted(`branch ${name}`)};`,
      ...boxes.filter(({ branch }) => branch === name).map((inside) => `    ${box(inside)}`),
      '  }',
    ]),
    ...boxes.filter(({ branch }) => branch === undefined).map((outside) => `  ${box(outside)}`),
    ...arrows.map(
      ({ from, to, label, detached }) =>
        `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(label.join('\n'))}${detached ? ', style=dashed' : ''}];`,
    ),
    '}',
    '',
  ].join('\n')
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
