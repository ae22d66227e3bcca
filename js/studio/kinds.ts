/** Texts of references: their kinds, what a model takes of them, and what one is. */

import type { ReferenceCounts, ReferenceFacts } from "../lib/messages";

/** The words for the kinds of references. */
export const KINDS: Record<ReferenceFacts["kind"], string> = {
  image: "Picture",
  video: "Clip",
  audio: "Sound",
};

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** What a model takes: "Up to 9 pictures, 3 clips and 1 sound". */
export function allowed({ images, videos, audios }: ReferenceCounts): string {
  const parts = [
    images && counted(images, "picture"),
    videos && counted(videos, "clip"),
    audios && counted(audios, "sound"),
  ].filter((part) => typeof part === "string");
  const last = parts.pop() ?? "no references";
  return parts.length ? `Up to ${parts.join(", ")} and ${last}` : `Up to ${last}`;
}

/** The types that a file dialog offers. */
export function accepted({ images, videos, audios }: ReferenceCounts): string {
  const types = [
    images ? "image/png,image/jpeg,image/webp" : "",
    videos ? "video/mp4,video/quicktime,video/webm" : "",
    audios ? "audio/wav,audio/mpeg" : "",
  ];
  return types.filter(Boolean).join(",");
}

/** The most that one of several models takes; null if none takes any. */
export function most(counts: (ReferenceCounts | null)[]): ReferenceCounts | null {
  const given = counts.filter((c) => c !== null);
  if (given.length === 0) return null;
  return {
    images: Math.max(...given.map((c) => c.images)),
    videos: Math.max(...given.map((c) => c.videos)),
    audios: Math.max(...given.map((c) => c.audios)),
  };
}

/** A file's length, frame and size: "2.0 s · 640 × 480 · 34 kB". */
export function sizeOf({ width, height, seconds, size }: ReferenceFacts): string {
  const parts = [
    seconds !== null ? `${seconds.toFixed(1)} s` : "",
    width && height ? `${width} × ${height}` : "",
    size ?? "",
  ].filter(Boolean);
  return parts.join(" · ") || "The provider fetches it; nothing is loaded here.";
}
