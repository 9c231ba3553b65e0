import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

type Props<T> = {
  id: string;
  label: string;
  items: readonly T[];
  keyOf: (item: T, index: number) => string | number;
  /** Every row has this height, in pixels: that is what makes 50,000 of them cheap. */
  rowHeight: number;
  active: number;
  onActive: (index: number) => void;
  onOpen?: ((index: number) => void) | undefined;
  /** What a screen reader says of a row. */
  describe: (item: T) => string;
  render: (item: T, index: number) => ComponentChildren;
  /** `top`: the rows in sight stay there when others come above them; `end`: the end stays in sight. */
  keeps?: "top" | "end" | undefined;
  onEnd?: (() => void) | undefined;
};

/** Rows beyond the edges that are there already. */
const spare = 8;

/** A listbox of which only the rows in sight are in the document. */
export function VirtualList<T>(props: Props<T>) {
  const { id, label, items, keyOf, rowHeight, active, describe, render, keeps, onEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const anchor = useRef<string | number>(undefined);
  const isAtEnd = useRef(true);

  function look(): void {
    // An observer may look once more while the list goes.
    if (!box.current) return;
    const { scrollTop: top, clientHeight: height, scrollHeight } = box.current;
    isAtEnd.current = top + height >= scrollHeight - rowHeight;
    const first = items[Math.floor(top / rowHeight)];
    anchor.current = first && keyOf(first, Math.floor(top / rowHeight));
    setView((was) => (was.top === top && was.height === height ? was : { top, height }));
    if (top + height > scrollHeight - 20 * rowHeight) onEnd?.();
  }

  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    const observer = new ResizeObserver(() => latest.current());
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(look, [items, items.length]);

  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return;
    if (keeps === "end" && isAtEnd.current) current.scrollTop = current.scrollHeight;
    if (keeps === "top" && current.scrollTop > 0 && anchor.current !== undefined) {
      const before = Math.floor(current.scrollTop / rowHeight);
      const now = items.findIndex((item, index) => keyOf(item, index) === anchor.current);
      if (now > before) current.scrollTop += (now - before) * rowHeight;
    }
  }, [items, items.length]);

  // The row that keys move to is in sight; others may come above it.
  const chosen = items[active];
  const activeKey = chosen === undefined ? undefined : keyOf(chosen, active);
  useLayoutEffect(() => {
    const { current } = box;
    if (!current || active < 0) return;
    const top = active * rowHeight;
    if (top < current.scrollTop) current.scrollTop = top;
    const below = top + rowHeight - current.clientHeight;
    if (below > current.scrollTop) current.scrollTop = below;
  }, [activeKey, rowHeight]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - spare);
  const end = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + spare);
  const rows = items.slice(first, end).map((item, offset) => {
    const index = first + offset;
    const isActive = index === active;
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: keys belong to the list, which has the focus
      // biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant
      <div
        key={keyOf(item, index)}
        id={`${id}-${index}`}
        role="option"
        class="row"
        aria-selected={isActive}
        aria-setsize={items.length}
        aria-posinset={index + 1}
        aria-label={describe(item)}
        style={{ height: `${rowHeight}px`, transform: `translateY(${index * rowHeight}px)` }}
        onClick={() => {
          props.onActive(index);
          props.onOpen?.(index);
        }}
      >
        {render(item, index)}
      </div>
    );
  });

  return (
    <div
      ref={box}
      id={id}
      role="listbox"
      class="virtual"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={active >= first && active < end ? `${id}-${active}` : undefined}
      onScroll={look}
      onKeyDown={(event) => onKey(event, props, view.height)}
    >
      <div role="presentation" style={{ height: `${items.length * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}

function onKey<T>(event: KeyboardEvent, props: Props<T>, height: number): void {
  const { items, active, rowHeight, onActive, onOpen } = props;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && items[active] !== undefined) {
    event.preventDefault();
    onOpen?.(active);
    return;
  }
  const page = Math.max(1, Math.floor(height / rowHeight) - 1);
  const steps: Record<string, number> = {
    j: 1,
    k: -1,
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -items.length,
    End: items.length,
  };
  const step = steps[event.key];
  if (step === undefined || items.length === 0) return;
  event.preventDefault();
  onActive(Math.min(items.length - 1, Math.max(0, active + step)));
}
