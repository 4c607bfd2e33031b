import { Failure } from '../../runtime/failure.js'
import { isHubName, isRevision } from '../../runtime/weights/hub.js'

/** @throws Failure `wrong-usage` for an invalid name of a repository or a revision */
export function requireHubName(repository: string, revision: string): void {
  const wrong = (message: string, help: string) => new Failure({ code: 'wrong-usage', message, help, exit: 2 })
  if (!isHubName(repository))
    throw wrong(`${repository} is not the name of a repository`, 'write it as OWNER/NAME, such as me/birds')
  if (!isRevision(revision))
    throw wrong(`${revision} is not the name of a revision`, 'give a branch, a tag or a commit, such as main')
}
