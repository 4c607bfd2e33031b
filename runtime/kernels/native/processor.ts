import { readFileSync } from 'node:fs'

let known: boolean | undefined

/**
 * Whether oneDNN has its kernels for AVX-512 here: the processor has it, and ONEDNN_MAX_CPU_ISA, oneDNN's own variable, does not keep it from
 * them. Where the system does not say what the processor has it is taken to have not.
 */
export function hasAvx512(): boolean {
  known ??= /^flags\s*:.*\bavx512f\b/m.test(processors())
  return known && !/^(SSE|AVX$|AVX2)/i.test(process.env.ONEDNN_MAX_CPU_ISA ?? '')
}

function processors(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
