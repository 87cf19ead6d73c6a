/** Why a command did not do its work, in one line for who called it. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
}
