/** Icons: 16 pixels, drawn with the text's colour. */

const PATHS: Record<string, string> = {
  planned: '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.4 2"/>',
  submitting: '<circle cx="8" cy="8" r="5.5"/><path d="M8 10.7V5.3M5.9 7.4 8 5.3l2.1 2.1"/>',
  queued: '<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3l2 1.4"/>',
  running:
    '<circle cx="8" cy="8" r="5.5" opacity=".3"/><path d="M8 2.5A5.5 5.5 0 0 1 13.5 8" stroke-width="2"/>',
  downloading: '<circle cx="8" cy="8" r="5.5"/><path d="M8 5.2v5.4M5.9 8.5 8 10.6l2.1-2.1"/>',
  succeeded: '<circle cx="8" cy="8" r="5.5"/><path d="m5.6 8.2 1.7 1.7 3.2-3.6"/>',
  reused: '<path d="M3 7v-.5a2 2 0 0 1 2-2h7M13 9v.5a2 2 0 0 1-2 2H4M10 2.5l2 2-2 2M6 9.5l-2 2 2 2"/>',
  failed: '<circle cx="8" cy="8" r="5.5"/><path d="m6 6 4 4M10 6l-4 4"/>',
  unconfirmed: '<path d="M8 2.8 14 13H2zM8 6.7v3M8 11.3v.05"/>',
  cancelled: '<circle cx="8" cy="8" r="5.5"/><path d="m4.2 4.2 7.6 7.6"/>',
  skipped: '<circle cx="8" cy="8" r="5.5"/><path d="M5.4 8h5M8.4 6l2 2-2 2"/>',
  lost: '<circle cx="8" cy="8" r="5.5"/><path d="M6.4 6.6a1.6 1.6 0 1 1 2.3 1.5c-.5.2-.7.5-.7 1M8 11v.05"/>',
  star: '<path d="m8 2.2 1.75 3.6 3.95.55-2.87 2.77.7 3.93L8 11.2l-3.53 1.85.7-3.93L2.3 6.35l3.95-.55z"/>',
  more: '<path d="M3.5 8h.05M8 8h.05M12.5 8h.05" stroke-width="2.6"/>',
  copy: '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"/>',
  studio:
    '<path d="M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6"/><circle cx="10.25" cy="4.5" r="1.75"/><circle cx="5.75" cy="11.5" r="1.75"/>',
  grid: '<rect x="2.5" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="9" y="2.5" width="4.5" height="4.5" rx="1"/><rect x="2.5" y="9" width="4.5" height="4.5" rx="1"/><rect x="9" y="9" width="4.5" height="4.5" rx="1"/>',
  rows: '<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>',
};

const drawn = new Map<string, Element>();

/** An icon by its name. The parser only sees the table above: a page's text never comes here. */
export function icon(name: string): Element {
  let known = drawn.get(name);
  if (!known) {
    const text = `<svg class="hw-i" viewBox="0 0 16 16" aria-hidden="true">${PATHS[name] ?? ""}</svg>`;
    const parsed = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
    known = parsed ?? document.createElement("span");
    drawn.set(name, known);
  }
  return document.importNode(known, true);
}
