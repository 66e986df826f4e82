import { createHash, hash } from "node:crypto";

/** SHA-256 of a text, in hex. `hash` takes less than half the time of `createHash`; Node has it since 20.12. */
export const sha256: (text: string) => string =
  typeof hash === "function"
    ? (text) => hash("sha256", text)
    : (text) => createHash("sha256").update(text).digest("hex");
