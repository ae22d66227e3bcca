/** View of the studio: holds the form, shows the catalog's choices, and has each change checked by Python. */

import { h, keepKeys, message, setOptional, setText } from "../lib/dom";
import type { Catalog, Form, ProviderOffer, Verdict } from "../lib/messages";
import { Channel, KernelError, type MessageModel } from "../lib/requests";
import { cameraPad } from "./camera";
import { type Limits, limitsOf, modelsFor, offersFor, withMove } from "./catalog";
import { radios } from "./controls";
import { read, slotsOf, templateRow, write } from "./form";
import { build, type Parts } from "./parts";
import { Slot } from "./pictures";
import { References } from "./references";
import { tell } from "./troubles";

/** The pause after a change until the form is checked. */
const PAUSE_MS = 60;

export class View {
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #parts: Parts;
  readonly #slots = new Map<string, Slot>();
  readonly #references: References;
  #catalog: Catalog | null = null;
  #mode = "text_to_video";
  #template = "";
  /** The options of a pasted cell without a control. */
  #rest: Pick<Form, "request" | "run"> = { request: {}, run: {} };
  #verdict: Verdict | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  /** The form of the verdict; null after a change, until the new verdict. */
  #checked: Form | null = null;
  #press = "";
  #sending = false;
  #sure = false;
  #filling = false;

