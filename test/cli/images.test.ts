import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Model, ModelReply } from "../../src/models/model.ts";
import { type Bench, open } from "./cli.ts";

/** A dot of one color, as a PNG file; the last byte tells them apart. */
const png = (byte: number) => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, byte]);
const urlOf = (bytes: Buffer) => `data:image/png;base64,${bytes.toString("base64")}`;

/** Sees only what comes as an image, in a message of the user. */
const viewer: Model = {
  identity: "viewer",
  async complete({ messages }): Promise<ModelReply> {
    const parts = messages.flatMap(({ role, content }): unknown[] =>
      role === "user" && Array.isArray(content) ? content : [],
    );
    const url = parts.map((part) => /data:image\/png;base64,[\w+/=]+/.exec(JSON.stringify(part))?.[0]).find(Boolean);
    const byte = url === undefined ? -1 : Buffer.from(url.split(",")[1] ?? "", "base64").at(-1);
    const usage = { prompt: 90, completion: 1, estimated: false };
    const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
    return { text: String(byte), usage, model: "viewer", finish: "stop", ...rest };
  },
};

async function put(bench: Bench, rows: readonly object[], node: object = {}, others: object = {}): Promise<void> {
  const graph = {
    version: 1,
    inputs: { photo: { description: "a photo", type: "image" } },
    nodes: { ...others, see: { inputs: ["photo"], instruction: "Say what it shows.", ...node } },
    output: "see",
    models: { forward: "viewer" },
    data: { train: rows, validation: [{ photo: "img/9.png", answer: "9" }], target: "answer" },
    loss: { kind: "exact" },
  };
  await mkdir(join(bench.folder, "img"), { recursive: true });
  for (const byte of [1, 9]) await writeFile(join(bench.folder, `img/${byte}.png`), png(byte));
  await writeFile(join(bench.folder, "img/text.png"), "no image");
  await writeFile(join(bench.folder, "see.agentgraph.json"), JSON.stringify(graph));
}

const ROWS = [
  { photo: "img/1.png", answer: "1" },
  { photo: urlOf(png(7)), answer: "7" },
];

/** A step that never improves, and a person who gives feedback. */
const critic: Model = {
  identity: "critic",
  async complete({ schema }): Promise<ModelReply> {
    const keys = Object.keys(Object(schema?.schema.properties));
    const text = schema ? JSON.stringify(Object.fromEntries(keys.map((key) => [key, "Look closer."]))) : "none";
    const usage = { prompt: 90, completion: 1, estimated: false };
    const rest = { key: "", source: "provider", requests: 1, milliseconds: 0 } as const;
    return { text, usage, model: "critic", finish: "stop", ...rest };
  },
};

describe("the model that gives feedback on a step that reads an image", () => {
  const LOOK = { look: { inputs: ["photo"], instruction: "Describe it." } };
  const run = ["optimize", "see.agentgraph.json", "--json", "--model-forward", "viewer"];
  const feedback = (bench: Bench, model: string) =>
    bench.server.log
      .filter(({ body }) => body.model === model && JSON.stringify(body).includes("<feedback>"))
      .map(({ body }) => JSON.stringify(body.messages));

  it("sees it, if it takes images", async () => {
    const bench = await open({ model: critic });
    await put(bench, ROWS, { inputs: ["photo", "look"] }, LOOK);
    const { stdout, stderr } = await bench.keyed(...run, "--base-url", bench.server.url, "--model-backward", "eyes");
    const report = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    const asked = feedback(bench, "eyes");
    expect(asked.length).toBeGreaterThan(0);
    for (const one of asked) expect(one).toContain(`"image_url":{"url":"data:image/png;base64,`);
    expect(asked.join()).toContain('<image id=\\"photo\\">');
    expect(report.warnings.join("\n")).not.toContain("images");
  });

  it("is asked without it, if it takes none, and the run says so once", async () => {
    const bench = await open({ model: critic, sightless: ["blind"] });
    await put(bench, ROWS, { inputs: ["photo", "look"] }, LOOK);
    const { stdout, stderr } = await bench.keyed(...run, "--base-url", bench.server.url, "--model-backward", "blind");
    const report = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
    expect(report.status).toBe("done");
    const warnings = report.warnings.filter((text: string) => text.includes("doesn't take images"));
    expect(warnings).toHaveLength(1);
    const asked = feedback(bench, "blind");
    expect(
      asked.filter((one) => one.includes("image_url")),
      "the first request alone",
    ).toHaveLength(1);
    expect(asked.filter((one) => one.includes("They can't be shown to you")).length).toBeGreaterThan(1);
  });
});

describe("an input that is an image", () => {
  it.each<[string, object]>([
    ["beside an instruction", {}],
    ["named in a whole prompt", { instruction: "What is this? {{photo}} Answer.", message: "user" }],
    [
      "named in an instruction that other text follows",
      { instruction: "Look at {{photo}}.", frame: ["system:", "{{instruction}}", "user:", "Go."] },
    ],
  ])("reaches the model as one: %s", async (_, node) => {
    const bench = await open({ model: viewer });
    await put(bench, ROWS, node);
    const run = ["evaluate", "see.agentgraph.json", "--split", "train", "--json", "--model", "viewer"];
    const { stdout, stderr } = await bench.online(...run);
    expect(stdout === "" ? stderr : JSON.parse(stdout)).toMatchObject({ score: 1 });
    const texts = JSON.stringify(bench.server.log.map(({ body }) => body.messages));
    expect(texts).not.toMatch(/[\uE000\uE001]/);
  });

  it.each<[string, string, RegExp]>([
    ["outside the repository", "../../secret.png", /points outside|leaves the root/],
    ["no image", "img/text.png", /not an image that models take/],
    ["not there", "img/none.png", /not found/],
  ])("is refused with its row: %s", async (_, photo, words) => {
    const bench = await open({ model: viewer });
    await put(bench, [{ photo, answer: "1" }]);
    const { code, stdout } = await bench.run("check", "see.agentgraph.json");
    expect([code, stdout]).toEqual([2, expect.stringMatching(words)]);
    expect(stdout).toContain("unfit-input");
  });
});
