import { endSession } from "./link.ts";

const keys: [keys: string[], effect: string][] = [
  [["j", "↓"], "the next call, or event"],
  [["k", "↑"], "the one before"],
  [["Enter"], "open it"],
  [["Esc"], "close it, or leave the search"],
  [["/"], "search"],
  [["1", "…", "7"], "the tabs of the open call"],
  [["?"], "this list"],
];

const element = () => document.getElementById("help") as HTMLDialogElement | null;

export function showHelp(): void {
  element()?.showModal();
}

export function Help() {
  return (
    <dialog id="help" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl>
        {keys.map(([names, effect]) => (
          <div key={effect}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="with-action">
        <button type="submit">Close</button>
        <button
          type="submit"
          class="plain"
          title="This browser needs a new link then"
          onClick={() => void endSession()}
        >
          End this session
        </button>
      </form>
    </dialog>
  );
}