  constructor(root: HTMLElement, model: MessageModel, signal: AbortSignal) {
    this.#signal = signal;
    this.#channel = new Channel(model, signal);
    root.className = "hailuo-widget hailuo-studio";
    keepKeys(root, signal);
    const changed = () => this.#changed();
    this.#parts = build(signal, changed);
    const parts = this.#parts;
    for (const name of ["first_frame", "last_frame", "subject"]) {
      const slot = new Slot(name, this.#channel, signal, changed);
      this.#slots.set(name, slot);
      parts.slots.append(slot.element);
    }
    this.#references = new References(this.#channel, signal, changed);
    parts.references.append(this.#references.element);
    root.append(...parts.rows, parts.foot, parts.trouble, parts.code);
    parts.trouble.hidden = true;
    const on = (part: HTMLElement, act: () => void) => part.addEventListener("click", act, { signal });
    parts.provider.addEventListener("change", () => this.#otherProvider(), { signal });
    on(parts.variant, () => this.#insert("\n---\n"));
    on(parts.dice, () => {
      const seeds = this.#limits()?.seeds;
      if (!seeds) return;
      parts.seed.value = String(seeds.low + Math.floor(Math.random() * (seeds.high - seeds.low + 1)));
      this.#changed();
    });
    on(parts.generate, () => void this.#generate());
    on(parts.copyCell, () => void this.#copy(parts.cell, parts.copyCell));
    on(parts.copyPython, () => void this.#copy(parts.python, parts.copyPython));
    on(parts.insert, () => void this.#insertBelow());
    on(parts.load, () => void this.#load(parts.paste.value));
    parts.insert.hidden = !("jupyterapp" in window);
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    void this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      const { data } = await this.#channel.request("catalog", {
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => this.#complain("The kernel is busy; the form comes when it answers."),
      });
      this.#complain("");
      this.#catalog = data;
      const { provider, providers, camera, form } = this.#catalog;
      this.#parts.provider.replaceChildren(...providers.map((p) => h("option", { value: p.name }, p.title)));
      this.#parts.provider.value = provider;
      this.#parts.pad.append(
        cameraPad(camera, this.#signal, (move) => {
          const { prompt } = this.#parts;
          const put = withMove(prompt.value, prompt.selectionEnd, move);
          prompt.value = put.text;
          prompt.focus();
          prompt.setSelectionRange(put.at, put.at);
          this.#changed();
        }),
      );
      const modes = this.#provider()?.modes ?? [];
      if (!modes.some((m) => m.name === this.#mode)) this.#mode = modes[0]?.name ?? "";
      if (form) this.#fill(form);
      this.#draw();
      this.#changed();
    } catch (error) {
      if (!this.#signal.aborted) this.#complain(message(error));
    }
  }

  #provider(): ProviderOffer | undefined {
    return this.#catalog?.providers.find((p) => p.name === this.#parts.provider.value);
  }

  #limits(): Limits | undefined {
    const provider = this.#provider();
    return provider && limitsOf(provider, this.#mode, this.#parts.models.values);
  }

  /** Keeps all choices; Python reports what the other provider lacks, and the mode must be chosen again if it lacks it. */
  #otherProvider(): void {
    if (!this.#provider()?.modes.some((m) => m.name === this.#mode)) this.#mode = "";
    this.#changed();
  }

  /** Shows what the provider and the model offer, and hides the rest. */
  #draw(): void {
    const provider = this.#provider();
    if (!provider) return;
    const parts = this.#parts;
    const { fields } = parts;
    const template = this.#mode === "template";
    setText(parts.state, provider.state.toUpperCase());
    fields.provider.note(
      provider.state === "simulated"
        ? "No key is set: the simulator on this machine makes the clips, and nothing is billed."
        : provider.state === "live"
          ? "A key is set: runs are billed."
          : provider.note,
    );
    radios(
      parts.modes,
      provider.modes.map((m) => ({ value: m.name, text: m.title })),
      this.#mode,
      (mode) => {
        this.#mode = mode;
        this.#draw();
        this.#changed();
      },
    );
    const models = modelsFor(provider, this.#mode);
    const chosen = parts.models.values;
    const limits = limitsOf(provider, this.#mode, chosen);
    parts.models.offer(
      models.map((m) => ({ value: m.short, text: m.title, title: m.note || m.name })),
      chosen,
    );
    const standard = models[0];
    fields.model.element.hidden = template;
    fields.model.note(chosen.length || !standard ? "" : `${standard.title}, unless you choose`);
    const offers = offersFor(provider, this.#mode, chosen.length ? chosen : standard ? [standard.name] : []);
    const durations = [...new Set(offers.flatMap((o) => o.durations))].sort((a, b) => a - b);
    const resolutions = [...new Set(offers.map((o) => o.resolution).filter((r) => r !== null))];
    const doubts = offers.map((o) => o.doubt).filter(Boolean);
    parts.duration.offer(
      durations.map((d) => ({ value: String(d), text: `${d} s` })),
      parts.duration.values,
    );
    parts.resolution.offer(
      resolutions.map((r) => ({ value: r, text: r })),
      parts.resolution.values,
    );
    parts.ratio.offer(
      limits.ratios.map((r) => ({ value: r, text: r })),
      parts.ratio.values,
    );
    // Chosen values are shown even if the provider lacks them, so that they can be removed.
    const lacks = (offered: number, chosen: number) => template || offered + chosen === 0;
    fields.duration.element.hidden = lacks(durations.length, parts.duration.values.length);
    fields.resolution.element.hidden = lacks(resolutions.length, parts.resolution.values.length);
    fields.resolution.note([...new Set(doubts)].slice(0, 1).join(""));
    fields.aspect_ratio.element.hidden = lacks(limits.ratios.length, parts.ratio.values.length);
    fields.seed.element.hidden = lacks(Number(limits.seeds !== null), parts.seed.value.trim().length);
    fields.repeat.note(limits.seeds === null ? "No seed can be sent here; a replicate is not a seed." : "");
    const offer = (box: HTMLInputElement, has: boolean) =>
      box.closest("label")?.toggleAttribute("hidden", !has && !box.checked);
    offer(parts.optimizeBox, limits.optimizer);
    offer(parts.watermarkBox, limits.watermark);
    this.#drawMode(provider, template);
  }

  #drawMode(provider: ProviderOffer, template: boolean): void {
    const parts = this.#parts;
    const { fields } = parts;
    fields.template.element.hidden = !template;
    fields.prompt.element.hidden = template;
    const row = templateRow(provider, this.#template);
    if (template) {
      radios(
        parts.gallery,
        provider.templates.map((t) => ({
          value: t.name,
          text: t.name,
          title: `${t.chinese} · ${[t.picture ? `picture: ${t.picture}` : "", t.text ? `words: ${t.text}` : ""].filter(Boolean).join(" · ")}`,
        })),
        row?.name ?? this.#template,
        (name) => {
          this.#template = name;
          this.#draw();
          this.#changed();
        },
      );
      const needs = row
        ? [row.picture && `a picture of ${row.picture}`, row.text && `words: ${row.text}`]
        : [];
      fields.template.note(
        row ? needs.filter(Boolean).join("; ") || "It needs nothing else." : "Choose one.",
      );
    }
    fields.text.element.hidden = !template || !(row ? row.text : this.#template);
    const wanted = slotsOf(this.#mode, this.#template, provider);
    for (const [name, slot] of this.#slots) slot.element.hidden = !wanted.includes(name);
    fields.pictures.element.hidden = wanted.length === 0;
    fields.pictures.note(
      provider.url_only ? "This provider takes pictures by their address on the web alone." : "",
    );
    const refers = this.#mode === "reference_to_video";
    fields.references.element.hidden = !refers;
    fields.fit.element.hidden = wanted.length === 0 && !refers;
    const count = [...parts.prompt.value].length;
    const { promptMax, references } = limitsOf(provider, this.#mode, parts.models.values);
    this.#references.offer(references);
    setText(parts.counter, `${count} of ${promptMax} characters`);
    parts.counter.classList.toggle("hailuo-over", count > promptMax);
  }

  #form(): Form {
    const held = { mode: this.#mode, template: this.#template, rest: this.#rest };
    return read(this.#parts, this.#slots, this.#references, held, this.#provider());
  }

  #fill(form: Form): void {
    this.#filling = true;
    const known = this.#catalog?.providers.map((p) => p.name) ?? [];
    const provider = String(form.request.provider ?? "");
    if (known.includes(provider)) this.#parts.provider.value = provider;
    const held = write(this.#parts, this.#slots, this.#references, form, this.#provider());
    this.#mode = held.mode;
    this.#template = held.template;
    this.#rest = held.rest;
    this.#filling = false;
    this.#draw();
  }

  #changed(): void {
    if (this.#filling || this.#catalog === null) return;
    this.#unsure();
    this.#draw();
    this.#checked = null;
    this.#asked += 1; // the reply of a check that is on its way is about an earlier form
    this.#ready();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), PAUSE_MS);
  }

  async #check(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const form = this.#form();
    try {
      const { data } = await this.#channel.request("check", {
        data: form,
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => setText(this.#parts.sentence, "The kernel is busy; prices come when it answers."),
      });
      if (asked !== this.#asked) return;
      this.#checked = form;
      this.#press = `${asked}.${Math.random().toString(36).slice(2)}`;
      this.#judge(data);
      if ((data.plan?.runs ?? 0) > 1) void this.#tellPower(form, asked);
    } catch (error) {
      if (!this.#signal.aborted && asked === this.#asked) this.#complain(message(error));
    }
  }

  /** Shows what votes on the clips of a checked form can find; without an answer nothing is lost but the line. */
  async #tellPower(form: Form, asked: number): Promise<void> {
    try {
      const { data } = await this.#channel.request("power", { data: form, timeoutMs: 10 * 60_000 });
      if (asked === this.#asked) setText(this.#parts.power, data.sentence);
    } catch {
      // the kernel was restarted, or a variable is gone: the next check tells
    }
  }

  #judge(verdict: Verdict): void {
    this.#verdict = verdict;
    const parts = this.#parts;
    this.#complain(tell(parts, verdict.problems, verdict.checked));
    const { plan } = verdict;
    setText(parts.power, "");
    setText(parts.sentence, plan ? [plan.sentence, plan.balance].filter(Boolean).join(" · ") : "");
    this.#ready();
    setText(parts.cell, verdict.cell);
    setText(parts.python, verdict.python ?? "");
    parts.copyCell.disabled = parts.insert.disabled = !verdict.cell;
    parts.copyPython.disabled = !verdict.python;
  }

  /** Enables the button if its price is that of the current form and all files are uploaded. */
  #ready(): void {
    const { generate } = this.#parts;
    const wanted = slotsOf(this.#mode, this.#template, this.#provider());
    const sends = this.#mode === "reference_to_video" && this.#references.busy;
    const busy = sends || wanted.some((name) => this.#slots.get(name)?.busy);
    generate.disabled = this.#sending || this.#checked === null || busy || !this.#verdict?.plan;
    setText(generate, this.#sure ? `Really: ${this.#go()}` : this.#go());
  }

  #go(): string {
    const plan = this.#verdict?.plan;
    if (!plan) return "Generate";
    const runs = plan.runs === 1 ? "Generate" : `Generate ${plan.runs} runs`;
    return plan.cost ? `${runs} · ${plan.cost}` : runs;
  }

  #unsure(): void {
    this.#sure = false;
    delete this.#parts.generate.dataset.sure;
  }

  /** Sends the checked form with the shown figures; ignores a second press meanwhile. */
  async #generate(): Promise<void> {
    const { generate } = this.#parts;
    const form = this.#checked;
    const plan = this.#verdict?.plan;
    if (generate.disabled || form === null || !plan) return;
    this.#sending = true;
    this.#ready();
    try {
      const shown = { sends: plan.sends, cost: plan.cost, digest: plan.digest };
      const { data } = await this.#channel.request("generate", {
        data: { ...form, shown, press: this.#press, agreed: this.#sure },
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => this.#complain("The kernel is busy; it begins when its cell ends."),
      });
      this.#unsure();
      const { ask } = data;
      if (ask && this.#checked === form) {
        this.#sure = true;
        generate.dataset.sure = "yes";
      }
      this.#complain(ask ? `${ask} Press once more to send it.` : "");
      if (!ask && this.#checked === form) this.#changed(); // the plan changes, because its runs are sent now
    } catch (error) {
      if (error instanceof KernelError && error.reason === "plan_changed") this.#changed();
      this.#complain(message(error));
    } finally {
      this.#sending = false;
      this.#ready();
    }
  }

  async #load(text: string): Promise<void> {
    try {
      const { data } = await this.#channel.request("load", { data: { text } });
      this.#fill(data);
      this.#complain("");
      this.#changed();
    } catch (error) {
      this.#complain(message(error));
    }
  }

  /** Inserts text into the prompt at the cursor. */
  #insert(text: string): void {
    const { prompt } = this.#parts;
    prompt.setRangeText(text, prompt.selectionStart, prompt.selectionEnd, "end");
    prompt.focus();
    this.#changed();
  }

  async #copy(from: HTMLElement, button: HTMLButtonElement): Promise<void> {
    const name = button.textContent ?? "";
    try {
      await navigator.clipboard.writeText(from.textContent ?? "");
      setText(button, "Copied");
      setTimeout(() => setText(button, name), 1500);
    } catch {
      // A page without https may not write to the clipboard: the text is selected for Ctrl+C.
      getSelection()?.selectAllChildren(from);
      this.#complain("This page may not copy: the text is selected, press Ctrl+C.");
    }
  }

  async #insertBelow(): Promise<void> {
    const app = (window as unknown as { jupyterapp?: JupyterApp }).jupyterapp;
    if (!app || !this.#verdict?.cell) return;
    await app.commands.execute("notebook:insert-cell-below");
    const model = app.shell.currentWidget?.content?.activeCell?.model?.sharedModel;
    model?.setSource(this.#verdict.cell);
  }

  #complain(text: string): void {
    if (!this.#signal.aborted) setOptional(this.#parts.trouble, text);
  }
}

/** The used part of JupyterLab's application, if it is exposed. */
interface JupyterApp {
  commands: { execute(name: string): Promise<unknown> };
  shell: {
    currentWidget?: {
      content?: { activeCell?: { model?: { sharedModel?: { setSource(text: string): void } } } };
    };
  };
}
