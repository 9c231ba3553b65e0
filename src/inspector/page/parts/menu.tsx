import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** Something to do, or to save. */
type Choice = { title: string; act: () => void } | { title: string; url: string };

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
          {choices.map((choice) => (
            <Item key={choice.title} choice={choice} shut={shut} />
          ))}
        </div>
      )}
    </div>
  );
}

function Item({ choice, shut }: { choice: Choice; shut: () => void }) {
  const { title } = choice;
  if ("url" in choice) {
    return (
      <a class="button" role="menuitem" tabIndex={-1} href={choice.url} download onClick={shut}>
        {title}
      </a>
    );
  }
  const onClick = () => {
    choice.act();
    shut();
  };
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={onClick}>
      {title}
    </button>
  );
}
