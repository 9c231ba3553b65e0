import { effect, signal } from "@preact/signals";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export const theme = signal<Theme>(stored());

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  try {
    localStorage.setItem("theme", theme.value);
  } catch {
    // A browser that keeps nothing asks the system again next time.
  }
});

function stored(): Theme {
  try {
    return themes.find((name) => name === localStorage.getItem("theme")) ?? "system";
  } catch {
    return "system";
  }
}
