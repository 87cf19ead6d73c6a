/** A command failed. The message is one line for the operator. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
}
