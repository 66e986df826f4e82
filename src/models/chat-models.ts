import type { NamedModel } from "./provider.ts";

/** Words in names of models that are not chat models: servers list them with the others. */
const OTHER =
  /embed|rerank|(^|[-/])(bge|e5|gte|minilm|clip|whisper|tts|dall-e|sora|davinci|babbage|flux|stable-diffusion)([-.:/]|$)|moderation|transcri|realtime|-audio|-image|image-/i;

/** Whether a model is probably a chat model, by its name. */
export function isForChat({ name }: NamedModel): boolean {
  return !OTHER.test(name);
}
