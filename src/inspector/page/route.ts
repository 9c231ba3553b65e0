import { computed, signal } from "@preact/signals";

// Which call is open, and which of its tabs, stands in the address: #ID/tab. Back closes it again.

export const tabs = ["message", "events", "timeline", "request", "answer", "diff", "send"] as const;
export type Tab = (typeof tabs)[number];

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

const parts = computed(() => hash.value.slice(1).split("/"));
export const openId = computed(() => decoded(parts.value[0]) || undefined);
export const tab = computed<Tab>(() => tabs.find((name) => name === parts.value[1]) ?? "message");

export function open(id: string, at: Tab = tab.value): void {
  const next = `#${encodeURIComponent(id)}/${at}`;
  // One step back leads to the list, however many calls were looked at.
  if (openId.value === undefined) location.hash = next;
  else replace(next);
}

export function close(): void {
  replace("#");
}

function replace(next: string): void {
  history.replaceState(null, "", next);
  hash.value = next;
}

function decoded(text = ""): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
