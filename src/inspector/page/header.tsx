import { runningCount } from "./calls.ts";
import { showHelp } from "./help.tsx";
import { link, status } from "./link.ts";
import { Copy } from "./parts/copy.tsx";
import { Icon } from "./parts/icon.tsx";
import { theme, themes } from "./theme.ts";

export function Header() {
  const url = status.value?.url;
  return (
    <header class="top">
      <h1>relay</h1>
      {url && (
        <span class="base">
          <code>{url}</code>
          <Copy text={() => url} label="Copy URL" />
        </span>
      )}
      <span class="space" />
      <Link />
      {status.value && (
        <span class="capturing" title={toTitle(status.value.isCapturing)}>
          {status.value.isCapturing ? "Capturing bodies" : "Metadata only"}
        </span>
      )}
      <fieldset class="themes">
        <legend class="hidden">Colours</legend>
        {themes.map((name) => (
          <label key={name} title={`Colours: ${name}`}>
            <input
              type="radio"
              name="theme"
              checked={theme.value === name}
              onChange={() => {
                theme.value = name;
              }}
            />
            <Icon name={name} />
            <span class="hidden">{name}</span>
          </label>
        ))}
      </fieldset>
      <button type="button" class="plain" aria-keyshortcuts="?" onClick={showHelp}>
        <Icon name="help" />
        <span class="hidden">Keys</span>
      </button>
    </header>
  );
}

const toTitle = (isCapturing: boolean) =>
  isCapturing
    ? "Bodies and slices are kept"
    : "Bodies are not kept: start the relay with --capture to see them";

const words = {
  connecting: "Connecting",
  live: "Live",
  lost: "Reconnecting",
  ended: "Session over",
};

function Link() {
  const running = runningCount.value;
  const isRunning = link.value === "live" && running > 0;
  return (
    <span class={`link ${link.value}`}>
      <span class="dot" />
      {words[link.value]}
      {isRunning && `, ${running} running`}
    </span>
  );
}
