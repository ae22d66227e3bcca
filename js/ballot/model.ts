/** Model of a vote inside a ballot page: it answers the requests that a notebook's kernel would answer. */

import { message } from "../lib/dom";
import type { VoteState } from "../lib/messages";
import type { MessageModel } from "../lib/requests";
import type { Ballot, Sitting } from "./sitting";

type Callback = (content: unknown, buffers: DataView[]) => void;

interface Question {
  id: string;
  type: string;
  data?: { token?: string; side?: string; answer?: string; seconds?: number | null };
}

export class Model implements MessageModel {
  readonly #callbacks = new Set<Callback>();
  readonly #ballot: Ballot;
  readonly #sitting: Sitting;
  readonly #on: { changed(): void; save(): void };

  /** `changed` is called after each vote and each undo, before it is answered; a vote is lost if it throws. */
  constructor(ballot: Ballot, sitting: Sitting, on: { changed(): void; save(): void }) {
    this.#ballot = ballot;
    this.#sitting = sitting;
    this.#on = on;
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

  /** The address of a clip beside the page. */
  source(token: string, side: string): string {
    return `${this.#clip(token, side)}.mp4`;
  }

  #answer({ id, type, data = {} }: Question): void {
    if (type === "abort") return;
    try {
      if (type === "clip") {
        const buffer = bytes(
          document.getElementById(`hailuo-${this.#clip(data.token, data.side)}`)?.textContent,
        );
        const part = { mime: "video/mp4", part: 0, parts: 1, size: buffer.byteLength };
        this.#tell({ id, ok: true, ...part }, [new DataView(buffer)]);
        return;
      }
      if (type === "vote") this.#sitting.vote(data.token, data.answer ?? "", data.seconds ?? null);
      if (type === "undo") this.#sitting.undo();
      if (type === "vote" || type === "undo") this.#on.changed();
      if (type === "end") this.#on.save();
      this.#tell({ id, ok: true, data: this.#state() });
    } catch (error) {
      const failure = { kind: "", reason: null, message: message(error), hint: "", problems: [] };
      this.#tell({ id, ok: false, error: failure });
    }
  }

  #state(): VoteState {
    const { shown, standing, state } = this.#sitting;
    return {
      token: shown?.token ?? null,
      pair: shown?.token ?? null,
      step: "",
      question: this.#ballot.question,
      prompt: null,
      simulated: this.#ballot.simulated,
      sound: this.#ballot.sound,
      given: standing.length,
      remaining: state.plan.length - standing.length,
      undo: standing.length > 0,
      sure: false,
      ended: false,
      result: "",
    };
  }

  #clip(token: string | undefined, side: string | undefined): string {
    const { shown } = this.#sitting;
    if (!shown || token !== shown.token) throw new Error("This pair is not the one that is shown now.");
    return side === "left" ? shown.left : shown.right;
  }

  #tell(content: object, buffers: DataView[] = []): void {
    for (const callback of this.#callbacks) callback(content, buffers);
  }
}

function bytes(base64: string | null | undefined): ArrayBuffer {
  const binary = atob(base64 ?? "");
  const out = new Uint8Array(binary.length);
  for (let n = 0; n < binary.length; n++) out[n] = binary.charCodeAt(n);
  return out.buffer;
}
