import * as v from "valibot";

const between = (least: number, most: number) =>
  v.nullish(v.pipe(v.number(), v.minValue(least), v.maxValue(most)));

/** How a model is to choose its words, in all APIs: checked, and of no effect. */
export const sampling = { temperature: between(0, 2), top_p: between(0, 1) };

export const penalties = { frequency_penalty: between(-2, 2), presence_penalty: between(-2, 2) };

/** At least one token may be said. */
export const tokenLimit = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)));
