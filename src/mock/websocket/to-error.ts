import { Refusal } from "../refusal.ts";

/** What a client is told. What is no refusal of the API is a fault of the mock, which must not end the relay. */
export function toError(cause: unknown) {
  if (cause instanceof Refusal) return cause.toJSON().error;
  const message = "The mock failed on this message. This is a bug in it.";
  return { message, type: "server_error", param: null, code: null };
}
