/** Upload of a file to the kernel, in chunks. */

import type { Uploaded } from "../lib/messages";
import type { Channel } from "../lib/requests";

/** Hubs and Colab drop messages of more than a megabyte. */
const CHUNK_BYTES = 512 * 1024;
let uploads = 0;

export interface Upload {
  /** The argument that the file is for. */
  slot: string;
  file: File;
  /** Whether the file is still wanted. */
  wanted(): boolean;
  /** Called with the sent share, in percent. */
  told(percent: number): void;
}

/** Sends a file, and returns the last reply; null once it is no longer wanted. */
export async function send(channel: Channel, { slot, file, wanted, told }: Upload): Promise<Uploaded | null> {
  uploads += 1;
  const upload = `${slot}.${uploads}.${Math.random().toString(36).slice(2)}`;
  let answer: Uploaded = {};
  for (let from = 0; from === 0 || from < file.size; from += CHUNK_BYTES) {
    const last = from + CHUNK_BYTES >= file.size;
    told(Math.round((100 * from) / Math.max(1, file.size)));
    const chunk = await file.slice(from, from + CHUNK_BYTES).arrayBuffer();
    if (!wanted()) return null;
    const { data } = await channel.request("upload", {
      data: { upload, slot, last },
      buffers: [chunk],
      timeoutMs: 120_000,
    });
    answer = data;
  }
  if (!wanted()) return null;
  if (!answer.path) throw new Error(`${file.name} was not kept. Choose it again.`);
  return answer;
}
