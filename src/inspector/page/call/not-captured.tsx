import { status } from "../link.ts";
import { Sample } from "../list/none.tsx";

/** Why there is nothing to see, and how there will be. */
export function NotCaptured() {
  return (
    <div class="state">
      <h2>Bodies of this call were not kept</h2>
      {status.value?.isCapturing ? (
        <p>It was made before capturing began, or through another relay, which does not capture.</p>
      ) : (
        <p>
          The journal holds who, when, how long and how much, and no content, unless you ask for it.
          Start the relay with <code>--capture</code> to see messages, events and bodies of the
          calls that follow. They stay on this machine, and the oldest go first.
        </p>
      )}
      {!status.value?.isCapturing && <Sample text="relay start --capture --open" />}
    </div>
  );
}
