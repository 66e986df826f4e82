import type { Methods } from "../engine/method.ts";
import { fileFormat } from "../graph/schema/schema.ts";
import type { MethodOptions } from "../graph/schema/schema-run.ts";
import { chainOfThought } from "./chain-of-thought/chain-of-thought.ts";
import { copro } from "./copro/copro.ts";
import { gepa } from "./gepa/gepa.ts";
import { miprov2 } from "./miprov2/miprov2.ts";
import { optoprime } from "./optoprime/optoprime.ts";
import { semantic } from "./semantic/semantic.ts";
import { semanticReference } from "./semantic-reference/semantic-reference.ts";
import { textgrad } from "./textgrad/textgrad.ts";

/** Methods by name, as in `optimize.method`. Adding one touches its own file and this table. */
export const methods: Methods = {
  semantic,
  "semantic-reference": semanticReference,
  textgrad,
  optoprime,
  copro,
  gepa,
  miprov2,
  "chain-of-thought": chainOfThought,
};

/** Their options, by name. */
export const methodOptions: MethodOptions = Object.fromEntries(
  Object.entries(methods).map(([name, { options }]) => [name, options]),
);

/** The format of graph files with these methods. */
export const graphFormat = fileFormat(methodOptions);
