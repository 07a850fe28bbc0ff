/** What pg_restore says, when it goes on past what the server refuses. */

/** The last thing it says then. */
export const endedWithRefusals = /errors ignored on restore: \d+\s*$/;

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
