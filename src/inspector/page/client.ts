import type { Side } from "../../journal/call.ts";
import type { CallDetail, Calls, Send, Sent, Slices, Status } from "../api.ts";

/** What the relay said no to. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
  /** This page's session is over: another link opens the next one. */
  get isSessionOver(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export const getStatus = () => ask<Status>("api/status");
export const getCalls = (query: URLSearchParams) => ask<Calls>(`api/calls?${query}`);
export const getCall = (id: string) => ask<CallDetail>(`api/calls/${encodeURIComponent(id)}`);
export const getSlices = (id: string, side: Side, after: number) =>
  ask<Slices>(`api/calls/${encodeURIComponent(id)}/slices?side=${side}&after=${after}`);
export const toBodyUrl = (id: string, side: Side) =>
  `api/calls/${encodeURIComponent(id)}/body?side=${side}`;
export const toExportUrl = (query: Record<string, string>) =>
  `api/export?${new URLSearchParams(query)}`;

export function sendAgain(send: Send): Promise<Sent> {
  return ask("api/send", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(send),
  });
}

/** Ends this browser's session. */
export const logOut = () => ask("api/logout", { method: "POST" });

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(path, { cache: "no-store", ...init });
  if (answer.ok) return (await answer.json()) as T;
  throw new Refused(answer.status, await toMessage(answer));
}

/** The relay's own errors have OpenAI's shape. */
async function toMessage(answer: Response): Promise<string> {
  const said = await answer.json().catch(() => undefined);
  const message: unknown = (said as { error?: { message?: unknown } } | undefined)?.error?.message;
  return typeof message === "string" ? message : `The relay answered ${answer.status}.`;
}
