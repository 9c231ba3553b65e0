import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

type Choice = { title: string; act: () => void };

/** A button with a menu below it. */
export function Menu({ label, choices }: { label: ComponentChildren; choices: Choice[] }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const items = () => [...box.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];

  useEffect(() => {
    if (isOpen) items()[0]?.focus();
  }, [isOpen]);

  function shut(): void {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (!isOpen) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") shut();
    else if (by !== undefined) {
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      all.at((at + by) % all.length)?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears the keys of what is in it
    <div
      ref={box}
      class="menu"
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        if (!box.current?.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
        <Icon name="down" />
      </button>
      {isOpen && (
        <div role="menu">
          {choices.map(({ title, act }) => (
            <button
              key={title}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                act();
                shut();
              }}
            >
              {title}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
