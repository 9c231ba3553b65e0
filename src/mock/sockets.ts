import { needsWebSocket } from "./refusal.ts";
import type { Operations } from "./router.ts";

const paths = [
  "/live/sessions",
  "/live/sessions/{session_id}/attach",
  "/live/sessions/{session_id}/fork",
  "/realtime",
  "/realtime/translations",
  "/responses",
];

/** What is reached by a WebSocket only says so to everybody else. */
export function socketOperations(): Operations {
  const refuse = () => {
    throw needsWebSocket();
  };
  return Object.fromEntries(paths.map((path) => [`GET ${path}`, refuse]));
}
