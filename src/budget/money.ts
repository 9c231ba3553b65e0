/** Billionths of a dollar as people read them: to the cent, and further where there is less. */
export function toDollars(nano: number): string {
  const [whole, rest = ""] = exactly(nano).split(".");
  const digits = rest.replace(/0+$/, "").padEnd(2, "0");
  return `${nano < 0 ? "-" : ""}$${whole}.${digits}`;
}

function exactly(nano: number): string {
  const amount = BigInt(Math.abs(Math.round(nano)));
  return `${amount / 1_000_000_000n}.${String(amount % 1_000_000_000n).padStart(9, "0")}`;
}
