/**
 * A clip that this browser cannot show. It would stand on its poster as if the model had frozen it, or play its sound
 * alone; so it is said, with the codec, which the file itself names.
 */

const NAMES: Record<string, string> = {
  hvc1: "HEVC (H.265)",
  hev1: "HEVC (H.265)",
  avc1: "H.264",
  av01: "AV1",
  vp09: "VP9",
  mp4v: "MPEG-4 Part 2",
};
/** Sample entries of what is heard or read; any other is taken for the video's. */
const OTHERS = /^(mp4a|.c-3|Opus|fLaC|alac|.mp3|sowt|twos|lpcm|tx3g|text)$/;

/** The sample entry of the video in an MP4 file, such as "hvc1"; null where the file names none. */
export function codecOf(bytes: Uint8Array): string | null {
  // Behind the box's kind: version and flags, how many entries, the first one's size and kind.
  const entries = new TextDecoder("latin1").decode(bytes).matchAll(/stsd(?=.{12}([ -~]{4}))/gs);
  return [...entries].map((found) => found[1] ?? "").find((kind) => !OTHERS.test(kind)) ?? null;
}

/** What is said of a clip that cannot be shown here. */
export function unplayable(codec: string | null): string {
  const known = codec && NAMES[codec];
  const what = known ? `${known} video` : codec ? `this clip's codec, ${codec}` : "this clip";
  return `This browser can't play ${what}. The clip isn't frozen: another browser or a video player may show it.`;
}

/**
 * Tells once how a video with a new source begins: with a picture, or that it has none to show. An error that comes
 * later is told too.
 */
export function watch(
  video: HTMLVideoElement,
  blob: Blob,
  on: { ready?(): void; failed(text: string): void },
  signal: AbortSignal,
): void {
  let told = false;
  const failed = async () => {
    if (told) return;
    told = true;
    const text = unplayable(codecOf(new Uint8Array(await blob.arrayBuffer())));
    if (!signal.aborted) on.failed(text);
  };
  video.addEventListener("error", failed, { signal });
  // A file whose sound can be played and whose picture cannot loads without an error.
  const loaded = () => (video.videoWidth > 0 ? on.ready?.() : failed());
  video.addEventListener("loadeddata", loaded, { signal, once: true });
}
