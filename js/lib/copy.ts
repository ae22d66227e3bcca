/** Copying of texts to the clipboard. */

/** Copies a text; returns whether the page may do so. */
export async function copied(text: string, root: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page without https has no clipboard of its own: the older command copies a selection.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position:absolute;opacity:0";
    root.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
