import { existsSync } from 'node:fs'

/** Tools that wsban needs and a package manager provides. */
export type SystemTool = 'python' | 'pip' | 'compiler' | 'npm'

const managers: readonly ({ readonly file: string; readonly install: string } & Readonly<
  Record<SystemTool, string>
>)[] = [
  {
    file: '/usr/bin/apt-get',
    install: 'apt-get install -y',
    // Debian packages venv separately from Python.
    python: 'python3-venv',
    pip: 'python3-pip',
    compiler: 'g++',
    npm: 'npm',
  },
  {
    file: '/usr/bin/dnf',
    install: 'dnf install -y',
    python: 'python3',
    pip: 'python3-pip',
    compiler: 'gcc-c++',
    npm: 'npm',
  },
  {
    file: '/usr/bin/zypper',
    install: 'zypper install -y',
    python: 'python3',
    pip: 'python3-pip',
    compiler: 'gcc-c++',
    npm: 'npm',
  },
  {
    file: '/usr/bin/pacman',
    install: 'pacman -S --noconfirm',
    python: 'python',
    pip: 'python-pip',
    compiler: 'gcc',
    npm: 'npm',
  },
]

/** Returns the command that installs the tools; undefined if the package manager is unknown. */
export function installCommand(tools: readonly SystemTool[]): string | undefined {
  const manager = managers.find(({ file }) => existsSync(file))
  if (manager === undefined) return undefined
  const sudo = process.getuid?.() === 0 ? '' : 'sudo '
  return `${sudo}${manager.install} ${tools.map((tool) => manager[tool]).join(' ')}`
}
