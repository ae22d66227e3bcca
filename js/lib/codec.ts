/**
 * A clip that this browser cannot show. It would stand on its poster as if the model had frozen it, or play its sound
 * alone; so it is said, with the codec, which the file itself names.
 */

const NAMES: Record<string, string> = {
  hvc1: "HEVC (H.265)",
  hev1: "HEVC (H.265)",
  dvh1: "Dolby Vision",
  dvhe: "Dolby Vision",
  vvc1: "VVC (H.266)",
  vvi1: "VVC (H.266)",
  avc1: "H.264",
  avc3: "H.264",
  av01: "AV1",
  vp08: "VP8",
  vp09: "VP9",
  mp4v: "MPEG-4 Part 2",
  s263: "H.263",
  jpeg: "Motion JPEG",
  mjpa: "Motion JPEG",
  apch: "ProRes",
  apcn: "ProRes",
  apcs: "ProRes",
  ap4h: "ProRes",
};
/** Sample entries of what is heard or read; any other is taken for the video's. */
const OTHERS = new Set([
  "mp4a",
  "ac-3",
  "ec-3",
  "Opus",
  "fLaC",
  "alac",
  ".mp3",
  "sowt",
  "twos",
  "lpcm",
  "tx3g",
  "text",
]);
const STSD = [0x73, 0x74, 0x73, 0x64] as const;

/** The sample entry of the video in an MP4 file, such as "hvc1"; null where the file names none. */
export function codecOf(bytes: Uint8Array): string | null {
  let at = bytes.indexOf(STSD[0]);
  for (; at >= 0 && at + 20 <= bytes.length; at = bytes.indexOf(STSD[0], at + 1)) {
    if (STSD.some((byte, n) => bytes[at + n] !== byte)) continue;
    // Behind the box's kind: version and flags, how many entries, the first one's size and kind.
    const entry = String.fromCharCode(...bytes.subarray(at + 16, at + 20));
    if (/^[ -~]{4}$/.test(entry) && !OTHERS.has(entry)) return entry;
  }
  return null;
}

/** What is said of a clip that cannot be shown here. */
export function unplayable(codec: string | null): string {
  const known = codec === null ? undefined : NAMES[codec];
  const what =
    known === undefined ? (codec === null ? "this clip" : `this clip's codec, ${codec}`) : `${known} video`;
  return `This browser can't play ${what}. The clip isn't frozen: another browser or a video player may show it.`;
}

/** What to say of these bytes. */
export async function why(blob: Blob): Promise<string> {
  return unplayable(codecOf(new Uint8Array(await blob.arrayBuffer())));
}

/**
 * Tells once how a video with a new source begins: with a picture, or that it has none to show. An error that comes
 * later is told too.
 */
export function watch(
  video: HTMLVideoElement,
  blob: Blob,
  on: { ready(): void; failed(text: string): void },
  signal: AbortSignal,
): void {
  const ending = new AbortController();
  const until = { signal: AbortSignal.any([signal, ending.signal]) };
  const failed = async () => {
    ending.abort();
    const text = await why(blob);
    if (!signal.aborted) on.failed(text);
  };
  video.addEventListener("error", () => void failed(), until);
  // A file whose sound can be played and whose picture cannot loads without an error.
  const loaded = () => (video.videoWidth > 0 ? on.ready() : void failed());
  video.addEventListener("loadeddata", loaded, { ...until, once: true });
}
