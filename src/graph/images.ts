/**
 * Images in texts. An image value is its data URL between two private-use characters, so that templates, keys and
 * records treat it as text; the provider extracts it from the message.
 */
const [OPEN, CLOSE] = ["\uE000", "\uE001"];
const MARKED = /\uE000data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})\uE001/g;

export interface Image {
  /** `image/png`, … */
  readonly type: string;
  /** Base64. */
  readonly data: string;
}

export function imageValue({ type, data }: Image): string {
  return `${OPEN}data:${type};base64,${data}${CLOSE}`;
}

/** The image in a data URL; null if it is not a type that models accept. */
export function imageOf(url: string): Image | null {
  const [, type, data] = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/.exec(url.trim()) ?? [];
  return type !== undefined && data !== undefined ? { type, data } : null;
}

/** The type of an image file, by its first bytes; null if it is not a type that models accept. */
export function imageType(bytes: Uint8Array): string | null {
  const starts = (...head: number[]) => head.every((byte, at) => bytes[at] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  const isWebp = starts(0x52, 0x49, 0x46, 0x46) && [0x57, 0x45, 0x42, 0x50].every((byte, at) => bytes[at + 8] === byte);
  return isWebp ? "image/webp" : null;
}

export function hasImage(text: string): boolean {
  return text.includes(OPEN) && text.search(MARKED) >= 0;
}

/** Text and images of a message, in order. */
export function partsOf(content: string): (string | Image)[] {
  const parts: (string | Image)[] = [];
  let at = 0;
  for (const match of content.matchAll(MARKED)) {
    const [whole, type = "", data = ""] = match;
    const before = content.slice(at, match.index);
    if (before !== "") parts.push(before);
    parts.push({ type, data });
    at = match.index + whole.length;
  }
  const rest = content.slice(at);
  return rest === "" && parts.length > 0 ? parts : [...parts, rest];
}

/** A text for places that can't show images. */
export function withoutImages(text: string): string {
  return text.includes(OPEN) ? text.replace(MARKED, "[image]") : text;
}

/** A value for code: an image as its data URL. */
export function unmarked(text: string): string {
  return text.includes(OPEN) ? text.replaceAll(OPEN, "").replaceAll(CLOSE, "") : text;
}

/** Moves images into user messages, because only these can have images: others go to the start of the last one. */
export function imagesWithUser<T extends { readonly role: string; readonly content: string }>(
  messages: readonly T[],
): T[] {
  const isMoved = ({ role, content }: T) => role !== "user" && hasImage(content);
  if (!messages.some(isMoved)) return [...messages];
  const moved = messages
    .filter(isMoved)
    .flatMap(({ content }) => partsOf(content).filter((part) => typeof part !== "string"));
  const last = messages.findLastIndex(({ role }) => role === "user");
  const images = moved.map(imageValue).join("\n");
  return messages.map((message, at) => {
    if (at === last) return { ...message, content: `${images}\n${message.content}` };
    return isMoved(message) ? { ...message, content: withoutImages(message.content) } : message;
  });
}
