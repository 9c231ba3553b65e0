import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

type Props<T extends string> = {
  label: string;
  names: readonly T[];
  titles: { [K in T]: ComponentChildren };
  current: T;
  onSelect: (name: T) => void;
};

/** Tabs by the book: arrows move among them, Tab leads into the panel. */
export function Tabs<T extends string>({ label, names, titles, current, onSelect }: Props<T>) {
  const list = useRef<HTMLDivElement>(null);
  function onKeyDown(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = names.at((names.indexOf(current) + by) % names.length)!;
    onSelect(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  }
  return (
    <div ref={list} role="tablist" class="tabs" aria-label={label} onKeyDown={onKeyDown}>
      {names.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === current}
          aria-controls="panel"
          tabIndex={name === current ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {titles[name]}
        </button>
      ))}
    </div>
  );
}
