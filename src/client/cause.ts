/** The innermost code of a chain of causes, such as `ECONNREFUSED`; a message where there is no code. */
export function causeCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const own = "code" in error ? String(error.code) : error.message;
  return causeCode(error.cause) || own;
}
