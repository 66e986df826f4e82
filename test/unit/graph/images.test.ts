import { describe, expect, it } from "vitest";
import {
  hasImage,
  imageOf,
  imagesWithUser,
  imageType,
  imageValue,
  partsOf,
  unmarked,
  withoutImages,
} from "../../../src/graph/images.ts";
import { messageBody } from "../../../src/models/protocols/anthropic-wire.ts";
import { contentBody } from "../../../src/models/protocols/gemini.ts";
import { withParts } from "../../../src/models/protocols/openai-wire.ts";

const image = { type: "image/png", data: "iVBORw0=" };
const value = imageValue(image);
const user = { role: "user", content: `Look: ${value} Well?` } as const;

describe("an image in a text", () => {
  it("is taken out of it, in its place", () => {
    expect(partsOf(user.content)).toEqual(["Look: ", image, " Well?"]);
    expect(partsOf("no image")).toEqual(["no image"]);
    expect(partsOf(value)).toEqual([image]);
    expect([withoutImages(user.content), hasImage(user.content)]).toEqual(["Look: [image] Well?", true]);
    expect(unmarked(value)).toBe("data:image/png;base64,iVBORw0=");
  });

  it("is no data URL that stands in a text, nor one of another kind", () => {
    for (const text of ["data:image/png;base64,iVBORw0=", "\uE000data:text/html;base64,aaaa\uE001", "\uE000\uE001"]) {
      expect([hasImage(text), partsOf(text)]).toEqual([false, [text]]);
    }
    expect([imageOf("data:image/svg+xml;base64,aaaa"), imageOf(" data:image/gif;base64,aaaa ")]).toEqual([
      null,
      { type: "image/gif", data: "aaaa" },
    ]);
    expect(imageType(Buffer.from("RIFF1234WEBP"))).toBe("image/webp");
    expect(imageType(Buffer.from("<svg>"))).toBeNull();
  });

  it("moves from a system message to the user's last one", () => {
    const [system, , last] = imagesWithUser([
      { role: "system", content: value },
      user,
      { role: "user", content: "Go." },
    ]);
    expect([system?.content, last?.content]).toEqual(["[image]", `${value}\nGo.`]);
  });
});

describe("a request with an image", () => {
  it("is in the words of each provider", () => {
    expect(withParts(user).content).toEqual([
      { type: "text", text: "Look: " },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0=" } },
      { type: "text", text: " Well?" },
    ]);
    expect(messageBody({ messages: [user], params: {} }).messages[0]?.content).toEqual([
      { type: "text", text: "Look: " },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0=" } },
      { type: "text", text: " Well?" },
    ]);
    expect(contentBody({ messages: [user], params: {} }).contents[0]?.parts).toEqual([
      { text: "Look: " },
      { inlineData: { mimeType: "image/png", data: "iVBORw0=" } },
      { text: " Well?" },
    ]);
  });
});
