/** The next multiple of `step`, or `offset` itself where it is one. */
export function alignedTo(step: number, offset: number): number {
  return Math.ceil(offset / step) * step;
}
