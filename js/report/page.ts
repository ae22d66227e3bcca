/**
 * Model of a comparison inside a report: it answers the requests that a notebook's kernel would answer.
 *
 * The grid is JSON in one element, and each clip is base64 in its own element, decoded on request. Nothing is fetched.
 */

import type { MessageModel } from "../lib/requests";

type Callback = (content: unknown, buffers: DataView[]) => void;

interface Question {
  id: string;
  type: string;
  data?: { id?: string };
}

function bytes(base64: string): ArrayBuffer {
  const binary = atob(base64);
  const out = new Uint8Array(binary.length);
  for (let n = 0; n < binary.length; n++) out[n] = binary.charCodeAt(n);
  return out.buffer;
}

export class Page implements MessageModel {
  readonly #callbacks = new Set<Callback>();
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  on(_event: "msg:custom", callback: Callback): void {
    this.#callbacks.add(callback);
  }

  off(_event: "msg:custom", callback: Callback): void {
    this.#callbacks.delete(callback);
  }

  send(content: object): void {
    const question = content as Question;
    // Like a kernel, the page answers later, when the caller listens.
    queueMicrotask(() => this.#answer(question));
  }

  #answer({ id, type, data }: Question): void {
    if (type === "abort") return;
    if (type === "layout") {
      this.#tell({ id, ok: true, data: JSON.parse(this.#text("layout")) });
      return;
    }
    const mime = type === "poster" ? "image/jpeg" : "video/mp4";
    const text = this.#text(`${type}-${data?.id ?? ""}`);
    if (!text) {
      const error = { kind: "", reason: null, message: "It is not in this report.", hint: "", problems: [] };
      this.#tell({ id, ok: false, error });
      return;
    }
    const buffer = bytes(text);
    this.#tell({ id, ok: true, mime, part: 0, parts: 1, size: buffer.byteLength }, [new DataView(buffer)]);
  }

  #text(name: string): string {
    return this.#document.getElementById(`hailuo-${name}`)?.textContent ?? "";
  }

  #tell(content: object, buffers: DataView[] = []): void {
    for (const callback of this.#callbacks) callback(content, buffers);
  }
}
