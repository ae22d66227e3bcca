/**
 * Detection of clips that this browser cannot show. Without it such a clip would look frozen, or play only its sound. The
 * message names the codec, which is read from the file.
 */

const NAMES: Record<string, string> = {
  hvc1: "HEVC (H.265)",
  hev1: "HEVC (H.265)",
  avc1: "H.264",
  av01: "AV1",
  vp09: "VP9",
  mp4v: "MPEG-4 Part 2",
};
/** What is said of a clip whose bytes are not known. */
export const NOT_LOADED = "A clip's file is missing beside this page, or this browser can't play it.";
/** Sample entries of sound and subtitles; any other is the video's. */
const OTHERS = /^(mp4a|.c-3|Opus|fLaC|alac|.mp3|sowt|twos|lpcm|tx3g|text)$/;

/** The sample entry of the video in an MP4 file, such as "hvc1"; null if the file has none. */
export function codecOf(bytes: Uint8Array): string | null {
  // After the box's type: version and flags, the number of entries, the first one's size and type.
  const entries = new TextDecoder("latin1").decode(bytes).matchAll(/stsd(?=.{12}([ -~]{4}))/gs);
  return [...entries].map((found) => found[1] ?? "").find((kind) => !OTHERS.test(kind)) ?? null;
}

/** The message for a clip that this browser cannot show. */
export function unplayable(codec: string | null): string {
  const known = codec && NAMES[codec];
  const what = known ? `${known} video` : codec ? `this clip's codec, ${codec}` : "this clip";
  return `This browser can't play ${what}. The clip isn't frozen: another browser or a video player may show it.`;
}

/**
 * Calls `ready` once the video shows a picture, or `failed` once if it cannot. A later error also calls `failed`. Of a
 * clip whose bytes are not known, `bytes` is what to say then.
 */
export function watch(
  video: HTMLVideoElement,
  bytes: Blob | string,
  on: { ready?(): void; failed(text: string): void },
  signal: AbortSignal,
): void {
  let told = false;
  const failed = async () => {
    if (told) return;
    told = true;
    const text =
      typeof bytes === "string" ? bytes : unplayable(codecOf(new Uint8Array(await bytes.arrayBuffer())));
    if (!signal.aborted) on.failed(text);
  };
  video.addEventListener("error", failed, { signal });
  // A file with playable sound and unplayable pictures loads without an error.
  const loaded = () => (video.videoWidth > 0 ? on.ready?.() : failed());
  video.addEventListener("loadeddata", loaded, { signal, once: true });
}
