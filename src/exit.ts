/** Ends the program with an exit code of the command's own; an empty message prints nothing. */
export class ExitError extends Error {
  override name = "ExitError";
  readonly exitCode: number;

  constructor(exitCode: number, message = "") {
    super(message);
    this.exitCode = exitCode;
  }
}
