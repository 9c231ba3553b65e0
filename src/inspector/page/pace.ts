/** Milliseconds of work after which the page may draw and hear keys again. */
const stint = 8;

/** For long work in small steps: gives a promise to wait for once it is time to rest. */
export function createPace(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < stint) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}
