/** Billionths of a dollar as people read them: to the cent, and further where there is less. */
export function toDollars(nano: number): string {
  const amount = toAmount(nano);
  return amount.startsWith("-") ? `-$${amount.slice(1)}` : `$${amount}`;
}

/** The same exactly, for programs: `1.50`, `0.000000001`. */
export function toAmount(nano: number): string {
  const whole = BigInt(Math.abs(Math.round(nano)));
  const rest = String(whole % 1_000_000_000n).padStart(9, "0");
  const digits = rest.replace(/0+$/, "").padEnd(2, "0");
  return `${nano < 0 ? "-" : ""}${whole / 1_000_000_000n}.${digits}`;
}
