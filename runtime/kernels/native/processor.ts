import { readFileSync } from 'node:fs'

let supported: boolean | undefined

/**
 * Whether oneDNN uses its AVX-512 kernels: the processor supports them, and the environment variable ONEDNN_MAX_CPU_ISA does not exclude them.
 * False on systems without /proc/cpuinfo.
 */
export function hasAvx512(): boolean {
  supported ??= /^flags\s*:.*\bavx512f\b/m.test(cpuInfo())
  return supported && !/^(SSE|AVX$|AVX2)/i.test(process.env.ONEDNN_MAX_CPU_ISA ?? '')
}

function cpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
