import type { SecretStorage } from "vscode";

/** API keys, each bound to the origin it was entered for. */
export class ApiKeys {
  constructor(private readonly secrets: SecretStorage) {}

  async get(origin: string): Promise<string | null> {
    const text = await this.secrets.get(slot(origin));
    const stored = parsed(text ?? "");
    return isStored(stored) && stored.origin === origin ? stored.key : null;
  }

  async set(origin: string, key: string): Promise<void> {
    await this.secrets.store(slot(origin), JSON.stringify({ origin, key }));
  }

  async forget(origin: string): Promise<void> {
    await this.secrets.delete(slot(origin));
  }

  /** Origins with a stored key. */
  async origins(): Promise<string[]> {
    const slots = await this.secrets.keys();
    return slots.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  }
}

const PREFIX = "agentgraph.key ";

function slot(origin: string): string {
  return PREFIX + origin;
}

/** Parses a stored value. Any other form is not a key. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isStored(value: unknown): value is { origin: string; key: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "origin" in value &&
    typeof value.origin === "string" &&
    "key" in value &&
    typeof value.key === "string"
  );
}
