import type { Filter } from "../../../journal/call.ts";
import { calls, filter, isFiltered, loadCalls, models, tags } from "../calls.ts";
import { toExportUrl } from "../client.ts";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";

const states: [value: string, label: string][] = [
  ["", "Any status"],
  ["running", "Running"],
  ["error", "Errors"],
  ["2xx", "2xx"],
  ["4xx", "4xx"],
  ["5xx", "5xx"],
  ["429", "429"],
];

/** What is looked for among the calls. */
export function Filters() {
  const { text, model, tag, status, isRunning } = filter.value;
  return (
    <search class="filters">
      <label class="search">
        <Icon name="search" />
        <span class="hidden">Search path, model, id, tag, error or command</span>
        <input
          id="search"
          type="search"
          placeholder="Search"
          autocomplete="off"
          spellcheck={false}
          aria-keyshortcuts="/"
          value={text ?? ""}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      <Choice
        label="Status"
        value={isRunning ? "running" : (status ?? "")}
        options={states}
        onChoice={(value) =>
          set(
            value === "running"
              ? { isRunning: true, status: "" }
              : { isRunning: undefined, status: value },
          )
        }
      />
      <Choice
        label="Model"
        value={model ?? ""}
        options={[["", "Any model"], ...models.value.map(same)]}
        onChoice={(value) => set({ model: value })}
      />
      {tags.value.length > 0 && (
        <Choice
          label="Tag"
          value={tag ?? ""}
          options={[["", "Any tag"], ...tags.value.map(same)]}
          onChoice={(value) => set({ tag: value })}
        />
      )}
      {isFiltered.value && (
        <button type="button" class="plain" onClick={clearFilter}>
          Clear
        </button>
      )}
      {calls.value.length > 0 && <Menu label="Export" choices={exportsOf(filter.value)} />}
    </search>
  );
}

/** All calls of the journal that fit, also those further down. */
function exportsOf(filter: Filter) {
  const wanted = Object.entries(filter).map(([name, value]) => [name, String(value)]);
  const query = Object.fromEntries(wanted) as Record<string, string>;
  return [
    { title: "Listed calls as HAR", url: toExportUrl({ format: "har", ...query }) },
    { title: "Listed calls as JSONL", url: toExportUrl({ format: "jsonl", ...query }) },
  ];
}

type ChoiceProps = {
  label: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  onChoice: (value: string) => void;
};

function Choice({ label, value, options, onChoice }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      class={value && "chosen"}
      value={value}
      onChange={(event) => onChoice(event.currentTarget.value)}
    >
      {options.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

const same = (name: string): [string, string] => [name, name];

export function clearFilter(): void {
  filter.value = {};
  void loadCalls().catch(() => {});
}

/** What is empty is not looked for. */
function set(change: { [K in keyof Filter]: Filter[K] | undefined }): void {
  const given = Object.entries({ ...filter.value, ...change });
  filter.value = Object.fromEntries(
    given.filter(([, value]) => value !== "" && value !== undefined),
  );
  // The link says so where the relay cannot be reached.
  void loadCalls().catch(() => {});
}
