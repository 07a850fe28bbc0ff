/** Which entries pg_restore says were refused, when it goes on past them on several connections at once. */

/** Kept from one piece to the next: longer than the words that are looked for. */
const keptLength = 64;

/** The entries of which something was refused, as `--verbose` names them before the error. Bounded by the archive's list. */
export class RefusedEntries {
  readonly ids = new Set<number>();
  #rest = '';

  /** Pieces may be cut anywhere. */
  read(piece: string): void {
    const text = this.#rest + piece;
    for (const [, id] of text.matchAll(/from TOC entry (\d+);/g)) this.ids.add(Number(id));
    this.#rest = text.slice(-keptLength);
  }
}
