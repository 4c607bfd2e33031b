import { Option } from 'commander'
import { classOrders } from '../runtime/data/class_order.js'

export function classOrderOption(): Option {
  return new Option(
    '--class-order <name>',
    'order of numbered classes: natural (2 before 10, the default) or plain (as text); a run keeps the order it was started with',
  ).choices(classOrders)
}
