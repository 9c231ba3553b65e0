// The package's export `openai-relay/test`, which test.d.cts declares.
export { useRelay } from "./each.ts";
export { tapeOf } from "./name.ts";
export { startRelay } from "./relay.ts";
