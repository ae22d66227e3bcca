/** Choices of the catalog for a form, and texts of its values. */

import type { Form, ModelOffer, Offer, ProviderOffer, ReferenceCounts, SeedRange } from "../lib/messages";
import { most } from "./kinds";

/** The pictures of each mode. */
export const SLOTS: Record<string, string[]> = {
  text_to_video: [],
  image_to_video: ["first_frame"],
  first_last_frame: ["first_frame", "last_frame"],
  subject_to_video: ["subject"],
  template: ["first_frame"],
  reference_to_video: [],
};

export const SLOT_WORDS: Record<string, string> = {
  first_frame: "First frame",
  last_frame: "Last frame",
  subject: "Person to be seen",
};

/** The mode of a form without one, by its arguments. */
export function modeOf(form: Form): string {
  const has = (name: string) => Boolean(form.request[name]);
  if (has("template")) return "template";
  if (has("references")) return "reference_to_video";
  if (has("subject")) return "subject_to_video";
  if (has("last_frame")) return "first_last_frame";
  return has("first_frame") ? "image_to_video" : "text_to_video";
}

/** A list as it would be typed: commas within a value are escaped, except in URLs. */
export function typed(values: string[]): string {
  return values.map((v) => (/^(https?:\/\/|data:)/.test(v) ? v : v.replaceAll(",", "\\,"))).join(",");
}

/** The values of a typed list; ranges stay as they are. */
export function listed(text: unknown): string[] {
  if (typeof text !== "string" || !text.trim()) return [];
  return text.split(/(?<!\\),/).map((v) => v.trim().replaceAll("\\,", ","));
}

/** The models of a mode, the default one first. */
export function modelsFor(provider: ProviderOffer, mode: string): ModelOffer[] {
  const found = provider.models.filter((m) =>
    provider.offers.some((o) => o.model === m.name && o.mode === mode),
  );
  return found.sort(
    (a, b) => Number(b.name === provider.default_model) - Number(a.name === provider.default_model),
  );
}

/** The offers of the chosen models in a mode; of all models if none is chosen. */
export function offersFor(provider: ProviderOffer, mode: string, models: string[]): Offer[] {
  const fits = (offer: Offer) => {
    const model = provider.models.find((m) => m.name === offer.model);
    return models.length === 0 || models.some((word) => word === offer.model || word === model?.short);
  };
  return provider.offers.filter((o) => o.mode === mode && fits(o));
}

/** What the chosen models take in a mode: whatever one of them takes is offered, and Python tells what another lacks. */
export interface Limits {
  seeds: SeedRange | null;
  ratios: string[];
  promptMax: number;
  optimizer: boolean;
  watermark: boolean;
  references: ReferenceCounts | null;
}

/** The limits of the chosen models in a mode; of the default one if none is chosen. */
export function limitsOf(provider: ProviderOffer, mode: string, chosen: string[]): Limits {
  const named = provider.models.filter((m) => chosen.some((word) => word === m.name || word === m.short));
  const models = named.length > 0 ? named : modelsFor(provider, mode).slice(0, 1);
  const some = models.length > 0 ? models : provider.models.slice(0, 1); // a template, or no mode yet
  return {
    seeds: some.find((m) => m.seeds)?.seeds ?? null,
    ratios: [...new Set(some.flatMap((m) => m.aspect_ratios[mode] ?? []))],
    promptMax: Math.min(...some.map((m) => m.prompt_max)),
    optimizer: some.some((m) => m.optimizer),
    watermark: some.some((m) => m.watermark),
    references: most(some.map((m) => m.references)),
  };
}

/** Inserts a camera move at a position: into its bracket if that has fewer than three moves, else in a new bracket. */
export function withMove(text: string, at: number, move: string): { text: string; at: number } {
  const open = text.lastIndexOf("[", at - 1);
  const close = text.indexOf("]", open);
  const inside = open >= 0 && close >= 0 && at <= close + 1 && text.lastIndexOf("]", at - 2) <= open;
  if (inside) {
    const moves = text.slice(open + 1, close).split(",");
    if (moves.length < 3 && !moves.some((m) => m.trim() === move)) {
      const joined = `${text.slice(0, close)}, ${move}`;
      return { text: joined + text.slice(close), at: joined.length + 1 };
    }
    at = close + 1;
  }
  const gap = at > 0 && !/\s$/.test(text.slice(0, at)) ? " " : "";
  const put = `${text.slice(0, at)}${gap}[${move}]`;
  return { text: put + text.slice(at), at: put.length };
}
