import { showHelp } from "./help.tsx";
import { openActive, step } from "./list/list.tsx";
import { close, open, openId, tabs } from "./route.ts";

/** Keys that work wherever the focus is; a list takes its own before. */
export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const isTyping = (event.target as Element).closest("input, select, textarea") !== null;
    if (event.key === "Escape" && leave(isTyping)) return event.preventDefault();
    if (isTyping || (event.key === "Enter" && event.target !== document.body)) return;
    const { [event.key]: act } = actions;
    if (act) {
      event.preventDefault();
      act();
    } else selectTab(Number(event.key));
  });
}

const list = () => document.getElementById("calls");
const focusList = () => list()?.focus();

const actions: Record<string, () => void> = {
  "/": () => document.getElementById("search")?.focus(),
  "?": showHelp,
  j: () => step(1),
  k: () => step(-1),
  Enter: openActive,
};

/** `false`: there is nothing to leave. */
function leave(isTyping: boolean): boolean {
  if (!isTyping && openId.value === undefined) return false;
  if (!isTyping) close();
  focusList();
  return true;
}

function selectTab(number: number): void {
  const tab = tabs[number - 1];
  if (tab && openId.value !== undefined) open(openId.value, tab);
}
