import { Failure } from '../../../runtime/failure.js'
import type { PytorchChoice } from '../../../runtime/pytorch/train.js'
import type { TrainRequest } from './train_options.js'

/** @throws Failure `wrong-usage` for an option that training in PyTorch does not take */
export function pytorchChoice(request: TrainRequest): PytorchChoice {
  if (request.profile)
    throw new Failure({
      code: 'wrong-usage',
      message: '--profile works with the other engines, not with PyTorch',
      help: 'leave it out; in PyTorch, run the program of wsban compile --target pytorch under torch.profiler',
      exit: 2,
    })
  const { processes = 1, precision = 'fp32', compile = false, channelsLast = false, syncBatchNorm = false } = request
  return { processes, precision, compile, channelsLast, syncBatchNorm }
}

/** @throws Failure `wrong-usage` for an option that only PyTorch has */
export function refusePytorchOptions({
  processes,
  precision,
  compile,
  channelsLast,
  syncBatchNorm,
}: TrainRequest): void {
  const given = { processes, precision, compile, 'channels-last': channelsLast, 'sync-batch-norm': syncBatchNorm }
  const [first] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  if (first === undefined) return
  throw new Failure({
    code: 'wrong-usage',
    message: `--${first} is for training in PyTorch`,
    help: 'add --engine pytorch, or leave it out',
    exit: 2,
  })
}
