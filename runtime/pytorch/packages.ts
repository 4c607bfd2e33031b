/** The packages that training in PyTorch needs, each with its minimum version. */
export const pytorchPackages = { torch: '2.4', torchvision: '0.19', safetensors: '0.4' } as const

export type PytorchPackage = keyof typeof pytorchPackages

export const pytorchPackageNames = ['torch', 'torchvision', 'safetensors'] as const

/** Returns a requirement for pip, such as `torch>=2.4`. */
export function requirementOf(name: PytorchPackage): string {
  return `${name}>=${pytorchPackages[name]}`
}

/** Whether a version such as `2.15.0+cu132` or `2.5.0a0+git1234` is at least the minimum version. */
export function isSupported(name: PytorchPackage, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  const [minMajor = 0, minMinor = 0] = pytorchPackages[name].split('.').map(Number)
  return major > minMajor || (major === minMajor && minor >= minMinor)
}
