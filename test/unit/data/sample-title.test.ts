import { expect, it } from "vitest";
import { inputTitle, titleOf } from "../../../src/data/sample-title.ts";

it.each([
  [{ question: "2 + 2?" }, "2 + 2?"],
  [{ question: "What is it?", photo: "data:image/png;base64,iVBORw0KGgo" }, "What is it? · image/png"],
  [{ photo: "DATA:image/svg+xml,%3Csvg%3E" }, "image/svg+xml"],
  [{ text: "data:text/plain,hello" }, "data:text/plain,hello"],
  [{}, "s1"],
])("the title of %j is %s", (inputs, title) => {
  expect(titleOf({ id: "s1", inputs })).toBe(title);
});

it("leaves a text that only mentions an image", () => {
  expect(inputTitle("see data:image/png;base64,AA")).toBe("see data:image/png;base64,AA");
});
