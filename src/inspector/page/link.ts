import { signal } from "@preact/signals";
import type { News, Status } from "../api.ts";
import { hear, loadCalls } from "./calls.ts";
import { getStatus, logOut, Refused } from "./client.ts";
import { tellOpenCall } from "./opened.ts";

/** How this page stands with the relay: `ended` needs a new link, `lost` comes back by itself. */
export const link = signal<"connecting" | "live" | "lost" | "ended">("connecting");
export const status = signal<Status | undefined>(undefined);

const retryMs = 1_500;

let source: EventSource | undefined;

/** Hears of calls from here on; whatever was missed is asked for once the relay is back. */
export function connect(): void {
  const opened = new EventSource("events");
  source = opened;
  source.onopen = () => void catchUp();
  source.onmessage = ({ data }: MessageEvent<string>) => {
    const { calls } = JSON.parse(data) as News;
    hear(calls);
    for (const call of calls) tellOpenCall(call);
  };
  source.onerror = () => {
    opened.close();
    void retry();
  };
}

async function catchUp(): Promise<void> {
  try {
    // Its bodies may be long.
    void tellOpenCall();
    [status.value] = await Promise.all([getStatus(), loadCalls()]);
    link.value = "live";
  } catch (error) {
    link.value = toTrouble(error);
  }
}

/** An event source does not say why it failed, or whether it only fell behind: a question does. */
async function retry(): Promise<void> {
  try {
    await getStatus();
    connect();
  } catch (error) {
    link.value = toTrouble(error);
    if (link.value === "lost") setTimeout(retry, retryMs);
  }
}

/** What came stays on the page; nothing more can be asked. */
export async function endSession(): Promise<void> {
  await logOut();
  source?.close();
  link.value = "ended";
}

const toTrouble = (error: unknown) =>
  error instanceof Refused && error.isSessionOver ? "ended" : "lost";
