import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Minimum bytes of a value to compress: prompts repeat much of each other, and Redis keeps them in memory. */
const LONG = 512;
/** First byte of compressed values, with which no JSON starts. */
const COMPRESSED = Buffer.from([1]);
/** Maximum bytes of an uncompressed value. */
const LARGEST = 2 ** 30;

/**
 * Encrypts the values in the queue (AES-256-GCM) with a secret that workers and runs share. A value that is bound to
 * another key or another direction is refused.
 */
export class Box {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, "agentgraph queue", "v1", 32));
  }

  /** A name that reveals nothing about `text`, and that nobody without the secret can make. */
  nameOf(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("hex").slice(0, 24);
  }

  seal(value: unknown, about: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv).setAAD(Buffer.from(about));
    const plain = Buffer.from(JSON.stringify(value), "utf8");
    const shown = plain.length < LONG ? plain : Buffer.concat([COMPRESSED, deflateRawSync(plain, { level: 3 })]);
    const sealed = Buffer.concat([cipher.update(shown), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64");
  }

  /** @returns undefined if the value was made with another secret or was changed */
  open(text: string, about: string): unknown {
    try {
      const bytes = Buffer.from(text, "base64");
      const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(12, 28));
      const shown = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
      const plain =
        shown[0] === COMPRESSED[0] ? inflateRawSync(shown.subarray(1), { maxOutputLength: LARGEST }) : shown;
      return JSON.parse(plain.toString("utf8"));
    } catch {
      return undefined;
    }
  }
}
