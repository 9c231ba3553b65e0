/** Milliseconds of work after which the page may draw and hear keys again. */
const stint = 8;

/** A message comes sooner than a timer, which browsers hold back. */
const { port1, port2 } = new MessageChannel();
port1.start();

/** For long work in small steps: gives a promise to wait for once it is time to rest. */
export function createPace(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < stint) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        since = performance.now();
        resolve();
      };
      port1.addEventListener("message", go, { once: true });
      port2.postMessage(undefined);
    });
  };
}
