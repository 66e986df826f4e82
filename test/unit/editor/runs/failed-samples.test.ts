import { expect, it, vi } from "vitest";
import { failedSamples } from "../../../../src/editor/runs/failed-samples.ts";
import type { OpenedRun } from "../../../../src/editor/runs/opened-run.ts";
import { sampleOf } from "../../engine/fixtures.ts";

vi.mock("vscode", () => ({}));

it("names a failed sample with an image by the type of the image", async () => {
  const inputs = { question: "What is paid?", receipt: "data:image/png;base64,iVBORw0KGgoB" };
  const run = {
    state: { theta: "t", scores: { t: { one: { loss: 1 }, gone: { loss: 1 } } } },
    threshold: 0,
    data: { train: [], validation: [], test: [] },
    graph: { output: "answer" },
    sample: (id: string) => (id === "one" ? { ...sampleOf(id), inputs } : null),
    value: async () => "nothing",
  } as unknown as OpenedRun;
  const labels = (await failedSamples(run)).map(({ label }) => label);
  expect(labels).toEqual(["What is paid? · image/png", "gone"]);
});

it("lists failed samples in the order of the data, whichever was scored first", async () => {
  const [first, second, third] = ["b", "a", "7"].map((id) => sampleOf(id));
  const run = {
    state: { theta: "t", scores: { t: { gone: { loss: 1 }, 7: { loss: 1 }, a: { loss: null }, b: { loss: 1 } } } },
    threshold: 0,
    data: { train: [], validation: [first, second], test: [third] },
    graph: { output: "answer" },
    sample: () => null,
    value: async () => "nothing",
  } as unknown as OpenedRun;
  expect((await failedSamples(run)).map(({ sample }) => sample)).toEqual(["b", "a", "7", "gone"]);
});
